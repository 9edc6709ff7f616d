"""The rows of the editor: lines, charges and the taxes that one chooses from, as its fields hold them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from django.utils.translation import gettext as _

from procurement.findings.presenters import Findings, Said, bad
from procurement.invoices.forms.fields import (
    ALLOWANCE,
    CHARGE,
    LINE,
    ONE,
    ZERO,
    read_of,
    rows_in,
    tax_value,
)
from procurement.invoices.models import InvoiceCharge, InvoiceLine
from procurement.invoices.presenters import ALLOWANCES, CHARGES, price_text, tax_text
from procurement.invoices.queries import Written, preset_tax
from procurement.invoices.states import TaxCategory
from procurement.orders.models import PurchaseOrderLine


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line as the editor shows it: what is typed, what stands against it, what it comes to, and what is said.

    `line` is the order line that it claims, None where it claims what was not ordered; `before` what others claim of
    it, `agreed` the price to fall back on where another one is typed.
    """

    row: int
    fields: Mapping[str, str]
    line: PurchaseOrderLine | None = None
    amount: Decimal | None = None
    unit: str = ""
    price_only: bool = False
    before: Decimal = ZERO
    agreed: str = ""
    said: Sequence[Said] = ()
    wrong: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """How a label calls it."""
        if self.line is None:
            return _("Line %(row)s") % {"row": self.row}
        return f"{self.line.order.number} · {self.line.number}"


def line_rows(
    draft: Written,
    texts: Mapping[str, str],
    mistakes: Mapping[str, str],
    found: Findings,
    prices: Mapping[int, tuple[Decimal, Decimal]],
    strays: Mapping[tuple[str, str], PurchaseOrderLine] = MappingProxyType({}),
) -> list[LineRow]:
    """The lines with their fields. `texts` are the fields as shown; the first of them are those of the draft, in its
    order, and more are lines that are only typed here (`strays` says which order lines those claim).
    """
    rows = []
    for place, row in enumerate(rows_in(texts, "of")):
        kept = draft.lines[place] if place < len(draft.lines) else None
        fields = {name: texts[f"{name}.{row}"] for name in LINE}
        order, key, _notice, _sheet, price_only = read_of(fields["of"])
        line = kept.line if kept else strays.get((str(order), key))
        if line and kept and kept.order:
            line.order = kept.order  # already read: no query for each line
        names = [f"{name}.{row}" for name in LINE]
        wrong = [bad(mistakes[name]) for name in names if name in mistakes]
        price, per = prices.get(line.pk, (line.price, line.price_per)) if line else (ZERO, ONE)
        differs = kept is not None and kept.unit_price * per != price * kept.price_quantity
        rows.append(
            LineRow(
                row,
                fields,
                line,
                kept.amount if kept else None,
                line.unit if line else fields["unit"],
                price_only,
                draft.claimed[line.pk].quantity if line and line.pk in draft.claimed else ZERO,
                price_text(price, per, draft.invoice.currency, line.unit) if line and differs else "",
                [*wrong, *found.lines.get(place + 1, ())],
                frozenset(name.partition(".")[0] for name in names if name in mistakes),
            )
        )
    return rows


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """A charge or an allowance as the editor shows it."""

    row: int
    fields: Mapping[str, str]
    codes: Sequence[tuple[str, str]]
    said: Sequence[Said] = ()
    wrong: frozenset[str] = frozenset()

    @property
    def is_allowance(self) -> bool:
        return self.fields["kind"] == ALLOWANCE


def charge_rows(texts: Mapping[str, str], mistakes: Mapping[str, str]) -> list[ChargeRow]:
    """The charges and allowances with their fields."""
    rows = []
    for row in rows_in(texts, "kind"):
        fields = {name: texts[f"{name}.{row}"] for name in CHARGE}
        known = ALLOWANCES if fields["kind"] == ALLOWANCE else CHARGES
        codes = [(code, str(word)) for code, word in known.items()]
        if fields["code"] and fields["code"] not in known:
            codes.append((fields["code"], fields["code"]))
        names = [f"{name}.{row}" for name in CHARGE]
        wrong = [bad(mistakes[name]) for name in names if name in mistakes]
        marks = frozenset(name.partition(".")[0] for name in names if name in mistakes)
        rows.append(ChargeRow(row, fields, codes, wrong, marks))
    return rows


def tax_options(draft: Written) -> list[tuple[str, str]]:
    """The taxes that one chooses from: those that the company takes, and what is said here already; where it has said
    none, every category, with the rate to be typed beside it.
    """
    taxed: list[InvoiceLine | InvoiceCharge] = [*draft.lines, *draft.charges]
    if not draft.offered:
        jurisdictions = {one.jurisdiction for one in taxed} | {""}
        return [
            (tax_value(value, ZERO, place, free=True), ", ".join(filter(None, (str(label), place))))
            for value, label in TaxCategory.choices
            for place in sorted(jurisdictions)
        ]
    found = {tax_value(one.category, one.rate, one.jurisdiction): one.label for one in draft.offered}
    for each in taxed:
        value = tax_value(each.category, each.tax_rate, each.jurisdiction)
        if value:
            found.setdefault(value, tax_text(each.category, each.tax_rate, each.jurisdiction))
    return list(found.items())


def usual_tax(draft: Written) -> str:
    """The tax that a new line begins with."""
    preset = preset_tax(draft.last_taxes, draft.offered)
    if preset is not None:
        return tax_value(preset.category, preset.rate, preset.jurisdiction, free=not draft.offered)
    if draft.lines:
        last = draft.lines[-1]
        return tax_value(last.category, last.tax_rate, last.jurisdiction, free=not draft.offered)
    return ""
