"""How SCIM is spoken (RFC 7643, RFC 7644): lists, filters, entity tags, refusals, limits, and what is no JSON."""

import json

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from portal.kernel.scope import acting
from suppliers.scim.messages import Change, TellGroup, TellPerson
from suppliers.scim.policies import (
    MOST_CHANGES,
    OF_PEOPLE,
    ScimRefusal,
    change_group,
    change_person,
    read_changes,
    read_group,
    read_object,
    read_person,
    read_wanted,
)
from tests.builders.scim import a_person
from tests.builders.world import make_world
from tests.database import made_once
from tests.people import FEED, make_people
from tests.suppliers.scim.test_telling import ours, refused

BEA = TellPerson("bea@x.example", "1", {"displayName": "Bea B.", "givenName": "Bea"}, ("bea@x.example",))


@pytest.fixture(scope="module")
def everything(django_db_setup, django_db_blocker):
    with made_once(django_db_blocker):
        suppliers = make_world()
        with acting(FEED):
            yield make_people(suppliers), suppliers


@pytest.fixture
def people(everything, db):
    return everything[0]


@pytest.fixture
def entra(people):
    cache.clear()
    yield ours(people)
    cache.clear()


def is_refused(scim_type, work, *args):
    with pytest.raises(ScimRefusal) as refusal:
        work(*args)
    assert (refusal.value.answer, refusal.value.scim_type) == (400, scim_type)
    return refusal.value.message


# --- Read without guessing ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "attribute", "value"),
    [
        ('userName eq "bea@x.example"', "username", "bea@x.example"),
        ('USERNAME EQ "Bea"', "username", "Bea"),
        ('externalId eq "a\\"b"', "externalid", 'a"b'),
        ('emails.value eq "x"', "emails.value", "x"),
        ('emails[type eq "work"].value eq "x"', "emails.value", "x"),
        ('urn:ietf:params:scim:schemas:core:2.0:User:userName eq "\\u00e4"', "username", "ä"),
        ("", "", ""),
    ],
)
def test_the_filters_that_providers_ask_by(said, attribute, value):
    wanted = read_wanted({"filter": said}, OF_PEOPLE)
    assert (wanted.attribute, wanted.value) == (attribute, value)


@pytest.mark.parametrize(
    "said",
    [
        'userName sw "b"',
        'userName eq "b" and active eq true',
        "userName eq bea",
        "userName pr",
        'active eq "true"',
        'password eq "x"',
        'userName eq "a" or userName eq "b"',
        'not (userName eq "a")',
        "userName eq 'a'",
        'userName eq "\\ud800"',
        'userName eq "\\u0000"',
        'userName eq "' + "x" * 700 + '"',
    ],
)
def test_other_filters_are_refused_with_a_sentence(said):
    assert is_refused("invalidFilter", read_wanted, {"filter": said}, OF_PEOPLE)


def test_a_page_of_a_list_is_bounded():
    def asked(**query):
        wanted = read_wanted(query, OF_PEOPLE)
        return wanted.start, wanted.count

    assert asked() == (1, 100)
    assert asked(startIndex="0", count="500") == (1, 100)
    assert asked(startIndex="-7", count="-1") == (1, 0)
    assert asked(startIndex="21", count="20") == (21, 20)
    for query in ({"startIndex": "one"}, {"count": "1e3"}, {"count": "9" * 12}, {"count": "١"}):
        assert is_refused("invalidValue", read_wanted, query, OF_PEOPLE)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"op": "Replace", "path": "active", "value": "False"}, {"active": False}),
        ({"op": "replace", "value": {"active": False}}, {"active": False}),
        ({"op": "Add", "value": {"active": "true", "name.familyName": "B"}}, {"family": "B"}),
        ({"op": "add", "path": "name", "value": {"familyName": "B"}}, {"family": "B"}),
        (
            {"op": "Replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User:active", "value": False},
            {"active": False},
        ),
        (
            {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "B@X.example"},
            {"mails": ("b@x.example",)},
        ),
        (
            {
                "op": "add",
                "path": "emails",
                "value": [{"value": "h@x.example", "type": "home"}, {"value": "w@x.example", "type": "work"}],
            },
            {"mails": ("w@x.example", "h@x.example")},
        ),
        ({"op": "remove", "path": "externalId"}, {"external": ""}),
        ({"op": "remove", "path": "emails"}, {"mails": ()}),
        ({"op": "add", "path": "title", "value": "Head"}, {}),
        ({"op": "replace", "path": 'phoneNumbers[type eq "mobile"].value', "value": "1"}, {}),
        ({"op": "replace", "value": {"id": "another", "schemas": [], "meta": {}}}, {}),
    ],
)
def test_the_dialects_of_a_change(change, expected):
    told = change_person(BEA, read_changes({"Operations": [change]}))
    seen = {
        "active": told.active,
        "family": told.names.get("familyName", ""),
        "mails": told.mails,
        "external": told.external_id,
    }
    assert seen == {"active": True, "family": "", "mails": BEA.mails, "external": "1"} | expected


