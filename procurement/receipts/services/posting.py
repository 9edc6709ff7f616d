"""A count becomes a fact: posted, so that the ERP is asked to book it; or taken back, with a reason.

Nothing is added up here: what the ERP books comes back by its feed, with the notice's number, and is counted for the
notice then (`services.counting`). So no piece counts twice, however often it is told.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Min
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import Fact, record_all
from portal.kernel.errors import Duplicate, IllegalTransition, Invalid, Problem
from portal.kernel.outbox.services import enqueue
from portal.kernel.scope import requires_scope
from procurement.orders.models import PurchaseOrderLine
from procurement.orders.policies import plain
from procurement.orders.queries import lock_orders
from procurement.receipts.messages import (
    CountRow,
    PostSheet,
    ReceiptCommand,
    ReceiptCommandLine,
    SheetNamed,
    WholeCount,
    WholeCountLine,
    receipt_to_json,
)
from procurement.receipts.models import CountedRow, ReceivingSheet, SheetLine
from procurement.receipts.policies import ZERO, day_problem
from procurement.receipts.queries import (
    Counted,
    counted_sheet,
    difference_count,
    find_sheet,
    hold_sheet,
    live_notice_of,
    order_lines_named,
    site_day,
)
from procurement.receipts.services.sheets import (
    LONGEST_REASON,
    add_lines,
    hold_counting,
    open_sheet,
    open_unannounced,
    parties_of,
    require_as_seen,
    require_awaited,
    require_may_count,
)
from procurement.receipts.services.writing import row_problems
from procurement.receipts.states import SHEET_LIFECYCLE, Rest, SheetState
from procurement.shipments.models import ShipNotice
from procurement.shipments.policies import number_key
from procurement.shipments.queries import hold_notice, order_ids_of
from procurement.shipments.services import note_counted
from procurement.shipments.states import LIVE

MOST_TOLD = 50
LONGEST_WHY = 300
ERP = "erp"


# --- posted -------------------------------------------------------------------------------------------------


@requires_scope
def post_sheet(command: PostSheet, *, actor: Actor, at: datetime) -> ReceivingSheet:
    """Make a count a fact, and ask the ERP to book what is good of it.

    Of each line of which less is here than was announced somebody must say whether the rest comes later or is missing:
    it is never assumed. Raises `Invalid` with every problem found, `StaleDocument` where somebody has counted since the
    page was opened, `IllegalTransition`, `NotAllowed`.
    """
    require_may_count(actor)
    _hold_what_it_is_of(find_sheet(command.sheet, actor=actor))
    sheet = hold_counting(command.sheet, actor=actor)
    require_as_seen(sheet, command.version)
    return _post(sheet, command, actor=actor, at=at)


def _hold_what_it_is_of(sheet: ReceivingSheet) -> None:
    """The orders of a sheet and its notice: Note [Sheet last] in `services.sheets`."""
    orders = set(sheet.lines.values_list("order_id", flat=True))
    if sheet.notice_id is not None:
        orders |= set(order_ids_of([sheet.notice_id]))
    lock_orders(orders)
    if sheet.consignment is not None:
        live = ShipNotice.objects.filter(consignment=sheet.consignment, state__in=LIVE)
        list(live.select_for_update(of=("self",)).values_list("pk"))


def _post(sheet: ReceivingSheet, command: PostSheet, *, actor: Actor, at: datetime) -> ReceivingSheet:
    today = site_day(sheet, at)
    received_on = command.received_on or today
    found = counted_sheet(sheet)
    problems = [*_problems_of(found, command.rests)]
    if problem := day_problem(received_on, today=today):
        problems.append(problem)
    if len(command.note) > LONGEST_REASON:
        message = _("This has %(length)d characters; there is room for %(most)d.")
        text = message % {"length": len(command.note), "most": LONGEST_REASON}
        problems.append(Problem("note", text, command.note[:80], "too_long"))
    if problems:
        raise Invalid(problems[0].message, problems)
    _note_figures(found, command.rests)
    sheet.received_on = received_on
    fields: dict[str, Any] = {
        "posted_at": at,
        "posted_by": actor.label,
        "received_on": received_on,
        "note": command.note.strip(),
        "updated_at": at,
        "counted_by": actor.label,
    }
    facts = _facts_of(counted_sheet(sheet), command.rests)
    SHEET_LIFECYCLE.move(sheet, "post", actor=actor, at=at, facts=facts, fields=fields)
    _note_on_notice(sheet)
    told = counted_sheet(sheet)
    _ask_the_erp(told, actor=actor, at=at)
    _tell_orders(told, "order.goods_counted", actor=actor, at=at)
    return sheet


def _note_on_notice(sheet: ReceivingSheet) -> None:
    """Let the notice, which is held, say whether a count of it stands: then nobody takes it back or corrects it."""
    if sheet.consignment is not None:
        standing = ReceivingSheet.objects.filter(consignment=sheet.consignment, state=SheetState.POSTED)
        # One that says that nothing came has rows of nothing, and those are gone: the goods may be taken back.
        counting = standing.filter(lines__rows__isnull=False)
        note_counted(sheet.consignment, counting.aggregate(first=Min("posted_at"))["first"])


def _problems_of(found: Counted, rests: Mapping[int, str]) -> Iterable[Problem]:
    is_something = bool(found.wrong) or Rest.SHORT in rests.values()
    for each in found.lines:
        line, tally = each.one.line, each.tally
        is_something = is_something or tally.counted > ZERO
        rest = rests.get(each.one.pk, "")
        if tally.missing and rest not in Rest.values:
            message = _(
                "Order %(order)s line %(line)s: %(missing)s %(unit)s of what was announced are not here. Say whether "
                "they come later or are missing."
            )
            values = {
                "order": line.order.number,
                "line": line.number,
                "missing": plain(tally.missing),
                "unit": line.unit,
            }
            yield Problem(f"rest.{each.one.pk}", message % values, rest, "required", line.key)
        for row in each.rows:
            if row.damaged and not row.wrong:
                message = _(
                    "Order %(order)s line %(line)s: say what is wrong with what is damaged. The supplier reads it."
                )
                values = {"order": line.order.number, "line": line.number}
                yield Problem(f"wrong.{row.pk}", message % values, "", "required", line.key)
    if not found.lines:
        message = _(
            "Nothing of an order is on this sheet. Scan an item, or choose the line that goods came for."
        )
        yield Problem("lines", message, "", "required")
    elif not is_something:
        message = _("Nothing was counted. Scan or type what is here; if nothing is, say what is missing.")
        yield Problem("lines", message, "", "nothing")


def _note_figures(found: Counted, rests: Mapping[int, str]) -> None:
    """What each line was held against, as it stands now; rows and lines of nothing go."""
    rows = [row.pk for each in found.lines for row in each.rows if not row.quantity and not row.damaged]
    CountedRow.objects.filter(pk__in=rows).delete()
    idle = [each.one.pk for each in found.lines if each.tally.announced is None and not each.tally.counted]
    if len(idle) == len(found.lines):
        idle = idle[1:]  # nothing but wrong items came: by this line their order is known
    SheetLine.objects.filter(pk__in=idle, photos__isnull=True).delete()
    kept = [each for each in found.lines if each.one.pk not in idle]
    for each in kept:
        each.one.announced, each.one.counted_before = each.tally.announced, each.tally.before
        each.one.rest = rests.get(each.one.pk, "") if each.tally.missing else ""
    SheetLine.objects.bulk_update(
        [each.one for each in kept], ["announced", "counted_before", "rest"], batch_size=500
    )


def _facts_of(found: Counted, rests: Mapping[int, str]) -> dict[str, Any]:
    sheet = found.sheet
    lines = [
        {
            "order": each.one.line.order.number,
            "line": each.one.line.number,
            "announced": None if each.tally.announced is None else plain(each.tally.announced),
            "before": plain(each.tally.before),
            "good": plain(each.tally.good),
            "damaged": plain(each.tally.damaged),
            "unit": each.one.line.unit,
            "rest": rests.get(each.one.pk, "") if each.tally.missing else "",
            "item": each.one.line.item_number,
            "why": "; ".join(dict.fromkeys(row.wrong for row in each.rows if row.wrong))[:LONGEST_WHY],
            "differs": each.has_difference,
        }
        for each in sorted(found.lines, key=lambda each: not each.has_difference)
    ]
    return {
        "sheet": str(sheet.key),
        "number": sheet.reference,
        "notice": str(sheet.notice.key) if sheet.notice else "",
        "on": sheet.received_on.isoformat() if sheet.received_on else "",
        "lines": lines[:MOST_TOLD],
        "count": len(lines),
        "wrong": [one.one.text for one in found.wrong][:MOST_TOLD],
        "differs": difference_count(found),
        "packages": len(found.seen),
    }


def _ask_the_erp(found: Counted, *, actor: Actor, at: datetime) -> None:
    """Ask the ERP to book what is good, or to take it back. Where nothing is good there is nothing to book."""
    sheet = found.sheet
    lines = tuple(
        ReceiptCommandLine(
            each.one.line.order.number,
            each.one.line.key,
            each.one.line.number,
            row.quantity,
            each.one.line.unit,
            row.lot,
        )
        for each in found.lines
        for row in each.rows
        if row.quantity
    )
    if not lines:
        return
    assert sheet.received_on is not None  # nothing is posted without
    is_announced = sheet.consignment is not None and live_notice_of(sheet.consignment) is not None
    command = ReceiptCommand(
        key="",
        count=str(sheet.key),
        company=sheet.company.code,
        supplier=sheet.supplier.number,
        reference=sheet.reference,
        received_on=sheet.received_on,
        lines=lines,
        consignment=str(sheet.consignment) if is_announced else "",
        site=sheet.site.code if sheet.site else "",
        reversed=sheet.state == SheetState.REVERSED,
    )
    kind = "count.reversed" if command.reversed else "count.posted"
    supplier = sheet.supplier_id
    enqueue(ERP, sheet.stream, kind, receipt_to_json(command), actor=actor, at=at, supplier_id=supplier)


def _tell_orders(found: Counted, kind: str, *, actor: Actor, at: datetime) -> None:
    """One fact for each order, for its story."""
    sheet = found.sheet
    told: dict[str, list[dict[str, Any]]] = {}
    orders = {}
    for each in found.lines:
        order = each.one.line.order
        orders[order.stream] = order
        if each.tally.counted or each.tally.missing:
            told.setdefault(order.stream, []).append(
                {
                    "line": each.one.line.number,
                    "good": plain(each.tally.good),
                    "damaged": plain(each.tally.damaged),
                    "missing": plain(each.tally.missing) if each.is_missing else "0",
                    "unit": each.one.line.unit,
                }
            )
    said = {"sheet": str(sheet.key), "number": sheet.reference, "why": sheet.reverse_reason}
    facts = [
        Fact(kind, stream, sheet.supplier_id, {**said, "lines": lines[:MOST_TOLD], "count": len(lines)})
        for stream, lines in told.items()
    ]
    record_all(facts, actor=actor, at=at)


# --- taken back ---------------------------------------------------------------------------------------------


@requires_scope
def reverse_sheet(named: SheetNamed, reason: str, *, actor: Actor, at: datetime) -> ReceivingSheet:
    """Take a posted count back, and say why: it stays to be read, and the ERP is asked to take its booking back.

    Raises `Invalid` without a reason, `IllegalTransition` for what is not posted and while a later count reckons with
    it, `StaleDocument`, `NotAllowed`.
    """
    require_may_count(actor)
    why = reason.strip()
    if not why:
        message = _("Say why the count is taken back: the supplier and the buyer read it.")
        raise Invalid(message, [Problem("reason", message, "", "required")])
    if len(why) > LONGEST_REASON:
        message = _("This has %(length)d characters; there is room for %(most)d.")
        text = message % {"length": len(why), "most": LONGEST_REASON}
        raise Invalid(text, [Problem("reason", text, why[:80], "too_long")])
    _hold_what_it_is_of(find_sheet(named.sheet, actor=actor))
    sheet = hold_sheet(named.sheet, actor=actor)
    if sheet.state != SheetState.POSTED:
        message = _("This sheet is %(state)s: only a posted count can be taken back.")
        message %= {"state": sheet.get_state_display().lower()}
        raise IllegalTransition(message, details={"verb": "reverse", "state": sheet.state})
    require_as_seen(sheet, named.version)
    _require_nothing_later(sheet)
    told = counted_sheet(sheet)
    fields: dict[str, Any] = {
        "reversed_at": at,
        "reversed_by": actor.label,
        "reverse_reason": why,
        "updated_at": at,
    }
    facts = {
        "sheet": str(sheet.key),
        "number": sheet.reference,
        "why": why,
        "differs": difference_count(told),
    }
    SHEET_LIFECYCLE.move(sheet, "reverse", actor=actor, at=at, facts=facts, fields=fields)
    _note_on_notice(sheet)
    _ask_the_erp(told, actor=actor, at=at)
    _tell_orders(told, "order.count_reversed", actor=actor, at=at)
    return sheet


def _require_nothing_later(sheet: ReceivingSheet) -> None:
    """Raise `IllegalTransition` where a later count of the consignment has taken what is here of this one into account:
    what it says is missing would be wrong.
    """
    if sheet.consignment is None:
        return
    mine = CountedRow.objects.filter(sheet_line__sheet=sheet).values("sheet_line__line")
    reckoning = SheetLine.objects.filter(
        sheet__consignment=sheet.consignment,
        sheet__state=SheetState.POSTED,
        sheet__posted_at__gte=sheet.posted_at,
        line__in=mine,
        counted_before__gt=ZERO,
    ).exclude(sheet=sheet)
    later = reckoning.select_related("sheet").order_by("-sheet__posted_at", "-sheet_id").first()
    if later is None:
        return
    message = _(
        "What %(name)s counted afterwards, posted on %(day)s, reckons with this count. Take that one back first."
    )
    values = {"name": later.sheet.posted_by, "day": later.sheet.posted_at.date().isoformat()}
    raise IllegalTransition(message % values, details={"verb": "reverse", "sheet": str(later.sheet.key)})


# --- a finished count of a program --------------------------------------------------------------------------


@requires_scope
def post_count(whole: WholeCount, *, actor: Actor, at: datetime) -> ReceivingSheet:
    """Take a finished count of a warehouse's program, by the same rules as on the page. Told twice it counts once.

    What of the notice is not in it comes later, unless the line says that it is missing. Raises `Invalid` with every
    problem found, `IllegalTransition` while people count the same notice here and where nothing of it is awaited,
    `Duplicate` for another count under a source that was told before, `NotAllowed`.
    """
    require_may_count(actor)
    supplier, company, site = parties_of(whole.supplier, whole.company, whole.site)
    source = whole.source.strip()
    if not source or len(source) > 120:
        message = _(
            "Give the count a source of 1 to 120 characters: your own name for it, so that it counts once."
        )
        raise Invalid(message, [Problem("source", message, source[:80], "required")])
    if known := _told_before(company.pk, source):
        return _as_told(find_sheet(known.key, actor=actor), whole)
    lines = _lines_of(whole, company.pk, supplier.pk)
    seen = _notice_of(whole, company.pk, supplier.pk)
    orders = {line.order_id for line in lines.values()}
    lock_orders({*orders, *(order_ids_of([seen.pk]) if seen else ())})  # Note [Sheet last]
    notice = hold_notice(seen.key, actor=actor) if seen else None
    if known := _told_before(company.pk, source):
        return _as_told(find_sheet(known.key, actor=actor), whole)
    if notice is not None:
        require_awaited(notice)
        _require_nobody_counts(notice)
    more = {"source": source}
    try:
        with transaction.atomic():
            if notice is not None:
                sheet = open_sheet(notice, actor=actor, at=at, **more)
            else:
                note = whole.delivery_note.strip() or whole.notice.strip()
                sheet = open_unannounced(
                    supplier, company, site, actor=actor, at=at, delivery_note=note[:60], **more
                )
    except IntegrityError as error:
        if "sheet_source_once" not in str(error):
            raise
        message = _("A count with the source %(source)s has just been told.")
        raise Duplicate(message % {"source": source}) from error
    rests = _write_down(sheet, whole, lines, actor=actor, at=at)
    command = PostSheet(sheet.key, sheet.version, rests, whole.received_on, whole.note)
    return _post(hold_counting(sheet.key, actor=actor), command, actor=actor, at=at)


def _told_before(company: int, source: str) -> ReceivingSheet | None:
    found: ReceivingSheet | None = ReceivingSheet.objects.filter(company=company, source=source).first()
    return found


def _as_told(sheet: ReceivingSheet, whole: WholeCount) -> ReceivingSheet:
    """What was told under this source, told again. Raises `Duplicate` where it is another count: passed over, it would
    be lost.
    """
    found = counted_sheet(sheet)
    known: dict[tuple[str, str, str], tuple[Decimal, Decimal]] = {}
    missing: dict[tuple[str, str], str] = {}
    for each in found.lines:
        name = (each.one.line.order.number, each.one.line.key)
        known |= {(*name, row.lot): (row.quantity, row.damaged) for row in each.rows}
        if each.tally.missing:
            missing[name] = each.one.rest
    told: dict[tuple[str, str, str], tuple[Decimal, Decimal]] = {}
    short = {(one.order, one.line_key) for one in whole.lines if one.rest == Rest.SHORT}
    for one in whole.lines:
        row = (one.order, one.line_key, one.lot.strip())
        good, damaged = told.get(row, (ZERO, ZERO))
        told[row] = (good + one.quantity, damaged + one.damaged)
    if sheet.notice is not None:
        is_of_it = number_key(whole.notice) == sheet.notice.number_key
    else:
        is_of_it = (whole.delivery_note.strip() or whole.notice.strip())[:60] == sheet.delivery_note
    is_same = (
        is_of_it
        and sheet.supplier.number == whole.supplier
        and sheet.received_on == whole.received_on
        and known == {name: row for name, row in told.items() if any(row)}
        and all((name in short) == (rest == Rest.SHORT) for name, rest in missing.items())
    )
    if is_same:
        return sheet
    message = _(
        "The source %(source)s is that of another count: of %(number)s, posted on %(day)s. Give a new count a name of "
        "its own, and take the old one back if it was wrong."
    )
    posted = sheet.posted_at.date().isoformat() if sheet.posted_at else ""
    values = {"source": sheet.source, "number": sheet.reference, "day": posted}
    raise Duplicate(message % values, details={"count": str(sheet.key)})


def _lines_of(whole: WholeCount, company: int, supplier: int) -> dict[tuple[str, str], PurchaseOrderLine]:
    """The order lines that a count speaks of, by order number and line key. Raises `Invalid`."""
    names = {(one.order, one.line_key) for one in whole.lines}
    found = order_lines_named(company, supplier, names)
    message = _("Order %(order)s has no line %(line)s of this supplier here. Look at both.")
    problems = [
        Problem("lines", message % {"order": order, "line": key}, f"{order}/{key}", "unknown", key)
        for order, key in sorted(names - found.keys())
    ]
    if not whole.lines:
        problems.append(Problem("lines", _("A count has at least one line."), "", "required"))
    if problems:
        raise Invalid(problems[0].message, problems)
    return found


def _notice_of(whole: WholeCount, company: int, supplier: int) -> ShipNotice | None:
    """The live notice that a count names. Raises `Invalid` for one that is not here."""
    if not whole.notice.strip():
        return None
    found: ShipNotice | None = ShipNotice.objects.filter(
        company=company, supplier=supplier, number_key=number_key(whole.notice), state__in=LIVE
    ).first()
    if found is None:
        message = _(
            "No ship notice %(number)s of this supplier is here. Correct the number, or leave it out for goods that "
            "nobody announced."
        )
        text = message % {"number": whole.notice}
        raise Invalid(text, [Problem("notice", text, whole.notice, "unknown")])
    return found


def _require_nobody_counts(notice: ShipNotice) -> None:
    going = ReceivingSheet.objects.filter(consignment=notice.consignment, state=SheetState.COUNTING).first()
    if going is not None:
        message = _(
            "%(name)s counts ship notice %(number)s here since %(day)s. Post that sheet or throw it away first."
        )
        values = {"name": going.begun_by, "number": notice.number, "day": going.begun_at.date().isoformat()}
        raise IllegalTransition(message % values, details={"sheet": str(going.key)})


def _write_down(
    sheet: ReceivingSheet,
    whole: WholeCount,
    lines: Mapping[tuple[str, str], PurchaseOrderLine],
    *,
    actor: Actor,
    at: datetime,
) -> dict[int, str]:
    """The rows of a finished count; returns what is said of the rest of each line. Raises `Invalid`."""
    here = {one.line_id: one for one in sheet.lines.select_related("line__order")}
    absent = [line for line in dict.fromkeys(lines.values()) if line.pk not in here]
    for made, line in zip(
        add_lines(sheet, [(line.order_id, line.pk) for line in absent]), absent, strict=True
    ):
        made.line = line
        here[line.pk] = made
    rows: dict[tuple[int, str], CountedRow] = {}
    rests: dict[int, str] = {one.pk: Rest.FOLLOWS for one in here.values()}
    problems: list[Problem] = []
    for told in whole.lines:
        one = here[lines[told.order, told.line_key].pk]
        problems += _whole_problems(told, one)
        if told.rest == Rest.SHORT:
            rests[one.pk] = Rest.SHORT
        row = rows.setdefault(
            (one.pk, told.lot.strip()),
            CountedRow(
                supplier_id=sheet.supplier_id,
                sheet_line=one,
                lot=told.lot.strip(),
                counted_at=at,
                counted_by=actor.label,
            ),
        )
        row.quantity += told.quantity
        row.damaged += told.damaged
        if told.damaged:
            row.wrong = "; ".join(filter(None, (row.wrong, told.note.strip())))[:500]
        else:
            row.note = "; ".join(filter(None, (row.note, told.note.strip())))[:500]
    if problems:
        raise Invalid(problems[0].message, problems)
    CountedRow.objects.bulk_create(rows.values())
    return rests


def _whole_problems(told: WholeCountLine, one: SheetLine) -> Sequence[Problem]:
    command = CountRow(one.pk, None, told.quantity, told.damaged, wrong=told.note, lot=told.lot)
    found = [
        Problem(problem.field, problem.message, problem.value, problem.code, told.line_key)
        for problem in row_problems(command, one)
    ]
    if told.rest not in Rest.values:
        message = _("“%(value)s” is nothing that becomes of a rest: follows, short.")
        text = message % {"value": told.rest[:40]}
        found.append(Problem("rest", text, told.rest[:40], "unknown", told.line_key))
    return found
