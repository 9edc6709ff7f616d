"""What a mail promises, confirmed by a supplier without an account on the page behind a signed link."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.kernel.scope import acting
from procurement.acknowledgments.models import DraftAnswer, OrderAcknowledgment
from procurement.links.messages import Person
from procurement.links.services import issue_link
from procurement.links.states import Purpose
from tests.builders.mails import a_mail, arrive, drafts_on, reply_to
from tests.builders.world import a_line, a_paper, an_order, fresh, receive
from tests.people import FEED

pytestmark = pytest.mark.django_db

SOON = timezone.localdate() + timedelta(days=30)
LATER = SOON + timedelta(days=14)
MEI = Person("sales@acme.example", "Mei Chen")


@pytest.fixture
def order(world):
    return an_order(lines=[a_line(10, delivery_on=SOON)], at=timezone.now() - timedelta(hours=2))


def a_link(order):
    with acting(FEED):
        return issue_link(
            MEI,
            supplier_id=order.supplier_id,
            stream=order.stream,
            order_id=order.pk,
            purpose=Purpose.ANSWER,
            actor=FEED,
            at=timezone.now(),
        )


def a_draft(order):
    text = f"Line 10 will ship on {LATER.day} {LATER:%B %Y}."
    mail = a_mail(text, sender="Mei Chen <sales@acme.example>", to=reply_to(order), at=timezone.now())
    arrive(mail, at=timezone.now())
    return drafts_on(order)[-1]


def press(link, draft, **fields):
    return Client().post(reverse("link-draft", args=[link.token, draft.key]), {"version": 1, **fields})


def test_the_draft_stands_on_the_page_and_one_press_sends_it(order):
    link, draft = a_link(order), a_draft(order)

    shown = Client().get(reverse("link", args=[link.token])).text
    done = press(link, draft, verb="confirm")

    assert "Mei Chen wrote by mail: is this your answer?" in shown
    assert "Yes, send it" in shown
    assert done.status_code == 303
    with acting(FEED):
        paper = OrderAcknowledgment.objects.get()
    assert (paper.sent_by, paper.channel, paper.on_behalf) == ("Mei Chen", "mail", False)
    assert fresh().lines_for_buyer == 1


def test_a_link_answers_once(order):
    link, draft = a_link(order), a_draft(order)
    press(link, draft, verb="confirm")

    assert press(link, draft, verb="confirm").status_code == 409
    with acting(FEED):
        assert OrderAcknowledgment.objects.count() == 1


def test_it_is_corrected_or_discarded_too(order):
    link, draft = a_link(order), a_draft(order)

    assert press(link, draft, verb="discard").status_code == 422
    assert press(link, draft, verb="correct").status_code == 303
    with acting(FEED):
        assert DraftAnswer.objects.get().pieces[0]["delivery_on"] == LATER.isoformat()
    newer = a_draft(order)
    assert press(link, newer, verb="discard", reason="Wrong order.").status_code == 303
    assert [one.state for one in drafts_on(order)] == ["corrected", "discarded"]


def test_a_link_to_one_order_opens_no_draft_of_another(order, world):
    receive(a_paper("4500000002", lines=[a_line(10, delivery_on=SOON)]), at=timezone.now())
    draft = a_draft(fresh("4500000002"))

    assert press(a_link(order), draft, verb="confirm").status_code == 404
    assert Client().get(reverse("link-draft", args=["x", draft.key])).status_code == 405
