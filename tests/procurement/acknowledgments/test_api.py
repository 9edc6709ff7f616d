"""Answering by a program, as stories."""

import threading
import zlib
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.kernel.audit.models import AuditEvent
from portal.kernel.idempotency.models import SeenRequest
from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import acting
from procurement.acknowledgments.messages import DecideAnswer
from procurement.acknowledgments.models import OrderAcknowledgment
from procurement.acknowledgments.services import decide_answer
from procurement.orders.models import Promise
from tests.builders.programs import Program
from tests.builders.world import MONDAY, a_line, a_paper, an_order, fresh, fresh_line, receive
from tests.people import FEED

pytestmark = pytest.mark.django_db

# Answers are given now, whatever day it is: what is promised must not have passed.
SOON = date(2099, 4, 1)


def an_open_order(lines=1, **changed: Any):
    return an_order(
        lines=[a_line(10 * n, delivery_on=date(2030, 4, 1)) for n in range(1, lines + 1)], **changed
    )


def answers_of(order):
    return f"/api/v1/orders/{order.key}/acknowledgments"


def later(quantity="100", on="2030-04-09", **more):
    return {"line": "L10", "pieces": [{"quantity": quantity, "delivery_on": on, **more}]}


def count(model, **wanted):
    with acting(FEED):
        return model.objects.filter(**wanted).count()


def nothing_happened():
    told = count(OutboxMessage, topic="erp")
    return (count(OrderAcknowledgment), count(Promise), told, count(SeenRequest)) == (0, 0, 0, 0)


# --- answering ----------------------------------------------------------------------------------------------


def test_whole_order_as_asked_is_agreed_at_once_and_told_to_the_erp(tokens):
    order = an_open_order(lines=2)
    program = tokens("ACME")

    answer = program.post(
        answers_of(order),
        {"version": 1, "rest_as_asked": True, "supplier_reference": "SO-1", "ship_from": "PUNE"},
    )

    told = answer.json()
    assert answer.status_code == 201, told
    assert (told["order"], told["order_version"]) == ({"key": str(order.key), "number": order.number}, 2)
    assert (told["lines_as_asked"], told["lines_changed"], told["state"], told["channel"]) == (
        2,
        0,
        "sent",
        "api",
    )
    assert (told["supplier_reference"], told["ship_from"], told["sent_by"]) == ("SO-1", "PUNE", "Order desk")
    assert [(line["key"], line["pieces"][0]["state"]) for line in told["lines"]] == [
        ("L10", "agreed"),
        ("L20", "agreed"),
    ]
    assert told["allowed_actions"] == []
    assert answer["ETag"] == '"2"'
    assert program.get(answer["Location"]).json() == told
    assert count(OutboxMessage, topic="erp") == 1
    assert fresh().agreement == "agreed"


def test_audit_names_the_token_and_its_channel(tokens):
    order = an_open_order()

    tokens("ACME").post(answers_of(order), {"version": 1, "rest_as_asked": True})

    with acting(FEED):
        event = AuditEvent.objects.get(kind="order.acknowledged")
    assert (event.actor_label, event.channel, event.actor_user_id) == ("Order desk", "api", None)


def test_a_later_day_waits_for_the_buyer(tokens):
    order = an_open_order(lines=2)

    told = (
        tokens("ACME")
        .post(answers_of(order), {"version": 1, "lines": [later()], "rest_as_asked": True})
        .json()
    )

    assert (told["lines_as_asked"], told["lines_changed"]) == (1, 1)
    assert told["allowed_actions"] == ["withdraw"]
    assert fresh_line(10).turn == "buyer"
    assert fresh_line(20).agreement == "agreed"


def test_the_only_piece_of_a_line_may_leave_out_its_quantity(tokens):
    order = an_open_order()
    lines = [{"line": "L10", "pieces": [{"delivery_on": "2030-04-09"}]}]

    told = tokens("ACME").post(answers_of(order), {"version": 1, "lines": lines}).json()

    (piece,) = told["lines"][0]["pieces"]
    assert (piece["quantity"], piece["delivery_on"]) == ("100", "2030-04-09")


def test_of_several_pieces_each_says_its_quantity(tokens):
    order = an_open_order()
    lines = [{"line": "L10", "pieces": [{"quantity": "60"}, {"delivery_on": "2030-04-09"}]}]

    refused = tokens("ACME").post(answers_of(order), {"version": 1, "lines": lines})

    assert refused.status_code == 422
    (problem,) = refused.json()["problems"]
    assert (problem["field"], problem["code"], problem["line"]) == ("quantity.1", "required", "10")
    assert problem["message"] == "Say how many pcs: only a line answered in one piece may leave it out."


