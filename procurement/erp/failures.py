"""What went wrong, grouped by the same reason: one cause is often behind many records.

Note [Reasons]: an ERP words its reasons with the numbers of the case in them ("Line 10: …"). Two are one when they
differ in digits alone; the mark of a group is made of its words without them.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import Count, F, Func, Max, Min, QuerySet, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import NotFound
from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.outbox.services import replay_message
from portal.kernel.scope import requires_scope
from procurement.erp.models import ErpCommand, FeedProblem
from procurement.erp.policies import Standing
from procurement.erp.problems import Severity
from procurement.erp.queries import (
    case_of,
    commands_needing_a_person,
    lock_command,
    lock_orders,
    other_in_flight,
    parked_messages,
)
from procurement.erp.services import retry_command
from procurement.erp.states import CommandState

# How many of a group are tried again by one press.
AT_ONCE = 200


class Kind(StrEnum):
    """What failed: a command, a message that was parked, a record of a feed."""

    COMMANDS = "commands"
    MESSAGES = "messages"
    RECORDS = "records"


@dataclass(frozen=True, slots=True)
class Group:
    """Failures of one reason: in which state or feed, how many, and from when to when. `words` are those of the
    reason without figures, `sample` is one of them as it was said."""

    kind: Kind
    mark: str
    state: str
    words: str
    sample: str
    count: int
    oldest: datetime
    newest: datetime


def _worded(name: str) -> Func:
    """A reason without the figures of the case."""
    return Func(
        F(name),
        Value("[0-9]+"),
        Value("#"),
        Value("g"),
        function="regexp_replace",
        output_field=TextField(),
    )


def mark_of(kind: Kind, state: str, worded: str) -> str:
    """What a group is found again by."""
    return hashlib.sha256("\n".join((kind, state, worded)).encode()).hexdigest()[:24]


def failure_groups(actor: Actor, *, at: datetime, since: datetime) -> list[Group]:
    """Every group, the largest first: commands and messages that wait now, records refused since."""
    commands = commands_needing_a_person(actor, at)
    found = [
        *_grouped(Kind.COMMANDS, commands, "state", "reason", "queued_at"),
        *_grouped(Kind.MESSAGES, parked_messages(), "topic", "last_error", "created_at"),
        *_grouped(Kind.RECORDS, _refused_since(since), "run__feed", "why", "run__started_at"),
    ]
    return sorted(found, key=lambda group: (-group.count, group.oldest))


def _refused_since(since: datetime) -> QuerySet[FeedProblem]:
    """Records that were not taken. What the portal refused differs by its reason, everything else by its rule."""
    refused = FeedProblem.objects.filter(severity=Severity.REFUSED, run__started_at__gte=since)
    return refused.annotate(
        why=Coalesce(KeyTextTransform("reason", "facts"), F("rule"), output_field=TextField())
    )


def _grouped(kind: Kind, rows: QuerySet[Any], state: str, reason: str, moment: str) -> Iterable[Group]:
    found = (
        rows.order_by()
        .annotate(worded=_worded(reason), in_state=F(state))
        .values("in_state", "worded")
        .annotate(count=Count("pk"), oldest=Min(moment), newest=Max(moment), sample=Max(reason))
    )
    for row in found:
        yield Group(
            kind,
            mark_of(kind, row["in_state"], row["worded"]),
            row["in_state"],
            row["worded"],
            row["sample"],
            row["count"],
            row["oldest"],
            row["newest"],
        )


def find_group(kind: str, mark: str, actor: Actor, *, at: datetime, since: datetime) -> Group | None:
    """One group by its mark; None when nothing of it is left."""
    if kind not in set(Kind):
        raise NotFound(_("There is no such list."))
    groups = failure_groups(actor, at=at, since=since)
    return next((group for group in groups if (group.kind, group.mark) == (kind, mark)), None)


def rows_of(group: Group, actor: Actor, *, at: datetime, since: datetime) -> QuerySet[Any]:
    """What is in a group, as a list to page through."""
    match group.kind:
        case Kind.COMMANDS:
            rows = commands_needing_a_person(actor, at).annotate(worded=_worded("reason"))
            return rows.filter(state=group.state, worded=group.words)
        case Kind.MESSAGES:
            messages = parked_messages().annotate(worded=_worded("last_error"))
            return messages.filter(topic=group.state, worded=group.words)
        case Kind.RECORDS:
            records = _refused_since(since).annotate(worded=_worded("why")).select_related("run")
            return records.filter(run__feed=group.state, worded=group.words)


def may_retry_at_once(group: Group) -> bool:
    """Whether a whole group may be tried again by one press.

    A conflict may not: each is somebody's change in the ERP, and nobody's is overwritten unseen; what the ERP refused
    and somebody changed there since is left out for the same reason. A record of a feed is read again, not tried again.
    """
    if group.kind is Kind.COMMANDS:
        return group.state in (CommandState.NEEDS_PERSON, CommandState.SENT)
    return group.kind is Kind.MESSAGES


@dataclass(frozen=True, slots=True)
class Retried:
    """What came of trying a group again: sent once more, nothing left to send, left for later."""

    again: int = 0
    settled: int = 0
    left: int = 0


@requires_scope
def retry_group(group: Group, *, actor: Actor, at: datetime, since: datetime) -> Retried:
    """Try everything of a group again, `AT_ONCE` at most by one press."""
    if not may_retry_at_once(group):
        return Retried(left=group.count)
    rows = list(rows_of(group, actor, at=at, since=since)[:AT_ONCE])
    if group.kind is Kind.MESSAGES:
        return _replay_messages(rows, group.count, actor, at)
    return _retry_commands(rows, group.count, actor, at)


def _is_overwriting(command: ErpCommand) -> bool:
    """Whether the ERP has moved since it was decided: as with a conflict, that is looked at one by one."""
    return any(line.is_writable and line.standing is Standing.DIFFERS for line in case_of(command).lines)


def _replay_messages(rows: list[OutboxMessage], count: int, actor: Actor, at: datetime) -> Retried:
    for message in rows:
        replay_message(message, actor=actor, at=at)
    return Retried(again=len(rows), left=count - len(rows))


def _retry_commands(rows: list[ErpCommand], count: int, actor: Actor, at: datetime) -> Retried:
    lock_orders(command.order_id for command in rows)
    again = settled = 0
    for row in rows:
        command = lock_command(row.origin)
        if command.state != row.state or other_in_flight(command) is not None or _is_overwriting(command):
            continue  # settled meanwhile, or another write to this order is not through, or somebody has to look
        if retry_command(command, actor=actor, at=at):
            again += 1
        else:
            settled += 1
    return Retried(again, settled, count - again - settled)