@pytest.mark.parametrize(
    ("said", "scim_type"),
    [
        ({}, "invalidSyntax"),
        ({"Operations": []}, "invalidSyntax"),
        (
            {"Operations": [{"op": "add", "path": "title", "value": "x"}] * (MOST_CHANGES + 1)},
            "invalidSyntax",
        ),
        ({"Operations": ["x"]}, "invalidSyntax"),
        ({"Operations": [{"op": "move", "path": "active"}]}, "invalidSyntax"),
        ({"Operations": [{"op": "replace", "path": 7, "value": 1}]}, "invalidPath"),
        (
            {"Operations": [{"op": "replace", "path": "emails[type eq work].value", "value": "x"}]},
            "invalidPath",
        ),
        ({"Operations": [{"op": "replace", "path": "a b", "value": "x"}]}, "invalidPath"),
        ({"Operations": [{"op": "replace", "value": "x"}]}, "invalidValue"),
        ({"Operations": [{"op": "replace", "path": "active", "value": "maybe"}]}, "invalidValue"),
        ({"Operations": [{"op": "replace", "path": "active", "value": None}]}, "invalidValue"),
        ({"Operations": [{"op": "replace", "path": "userName", "value": ""}]}, "invalidValue"),
        ({"Operations": [{"op": "replace", "path": "userName", "value": "x" * 255}]}, "invalidValue"),
        ({"Operations": [{"op": "replace", "path": "userName", "value": {"a": [1]}}]}, None),
        ({"Operations": [{"op": "replace", "path": "emails", "value": [1]}]}, "invalidValue"),
        ({"Operations": [{"op": "replace", "path": "id", "value": "x"}]}, "mutability"),
        ({"Operations": [{"op": "add", "path": "groups", "value": []}]}, "mutability"),
        ({"Operations": [{"op": "remove", "path": "userName"}]}, "mutability"),
        ({"Operations": [{"op": "remove"}]}, "mutability"),
    ],
)
def test_what_a_change_may_not_say(said, scim_type):
    if scim_type is None:  # a sub-attribute there is not: passed over
        assert change_person(BEA, read_changes(said)) == BEA
    else:
        assert is_refused(scim_type, lambda: change_person(BEA, read_changes(said)))


def test_the_members_of_a_group_change_in_both_dialects():
    told = TellGroup("g", "", ("a", "b"))

    def changed(**change):
        return change_group(told, read_changes({"Operations": [change]})).members

    assert changed(op="Add", path="members", value=[{"value": "C"}, {"value": "a"}]) == ("a", "b", "c")
    assert changed(op="add", value={"members": [{"value": "c"}]}) == ("a", "b", "c")
    assert changed(op="remove", path='members[value eq "A"]') == ("b",)
    assert changed(op="Remove", path="members", value=[{"value": "b"}, {"value": "x"}]) == ("a",)
    assert changed(op="remove", path="members") == ()
    assert changed(op="replace", path="members", value={"value": "z"}) == ("z",)
    for change, scim_type in (
        ({"op": "add", "path": "members", "value": ["a"]}, "invalidValue"),
        ({"op": "remove", "path": 'members[display eq "a"]'}, "invalidFilter"),
        ({"op": "remove", "path": "displayName"}, "mutability"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "replace", "path": "displayName", "value": ""}, "invalidValue"),
    ):
        assert is_refused(
            scim_type, lambda said: change_group(told, read_changes({"Operations": [said]})), change
        )
    assert is_refused("invalidValue", read_group, {"members": []})
    many = {"displayName": "g", "members": [{"value": str(number)} for number in range(20_001)]}
    assert is_refused("tooMany", read_group, many)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["op", "path", "value", "Operations", "members", "emails", "name", "active", "userName"]
            )
            | st.text(max_size=8),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(ANYTHING)
