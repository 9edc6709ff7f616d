"""The desk of accounts payable on demand: invoices that are held for a reason, rules, approvals and questions."""

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from portal.kernel.scope import acting
from procurement.invoices.models import Invoice
from procurement.matching.services import match_invoices
from procurement.matching.states import Trigger
from procurement.payables.messages import ApprovalSaid, AskAbout, InvoiceSaid, WriteLimit, WriteRule
from procurement.payables.models import Approval, ApprovalLink, InvoiceQuestion
from procurement.payables.queries.approvals import approvals_of, newest_round
from procurement.payables.services.asking import ask_about
from procurement.payables.services.by_link import issue_approval_links
from procurement.payables.services.rules import write_limit, write_rule
from tests.builders.invoices import a_sent_invoice, fresh_invoice
from tests.builders.world import MONDAY, a_line, an_order
from tests.people import FEED, Person


def an_invoice_over_price(
    people: dict[str, Person],
    number: str = "INV-1",
    *,
    order: str = "4500000001",
    price: str = "7.06",
    received: int = 100,
    at: Any = MONDAY,
    **header: Any,
) -> Invoice:
    """100 valves at 7.06 where 6.85 was agreed (3 % over): the match holds it for its price. All of them came."""
    line = a_line(10, received_quantity=Decimal(received))
    made = an_order(order, [line])
    invoice = a_sent_invoice(
        made, people["asha"], {"L10": 100}, number=number, price=Decimal(price), at=at, **header
    )
    return matched(invoice, at=at)


def matched(invoice: Invoice, *, at: Any = MONDAY) -> Invoice:
    """The invoice once the match has looked at it."""
    with acting(FEED):
        match_invoices([invoice.pk], trigger=Trigger.SENT, at=at)
    return fresh_invoice(invoice)


def said(invoice: Invoice, reason: str = "") -> InvoiceSaid:
    """Something about an invoice as it stands now."""
    return InvoiceSaid(invoice.key, fresh_invoice(invoice).version, reason)


def desk(verb: Any, invoice: Invoice, person: Person, reason: str = "", *, at: Any = MONDAY) -> Any:
    """Somebody of the desk does something with an invoice as it stands now."""
    command = said(invoice, reason)
    with acting(person.actor):
        return verb(command, actor=person.actor, at=at)


def asked_for(invoice: Invoice) -> list[Approval]:
    """The approvals of the last round."""
    with acting(FEED):
        return newest_round(approvals_of(invoice, actor=FEED))


def a_link_to(invoice: Invoice, person: Person, *, at: datetime | None = None) -> ApprovalLink:
    """Somebody's link, as of one mail, to the approval of an invoice that is asked now."""
    with acting(FEED):
        made = issue_approval_links(
            [one for one in asked_for(invoice) if one.state == "asked"],
            user_id=person.user.pk,
            origin=uuid.uuid4(),
            at=at or timezone.now(),
        )
    return next(iter(made.values()))


def answer(verb: Any, approval: Approval, person: Person, reason: str = "", *, at: Any = MONDAY) -> Any:
    """Somebody answers an approval as it stood."""
    with acting(person.actor):
        command = ApprovalSaid(approval.key, approval.version, reason)
        return verb(command, actor=person.actor, at=at)


def ask(
    invoice: Invoice,
    person: Person,
    asked_of: str = "supplier",
    question: str = "Why 7.06?",
    *,
    at: Any = MONDAY,
) -> InvoiceQuestion:
    """Somebody of the desk asks about an invoice."""
    command = AskAbout(invoice.key, fresh_invoice(invoice).version, asked_of, question)
    with acting(person.actor):
        return ask_about(command, actor=person.actor, at=at)


def a_rule(people: dict[str, Person], step: int = 1, *, at: Any = MONDAY, **values: Any) -> Any:
    """Who approves what, written by the manager."""
    actor = people["root"].actor
    with acting(actor):
        return write_rule(WriteRule(step, **values), actor=actor, at=at)


def a_limit(people: dict[str, Person], amount: int, *, at: Any = MONDAY, **values: Any) -> Any:
    """Up to how much somebody accepts alone."""
    actor = people["root"].actor
    with acting(actor):
        return write_limit(WriteLimit("EUR", Decimal(amount), **values), actor=actor, at=at)