def test_every_kind_of_piece_on_one_line(tokens):
    order = an_open_order()
    pieces = [
        {"quantity": "50"},
        {"quantity": "20", "kind": "backorder", "note": "ore is late"},
        {
            "quantity": "20",
            "kind": "substitute",
            "item_number": "A-15B",
            "delivery_on": "2030-04-03",
            "price": "7.05",
        },
        {"quantity": "10", "kind": "refuse", "reason": "obsolete_item"},
    ]

    told = (
        tokens("ACME")
        .post(answers_of(order), {"version": 1, "lines": [{"line": "L10", "pieces": pieces}]})
        .json()
    )

    (line,) = told["lines"]
    assert [(piece["kind"], piece["quantity"], piece["state"]) for piece in line["pieces"]] == [
        ("accept", "50", "proposed"),
        ("backorder", "20", "proposed"),
        ("substitute", "20", "proposed"),
        ("refuse", "10", "proposed"),
    ]
    assert (line["pieces"][2]["price"], line["pieces"][2]["item_number"]) == ("7.05", "A-15B")


# --- refusals -----------------------------------------------------------------------------------------------


def test_broken_rules_are_all_named_and_nothing_happens(tokens):
    order = an_open_order()
    pieces = [{"quantity": "60.5"}, {"quantity": "30", "kind": "refuse"}]

    answer = tokens("ACME").post(
        answers_of(order), {"version": 1, "lines": [{"line": "L10", "pieces": pieces}]}, Idempotency_Key="a"
    )

    told = answer.json()
    assert (answer.status_code, told["code"]) == (422, "invalid")
    assert [(part["field"], part["line"], part["value"]) for part in told["problems"]] == [
        ("quantity.0", "10", "60.5"),
        ("reason.1", "10", ""),
    ]
    assert nothing_happened()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"version": 1}, "lines"),
        ({"version": "1", "rest_as_asked": True}, "version"),
        ({"version": True, "rest_as_asked": True}, "version"),
        ({"version": 2**31, "rest_as_asked": True}, "version"),
        ({"version": 1, "rest_as_asked": "yes"}, "rest_as_asked"),
        ({"version": 1, "rest_as_asked": True, "supplier_refrence": "SO-1"}, "supplier_refrence"),
        ({"version": 1, "rest_as_asked": True, "note": "a\x00b"}, "note"),
        ({"version": 1, "rest_as_asked": True, "note": "\ud800"}, "note"),
        ({"version": 1, "rest_as_asked": True, "\ud800": 1}, "?"),
        ({"version": 1, "lines": {}}, "lines"),
        ({"version": 1, "lines": ["L10"]}, "lines.0"),
        ({"version": 1, "lines": [{"line": 10}]}, "lines.0.line"),
        ({"version": 1, "lines": [later(quantity=100)]}, "lines.0.pieces.0.quantity"),
        ({"version": 1, "lines": [later(quantity="1e2")]}, "lines.0.pieces.0.quantity"),
        ({"version": 1, "lines": [later(quantity="1,000")]}, "lines.0.pieces.0.quantity"),
        ({"version": 1, "lines": [later(quantity="NaN")]}, "lines.0.pieces.0.quantity"),
        ({"version": 1, "lines": [later(quantity="1234567890123")]}, "lines.0.pieces.0.quantity"),
        ({"version": 1, "lines": [later(on="03/04/2030")]}, "lines.0.pieces.0.delivery_on"),
        ({"version": 1, "lines": [later(on="2030-02-30")]}, "lines.0.pieces.0.delivery_on"),
        ({"version": 1, "lines": [later(on="20300401")]}, "lines.0.pieces.0.delivery_on"),
        ({"version": 1, "lines": [later(delivery_date="2030-04-09")]}, "lines.0.pieces.0.delivery_date"),
        ({"version": 1, "lines": [later(kind="agree")]}, "lines.0.pieces.0.kind"),
        ({"version": 1, "lines": [later(schedule=0)]}, "lines.0.pieces.0.schedule"),
    ],
)
def test_the_wrong_shape_is_refused_at_its_field(tokens, body, field):
    order = an_open_order()

    answer = tokens("ACME").post(answers_of(order), body)

    told = answer.json()
    assert (answer.status_code, told["code"]) == (400, "invalid_request"), told
    assert [part["field"] for part in told["problems"]] == [field]
    assert nothing_happened()


