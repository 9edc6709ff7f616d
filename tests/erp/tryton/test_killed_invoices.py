"""A clean invoice, sent and approved here, booked in Tryton by a worker that is killed (SIGKILL): it is there once, its
people post and pay it, and the portal says so."""

from __future__ import annotations

import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from portal.kernel.scope import acting
from procurement.erp.inbound import read_configured_feeds
from procurement.erp.models import InvoiceWrite
from procurement.invoices.models import Invoice
from procurement.invoices.services import approve_invoice, entries_of
from suppliers.models import Membership, Supplier, User
from suppliers.queries import actor_of
from suppliers.roles import SupplierRole
from tests.builders.invoices import begin, fresh_invoice, send, settle, write
from tests.builders.world import fresh
from tests.erp.papers import an_order
from tests.erp.tryton import mortal
from tests.erp.tryton.harness import TrytonHarness
from tests.erp.tryton.test_killed import NUMBER, TODAY, erp, killed_at, the_others_go_on
from tests.people import FEED, PASSWORD

__all__ = ["erp"]  # the fixture

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

MOMENTS = [(mortal.AFTER_CALL, 1), (mortal.TOLD, 0)]


def an_approved_claim(quantity: int) -> Invoice:
    """The supplier bills so much of the first line; a rule finds nothing to say."""
    with acting(FEED):
        mei = User.objects.create_user("mei@x.example", PASSWORD, name="Mei")
        acme = Supplier.objects.get(number="70012")
        Membership.objects.create(user=mei, supplier=acme, role=SupplierRole.INVOICING)
        key = fresh(NUMBER).lines.order_by("number")[0].key
    seller: Any = SimpleNamespace(actor=actor_of(mei))
    now = timezone.now()
    invoice = begin(fresh(NUMBER), seller, {key: quantity}, at=now)
    day = datetime.now(UTC).date() - timedelta(days=1)
    with acting(FEED):
        lines = tuple(
            replace(one, category="Z") for one in entries_of(invoice)
        )  # Tryton's orders have no taxes
    invoice = write(invoice, seller, "R-2041", lines=lines, at=now, invoiced_on=day)
    sent = send(invoice, seller, at=now)
    assert sent.invoice.state == "sent"
    settle(approve_invoice, sent.invoice, at=now)
    return fresh_invoice(sent.invoice)


@pytest.mark.parametrize(("moment", "nth"), MOMENTS, ids=[f"{when}-{nth}" for when, nth in MOMENTS])
def test_it_is_booked_once_and_paid_whenever_the_worker_was_killed(
    erp: TrytonHarness, settings: Any, moment: str, nth: int
) -> None:
    order = erp.order_as_planned(an_order(NUMBER, ordered_on=TODAY))
    erp.receive(order, order.lines[0].key, Decimal(60), "4711")
    read_configured_feeds(clock=timezone.now)
    invoice = an_approved_claim(58)

    assert killed_at(erp, moment, nth) == -signal.SIGKILL
    the_others_go_on(settings)

    (booked,) = erp.entered("R-2041")
    assert booked.total == Decimal("1067.2")
    with acting(FEED):
        (told,) = InvoiceWrite.objects.all()
    assert (told.state, told.document) == ("confirmed", invoice.document)
    erp.post("R-2041")
    read_configured_feeds(clock=timezone.now)
    assert fresh_invoice(invoice).state == "scheduled"
    (made,) = erp.invoices(["reference", "=", "R-2041"])
    erp.pay(made["id"], Decimal("1067.2"), TODAY)
    read_configured_feeds(clock=timezone.now)
    paid = fresh_invoice(invoice)
    assert (paid.state, paid.paid_on) == ("paid", TODAY)
    with acting(FEED):
        assert paid.bill is not None
        assert paid.bill.key == told.reference.removeprefix("account.invoice,")
