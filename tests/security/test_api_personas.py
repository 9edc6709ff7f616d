"""schemathesis over the whole API as each persona, signed in: nothing breaks.

`tests/api/test_schema.py` explores each operation in depth as a program; here everybody walks over all of them, once
with what the description allows, within half a minute.
"""

import pytest
import schemathesis
from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.wsgi import get_wsgi_application
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from portal.api.views import described
from portal.kernel.scope import acting
from tests.api.test_schema import OPERATIONS, in_the_test
from tests.builders.world import make_world
from tests.database import made_once
from tests.people import FEED, make_people

PERSONAS = ("asha", "arun", "bea", "otto", "ada")
ANSWERS = {200, 201, 202, 204, 400, 403, 404, 405, 406, 409, 412, 413, 415, 422, 428}


@pytest.fixture(scope="module")
def sessions(django_db_setup, django_db_blocker):
    with made_once(django_db_blocker):
        suppliers = make_world()
        with acting(FEED):
            people = make_people(suppliers)
        found = {}
        for name in PERSONAS:
            client = Client()
            client.force_login(people[name].user)
            client.get("/preferences/")
            cookies = {one: client.cookies[one].value for one in client.cookies}
            found[name] = cookies
        yield found


@pytest.fixture(scope="module")
def cases():
    """One request that the description allows for each operation, the same for everybody."""
    schema = schemathesis.openapi.from_dict(described())
    schema.app = in_the_test(get_wsgi_application())
    return [case for path, method in OPERATIONS.values() for case in some_cases(schema[path][method])]


@pytest.mark.django_db
@pytest.mark.parametrize("name", PERSONAS)
def test_everybody_walks_over_the_whole_api_and_nothing_breaks(cases, sessions, name, settings):
    settings.API_RATE = "1000000/min"
    cache.clear()
    cookies = sessions[name]
    headers = {"X-CSRFToken": cookies[django_settings.CSRF_COOKIE_NAME], "Referer": "http://testserver/"}
    wrong = []
    for case in cases:
        answer = case.call(headers=headers, cookies=cookies)
        if answer.status_code not in ANSWERS:
            wrong.append((case.method, case.path, answer.status_code, answer.text[:200]))
    assert wrong == []


def some_cases(operation):
    drawn = []

    @settings(
        max_examples=1,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def draw(data):
        drawn.append(data.draw(operation.as_strategy(generation_mode=GenerationMode.POSITIVE)))

    draw()
    return drawn[:1]
