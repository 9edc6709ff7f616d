"""A word by mail on a line with an open change request: its answer, where that is plain; else it is only listed."""

from datetime import timedelta

import pytest

from portal.kernel.errors import StaleDocument
from portal.kernel.scope import acting
from procurement.changes.messages import AnswerChange, WantedPiece, Wish
from procurement.changes.models import ChangeRound, OrderChange
from procurement.changes.services import withdraw_change
from procurement.mailroom.messages import DecideDraft
from procurement.mailroom.queries import MAILROOM
from procurement.mailroom.services import close_overtaken_drafts, confirm_draft
from tests.builders.changes import an_agreed_order, propose
from tests.builders.mails import AN_HOUR_LATER, a_mail, arrive, drafts_on, reply_to
from tests.builders.world import a_line, fresh, fresh_line
from tests.people import FEED

pytestmark = pytest.mark.django_db

LATER = AN_HOUR_LATER + timedelta(hours=1)


@pytest.fixture
def talk(people):
    """An agreed order on which the buyer asks for line 10 ten days later."""
    lines = [a_line(10), a_line(20)]
    order = an_agreed_order(people["asha"], lines=lines)
    wanted = fresh_line(10).delivery_on + timedelta(days=10)
    change = propose(order, people["bea"], Wish(pieces=(WantedPiece(delivery_on=wanted),)))
    return order, change, wanted


def said(order, people, text, who="asha"):
    mail = arrive(a_mail(text, to=reply_to(order, people[who])))
    return mail, drafts_on(order)


def spoken(day):
    return f"{day.day} {day:%B %Y}"


def press(draft, person, at=LATER):
    with acting(person.actor):
        return confirm_draft(DecideDraft(draft.key, draft.version), actor=person.actor, at=at)


def change_now(change):
    with acting(FEED):
        return OrderChange.objects.get(pk=change.pk)


@pytest.mark.parametrize("who", ["asha", "bea"])
def test_the_very_day_that_is_asked_for_accepts(people, talk, who):
    order, change, wanted = talk

    _mail, (draft,) = said(order, people, f"Line 10 will ship on {spoken(wanted)}.")

    assert (draft.kind, draft.lines[0]["marks"], draft.lines[0]["change"]) == (
        "reply",
        ["accepts"],
        str(change.key),
    )
    assert change_now(change).state == "proposed", "nothing is said before somebody presses"
    press(draft, people[who])
    assert change_now(change).state == "accepted"
    assert "Asha Acme" in change_now(change).answered_by
    assert fresh_line(10).expected_on == wanted


def test_another_day_counters(people, talk):
    order, change, wanted = talk
    other = wanted + timedelta(days=7)

    _mail, (draft,) = said(order, people, f"Line 10 will ship on {spoken(other)}.")

    assert draft.lines[0]["marks"] == ["counters"]
    press(draft, people["asha"])
    assert (change_now(change).state, change_now(change).turn) == ("countered", "buyer")
    with acting(FEED):
        terms = ChangeRound.objects.get(change=change, number=2).terms
    assert terms["pieces"][0]["delivery_on"] == other.isoformat()


@pytest.mark.parametrize(
    "text", ["Line 10 is confirmed.", "We cannot deliver line 10.", "We confirm the order as it is."]
)
def test_a_mere_yes_or_no_may_mean_either_and_is_listed(people, talk, text):
    order, change, _wanted = talk

    _mail, drafts = said(order, people, text)

    assert [one for one in drafts if one.kind == "reply"] == []
    assert change_now(change).state == "proposed"


def test_a_word_that_leaves_out_what_is_asked_is_listed(people):
    order = an_agreed_order(people["asha"], lines=[a_line(10)])
    line = fresh_line(10)
    wish = Wish(
        pieces=(WantedPiece(quantity=line.quantity - 1, delivery_on=line.delivery_on + timedelta(days=10)),)
    )
    propose(order, people["bea"], wish)

    mail, drafts = said(
        order, people, f"Line 10 will ship on {spoken(line.delivery_on + timedelta(days=10))}."
    )

    assert drafts == []
    assert [one["why"] for one in mail.told["unsure"]] == ["talked_of"]


def test_a_request_of_their_own_is_not_answered_by_themselves(people):
    order = an_agreed_order(people["asha"], lines=[a_line(10)])
    wanted = fresh_line(10).delivery_on + timedelta(days=10)
    propose(order, people["asha"], Wish(pieces=(WantedPiece(delivery_on=wanted),)))

    mail, drafts = said(order, people, f"Line 10 will ship on {spoken(wanted)}.")

    assert drafts == []
    assert [one["why"] for one in mail.told["unsure"]] == ["talked_of"]


def test_what_was_put_on_the_table_after_the_mail_was_written_is_not_answered_by_it(people):
    order = an_agreed_order(people["asha"], lines=[a_line(10)])
    wanted = fresh_line(10).delivery_on + timedelta(days=10)
    propose(order, people["bea"], Wish(pieces=(WantedPiece(delivery_on=wanted),)), at=LATER)

    raw = a_mail(f"Line 10 will ship on {spoken(wanted)}.", to=reply_to(order, people["asha"]))
    mail = arrive(raw, at=LATER + timedelta(minutes=1))

    assert drafts_on(order) == []
    assert [one["why"] for one in mail.told["unsure"]] == ["talked_of"]


def test_one_that_was_taken_back_refuses_the_press_and_its_draft_goes(people, talk):
    order, change, wanted = talk
    _mail, (draft,) = said(order, people, f"Line 10 will ship on {spoken(wanted)}.")
    with acting(people["bea"].actor):
        command = AnswerChange(change.key, change_now(change).version)
        withdraw_change(command, actor=people["bea"].actor, at=AN_HOUR_LATER)

    with pytest.raises(StaleDocument):
        press(draft, people["asha"])
    with acting(MAILROOM):
        assert close_overtaken_drafts([order.stream], at=LATER) == 1
    assert drafts_on(order)[0].state == "superseded"
    assert fresh().agreement == "agreed"