def test_whatever_is_said_is_read_or_refused_and_nothing_else(said):
    for work in (
        lambda: read_person(said if isinstance(said, dict) else {"emails": said}),
        lambda: read_group(said if isinstance(said, dict) else {"members": said}),
        lambda: change_person(BEA, read_changes({"Operations": [said]})),
        lambda: change_person(BEA, [Change("replace", "emails", said)]),
        lambda: change_group(TellGroup("g"), read_changes({"Operations": [said]})),
    ):
        try:
            told = work()
        except ScimRefusal:
            continue
        assert told == told


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b'{"userName": NaN}',
        b'{"userName": "\xff"}',
        b'{"userName": "\\ud800"}',
        b'{"a":' * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
    ],
    ids=[
        "empty",
        "half",
        "list",
        "text",
        "NaN",
        "no UTF-8",
        "half a character",
        "deep objects",
        "deep lists",
    ],
)
def test_what_is_no_object_in_json_is_refused(body):
    assert is_refused("invalidSyntax", read_object, body)


def test_a_nul_is_refused():
    assert is_refused("invalidValue", read_object, b'{"userName": "a\\u0000b"}')


# --- Over the wire ------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_what_there_is(entra):
    config = entra.ask("GET", "ServiceProviderConfig")
    assert config["Content-Type"] == "application/scim+json"
    told = config.json()
    assert (told["patch"], told["sort"], told["etag"]) == (
        {"supported": True},
        {"supported": False},
        {"supported": True},
    )
    assert told["filter"] == {"supported": True, "maxResults": 100}
    types = entra.ask("GET", "ResourceTypes").json()
    assert [(one["id"], one["endpoint"]) for one in types["Resources"]] == [
        ("User", "/Users"),
        ("Group", "/Groups"),
    ]
    assert entra.ask("GET", "ResourceTypes/User").json() == types["Resources"][0]
    schemas = entra.ask("GET", "Schemas").json()
    assert (schemas["totalResults"], schemas["startIndex"], schemas["itemsPerPage"]) == (2, 1, 2)
    assert entra.ask("GET", f"Schemas/{schemas['Resources'][1]['id']}").json() == schemas["Resources"][1]
    for path in ("Schemas/urn:x", "ResourceTypes/Device", "Me", "Bulk", "Users/1", "Users/.search", ""):
        assert refused(entra.ask("GET", path), 404) == "There is nothing at this address."


@pytest.mark.django_db
def test_lists_come_in_pages_by_as_many_queries_for_many_as_for_one(entra):
    entra.tell("n1@northmoor.example")
    with CaptureQueriesContext(
        connection,
    ) as one:
        assert entra.ask("GET", "Users").json()["totalResults"] == 1
    ids = [entra.tell(f"n{number}@northmoor.example").json()["id"] for number in range(2, 6)]
    with CaptureQueriesContext(connection) as many:
        assert entra.ask("GET", "Users").json()["totalResults"] == 5
    assert len(one) == len(many)
    page = entra.client.get(
        "/scim/v2/Users?startIndex=2&count=2", headers={"Authorization": f"Bearer {entra.secret}"}
    ).json()
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (5, 2, 2)
    assert [row["id"] for row in page["Resources"]] == ids[:2]
    none = entra.client.get("/scim/v2/Users?count=0", headers={"Authorization": f"Bearer {entra.secret}"})
    assert (none.json()["totalResults"], none.json()["Resources"]) == (5, [])
    entra.group("one", ids[0])
    with CaptureQueriesContext(connection) as one:
        entra.ask("GET", "Groups")
    for name in ("two", "three"):
        entra.group(name, *ids)
    with CaptureQueriesContext(connection) as many:
        told = entra.ask("GET", "Groups").json()
    assert len(one) == len(many)
    assert [len(row["members"]) for row in told["Resources"]] == [1, 4, 4]
    (bare,) = entra.find("Groups", 'displayName eq "two"', excludedAttributes="members")
    assert "members" not in bare
    assert [row["id"] for row in entra.find("Users", f'id eq "{ids[0]}"')] == [ids[0]]
    assert entra.find("Users", 'id eq "1"') == []
    assert entra.find("Users", 'emails.value eq "N3@northmoor.example"')[0]["id"] == ids[1]
    assert entra.find("Users", 'externalId eq "ID-n3"') == []


