"""The fields of an invoice: what is typed in, and what it means.

The editor sends all its fields each time, and beside them what they said when they were last brought here (`was`): see
Note [What I touched] of the ship notice's forms. Rows are numbered as they stand on the page: `quantity.3` is that of
its third line. What a line is of (`of.3`) travels with it, so that a row is known again where lines moved meanwhile.
"""

import json
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from portal.kernel.errors import Problem
from procurement.acknowledgments.forms import kept_text, one_line_end, plain_amount, plain_day, shown_text
from procurement.invoices.messages import ChargeEntry, InvoiceHeader, LineEntry, SaveDraft, TaxWord
from procurement.invoices.models import Invoice, InvoiceCharge, InvoiceLine, InvoiceTax
from procurement.invoices.policies.terms import due_day
from procurement.invoices.queries import Written
from procurement.invoices.states import REASONED, UNTAXED
from procurement.orders.policies import plain

DAYS = ("invoiced_on", "supplied_on", "due_on")
COUNTS = ("payment_days", "discount_days")
AMOUNTS = ("discount_percent", "typed_total")
WORDS = (
    "number",
    "corrects_number",
    "reason",
    "buyer_reference",
    "supplier_tax_id",
    "company_tax_id",
    "withholding_note",
    "note",
)
HEADER = (*WORDS, *DAYS, *COUNTS, *AMOUNTS)
LINE = (
    "of",
    "quantity",
    "unit_price",
    "price_quantity",
    "tax",
    "rate",
    "description",
    "supplier_item",
    "unit",
)
LINE_AMOUNTS = ("quantity", "unit_price", "price_quantity")
CHARGE = ("kind", "code", "why", "charge", "percent", "ctax", "crate", "for")
CHARGE_AMOUNTS = ("charge", "percent")
ALLOWANCE = "allowance"
LONGEST = 4000
MOST_WAS = 2_000_000
MOST_ROWS = 2_000
ZERO, ONE = Decimal(0), Decimal(1)

ROW = re.compile(r"(of|kind|exempt)\.([0-9]{1,5})")

Typed = Mapping[str, str]


# --- what is kept, as text ----------------------------------------------------------------------------------


def texts_of(draft: Written) -> dict[str, str]:
    """All that the fields of the editor hold, by their names."""
    found = _header_texts(draft.invoice)
    free = not draft.offered
    rows = {line.pk: row for row, line in enumerate(draft.lines, start=1)}
    for line in draft.lines:
        found |= _line_texts(rows[line.pk], line, free=free)
    for row, one in enumerate(draft.charges, start=1):
        found |= _charge_texts(row, one, rows.get(one.of_line_id) if one.of_line_id else None, free=free)
    for row, tax in enumerate(reasoned(draft.taxes), start=1):
        found |= {
            f"exempt.{row}": tax_value(tax.category, tax.tax_rate, tax.jurisdiction),
            f"exemption.{row}": tax.exemption_reason,
        }
    return found


def reasoned(taxes: Iterable[InvoiceTax]) -> list[InvoiceTax]:
    """The taxes for which an invoice says why there is none."""
    return [tax for tax in taxes if tax.category in REASONED]


def _header_texts(invoice: Invoice) -> dict[str, str]:
    """The head as its fields hold it. A due day that follows from the term stays empty, so that it keeps following."""
    worked_out = invoice.invoiced_on and invoice.due_on == due_day(invoice.invoiced_on, invoice.payment_days)
    return {
        **{name: str(getattr(invoice, name)) for name in WORDS},
        **{name: _iso(getattr(invoice, name)) for name in DAYS},
        **{name: _count(getattr(invoice, name)) for name in COUNTS},
        **{name: _figure(getattr(invoice, name)) for name in AMOUNTS},
        **({"due_on": ""} if worked_out else {}),
    }


def _line_texts(row: int, line: InvoiceLine, *, free: bool) -> dict[str, str]:
    return {
        f"of.{row}": what_of(line),
        f"quantity.{row}": plain(line.quantity),
        f"unit_price.{row}": plain(line.unit_price),
        f"price_quantity.{row}": plain(line.price_quantity),
        f"tax.{row}": tax_value(line.category, line.tax_rate, line.jurisdiction, free=free),
        f"rate.{row}": rate_text(line.category, line.tax_rate, free=free),
        f"description.{row}": line.description,
        f"supplier_item.{row}": line.supplier_item,
        f"unit.{row}": line.unit,
    }


