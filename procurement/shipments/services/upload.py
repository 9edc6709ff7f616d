"""An uploaded sheet of ship notices: kept, looked at as often as one likes, and made into notices once."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor, Channel
from portal.kernel.errors import Invalid, Refusal, StaleDocument
from portal.kernel.scope import requires_scope
from procurement.acknowledgments.messages import BadCell
from procurement.findings.policies import stops
from procurement.orders.queries import lock_orders
from procurement.sheets.outcomes import BAD, LEFT, MADE, NEW, SENT
from procurement.shipments.messages import ApplySheet, NoticeNamed, SheetRow
from procurement.shipments.models import ShipNotice, UploadedNotices
from procurement.shipments.policies import check_notice
from procurement.shipments.queries import (
    checked,
    find_notice,
    find_upload,
    same_uploads,
    still_stand,
    written,
)
from procurement.shipments.services.holding import require_may_ship
from procurement.shipments.services.planning import (
    Plan,
    PlannedNotice,
    PlannedRow,
    plan_notices,
    tell_refusal,
)
from procurement.shipments.services.send import send_notice
from procurement.shipments.services.whole import write_whole
from procurement.shipments.states import NoticeState

KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class KeepSheet:
    """A file as it was read: its name and SHA-256, its table, and which column is which."""

    name: str
    digest: str
    table: Sequence[Sequence[Any]]
    head: int
    columns: Mapping[str, int]
    rows: Sequence[SheetRow] = ()


@requires_scope
def keep_upload(command: KeepSheet, *, actor: Actor, at: datetime) -> tuple[UploadedNotices, bool]:
    """Keep a file until notices are made of it; what is old goes. True where it is kept anew.

    The same file again is the one that is kept already, as long as a notice that was made of it stands: nothing is made
    twice.
    """
    require_may_ship(actor)
    mine = UploadedNotices.objects.visible_to(actor).filter(created_by_user_id=actor.user_id)
    mine.filter(created_at__lt=at - KEPT).delete()
    for earlier in same_uploads(command.digest, actor=actor):
        if earlier.applied_at is None and earlier.created_by_user_id == actor.user_id:
            return earlier, False
        if earlier.applied_at is not None and still_stand(_made_of(earlier), actor=actor):
            return earlier, False
    upload = UploadedNotices.objects.create(
        supplier_id=actor.supplier_ids[0] if actor.is_supplier else None,
        file_name=command.name[:200],
        digest=command.digest,
        table=command.table,
        head=command.head,
        columns=dict(command.columns),
        rows=[asdict(row) for row in command.rows],
        created_at=at,
        created_by=actor.label,
        created_by_user_id=actor.user_id,
    )
    return upload, True


def _made_of(upload: UploadedNotices) -> list[str]:
    return [one["key"] for one in upload.result.get("notices", ()) if one["key"]]


@requires_scope
def read_upload_as(
    key: uuid.UUID, head: int, columns: Mapping[str, int], rows: Sequence[SheetRow], *, actor: Actor
) -> UploadedNotices:
    """Say anew which column of a file is which, and what its rows say then."""
    upload = _hold_open(key, actor)
    upload.head, upload.columns, upload.rows = head, dict(columns), [asdict(row) for row in rows]
    upload.plan, upload.planned_at = {}, None
    upload.save(update_fields=["head", "columns", "rows", "plan", "planned_at"])
    return upload


@requires_scope
def look_at_upload(key: uuid.UUID, *, actor: Actor, at: datetime) -> UploadedNotices:
    """Find out what would become of a sheet now, and keep that for its preview. Nothing is made."""
    require_may_ship(actor)
    upload = _hold_open(key, actor)
    plan = plan_notices(rows_of(upload), actor=_by_file(actor), at=at)
    upload.plan, upload.planned_at = told(plan), at
    upload.save(update_fields=["plan", "planned_at"])
    return upload


@requires_scope
def apply_upload(command: ApplySheet, *, actor: Actor, at: datetime) -> UploadedNotices:
    """Make drafts of all that can be made of a sheet; `send`: and send those that nothing stops.

    Everything is looked at anew with the orders held: between the preview and now anything may have moved, and a
    colleague may be doing the same. Raises `StaleDocument` where it was done already, `Invalid` where nothing can be
    made.
    """
    require_may_ship(actor)
    upload = _hold_open(command.upload, actor)
    by_file, rows = _by_file(actor), rows_of(upload)
    plan = plan_notices(rows, actor=by_file, at=at, write=False)
    lock_orders(one.line.order_id for notice in plan.notices for one in notice.rows if one.line is not None)
    for earlier in same_uploads(upload.digest, actor=actor):
        if earlier.applied_at is not None and still_stand(_made_of(earlier), actor=actor):
            raise StaleDocument(
                _("This file was taken already, and nothing is made twice. Look at what it made.")
            )
    plan = plan_notices(rows, actor=by_file, at=at)
    made = [_make(notice, command, actor=by_file, at=at) for notice in plan.notices]
    if not any(one["key"] for one in made):
        raise Invalid(_("No ship notice can be made of this file. Mend what is marked, and upload it again."))
    upload.applied_at, upload.applied_by = at, actor.label
    upload.result = told(plan) | {"notices": made}
    upload.save(update_fields=["applied_at", "applied_by", "result"])
    return upload


def _by_file(actor: Actor) -> Actor:
    return replace(actor, channel=Channel.FILE)


def _hold_open(key: uuid.UUID, actor: Actor) -> UploadedNotices:
    upload = find_upload(key, actor=actor, hold=True)
    if upload.applied_at is not None:
        raise StaleDocument(
            _("This file was taken already, and nothing is made twice. Look at what it made.")
        )
    return upload


def rows_of(upload: UploadedNotices) -> list[SheetRow]:
    """The rows of a sheet as they were read."""
    return [SheetRow(**{**row, "bad": tuple(BadCell(**cell) for cell in row["bad"])}) for row in upload.rows]


def _make(notice: PlannedNotice, command: ApplySheet, *, actor: Actor, at: datetime) -> dict[str, Any]:
    """One notice, or none of it and why."""
    if notice.outcome == NEW and command.only_whole and notice.is_short:
        notice.outcome = LEFT
        for row in notice.taken:
            row.outcome = LEFT
    if notice.outcome != NEW or notice.whole is None:
        return notice_told(notice)
    try:
        with transaction.atomic():
            draft = write_whole(notice.whole, actor=actor, at=at)
    except Refusal as refusal:
        tell_refusal(notice, refusal)
        notice.outcome = BAD
        return notice_told(notice)
    return (
        notice_told(notice)
        | {"outcome": MADE, "key": str(draft.key)}
        | _send(draft, notice, command, actor, at)
    )


def _send(
    draft: ShipNotice, notice: PlannedNotice, command: ApplySheet, actor: Actor, at: datetime
) -> dict[str, Any]:
    """Send a draft where that is wished, nothing stops it, and all its rows are in it."""
    if not command.send:
        return {}
    if notice.is_short:
        return {"why_not": _("A row of it could not be taken, so it waits as a draft.")}
    draft = find_notice(draft.key, actor=actor)
    if found := stops(check_notice(checked(written(draft), at=at))):
        return {"why_not": found[0].message}
    try:
        with transaction.atomic():
            send_notice(NoticeNamed(draft.key, draft.version), actor=actor, at=at)
    except Refusal as refusal:
        return {"why_not": refusal.message}
    return {"outcome": SENT}


# --- what is told -------------------------------------------------------------------------------------------


def told(plan: Plan) -> dict[str, Any]:
    """A plan as it is kept for its page."""
    return {
        "notices": [notice_told(notice) for notice in plan.notices],
        "rows": [
            row_told(one, place)
            for place, rows in [*enumerate(notice.rows for notice in plan.notices), (None, plan.loose)]
            for one in rows
        ],
    }


def notice_told(notice: PlannedNotice) -> dict[str, Any]:
    """A notice of a plan."""
    there, whole = notice.there, notice.whole
    return {
        "number": notice.number,
        "place": notice.place.name if notice.place else "",
        "supplier": notice.supplier,
        "outcome": notice.outcome,
        "lines": len(whole.lines) if whole else 0,
        "packages": len(whole.packages) if whole else 0,
        "is_short": notice.is_short,
        "problems": list(notice.problems),
        "findings": [{"grade": int(one.grade), "message": one.message} for one in notice.findings],
        "there": str(there.key) if there else "",
        "there_is_draft": there is not None and there.state == NoticeState.DRAFT,
        "key": "",
        "why_not": "",
    }


def row_told(one: PlannedRow, place: int | None) -> dict[str, Any]:
    """A row of a plan; `place` is that of its notice among them."""
    line = one.line
    return {
        "row": one.row.row,
        "notice": place,
        "number": one.row.says("number"),
        "outcome": one.outcome,
        "order": line.order.number if line else one.row.says("order"),
        "order_key": str(line.order.key) if line else "",
        "line": str(line.number) if line else one.row.says("line"),
        "item": line.item_number if line else one.row.says("item"),
        "quantity": one.row.says("quantity"),
        "unit": line.unit if line else "",
        "package": one.row.says("package"),
        "parent": one.row.says("parent"),
        "is_bare": line is None and not one.row.says("quantity"),
        "problems": [
            {"column": each.column, "value": each.value, "message": each.message} for each in one.problems
        ],
    }
