"""What becomes of the rows of an uploaded sheet: which ship notices, with which lines and packages, and what is wrong.

Note [Row by row]: a row that cannot be taken is told, with its column, value, rule and way out, and never sinks another
one; a row that stands on a package of such a row goes with it. What is wrong with a notice as a whole is found by
writing it, with the same verbs as on its page, and taking that back.
"""

import re
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Invalid, Problem, Refusal
from portal.kernel.scope import requires_scope
from portal.kernel.values import decimals_of
from procurement.catalogue.models import Site
from procurement.findings.policies import Finding
from procurement.labels.numbers import BadNumber, read_sscc
from procurement.orders.models import PurchaseOrderLine
from procurement.orders.queries import visible_lines
from procurement.sheets.outcomes import BAD, NEW, SKIPPED, THERE, RowProblem
from procurement.shipments.messages import (
    AddPackages,
    NoticeHeader,
    PackedContent,
    SheetRow,
    WholeContent,
    WholeLine,
    WholeNotice,
    WholePackage,
)
from procurement.shipments.models import ShipNotice, ShipNoticeLine
from procurement.shipments.policies import NESTS, ZERO, check_notice, number_key
from procurement.shipments.queries import (
    checked,
    places_of,
    refusal_of,
    shippable_lines,
    visible_notices,
    written,
)
from procurement.shipments.services.packing import package_problems
from procurement.shipments.services.whole import write_whole
from procurement.shipments.states import LIVE, NoticeState, PackageKind

MOST_NOTICES = 100
MOST_TRIES = 5
MOST_DEPTH = 50  # deeper than anybody packs, so that a ring is found
MOST_DECIMALS = 6

# What a notice's own rules call the columns.
COLUMN_OF = {
    "tracking_numbers": "tracking",
    "tracking_number": "tracking",
    "kind": "package_kind",
    "per_package": "quantity",
}
HEAD = ("number", "ship_on", "delivery_on", "carrier")


@dataclass(slots=True)
class PlannedRow:
    """One row, the order line it names, and what becomes of it."""

    row: SheetRow
    outcome: str = NEW
    line: PurchaseOrderLine | None = None
    problems: list[RowProblem] = field(default_factory=list)

    @property
    def quantity(self) -> Decimal:
        return Decimal(self.row.says("quantity") or 0)

    def refuse(self, column: str, message: str, value: str = "") -> None:
        """This row is not taken, and why."""
        said = value or self.row.says(column)
        self.outcome = BAD
        self.problems.append(RowProblem(self.row.row, column, said[:100], message))


@dataclass(slots=True)
class PlannedNotice:
    """The rows of one ship notice, and what becomes of them: `NEW`, `BAD` as a whole, or `THERE` already."""

    number: str
    rows: list[PlannedRow]
    company: str = ""
    supplier: str = ""
    place: Site | None = None
    outcome: str = NEW
    whole: WholeNotice | None = None
    there: ShipNotice | None = None
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
    """What becomes of a sheet: its notices, and the rows of none."""

    notices: Sequence[PlannedNotice]
    loose: Sequence[PlannedRow]


@requires_scope
def plan_notices(rows: Sequence[SheetRow], *, actor: Actor, at: datetime, write: bool = True) -> Plan:
    """What becomes of these rows. With `write` each notice is written and taken back, so that its own rules speak."""
    planned = [_first_look(row) for row in rows]
    _find_lines(planned, actor)
    loose = [one for one in planned if one.outcome in (SKIPPED, BAD)]
    going = [one for one in planned if one.outcome == NEW]
    notices = [_planned(group) for group in _groups(going)]
    # A row that was refused on the way still belongs to its notice: without it the notice is short.
    by_number = {number_key(one.number): one for one in reversed(notices)}
    for one in list(loose):
        home = by_number.get(number_key(one.row.says("number")))
        if one.outcome == BAD and home is not None:
            home.rows.append(one)
            loose.remove(one)
    _find_there(notices, actor)
    for notice in notices:
        notice.rows.sort(key=lambda one: one.row.row)
        if notice.outcome == NEW:
            compose(notice)
        if notice.outcome == NEW and write:
            _try(notice, actor=actor, at=at)
    return Plan(notices, loose)


# --- each row by itself -------------------------------------------------------------------------------------