def _charge_texts(row: int, one: InvoiceCharge, line: int | None, *, free: bool) -> dict[str, str]:
    return {
        f"kind.{row}": ALLOWANCE if one.is_allowance else "charge",
        f"code.{row}": one.code,
        f"why.{row}": one.reason,
        f"charge.{row}": "" if one.percent is not None else plain(one.amount),
        f"percent.{row}": _figure(one.percent),
        f"ctax.{row}": tax_value(one.category, one.tax_rate, one.jurisdiction, free=free),
        f"crate.{row}": rate_text(one.category, one.tax_rate, free=free),
        f"for.{row}": str(line or ""),
    }


def blank_line(row: int, tax: str) -> dict[str, str]:
    """The fields of a line that claims what was not ordered, before anything is typed."""
    return dict.fromkeys((f"{name}.{row}" for name in LINE), "") | {
        f"of.{row}": "new",
        f"quantity.{row}": "1",
        f"price_quantity.{row}": "1",
        f"tax.{row}": tax,
    }


def blank_charge(row: int, kind: str, tax: str) -> dict[str, str]:
    """The fields of a charge or an allowance before anything is typed."""
    return dict.fromkeys((f"{name}.{row}" for name in CHARGE), "") | {f"kind.{row}": kind, f"ctax.{row}": tax}


def what_of(line: InvoiceLine) -> str:
    """What a line is of, as its row carries it: order, line, and what it was begun from."""
    order = line.order.key if line.order_id and line.order else ""
    key = line.line.key if line.line_id and line.line else ""
    return _packed(order, key, line.notice_line_id or "", line.sheet_line_id or "", int(line.price_only))


def _packed(*parts: Any) -> str:
    return json.dumps([str(part) for part in parts], separators=(",", ":"))


def read_of(text: str) -> tuple[uuid.UUID | None, str, int | None, int | None, bool]:
    """Order, line, notice's line and count's line that a row is of; nothing of it where it is of none of ours."""
    try:
        order, key, notice, sheet, only = json.loads(text[:400])
        named = uuid.UUID(order) if order else None
        return named, str(key) if named else "", _whole(notice), _whole(sheet), only == "1"
    except (ValueError, TypeError, AttributeError):
        return None, "", None, None, False


def tax_value(category: str, rate: Decimal, jurisdiction: str = "", *, free: bool = False) -> str:
    """A tax as the value of a choice; "" where none is said. `free`: its rate is typed in a field beside it, since the
    company has said no taxes to choose from.
    """
    return f"{category}|{'*' if free else plain(rate)}|{jurisdiction}" if category else ""


def rate_text(category: str, rate: Decimal, *, free: bool) -> str:
    """The rate in the field beside, where there is one."""
    return plain(rate) if free and category and category not in UNTAXED else ""


def read_tax(text: str, rate: str = "") -> tuple[str, Decimal, str]:
    """Category, rate in percent and jurisdiction out of such a value, and of the field beside it."""
    category, _bar, rest = text.partition("|")
    said, _bar, jurisdiction = rest.partition("|")
    amount = plain_amount(rate if said == "*" else said) or ZERO
    return category[:2], ZERO if category in UNTAXED else amount, jurisdiction[:60]


def shown(name: str, text: str, currency: str = "") -> str:
    """A kept text as the reader of this page writes it."""
    kind = _kind(name)
    return shown_text(kind, text, currency) if kind else text


def _whole(value: Any) -> int | None:
    text = str(value)
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _count(number: int | None) -> str:
    return "" if number is None else str(number)


def _figure(amount: Decimal | None) -> str:
    return "" if amount is None else plain(amount)


def _kind(name: str) -> str:
    """As what a field is read: a figure, a price, a day, or words."""
    stem = name.partition(".")[0]
    if stem in ("unit_price", "charge", "typed_total"):
        return "price"
    if stem in ("quantity", "price_quantity", "percent", "discount_percent", "rate", "crate"):
        return "quantity"
    return "delivery_on" if stem in DAYS else ""


# --- the editor ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReadDraft:
    """What the editor's form says: the command, every field as typed, what of it cannot be read, and what it said
    before anybody typed. A field that cannot be read stays as it was kept.
    """

    command: SaveDraft
    typed: Typed
    problems: tuple[Problem, ...] = ()
    was: Typed = field(default_factory=dict)


def rows_in(typed: Iterable[str], mark: str) -> list[int]:
    """The rows of a kind that are there: lines (`of`), charges (`kind`), reasons why no tax is due (`exempt`)."""
    found = {int(match[2]) for name in typed if (match := ROW.fullmatch(name)) and match[1] == mark}
    return sorted(found)[:MOST_ROWS]


