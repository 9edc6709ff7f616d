"""Orders for programs, as stories."""

from datetime import date, timedelta
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal import backing
from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder, AnswerPiece, LineAnswer
from procurement.acknowledgments.services import acknowledge_order
from procurement.orders.models import PurchaseOrder
from suppliers.models import Supplier
from suppliers.states import SupplierState
from tests.builders.programs import Program
from tests.builders.world import MONDAY, a_line, a_paper, an_order, fresh, receive
from tests.people import FEED

pytestmark = pytest.mark.django_db

LATER = MONDAY + timedelta(hours=1)


def numbers(response):
    assert response.status_code == 200, response.content
    return [order["number"] for order in response.json()["results"]]


def answer_late(order, person, line="L10"):
    late = LineAnswer(line, (AnswerPiece(Decimal(100), delivery_on=date(2026, 4, 9), reason="capacity"),))
    with acting(person.actor):
        command = AcknowledgeOrder(order.key, order.version, (late,))
        return acknowledge_order(command, actor=person.actor, at=LATER)


def test_a_program_reads_a_whole_order(tokens):
    order = an_order(lines=[a_line(10, quantity=Decimal("100"), price=Decimal("6.8500")), a_line(20)])

    response = tokens("ACME").get(f"/api/v1/orders/{order.key}")

    told = response.json()
    assert response.status_code == 200
    assert {
        name: told[name]
        for name in ("number", "version", "revision", "currency", "ordered_on", "total_amount")
    } == {
        "number": "4500000001",
        "version": 1,
        "revision": 1,
        "currency": "EUR",
        "ordered_on": "2026-03-02",
        "total_amount": "1370",
    }
    assert told["company"] == {"code": "NM", "name": "Northmoor Supply"}
    assert told["supplier"] == {"number": "ACME", "name": "Acme Valves"}
    assert told["ship_to"]["code"] == "LEEDS"
    assert told["received_at"] == "2026-03-02T10:00:00Z"
    assert told["allowed_actions"] == ["acknowledge"]
    line = told["lines"][0]
    assert (line["key"], line["quantity"], line["price"], line["turn"]) == ("L10", "100", "6.85", "supplier")
    assert line["schedules"] == [
        {
            "key": 1,
            "quantity": "100",
            "delivery_on": "2026-04-01",
            "first_promised_on": None,
            "first_agreed_on": None,
        }
    ]
    assert line["promises"] == []
    assert line["allowed_actions"] == ["answer", "refuse", "confirm"]


def test_pieces_that_stand_are_told_with_their_line(people, tokens):
    order = an_order(lines=1)
    done = answer_late(order, people["asha"])

    line = tokens("ACME").get(f"/api/v1/orders/{order.key}").json()["lines"][0]

    (piece,) = line["promises"]
    assert line["agreement"] == "answered"
    assert (piece["kind"], piece["state"], piece["quantity"], piece["delivery_on"], piece["reason"]) == (
        "accept",
        "proposed",
        "100",
        "2026-04-09",
        "capacity",
    )
    assert piece["acknowledgment"] == str(done.paper.key)
    assert piece["decided_at"] is None


# --- who sees what ------------------------------------------------------------------------------------------


def test_stranger_cannot_even_find_it(tokens):
    order = an_order()

    answer = tokens("GLOBEX").get(f"/api/v1/orders/{order.key}")

    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "not_found"
    assert numbers(tokens("GLOBEX").get("/api/v1/orders")) == []
    assert tokens("GLOBEX").get("/api/v1/order-lines").json()["results"] == []


def test_stranger_finds_nothing_by_naming_the_other_supplier(tokens):
    an_order()

    assert numbers(tokens("GLOBEX").get("/api/v1/orders", {"supplier": "ACME"})) == []


def test_wall_two_holds_when_wall_one_is_forgotten(tokens, monkeypatch):
    order = an_order()
    for module in ("procurement.orders.api", "procurement.orders.queries"):
        monkeypatch.setattr(f"{module}.visible_orders", lambda actor: PurchaseOrder.objects.all())

    assert numbers(tokens("GLOBEX").get("/api/v1/orders")) == []
    assert tokens("GLOBEX").get(f"/api/v1/orders/{order.key}").status_code == 404
    assert numbers(tokens("ACME").get("/api/v1/orders")) == ["4500000001"]


