"""Invoices on demand: begun, written and sent by the people of the tests."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from procurement.catalogue.models import Company
from procurement.invoices.messages import (
    ChargeEntry,
    Hold,
    InvoiceHeader,
    InvoiceNamed,
    LineChoice,
    LineEntry,
    SaveDraft,
    SaveProfile,
    TaxOffered,
    WholeInvoice,
    WholeLine,
)
from procurement.invoices.models import Invoice, InvoiceLine, InvoicingProfile
from procurement.invoices.services import (
    Sent,
    entries_of,
    header_of,
    save_draft,
    save_profile,
    send_invoice,
    start_from_orders,
)
from procurement.orders.models import PurchaseOrder
from tests.builders.world import MONDAY
from tests.people import FEED, Person

D = Decimal
TODAY = date(2026, 3, 2)
LATER = MONDAY + timedelta(hours=1)
VAT = TaxOffered("S", Decimal(19), "VAT 19 %", is_usual=True)
ZERO_RATED = TaxOffered("Z", Decimal(0), "Zero rated")
REVERSE = TaxOffered("AE", Decimal(0), "Reverse charge", exemption_reason="Reverse charge")
PRICE_HELD = Hold("price_over", "buyer", (("line", "1"),))


def fresh_invoice(invoice: Invoice) -> Invoice:
    """The invoice as it stands in the database now."""
    with acting(FEED):
        return Invoice.objects.select_related("supplier", "company", "corrects", "replaces").get(
            pk=invoice.pk
        )


def named(invoice: Invoice) -> InvoiceNamed:
    """An invoice as somebody sees it now."""
    return InvoiceNamed(invoice.key, fresh_invoice(invoice).version)


def do(verb: Callable[..., Any], invoice: Invoice, person: Person, *args: Any, **more: Any) -> Any:
    """Somebody does something with an invoice as it stands now."""
    more.setdefault("at", MONDAY)
    with acting(person.actor):
        return verb(named(invoice), *args, actor=person.actor, **more)


def settle(verb: Callable[..., Any], invoice: Invoice, *args: Any, actor: Any = FEED, **more: Any) -> Any:
    """A rule, the ERP's feed or somebody moves an invoice that was sent."""
    more.setdefault("at", MONDAY)
    with acting(actor):
        return verb(invoice.key, *args, actor=actor, **more)


def begin(
    order: PurchaseOrder,
    person: Person,
    quantities: dict[str, int | None] | None = None,
    *,
    at: datetime = MONDAY,
) -> Invoice:
    """A draft for lines of an order (by key); None is all that is left. Without any: line L10."""
    choices = [
        LineChoice(order.key, key, None if quantity is None else Decimal(quantity))
        for key, quantity in (quantities or {"L10": None}).items()
    ]
    with acting(person.actor):
        (invoice,) = start_from_orders(choices=choices, actor=person.actor, at=at)
    return invoice


def write(
    invoice: Invoice,
    person: Person,
    number: str = "INV-1",
    *,
    lines: Sequence[LineEntry] | None = None,
    charges: Sequence[ChargeEntry] | None = None,
    taxed: bool = True,
    at: datetime = MONDAY,
    **header: Any,
) -> Invoice:
    """Its head, lines and charges as they are to be. Lines that say nothing of taxes are taxed at 19 %."""
    with acting(FEED):
        entries = tuple(lines) if lines is not None else entries_of(invoice)
        said = header_of(fresh_invoice(invoice))
    if taxed:
        entries = tuple(
            one if one.category else replace(one, category="S", tax_rate=Decimal(19)) for one in entries
        )
    values = {"number": number, "supplier_tax_id": "IN-ACME-1", **header}
    command = SaveDraft(
        invoice.key,
        fresh_invoice(invoice).version,
        replace(said, **values),
        entries,
        None if charges is None else tuple(charges),
    )
    with acting(person.actor):
        return save_draft(command, actor=person.actor, at=at)


