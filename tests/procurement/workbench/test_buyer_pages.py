"""What waits for the buyer, and the verdict, through the doors: list, order page, revisions."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.kernel.audit.models import AuditEvent
from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder, AnswerPiece, DecideAnswer, LineAnswer
from procurement.acknowledgments.services import acknowledge_order, decide_answer
from procurement.orders.models import Promise
from tests.builders.world import MONDAY, a_line, a_paper, an_order, fresh, fresh_line, receive
from tests.people import FEED, signed_in

pytestmark = pytest.mark.django_db

LATER = MONDAY + timedelta(hours=1)
LATE = date(2026, 4, 9)


@pytest.fixture
def bea(people):
    return signed_in(people["bea"])


def late(key, days=8, quantity=100):
    return LineAnswer(
        key, (AnswerPiece(Decimal(quantity), delivery_on=date(2026, 4, 1) + timedelta(days=days)),)
    )


def answered(people, number="4500000001", *answers, lines=2, by="asha", **paper):
    """An order that the supplier has answered."""
    order = an_order(number, lines, **paper)
    person = people[by]
    with acting(person.actor):
        command = AcknowledgeOrder(order.key, order.version, tuple(answers), rest_as_asked=True)
        acknowledge_order(command, actor=person.actor, at=LATER)
    return fresh(number)


def choice(line, order):
    return f"{line.pk}.{order.version}"


def told_erp():
    with acting(FEED):
        return [
            line["number"]
            for message in OutboxMessage.objects.filter(topic="erp").order_by("id")
            for line in message.payload["lines"]
        ]


def promises(number=10, order="4500000001"):
    with acting(FEED):
        found = Promise.objects.filter(line__number=number, line__order__number=order)
        return list(found.order_by("piece").values_list("pk", "state", "decision_note"))


def numbers(response):
    return [row.compared.order.number for row in response.context["rows"]]


# --- the list -----------------------------------------------------------------------------------------------


def test_the_list_puts_first_what_presses_most(people, bea):
    answered(people, "A", late("L10", 2), lines=1)
    answered(people, "B", late("L10", 20), lines=1)
    answered(
        people,
        "C",
        LineAnswer("L10", (AnswerPiece(Decimal(100), kind="refuse", reason="capacity"),)),
        lines=1,
    )
    answered(people, "D", LineAnswer("L10", (AnswerPiece(Decimal(100), price=Decimal("7.20")),)), lines=1)

    response = bea.get("/decisions/")

    assert numbers(response) == ["C", "B", "A", "D"]
    words = [row.compared.words for row in response.context["rows"]]
    assert words == [("refused",), ("20 days late",), ("2 days late",), ("price +5.1 %",)]


def test_early_promises_press_nobody_and_a_whole_order_as_asked_is_not_in_the_list(people, bea):
    answered(people, "A", late("L10", -3), lines=1)
    answered(people, "B", lines=1)

    response = bea.get("/decisions/")

    assert numbers(response) == ["A"]
    assert response.context["rows"][0].compared.line.pressing == 0


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("late", AnswerPiece(Decimal(100), delivery_on=LATE)),
        ("price", AnswerPiece(Decimal(100), price=Decimal("7.20"))),
        ("substitute", AnswerPiece(Decimal(100), kind="substitute", item_number="A-15B")),
        ("backorder", AnswerPiece(Decimal(100), kind="backorder")),
        ("refused", AnswerPiece(Decimal(100), kind="refuse", reason="capacity")),
    ],
)
def test_the_list_is_filtered_by_kind_of_difference(people, bea, kind, answer):
    answered(people, "THIS", LineAnswer("L10", (answer,)), lines=1)
    answered(
        people,
        "SPLIT",
        LineAnswer(
            "L10", (AnswerPiece(Decimal(40)), AnswerPiece(Decimal(60), delivery_on=date(2026, 3, 30)))
        ),
        lines=1,
    )

    assert numbers(bea.get("/decisions/", {"kind": kind})) == ["THIS"]
    assert numbers(bea.get("/decisions/", {"kind": "split"})) == ["SPLIT"]


def test_the_list_begins_with_my_own_orders_and_those_of_nobody(people, bea):
    answered(people, "MINE", late("L10"), lines=1)
    answered(people, "HERS", late("L10"), lines=1, buyer_email="pia@northmoor.example")
    answered(people, "NOBODYS", late("L10"), lines=1, buyer_email="")

    assert sorted(numbers(bea.get("/decisions/"))) == ["MINE", "NOBODYS"]
    assert sorted(numbers(bea.get("/decisions/", {"view": "all"}))) == ["HERS", "MINE", "NOBODYS"]
    assert sorted(numbers(signed_in(people["max"]).get("/decisions/"))) == ["HERS", "MINE", "NOBODYS"]


def test_the_list_is_filtered_by_supplier(people, bea):
    answered(people, "A", late("L10"), lines=1)
    answered(people, "G", late("L10"), lines=1, by="gil", supplier="GLOBEX")

    assert numbers(bea.get("/decisions/", {"supplier": "GLOBEX"})) == ["G"]


def test_one_line_is_accepted_from_the_list(people, bea):
    order = answered(people, "A", late("L10"), lines=2)
    line = fresh_line(10, "A")

    response = bea.post("/decisions/decide/", {"accept": choice(line, order)})

    assert response.status_code == 303
    assert fresh_line(10, "A").agreement == "agreed"
    assert told_erp() == [20, 10]


def test_a_decline_owes_a_reason_and_keeps_what_was_ticked(people, bea):
    order = answered(people, "A", late("L10"), lines=1)
    other = answered(people, "B", late("L10"), lines=1)
    line, ticked = fresh_line(10, "A"), fresh_line(10, "B")

    response = bea.post(
        "/decisions/decide/",
        {"decline": choice(line, order), "pick": choice(ticked, other), f"reason-{line.pk}": " "},
    )

    assert response.status_code == 422
    assert "Say why" in response.content.decode()
    rows = {row.compared.line.pk: row for row in response.context["rows"]}
    assert (rows[line.pk].is_open, rows[ticked.pk].is_picked) == (True, True)
    assert fresh_line(10, "A").agreement == "answered"


def test_a_decline_with_its_reason_gives_the_line_back(people, bea):
    order = answered(people, "A", late("L10"), lines=1)
    line = fresh_line(10, "A")

    bea.post(
        "/decisions/decide/", {"decline": choice(line, order), f"reason-{line.pk}": "We need it on the 1st."}
    )

    line = fresh_line(10, "A")
    assert (line.agreement, line.turn) == ("disputed", "supplier")
    assert promises(10, "A")[0][1:] == ("declined", "We need it on the 1st.")


def test_many_are_decided_with_one_reason_and_a_stale_one_does_not_stop_the_others(people, bea):
    first = answered(people, "A", late("L10"), late("L20"), lines=2)
    second = answered(people, "B", late("L10"), lines=1)
    a10, a20, b10 = fresh_line(10, "A"), fresh_line(20, "A"), fresh_line(10, "B")
    with acting(people["max"].actor):
        decide_answer(DecideAnswer(second.key, second.version, "accept"), actor=people["max"].actor, at=LATER)

    response = bea.post(
        "/decisions/decide/",
        {
            "bulk": "decline",
            "reason": "Too late for the season.",
            "pick": [choice(a10, first), choice(a20, first), choice(b10, second)],
        },
    )

    assert response.status_code == 200
    (failed,) = response.context["failed"]
    assert (failed.number, "changed, or was decided" in failed.refusal) == ("B", True)
    assert response.context["typed"].reason == "Too late for the season."
    assert [fresh_line(n, "A").agreement for n in (10, 20)] == ["disputed", "disputed"]
    assert fresh_line(10, "B").agreement == "agreed"


def test_when_all_are_stale_nothing_is_done_and_it_says_so(people, bea):
    order = answered(people, "A", late("L10"), lines=1)
    line = fresh_line(10, "A")
    data = {"bulk": "accept", "pick": choice(line, order)}
    assert bea.post("/decisions/decide/", data).status_code == 303

    response = bea.post("/decisions/decide/", data)

    assert response.status_code == 409
    assert told_erp() == [10]


def test_of_one_order_the_lines_that_still_wait_are_decided_and_the_others_told(people, bea):
    order = answered(people, "A", late("L10"), late("L20"), lines=2)
    ten, twenty = fresh_line(10, "A"), fresh_line(20, "A")
    with acting(people["max"].actor):
        seen = DecideAnswer(order.key, order.version, "accept", lines=frozenset({"L10"}))
        decide_answer(seen, actor=people["max"].actor, at=LATER)

    response = bea.post(
        "/decisions/decide/",
        {"bulk": "decline", "reason": "Too late.", "pick": [choice(ten, order), choice(twenty, order)]},
    )

    (failed,) = response.context["failed"]
    assert failed.refusal.startswith("Line 10 changed, or was decided")
    assert [fresh_line(n, "A").agreement for n in (10, 20)] == ["agreed", "disputed"]


def test_nothing_chosen_is_told(people, bea):
    answered(people, "A", late("L10"), lines=1)

    response = bea.post("/decisions/decide/", {"bulk": "accept"})

    assert response.status_code == 422
    assert "Choose lines first" in response.content.decode()


def test_htmx_gets_the_list_without_the_line_the_next_one_open_and_the_counts(people, bea):
    order = answered(people, "A", late("L10", 20), lines=1)
    answered(people, "B", late("L10", 10), lines=1)
    line, following = fresh_line(10, "A"), fresh_line(10, "B")

    response = bea.post(
        "/decisions/decide/",
        {"accept": choice(line, order), "open": str(line.pk)},
        headers={"HX-Request": "true"},
    )

    page = response.content.decode()
    assert numbers(response) == ["B"]
    assert response.context["rows"][0].is_open
    assert f'id="line-{following.pk}"' in page
    assert "<html" not in page
    assert 'id="nav"' in page
    assert 'hx-swap-oob="true"' in page
    assert "Line 10 of order A accepted" in response["HX-Trigger"]
    assert response["HX-Replace-Url"] == f"/decisions/?open={following.pk}"


def test_who_does_not_decide_reads_the_list(people):
    order = answered(people, "A", late("L10"), lines=1)
    otto = signed_in(people["otto"])

    response = otto.get("/decisions/", {"view": "all", "open": str(fresh_line(10, "A").pk)})

    assert numbers(response) == ["A"]
    assert 'name="accept"' not in response.content.decode()
    assert otto.post("/decisions/decide/", {"accept": choice(fresh_line(10, "A"), order)}).status_code == 403
    assert fresh_line(10, "A").agreement == "answered"


def test_a_supplier_has_no_such_list(people):
    assert signed_in(people["asha"]).get("/decisions/").status_code == 403


def test_the_list_asks_the_database_as_often_for_thirty_lines_as_for_one(
    people, bea, django_assert_num_queries
):
    answered(people, "A", late("L10"), lines=1)
    bea.get("/decisions/")
    with CaptureQueriesContext(connection) as for_one:
        bea.get("/decisions/")
    answered(people, "B", *[late(f"L{10 * n}") for n in range(1, 31)], lines=30)

    with django_assert_num_queries(len(for_one)):
        response = bea.get("/decisions/")

    assert len(response.context["rows"]) == 31


def test_the_list_is_paged_by_key(people, bea):
    answered(people, "B", *[late(f"L{10 * n}", n) for n in range(1, 61)], lines=60)

    first = bea.get("/decisions/")
    second = bea.get("/decisions/", {"cursor": first.context["page"].next})

    found = [row.compared.line.number for row in (*first.context["rows"], *second.context["rows"])]
    assert found == [10 * n for n in range(60, 0, -1)]


# --- the order page -----------------------------------------------------------------------------------------


def page(client, order, **query):
    return client.get(f"/orders/{order.key}/", query)


def test_the_page_says_whose_turn_it_is_and_why(people, bea):
    order = answered(people, "A", late("L10"), lines=2)

    text = page(bea, order).content.decode()

    assert "Your turn" in text
    assert "10 (8 days late)" in text
    assert "1 of 2 agreed" in text


def test_the_page_begins_with_what_needs_the_buyer(people, bea):
    order = answered(people, "A", late("L20"), lines=3)

    shown = page(bea, order).context["page"]

    assert (shown.show, [row.line.number for row in shown.rows]) == ("needs", [20])
    assert [row.line.number for row in page(bea, order, show="all").context["page"].rows] == [10, 20, 30]


def cells(response, line, label):
    """What stands in one column of a line's row, as its words."""
    html = response.content.decode()
    row = html[html.index(f'id="line-{line}"') :]
    cell = row[row.index(f'data-l="{label}"') :]
    return " ".join(re.sub(r"<[^>]*>", " ", cell[cell.index(">") + 1 : cell.index("</td>")]).split())


