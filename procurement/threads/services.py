"""The verbs of a thread: say something, note something among ourselves, add files."""

import hashlib
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Count, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import Fact, record_all
from portal.kernel.errors import Invalid, NotAllowed, Problem
from portal.kernel.scope import requires_scope
from procurement.orders.models import PurchaseOrder
from procurement.orders.queries import find_order
from procurement.threads.messages import NewFile, NewMessage
from procurement.threads.models import Attachment, Message
from procurement.threads.policies import (
    LONGEST_BODY,
    MOST_FILES,
    Stored,
    content_type_of,
    problem_with,
    problem_with_room,
    safe_name,
)
from suppliers.roles import Permission

DAY = timedelta(days=1)


@requires_scope
def send_message(command: NewMessage, *, actor: Actor, at: datetime) -> Message:
    """Say something to the other side about an order, or note it among ourselves (`internal`).

    An internal note and its files never reach the supplier: not by this page, not by API, file or mail. Raises
    `Invalid` for a file that is not taken, with every file's reason at once.
    """
    order = find_order(command.order, actor=actor)
    require_may_say(actor, internal=command.internal)
    body = command.body.strip()
    problems = _problems(command.files, order, actor, at)
    if not body and not command.files:
        problems.append(Problem("body", _("Write something, or add a file."), "", "required"))
    if len(body) > LONGEST_BODY:
        message = _("This is %(count)d characters long; at most %(most)d fit. Put the rest into a file.")
        values = {"count": len(body), "most": LONGEST_BODY}
        problems.append(Problem("body", message % values, body[:40], "too_long"))
    if problems:
        raise Invalid(problems[0].message, problems)
    said = Message.objects.create(
        supplier_id=order.supplier_id,
        order=order,
        body=body,
        internal=command.internal,
        sent_at=at,
        author=actor.label,
        author_side=actor.side,
        author_user_id=actor.user_id,
        channel=actor.channel,
    )
    kind = "thread.note_written" if command.internal else "thread.message_sent"
    facts = {"message": said.pk, "words": body[:200]}
    if command.repeats:
        facts["repeats"] = command.repeats
    record_all(
        [Fact(kind, order.stream, order.supplier_id, facts, internal=command.internal)], actor=actor, at=at
    )
    _store(order, command.files, message=said, internal=command.internal, actor=actor, at=at)
    return said


@requires_scope
def add_files(
    order_key: uuid.UUID, files: Sequence[NewFile], *, internal: bool = False, actor: Actor, at: datetime
) -> list[Attachment]:
    """Hang files on an order without a word: a drawing, those of an answer. Raises `Invalid` as `send_message` does."""
    order = find_order(order_key, actor=actor)
    require_may_say(actor, internal=internal)
    problems = _problems(files, order, actor, at)
    if not files:
        problems.append(Problem("files", _("Choose a file first."), "", "required"))
    if problems:
        raise Invalid(problems[0].message, problems)
    return _store(order, files, message=None, internal=internal, actor=actor, at=at)


def require_may_say(actor: Actor, *, internal: bool) -> None:
    """Raise `NotAllowed` unless this actor may write to the other side, or among ourselves."""
    if internal and (actor.is_supplier or not actor.may(Permission.THREAD_NOTE)):
        raise NotAllowed(_("Internal notes are written on the buying side."))
    if not internal and not actor.may(Permission.THREAD_WRITE):
        raise NotAllowed(
            _("Your role reads this thread. Ask your administrator for the right to write in it.")
        )


def _problems(files: Sequence[NewFile], order: PurchaseOrder, actor: Actor, at: datetime) -> list[Problem]:
    found = [
        Problem("files", message, file.name, "not_taken")
        for file in files
        if (message := problem_with(safe_name(file.name), file.content))
    ]
    if len(files) > MOST_FILES:
        message = _("At most %(most)d files at a time. Send the others with a second message.") % {
            "most": MOST_FILES
        }
        found.append(Problem("files", message, str(len(files)), "too_many"))
    elif files and (message := _no_room(files, order, actor, at)):
        found.append(Problem("files", message, str(len(files)), "no_room"))
    return found


def _no_room(files: Sequence[NewFile], order: PurchaseOrder, actor: Actor, at: datetime) -> str:
    stored = Attachment.objects.visible_to(actor)
    day = stored.filter(supplier_id=order.supplier_id, added_at__gt=at - DAY)
    of_day = day.aggregate(files=Count("id"), size=Coalesce(Sum("size"), 0))
    return problem_with_room(
        [len(file.content) for file in files],
        on_order=stored.filter(order=order).count(),
        of_day=Stored(**of_day),
        is_supplier=actor.is_supplier,
    )


def _store(
    order: PurchaseOrder,
    files: Sequence[NewFile],
    *,
    message: Message | None,
    internal: bool,
    actor: Actor,
    at: datetime,
) -> list[Attachment]:
    rows = [
        Attachment(
            supplier_id=order.supplier_id,
            order=order,
            message=message,
            internal=internal,
            name=safe_name(file.name),
            content_type=content_type_of(safe_name(file.name), file.content) or "",
            size=len(file.content),
            sha256=hashlib.sha256(file.content).hexdigest(),
            content=file.content,
            added_at=at,
            added_by=actor.label,
        )
        for file in files
    ]
    Attachment.objects.bulk_create(rows)
    record_all(
        [
            Fact(
                "thread.file_added",
                order.stream,
                order.supplier_id,
                {"file": str(row.key), "name": row.name, "size": row.size, "sha256": row.sha256},
                internal=internal,
            )
            for row in rows
        ],
        actor=actor,
        at=at,
    )
    return rows
