"""What becomes of the rows of an uploaded sheet: which invoices, with which lines, and what is wrong.

Note [Row by row]: a row that cannot be taken is told, with its column, value, rule and way out, and never sinks another
one. What is wrong with an invoice as a whole is found by writing it, with the same verbs as on its page, and taking
that back.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Invalid, Refusal
from portal.kernel.scope import requires_scope
from procurement.findings.policies import Finding
from procurement.invoices.messages import ChargeEntry, InvoiceHeader, InvoiceRow, WholeInvoice, WholeLine
from procurement.invoices.models import Invoice
from procurement.invoices.policies.checks import check_invoice
from procurement.invoices.policies.numbers import number_key
from procurement.invoices.queries import (
    agreed_prices,
    checked,
    claimed_by_line,
    find_invoice,
    visible_invoices,
    written,
)
from procurement.invoices.services.whole import write_whole
from procurement.invoices.states import LIVE, InvoiceKind, InvoiceState
from procurement.orders.models import PurchaseOrderLine
from procurement.orders.queries import visible_lines
from procurement.sheets.outcomes import BAD, NEW, SKIPPED, THERE, RowProblem

ZERO, ONE = Decimal(0), Decimal(1)
MOST_INVOICES = 100
FREIGHT = "FC"  # UNCL 7161

# What is said of an invoice once, in any of its rows.
DAYS = ("invoiced_on", "supplied_on", "due_on")
HEAD = (*DAYS, "corrects", "buyer_reference", "note", "freight", "total")
# What an invoice's own rules call the columns.
COLUMN_OF = {"typed_total": "total", "corrects_number": "corrects", "category": "tax_category"}


@dataclass(slots=True)
class PlannedRow:
    """One row, the order line it names, and what becomes of it.

    `open` is what nobody has claimed of that line, `agreed` its price, for `agreed_per` units: beside what is said.
    """

    row: InvoiceRow
    outcome: str = NEW
    line: PurchaseOrderLine | None = None
    open: Decimal = ZERO
    agreed: Decimal = ZERO
    agreed_per: Decimal = ONE
    problems: list[RowProblem] = field(default_factory=list)

    @property
    def quantity(self) -> Decimal:
        return Decimal(self.row.says("quantity") or 0)

    @property
    def price(self) -> tuple[Decimal, Decimal]:
        """The price that is claimed and for how many units: the agreed one where the row says none."""
        if not self.row.says("unit_price"):
            return self.agreed, self.agreed_per
        return Decimal(self.row.says("unit_price")), Decimal(
            self.row.says("price_quantity") or self.agreed_per
        )

    def refuse(self, column: str, message: str, value: str = "") -> None:
        """This row is not taken, and why."""
        said = value or self.row.says(column)
        self.outcome = BAD
        self.problems.append(RowProblem(self.row.row, column, said[:100], message))


@dataclass(slots=True)
class PlannedInvoice:
    """The rows of one invoice, and what becomes of them: `NEW`, `BAD` as a whole, or `THERE` already."""

    number: str
    kind: str
    rows: list[PlannedRow]
    company: str = ""
    supplier: str = ""
    currency: str = ""
    outcome: str = NEW
    whole: WholeInvoice | None = None
    there: Invoice | None = None
    total: Decimal | None = None
    findings: Sequence[Finding] = ()
    problems: list[str] = field(default_factory=list)

    @property
    def taken(self) -> list[PlannedRow]:
        return [one for one in self.rows if one.outcome == NEW]

    @property
    def is_short(self) -> bool:
        """Whether a row of it cannot be taken."""
        return any(one.outcome == BAD for one in self.rows)


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of a sheet: its invoices, and the rows of none."""

    invoices: Sequence[PlannedInvoice]
    loose: Sequence[PlannedRow]


@requires_scope
def plan_invoices(rows: Sequence[InvoiceRow], *, actor: Actor, at: datetime, write: bool = True) -> Plan:
    """What becomes of these rows. With `write` each invoice is written and taken back, so that its own rules speak."""
    planned = [_first_look(row) for row in rows]
    _find_lines(planned, actor)
    invoices = [_planned(group) for group in _groups(planned)]
    inside = {id(one) for invoice in invoices for one in invoice.rows}
    _find_there(invoices, actor)
    for invoice in invoices:
        if invoice.outcome == NEW:
            compose(invoice)
        if invoice.outcome == NEW and write:
            _try(invoice, actor=actor, at=at)
    return Plan(invoices, [one for one in planned if id(one) not in inside])