def send(invoice: Invoice, person: Person, *, at: datetime = MONDAY) -> Sent:
    """Out it goes."""
    sent: Sent = do(send_invoice, invoice, person, at=at)
    return sent


def a_draft_invoice(
    order: PurchaseOrder,
    person: Person,
    quantities: dict[str, int | None] | None = None,
    *,
    number: str = "INV-1",
    price: Decimal | None = None,
    at: datetime = MONDAY,
    **header: Any,
) -> Invoice:
    """An invoice that could be sent: begun from its order, with a number; at another `price` where one is said."""
    invoice = begin(order, person, quantities, at=at)
    with acting(FEED):
        entries = entries_of(invoice)
    if price is not None:
        entries = tuple(replace(one, unit_price=price) for one in entries)
    return write(invoice, person, number, lines=entries, at=at, **header)


def a_sent_invoice(
    order: PurchaseOrder,
    person: Person,
    quantities: dict[str, int | None] | None = None,
    *,
    number: str = "INV-1",
    price: Decimal | None = None,
    at: datetime = MONDAY,
    **header: Any,
) -> Invoice:
    """An invoice that was written and sent. Without any quantities: all that is left of line L10, 100 × 6.85 EUR and
    19 % of tax."""
    invoice = a_draft_invoice(order, person, quantities, number=number, price=price, at=at, **header)
    return send(invoice, person, at=at).invoice


def a_profile(person: Person, *taxes: TaxOffered, company: str = "NM", **changed: Any) -> InvoicingProfile:
    """How the company takes invoices, as somebody says it."""
    with acting(person.actor):
        known = InvoicingProfile.objects.filter(company=Company.objects.get(code=company)).first()
        command = SaveProfile(company, known.version if known else 0, taxes=taxes, **changed)
        return save_profile(command, actor=person.actor, at=MONDAY)


def pieces(
    quantity: int, price: str, order: PurchaseOrder | None = None, key: str = "", **more: Any
) -> LineEntry:
    """A line: so many pieces at a price, of an order line or of nothing that was ordered."""
    values = {"unit": "pcs", "category": "S", "tax_rate": Decimal(19), **more}
    return LineEntry(
        Decimal(quantity), Decimal(price), order=order.key if order else None, line_key=key, **values
    )


def a_header(number: str = "INV-1", **changed: Any) -> InvoiceHeader:
    """The head of an invoice of today."""
    return InvoiceHeader(
        **{"number": number, "invoiced_on": TODAY, "supplier_tax_id": "IN-ACME-1", **changed}
    )


def a_whole(number: str = "INV-1", *some: WholeLine, **changed: Any) -> WholeInvoice:
    """As a program sends it: everything at once."""
    lines = some or (WholeLine(D(60), D("6.85"), "4500000001", "L10", category="S", tax_rate=D(19)),)
    return WholeInvoice("NM", a_header(number), tuple(lines), **changed)


def events(invoice: Invoice) -> list[str]:
    """What happened to it, in order."""
    with acting(FEED):
        return list(
            AuditEvent.objects.filter(stream=invoice.stream).order_by("id").values_list("kind", flat=True)
        )


def rows_of(invoice: Invoice) -> list[InvoiceLine]:
    """Its lines, in order."""
    with acting(FEED):
        return list(invoice.lines.order_by("position"))


def lines_of(invoice: Invoice) -> list[tuple[int | None, Decimal, Decimal, Decimal]]:
    """Its lines in short: which of the order, how much, at what price, what it comes to."""
    with acting(FEED):
        return [
            (one.line.number if one.line else None, one.quantity, one.unit_price, one.amount)
            for one in invoice.lines.select_related("line").order_by("position")
        ]


def typed_in(invoice: Invoice) -> list[LineEntry]:
    """Its lines as they would be saved again."""
    with acting(FEED):
        return list(entries_of(invoice))
