"""Who is told by mail of what was counted otherwise than announced, and of what is said of it."""

from email.utils import parseaddr

import pytest
from django.utils import timezone

from portal.kernel.scope import acting
from procurement.receipts.messages import NewWrongItem
from procurement.receipts.services import note_wrong_item
from tests.builders.changes import an_agreed_order
from tests.builders.counts import (
    a_notice,
    a_posted_sheet,
    answer,
    begin,
    count_row,
    post,
    reverse,
    settle,
)
from tests.builders.notices import html_of, mailed, notices, react
from tests.builders.shipments import a_sent_notice
from tests.builders.world import MONDAY

pytestmark = pytest.mark.django_db(transaction=True)

ACME = ["asha@supplier.example", "olga@supplier.example", "sam@supplier.example"]


@pytest.fixture(autouse=True)
def news_of_that_monday(settings):
    settings.NOTICES = True
    settings.NOTICES_NEWS_FOR = timezone.now() - MONDAY + settings.NOTICES_NEWS_FOR


def told(letters):
    return sorted(parseaddr(one.to[0])[1] for one in letters)


def of_counts(letters):
    return [one for one in letters if "/receiving/" in one.body]


def test_the_suppliers_people_read_announced_and_counted_line_by_line_and_what_is_asked(people):
    sheet = a_posted_sheet(people, 44, 4, rest="short")

    letters = of_counts(mailed())

    assert told(letters) == ACME
    letter = letters[0]
    assert letter.subject == "DN-1 was counted otherwise than announced"
    assert "Order 4500000001 line 10:" in letter.body
    assert "4 pcs damaged, 12 pcs missing. Crushed by the strap." in letter.body
    assert "Announced: 60 pcs · Counted: 48 pcs" in letter.body
    assert "Please say whether you agree." in letter.body
    assert f"/receiving/{sheet.key}/" in letter.body
    assert "No account needed" not in letter.body
    assert ">Announced<" in html_of(letter)
    assert "<s>" not in html_of(letter)
    assert mailed() == []


def test_a_sheet_is_one_mail_whatever_differs_on_it_and_one_as_announced_is_none(people):
    sheet = begin(a_notice(people), people["rex"])
    count_row(sheet, people["rex"], 58, 2)
    with acting(people["rex"].actor):
        note_wrong_item(sheet.key, NewWrongItem("A box of gloves"), actor=people["rex"].actor, at=MONDAY)
    post(sheet, people["rex"])

    letters = of_counts(mailed())

    assert told(letters) == ACME
    assert "On no line: A box of gloves" in letters[0].body


@pytest.mark.parametrize(("good", "rest"), [(60, ""), (48, "follows")])
def test_what_came_as_announced_or_comes_later_is_no_news(people, good, rest):
    a_posted_sheet(people, good, rest=rest)

    assert of_counts(mailed()) == []
    assert notices(kind="count_differs") == []


def test_a_count_that_is_taken_back_before_its_mail_has_left_is_told_to_nobody(people):
    sheet = a_posted_sheet(people, 48, rest="short")
    react()
    reverse(sheet, people["rex"])

    assert of_counts(mailed()) == []
    assert {(one.event_kind, one.reason) for one in notices(kind="count_differs")} == {
        ("count.posted", "the count was taken back"),
        ("count.reversed", "nobody was told of this count"),
    }


def test_who_was_told_of_a_count_hears_that_it_was_taken_back(people):
    sheet = a_posted_sheet(people, 48, rest="short")
    mailed()
    reverse(sheet, people["rex"])

    letters = of_counts(mailed())

    assert told(letters) == ACME
    assert letters[0].subject == "Rex Receiver takes back the count of DN-1"
    assert "The wrong pallet was counted." in letters[0].body


def test_what_was_answered_before_its_mail_has_left_is_asked_of_nobody(people):
    sheet = a_posted_sheet(people, 48, rest="short")
    react()
    answer(sheet, people["asha"], "agreed")

    letters = of_counts(mailed())

    assert told(letters) == ["bea@northmoor.example"]


def test_the_orders_buyer_reads_the_answer_and_the_supplier_how_it_is_settled(people):
    sheet = a_posted_sheet(people, 48, rest="short")
    mailed()
    answer(sheet, people["asha"], "disputed", "We packed 60.")

    (to_the_buyer,) = of_counts(mailed())

    assert told([to_the_buyer]) == ["bea@northmoor.example"]
    assert to_the_buyer.subject == "Asha Acme answers the count of DN-1"
    assert "Order 4500000001 line 10: Disputed." in to_the_buyer.body
    assert "We packed 60." in to_the_buyer.body

    settle(sheet, people["bea"], "credit")
    letters = of_counts(mailed())

    assert told(letters) == ACME
    assert letters[0].subject == "Bea Buyer settles what came otherwise with DN-1"
    assert "Credit expected." in letters[0].body
    assert "We agreed by phone." in letters[0].body


def test_a_reply_goes_to_the_order_where_the_sheet_is_of_one(people, settings):
    settings.MAIL_REPLY_DOMAIN = "reply.northmoor.example"
    a_posted_sheet(people, 48, rest="short")

    letters = of_counts(mailed())

    assert all(one.reply_to[0].endswith("@reply.northmoor.example") for one in letters)


def test_in_a_mail_of_several_the_figures_of_a_count_stand_in_sentences(people):
    a_posted_sheet(people, 48, rest="short")
    order = an_agreed_order(people["asha"], "4500000002")
    second = a_sent_notice(order, people["asha"], {"L10": 60}, number="DN-2")
    a_posted_sheet(people, 58, 2, notice=second)

    letters = of_counts(mailed())

    assert told(letters) == ACME
    assert letters[0].subject == "News of 2 orders and shipments"
    assert "12 pcs missing. Announced: 60 pcs · Counted: 48 pcs" in letters[0].body
    assert "Order 4500000002 line 10" in letters[0].body
    assert letters[0].body.count("/receiving/") == 3  # each in its place, and the button
