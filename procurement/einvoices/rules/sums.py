"""BR-CO and BR-DEC: how the figures of an invoice go together, and with how many decimals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from procurement.einvoices.rules.base import Book, Broken, Rule
from procurement.einvoices.terms import EInvoice, Group

HALF = Decimal("0.5")
NOTHING = Decimal(0)

book = Book()
RULES: list[Rule] = book.rules


def cents(amount: Decimal) -> Decimal:
    """Two decimals, halves upwards: the rounding of XPath, by which the rules were written."""
    return (amount * 100 + HALF).to_integral_value(rounding=ROUND_FLOOR) / 100


def total(amounts: Iterable[Decimal | None]) -> Decimal:
    """The sum of what is there."""
    return sum((one for one in amounts if one is not None), NOTHING)


def _differs(group: Group, term: str, said: Decimal | None, worked_out: Decimal) -> Iterator[Broken]:
    if said is not None and said != worked_out:
        yield Broken(group, term, {"said": f"{said:f}", "sum": f"{worked_out:f}"})


@book.rule(
    "BR-CO-03",
    _("When tax falls due is said twice: by its day (BT-7) and by a code (BT-8). Keep one of them."),
)
def _tax_point(invoice: EInvoice) -> Iterator[Broken]:
    if invoice.tax_point_on and invoice.tax_point_code:
        yield Broken(invoice, "tax_point_on")


@book.rule("BR-CO-04", _("This line has no VAT category (BT-151)."))
def _line_category(invoice: EInvoice) -> Iterator[Broken]:
    for line in invoice.lines:
        if not line.category or (line.scheme or "").upper() != "VAT":
            yield Broken(line, "category")


@book.rule("BR-CO-10", _("The lines come to %(sum)s, not to %(said)s (BT-106)."))
def _line_total(invoice: EInvoice) -> Iterator[Broken]:
    if invoice.totals:
        yield from _differs(
            invoice.totals, "lines", invoice.totals.lines, cents(total(line.amount for line in invoice.lines))
        )


@book.rule("BR-CO-11", _("The allowances come to %(sum)s, not to %(said)s (BT-107)."))
def _allowance_total(invoice: EInvoice) -> Iterator[Broken]:
    yield from _adjustments(invoice, "allowances")


@book.rule("BR-CO-12", _("The charges come to %(sum)s, not to %(said)s (BT-108)."))
def _charge_total(invoice: EInvoice) -> Iterator[Broken]:
    yield from _adjustments(invoice, "charges")


def _adjustments(invoice: EInvoice, name: str) -> Iterator[Broken]:
    if invoice.totals is None:
        return
    listed, said = getattr(invoice, name), getattr(invoice.totals, name)
    if said is not None or listed:
        worked_out = cents(total(one.amount for one in listed))
        if said != worked_out:
            yield Broken(
                invoice.totals, name, {"said": "–" if said is None else f"{said:f}", "sum": f"{worked_out:f}"}
            )


@book.rule("BR-CO-13", _("Lines less allowances and with charges come to %(sum)s, not to %(said)s (BT-109)."))
def _net(invoice: EInvoice) -> Iterator[Broken]:
    one = invoice.totals
    if one and one.lines is not None:
        worked_out = one.lines - (one.allowances or NOTHING) + (one.charges or NOTHING)
        yield from _differs(one, "net", one.net, cents(worked_out))


@book.rule("BR-CO-14", _("The VAT of the breakdown comes to %(sum)s, not to %(said)s (BT-110)."))
def _tax(invoice: EInvoice) -> Iterator[Broken]:
    if invoice.totals and invoice.taxes:
        worked_out = cents(total(one.amount for one in invoice.taxes))
        yield from _differs(invoice.totals, "tax", invoice.totals.tax, worked_out)


@book.rule("BR-CO-15", _("The total without tax and the VAT come to %(sum)s, not to %(said)s (BT-112)."))
def _gross(invoice: EInvoice) -> Iterator[Broken]:
    one = invoice.totals
    if one and one.net is not None and invoice.currency:
        yield from _differs(one, "gross", one.gross, cents(one.net + (one.tax or NOTHING)))


@book.rule("BR-CO-16", _("What is left to pay comes to %(sum)s, not to %(said)s (BT-115)."))
def _due(invoice: EInvoice) -> Iterator[Broken]:
    one = invoice.totals
    if one and one.gross is not None:
        worked_out = one.gross - (one.paid or NOTHING) + (one.rounding or NOTHING)
        yield from _differs(one, "due", one.due, cents(worked_out))


@book.rule("BR-CO-17", _("%(base)s at %(rate)s %% makes %(sum)s of VAT, not %(said)s (BT-117)."))
def _breakdown(invoice: EInvoice) -> Iterator[Broken]:
    for one in invoice.taxes:
        if one.amount is None or one.base is None:
            continue
        rate = one.rate or NOTHING
        worked_out = cents(abs(one.base) * rate / 100)
        is_zero = (rate + HALF).to_integral_value(rounding=ROUND_FLOOR) == 0
        is_off = abs(one.amount) >= HALF if is_zero else abs(abs(one.amount) - worked_out) >= 1
        if is_off:
            said = {"base": one.base, "rate": rate, "sum": worked_out, "said": one.amount}
            yield Broken(one, "amount", {name: f"{value:f}" for name, value in said.items()})


@book.rule("BR-CO-18", _("The VAT breakdown is missing (BG-23)."))
def _no_breakdown(invoice: EInvoice) -> Iterator[Broken]:
    if not invoice.taxes:
        yield Broken(invoice)


@book.rule("BR-CO-19", _("The invoiced period has neither a first nor a last day (BT-73, BT-74)."))
def _empty_period(invoice: EInvoice) -> Iterator[Broken]:
    if invoice.period and not invoice.period.start_on and not invoice.period.end_on:
        yield Broken(invoice.period)


@book.rule("BR-CO-20", _("The period of this line has neither a first nor a last day (BT-134, BT-135)."))
def _empty_line_period(invoice: EInvoice) -> Iterator[Broken]:
    for line in invoice.lines:
        if line.period and not line.period.start_on and not line.period.end_on:
            yield Broken(line.period)


def _without_reason(groups: Callable[[EInvoice], Iterable[Any]]) -> Callable[[EInvoice], Iterator[Broken]]:
    def look(invoice: EInvoice) -> Iterator[Broken]:
        return (Broken(one, "reason") for one in groups(invoice) if not one.reason and not one.code)

    return look


RULES += [
    Rule("BR-CO-21", _("This allowance says neither a reason nor its code (BT-97, BT-98)."), _without_reason(lambda i: i.allowances)),
    Rule("BR-CO-22", _("This charge says neither a reason nor its code (BT-104, BT-105)."), _without_reason(lambda i: i.charges)),
    Rule("BR-CO-23", _("This line's allowance says neither a reason nor its code (BT-139, BT-140)."), _without_reason(lambda i: [one for line in i.lines for one in line.allowances])),
    Rule("BR-CO-24", _("This line's charge says neither a reason nor its code (BT-144, BT-145)."), _without_reason(lambda i: [one for line in i.lines for one in line.charges])),
]  # fmt: skip


@book.rule(
    "BR-CO-25",
    _("Something is to be paid, so the due day (BT-9) or the terms of payment (BT-20) must be said."),
)
def _no_terms(invoice: EInvoice) -> Iterator[Broken]:
    due = invoice.totals.due if invoice.totals else None
    has_terms = invoice.due_on or invoice.payment_terms or invoice.is_credit_note
    if invoice.totals and due is not None and due > 0 and not has_terms:
        yield Broken(invoice.totals, "due")


@book.rule(
    "BR-CO-26",
    _("The seller needs a number: an identifier (BT-29), a registration (BT-30) or a VAT number (BT-31)."),
)
def _no_number(invoice: EInvoice) -> Iterator[Broken]:
    one = invoice.seller
    if one and not (one.vat_id or one.identifiers or one.registration):
        yield Broken(one)


# --- Decimals -----------------------------------------------------------------------------------------------

TOO_FINE = _("%(said)s has more than two decimals (%(term)s).")


def _fine(
    term: str, name: str, groups: Callable[[EInvoice], Iterable[Any]]
) -> Callable[[EInvoice], Iterator[Broken]]:
    def look(invoice: EInvoice) -> Iterator[Broken]:
        for one in groups(invoice):
            value = getattr(one, name)
            if value is not None and -value.as_tuple().exponent > 2:
                yield Broken(one, name, {"said": f"{value:f}", "term": term})

    return look


def _totals(invoice: EInvoice) -> Iterable[Any]:
    return [invoice.totals] if invoice.totals else []


RULES += [
    Rule(f"BR-DEC-{number}", TOO_FINE, _fine(term, name, groups))
    for number, term, name, groups in (
        ("01", "BT-92", "amount", lambda i: i.allowances),
        ("02", "BT-93", "base", lambda i: i.allowances),
        ("05", "BT-99", "amount", lambda i: i.charges),
        ("06", "BT-100", "base", lambda i: i.charges),
        ("09", "BT-106", "lines", _totals),
        ("10", "BT-107", "allowances", _totals),
        ("11", "BT-108", "charges", _totals),
        ("12", "BT-109", "net", _totals),
        ("13", "BT-110", "tax", _totals),
        ("14", "BT-112", "gross", _totals),
        ("15", "BT-111", "accounting_tax", _totals),
        ("16", "BT-113", "paid", _totals),
        ("17", "BT-114", "rounding", _totals),
        ("18", "BT-115", "due", _totals),
        ("19", "BT-116", "base", lambda i: i.taxes),
        ("20", "BT-117", "amount", lambda i: i.taxes),
        ("23", "BT-131", "amount", lambda i: i.lines),
        ("24", "BT-136", "amount", lambda i: [one for line in i.lines for one in line.allowances]),
        ("25", "BT-137", "base", lambda i: [one for line in i.lines for one in line.allowances]),
        ("27", "BT-141", "amount", lambda i: [one for line in i.lines for one in line.charges]),
        ("28", "BT-142", "base", lambda i: [one for line in i.lines for one in line.charges]),
    )
]