def test_integration_sees_all_and_may_do_nothing(tokens):
    an_order("1")
    other = an_order("2", supplier="GLOBEX")

    ours = tokens()

    assert sorted(numbers(ours.get("/api/v1/orders"))) == ["1", "2"]
    assert numbers(ours.get("/api/v1/orders", {"supplier": "GLOBEX"})) == ["2"]
    told = ours.get(f"/api/v1/orders/{other.key}").json()
    assert told["allowed_actions"] == []
    assert told["lines"][0]["allowed_actions"] == []


@pytest.mark.parametrize(
    ("name", "allowed"), [("asha", True), ("arun", False), ("bea", True), ("otto", False), ("ines", False)]
)
def test_a_signed_in_person_has_the_rights_of_the_pages(people, name, allowed):
    order = an_order()
    client = Client()
    client.force_login(people[name].user)

    told = client.get(f"/api/v1/orders/{order.key}").json()

    assert bool(told["allowed_actions"]) is allowed


def test_allowed_actions_end_with_what_they_allow(people, tokens):
    order = an_order(lines=[a_line(10), a_line(20), a_line(30, closed=True)])
    with acting(people["asha"].actor):
        acknowledge_order(
            AcknowledgeOrder(order.key, order.version, (LineAnswer("L10"),)),
            actor=people["asha"].actor,
            at=LATER,
        )

    told = tokens("ACME").get(f"/api/v1/orders/{order.key}").json()

    assert [bool(line["allowed_actions"]) for line in told["lines"]] == [False, True, False]
    assert told["allowed_actions"] == ["acknowledge"]
    receive(a_paper(lines=[a_line(10), a_line(20), a_line(30)], status="cancelled", revision="2"))
    told = tokens("ACME").get(f"/api/v1/orders/{order.key}").json()
    assert (told["state"], told["allowed_actions"]) == ("cancelled", [])


def test_a_blocked_supplier_is_allowed_nothing(people):
    order = an_order()
    with acting(FEED):
        Supplier.objects.filter(number="ACME").update(state=SupplierState.BLOCKED)
    client = Client()
    client.force_login(people["asha"].user)

    told = client.get(f"/api/v1/orders/{order.key}").json()

    assert told["allowed_actions"] == []


def test_nobody_is_asked_for_a_token(world):
    answer = Program(None, "").get("/api/v1/orders")

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="Quayside"'
    assert answer.json()["code"] == "not_authenticated"


# --- versions -----------------------------------------------------------------------------------------------


def test_what_did_not_move_is_not_sent_again(people, tokens):
    order = an_order(lines=1)
    program = tokens("ACME")
    first = program.get(f"/api/v1/orders/{order.key}")
    assert first["ETag"] == '"1"'

    again = program.get(f"/api/v1/orders/{order.key}", If_None_Match='"1"')
    weak = program.get(f"/api/v1/orders/{order.key}", If_None_Match='"7", W/"1"')

    assert (again.status_code, again.content, again["ETag"]) == (304, b"", '"1"')
    assert weak.status_code == 304
    answer_late(order, people["asha"])
    moved = program.get(f"/api/v1/orders/{order.key}", If_None_Match='"1"')
    assert (moved.status_code, moved["ETag"], moved.json()["version"]) == (200, '"2"', 2)


# --- lists --------------------------------------------------------------------------------------------------


def test_filters_narrow_the_list(people, tokens):
    waiting = an_order("1", lines=1)
    an_order("2", lines=1)
    answer_late(waiting, people["asha"])
    program = tokens("ACME")

    assert numbers(program.get("/api/v1/orders", {"turn": "buyer"})) == ["1"]
    assert numbers(program.get("/api/v1/orders", {"turn": "supplier"})) == ["2"]
    assert numbers(program.get("/api/v1/orders", {"agreement": "answered"})) == ["1"]
    assert numbers(program.get("/api/v1/orders", {"number": "2"})) == ["2"]
    assert numbers(program.get("/api/v1/orders", {"state": "closed"})) == []