def test_a_refused_line_waits_for_the_verdict_and_for_the_erp_as_any_other(people, bea):
    refusal = LineAnswer("L10", (AnswerPiece(Decimal(100), kind="refuse", reason="capacity"),))
    order = answered(people, "4500000001", refusal, lines=2)

    response = page(bea, order, show="all")

    assert cells(response, 10, "Agreement") == "Your decision refused Decide"
    assert cells(response, 10, "ERP") == "once decided"
    assert cells(response, 20, "ERP").startswith("waiting for ERP")
    auditor = page(signed_in(people["ada"]), order, show="all")
    assert cells(auditor, 10, "Agreement") == "Awaits decision refused Compare"

    with acting(people["bea"].actor) as buyer:
        command = DecideAnswer(order.key, order.version, "decline", reason="Look again.")
        decide_answer(command, actor=buyer, at=LATER)

    declined = page(bea, order, show="all")
    assert cells(declined, 10, "ERP") == "once agreed"


def test_the_page_shows_what_a_revision_moved_and_what_it_did(people, bea):
    order = an_order("A", 2)
    receive(a_paper("A", [a_line(10), a_line(20, delivery_on=date(2026, 4, 8))], revision="2"))

    response = page(bea, fresh("A"), show="changed")

    assert [row.line.number for row in response.context["page"].rows] == [20]
    (change,) = response.context["page"].changes
    assert (change.line, change.moved.old, change.moved.new, change.did) == (
        "20",
        "1 Apr 2026",
        "8 Apr 2026",
        "reopened",
    )
    revisions = bea.get(f"/orders/{order.key}/revisions/").content.decode()
    assert "8 Apr 2026" in revisions
    assert "The order as it came first." in revisions


