"""What the match says of an invoice, on its page and while its draft is typed: the same for both sides."""

import html
import re
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from portal.kernel.scope import acting
from procurement.invoices.models import Invoice
from procurement.matching.services import match_invoices
from procurement.matching.states import Trigger
from tests.builders import invoices
from tests.builders.changes import an_agreed_order
from tests.builders.invoices import VAT, a_profile
from tests.builders.world import MONDAY, a_line
from tests.people import FEED

pytestmark = pytest.mark.django_db


def told(person, invoice, **headers):
    client = Client()
    client.force_login(person.user)
    response = client.get(reverse("invoice-match", args=[invoice.key]), headers=headers)
    assert response.status_code == 200
    text = response.content.decode()
    return text, " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def matched(invoice):
    with acting(FEED):
        match_invoices([invoice.pk], trigger=Trigger.SENT, at=MONDAY)
    return invoices.fresh_invoice(invoice)


def test_a_draft_is_tried_and_what_was_sent_is_told_alike_to_both_sides(people):
    a_profile(people["max"], VAT)
    order = an_agreed_order(people["asha"])
    asha, otto = people["asha"], people["otto"]
    draft = invoices.a_draft_invoice(order, asha, {"L10": 60, "L20": 40})

    page, said = told(asha, draft, **{"HX-Request": "true"})
    assert "<html" not in page
    assert "it waits for goods to be booked in, and then goes on by itself." in said
    assert "are claimed, but none is booked in yet." in said
    here = [a_line(n, received_quantity=Decimal(80)) for n in (10, 20)]
    came = an_agreed_order(asha, "4500000002", here)
    _page, said = told(asha, invoices.a_draft_invoice(came, asha, {"L10": 60}, number="INV-3"))
    assert "If you send it now, it passes every check, and a person approves it." in said

    dear = invoices.a_draft_invoice(came, asha, {"L10": 10}, number="INV-2", price=Decimal("7.10"))
    _page, said = told(asha, dear)
    assert "If you send it now, it will be held." in said
    assert "7.10 EUR each is claimed on order 4500000002, line 10, but 6.85 EUR was agreed" in said

    sent = matched(invoices.send(dear, asha).invoice)
    assert sent.state == "held"
    for person in (asha, otto):
        _page, said = told(person, sent)
        assert "It does not match." in said
        assert "but 6.85 EUR was agreed" in said
        client = Client()
        client.force_login(person.user)
        paper = client.get(reverse("invoice", args=[sent.key])).content.decode()
        assert "but 6.85 EUR was agreed" in paper
        assert reverse("invoice-match", args=[sent.key]) in paper
        assert ("The buyer acts" in said) is (person is otto)
        assert ("The customer decides" in said) is (person is asha)
    with acting(FEED):
        Invoice.objects.filter(pk=sent.pk).update(state="disputed", acts="payables")
    _page, said = told(asha, sent)
    assert "but 6.85 EUR was agreed" in said
    assert "The buyer acts" not in said