def _first_look(row: InvoiceRow) -> PlannedRow:
    one = PlannedRow(row)
    for cell in row.bad:
        one.refuse(cell.column, cell.message, cell.value)
    if one.outcome == BAD:
        return one
    if not row.says("quantity") or one.quantity == ZERO:
        one.outcome = SKIPPED
    elif one.quantity < ZERO:
        message = _("A quantity is more than zero. What is given back goes into a credit note.")
        one.refuse("quantity", message)
    elif not row.says("number"):
        one.refuse("number", _("Say the number of your invoice that this is on."))
    elif not (row.says("order_key") or row.says("order")):
        one.refuse("order", _("Say of which order and line it is."))
    return one


# --- which order line ---------------------------------------------------------------------------------------


def _find_lines(planned: Sequence[PlannedRow], actor: Actor) -> None:
    """Which order line each row names: by the hidden keys of our sheet, by order and line, or by order and item."""
    asking = [one for one in planned if one.outcome == NEW]
    keys = _uuids(one.row.says("order_key") for one in asking)
    numbers = {one.row.says("order") for one in asking if not one.row.says("order_key")} - {""}
    lines = list(
        visible_lines(actor)
        .filter(Q(order__key__in=keys) | Q(order__number__in=numbers))
        .select_related("order__company", "order__supplier")
        .order_by("order_id", "number", "id")
    )
    by_order: dict[str, list[PurchaseOrderLine]] = defaultdict(list)
    for line in lines:
        by_order[str(line.order.key)].append(line)
        by_order[line.order.number].append(line)
    claimed = claimed_by_line([line.pk for line in lines])
    prices = agreed_prices([line.pk for line in lines])
    for one in asking:
        key = one.row.says("order_key").lower() or one.row.says("order")
        one.line = _line_of(one, by_order.get(key, []))
        if one.line is not None:
            here = max(one.line.quantity, one.line.received_quantity)
            one.open = max(ZERO, here - claimed[one.line.pk].quantity)
            one.agreed, one.agreed_per = prices.get(one.line.pk, (one.line.price, one.line.price_per))


def _line_of(one: PlannedRow, theirs: Sequence[PurchaseOrderLine]) -> PurchaseOrderLine | None:
    row = one.row
    said = row.says("order") or row.says("order_key")
    if not theirs:
        one.refuse("order", _("There is no order %(order)s of yours.") % {"order": said[:60]}, said)
        return None
    if len({line.order_id for line in theirs}) > 1:
        message = _(
            "Several orders have the number %(order)s. Use the sheet of the portal, which tells them apart."
        )
        one.refuse("order", message % {"order": said[:60]})
        return None
    number, name, item = theirs[0].order.number, row.says("line"), row.says("item")
    if row.says("order_key") and row.says("order") not in ("", number):
        message = _("The hidden columns of this row belong to order %(order)s. Copy whole rows only.")
        one.refuse("order", message % {"order": number})
        return None
    found = _found(row, theirs)
    if not found:
        values = {"order": number, "lines": ", ".join(str(line.number) for line in theirs[:20])}
        message = _("Order %(order)s has no such line. Its lines are %(lines)s.")
        one.refuse("line", message % values, name or item)
        return None
    if len(found) > 1:
        message = _("Order %(order)s has %(count)d lines with this item. Say which line it is.")
        one.refuse("line", message % {"order": number, "count": len(found)}, item)
        return None
    if name and item and not _is_item(found[0], item):
        message = _("Line %(line)s of order %(order)s is for %(item)s. Is it another line?")
        told = {"line": str(found[0].number), "order": number, "item": found[0].item_number}
        one.refuse("item", message % told)
        return None
    return found[0]


def _found(row: InvoiceRow, theirs: Sequence[PurchaseOrderLine]) -> list[PurchaseOrderLine]:
    if row.says("line_key") and row.says("order_key"):
        return [line for line in theirs if line.key == row.says("line_key")]
    if name := row.says("line"):
        bare = name.lstrip("0") or "0"
        return [line for line in theirs if str(line.number) == bare] or [
            line for line in theirs if line.key == name
        ]
    item = row.says("item")
    return [line for line in theirs if _is_item(line, item)] if item else []


