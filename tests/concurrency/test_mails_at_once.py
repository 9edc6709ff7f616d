"""The same mail by two ways at the same moment, and two presses on one draft: real threads on real connections."""

import pytest

from portal.kernel.errors import StaleDocument
from portal.kernel.scope import acting
from procurement.acknowledgments.models import OrderAcknowledgment
from procurement.mailroom.messages import DecideDraft
from procurement.mailroom.models import InboundMail
from procurement.mailroom.queries import MAILROOM
from procurement.mailroom.services import confirm_draft, sort_mail, take_mail
from tests.builders.mails import AN_HOUR_LATER, a_mail, arrive, drafts_on, reply_to, said_on
from tests.builders.world import an_order
from tests.concurrency.at_once import at_once
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_hints(settings):
    settings.OUTBOX_WAKE = "tests.kernel.test_reactions.no_hint"


def test_one_mail_brought_by_four_at_once_is_one(people):
    order = an_order()
    raw = a_mail("Line 10 will ship on 20 April 2026.", to=reply_to(order, people["asha"]))

    def bring():
        mail = take_mail(raw, door="imap", at=AN_HOUR_LATER)
        with acting(MAILROOM):
            return sort_mail(mail.key, at=AN_HOUR_LATER).pk

    came = at_once(bring, bring, bring, bring)

    assert len(set(came)) == 1
    with acting(FEED):
        assert InboundMail.objects.count() == 1
    assert len(said_on(order)) == 1
    assert len(drafts_on(order)) == 1


def test_supplier_and_buyer_press_at_once_and_one_answer_is_given(people):
    order = an_order()
    arrive(a_mail("Line 10 will ship on 20 April 2026.", to=reply_to(order, people["asha"])))
    (draft,) = drafts_on(order)

    def press(name):
        actor = people[name].actor
        with acting(actor):
            return confirm_draft(DecideDraft(draft.key, 1), actor=actor, at=AN_HOUR_LATER)

    came = at_once(lambda: press("asha"), lambda: press("bea"))

    assert sum(isinstance(one, StaleDocument) for one in came) == 1, came
    with acting(FEED):
        assert OrderAcknowledgment.objects.count() == 1
