"""A draft is written: saved whole, as it is typed, and discarded.

Note [Written anew]: what hangs on a draft (lines, charges, taxes) is written anew with every save, and its sums with
it. A line is known by its position; nothing outside the draft points to one before it is sent.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import fields as fields_of
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.audit.services import record
from portal.kernel.errors import Invalid, Problem
from portal.kernel.scope import requires_scope
from portal.kernel.values import is_plausible
from procurement.invoices.messages import (
    ChargeEntry,
    InvoiceHeader,
    InvoiceNamed,
    LineEntry,
    SaveDraft,
    TaxWord,
)
from procurement.invoices.models import Invoice, InvoiceCharge, InvoiceLine, InvoiceTax, InvoiceTaxChoice
from procurement.invoices.policies.checks import MOST_LINES
from procurement.invoices.policies.numbers import number_key
from procurement.invoices.policies.sums import Extra, Priced, Sums, TaxKey, sum_up
from procurement.invoices.policies.terms import discount_amount, due_day
from procurement.invoices.queries import find_invoice, order_ids_of, taxes_of
from procurement.invoices.services.holding import hold_draft, require_as_seen, require_may, touch
from procurement.invoices.states import INVOICE_LIFECYCLE, TaxCategory
from procurement.orders.models import PurchaseOrderLine
from procurement.orders.policies import plain
from procurement.orders.queries import lock_orders, visible_lines, visible_orders
from procurement.receipts.models import SheetLine
from procurement.shipments.models import ShipNoticeLine
from suppliers.roles import Permission

ZERO = Decimal(0)
LARGEST = Decimal(10) ** 11
LARGEST_SUM = Decimal(10) ** 14
MOST_CHARGES = 100
LONGEST = {
    "number": 60,
    "corrects_number": 60,
    "buyer_reference": 100,
    "supplier_tax_id": 30,
    "company_tax_id": 30,
    "reason": 2000,
    "withholding_note": 2000,
    "note": 4000,
}
DRAFTED = "invoice.drafted"
LONGEST_OF_LINE = {"description": 300, "supplier_item": 60, "unit": 20, "jurisdiction": 60}
HEADER = tuple(one.name for one in fields_of(InvoiceHeader))


@requires_scope
def save_draft(command: SaveDraft, *, actor: Actor, at: datetime) -> Invoice:
    """Keep a draft as it is typed: nothing has to be whole yet, but what is there must be readable. Its sums are worked
    out anew.

    Raises `Invalid` with every problem found, and `StaleDocument` where somebody else saved it meanwhile, with the
    differences; nothing is kept then. See `policies.checks` for what must be mended before it can be sent.
    """
    require_may(actor, Permission.INVOICE_WRITE)
    seen = find_invoice(command.invoice, actor=actor)
    # Orders first, as always: the new lines name them, and so would wait for them when all is done.
    chosen = {one.order for one in command.lines or () if one.order is not None}
    named = visible_orders(actor).filter(key__in=chosen).values_list("pk", flat=True)
    lock_orders({*order_ids_of([seen.pk]), *named})
    invoice = hold_draft(command.invoice, None, actor=actor)
    if invoice.version != command.version:
        require_as_seen(invoice, command.version, differences(invoice, command))
    problems: list[Problem] = []
    fields: dict[str, Any] = {}
    if command.header is not None:
        problems += _header_problems(command.header)
        before = invoice.replaces
        if before is not None and number_key(command.header.number) != before.number_key:
            message = _("A correction keeps the number of what it corrects: %(number)s.")
            message %= {"number": before.number}
            problems.append(Problem("number", message, command.header.number[:80], "other_number"))
        fields = _header_fields(command.header, invoice)
    content = _Content(invoice, command, actor, problems)
    if problems:
        raise Invalid(problems[0].message, problems)
    fields |= content.write()
    percent = fields.get("discount_percent", invoice.discount_percent)
    fields["discount_amount"] = discount_amount(fields["total"], percent, invoice.currency)
    touch(invoice, fields, actor=actor, at=at)
    _note_author(invoice, actor=actor, at=at)
    return invoice


def _note_author(invoice: Invoice, *, actor: Actor, at: datetime) -> None:
    """Note, once for each person and document, who of the buying side wrote it: whoever did may not approve it."""
    if actor.is_supplier or actor.user_id is None:
        return
    told = AuditEvent.objects.filter(stream=invoice.stream, kind=DRAFTED, actor_user_id=actor.user_id)
    if not told.exists():
        facts = {"invoice": str(invoice.key), "kind": invoice.kind, "issue": invoice.issue}
        record(
            DRAFTED,
            invoice.stream,
            actor=actor,
            at=at,
            supplier_id=invoice.supplier_id,
            facts=facts,
            internal=True,
        )


def _header_fields(header: InvoiceHeader, invoice: Invoice) -> dict[str, Any]:
    fields = {name: getattr(header, name) for name in HEADER}
    for name in LONGEST:
        fields[name] = fields[name].strip()
    fields["number_key"] = number_key(header.number)
    if header.due_on is None and header.invoiced_on is not None and not invoice.is_credit:
        fields["due_on"] = due_day(header.invoiced_on, header.payment_days)
    if invoice.corrects_id is not None:
        fields["corrects_number"] = ""
    return fields


def _header_problems(header: InvoiceHeader) -> list[Problem]:
    found: list[Problem] = []
    for name, most in LONGEST.items():
        text = getattr(header, name)
        if len(text.strip()) > most:
            message = _("This has %(length)d characters; there is room for %(most)d.")
            found.append(Problem(name, message % {"length": len(text), "most": most}, text[:80], "too_long"))
    for name in ("invoiced_on", "supplied_on", "due_on"):
        day: date | None = getattr(header, name)
        if day is not None and not is_plausible(day):
            message = _("No paper can mean this day. Look at the year.")
            found.append(Problem(name, message, day.isoformat(), "out_of_range"))
    for name in ("payment_days", "discount_days"):
        days: int | None = getattr(header, name)
        if days is not None and not 0 <= days < 1000:
            message = _("A number of days lies between 0 and 999.")
            found.append(Problem(name, message, str(days), "out_of_range"))
    percent = header.discount_percent
    if percent is not None and not _fits(percent, Decimal(1000), 4):
        message = _("A discount lies between 0 and 100 percent.")
        found.append(Problem("discount_percent", message, plain(percent), "out_of_range"))
    if header.typed_total is not None and not _fits(header.typed_total, LARGEST, 4):
        message = _("This is no amount of money.")
        found.append(Problem("typed_total", message, plain(header.typed_total), "out_of_range"))
    return found


def _fits(amount: Decimal, most: Decimal, decimals: int) -> bool:
    """Whether an amount is at least zero, below `most`, and has no more decimals than there is room for."""
    return amount.is_finite() and ZERO <= amount < most and amount == round(amount, decimals)


class _Content:
    """The lines, charges and taxes of a draft as they are to be; what is not said stays as it is."""

    def __init__(self, invoice: Invoice, command: SaveDraft, actor: Actor, problems: list[Problem]) -> None:
        self.invoice = invoice
        self.problems = problems
        self.offered = taxes_of(invoice.company)
        self.entries = entries_of(invoice) if command.lines is None else command.lines
        self.charges = charges_in(invoice) if command.charges is None else command.charges
        self.words = _kept_words(invoice) if command.tax_words is None else command.tax_words
        if command.lines is not None:
            self._read_lines(command.lines)
        if command.charges is not None:
            self._read_charges(command.charges, "")
        self.lines: dict[tuple[uuid.UUID, str], PurchaseOrderLine] = self._find_lines(actor)
        self.places = self._find_places()

    def _say(
        self, field: str, message: str, value: object = "", code: str = "invalid", line: str = ""
    ) -> None:
        self.problems.append(Problem(field, message, str(value)[:80], code, line))

    def _read_lines(self, entries: Sequence[LineEntry]) -> None:
        if len(entries) > MOST_LINES:
            message = _("An invoice has at most %(most)d lines. Send the others with another one.")
            self._say("lines", message % {"most": MOST_LINES}, len(entries), "too_many")
        for position, one in enumerate(entries, start=1):
            where = str(position)
            for name, most in LONGEST_OF_LINE.items():
                text = getattr(one, name)
                if len(text) > most:
                    message = _("This has %(length)d characters; there is room for %(most)d.")
                    self._say(name, message % {"length": len(text), "most": most}, text, "too_long", where)
            if not _fits(one.quantity, LARGEST, 6):
                message = _("A quantity is zero or more, with at most six decimals.")
                self._say("quantity", message, one.quantity, "out_of_range", where)
            if not _fits(one.unit_price, LARGEST, 6):
                message = _("A price is zero or more, with at most six decimals.")
                self._say("unit_price", message, one.unit_price, "out_of_range", where)
            if not _fits(one.price_quantity, LARGEST, 6) or one.price_quantity == ZERO:
                message = _("A price is for more than zero units.")
                self._say("price_quantity", message, one.price_quantity, "out_of_range", where)
            self._read_tax(one.category, one.tax_rate, where)
            self._read_charges(one.charges, where)

    def _read_charges(self, charges: Sequence[ChargeEntry], where: str) -> None:
        if len(charges) > MOST_CHARGES:
            message = _("There are at most %(most)d charges and allowances. Add some of them up.")
            self._say("charges", message % {"most": MOST_CHARGES}, len(charges), "too_many", where)
        for one in charges:
            if (one.amount is None) == (one.percent is None):
                message = _("Say of a charge or an allowance either an amount or a percentage.")
                self._say("charges", message, "", "amount_or_percent", where)
            elif one.amount is not None and not _fits(one.amount, LARGEST, 4):
                message = _("A charge or an allowance is zero or more; which way it goes is said apart.")
                self._say("charges", message, one.amount, "out_of_range", where)
            elif one.percent is not None and not _fits(one.percent, Decimal(1000), 4):
                self._say("charges", _("A percentage is zero or more."), one.percent, "out_of_range", where)
            if len(one.code) > 10 or len(one.reason) > 200 or len(one.jurisdiction) > 60:
                message = _("A code has at most 10 characters, a reason at most 200.")
                self._say("charges", message, one.reason or one.code, "too_long", where)
            self._read_tax(one.category, one.tax_rate, where)

    def _read_tax(self, category: str, rate: Decimal, where: str) -> None:
        if category and category not in TaxCategory.values:
            message = _("“%(value)s” is not one of the tax categories: %(known)s.")
            values = {"value": category[:20], "known": ", ".join(TaxCategory.values)}
            self._say("category", message % values, category, "unknown", where)
        if not _fits(rate, Decimal(100), 4):
            message = _("A rate of tax lies between 0 and 100 percent, with at most four decimals.")
            self._say("tax_rate", message, rate, "out_of_range", where)

    def _find_lines(self, actor: Actor) -> dict[tuple[uuid.UUID, str], PurchaseOrderLine]:
        """The order lines that are named: one query. Each is of this supplier, company and currency."""
        wanted = {(one.order, one.line_key) for one in self.entries if one.order is not None}
        if not wanted:
            return {}
        found = visible_lines(actor).filter(
            supplier=self.invoice.supplier_id,
            order__company=self.invoice.company_id,
            order__key__in={order for order, _key in wanted},
            key__in={key for _order, key in wanted},
        )
        lines = {(line.order.key, line.key): line for line in found.select_related("order")}
        for position, one in enumerate(self.entries, start=1):
            if one.order is None:
                continue
            line = lines.get((one.order, one.line_key))
            if line is None:
                message = _("There is no such order line of this company. Choose one of its orders.")
                self._say("order", message, one.line_key, "unknown", str(position))
            elif line.order.currency != self.invoice.currency:
                message = _("Order %(order)s is in %(theirs)s, this invoice in %(ours)s. Invoice it apart.")
                values = {
                    "order": line.order.number,
                    "theirs": line.order.currency,
                    "ours": self.invoice.currency,
                }
                self._say("order", message % values, line.order.number, "other_currency", str(position))
        return lines

    def _find_places(self) -> tuple[dict[int, int | None], dict[int, int]]:
        """What lines were begun from: lines of ship notices and of counts, each with its order line's id."""
        supplier = self.invoice.supplier_id
        notices = {one.notice_line for one in self.entries if one.notice_line is not None}
        sheets = {one.sheet_line for one in self.entries if one.sheet_line is not None}
        of_notices = ShipNoticeLine.objects.filter(pk__in=notices, supplier=supplier) if notices else None
        of_sheets = SheetLine.objects.filter(pk__in=sheets, supplier=supplier) if sheets else None
        return (
            dict(of_notices.values_list("pk", "line_id")) if of_notices is not None else {},
            dict(of_sheets.values_list("pk", "line_id")) if of_sheets is not None else {},
        )

    def write(self) -> dict[str, Any]:
        """Write everything anew, and say what the sums are. See Note [Written anew]."""
        invoice = self.invoice
        sums = sums_of(self.entries, self.charges, invoice.currency)
        self._require_room(sums)
        invoice.charges.all().delete()
        invoice.lines.all().delete()
        invoice.taxes.all().delete()
        lines = InvoiceLine.objects.bulk_create(
            (self._line(position, one, sums) for position, one in enumerate(self.entries, start=1)),
            batch_size=500,
        )
        charges = [
            self._charge(place, one, amount, line)
            for line, entry, came in zip(lines, self.entries, sums.lines, strict=True)
            for place, (one, amount) in enumerate(zip(entry.charges, came.extras, strict=True), start=1)
        ]
        charges += [
            self._charge(place, one, amount, None)
            for place, (one, amount) in enumerate(zip(self.charges, sums.extras, strict=True), start=1)
        ]
        InvoiceCharge.objects.bulk_create(charges, batch_size=500)
        reasons = _reasons(self.words, self.offered)
        InvoiceTax.objects.bulk_create(
            InvoiceTax(
                supplier_id=invoice.supplier_id,
                invoice=invoice,
                category=one.key.category,
                tax_rate=one.key.rate,
                jurisdiction=one.key.jurisdiction,
                base=one.base,
                amount=one.amount,
                exemption_reason=reasons.get(one.key, "")[:300],
            )
            for one in sums.taxes
            if one.key.category
        )
        return {
            "line_total": sums.line_total,
            "allowance_total": sums.allowance_total,
            "charge_total": sums.charge_total,
            "tax_total": sums.tax_total,
            "total": sums.total,
        }

    def _require_room(self, sums: Sums) -> None:
        """Raise `Invalid` for sums that nobody means, and that there is no room for."""
        figures = [sums.line_total, sums.allowance_total, sums.charge_total, sums.total]
        figures += [one.gross for one in sums.lines] + [one.amount for one in sums.taxes]
        if any(abs(one) >= LARGEST_SUM for one in figures):
            message = _("It comes to more than any invoice can. Look at quantities, prices and charges.")
            raise Invalid(message, [Problem("lines", message, "", "out_of_range")])

    def _line(self, position: int, one: LineEntry, sums: Sums) -> InvoiceLine:
        line = self.lines.get((one.order, one.line_key)) if one.order is not None else None
        of_notices, of_sheets = self.places
        here = line.pk if line else 0
        return InvoiceLine(
            supplier_id=self.invoice.supplier_id,
            invoice=self.invoice,
            order_id=line.order_id if line else None,
            line=line,
            notice_line_id=one.notice_line if of_notices.get(one.notice_line or 0) == here else None,
            sheet_line_id=one.sheet_line if of_sheets.get(one.sheet_line or 0) == here else None,
            position=position,
            description=one.description.strip() or (line.description if line else ""),
            supplier_item=one.supplier_item.strip() or (line.supplier_part_number if line else ""),
            quantity=one.quantity,
            unit=one.unit or (line.unit if line else ""),
            unit_decimals=line.unit_decimals if line else 0,
            unit_price=one.unit_price,
            price_quantity=one.price_quantity,
            amount=sums.lines[position - 1].net,
            price_only=one.price_only,
            category=one.category,
            tax_rate=one.tax_rate,
            jurisdiction=one.jurisdiction,
        )

    def _charge(
        self, place: int, one: ChargeEntry, amount: Decimal, line: InvoiceLine | None
    ) -> InvoiceCharge:
        return InvoiceCharge(
            supplier_id=self.invoice.supplier_id,
            invoice=self.invoice,
            of_line=line,
            position=place,
            is_allowance=one.is_allowance,
            code=one.code,
            reason=one.reason.strip(),
            percent=one.percent,
            amount=amount,
            category=line.category if line else one.category,
            tax_rate=line.tax_rate if line else one.tax_rate,
            jurisdiction=line.jurisdiction if line else one.jurisdiction,
        )


