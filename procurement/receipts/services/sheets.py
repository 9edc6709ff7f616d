"""A receiving sheet is begun, held while somebody counts, and thrown away.

Note [Sheet last]: who needs more than the sheet holds it last: the orders in the order of their ids, then the notice,
then the sheet (Note [Orders first] in shipments). A scan holds the sheet alone, for as long as one carton takes.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, Problem, StaleDocument
from portal.kernel.scope import requires_scope
from procurement.catalogue.models import Company, Site
from procurement.orders.models import PurchaseOrderLine
from procurement.orders.queries import lock_orders
from procurement.receipts.messages import BeginCount, SheetNamed
from procurement.receipts.models import ReceivingSheet, SheetLine
from procurement.receipts.queries import (
    company_coded,
    countable_lines,
    find_sheet,
    hold_sheet,
    live_notice_of,
    site_coded,
    supplier_numbered,
)
from procurement.receipts.states import SHEET_LIFECYCLE, SheetState
from procurement.shipments.messages import TellMilestone
from procurement.shipments.models import ShipNotice, ShipNoticeLine
from procurement.shipments.policies import ZERO
from procurement.shipments.queries import find_notice, hold_notice, order_ids_of
from procurement.shipments.services import tell_milestone
from procurement.shipments.states import ON_THE_WAY, MilestoneKind, NoticeState
from suppliers.models import Supplier
from suppliers.roles import Permission

LONGEST_REASON = 2000


def require_may_count(actor: Actor) -> None:
    """Raise `NotAllowed` for who reads what was counted and does not count."""
    if actor.is_supplier or not actor.may(Permission.GOODS_RECEIVE):
        raise NotAllowed(_("Your role reads what was counted. Somebody of goods receiving counts."))


# --- begun --------------------------------------------------------------------------------------------------


@requires_scope
def begin_count(command: BeginCount, *, actor: Actor, at: datetime) -> ReceivingSheet:
    """Begin to count goods that are here, or go on with the sheet on which somebody counts this notice already.

    The first sheet of a notice that is still on its way tells that it has arrived. Raises `IllegalTransition` for a
    notice of which nothing is awaited any more, `Invalid` for unannounced goods of nobody known.
    """
    require_may_count(actor)
    if command.notice is None:
        return _begin_unannounced(command, actor=actor, at=at)
    seen = find_notice(command.notice, actor=actor)
    lock_orders(order_ids_of([seen.pk]))  # Note [Sheet last]
    notice = hold_notice(command.notice, actor=actor)
    going = ReceivingSheet.objects.filter(consignment=notice.consignment, state=SheetState.COUNTING).first()
    if going is not None:
        return find_sheet(going.key, actor=actor)
    require_awaited(notice)
    return open_sheet(notice, actor=actor, at=at)


def require_awaited(notice: ShipNotice) -> None:
    """Raise `IllegalTransition` for a notice of which nothing is awaited: counted again it would count twice."""
    if notice.state not in ON_THE_WAY:
        message = _("Ship notice %(number)s is %(state)s: nothing of it waits to be counted.")
        values = {"number": notice.number, "state": notice.get_state_display().lower()}
        raise IllegalTransition(message % values, details={"state": notice.state})


def open_sheet(notice: ShipNotice, *, actor: Actor, at: datetime, **more: Any) -> ReceivingSheet:
    """A sheet for a notice, which is held with its orders, with a line for each of its lines."""
    sheet = ReceivingSheet(
        supplier_id=notice.supplier_id,
        company_id=notice.company_id,
        site=notice.ship_to,
        notice=notice,
        consignment=notice.consignment,
        delivery_note=notice.number,
        **_begun(actor, at),
        **more,
    )
    sheet.save(force_insert=True)
    take_lines_of(sheet, notice)
    if notice.state in (NoticeState.SENT, NoticeState.IN_TRANSIT):
        arrived = TellMilestone(notice.key, MilestoneKind.ARRIVED, at, source=f"count:{sheet.key}")
        tell_milestone(arrived, actor=actor, at=at)
    _tell_begun(sheet, actor=actor, at=at)
    return find_sheet(sheet.key, actor=actor)


def _begin_unannounced(command: BeginCount, *, actor: Actor, at: datetime) -> ReceivingSheet:
    supplier, company, site = parties_of(command.supplier, command.company, command.site)
    note = command.delivery_note.strip()
    problems = []
    if not note:
        message = _("Write the number of the delivery note, or what else is on the paper with the goods.")
        problems.append(Problem("delivery_note", message, "", "required"))
    if len(note) > 60:
        message = _("This has %(length)d characters; there is room for %(most)d.")
        text = message % {"length": len(note), "most": 60}
        problems.append(Problem("delivery_note", text, note[:80], "too_long"))
    if problems:
        raise Invalid(problems[0].message, problems)
    return open_unannounced(supplier, company, site, actor=actor, at=at, delivery_note=note)


def parties_of(supplier: str, company: str, site: str) -> tuple[Supplier, Company, Site | None]:
    """Whose goods, for whom and where, by number and codes. Raises `Invalid` with every problem found."""
    problems = []
    found_supplier, found_company = supplier_numbered(supplier), company_coded(company)
    unknown = _("%(value)s is not known here. Look at the spelling.")
    if found_supplier is None:
        message = unknown % {"value": supplier} if supplier else _("Say whose goods these are.")
        problems.append(Problem("supplier", message, supplier, "unknown"))
    if found_company is None:
        message = unknown % {"value": company} if company else _("Say for which company the goods are.")
        problems.append(Problem("company", message, company, "unknown"))
    found_site = site_coded(found_company, site) if found_company and site else None
    if site and found_company and found_site is None:
        problems.append(Problem("site", unknown % {"value": site}, site, "unknown"))
    if problems:
        raise Invalid(problems[0].message, problems)
    assert found_supplier is not None
    assert found_company is not None
    return found_supplier, found_company, found_site


def open_unannounced(
    supplier: Supplier, company: Company, site: Site | None, *, actor: Actor, at: datetime, **more: Any
) -> ReceivingSheet:
    """A sheet for goods that nobody announced; its lines come as they are counted."""
    sheet = ReceivingSheet(supplier=supplier, company=company, site=site, **_begun(actor, at), **more)
    sheet.save(force_insert=True)
    _tell_begun(sheet, actor=actor, at=at)
    return find_sheet(sheet.key, actor=actor)


def _begun(actor: Actor, at: datetime) -> dict[str, Any]:
    return {"begun_at": at, "updated_at": at, "begun_by": actor.label, "counted_by": actor.label}


def _tell_begun(sheet: ReceivingSheet, *, actor: Actor, at: datetime) -> None:
    facts = {"sheet": str(sheet.key), "number": sheet.reference}
    supplier = sheet.supplier_id
    record("count.begun", sheet.stream, actor=actor, at=at, supplier_id=supplier, facts=facts, internal=True)


# --- its lines ----------------------------------------------------------------------------------------------


def take_lines_of(sheet: ReceivingSheet, notice: ShipNotice) -> None:
    """A line on the sheet for each line of its notice that has none yet."""
    here = set(sheet.lines.values_list("line_id", flat=True))
    told = ShipNoticeLine.objects.filter(notice=notice, quantity__gt=ZERO).order_by("position", "id")
    add_lines(sheet, [(one.order_id, one.line_id) for one in told if one.line_id not in here])


def add_lines(sheet: ReceivingSheet, lines: Iterable[tuple[int, int]]) -> list[SheetLine]:
    """Lines (order and order line by id) at the end of a sheet, which is held."""
    last = sheet.lines.order_by("-position").values_list("position", flat=True).first() or 0
    made = [
        SheetLine(supplier_id=sheet.supplier_id, sheet=sheet, order_id=order, line_id=line, position=place)
        for place, (order, line) in enumerate(lines, start=last + 1)
    ]
    return SheetLine.objects.bulk_create(made)


@requires_scope
def add_line(key: uuid.UUID, line_id: int, *, actor: Actor, at: datetime) -> SheetLine:
    """Take an open order line of the supplier onto a sheet, as goods came for it that nobody announced."""
    sheet = hold_counting(key, actor=actor)
    line: PurchaseOrderLine | None = countable_lines(sheet, actor=actor).filter(pk=line_id).first()
    if line is None:
        message = _("This line is not open any more, or is another supplier’s. Choose another one.")
        raise Invalid(message, [Problem("line", message, str(line_id), "unknown")])
    known: SheetLine | None = sheet.lines.filter(line=line).first()
    if known is not None:
        return known
    (made,) = add_lines(sheet, [(line.order_id, line.pk)])
    touch(sheet, actor=actor, at=at)
    return made


# --- held ---------------------------------------------------------------------------------------------------


def hold_counting(key: uuid.UUID, *, actor: Actor) -> ReceivingSheet:
    """A sheet on which somebody counts, held; it goes along with a correction of its notice.

    Raises `NotFound`, `NotAllowed`, and `IllegalTransition` where it is posted or thrown away.
    """
    require_may_count(actor)
    sheet = hold_sheet(key, actor=actor)
    require_counting(sheet)
    if sheet.notice is not None and sheet.notice.state == NoticeState.REPLACED and sheet.consignment:
        notice = live_notice_of(sheet.consignment)
        if notice is not None:
            ReceivingSheet.objects.filter(pk=sheet.pk).update(notice=notice, delivery_note=notice.number)
            sheet.notice, sheet.delivery_note = notice, notice.number
            take_lines_of(sheet, notice)
    return sheet


def require_counting(sheet: ReceivingSheet) -> None:
    """Raise `IllegalTransition` for a sheet that is a fact, or none."""
    if not sheet.is_counting:
        message = _("This sheet is %(state)s: nothing is counted on it any more.")
        message %= {"state": sheet.get_state_display().lower()}
        raise IllegalTransition(message, details={"state": sheet.state})


def require_as_seen(sheet: ReceivingSheet, version: int) -> None:
    """Raise `StaleDocument` when somebody has counted since the page was opened."""
    if sheet.version != version:
        message = _("%(name)s has counted something since you opened this. Look at it, then go on.")
        details = {"state": sheet.state, "version": sheet.version}
        raise StaleDocument(message % {"name": sheet.counted_by}, details=details)


def touch(sheet: ReceivingSheet, *, actor: Actor, at: datetime) -> None:
    """A sheet, which is held, as its next version."""
    values = {"counted_by": actor.label, "updated_at": at}
    ReceivingSheet.objects.filter(pk=sheet.pk).update(version=F("version") + 1, **values)
    sheet.version += 1
    sheet.counted_by, sheet.updated_at = actor.label, at


# --- thrown away --------------------------------------------------------------------------------------------


@requires_scope
def discard_sheet(named: SheetNamed, *, actor: Actor, at: datetime) -> ReceivingSheet:
    """Throw a count away: nothing of it counts. That the goods arrived stays told."""
    require_may_count(actor)
    sheet = hold_sheet(named.sheet, actor=actor)
    require_counting(sheet)
    require_as_seen(sheet, named.version)
    facts = {"sheet": str(sheet.key), "number": sheet.reference}
    fields = {"updated_at": at, "counted_by": actor.label}
    SHEET_LIFECYCLE.move(sheet, "discard", actor=actor, at=at, facts=facts, fields=fields)
    return sheet