def test_what_moved_since_comes_in_the_order_in_which_it_moved(people, tokens):
    order = an_order("1", lines=1)
    an_order("2", lines=1)
    answer_late(order, people["asha"])
    program = tokens("ACME")

    assert numbers(program.get("/api/v1/orders", {"updated_since": "2026-03-02T00:00:00Z"})) == ["2", "1"]
    assert numbers(program.get("/api/v1/orders", {"updated_since": "2026-03-02T11:00:00Z"})) == ["1"]
    assert numbers(program.get("/api/v1/orders", {"updated_since": "2026-03-02T12:00:00+01:00"})) == ["1"]
    assert numbers(program.get("/api/v1/orders", {"updated_since": "2026-03-02T11:00:01Z"})) == []


def test_lines_across_orders(people, tokens):
    order = an_order(
        "1", lines=[a_line(10), a_line(20, item_number="VALVE-25", delivery_on=date(2026, 5, 1))]
    )
    an_order("2", lines=[a_line(10, delivery_on=date(2026, 4, 15))])
    answer_late(order, people["asha"])
    program = tokens("ACME")

    def lines(**query):
        found = program.get("/api/v1/order-lines", query).json()["results"]
        return [(line["order"]["number"], line["number"]) for line in found]

    assert lines() == [("1", 10), ("2", 10), ("1", 20)]
    assert lines(turn="buyer") == [("1", 10)]
    assert lines(item="VALVE-25") == [("1", 20)]
    assert lines(delivery_from="2026-04-10", delivery_to="2026-04-30") == [("2", 10)]
    assert lines(order="2") == [("2", 10)]
    assert lines(agreement="answered") == [("1", 10)]


def test_pages_lead_through_the_whole_list_and_back(tokens):
    receive(*[a_paper(str(n), 1) for n in range(7)])
    program = tokens("ACME")
    first = program.get("/api/v1/orders", {"limit": "3"}).json()
    second = program.get(first["next"]).json()
    third = program.get(second["next"]).json()

    told = [order["number"] for page in (first, second, third) for order in page["results"]]

    assert told == ["6", "5", "4", "3", "2", "1", "0"]
    assert (first["previous"], third["next"]) == (None, None)
    assert first["next"].startswith("http://testserver/api/v1/orders?")
    assert program.get(second["previous"]).json()["results"] == first["results"]


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "nonsense"},
        {"cursor": "WyJuIixbMSwyLDNdXQ"},
        {"limit": "0"},
        {"limit": "201"},
        {"limit": "1e2"},
        {"state": "nonsense"},
        {"updated_since": "2026-03-02"},
        {"updated_since": "2026-03-02T10:00:00"},
        {"updated_since": "0001-01-01T00:00:00+23:59"},
        {"nonsense": "1"},
        {"format": "json"},
        {"number": "\x00"},
        {"number": ["1", "2"]},
    ],
)
def test_a_filter_that_cannot_be_meant_is_refused(tokens, query):
    answer = tokens("ACME").get("/api/v1/orders", query)

    assert answer.status_code == 400, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    if "cursor" not in query:
        assert [part["field"] for part in answer.json()["problems"]] == list(query)


def test_a_cursor_of_a_list_in_another_order_is_refused(tokens):
    for number in range(3):
        an_order(str(number))
    program = tokens("ACME")
    newest_first = program.get("/api/v1/orders", {"limit": "1"}).json()["next"]

    answer = program.get(f"{newest_first}&updated_since=2026-01-01T00:00:00Z")

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


def test_lists_take_the_same_queries_with_one_and_with_many(tokens, django_assert_num_queries):
    program = tokens("ACME")
    an_order("first", lines=2)
    for address in ("/api/v1/orders", "/api/v1/order-lines"):
        program.get(address)
        with CaptureQueriesContext(connection) as one:
            program.get(address)
        receive(*[a_paper(f"{address}{n}", 2) for n in range(30)])
        with django_assert_num_queries(len(one)):
            program.get(address)