def sums_of(lines: Iterable[LineEntry], charges: Iterable[ChargeEntry], currency: str) -> Sums:
    """What a paper of these lines and charges comes to, exactly as saving it will work it out."""
    return sum_up([_priced(one) for one in lines], [_extra(one) for one in charges], currency)


def _priced(one: LineEntry) -> Priced:
    return Priced(
        one.quantity,
        one.unit_price,
        one.price_quantity,
        TaxKey(one.category, one.tax_rate, one.jurisdiction),
        tuple(_extra(charge) for charge in one.charges),
    )


def _extra(one: ChargeEntry) -> Extra:
    key = TaxKey(one.category, one.tax_rate, one.jurisdiction)
    return Extra(one.is_allowance, one.amount, one.percent, key)


def _reasons(words: Iterable[TaxWord], offered: Iterable[InvoiceTaxChoice]) -> dict[TaxKey, str]:
    """Why no tax is due: in the supplier's words, else in those that the company offers."""
    found = {TaxKey(one.category, one.rate, one.jurisdiction): one.exemption_reason for one in offered}
    for word in words:
        if word.exemption_reason.strip():
            key = TaxKey(word.category, word.tax_rate, word.jurisdiction)
            found[key] = word.exemption_reason.strip()
    return found


# --- a draft as commands ------------------------------------------------------------------------------------