def _first_look(row: SheetRow) -> PlannedRow:
    one = PlannedRow(row)
    for cell in row.bad:
        one.refuse(cell.column, cell.message, cell.value)
    if one.outcome == BAD:
        return one
    names_line = bool(row.says("order_key") or row.says("order"))
    if not row.says("quantity"):
        if row.says("package") and not names_line:
            return one
        if names_line and (row.says("package") or row.says("sscc")):
            one.refuse("quantity", _("Say how much of the line goes, or empty the row."))
            return one
        one.outcome = SKIPPED
        return one
    if not names_line:
        one.refuse("order", _("Say of which order and line it is."))
    elif one.quantity == ZERO:
        one.outcome = SKIPPED
    return one


def _row_rules(one: PlannedRow) -> None:
    """The rules of packing, for what one row says."""
    row = one.row
    if one.line is not None:
        if decimals_of(one.quantity) > MOST_DECIMALS:
            one.refuse("quantity", _("A quantity has at most %(most)d decimals.") % {"most": MOST_DECIMALS})
        if one.quantity < ZERO:
            one.refuse("quantity", _("What is shipped is more than zero."))
    if one.line is not None and not row.says("package"):
        for name in ("package_kind", "parent", "sscc", "gross_kg"):
            if row.says(name):
                one.refuse(
                    "package",
                    _("Give the package a number of your own, such as 1, so that this belongs to it."),
                )
                break
    contents = () if one.line is None else (_content(one, 1),)
    weight = row.says("gross_kg")
    wanted = AddPackages(
        1,
        row.says("package_kind") or PackageKind.CARTON,
        contents,
        gross_kg=Decimal(weight) if weight else None,
    )
    # It only looks which positions are there.
    for problem in package_problems(wanted, {1: ShipNoticeLine()}):
        one.refuse(COLUMN_OF.get(problem.field, problem.field), problem.message)
    if row.says("sscc"):
        try:
            read_sscc(row.says("sscc"))
        except BadNumber as problem:
            one.refuse("sscc", str(problem))
    if len(row.says("package")) > 60 or len(row.says("parent")) > 60:
        one.refuse("package", _("A package's number has at most 60 characters."))


def _content(one: PlannedRow, position: int) -> PackedContent:
    expires = one.row.says("expires_on")
    serials = one.row.says("serials")
    return PackedContent(
        position,
        one.quantity,
        one.row.says("lot"),
        tuple(serials.split("\n")) if serials else (),
        date.fromisoformat(expires) if expires else None,
    )


# --- which order line ---------------------------------------------------------------------------------------


def _find_lines(planned: Sequence[PlannedRow], actor: Actor) -> None:
    """Which order line each row names: by the hidden keys of our sheet, by order and line, or by order and item."""
    asking = [one for one in planned if one.outcome == NEW and one.row.says("quantity")]
    keys = _uuids(one.row.says("order_key") for one in asking)
    numbers = {one.row.says("order") for one in asking if not one.row.says("order_key")} - {""}
    lines = list(
        visible_lines(actor)
        .filter(Q(order__key__in=keys) | Q(order__number__in=numbers))
        .select_related("order__company", "order__supplier", "order__ship_to", "ship_to")
        .order_by("order_id", "number", "id")
    )
    open_ids = set(
        shippable_lines(actor).filter(pk__in=[line.pk for line in lines]).values_list("pk", flat=True)
    )
    by_key: dict[str, list[PurchaseOrderLine]] = defaultdict(list)
    by_number: dict[str, list[PurchaseOrderLine]] = defaultdict(list)
    for line in lines:
        by_key[str(line.order.key)].append(line)
        by_number[line.order.number].append(line)
    for one in asking:
        key = one.row.says("order_key").lower()
        theirs = by_key.get(key, []) if key else by_number.get(one.row.says("order"), [])
        one.line = _line_of(one, theirs)
        if one.line is not None and one.line.pk not in open_ids:
            one.refuse("line", refusal_of(one.line, one.line.order) or _all_gone(one.line))
    for one in planned:
        if one.outcome == NEW:
            _row_rules(one)


