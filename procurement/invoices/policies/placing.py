"""What an electronic invoice says, in the words of an invoice here; and what of it has no place here. Pure.

Note [Nothing is lost]: the file itself is kept with the draft. Besides, whatever it says that is not taken over is
listed with a sentence, so that whoever sends the draft knows what the customer will not read in it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from procurement.einvoices.terms import AllowanceCharge, EInvoice, Group, Line
from procurement.invoices.messages import ChargeEntry, InvoiceHeader, TaxWord, WholeLine
from procurement.invoices.policies.linking import Linked
from procurement.invoices.policies.sums import round_half_up
from procurement.invoices.policies.terms import read_terms
from procurement.invoices.states import InvoiceKind, TaxCategory

ZERO, ONE = Decimal(0), Decimal(1)
DEBIT_NOTE, INVOICE, CORRECTED, PREPAID = "383", "380", "384", "386"


@dataclass(frozen=True, slots=True)
class LeftOver:
    """Something that is not taken over: its term, what it says, why, and of which line (0: of the whole)."""

    term: str
    value: str
    message: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Placed:
    """An invoice as it can be written here. `stops` are lines that cannot be written at all."""

    kind: str
    currency: str
    header: InvoiceHeader
    lines: tuple[WholeLine, ...]
    charges: tuple[ChargeEntry, ...]
    tax_words: tuple[TaxWord, ...]
    left: tuple[LeftOver, ...]
    stops: tuple[LeftOver, ...]


def kind_of(invoice: EInvoice) -> str:
    """What sort of paper it is here, by its type (BT-3)."""
    if invoice.is_credit_note:
        return InvoiceKind.CREDIT_NOTE.value
    return InvoiceKind.DEBIT_NOTE.value if invoice.type_code == DEBIT_NOTE else InvoiceKind.INVOICE.value


def place(invoice: EInvoice, linked: Sequence[Linked], units: Mapping[str, str]) -> Placed:
    """Write down all that an invoice says. `units` leads from UN/ECE codes (BT-130) to the codes used here."""
    lines, stops = [], []
    for one in linked:
        if stop := _stop(one):
            stops.append(stop)
        else:
            lines.append(_line(one, units))
    left = [
        *_left_of_whole(invoice),
        *(rest for one in linked for rest in _left_of_line(one, lines, invoice)),
    ]
    return Placed(
        kind=kind_of(invoice),
        currency=invoice.currency or "",
        header=_header(invoice),
        lines=tuple(lines),
        charges=tuple(_charge(one) for one in invoice.adjustments if (one.amount or ZERO) >= ZERO),
        tax_words=tuple(
            TaxWord(one.category, one.reason, one.rate or ZERO)
            for one in invoice.taxes
            if one.reason and one.category in TaxCategory.values
        ),
        left=tuple(left),
        stops=tuple(stops),
    )


# --- the head -----------------------------------------------------------------------------------------------


def _header(invoice: EInvoice) -> InvoiceHeader:
    terms = read_terms(invoice.payment_terms or "")
    kind = kind_of(invoice)
    delivered = invoice.delivery.delivered_on if invoice.delivery else None
    end = invoice.period.end_on if invoice.period else None
    return InvoiceHeader(
        number=(invoice.number or "")[:60],
        invoiced_on=invoice.issued_on,
        supplied_on=invoice.tax_point_on or delivered or end,
        payment_days=terms.days if invoice.due_on is None else None,
        due_on=invoice.due_on,
        discount_percent=terms.percent,
        discount_days=terms.discount_days,
        corrects_number=_corrects(invoice) if kind != InvoiceKind.INVOICE else "",
        buyer_reference=(invoice.buyer_reference or "")[:100],
        supplier_tax_id=((invoice.seller and (invoice.seller.vat_id or invoice.seller.tax_id)) or "")[:30],
        company_tax_id=((invoice.buyer and invoice.buyer.vat_id) or "")[:30],
        note="\n".join(one.text for one in invoice.notes if one.text)[:4000],
        typed_total=_gross(invoice),
    )


def _corrects(invoice: EInvoice) -> str:
    return next((one.number[:60] for one in invoice.preceding if one.number), "")


def _gross(invoice: EInvoice) -> Decimal | None:
    gross = invoice.totals.gross if invoice.totals else None
    return gross if gross is not None and gross >= ZERO else None


# --- lines --------------------------------------------------------------------------------------------------


def _stop(one: Linked) -> LeftOver | None:
    """Why a line cannot be written, where it cannot."""
    line = one.line
    said = f"{line.quantity or ''} × {line.price or ''}"
    if line.quantity is None or line.price is None:
        message = _("This line has no quantity or no price, so it is not taken over. Type it in the draft.")
        return LeftOver("BG-25", line.name or "", message, one.position)
    if line.quantity < ZERO or line.price < ZERO:
        message = _("This line gives something back. Invoices here only claim: send a credit note for it.")
        return LeftOver("BT-129", said, message, one.position)
    return None


def _line(one: Linked, units: Mapping[str, str]) -> WholeLine:
    line, found = one.line, one.found
    return WholeLine(
        quantity=line.quantity or ZERO,
        unit_price=line.price or ZERO,
        order=found.order if found else "",
        line_key=found.key if found else "",
        description=(line.name or line.description or "")[:300],
        supplier_item=(line.seller_item or "")[:60],
        unit=unit_here(line.unit or "", found.unit if found else "", units),
        price_quantity=line.price_quantity or ONE,
        category=line.category if line.category in TaxCategory.values else "",
        tax_rate=line.rate or ZERO,
        charges=tuple(_charge(each) for each in line.adjustments if (each.amount or ZERO) >= ZERO),
    )


def unit_here(said: str, ours: str, units: Mapping[str, str]) -> str:
    """What a unit of a file (UN/ECE Recommendation 20, BT-130) is called here, by its order line if that has it."""
    known = units.get(said, said)
    return ours if ours and (said == ours or known == ours or not said) else known[:20]


def _charge(one: AllowanceCharge) -> ChargeEntry:
    """Its amount as it is said: a percentage of ours might come to another cent."""
    return ChargeEntry(
        is_allowance=not one.is_charge,
        code=(one.code or "")[:10],
        reason=(one.reason or "")[:200],
        amount=one.amount or ZERO,
        category=one.category if one.category in TaxCategory.values else "",
        tax_rate=one.rate or ZERO,
    )


# --- what is left over --------------------------------------------------------------------------------------

KEPT = "kept"  # in the file alone, which goes along
# Of the whole: the terms that have a place, and where the others are.
TAKEN = frozenset(
    {
        "specification",
        "process",
        "number",
        "issued_on",
        "type_code",
        "currency",
        "tax_point_on",
        "due_on",
        "buyer_reference",
        "order",
        "lines",
        "taxes",
        "where",
        "came_as_credit_note",
        "payment_terms",
        "notes",
        "split",
    }
)
TAKEN_OF_LINE = frozenset(
    {
        "identifier",
        "quantity",
        "unit",
        "amount",
        "order_line",
        "order",
        "adjustments",
        "price",
        "price_quantity",
        "price_unit",
        "category",
        "rate",
        "scheme",
        "name",
        "seller_item",
        "where",
        "buyer_item",
        "standard_item",
        "split",
    }
)


def _words() -> dict[str, tuple[str, str]]:
    """What people call the terms that have no place here, with their numbers in the norm."""
    return {
        "tax_currency": ("BT-6", _("Currency of the accounts")),
        "tax_point_code": ("BT-8", _("When tax falls due")),
        "project": ("BT-11", _("Project")),
        "contract": ("BT-12", _("Contract")),
        "sales_order": ("BT-14", _("Your own order number")),
        "receipt": ("BT-15", _("Receipt")),
        "despatch": ("BT-16", _("Ship notice")),
        "tender": ("BT-17", _("Tender")),
        "object": ("BT-18", _("Invoiced object")),
        "accounting": ("BT-19", _("Buyer's account")),
        "payee": ("BG-10", _("Another payee")),
        "representative": ("BG-11", _("Tax representative")),
        "remittance": ("BT-83", _("Text of the payment")),
        "mandate": ("BT-89", _("Mandate of a direct debit")),
        "note": ("BT-127", _("Note of the line")),
        "period": ("BG-14", _("Invoiced period")),
        "discount": ("BT-147", _("Discount on the price")),
        "gross_price": ("BT-148", _("Gross price")),
        "description": ("BT-154", _("Description of the item")),
        "classes": ("BT-158", _("Class of the item")),
        "origin": ("BT-159", _("Country of origin")),
        "attributes": ("BG-32", _("Properties of the item")),
    }


def _left_of_whole(invoice: EInvoice) -> Iterator[LeftOver]:
    for name in (one.name for one in fields(EInvoice)):
        value = getattr(invoice, name)
        if name in TAKEN or value in (None, "", []):
            continue
        yield from _SPECIAL[name](value, invoice) if name in _SPECIAL else _kept(name, value, 0)
    if invoice.type_code == CORRECTED:
        yield LeftOver("BT-3", CORRECTED, _corrected(invoice))
    if invoice.type_code == PREPAID:
        message = _("It is taken over as a plain invoice: this type has no rules of its own here.")
        yield LeftOver("BT-3", PREPAID, message)
    if len(invoice.preceding) > 1:
        message = _("A credit or debit note here is about one invoice: the first is taken over.")
        yield LeftOver("BG-3", ", ".join(one.number or "" for one in invoice.preceding[1:]), message)
    terms = read_terms(invoice.payment_terms or "")
    if invoice.payment_terms and terms.days is None and terms.percent is None:
        message = _("These terms of payment cannot be read without guessing. Type them in the draft.")
        yield LeftOver("BT-20", invoice.payment_terms[:200], message)
    for one in invoice.adjustments:
        if (one.amount or ZERO) < ZERO:
            message = _("A charge below zero is not taken over. Type it as an allowance.")
            yield LeftOver("BT-92", f"{one.amount:f}", message)


def _left_of_line(one: Linked, lines: Sequence[WholeLine], invoice: EInvoice) -> Iterator[LeftOver]:
    line = one.line
    for name in (each.name for each in fields(Line)):
        value = getattr(line, name)
        if name in TAKEN_OF_LINE or value in (None, "", []) or (name == "description" and not line.name):
            continue
        yield from _kept(name, value, one.position)
    if (
        line.amount is not None
        and _stop(one) is None
        and (amount := amount_of(line, invoice.currency)) != line.amount
    ):
        message = _("The file says %(said)s for this line; its quantity and price come to %(sum)s here.")
        values = {"said": f"{line.amount:f}", "sum": f"{amount:f}"}
        yield LeftOver("BT-131", f"{line.amount:f}", message % values, one.position)


def amount_of(line: Line, currency: str | None) -> Decimal:
    """What a line comes to here: quantity times price, with its allowances and charges (BR-CO-10 of its invoice)."""
    figures = (line.quantity or ZERO, line.price or ZERO, line.price_quantity or ONE)
    quantity, price, per = (Fraction(one) for one in figures)  # exact, however long they are
    bare = round_half_up(quantity * price / per, currency or "")
    extra = sum(((one.amount or ZERO) * (1 if one.is_charge else -1) for one in line.adjustments), ZERO)
    return bare + extra


def _kept(name: str, value: Any, line: int) -> Iterator[LeftOver]:
    term, word = _words().get(name, ("", name))
    message = _("%(word)s: this has no field of its own here. It stays in the file, which goes along.")
    yield LeftOver(term, _told(value), message % {"word": word}, line)


def _told(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(filter(None, (_told(one) for one in value)))[:200]
    if isinstance(value, Group):
        parts = (getattr(value, one.name) for one in fields(value) if one.name != "where")
        return " ".join(filter(None, (_told(part) for part in parts if part not in (None, []))))[:200]
    if isinstance(value, bytes):
        return ""
    return f"{value:f}" if isinstance(value, Decimal) else str(value)[:200]


def _payments(value: Any, _invoice: EInvoice) -> Iterator[LeftOver]:
    for one in value:
        if one.account:
            message = _("Money goes to the account that your customer has verified, whatever a file says.")
            yield LeftOver("BT-84", f"•••• {one.account.strip()[-4:]}", message)


def _parties(value: Any, _invoice: EInvoice) -> Iterator[LeftOver]:
    """Names and addresses are those of the people who work here."""
    del value
    yield from ()


def _documents(value: Any, _invoice: EInvoice) -> Iterator[LeftOver]:
    for one in value:
        if not one.content:
            message = _("This paper is only named, not attached. Add the file to the draft if it matters.")
            yield LeftOver("BG-24", one.reference or one.url or "", message)


def _totals(value: Any, invoice: EInvoice) -> Iterator[LeftOver]:
    if value.paid:
        message = _(
            "%(paid)s are said to be paid already. The whole is claimed here; what was paid is known to the ERP."
        )
        yield LeftOver("BT-113", f"{value.paid:f}", message % {"paid": f"{value.paid:f}"})
    if value.rounding:
        message = _("The amount due is rounded by %(rounding)s, which is not done here.")
        yield LeftOver("BT-114", f"{value.rounding:f}", message % {"rounding": f"{value.rounding:f}"})
    if value.accounting_tax is not None:
        yield from _kept("tax_currency", f"{value.accounting_tax:f} {invoice.tax_currency or ''}", 0)


def _corrected(invoice: EInvoice) -> str:
    """A corrected invoice (384) stands in the place of another, under a number of its own. Here one is corrected under
    its own number, so this one would claim what the other claims already."""
    if wrong := _corrects(invoice):
        message = _(
            "It is taken over as a plain invoice beside %(number)s, which it corrects. Withdraw that one before you "
            "send this one, or correct it under its own number in place of this: else the same would be claimed twice."
        )
        return message % {"number": wrong}
    return _(
        "It is taken over as a plain invoice, and does not say which one it corrects. Withdraw that one before you "
        "send this one: else the same would be claimed twice."
    )


def _preceding(value: Any, invoice: EInvoice) -> Iterator[LeftOver]:
    if kind_of(invoice) == InvoiceKind.INVOICE and invoice.type_code != CORRECTED:
        message = _(
            "An invoice here is about no other one. To correct it, correct that one under its own number."
        )
        yield LeftOver("BG-3", ", ".join(one.number or "" for one in value), message)


def _delivery(value: Any, _invoice: EInvoice) -> Iterator[LeftOver]:
    if value.name or value.location or value.address:
        message = _("Where goods went is said by order, ship notice and receipt.")
        yield LeftOver("BG-13", _told([value.name, value.location, value.address]), message)


def _nothing(_value: Any, _invoice: EInvoice) -> Iterator[LeftOver]:
    yield from ()


_SPECIAL: Mapping[str, Callable[[Any, EInvoice], Iterator[LeftOver]]] = {
    "payments": _payments,
    "seller": _parties,
    "buyer": _parties,
    "documents": _documents,
    "totals": _totals,
    "preceding": _preceding,
    "delivery": _delivery,
    "adjustments": _nothing,
    "tax_currency": _nothing,
}
