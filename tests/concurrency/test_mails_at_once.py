"""The same mail by two ways at the same moment, and two presses on one draft: real threads on real connections."""

import threading

import pytest
from django.db import connection

from portal.kernel.errors import StaleDocument
from portal.kernel.scope import acting
from procurement.acknowledgments.models import OrderAcknowledgment
from procurement.mailroom.messages import DecideDraft
from procurement.mailroom.models import InboundMail
from procurement.mailroom.queries import MAILROOM
from procurement.mailroom.services import confirm_draft, sort_mail, take_mail
from tests.builders.mails import AN_HOUR_LATER, a_mail, arrive, drafts_on, reply_to, said_on
from tests.builders.world import an_order
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_hints(settings):
    settings.OUTBOX_WAKE = "tests.kernel.test_reactions.no_hint"


def at_once(*works):
    """Run each in a thread of its own, all starting together; returns what each came to."""
    ready = threading.Barrier(len(works))
    came = [None] * len(works)

    def run(place, work):
        try:
            ready.wait(20)
            came[place] = work()
        except Exception as error:
            came[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place, work)) for place, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return came


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