def _all_gone(line: PurchaseOrderLine) -> str:
    message = _("All of order %(order)s line %(line)s has left already. Look at its ship notices.")
    return message % {"order": line.order.number, "line": line.number}


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
    number = theirs[0].order.number
    if row.says("order_key") and row.says("order") not in ("", number):
        message = _("The hidden columns of this row belong to order %(order)s. Copy whole rows only.")
        one.refuse("order", message % {"order": number})
        return None
    name, item = row.says("line"), row.says("item")
    if row.says("line_key") and row.says("order_key"):
        found = [line for line in theirs if line.key == row.says("line_key")]
        if found and name and name not in (str(found[0].number), found[0].key):
            message = _("The hidden columns of this row belong to line %(line)s. Copy whole rows only.")
            one.refuse("line", message % {"line": found[0].number})
            return None
    elif name:
        bare = name.lstrip("0") or "0"
        found = [line for line in theirs if str(line.number) == bare] or [
            line for line in theirs if line.key == name
        ]
    else:
        found = [line for line in theirs if _is_item(line, item)] if item else []
        if len(found) > 1:
            message = _("Order %(order)s has %(count)d lines with this item. Say which line it is.")
            one.refuse("line", message % {"order": number, "count": len(found)}, item)
            return None
    if not found:
        values = {"order": number, "lines": ", ".join(str(line.number) for line in theirs[:20])}
        one.refuse(
            "line", _("Order %(order)s has no such line. Its lines are %(lines)s.") % values, name or item
        )
        return None
    if item and not _is_item(found[0], item):
        message = _("Line %(line)s of order %(order)s is for %(item)s. Is it another line?")
        told = {"line": str(found[0].number), "order": number, "item": found[0].item_number}
        one.refuse("item", message % told)
        return None
    return found[0]


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
            continue  # its row is told that there is no such order
    return found


# --- which notice -------------------------------------------------------------------------------------------


def _groups(going: Sequence[PlannedRow]) -> Iterator[list[PlannedRow]]:
    """The rows of each notice. One without a number goes to one place; one with a number must."""
    places = places_of([one.line for one in going if one.line is not None])
    by_number: dict[str, list[PlannedRow]] = defaultdict(list)
    for one in going:
        by_number[number_key(one.row.says("number"))].append(one)
    for number, rows in by_number.items():
        parts: dict[tuple[int, int, int], list[PlannedRow]] = {}
        for one in rows:
            if one.line is not None:
                place = places[one.line.pk]
                way = (
                    one.line.supplier_id,
                    one.line.order.company_id,
                    0 if number or not place else place.pk,
                )
                parts.setdefault(way, []).append(one)
        bare = [one for one in rows if one.line is None]
        if not parts:
            for one in bare:
                one.refuse("package", _("Nothing lies in or stands on this package in its ship notice."))
            yield bare
            continue
        for one in bare:
            home = next((part for part in parts.values() if _is_named(one, part)), next(iter(parts.values())))
            home.append(one)
        for part in parts.values():
            _same_place(part, places)
            yield part


def _is_named(one: PlannedRow, rows: Iterable[PlannedRow]) -> bool:
    ref = one.row.says("package")
    return any(ref in (other.row.says("parent"), other.row.says("package")) for other in rows)


def _same_place(rows: Sequence[PlannedRow], places: Mapping[int, Site | None]) -> None:
    first = next(one for one in rows if one.line is not None)
    assert first.line is not None
    here = places[first.line.pk]
    for one in rows:
        if one.line is not None and (there := places[one.line.pk]) != here:
            message = _(
                "This line goes to %(there)s, and row %(row)d of the same ship notice to %(here)s. Give it a ship "
                "notice number of its own."
            )
            values = {
                "there": there.name if there else "?",
                "here": here.name if here else "?",
                "row": first.row.row,
            }
            one.refuse("number", message % values)


def _planned(rows: list[PlannedRow]) -> PlannedNotice:
    number = next((one.row.says("number") for one in rows if one.row.says("number")), "")
    line = next((one.line for one in rows if one.line is not None and one.outcome == NEW), None)
    if line is None:
        return PlannedNotice(number, rows, outcome=BAD)
    company, supplier = line.order.company, line.order.supplier
    return PlannedNotice(number, rows, company.code, supplier.number, places_of([line])[line.pk])


def _find_there(notices: Sequence[PlannedNotice], actor: Actor) -> None:
    """Which of the notices were made or sent already. One query."""
    keys = {number_key(one.number) for one in notices} - {""}
    states = [NoticeState.DRAFT, *LIVE]
    found = visible_notices(actor).filter(number_key__in=keys, state__in=states).order_by("-issue", "id")
    there = {(one.supplier.number, one.company.code, one.number_key): one for one in reversed(list(found))}
    for one in notices:
        one.there = there.get((one.supplier, one.company, number_key(one.number)))
        if one.there is not None and one.outcome == NEW:
            one.outcome = THERE
            for each in one.rows:
                each.outcome = BAD if each.outcome == BAD else THERE
    for one in notices[MOST_NOTICES:]:
        one.outcome = BAD
        message = _("One file holds at most %(most)d ship notices. Put these rows into another one.")
        one.problems.append(message % {"most": MOST_NOTICES})