def read_draft_form(
    data: MultiValueDict[str, str], draft: Written, version: int, language: str, *, without: str = ""
) -> ReadDraft:
    """A draft out of its form. What the head's form does not bring stays as it is; rows are what the form says,
    except the row that is taken out (`without`: "line.3", "charge.1").
    """
    kept = texts_of(draft)
    was = _was(data.get("was", ""))
    typed: dict[str, str] = {
        name: _typed(name, str(data[name]), language) if name in data else kept[name] for name in HEADER
    }
    lines = [row for row in rows_in(data, "of") if without != f"line.{row}"]
    charges = [row for row in rows_in(data, "kind") if without != f"charge.{row}"]
    gone = without.partition(".")[2] if without.startswith("line.") else ""
    charges = [row for row in charges if not gone or str(data.get(f"for.{row}", "")) != gone]
    words = rows_in(data, "exempt")
    for names, rows in ((LINE, lines), (CHARGE, charges), (("exempt", "exemption"), words)):
        for row in rows:
            typed |= {
                f"{name}.{row}": _typed(f"{name}.{row}", str(data.get(f"{name}.{row}", "")), language)
                for name in names
            }
    problems: list[Problem] = []
    header = _header(typed, kept, problems)
    extras = {row: _charge(row, typed, was, problems) for row in charges if not _is_blank(row, typed)}
    entries = []
    for row in lines:
        of_line = tuple(extras[one] for one in extras if typed[f"for.{one}"] == str(row))
        entries.append(_line(row, typed, was, of_line, problems))
    whole = tuple(one for row, one in extras.items() if typed[f"for.{row}"] not in map(str, lines))
    said = tuple(_tax_word(typed[f"exempt.{row}"], typed[f"exemption.{row}"]) for row in words)
    has_rows = "rows" in data
    command = SaveDraft(
        draft.invoice.key,
        version,
        header,
        tuple(entries) if has_rows else None,
        whole if has_rows else None,
        said if words else None,
    )
    return ReadDraft(command, typed if has_rows else kept | typed, tuple(problems), was)


def _typed(name: str, text: str, language: str) -> str:
    kind = _kind(name)
    if kind:
        return kept_text(kind, text, language)
    return one_line_end(text)[:LONGEST].strip()


def _was(text: str) -> dict[str, str]:
    try:
        found = json.loads(text) if text and len(text) <= MOST_WAS else {}
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _header(typed: Typed, kept: Typed, problems: list[Problem]) -> InvoiceHeader:
    said: dict[str, Any] = {name: typed[name] for name in WORDS}
    said |= {name: _day(name, typed[name], kept[name], problems) for name in DAYS}
    said |= {name: _days_count(name, typed[name], kept[name], problems) for name in COUNTS}
    said |= {name: _amount(name, typed[name], kept[name], problems) for name in AMOUNTS}
    return InvoiceHeader(**said)


def _line(
    row: int, typed: Typed, was: Typed, charges: tuple[ChargeEntry, ...], problems: list[Problem]
) -> LineEntry:
    order, key, notice, sheet, price_only = read_of(typed[f"of.{row}"])
    amounts = {
        name: _amount(f"{name}.{row}", typed[f"{name}.{row}"], was.get(f"{name}.{row}", ""), problems)
        for name in LINE_AMOUNTS
    }
    _amount(f"rate.{row}", typed[f"rate.{row}"], "", problems)
    category, rate, jurisdiction = read_tax(typed[f"tax.{row}"], typed[f"rate.{row}"])
    per = amounts["price_quantity"]
    if per is not None and per <= ZERO:
        message = _("A price is for one or more: write 1, or 100 for a price per hundred.")
        problems.append(Problem(f"price_quantity.{row}", message, plain(per), "invalid"))
        per = None
    return LineEntry(
        quantity=amounts["quantity"] or ZERO,
        unit_price=amounts["unit_price"] or ZERO,
        order=order,
        line_key=key,
        notice_line=notice,
        sheet_line=sheet,
        description=typed[f"description.{row}"][:300],
        supplier_item=typed[f"supplier_item.{row}"][:60],
        unit=typed[f"unit.{row}"][:20],
        price_quantity=per or ONE,
        price_only=price_only,
        category=category,
        tax_rate=rate,
        jurisdiction=jurisdiction,
        charges=charges,
    )


def _is_blank(row: int, typed: Typed) -> bool:
    return not any(typed[f"{name}.{row}"] for name in ("code", "why", "charge", "percent"))