def _is_item(line: PurchaseOrderLine, text: str) -> bool:
    """Whether a text names the item of a line: our number, the supplier's, or its GTIN."""
    wanted = text.strip().casefold()
    names = {line.item_number.casefold(), line.supplier_part_number.casefold(), line.gtin.casefold()} - {""}
    return wanted in names or (bool(line.gtin) and wanted.lstrip("0") == line.gtin.lstrip("0"))


def _uuids(texts: Iterable[str]) -> list[uuid.UUID]:
    found = []
    for text in set(texts) - {""}:
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            continue
    return found


# --- which invoice ------------------------------------------------------------------------------------------


def _kind(row: InvoiceRow) -> str:
    return row.says("kind") or InvoiceKind.INVOICE.value


def _groups(planned: Sequence[PlannedRow]) -> list[list[PlannedRow]]:
    """The rows of each invoice, by its number; one that was refused still belongs to its invoice: it is short then."""
    groups: dict[tuple[str, str], list[PlannedRow]] = defaultdict(list)
    for one in planned:
        key = number_key(one.row.says("number"))
        if key and one.outcome in (NEW, BAD):
            groups[_kind(one.row), key].append(one)
    found = [rows for rows in groups.values() if any(one.outcome == NEW for one in rows)]
    if len(found) > MOST_INVOICES:
        message = _("One file holds at most %(most)d invoices. Split it into several files.")
        raise Invalid(message % {"most": MOST_INVOICES})
    return found


def _planned(rows: list[PlannedRow]) -> PlannedInvoice:
    first = next(one for one in rows if one.outcome == NEW)
    order = first.line.order if first.line else None
    invoice = PlannedInvoice(first.row.says("number"), _kind(first.row), rows)
    if order is not None:
        invoice.company, invoice.supplier = order.company.code, order.supplier.name
        invoice.currency = order.currency
    for one in invoice.taken:
        theirs = one.line.order if one.line else None
        if theirs is None or order is None:
            continue
        if (theirs.company_id, theirs.supplier_id, theirs.currency) != (
            order.company_id,
            order.supplier_id,
            order.currency,
        ):
            message = _("An invoice is for one company in one currency. Give these lines another number.")
            one.refuse("order", message, theirs.number)
    return invoice


def _find_there(invoices: Sequence[PlannedInvoice], actor: Actor) -> None:
    """Those whose number is taken by a live invoice: nothing is claimed twice."""
    keys = {number_key(one.number) for one in invoices}
    taken = visible_invoices(actor).filter(number_key__in=keys, state__in=[*LIVE, InvoiceState.DRAFT])
    known = {(one.kind, one.number_key, one.company.code, one.supplier.name): one for one in taken}
    for one in invoices:
        there = known.get((one.kind, number_key(one.number), one.company, one.supplier))
        if there is not None:
            one.outcome, one.there = THERE, there
            for row in one.taken:
                row.outcome = THERE


def compose(invoice: PlannedInvoice) -> None:
    """Put the rows of an invoice together. What its rows say differently of the whole refuses the later row."""
    said: dict[str, str] = {}
    for one in invoice.taken:
        for name in HEAD:
            value = one.row.says(name)
            if value and said.setdefault(name, value) != value:
                message = _("Row %(row)s says this otherwise. An invoice says it once.")
                one.refuse(name, message % {"row": _first_with(invoice, name)}, value)
    if not invoice.taken:
        invoice.outcome = BAD
        return
    days = {name: date.fromisoformat(said[name]) if name in said else None for name in DAYS}
    freight = Decimal(said["freight"]) if "freight" in said else ZERO
    lines = tuple(_whole_line(one) for one in invoice.taken)
    invoice.whole = WholeInvoice(
        company=invoice.company,
        header=InvoiceHeader(
            number=invoice.number,
            invoiced_on=days["invoiced_on"],
            supplied_on=days["supplied_on"],
            due_on=days["due_on"],
            corrects_number=said.get("corrects", ""),
            buyer_reference=said.get("buyer_reference", ""),
            note=said.get("note", ""),
            typed_total=Decimal(said["total"]) if "total" in said else None,
        ),
        lines=lines,
        charges=(_freight(freight, lines),) if freight else (),
        kind=invoice.kind,
        currency=invoice.currency,
    )


def _freight(amount: Decimal, lines: Sequence[WholeLine]) -> ChargeEntry:
    """Freight is taxed as the first line is: a sheet has no more to say of it."""
    first = lines[0]
    return ChargeEntry(
        code=FREIGHT,
        reason=_("Freight"),
        amount=amount,
        category=first.category,
        tax_rate=first.tax_rate or ZERO,
    )