def test_a_list_where_an_object_belongs_is_told_in_plain_words(tokens):
    answer = tokens("ACME").post(answers_of(an_open_order()), {"version": 1, "lines": ["L10"]})

    assert [part["message"] for part in answer.json()["problems"]] == [
        "Send an object here: names and values in braces."
    ]


def raw(program, order, body, content_type="application/json", **headers):
    return program.client.generic(
        "POST",
        answers_of(order),
        body,
        content_type=content_type,
        headers={**program._headers({}), **headers},
    )


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "malformed"),
        (b"\xff\xfe", "application/json", 400, "malformed"),
        (b'{"version": NaN}', "application/json", 400, "malformed"),
        (b'{"version": ' + b"9" * 5000 + b"}", "application/json", 400, "malformed"),
        (b"[" * 100_000, "application/json", 400, "malformed"),
        (b"[]", "application/json", 400, "invalid_request"),
        (b"null", "application/json", 400, "invalid_request"),
        (b"version=1", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b"--x--", "multipart/form-data; boundary=x", 415, "unsupported_media_type"),
        (b"{}", "application/json; charset=nonsense", 400, "invalid_request"),
        (zlib.compress(b"{}"), "application/json; charset=zlib", 400, "malformed"),
        ('{"note": "ü"}'.encode("utf-16"), "application/json; charset=utf-16", 400, "malformed"),
    ],
)
def test_what_cannot_be_read_is_refused(tokens, body, content_type, status, code):
    order = an_open_order()

    answer = raw(tokens("ACME"), order, body, content_type)

    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    assert nothing_happened()