def entries_of(invoice: Invoice) -> tuple[LineEntry, ...]:
    """The lines of an invoice as somebody would type them: three queries."""
    charges: dict[int, list[ChargeEntry]] = {}
    for one in invoice.charges.filter(of_line__isnull=False).order_by("position", "id"):
        charges.setdefault(one.of_line_id or 0, []).append(_as_entry(one))
    lines = invoice.lines.select_related("line", "order").order_by("position")
    return tuple(
        LineEntry(
            quantity=one.quantity,
            unit_price=one.unit_price,
            order=one.order.key if one.line and one.order else None,
            line_key=one.line.key if one.line else "",
            notice_line=one.notice_line_id,
            sheet_line=one.sheet_line_id,
            description=one.description,
            supplier_item=one.supplier_item,
            unit=one.unit,
            price_quantity=one.price_quantity,
            price_only=one.price_only,
            category=one.category,
            tax_rate=one.tax_rate,
            jurisdiction=one.jurisdiction,
            charges=tuple(charges.get(one.pk, ())),
        )
        for one in lines
    )


def charges_in(invoice: Invoice) -> tuple[ChargeEntry, ...]:
    """The charges and allowances of the whole, as somebody would type them."""
    return tuple(_as_entry(one) for one in invoice.charges.filter(of_line=None).order_by("position", "id"))