def decide(client, order, version=None, **data):
    data = {"version": version or order.version, **data}
    return client.post(f"/orders/{order.key}/decide/?show=needs", data)


def test_a_line_is_accepted_on_the_page(people, bea):
    order = answered(people, "A", late("L10"), late("L20"), lines=2)

    response = decide(bea, order, accept=f"line:{fresh_line(10, 'A').pk}")

    assert response.status_code == 303
    assert response["Location"].endswith("open=20#line-20")
    assert [fresh_line(n, "A").agreement for n in (10, 20)] == ["agreed", "answered"]


def test_the_whole_answer_is_declined_with_a_reason(people, bea):
    order = answered(people, "A", late("L10"), late("L20"), lines=3)

    decide(bea, order, decline="all", reason="Too late.")

    assert [fresh_line(n, "A").agreement for n in (10, 20, 30)] == ["disputed", "disputed", "agreed"]


def test_who_declines_reads_by_when_the_supplier_is_to_answer_again(people, bea):
    order = answered(people, "4500000001", late("L10"), lines=1)
    # Long past: the time of the first answer is over, that of the next one begins with the decline.
    assert order.acknowledge_by_at < datetime.now(UTC)

    decide(bea, order, decline="all", reason="Too late.")

    html = page(bea, order).content.decode()
    assert "One line is to be answered again, due" in html
    assert "It was due" not in html


