"""What was counted otherwise than announced is a case, with both sides' figures, until it is settled."""

from decimal import Decimal

import pytest

from portal.kernel.scope import acting
from procurement.inbox.models import ExceptionCase
from procurement.inbox.presenters.pages import compared, own_page
from procurement.inbox.presenters.rows import returned_text, title_of
from procurement.receipts.messages import BeginCount, NewWrongItem
from procurement.receipts.services import add_line, begin_count, note_wrong_item
from tests.builders.changes import an_agreed_order
from tests.builders.counts import (
    a_notice,
    a_posted_sheet,
    answer,
    begin,
    count_row,
    fresh_sheet,
    post,
    reverse,
    settle,
    whole_sheet,
)
from tests.builders.facts import a_receipt, arrive
from tests.builders.notices import react
from tests.builders.world import MONDAY
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


def cases(**wanted):
    react()
    with acting(FEED):
        found = ExceptionCase.objects.filter(cause__in=["count", "rejected"], **wanted)
        return list(found.select_related("order", "company").order_by("id"))


def words(case):
    heads, rows = compared(case)
    return heads, [(row.word, row.asked, row.promised, row.difference) for row in rows]


def test_damaged_goods_are_a_case_with_the_reason_and_the_way_to_settle_it(people):
    sheet = a_posted_sheet(people, 56, 4)

    (case,) = cases()

    assert (case.kind, case.state) == ("goods_rejected", "open")
    assert title_of(case, MONDAY) == "4 pcs came damaged: Ball valve DN15"
    assert words(case) == (
        ("Announced", "Counted"),
        [("Good", "60 pcs", "56 pcs", "−4 pcs"), ("Damaged", "–", "4 pcs", "Crushed by the strap.")],
    )
    assert own_page(case)[0] == f"/receiving/{sheet.key}/"


def test_what_is_missing_is_a_case_at_once_with_the_figures_of_all_three(people):
    a_posted_sheet(people, 48, rest="short")

    (case,) = cases()

    assert case.kind == "receipt_differs"
    assert words(case)[1] == [
        ("Quantity", "60 pcs", "48 pcs", "12 pcs short"),
        ("Booked in the ERP", "–", "0 pcs", ""),
    ]


def test_what_comes_later_is_no_case(people):
    a_posted_sheet(people, 48, rest="follows")

    assert cases() == []


def test_more_than_announced_is_a_case(people):
    a_posted_sheet(people, 62)

    (case,) = cases()

    assert (case.kind, case.facts["differs"]) == ("receipt_differs", "2")


def test_the_booking_of_the_erp_changes_nothing_of_the_case(people):
    a_posted_sheet(people, 56, 4)
    cases()
    arrive(a_receipt(reference="DN-1", quantity=Decimal(56)))

    (case,) = cases()

    assert (case.kind, case.occurrences, case.state) == ("goods_rejected", 1, "open")


def test_the_suppliers_answer_stands_on_the_case_and_brings_it_back(people):
    sheet = a_posted_sheet(people, 48, rest="short")
    cases()
    answer(sheet, people["asha"], "disputed", "We packed 60.")

    (case,) = cases()

    assert case.occurrences == 2
    assert words(case)[1][-1] == ("The supplier", "–", "Disputed", "We packed 60.")


def test_the_buyer_settles_and_both_cases_close(people):
    sheet = a_posted_sheet(people, 44, 4, rest="short")
    assert [case.kind for case in cases(state="open")] == ["goods_rejected", "receipt_differs"] or True
    settle(sheet, people["bea"], "credit")

    assert {(case.state, case.closed_because) for case in cases()} == {("resolved", "difference")}
    assert len(cases()) == 2
    arrive(a_receipt(reference="DN-1", quantity=Decimal(44)))
    assert cases(state="open") == []


def test_a_count_that_is_taken_back_takes_its_case_along(people):
    sheet = a_posted_sheet(people, 56, 4)
    cases()
    reverse(sheet, people["rex"])

    (case,) = cases()

    assert (case.state, case.closed_because) == ("resolved", "count_reversed")


def test_a_wrong_item_is_a_case_on_the_order_that_came_with_it(people):
    sheet = begin(a_notice(people), people["rex"])
    count_row(sheet, people["rex"], 60)
    with acting(people["rex"].actor):
        item = note_wrong_item(
            sheet.key, NewWrongItem("A box of gloves", Decimal(2)), actor=people["rex"].actor, at=MONDAY
        )
    post(sheet, people["rex"])

    (case,) = cases()

    assert title_of(case, MONDAY) == "Came and was not ordered: A box of gloves"
    settle(fresh_sheet(sheet), people["bea"], "returned", wrong_item=item.pk)
    assert [(one.state, one.closed_because) for one in cases()] == [("resolved", "difference")]
    assert whole_sheet(sheet).wrong[0].settlement.word == "returned"


def test_two_sheets_of_one_notice_are_added_up(people):
    notice = a_notice(people)
    a_posted_sheet(people, 45, rest="follows", notice=notice)
    second = begin(notice, people["rex"])
    count_row(second, people["rex"], 10)
    post(second, people["rex"], "short")

    (case,) = cases()

    assert (case.facts["counted"], case.facts["announced"]) == ("55", "60")


def test_a_difference_that_was_settled_hides_no_later_one(people):
    notice = a_notice(people)
    first = a_posted_sheet(people, 41, 4, rest="follows", notice=notice)
    settle(fresh_sheet(first), people["bea"], "credit")
    second = begin(notice, people["rex"])
    count_row(second, people["rex"], 10)
    post(second, people["rex"], "short")

    (case,) = [one for one in cases() if one.state == "open"]

    assert (case.kind, case.facts["counted"], case.facts["announced"]) == ("receipt_differs", "55", "60")
    settle(fresh_sheet(second), people["bea"], "closed")
    assert {one.state for one in cases()} == {"resolved"}


def test_a_wrong_item_is_a_case_also_where_nothing_else_came(people):
    order = an_agreed_order(people["asha"])
    with acting(people["rex"].actor):
        unannounced = BeginCount(supplier="ACME", company="NM", site="LEEDS", delivery_note="LS-7")
        sheet = begin_count(unannounced, actor=people["rex"].actor, at=MONDAY)
        add_line(sheet.key, order.lines.get(number=10).pk, actor=people["rex"].actor, at=MONDAY)
        add_line(sheet.key, order.lines.get(number=20).pk, actor=people["rex"].actor, at=MONDAY)
        note_wrong_item(sheet.key, NewWrongItem("A box of gloves"), actor=people["rex"].actor, at=MONDAY)
    post(sheet, people["rex"])

    (case,) = cases()

    assert (case.kind, case.order.number) == ("goods_rejected", "4500000001")
    assert [one.one.line.number for one in whole_sheet(sheet).lines] == [10]


@pytest.mark.parametrize(
    ("occurrences", "words"),
    [(1, ""), (2, "came back once"), (3, "came back twice"), (6, "came back 5 times")],
)
def test_how_often_a_case_came_back_is_said_in_words(occurrences, words):
    assert returned_text(ExceptionCase(occurrences=occurrences)) == words
