"""An uploaded answer sheet: kept, looked at as often as one likes, and sent once."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor, Channel
from portal.kernel.errors import Invalid, StaleDocument
from portal.kernel.scope import requires_scope
from procurement.acknowledgments.messages import AcknowledgeOrder, FileRow, LineAnswer
from procurement.acknowledgments.models import UploadedAnswer
from procurement.acknowledgments.queries import find_upload, rows_of_upload
from procurement.acknowledgments.services.checking import SENT, CheckedLine, check_rows
from procurement.acknowledgments.services.many import Answered, acknowledge_orders
from procurement.orders.models import PurchaseOrder
from procurement.orders.queries import visible_orders

KEPT = timedelta(days=90)
MOST_LEFT = 2_000


@requires_scope
def keep_upload(name: str, rows: Sequence[FileRow], *, actor: Actor, at: datetime) -> UploadedAnswer:
    """Keep what was read from a file until it is sent; what is old goes."""
    if not rows:
        raise Invalid(
            _("No row of this file names a line. Upload the answer sheet you downloaded, filled in.")
        )
    mine = UploadedAnswer.objects.visible_to(actor).filter(created_by_user_id=actor.user_id)
    mine.filter(created_at__lt=at - KEPT).delete()
    return UploadedAnswer.objects.create(
        supplier_id=actor.supplier_ids[0] if actor.is_supplier else None,
        file_name=name[:200],
        rows=[asdict(row) for row in rows],
        created_at=at,
        created_by=actor.label,
        created_by_user_id=actor.user_id,
    )


@requires_scope
def apply_upload(key: uuid.UUID, *, actor: Actor, at: datetime) -> UploadedAnswer:
    """Send every line of a sheet that can be sent, order by order; what cannot is told and left as it is.

    Everything is looked at anew with the orders held: between the preview and now anything may have moved.
    """
    upload = find_upload(key, actor=actor, hold=True)
    if upload.applied_at is not None:
        raise StaleDocument(_("This file was sent already. Download a fresh answer sheet for what is left."))
    rows = rows_of_upload(upload)
    _hold_orders(rows, actor)
    checked = check_rows(rows, actor=actor, at=at)
    commands = list(_commands(line for line in checked if line.outcome in SENT))
    by_file = replace(actor, channel=Channel.FILE)
    answered = acknowledge_orders(commands, actor=by_file, at=at)
    upload.applied_at, upload.applied_by = at, actor.label
    upload.result = _result(checked, answered)
    upload.save(update_fields=["applied_at", "applied_by", "result"])
    return upload


def _hold_orders(rows: Iterable[FileRow], actor: Actor) -> None:
    """Lock what the file names, by id as everybody does, so that nothing moves between looking and sending."""
    keys = _uuids({row.order_key for row in rows if row.order_key})
    numbers = {row.order for row in rows if row.order and not row.order_key}
    named = visible_orders(actor).filter(Q(key__in=keys) | Q(number__in=numbers)).order_by("id")
    list(named.select_for_update(of=("self",)).values_list("pk", flat=True))


def _uuids(texts: Iterable[str]) -> list[uuid.UUID]:
    found = []
    for text in texts:
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            continue  # check_rows tells its row about it
    return found


def _commands(lines: Iterable[CheckedLine]) -> Iterable[AcknowledgeOrder]:
    by_order: dict[int, list[CheckedLine]] = defaultdict(list)
    orders: dict[int, PurchaseOrder] = {}
    for line in lines:
        assert line.order is not None  # a line that can be sent has been found
        orders[line.order.pk] = line.order
        by_order[line.order.pk].append(line)
    for pk, order in orders.items():
        references = [line.reference for line in by_order[pk] if line.reference]
        yield AcknowledgeOrder(
            order=order.key,
            # Each line was compared with the version in its own row; the order is held since.
            version=order.version,
            answers=tuple(LineAnswer(line.line_key, line.pieces) for line in by_order[pk]),
            supplier_reference=references[0] if references else "",
        )


def _result(checked: Sequence[CheckedLine], answered: Sequence[Answered]) -> dict[str, Any]:
    numbers = {line.order.key: line.order.number for line in checked if line.order}
    orders = [
        {
            "key": str(one.command.order),
            "number": numbers[one.command.order],
            "as_asked": len(one.done.settled.agreed) if one.done else 0,
            "waiting": one.done.paper.lines_changed if one.done else 0,
            "refused": one.done.paper.lines_refused if one.done else 0,
            "lines": len(one.command.answers),
            "why_not": "" if one.refusal is None else _told(one.refusal),
        }
        for one in answered
    ]
    left = [
        {"row": problem.row, "order": line.number_text, "column": problem.column, "message": problem.message}
        for line in checked
        for problem in line.problems
    ]
    return {
        "orders": orders,
        "counts": dict(Counter(line.outcome for line in checked)),
        "left": left[:MOST_LEFT],
    }


def _told(refusal: Any) -> str:
    problems = getattr(refusal, "problems", ())
    return " ".join(dict.fromkeys([refusal.message, *(problem.message for problem in problems)]))