def test_too_large_a_request_is_refused_unread(tokens, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    order = an_open_order()

    answer = raw(tokens("ACME"), order, b" " * 1001)

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_who_may_not_and_who_is_not_there(people, tokens):
    order = an_open_order()
    whole = {"version": 1, "rest_as_asked": True}

    assert tokens("GLOBEX").post(answers_of(order), whole).status_code == 404
    assert tokens("ACME", "read").post(answers_of(order), whole).status_code == 403
    assert tokens().post(answers_of(order), whole).status_code == 403
    assert Program(None, "").post(answers_of(order), whole).status_code == 401
    assert nothing_happened()


def test_a_signed_in_person_needs_a_csrf_token(people):
    order = an_open_order()
    client = Client(enforce_csrf_checks=True)
    client.force_login(people["asha"].user)
    whole = {"version": 1, "rest_as_asked": True}

    refused = client.post(answers_of(order), whole, content_type="application/json")
    form = client.post(answers_of(order), {"version": "1"})

    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert form.status_code == 403
    assert nothing_happened()


def test_a_buyer_answers_on_behalf_and_it_stays_marked(people):
    order = an_open_order()
    client = Client()
    client.force_login(people["bea"].user)

    answer = client.post(
        answers_of(order), {"version": 1, "rest_as_asked": True}, content_type="application/json"
    )

    told = answer.json()
    assert (answer.status_code, told["on_behalf"], told["sent_by"]) == (201, True, "Bea Buyer")
    with acting(FEED):
        assert OrderAcknowledgment.objects.get().channel == "api"


# --- versions -----------------------------------------------------------------------------------------------


def test_an_answer_must_say_which_version_it_answers(tokens):
    order = an_open_order()

    answer = tokens("ACME").post(answers_of(order), {"rest_as_asked": True})

    assert (answer.status_code, answer.json()["code"]) == (428, "precondition_required")
    assert nothing_happened()


def test_the_version_in_the_body_is_stale_only_where_a_line_moved(tokens):
    order = an_open_order(lines=2)
    far = date(2030, 4, 1)
    receive(
        a_paper(
            lines=[a_line(10, delivery_on=far), a_line(20, delivery_on=far, quantity=Decimal(80))],
            revision="2",
        )
    )
    program = tokens("ACME")

    moved = program.post(answers_of(order), {"version": 1, "lines": [{"line": "L20"}]})
    untouched = program.post(answers_of(order), {"version": 1, "lines": [{"line": "L10"}]})

    assert (moved.status_code, moved.json()["code"]) == (409, "stale")
    assert moved.json()["details"] == {"lines": [20], "version": 2, "revision": 2}
    assert untouched.status_code == 201


def test_if_match_is_strict(tokens):
    order = an_open_order(lines=2)
    far = date(2030, 4, 1)
    receive(
        a_paper(
            lines=[a_line(10, delivery_on=far), a_line(20, delivery_on=far, quantity=Decimal(80))],
            revision="2",
        )
    )
    program = tokens("ACME")
    one = {"lines": [{"line": "L10"}]}

    old = program.post(answers_of(order), one, If_Match='"1"')
    weak = program.post(answers_of(order), one, If_Match='W/"2"')
    star = program.post(answers_of(order), one, If_Match="*")
    present = program.post(answers_of(order), one, If_Match='"7", "2"')

    assert [answer.status_code for answer in (old, weak, star, present)] == [412, 412, 428, 201]
    assert old.json()["details"] == {"version": 2}


# --- once ---------------------------------------------------------------------------------------------------


def test_sent_twice_with_one_key_it_happens_once_and_is_answered_twice(tokens):
    order = an_open_order()
    program = tokens("ACME")
    whole = {"version": 1, "rest_as_asked": True}

    first = program.post(answers_of(order), whole, Idempotency_Key="8e03978e-40d5-43dd-bc93-6894a57f9324")
    again = program.post(answers_of(order), whole, Idempotency_Key="8e03978e-40d5-43dd-bc93-6894a57f9324")
    without = program.post(answers_of(order), whole)

    assert (again.status_code, again.json()) == (201, first.json())
    assert (again["Location"], again["ETag"]) == (first["Location"], first["ETag"])
    assert (first.get("Idempotent-Replayed"), again["Idempotent-Replayed"]) == (None, "true")
    assert without.status_code == 409
    assert count(OrderAcknowledgment) == 1
    assert count(OutboxMessage, topic="erp") == 1


def test_one_key_for_two_requests_is_refused(tokens):
    order = an_open_order(lines=2)
    program = tokens("ACME")
    program.post(answers_of(order), {"version": 1, "lines": [{"line": "L10"}]}, Idempotency_Key="a")

    other = program.post(answers_of(order), {"version": 1, "lines": [{"line": "L20"}]}, Idempotency_Key="a")

    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert fresh_line(20).agreement == "awaiting"


def test_keys_of_two_programs_do_not_meet(tokens):
    one, two = an_open_order(), an_open_order(number="4500000002", supplier="GLOBEX")
    whole = {"version": 1, "rest_as_asked": True}

    answers = [
        tokens("ACME").post(answers_of(one), whole, Idempotency_Key="a"),
        tokens("GLOBEX").post(answers_of(two), whole, Idempotency_Key="a"),
    ]

    assert [answer.status_code for answer in answers] == [201, 201]


def test_a_refusal_is_not_kept(tokens):
    order = an_open_order()
    program = tokens("ACME")
    wrong = program.post(
        answers_of(order), {"version": 1, "lines": [later(on="2020-01-01")]}, Idempotency_Key="a"
    )

    right = program.post(answers_of(order), {"version": 1, "lines": [later()]}, Idempotency_Key="a")

    assert (wrong.status_code, right.status_code) == (422, 201)


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201, "schlüssel"])
def test_a_key_that_is_none_is_refused(tokens, key):
    order = an_open_order()

    answer = tokens("ACME").post(
        answers_of(order), {"version": 1, "rest_as_asked": True}, Idempotency_Key=key
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert nothing_happened()


# --- reading and withdrawing --------------------------------------------------------------------------------


def test_what_became_of_an_answer_is_read_and_listed(tokens):
    order = an_open_order(lines=2)
    program = tokens("ACME")
    made = program.post(answers_of(order), {"version": 1, "lines": [later()]}).json()

    assert program.get(f"/api/v1/acknowledgments/{made['key']}").json() == made
    brief = {name: value for name, value in made.items() if name != "lines"}
    assert program.get("/api/v1/acknowledgments").json()["results"] == [brief]
    assert program.get("/api/v1/acknowledgments", {"order": order.number, "state": "sent"}).json()[
        "results"
    ] == [brief]
    assert program.get("/api/v1/acknowledgments", {"state": "withdrawn"}).json()["results"] == []
    assert (
        program.get("/api/v1/acknowledgments", {"sent_since": "2099-01-01T00:00:00Z"}).json()["results"] == []
    )
    assert (
        tokens().get("/api/v1/acknowledgments", {"supplier": "ACME"}).json()["results"][0]["key"]
        == made["key"]
    )


def test_an_answer_agreed_at_once_stays_and_says_why(tokens):
    order = an_open_order()
    made = tokens("ACME").post(answers_of(order), {"version": 1, "rest_as_asked": True}).json()

    refused = tokens("ACME").post(f"/api/v1/acknowledgments/{made['key']}/withdraw")

    assert (refused.status_code, refused.json()["code"]) == (409, "stale")
    assert refused.json()["detail"] == (
        "Every line of this answer was agreed at once, and what is agreed stays agreed. To change it, ask the buyer."
    )


def test_stranger_finds_no_answer(tokens):
    order = an_open_order()
    made = tokens("ACME").post(answers_of(order), {"version": 1, "lines": [later()]}).json()
    gil = tokens("GLOBEX")

    assert gil.get("/api/v1/acknowledgments").json()["results"] == []
    assert gil.get(f"/api/v1/acknowledgments/{made['key']}").status_code == 404
    assert gil.post(f"/api/v1/acknowledgments/{made['key']}/withdraw").status_code == 404
    assert fresh_line().agreement == "answered"


def test_wall_two_holds_when_wall_one_is_forgotten(tokens, monkeypatch):
    order = an_open_order()
    made = tokens("ACME").post(answers_of(order), {"version": 1, "lines": [later()]}).json()
    monkeypatch.setattr("portal.kernel.scope.ScopedQuerySet.visible_to", lambda self, actor: self.all())
    gil = tokens("GLOBEX")

    assert gil.get("/api/v1/acknowledgments").json()["results"] == []
    assert gil.get(f"/api/v1/acknowledgments/{made['key']}").status_code == 404
    assert gil.post(f"/api/v1/acknowledgments/{made['key']}/withdraw").status_code == 404
    assert gil.post(answers_of(order), {"version": 2, "rest_as_asked": True}).status_code == 404
    assert tokens("ACME").get(f"/api/v1/acknowledgments/{made['key']}").status_code == 200


def test_an_undecided_answer_is_withdrawn_once(tokens):
    order = an_open_order(lines=2)
    program = tokens("ACME")
    made = program.post(answers_of(order), {"version": 1, "lines": [later()], "rest_as_asked": True}).json()
    address = f"/api/v1/acknowledgments/{made['key']}/withdraw"

    first = program.post(address, Idempotency_Key="w")
    again = program.post(address, Idempotency_Key="w")
    third = program.post(address)

    assert (first.status_code, first.json()["state"], first.json()["allowed_actions"]) == (
        200,
        "withdrawn",
        [],
    )
    assert (again.status_code, again.json()) == (200, first.json())
    assert third.status_code == 409
    assert fresh_line(10).agreement == "awaiting"
    assert fresh_line(20).agreement == "agreed"


def test_an_answer_decided_in_part_of_each_line_is_not_withdrawn(people, tokens):
    order = an_open_order()
    program = tokens("ACME")
    pieces = [
        {"quantity": "50", "delivery_on": "2030-04-09"},
        {"quantity": "50", "delivery_on": "2030-05-09"},
    ]
    made = program.post(
        answers_of(order), {"version": 1, "lines": [{"line": "L10", "pieces": pieces}]}
    ).json()
    assert made["allowed_actions"] == ["withdraw"]
    with acting(people["bea"].actor):
        first = frozenset([Promise.objects.order_by("piece").first().pk])
        decision = DecideAnswer(order.key, 2, "accept", pieces=first)
        decide_answer(decision, actor=people["bea"].actor, at=MONDAY)

    told = program.get(f"/api/v1/acknowledgments/{made['key']}").json()

    assert [piece["state"] for piece in told["lines"][0]["pieces"]] == ["agreed", "proposed"]
    assert told["allowed_actions"] == []
    assert program.post(f"/api/v1/acknowledgments/{made['key']}/withdraw").status_code == 409


def test_list_takes_the_same_queries_with_one_and_with_many(tokens, django_assert_num_queries):
    program = tokens("ACME")

    def acknowledge(number):
        order = an_open_order(number=number, lines=2)
        program.post(answers_of(order), {"version": 1, "lines": [later()], "rest_as_asked": True})

    acknowledge("first")
    program.get("/api/v1/acknowledgments")
    with CaptureQueriesContext(connection) as one:
        program.get("/api/v1/acknowledgments")
    queries = len(one)
    for n in range(10):
        acknowledge(f"more-{n}")

    with django_assert_num_queries(queries):
        assert len(program.get("/api/v1/acknowledgments").json()["results"]) == 11


# --- really at once -----------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_same_request_twice_at_once_happens_once(tokens):
    order = an_open_order()
    program = tokens("ACME")
    start = threading.Barrier(4)
    answers: list[Any] = []

    def send():
        try:
            start.wait()
            copy = Program(program.token, program.secret)
            answers.append(
                copy.post(answers_of(order), {"version": 1, "rest_as_asked": True}, Idempotency_Key="k")
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer for answer in answers) == 3
    assert count(OrderAcknowledgment) == 1


# --- too much at once ---------------------------------------------------------------------------------------


def test_of_many_unknown_fields_fifty_are_named_and_the_others_counted(tokens):
    order = an_open_order()

    answer = tokens("ACME").post(answers_of(order), {f"a{n:05}": 1 for n in range(10_000)})

    told = answer.json()
    assert answer.status_code == 400
    assert [problem["field"] for problem in told["problems"][:50]] == [f"a{n:05}" for n in range(50)]
    assert [(one["field"], one["message"]) for one in told["problems"][50:]] == [
        ("", "Further fields that are not known here: 9950.")
    ]


def test_of_many_unknown_fields_of_a_line_five_are_named(tokens):
    order = an_open_order()

    answer = tokens("ACME").post(answers_of(order), {"lines": [{f"a{n}": 1 for n in range(9)}]})

    told = [(problem["field"], problem["message"]) for problem in answer.json()["problems"]]
    assert [field for field, _message in told[:5]] == [f"lines.0.a{n}" for n in range(5)]
    assert told[5:] == [("lines.0", "Further fields that are not known here: 4.")]


def test_two_hundred_problems_are_told_and_the_others_counted(tokens):
    order = an_open_order()
    lines = [{"line": f"L{n}", "pieces": [{"quantity": 1}]} for n in range(300)]

    answer = tokens("ACME").post(answers_of(order), {"version": 1, "lines": lines})

    told = answer.json()
    assert (answer.status_code, len(told["problems"]), told["more_problems"]) == (400, 200, 100)
    assert told["problems"][199]["field"] == "lines.199.pieces.0.quantity"


def test_broken_rules_are_counted_the_same_way(tokens):
    order = an_open_order()
    lines = [{"line": f"X{n}"} for n in range(300)]

    told = tokens("ACME").post(answers_of(order), {"version": 1, "lines": lines}).json()

    assert (told["code"], len(told["problems"]), told["more_problems"]) == ("invalid", 200, 100)


def test_more_pieces_than_one_request_may_have_are_refused_before_any_is_read(tokens):
    order = an_open_order()
    line = {"line": "L10", "pieces": [{"quantity": "1"}] * 100}

    answer = tokens("ACME").post(answers_of(order), {"version": 1, "lines": [line] * 101})

    assert answer.status_code == 400
    assert [problem["field"] for problem in answer.json()["problems"]] == ["lines"]
    assert "at most 10000 pieces" in answer.json()["detail"]
    assert nothing_happened()


@pytest.mark.parametrize("lines", [7, {"pieces": 1}, [1], [{"pieces": 1}], None])
def test_lines_of_another_shape_are_a_problem_of_their_own(tokens, lines):
    order = an_open_order()

    assert tokens("ACME").post(answers_of(order), {"version": 1, "lines": lines}).status_code == 400


def test_a_body_beyond_the_limit_is_not_read(tokens, settings):
    settings.API_MAX_BYTES = 1000
    order = an_open_order()

    answer = tokens("ACME").post(answers_of(order), {"version": 1, "note": "x" * 1000})

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert nothing_happened()


@pytest.mark.parametrize("day", ["9999-12-31", "2200-01-01", "1999-12-31", "0001-01-01"])
@pytest.mark.parametrize("field", ["ship_on", "delivery_on"])
def test_a_day_that_no_paper_can_mean_is_refused_at_its_field(tokens, field, day):
    order = an_open_order()
    line = {"line": "L10", "pieces": [{"quantity": "100", field: day}]}

    answer = tokens("ACME").post(answers_of(order), {"version": 1, "lines": [line]})

    (problem,) = answer.json()["problems"]
    assert (answer.status_code, problem["field"]) == (400, f"lines.0.pieces.0.{field}")
    assert problem["message"] == "Send a day of the years 2000 to 2199."