def test_an_order_takes_the_same_queries_with_one_line_and_with_many(tokens, django_assert_num_queries):
    program = tokens("ACME")
    small, large = an_order("1", lines=1), an_order("2", lines=100)
    program.get(f"/api/v1/orders/{small.key}")
    with CaptureQueriesContext(connection) as one:
        program.get(f"/api/v1/orders/{small.key}")

    with django_assert_num_queries(len(one)):
        assert len(program.get(f"/api/v1/orders/{large.key}").json()["lines"]) == 100


# --- manners ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "code"),
    [
        ("DELETE", "/api/v1/orders", {}, 405, "method_not_allowed"),
        ("OPTIONS", "/api/v1/orders", {}, 405, "method_not_allowed"),
        ("GET", "/api/v1/orders", {"Accept": "text/html"}, 406, "not_acceptable"),
        ("GET", "/api/v1/orders/nonsense", {}, 404, "not_found"),
        ("GET", "/api/v1/", {}, 404, "not_found"),
        ("POST", "/api/v1/nonsense", {}, 404, "not_found"),
    ],
)
def test_every_refusal_is_a_problem(tokens, method, path, headers, status, code):
    program = tokens("ACME")

    answer = program.client.generic(method, path, headers={**program._headers({}), **headers})

    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    told = answer.json()
    assert (told["status"], told["code"]) == (status, code)
    assert told["type"].endswith(f"/api/v1/docs#problem-{code}")
    assert told["title"]
    assert told["detail"]


def test_too_many_requests_are_told_when_to_come_again(tokens, settings):
    settings.API_RATE = "3/min"
    program, other = tokens("ACME"), tokens("ACME")

    answers = [program.get("/api/v1/orders") for _n in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 0 < int(answers[3]["Retry-After"]) <= 60
    assert answers[3].json()["code"] == "too_many_requests"
    assert other.get("/api/v1/orders").status_code == 200


def test_where_nobody_can_count_nobody_is_sent_away(tokens, settings):
    settings.CACHES = {"default": backing.cache(urlsplit("redis://127.0.0.1:1/1"))}

    assert tokens("ACME").get("/api/v1/orders").status_code == 200


def test_who_guesses_tokens_is_counted_by_address(world, settings):
    settings.API_RATE = "3/min"
    guesser = Program(None, "qs_00000000_" + "x" * 43)
    guesser.client.defaults["REMOTE_ADDR"] = "203.0.113.7"

    answers = [guesser.get("/api/v1/orders").status_code for _n in range(4)]

    assert answers == [401, 401, 401, 429]


def test_who_guesses_tokens_cannot_claim_another_address_each_time(world, settings):
    settings.API_RATE = "3/min"
    guesser = Program(None, "qs_00000000_" + "x" * 43)
    guesser.client.defaults["REMOTE_ADDR"] = "203.0.113.8"

    answers = []
    for n in range(4):
        guesser.client.defaults["HTTP_X_FORWARDED_FOR"] = f"10.0.0.{n}"
        answers.append(guesser.get("/api/v1/orders").status_code)

    assert settings.TRUSTED_PROXIES == 0
    assert answers == [401, 401, 401, 429]


def test_a_fault_of_ours_is_told_as_one_and_says_no_more(tokens, monkeypatch):
    monkeypatch.setattr("procurement.orders.api.find_order", lambda *a, **k: 1 / 0)
    program = tokens("ACME")
    program.client.raise_request_exception = False

    answer = program.get(f"/api/v1/orders/{fresh_key()}")

    assert answer.status_code == 500
    assert answer["Content-Type"] == "application/problem+json"
    assert "division" not in answer.content.decode()


def fresh_key():
    an_order("fault")
    return fresh("fault").key


@pytest.mark.parametrize("charset", ["zlib", "rot13", "utf-7", "idna"])
def test_a_strange_charset_changes_nothing(tokens, charset):
    program = tokens("ACME")

    answer = program.client.generic(
        "GET",
        "/api/v1/orders?number=%41+b",
        content_type=f"application/json; charset={charset}",
        headers=program._headers({}),
    )

    assert answer.status_code in (200, 400)