@pytest.mark.django_db
def test_what_was_changed_meanwhile_is_not_changed_by_who_has_not_seen_it(entra):
    made = entra.tell("nia@northmoor.example")
    path = f"Users/{made.json()['id']}"
    changed = entra.ask(
        "PUT", path, a_person("nia@northmoor.example", displayName="N."), If_Match=made["ETag"]
    )
    assert (changed.status_code, changed["ETag"]) == (200, 'W/"2"')

    sentence = refused(entra.ask("DELETE", path, If_Match=made["ETag"]), 412)

    assert sentence == "It was changed meanwhile. Read it again."
    assert (
        entra.ask("PUT", path, a_person("nia@northmoor.example", displayName="N."))["ETag"] == 'W/"2"'
    )  # the same
    assert entra.ask("DELETE", path, If_Match='W/"1", W/"2"').status_code == 204
    group = entra.group("g")
    refused(entra.ask("DELETE", f"Groups/{group.json()['id']}", If_Match='W/"9"'), 412)


@pytest.mark.django_db
def test_twice_the_same_is_a_conflict(entra):
    entra.tell("nia@northmoor.example")
    told = entra.tell("nora@northmoor.example").json()
    twice = entra.tell("NIA@northmoor.example", externalId="another")
    assert refused(twice, 409, "uniqueness") == "There is a user with this userName already."
    renamed = entra.patch(told["id"], {"op": "replace", "path": "userName", "value": "Nia@northmoor.example"})
    refused(renamed, 409, "uniqueness")
    entra.group("g")
    other = entra.group("h").json()
    refused(entra.group("g"), 409, "uniqueness")
    refused(
        entra.patch(other["id"], {"op": "replace", "value": {"displayName": "g"}}, to="Groups"),
        409,
        "uniqueness",
    )


@pytest.mark.django_db
def test_what_comes_in_another_shape_is_refused_in_ours(entra, settings):
    assert "JSON" in refused(entra.ask("POST", "Users", "{"), 400, "invalidSyntax")
    refused(entra.ask("POST", "Users", b'{"a":' * 50_000), 400, "invalidSyntax")
    refused(entra.ask("POST", "Users", "a=b", Content_Type="application/x-www-form-urlencoded"), 415)
    assert (
        entra.ask(
            "POST", "Users", a_person("a@northmoor.example"), Content_Type="application/json"
        ).status_code
        == 201
    )
    sentence = refused(entra.ask("GET", "Users?filter=userName+pr"), 400, "invalidFilter")
    assert sentence.startswith("Filters here are of one kind")
    for method, path, allowed in (
        ("PUT", "Users", "GET, POST"),
        ("POST", "ServiceProviderConfig", "GET"),
        ("POST", f"Users/{entra.provider.key}", "DELETE, GET, PATCH, PUT"),
    ):
        answer = entra.ask(method, path, {})
        refused(answer, 405)
        assert answer["Allow"] == allowed
    settings.API_MAX_BYTES = 2_000
    large = a_person("large@northmoor.example", title="x" * 3_000)
    assert refused(entra.ask("POST", "Users", large), 413, "tooMany") == "A body has at most 1 KB."


@pytest.mark.django_db
def test_too_many_calls_are_turned_away_each_provider_by_itself_and_guesses_by_address(
    entra, settings, people
):
    settings.API_RATE = "3/min"
    codes = [entra.ask("GET", "ServiceProviderConfig").status_code for _ in range(5)]
    assert codes == [200, 200, 200, 429, 429]
    slow = entra.ask("GET", "Users")
    assert "Retry-After" in refused(slow, 429)
    assert 1 <= int(slow["Retry-After"]) <= 60
    known, entra.secret = entra.secret, "qscim_00000000_" + "x" * 43
    assert [entra.ask("GET", "Users").status_code for _ in range(5)] == [401, 401, 401, 429, 429]
    settings.API_RATE = "600/min"
    entra.secret = known
    assert entra.ask("GET", "Users").status_code == 200


@pytest.mark.django_db
def test_the_answers_are_json_that_says_nothing_of_who_reads(entra):
    told = entra.tell("nia@northmoor.example", password="not kept", title="not kept")
    assert "not kept" not in json.dumps(told.json())
