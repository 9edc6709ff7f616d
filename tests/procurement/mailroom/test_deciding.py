"""One press on a draft: by the supplier, or by a buyer who takes the mail as the supplier's word."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import Invalid, NotAllowed, NotFound, StaleDocument
from portal.kernel.scope import acting
from procurement.acknowledgments.models import DraftAnswer, OrderAcknowledgment
from procurement.changes.models import OrderChange
from procurement.mailroom.messages import DecideDraft
from procurement.mailroom.queries import MAILROOM
from procurement.mailroom.services import (
    close_overtaken_drafts,
    confirm_draft,
    correct_draft,
    discard_draft,
)
from procurement.orders.models import Promise
from tests.builders.changes import an_agreed_order
from tests.builders.mails import AN_HOUR_LATER, a_mail, arrive, drafts_on, reply_to
from tests.builders.world import MONDAY, a_line, a_paper, an_order, fresh, fresh_line, receive
from tests.people import FEED

pytestmark = pytest.mark.django_db


def a_draft(people, text="Line 10 will ship on 20 April 2026.", order=None):
    order = order or an_order()
    arrive(a_mail(text, to=reply_to(order, people["asha"])))
    return drafts_on(order)[-1]


def press(verb, draft, person, reason="", version=None, at=AN_HOUR_LATER):
    command = DecideDraft(draft.key, version or draft.version, reason)
    with acting(person.actor):
        return verb(command, actor=person.actor, at=at)


def stands(draft):
    (fresh_draft,) = [one for one in drafts_on(draft.order) if one.pk == draft.pk]
    return fresh_draft


def facts_on(order):
    with acting(FEED):
        return list(
            AuditEvent.objects.filter(stream=order.stream).order_by("id").values_list("kind", "channel")
        )


def test_the_supplier_confirms_with_one_press(people):
    draft = a_draft(people)

    done = press(confirm_draft, draft, people["asha"])

    assert stands(draft).state == "confirmed"
    assert stands(draft).came == {"answer": str(done.answer.paper.key)}
    with acting(FEED):
        paper = OrderAcknowledgment.objects.get()
        promise = Promise.objects.get(line__number=10)
    assert (paper.channel, paper.on_behalf, paper.sent_by) == ("mail", False, "Asha Acme")
    assert (promise.delivery_on, promise.quantity) == (date(2026, 4, 20), Decimal(100))
    assert fresh_line(20).agreement == "awaiting"
    assert facts_on(draft.order)[-2:] == [("order.acknowledged", "mail"), ("mail.draft_confirmed", "mail")]


def test_the_buyer_takes_it_as_the_suppliers_answer(people):
    draft = a_draft(people)

    press(confirm_draft, draft, people["bea"])

    with acting(FEED):
        paper = OrderAcknowledgment.objects.get()
    assert (paper.channel, paper.on_behalf, paper.sent_by) == ("mail", True, "Bea Buyer")
    assert stands(draft).decided_by == "Bea Buyer"


def test_as_asked_needs_the_press_too(people):
    order = an_order()
    draft = a_draft(people, "We confirm the order as is.", order)

    assert [line["pieces"] for line in draft.lines] == [[], []]
    assert fresh().agreement == "awaiting"

    press(confirm_draft, draft, people["asha"])

    assert fresh().agreement == "agreed"


def test_what_was_agreed_becomes_a_change_request_of_the_supplier_whoever_presses(people):
    order = an_agreed_order(people["asha"])
    draft = a_draft(people, "Line 10 will come on 20 April 2026 only.", order)
    assert draft.kind == "change"

    press(confirm_draft, draft, people["bea"])

    with acting(FEED):
        change = OrderChange.objects.get()
        told = change.rounds.get()
        assert change.line.number == 10
    assert (change.opened_by, change.turn) == ("supplier", "buyer")
    assert told.terms["pieces"][0]["delivery_on"] == "2026-04-20"
    assert (told.channel, told.written_by) == ("mail", "Asha Acme, taken from a mail by Bea Buyer")
    assert "Line 10 will come on 20 April 2026 only" in told.note


def test_a_stranger_cannot_even_find_it_and_a_reader_may_not(people):
    draft = a_draft(people)

    with pytest.raises(NotFound):
        press(confirm_draft, draft, people["gil"])
    for name in ("arun", "pia", "ada"):
        with pytest.raises(NotAllowed):
            press(confirm_draft, draft, people[name])
    assert stands(draft).state == "open"


def test_the_second_press_is_told_what_happened(people):
    draft = a_draft(people)
    press(confirm_draft, draft, people["asha"])

    with pytest.raises(StaleDocument, match="confirmed meanwhile"):
        press(confirm_draft, draft, people["bea"], version=1)


def test_a_line_that_moved_since_asks_again(people):
    draft = a_draft(people)
    receive(a_paper(lines=[a_line(10, quantity=Decimal(80)), a_line(20)], revision="2"), at=AN_HOUR_LATER)

    with pytest.raises(StaleDocument, match="Line 10 changed"):
        press(confirm_draft, draft, people["asha"])

    assert stands(draft).state == "open"


def test_a_mail_older_than_the_revision_says_nothing_of_what_moved(people):
    order = an_order()
    raw = a_mail("Line 10 will ship on 20 April 2026.", to=reply_to(order, people["asha"]), at=MONDAY)
    receive(a_paper(lines=[a_line(10, quantity=Decimal(80)), a_line(20)], revision="2"), at=AN_HOUR_LATER)

    mail = arrive(raw)

    assert drafts_on(order) == []
    assert [one["why"] for one in mail.told["unsure"]] == ["revised"]


def test_what_breaks_a_rule_is_told_and_corrected_in_the_grid(people):
    draft = a_draft(people)
    in_may = MONDAY + timedelta(days=60)

    with pytest.raises(Invalid, match="must be mended"):
        press(confirm_draft, draft, people["asha"], at=in_may)
    assert stands(draft).state == "open"
    press(correct_draft, draft, people["asha"], at=in_may)

    assert stands(draft).state == "corrected"
    with acting(FEED):
        typed = {one.line_key: one.pieces[0]["delivery_on"] for one in DraftAnswer.objects.all()}
    assert typed == {"L10": "2026-04-20"}


def test_it_is_discarded_for_a_reason(people):
    draft = a_draft(people)

    with pytest.raises(Invalid, match="Say why"):
        press(discard_draft, draft, people["bea"])
    press(discard_draft, draft, people["bea"], "Answered by phone.")

    assert (stands(draft).state, stands(draft).reason) == ("discarded", "Answered by phone.")


def test_a_newer_mail_takes_the_place_of_an_older_one(people):
    order = an_order()
    older = a_draft(people, order=order)
    newer = a_draft(people, "Sorry: line 10 will ship on 27 April 2026.", order)

    assert (stands(older).state, newer.state) == ("superseded", "open")


def test_a_draft_goes_when_its_lines_were_answered_elsewhere(people):
    order = an_order()
    draft = a_draft(people, order=order)
    other = a_draft(people, "Line 20 will ship on 20 April 2026.", order)
    press(confirm_draft, other, people["asha"])

    def close():
        with acting(MAILROOM):
            return close_overtaken_drafts([order.stream], at=AN_HOUR_LATER)

    assert close() == 0
    receive(a_paper(lines=[a_line(10, quantity=Decimal(80)), a_line(20)], revision="2"), at=AN_HOUR_LATER)
    assert close() == 1
    assert stands(draft).state == "superseded"


def test_one_mail_about_two_orders_makes_a_draft_on_each_and_none_on_a_strangers(people):
    order = an_order()
    other = an_order("4500000002")
    receive(a_paper("4500000009", supplier="GLOBEX"))
    text = (
        "PO 4500000001 line 10 will ship on 20 April 2026.\n"
        "PO 4500000002 line 20 will ship on 27 April 2026.\n"
        "PO 4500000009 line 10 will ship on 27 April 2026.\n"
    )

    arrive(a_mail(text, to=reply_to(order, people["asha"])))

    (mine,), (beside,) = drafts_on(order), drafts_on(other)
    assert [one["number"] for one in mine.lines] == [10]
    assert [one["number"] for one in beside.lines] == [20]
    assert (mine.said_id is None, beside.said_id is None) == (False, True)
    assert drafts_on(fresh("4500000009")) == []