def header_of(invoice: Invoice) -> InvoiceHeader:
    """The head of an invoice as somebody would type it."""
    return InvoiceHeader(**{name: getattr(invoice, name) for name in HEADER})


def _as_entry(one: InvoiceCharge) -> ChargeEntry:
    return ChargeEntry(
        one.is_allowance,
        one.code,
        one.reason,
        None if one.percent is not None else one.amount,
        one.percent,
        one.category,
        one.tax_rate,
        one.jurisdiction,
    )


def _kept_words(invoice: Invoice) -> tuple[TaxWord, ...]:
    return tuple(
        TaxWord(one.category, one.exemption_reason, one.tax_rate, one.jurisdiction)
        for one in invoice.taxes.exclude(exemption_reason="")
    )


def differences(invoice: Invoice, command: SaveDraft) -> list[dict[str, str]]:
    """In what a draft as it stands differs from what somebody else typed: field (and line), `here` and `yours`."""
    found: list[dict[str, str]] = []

    def compare(where: str, line: str, here: object, yours: object) -> None:
        if _text(here) != _text(yours):
            found.append({"field": where, "line": line, "here": _text(here), "yours": _text(yours)})

    if command.header is not None:
        for name in HEADER:
            compare(name, "", getattr(invoice, name), getattr(command.header, name))
    if command.lines is not None:
        stored = entries_of(invoice)
        names = [one.name for one in fields_of(LineEntry) if one.name not in ("order", "charges")]
        for place in range(max(len(stored), len(command.lines))):
            here = stored[place] if place < len(stored) else None
            yours = command.lines[place] if place < len(command.lines) else None
            for name in names if here and yours else ("quantity",):
                compare(name, str(place + 1), getattr(here, name, None), getattr(yours, name, None))
    if command.charges is not None:
        here_total = [_text(one.amount or one.percent) for one in charges_in(invoice)]
        yours_total = [_text(one.amount or one.percent) for one in command.charges]
        compare("charges", "", " ".join(here_total), " ".join(yours_total))
    return found[:200]


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return plain(value)
    return value.isoformat() if isinstance(value, date) else str(value)


# --- the end of a draft -------------------------------------------------------------------------------------


@requires_scope
def discard_draft(named: InvoiceNamed, *, actor: Actor, at: datetime) -> Invoice:
    """Throw a draft away. It is kept as discarded, and claims nothing."""
    invoice = hold_draft(named.invoice, named.version, actor=actor)
    fields = {"updated_at": at, "state_at": at}
    INVOICE_LIFECYCLE.move(invoice, "discard", actor=actor, at=at, fields=fields)
    return invoice
