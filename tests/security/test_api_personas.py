"""schemathesis over the whole API as each of the thirteen people, signed in: nothing breaks, and nobody stays unasked.

`tests/api/test_schema.py` explores each operation in depth as a program; here everybody of `tests/people.py` walks over
all of them. What the description allows is drawn once for each operation and sent by all, at the address of something
that is really there, so that it comes as far as that person may. Each request is rolled back: what the next one asks
for stands as it stood.
"""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
import schemathesis
from django.core.cache import cache
from django.core.wsgi import get_wsgi_application
from django.db import transaction
from django.urls import resolve
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core import NOT_SET

from portal.api.views import described
from portal.kernel.scope import acting
from tests.api.test_schema import OPERATIONS
from tests.builders.matrix import Objects, make_objects
from tests.builders.world import make_world
from tests.database import made_once
from tests.people import COMPANY_SIDE, FEED, SUPPLIER_SIDE, make_people
from tests.tenancy.test_matrix import address, guarded_doors, session_of, signed_in

EVERYBODY = (*SUPPLIER_SIDE, *COMPANY_SIDE)
ANSWERS = {200, 201, 202, 204, 400, 403, 404, 405, 406, 409, 412, 413, 415, 422, 428}


class Asked(NamedTuple):
    """One request, ready to be sent as often as there are people."""

    method: str
    url: str
    body: bytes
    headers: dict[str, str]


class Ground(NamedTuple):
    """Everybody's session, and what is asked of all."""

    sessions: dict[str, str]
    asked: list[Asked]


@pytest.fixture(scope="module")
def ground(django_db_setup, django_db_blocker) -> Iterator[Ground]:
    with made_once(django_db_blocker):
        suppliers = make_world()
        with acting(FEED):
            people = make_people(suppliers)
            theirs = make_objects("ACME", people)
        sessions = {name: session_of(people[name]) for name in EVERYBODY}
        yield Ground(sessions, list(drawn(theirs)))


@pytest.mark.django_db
@pytest.mark.parametrize("name", EVERYBODY)
def test_everybody_walks_over_the_whole_api_and_nothing_breaks(ground, name, settings):
    settings.API_RATE = "1000000/min"
    settings.FRESH_FACTOR_FOR = timedelta(days=1)
    cache.clear()
    client = signed_in(ground.sessions[name])
    client.raise_request_exception = False
    wrong, met = [], set()
    for one in ground.asked:
        with transaction.atomic():
            answer = client.generic(one.method, one.url, one.body, "application/json", headers=one.headers)
            transaction.set_rollback(True)
        met.add(answer.status_code)
        if answer.status_code not in ANSWERS:
            wrong.append((one.method, one.url, answer.status_code, answer.content[:200]))

    assert wrong == []
    assert {200, 403} <= met
    assert client.get("/preferences/").status_code == 200  # signed in to the end


@pytest.mark.django_db
def test_everybody_asks_for_everything(ground):
    assert len(EVERYBODY) == 13
    assert len(ground.asked) == len(OPERATIONS)


# --- what is asked ------------------------------------------------------------------------------------------


def drawn(theirs: Objects) -> Iterator[Asked]:
    """One request for each operation: what the description allows, of something that is there."""
    schema = schemathesis.openapi.from_dict(described())
    schema.app = get_wsgi_application()
    real = addresses(theirs)
    for path, method in OPERATIONS.values():
        case = a_case(schema[path][method])
        query = urlencode(case.query or {}, doseq=True)
        body = b"" if case.body is NOT_SET else json.dumps(case.body).encode()
        headers = {name: str(value) for name, value in (case.headers or {}).items()}
        yield Asked(method.upper(), real[path] + (f"?{query}" if query else ""), body, headers)


def addresses(theirs: Objects) -> dict[str, str]:
    """Where each address of the description leads for these objects."""
    urls = [address(door, theirs) for door in guarded_doors() if door.name.startswith("api-")]
    return {template_of(url): url for url in urls}


def template_of(url: str) -> str:
    """An address as the description writes it: /api/v1/orders/{key}."""
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", resolve(url).route)


def a_case(operation: Any) -> Any:
    found = []

    @settings(
        max_examples=1,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def draw(data: Any) -> None:
        found.append(data.draw(operation.as_strategy(generation_mode=GenerationMode.POSITIVE)))

    draw()
    return found[0]