def _first_with(invoice: PlannedInvoice, name: str) -> int:
    return next(one.row.row for one in invoice.rows if one.row.says(name))


def _whole_line(one: PlannedRow) -> WholeLine:
    price, per = one.price
    rate = one.row.says("tax_rate")
    category = one.row.says("tax_category")
    return WholeLine(
        quantity=one.quantity,
        unit_price=price,
        order=one.line.order.number if one.line else "",
        line_key=one.line.key if one.line else "",
        price_quantity=per,
        category=category or ("S" if rate and Decimal(rate) > ZERO else ""),
        tax_rate=Decimal(rate) if rate else None,
    )


def _try(invoice: PlannedInvoice, *, actor: Actor, at: datetime) -> None:
    """Write an invoice and take that back, to hear what its own rules say."""
    if invoice.whole is None:
        return
    try:
        with transaction.atomic():
            draft = find_invoice(write_whole(invoice.whole, actor=actor, at=at).key, actor=actor)
            invoice.total = draft.total
            invoice.findings = check_invoice(checked(written(draft), at=at))
            transaction.set_rollback(True)
    except Refusal as refusal:
        tell_refusal(invoice, refusal)
        invoice.outcome = BAD


def tell_refusal(invoice: PlannedInvoice, refusal: Refusal) -> None:
    """What a refusal says, at the rows that it is about, else of the whole."""
    taken = invoice.taken
    problems = refusal.problems if isinstance(refusal, Invalid) else ()
    if not problems:
        invoice.problems.append(refusal.message)
    for problem in problems:
        place = int(problem.line) - 1 if problem.line.isdigit() else -1
        if 0 <= place < len(taken):
            row = taken[place]
            column = COLUMN_OF.get(problem.field, problem.field)
            row.problems.append(RowProblem(row.row.row, column, problem.value, problem.message))
        else:
            invoice.problems.append(problem.message)


# --- what is told -------------------------------------------------------------------------------------------


def told(plan: Plan) -> dict[str, Any]:
    """A plan as it is kept for its page."""
    return {
        "invoices": [invoice_told(one) for one in plan.invoices],
        "rows": [
            row_told(one, place)
            for place, rows in [*enumerate(each.rows for each in plan.invoices), (None, plan.loose)]
            for one in rows
        ],
    }


def invoice_told(one: PlannedInvoice) -> dict[str, Any]:
    """An invoice of a plan."""
    there = one.there
    return {
        "number": one.number,
        "kind": one.kind,
        "company": one.company,
        "supplier": one.supplier,
        "currency": one.currency,
        "total": f"{one.total:f}" if one.total is not None else "",
        "outcome": one.outcome,
        "lines": len(one.whole.lines) if one.whole else 0,
        "is_short": one.is_short,
        "problems": list(one.problems),
        "findings": [{"grade": int(each.grade), "message": each.message} for each in one.findings],
        "there": str(there.key) if there else "",
        "there_is_draft": there is not None and there.is_draft,
        "key": "",
        "why_not": "",
    }


def row_told(one: PlannedRow, place: int | None) -> dict[str, Any]:
    """A row of a plan, beside what was agreed; `place` is that of its invoice among them."""
    line = one.line
    price, per = one.price if line else (ZERO, ONE)
    return {
        "row": one.row.row,
        "invoice": place,
        "number": one.row.says("number"),
        "outcome": one.outcome,
        "order": line.order.number if line else one.row.says("order"),
        "order_key": str(line.order.key) if line else "",
        "line": str(line.number) if line else one.row.says("line"),
        "item": line.item_number if line else one.row.says("item"),
        "quantity": one.row.says("quantity"),
        "unit": line.unit if line else "",
        "open": f"{one.open:f}" if line else "",
        "is_more": line is not None and one.quantity > one.open,
        "price": f"{price:f}" if line else one.row.says("unit_price"),
        "price_per": f"{per:f}",
        "agreed": f"{one.agreed:f}" if line else "",
        "agreed_per": f"{one.agreed_per:f}",
        "is_dearer": line is not None and price * one.agreed_per > one.agreed * per,
        "problems": [
            {"column": each.column, "value": each.value, "message": each.message} for each in one.problems
        ],
    }


def wanted_by(plan: Plan) -> Mapping[int, PurchaseOrderLine]:
    """The order lines that a plan claims, by id."""
    return {one.line.pk: one.line for each in plan.invoices for one in each.rows if one.line is not None}