def test_a_piece_is_accepted_and_the_other_declined(people, bea):
    split = LineAnswer("L10", (AnswerPiece(Decimal(60)), AnswerPiece(Decimal(40), delivery_on=LATE)))
    order = answered(people, "A", split, lines=1)
    line = fresh_line(10, "A")
    (first, _s, _n), (second, _s2, _n2) = promises(10, "A")

    decide(bea, order, accept=f"piece:{line.pk}.{first}")

    assert [state for _pk, state, _note in promises(10, "A")] == ["agreed", "proposed"]
    assert told_erp() == []

    decide(
        bea, fresh("A"), decline=f"piece:{line.pk}.{second}", **{f"reason-{line.pk}": "All at once, please."}
    )

    assert [state for _pk, state, _note in promises(10, "A")] == ["agreed", "declined"]
    assert fresh_line(10, "A").agreement == "disputed"


def test_a_piece_of_another_order_is_not_decided_here(people, bea):
    order = answered(people, "A", late("L10"), lines=1)
    answered(people, "B", late("L10"), lines=1)
    ((foreign, _state, _note),) = promises(10, "B")

    response = decide(bea, order, accept=f"piece:{fresh_line(10, 'A').pk}.{foreign}")

    assert response.status_code == 409
    assert promises(10, "B")[0][1] == "proposed"


def test_a_button_of_a_line_that_is_not_of_this_order_decides_nothing(people, bea):
    order = answered(people, "A", late("L10"), lines=1)
    answered(people, "B", late("L10"), lines=1)

    response = decide(bea, order, accept=f"line:{fresh_line(10, 'B').pk}")

    assert response.status_code == 422
    assert [fresh_line(10, number).agreement for number in "AB"] == ["answered", "answered"]


def test_a_stale_verdict_comes_back_with_what_stands_now_and_the_reason(people, bea):
    order = answered(people, "A", late("L10"), lines=1)
    seen = order.version
    with acting(people["asha"].actor):
        again = AcknowledgeOrder(order.key, seen, (late("L10", 15),))
        acknowledge_order(again, actor=people["asha"].actor, at=LATER)
    line = fresh_line(10, "A")

    response = decide(
        bea, order, version=seen, decline=f"line:{line.pk}", **{f"reason-{line.pk}": "A week is too late."}
    )

    text = response.content.decode()
    assert response.status_code == 409
    assert "changed, or was decided" in text
    assert "A week is too late." in text
    assert "16 Apr 2026" in text
    assert fresh_line(10, "A").agreement == "answered"