def _charge(row: int, typed: Typed, was: Typed, problems: list[Problem]) -> ChargeEntry:
    amount, percent = (
        _amount(f"{name}.{row}", typed[f"{name}.{row}"], was.get(f"{name}.{row}", ""), problems)
        for name in CHARGE_AMOUNTS
    )
    if typed[f"charge.{row}"] and typed[f"percent.{row}"]:
        message = _("Write an amount or a percentage, not both.")
        problems.append(Problem(f"percent.{row}", message, typed[f"percent.{row}"], "invalid"))
        percent = None
    _amount(f"crate.{row}", typed[f"crate.{row}"], "", problems)
    category, rate, jurisdiction = read_tax(typed[f"ctax.{row}"], typed[f"crate.{row}"])
    return ChargeEntry(
        is_allowance=typed[f"kind.{row}"] == ALLOWANCE,
        code=typed[f"code.{row}"][:10],
        reason=typed[f"why.{row}"][:200],
        amount=(amount or ZERO) if percent is None else None,
        percent=percent,
        category=category,
        tax_rate=rate,
        jurisdiction=jurisdiction,
    )


def _tax_word(value: str, reason: str) -> TaxWord:
    category, rate, jurisdiction = read_tax(value)
    return TaxWord(category, reason[:300], rate, jurisdiction)


def _amount(name: str, text: str, kept: str, problems: list[Problem]) -> Decimal | None:
    if not text:
        return None
    amount = plain_amount(text)
    if amount is None or amount < ZERO:
        message = _("“%(text)s” is no amount. Write it like 1,200 or 12.50, without a sign.")
        problems.append(Problem(name, message % {"text": text[:40]}, text[:40], "invalid"))
        before = plain_amount(kept)
        return before if before is not None and before >= ZERO else None
    return amount


def _days_count(name: str, text: str, kept: str, problems: list[Problem]) -> int | None:
    if text and not re.fullmatch(r"[0-9]{1,3}", text):
        message = _("“%(text)s” is no number of days. Write digits only.") % {"text": text[:40]}
        problems.append(Problem(name, message, text[:40], "invalid"))
        text = kept
    return int(text) if text else None


def _day(name: str, text: str, kept: str, problems: list[Problem]) -> date | None:
    if not text:
        return None
    day = plain_day(text)
    if day is None:
        message = _("“%(text)s” is no day. Write it like 2026-04-01.") % {"text": text[:40]}
        problems.append(Problem(name, message, text[:40], "invalid"))
        return plain_day(kept)
    return day


# --- two at once --------------------------------------------------------------------------------------------


def merged(sent: ReadDraft, now: Typed) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """What the fields hold after a colleague's change, and which of mine the colleague has changed too.

    Lines that moved are known again by what they are of. A line or a charge that I touched or put in, and that is not
    there any more, stands behind the others: nothing that was typed is lost.
    """
    mine = dict(now)
    both: list[tuple[str, str]] = []
    for name in HEADER:
        _merge(name, name, sent, mine, now, both)
    moved = _paired(sent.typed, now, "of", ("of",))
    for row in rows_in(sent.typed, "of"):
        _merge_row(LINE, row, moved, sent, mine, now, both)
    charges = _paired(sent.typed, now, "kind", ("kind", "code", "why"))
    for row in rows_in(sent.typed, "kind"):
        _merge_row(CHARGE, row, charges, sent, mine, now, both)
    return mine, both


def _paired(typed: Typed, now: Typed, mark: str, same: tuple[str, ...]) -> dict[int, int]:
    """Where each of my rows stands now, by what it is."""
    left: dict[tuple[str, ...], list[int]] = {}
    for row in rows_in(now, mark):
        left.setdefault(tuple(now[f"{name}.{row}"] for name in same), []).append(row)
    found = {}
    for row in rows_in(typed, mark):
        places = left.get(tuple(typed[f"{name}.{row}"] for name in same))
        if places:
            found[row] = places.pop(0)
    return found


def _merge_row(
    names: tuple[str, ...],
    row: int,
    places: dict[int, int],
    sent: ReadDraft,
    mine: dict[str, str],
    now: Typed,
    both: list[tuple[str, str]],
) -> None:
    mark = names[0]
    if row in places:
        for name in names:
            _merge(f"{name}.{row}", f"{name}.{places[row]}", sent, mine, now, both)
        return
    touched = any(sent.was.get(f"{name}.{row}") != sent.typed[f"{name}.{row}"] for name in names)
    if touched:
        place = max([*rows_in(mine, mark), 0]) + 1
        mine |= {f"{name}.{place}": sent.typed[f"{name}.{row}"] for name in names}
        both.append((f"{mark}.{place}", ""))


def _merge(
    name: str,
    place: str,
    sent: ReadDraft,
    mine: dict[str, str],
    now: Typed,
    both: list[tuple[str, str]],
) -> None:
    text, was = sent.typed[name], sent.was.get(name)
    if was is None or text == was or text == now[place]:
        return
    mine[place] = text
    if now[place] != was:
        both.append((place, now[place]))
