"""Mass assignment through the API: each body of each operation, at each depth, with fields that are not the sender's.

The rule of the house is that a shape takes its own fields and refuses any other by its name (docs/api.md). Here every
operation of the description is sent a whole body with more in each of its objects; those that take no body at all are
sent one, and must do what they do without it.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from django.core.cache import cache
from django.urls import resolve

from portal.api.views import described
from portal.kernel.rest.fields import MOST_UNKNOWN, MOST_UNKNOWN_INSIDE
from portal.kernel.scope import acting
from tests.api.test_schema import OPERATIONS
from tests.builders.matrix import make_objects
from tests.builders.world import make_world
from tests.builders.written import Ledger, reading_all
from tests.database import made_once
from tests.people import COMPANY_SIDE, FEED, SUPPLIER_SIDE, Person, make_people
from tests.security.test_api_personas import addresses
from tests.security.test_forms import BY_HABIT
from tests.tenancy.test_matrix import session_of, signed_in

pytestmark = pytest.mark.django_db

WRITES = {name: (path, method) for name, (path, method) in OPERATIONS.items() if method != "get"}
# Sent first: what would hurt most.
WORST = ("approved_by", "is_staff", "permissions", "supplier_id", "verified", "created_at", "paid")


class Ground(NamedTuple):
    """Everybody's session, and where each operation leads."""

    people: dict[str, Person]
    sessions: dict[str, str]
    urls: dict[str, str]
    ledger: Ledger


@pytest.fixture(scope="module")
def ground(django_db_setup, django_db_blocker) -> Iterator[Ground]:
    with made_once(django_db_blocker), reading_all():
        suppliers = make_world()
        with acting(FEED):
            people = make_people(suppliers)
            theirs = make_objects("ACME", people)
        sessions = {name: session_of(person) for name, person in people.items()}
        yield Ground(people, sessions, addresses(theirs), Ledger())


@pytest.fixture(autouse=True)
def let_in(settings):
    settings.API_RATE = "1000000/min"
    settings.FRESH_FACTOR_FOR = timedelta(days=1)
    cache.clear()


def shape_of(operation: str) -> dict[str, Any] | None:
    path, method = WRITES[operation]
    body = described()["paths"][path][method].get("requestBody")
    return body["content"]["application/json"]["schema"] if body else None


WITH_BODY = [name for name in WRITES if shape_of(name)]
WITHOUT = [name for name in WRITES if not shape_of(name)]


def ask(ground: Ground, operation: str, body: Any) -> Any:
    """As the first who may."""
    path, method = WRITES[operation]
    url = ground.urls[path]
    client = signed_in(ground.sessions[who_may(ground, url, method.upper())])
    return client.generic(method.upper(), url, json.dumps(body), "application/json")


def who_may(ground: Ground, url: str, method: str) -> str:
    access = resolve(url).func.access
    everybody = (*SUPPLIER_SIDE, *COMPANY_SIDE)
    return next(name for name in everybody if access.lets_in(ground.people[name].actor, method))


# --- a whole body -------------------------------------------------------------------------------------------

TEXTS = {
    "uuid": "00000000-0000-4000-8000-000000000001",
    "date": "2026-12-01",
    "date-time": "2026-12-01T08:00:00Z",
    "decimal": "1",
    "email": "kiran@elsewhere.example",
}


def resolved(shape: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in shape:
        return resolved(described()["components"]["schemas"][shape["$ref"].rpartition("/")[2]])
    for choice in ("allOf", "oneOf", "anyOf"):
        if choice in shape:
            return resolved(next(one for one in shape[choice] if one.get("type") != "null"))
    return shape


def whole(shape: dict[str, Any]) -> Any:
    """A body with every field that the shape names, and one of each list."""
    shape = resolved(shape)
    kind = shape.get("type")
    kind = next((one for one in kind if one != "null"), None) if isinstance(kind, list) else kind
    if "enum" in shape:
        return next(one for one in shape["enum"] if one not in (None, ""))
    if kind == "object":
        return {name: whole(inner) for name, inner in shape.get("properties", {}).items()}
    if kind == "array":
        return [whole(shape["items"])]
    if kind == "integer":
        return max(1, shape.get("minimum", 1))
    if kind == "boolean":
        return True
    return TEXTS.get(shape.get("format", ""), "word")


def objects_in(
    shape: dict[str, Any], way: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], frozenset[str]]]:
    """The way to each object of a body, and the fields it has."""
    shape = resolved(shape)
    properties = shape.get("properties")
    if properties is not None:
        yield way, frozenset(properties)
        for name, inner in properties.items():
            yield from objects_in(inner, (*way, name))
    elif "items" in shape:
        yield from objects_in(shape["items"], (*way, "0"))


def at(body: Any, way: tuple[str, ...]) -> Any:
    for step in way:
        body = body[int(step)] if isinstance(body, list) else body[step]
    return body


@pytest.mark.parametrize("operation", WITH_BODY)
def test_what_a_shape_does_not_name_is_refused_by_its_name(ground, operation):
    """In each of its objects: 400, with the way to every field that is not one of it, and nothing is written."""
    shape = shape_of(operation)
    for way, fields in objects_in(shape):
        most = MOST_UNKNOWN_INSIDE if way else MOST_UNKNOWN
        more = [*(one for one in WORST if one not in fields), *sorted(BY_HABIT - fields - set(WORST))][:most]
        body = whole(shape)
        at(body, way).update(dict.fromkeys(more, "1"))

        answer, written = ground.ledger.trying(lambda body=body: ask(ground, operation, body))

        assert answer.status_code == 400, (way, answer.status_code, answer.content[:300])
        told = {part["field"]: part["code"] for part in answer.json()["problems"]}
        assert {".".join((*way, name)) for name in more} <= set(told), way
        assert written.is_nothing, way


@pytest.mark.parametrize("operation", WITHOUT)
def test_what_takes_no_body_does_what_it_does_without_one(ground, operation):
    plain, written = ground.ledger.trying(lambda: ask(ground, operation, {}))
    answer, with_more = ground.ledger.trying(lambda: ask(ground, operation, dict.fromkeys(BY_HABIT, "1")))

    assert answer.status_code in (plain.status_code, 400)
    if answer.status_code == 400:
        assert with_more.is_nothing
    else:
        places = written.compared(with_more)
        if places:
            _again, third = ground.ledger.trying(lambda: ask(ground, operation, {}))
            places -= written.compared(third)
        assert places == set()


def test_every_operation_that_writes_is_asked():
    assert len(WITH_BODY) > 60
    assert set(WITH_BODY) | set(WITHOUT) == set(WRITES)