def test_a_decline_without_a_reason_comes_back_with_the_line_open(people, bea):
    order = answered(people, "A", late("L10"), lines=2)

    response = decide(bea, order, decline=f"line:{fresh_line(10, 'A').pk}")

    assert response.status_code == 422
    assert "Say why" in response.content.decode()
    assert response.context["page"].open_line == 10


@pytest.mark.parametrize("name", ["otto", "ada", "pia", "asha"])
def test_only_who_decides_decides(people, name):
    order = answered(people, "A", late("L10"), lines=1)

    assert decide(signed_in(people[name]), order, accept="all").status_code == 403
    assert fresh_line(10, "A").agreement == "answered"


def test_who_does_not_decide_sees_no_buttons(people):
    order = answered(people, "A", late("L10"), lines=1)

    text = page(signed_in(people["otto"]), order, open=10).content.decode()

    assert 'name="accept"' not in text
    assert "Answer for supplier" not in text


def test_the_page_tells_who_answered_and_that_it_was_for_the_supplier(people, bea):
    order = an_order("A", 1)
    with acting(people["bea"].actor):
        command = AcknowledgeOrder(order.key, order.version, rest_as_asked=True)
        acknowledge_order(command, actor=people["bea"].actor, at=LATER)

    text = page(bea, fresh("A")).content.decode()

    assert "for the supplier" in text
    assert "Everything is agreed." in text
    assert "waiting for ERP" in text


def test_a_supplier_never_sees_the_buyers_page(people):
    order = answered(people, "A", late("L10"), lines=1)

    text = page(signed_in(people["asha"]), order).content.decode()

    assert "Internal note" not in text
    assert "Decide" not in text


def test_a_stranger_does_not_find_the_revisions(people):
    order = an_order("A", 1)

    assert signed_in(people["gil"]).get(f"/orders/{order.key}/revisions/").status_code == 404


def test_the_page_asks_the_database_as_often_for_thirty_lines_as_for_one(
    people, bea, django_assert_num_queries
):
    one = answered(people, "A", late("L10"), lines=1)
    many = answered(people, "B", *[late(f"L{10 * n}") for n in range(1, 31)], lines=30)
    page(bea, one)
    with CaptureQueriesContext(connection) as for_one:
        page(bea, one)

    with django_assert_num_queries(len(for_one)):
        assert len(page(bea, many).context["rows"]) == 30


def test_a_long_order_comes_in_windows_and_opens_at_the_line_asked_for(people, bea):
    order = an_order("A", 120)

    first = page(bea, order).context["page"]
    assert (len(first.rows), first.next_after) == (50, 500)
    rest = bea.get(f"/orders/{order.key}/", {"show": "all", "after": 500}, headers={"HX-Request": "true"})
    text = rest.content.decode()
    assert text.count('<tbody role="rowgroup" id="line-') == 50
    assert ('id="line-510"' in text, 'id="line-1000"' in text, "<html" in text) == (True, True, False)
    assert page(bea, order, open=1110).context["page"].rows[0].line.number == 1010


def test_a_verdict_is_a_fact_with_its_reason(people, bea):
    order = answered(people, "A", late("L10"), lines=1)

    decide(bea, order, decline="all", reason="Too late.")

    with acting(FEED):
        event = AuditEvent.objects.get(kind="order.answer_declined")
    assert (event.actor_label, event.facts["reason"], event.facts["disputed"]) == (
        "Bea Buyer",
        "Too late.",
        [10],
    )


def test_an_older_page_that_accepts_everything_is_told_what_was_left_out(people, bea):
    order = answered(people, "A", late("L10"), late("L20"), lines=2)
    fields = page(bea, order).content.decode()
    offered = re.search(r'name="offered" value="([^"]*)"', fields)[1]
    with acting(people["max"].actor):
        decline = DecideAnswer(
            order.key, order.version, "decline", lines=frozenset({"L20"}), reason="Too late."
        )
        decide_answer(decline, actor=people["max"].actor, at=LATER)

    sent = {"accept": "all", "version": str(order.version), "offered": offered}
    response = bea.post(f"/orders/{order.key}/decide/", sent, follow=True)

    text = "Accepted: line 10. The ERP is told. Line 20 did not wait for you any more and stays as it is."
    assert text in response.content.decode()