# --- a notice as a whole ------------------------------------------------------------------------------------


def compose(notice: PlannedNotice) -> None:
    """Head, lines and packages out of its rows; rows that do not fit the others are refused."""
    _one_word(notice, HEAD)
    packages = _packages(notice)
    taken = notice.taken
    said = {name: next((one.row.says(name) for one in taken if one.row.says(name)), "") for name in HEAD}
    tracked = [number for one in taken for number in one.row.says("tracking").split("\n") if number]
    amounts: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for one in taken:
        if one.line is not None:
            amounts[one.line.order.number, one.line.key] += one.quantity
    if not amounts:
        notice.outcome = BAD
        return
    notice.whole = WholeNotice(
        notice.company,
        NoticeHeader(
            number=said["number"],
            ship_on=_day(said["ship_on"]),
            delivery_on=_day(said["delivery_on"]),
            carrier=said["carrier"],
            tracking_numbers=tuple(dict.fromkeys(tracked)),
        ),
        tuple(WholeLine(order, key, quantity) for (order, key), quantity in amounts.items()),
        tuple(packages),
    )


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _one_word(notice: PlannedNotice, names: Iterable[str]) -> None:
    """Rows of one notice say one thing about it, or nothing."""
    for name in names:
        first: PlannedRow | None = None
        for one in notice.taken:
            if not one.row.says(name):
                continue
            if first is None:
                first = one
            elif not _same(name, one.row.says(name), first.row.says(name)):
                message = _(
                    "Row %(row)d of the same ship notice says “%(other)s” here. Say one of them in both."
                )
                one.refuse(name, message % {"row": first.row.row, "other": first.row.says(name)[:60]})


def _same(name: str, one: str, other: str) -> bool:
    return number_key(one) == number_key(other) if name == "number" else one == other


def _packages(notice: PlannedNotice) -> list[WholePackage]:
    """The packages of a notice, outer ones before inner ones. Rows of packages that cannot be are refused."""
    while True:
        rows: dict[str, list[PlannedRow]] = defaultdict(list)
        for one in notice.taken:
            if one.row.says("package"):
                rows[one.row.says("package")].append(one)
        refused = [*_unlike(rows), *_sscc_twice(rows), *_homeless(rows)]
        if not refused:
            break
    order = sorted(rows, key=lambda ref: _depth(ref, rows))
    hosts = _hosts(rows)
    return [_package(ref, rows, hosts) for ref in order]


def _unlike(rows: Mapping[str, Sequence[PlannedRow]]) -> Iterator[PlannedRow]:
    """Rows that say something else of their package than an earlier one."""
    for ref, theirs in rows.items():
        for name in ("package_kind", "parent", "sscc", "gross_kg"):
            said = [one for one in theirs if one.row.says(name)]
            for one in said[1:]:
                if one.row.says(name) != said[0].row.says(name) and one.outcome == NEW:
                    message = _(
                        "Row %(row)d says “%(other)s” of package %(ref)s. A package is said the same in all its rows."
                    )
                    values = {"row": said[0].row.row, "other": said[0].row.says(name)[:60], "ref": ref}
                    one.refuse(name, message % values)
                    yield one


def _sscc_twice(rows: Mapping[str, Sequence[PlannedRow]]) -> Iterator[PlannedRow]:
    """Rows of packages whose SSCC another package has."""
    seen: dict[str, str] = {}
    for ref, theirs in rows.items():
        number = re.sub(r"\D", "", _first(theirs, "sscc"))
        if number and seen.setdefault(number, ref) != ref:
            message = _("Package %(other)s has this SSCC already. Each package has its own.")
            for one in theirs:
                one.refuse("sscc", message % {"other": seen[number]}, number)
                yield one


