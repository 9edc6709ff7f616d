"""An electronic invoice in and out: what of a file is kept with its upload, and a claim by the terms of EN 16931."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.errors import Invalid, Problem
from procurement.catalogue.models import Unit
from procurement.einvoices.codec import from_plain, to_plain
from procurement.einvoices.reading import Reading, read
from procurement.einvoices.terms import (
    VAT,
    Address,
    AllowanceCharge,
    EInvoice,
    Identifier,
    Line,
    Note,
    Party,
    Preceding,
    TaxBreakdown,
    Totals,
)
from procurement.einvoices.writing import EN_16931
from procurement.invoices.models import Invoice, InvoiceCharge
from procurement.invoices.queries import Written
from procurement.invoices.states import InvoiceKind

TYPES = {InvoiceKind.INVOICE: "380", InvoiceKind.CREDIT_NOTE: "381", InvoiceKind.DEBIT_NOTE: "383"}
PIECE = "C62"  # UN/ECE Recommendation 20: one
MOST_TOLD = 200


def looks_electronic(start: bytes) -> bool:
    """Whether a file is to be read as an electronic invoice rather than as a sheet."""
    bare = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    return bare.startswith((b"<", b"\xff\xfe<", b"\xfe\xff\0<")) or b"%PDF-" in start


def read_einvoice(content: bytes) -> dict[str, Any]:
    """What an electronic invoice says, as it is kept. Raises `Invalid` for a file that is not read at all."""
    reading = read(content)
    if reading.invoice is None:
        message = reading.problems[0].message
        raise Invalid(message, [Problem("file", message)])
    return told_of(reading)


def told_of(reading: Reading) -> dict[str, Any]:
    """A reading in values that JSON knows."""
    invoice = reading.invoice or EInvoice()
    return {
        "format": reading.format,
        "invoice": to_plain(invoice, with_places=False),
        "problems": [
            {
                "rule": one.rule,
                "message": one.message,
                "severity": one.severity,
                "line": one.place.line,
                "path": one.place.path,
            }
            for one in reading.problems[:MOST_TOLD]
        ],
        "unplaced": [
            {"text": one.text[:200], "line": one.place.line, "path": one.place.path}
            for one in reading.unplaced[:MOST_TOLD]
        ],
    }


def enclosed_in(told: Mapping[str, Any]) -> list[tuple[str, bytes]]:
    """The files that an electronic invoice brings along (BG-24), each with its name."""
    documents = from_plain(EInvoice, told["invoice"]).documents
    return [(one.filename or one.reference or "", one.content) for one in documents if one.content]


# --- out ----------------------------------------------------------------------------------------------------


def einvoice_of(draft: Written) -> EInvoice:
    """A claim by the terms of EN 16931, ready to be written as UBL, CII or Factur-X."""
    invoice = draft.invoice
    units = dict(Unit.objects.exclude(rec20="").values_list("code", "rec20"))
    orders = {one.order.number for one in draft.lines if one.order}
    is_note = invoice.kind != InvoiceKind.INVOICE
    about = invoice.corrects.number if invoice.corrects else invoice.corrects_number
    return EInvoice(
        specification=EN_16931,
        number=invoice.number or None,
        issued_on=invoice.invoiced_on,
        type_code=TYPES[InvoiceKind(invoice.kind)],
        currency=invoice.currency,
        tax_point_on=invoice.supplied_on,
        due_on=invoice.due_on,
        buyer_reference=invoice.buyer_reference or None,
        order=next(iter(orders)) if len(orders) == 1 else None,
        payment_terms=terms_of(invoice) or None,
        notes=[Note(text=text) for text in (invoice.note, invoice.withholding_note, invoice.reason) if text],
        preceding=[Preceding(number=about)] if is_note and about else [],
        seller=Party(
            name=invoice.supplier.name,
            identifiers=[Identifier(value=invoice.supplier.number)],
            vat_id=invoice.supplier_tax_id or None,
            address=Address(country=invoice.supplier.country or None),
        ),
        buyer=Party(
            name=draft.profile.name or invoice.company.name,
            vat_id=invoice.company_tax_id or None,
            address=_address(draft.profile.address, draft.profile.country or invoice.company.country),
        ),
        adjustments=[_adjustment(one, is_whole=True) for one in draft.document_charges],
        totals=Totals(
            lines=_money(invoice.line_total),
            allowances=_money(invoice.allowance_total) if invoice.allowance_total else None,
            charges=_money(invoice.charge_total) if invoice.charge_total else None,
            net=_money(invoice.line_total - invoice.allowance_total + invoice.charge_total),
            tax=_money(invoice.tax_total),
            gross=_money(invoice.total),
            due=_money(invoice.total),
        ),
        taxes=[
            TaxBreakdown(
                base=_money(one.base),
                amount=_money(one.amount),
                category=one.category,
                rate=None if one.category == "O" else _plain(one.tax_rate),
                scheme=VAT,
                reason=one.exemption_reason or None,
            )
            for one in draft.taxes
        ],
        lines=[_line(one, draft, units, len(orders) > 1) for one in draft.lines],
    )


def terms_of(invoice: Invoice) -> str:
    """The terms of payment in one sentence, as an electronic invoice says them (BT-20)."""
    said = []
    if invoice.discount_percent and invoice.discount_days is not None:
        message = _("%(percent)s %% within %(days)d days")
        values = {"percent": f"{_plain(invoice.discount_percent):f}", "days": invoice.discount_days}
        said.append(message % values)
    if invoice.payment_days is not None:
        said.append(_("net %(days)d days") % {"days": invoice.payment_days})
    return ", ".join(said)


def _address(text: str, country: str) -> Address:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    first, second, third = (*lines[:3], *[""] * 3)[:3]
    return Address(line_1=first or None, line_2=second or None, line_3=third or None, country=country or None)


def _money(amount: Decimal) -> Decimal:
    """An amount with two decimals at least, and no more than it needs."""
    plain = _plain(amount)
    return plain.quantize(Decimal("0.01")) if int(plain.as_tuple().exponent) > -2 else plain


def _plain(amount: Decimal) -> Decimal:
    bare = amount.normalize()
    return bare.quantize(Decimal(1)) if int(bare.as_tuple().exponent) > 0 else bare


def _adjustment(one: InvoiceCharge, *, is_whole: bool) -> AllowanceCharge:
    return AllowanceCharge(
        is_charge=not one.is_allowance,
        amount=_money(one.amount),
        category=(one.category or None) if is_whole else None,
        rate=_plain(one.tax_rate) if is_whole and one.category and one.category != "O" else None,
        scheme=VAT if is_whole and one.category else None,
        reason=one.reason or None,
        code=one.code or None,
    )


def _line(one: Any, draft: Written, units: Mapping[str, str], has_orders: bool) -> Line:
    ordered = one.line
    gtin = ordered.gtin if ordered else ""
    return Line(
        identifier=str(one.position),
        quantity=_plain(one.quantity),
        unit=units.get(one.unit, one.unit) or PIECE,
        amount=_money(one.amount),
        order_line=str(ordered.number) if ordered else None,
        order=one.order.number if has_orders and one.order else None,
        adjustments=[_adjustment(each, is_whole=False) for each in draft.charges_of(one)],
        price=_plain(one.unit_price),
        price_quantity=_plain(one.price_quantity) if one.price_quantity != 1 else None,
        price_unit=(units.get(one.unit, one.unit) or PIECE) if one.price_quantity != 1 else None,
        category=one.category or None,
        rate=_plain(one.tax_rate) if one.category and one.category != "O" else None,
        scheme=VAT if one.category else None,
        name=one.description or (ordered.description if ordered else "") or one.supplier_item or None,
        seller_item=one.supplier_item or None,
        buyer_item=ordered.item_number if ordered else None,
        standard_item=Identifier(value=gtin, scheme="0160") if gtin else None,
    )