def _homeless(rows: Mapping[str, Sequence[PlannedRow]]) -> Iterator[PlannedRow]:
    """Rows of packages that stand on one that no row tells, on one that does not carry them, or on themselves."""
    hosts = _hosts(rows)
    for ref, theirs in rows.items():
        parent = _first(theirs, "parent")
        if not parent:
            continue
        if parent not in rows:
            message = _(
                "Package %(ref)s stands on %(parent)s, of which no row of this ship notice can be taken."
            )
        elif _depth(ref, rows) >= MOST_DEPTH:
            message = _("Package %(ref)s stands on %(parent)s, and that in the end on %(ref)s.")
        elif _kind(parent, rows, hosts) not in NESTS[_kind(ref, rows, hosts)]:
            message = _("Package %(ref)s does not go onto or into %(parent)s: look at their kinds.")
        else:
            continue
        for one in theirs:
            one.refuse("parent", message % {"ref": ref, "parent": parent}, parent)
            yield one


def _hosts(rows: Mapping[str, Sequence[PlannedRow]]) -> frozenset[str]:
    """The packages that others stand on."""
    return frozenset(_first(theirs, "parent") for theirs in rows.values())


def _kind(ref: str, rows: Mapping[str, Sequence[PlannedRow]], hosts: frozenset[str]) -> str:
    """What a package is: what is said; else a pallet where others stand on it and nothing lies in it, or a carton."""
    holds = any(one.line is not None for one in rows[ref])
    return _first(rows[ref], "package_kind") or (
        PackageKind.PALLET if ref in hosts and not holds else PackageKind.CARTON
    )


def _depth(ref: str, rows: Mapping[str, Sequence[PlannedRow]]) -> int:
    """How many packages it stands on; `MOST_DEPTH` where it stands on itself."""
    depth = 0
    while ref in rows and (ref := _first(rows[ref], "parent")) and depth < MOST_DEPTH:
        depth += 1
    return depth


def _first(rows: Iterable[PlannedRow], name: str) -> str:
    return next((one.row.says(name) for one in rows if one.row.says(name)), "")


def _package(ref: str, rows: Mapping[str, Sequence[PlannedRow]], hosts: frozenset[str]) -> WholePackage:
    contents = []
    for one in rows[ref]:
        if one.line is not None:
            packed = _content(one, 0)
            contents.append(
                WholeContent(
                    one.line.order.number,
                    one.line.key,
                    packed.quantity,
                    packed.lot,
                    packed.serials,
                    packed.expires_on,
                )
            )
    weight = _first(rows[ref], "gross_kg")
    return WholePackage(
        ref,
        _kind(ref, rows, hosts),
        _first(rows[ref], "parent"),
        _first(rows[ref], "sscc"),
        tuple(contents),
        Decimal(weight) if weight else None,
    )


# --- trying it out ------------------------------------------------------------------------------------------


class _TakenBack(Exception):
    """The notice was only tried."""


def _try(notice: PlannedNotice, *, actor: Actor, at: datetime) -> None:
    """Write a notice, hear what is to be said of it, and take it back; where a row was refused, without that row."""
    for _time in range(MOST_TRIES):
        assert notice.whole is not None
        try:
            with transaction.atomic():
                draft = write_whole(notice.whole, actor=actor, at=at)
                notice.findings = tuple(check_notice(checked(written(draft), at=at)))
                raise _TakenBack
        except _TakenBack:
            return
        except Refusal as refusal:
            before = len(notice.taken)
            tell_refusal(notice, refusal)
            if len(notice.taken) == before:
                break
            compose(notice)
            if notice.outcome != NEW:
                return
    notice.outcome = BAD


def tell_refusal(notice: PlannedNotice, refusal: Refusal) -> None:
    """Why a notice cannot be made as it is: at the rows that its problems speak of, or of it as a whole."""
    problems = refusal.problems if isinstance(refusal, Invalid) else ()
    for problem in problems or [Problem("", refusal.message)]:
        rows = _rows_of(problem, notice)
        column = COLUMN_OF.get(problem.field, problem.field)
        for one in rows:
            one.refuse("package" if column == "packages" else column, problem.message, problem.value)
        if not rows:
            notice.problems.append(problem.message)


def _rows_of(problem: Problem, notice: PlannedNotice) -> list[PlannedRow]:
    """The rows that a problem of a notice speaks of: of its line, of its package, or the first that says it."""
    column = COLUMN_OF.get(problem.field, problem.field)
    taken = notice.taken
    if column in (*HEAD, "tracking"):
        return [one for one in taken if one.row.says(column)][:1]
    if problem.field == "packages" and problem.value:
        name = "sscc" if problem.code == "sscc" else "package"
        return [one for one in taken if one.row.says(name) == problem.value]
    return [one for one in taken if one.line and problem.value == f"{one.line.order.number}/{one.line.key}"]
