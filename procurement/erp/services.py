"""What happens to a command: taken up, called, answered, confirmed by read-back, retried by a person."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from portal.kernel.actors import Actor, Channel
from portal.kernel.errors import Refusal
from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.outbox.services import enqueue, skip_message
from portal.kernel.scope import requires_scope
from procurement.changes.services import confirm_changes, hand_on_changes, keep_changes, overtake_waiting
from procurement.erp.content import canonical_decimal
from procurement.erp.models import ErpCommand
from procurement.erp.policies import (
    HeldLine,
    Standing,
    compare,
    differing_lines,
    on_what_is_held,
    rebased,
)
from procurement.erp.ports import CurrentLine, Outcome, WriteField, WriteResult
from procurement.erp.queries import (
    TOPIC,
    case_of,
    command_of,
    held_by_mirror,
    keyer_of,
    left_waiting,
    lock_command,
    lock_orders,
    older_in_flight,
    other_in_flight,
)
from procurement.erp.states import COMMAND_LIFECYCLE, CONFIRMABLE, IN_FLIGHT, STUCK, CommandState, Fault
from procurement.orders.messages import CommandLine, PromiseCommand, command_from_json, command_to_json
from procurement.orders.models import PurchaseOrder
from procurement.orders.queries import lines_of, live_promises_by_line, schedules_by_line
from procurement.orders.services import promise_command

RELEASED = "erp.command_released"
SYSTEM = Actor.system("ERP connection", Channel.ERP)
# Our own reasons are kept in English and translated where they are shown, like those that an ERP words itself.
ECHO_DIFFERS = gettext_noop("The ERP holds other values than were agreed.")
PARTLY_BY_MACHINE = gettext_noop(
    "The ERP took the rest of it. Key in what is named here; the next reading closes this."
)
PROMISE_AGREED = "order.promise_agreed"
PROMISE_FORGOTTEN = "order.promise_forgotten"


class WriteUnderWay(Refusal):
    """Another command on the same order is not through yet."""

    code = "write_under_way"


@requires_scope
def take_up_command(message: OutboxMessage) -> ErpCommand:
    """The command that a message is about; the first time it is heard of, it gets a record of its own."""
    if message.kind == RELEASED:
        return lock_command(uuid.UUID(message.payload["origin"]))
    if message.kind not in (PROMISE_AGREED, PROMISE_FORGOTTEN):
        raise LookupError(f"{message.kind} is nothing the ERP is told")
    order = PurchaseOrder.objects.get(key=message.stream.removeprefix("order:"))
    lock_orders([order.pk])
    payload, reason = message.payload, ""
    if message.kind == PROMISE_FORGOTTEN:
        payload, reason = _without_given_up(order, message)
    ErpCommand.objects.bulk_create(
        [
            ErpCommand(
                key=message.key,
                origin=message.key,
                supplier_id=order.supplier_id,
                order=order,
                payload=payload,
                queued_at=message.created_at,
                state=CommandState.GIVEN_UP if reason else CommandState.QUEUED,
                reason=reason,
            )
        ],
        ignore_conflicts=True,  # delivered before: at least once is the outbox's promise
    )
    command = lock_command(message.key)
    _supersede_older(command, {CommandState.TO_KEY}, actor=SYSTEM, at=message.created_at)
    return command


def _without_given_up(order: PurchaseOrder, message: OutboxMessage) -> tuple[dict[str, Any], str]:
    """What of a forgotten promise is told again: not what a person decided the ERP is not to be told.

    Returns the payload, and why nothing of it is told, where that is so.
    """
    newest: dict[str, tuple[ErpCommand, CommandLine]] = {}
    for command in ErpCommand.objects.filter(order=order).exclude(origin=message.key).order_by("id"):
        newest |= {line.key: (command, line) for line in command_of(command).lines}
    wanted = command_from_json(message.payload, key=str(message.key))
    given_up = {
        line.key: newest[line.key][0].reason
        for line in wanted.lines
        if line.key in newest
        and newest[line.key][0].state == CommandState.GIVEN_UP
        and set(newest[line.key][1].pieces) == set(line.pieces)
    }
    told = [line for line in message.payload["lines"] if line["key"] not in given_up]
    if not told:
        return message.payload, next(iter(given_up.values()))
    return {**message.payload, "lines": told}, ""


@requires_scope
def wait_behind_older(command: ErpCommand) -> bool:
    """Whether an earlier command on the same order is not through yet; if so, this one waits for it."""
    older = older_in_flight(command)
    if older is not None:
        command.behind = older
        command.save(update_fields=["behind"])
    return older is not None


@requires_scope
def begin_call(command: ErpCommand, *, at: datetime) -> None:
    """Note, before the call, that one is under way: should we die in it, nobody will take it for not made."""
    command.calling_since = at
    command.attempts += 1
    command.save(update_fields=["calling_since", "attempts"])


@requires_scope
def end_call_without_effect(
    command: ErpCommand,
    reason: str,
    fault: str = Fault.TRANSIENT,
    *,
    left_since: datetime | None = None,
) -> None:
    """The call surely did nothing; it will be made again. An earlier one that may have done something (`left_since`) is
    still to be searched for before that.
    """
    command.calling_since = left_since
    command.reason, command.fault = reason, fault
    command.save(update_fields=["calling_since", "reason", "fault"])


@requires_scope
def record_result(command: ErpCommand, result: WriteResult, *, actor: Actor, at: datetime) -> None:
    """Write down what the ERP said to a command. One that has ended meanwhile stays as it is."""
    if command.state not in CONFIRMABLE:
        return
    if result.left and result.outcome in (Outcome.CONFIRMED, Outcome.SENT):
        hand_over(command, result.left, PARTLY_BY_MACHINE, actor=actor, at=at)
        return
    match result.outcome:
        case Outcome.CONFIRMED:
            _confirm(command, actor=actor, at=at, reference=result.reference)
        case Outcome.SENT:
            fields = {
                "sent_at": at,
                "calling_since": None,
                "reference": result.reference,
                "reason": result.reason,
                "fault": Fault.NONE,
            }
            if command.state in COMMAND_LIFECYCLE.sources("send"):
                COMMAND_LIFECYCLE.move(
                    command, "send", actor=actor, at=at, facts=facts_of(command), fields=fields
                )
            # Agreed as asked: what is wanted stood in the ERP before the command left.
            if compare(command_of(command), held_by_mirror(command.order)) is Standing.HOLDS:
                _confirm(command, actor=actor, at=at)
        case Outcome.CONFLICT:
            record_conflict(command, result.reason, result.current, actor=actor, at=at)
        case Outcome.REFUSED:
            record_refusal(command, result.reason, Fault.VALIDATION, actor=actor, at=at)


@requires_scope
def record_conflict(
    command: ErpCommand, reason: str, current: Sequence[CurrentLine], *, actor: Actor, at: datetime
) -> None:
    """The ERP holds something else than the command was decided on: a person compares and decides."""
    if command.state not in IN_FLIGHT:
        return
    fields = {
        "reason": reason,
        "fault": Fault.CONFLICT,
        "current": _current_as_json(current),
        "current_at": at,
        "calling_since": None,
    }
    COMMAND_LIFECYCLE.move(command, "contradict", actor=actor, at=at, facts=facts_of(command), fields=fields)
    release_next(command, actor=actor, at=at)


@requires_scope
def record_refusal(
    command: ErpCommand, reason: str, fault: str = Fault.VALIDATION, *, actor: Actor, at: datetime
) -> None:
    """The ERP will not take it: a person has to act, and the kind of fault and its reason say who, and on what."""
    if command.state not in IN_FLIGHT:
        return
    fields = {"reason": reason, "fault": fault, "calling_since": None}
    COMMAND_LIFECYCLE.move(command, "refuse", actor=actor, at=at, facts=facts_of(command), fields=fields)
    release_next(command, actor=actor, at=at)


@requires_scope
def hand_over(
    command: ErpCommand, missing: Iterable[WriteField], reason: str, *, actor: Actor, at: datetime
) -> None:
    """This ERP does not take it by machine: it becomes a task, the order's buyer's where we know that person.

    It closes by itself when a reading shows the values.
    """
    if command.state not in IN_FLIGHT:
        return
    fields = {
        "reason": reason,
        "fault": Fault.UNSUPPORTED,
        "missing": sorted(missing),
        "calling_since": None,
        "assigned_to": keyer_of(command.order),
    }
    facts = facts_of(command) | {"missing": sorted(missing)}
    COMMAND_LIFECYCLE.move(command, "hand_over", actor=actor, at=at, facts=facts, fields=fields)
    release_next(command, actor=actor, at=at)


@requires_scope
def record_unknown(command: ErpCommand, reason: str, *, actor: Actor, at: datetime) -> None:
    """Nobody can say whether the ERP carried it out; only a search will tell."""
    if command.state not in COMMAND_LIFECYCLE.sources("lose_sight"):
        return
    fields = {"reason": reason, "fault": Fault.UNKNOWN}
    COMMAND_LIFECYCLE.move(command, "lose_sight", actor=actor, at=at, facts=facts_of(command), fields=fields)


@requires_scope
def confirm_by_reading(
    command: ErpCommand, held: Mapping[str, HeldLine], *, actor: Actor, at: datetime
) -> Standing:
    """Compare a command with what the ERP was just seen to hold: it stands, or is contradicted, or still
    waits.

    What waits for a person keeps what was seen, so that nobody decides on yesterday's values.
    """
    standing = compare(command_of(command), held)
    if standing is Standing.HOLDS and not _needs_more_than_lines(command):
        _confirm(command, actor=actor, at=at)
    elif command.state in STUCK:
        _note_what_is_held(command, held, at)
    elif standing is Standing.DIFFERS and command.state == CommandState.SENT:
        current = differing_lines(command_of(command), held)
        record_conflict(command, ECHO_DIFFERS, current, actor=actor, at=at)
    return standing


@requires_scope
def retry_command(command: ErpCommand, *, actor: Actor, at: datetime) -> bool:
    """A person has looked and wants it sent again: what is agreed today, on the values that the ERP holds now.

    What was agreed anew meanwhile has a command of its own. Returns whether anything was left to send; if not, the
    command is superseded. Raises `WriteUnderWay` while another one on this order is not through.
    """
    command = lock_command(command.origin)
    if other_in_flight(command) is not None:
        raise WriteUnderWay(
            _("Another write to this order is not through yet. Wait for its read-back, then look again.")
        )
    case = case_of(command)
    writable = {line.key for line in case.lines if line.is_writable}
    if not writable:
        _supersede(command, actor=actor, at=at)
        overtake_waiting(command.origin, actor=actor, at=at)
        return False
    held = {line.key: line.now for line in case.lines if line.now is not None}
    send_again(command, still_agreed(command, writable), held, actor=actor, at=at)
    return True


def send_again(
    command: ErpCommand,
    paper: PromiseCommand,
    held: Mapping[str, HeldLine],
    *,
    actor: Actor,
    at: datetime,
) -> None:
    """Queue a command anew with these lines, on what the ERP holds for them today."""
    # A new key: the ERP has answered to the old one and will not listen to it again.
    fields = {
        "payload": command_to_json(on_what_is_held(paper, held)),
        "key": uuid.uuid4(),
        "reason": "",
        "fault": Fault.NONE,
        "current": [],
        "current_at": None,
        "missing": [],
        "assigned_to": None,
        "sent_at": None,
        "calling_since": None,
        "behind": None,
    }
    facts = facts_of(command) | {"lines": [line.number for line in paper.lines][:50]}
    COMMAND_LIFECYCLE.move(command, "retry", actor=actor, at=at, facts=facts, fields=fields)
    _release(command, actor=actor, at=at)


def still_agreed(command: ErpCommand, keys: Iterable[str]) -> PromiseCommand:
    """The command for these of its lines, as they are agreed now."""
    wanted = set(keys)
    lines = [line for line in lines_of(command.order) if line.key in wanted]
    pks = [line.pk for line in lines]
    return promise_command(command.order, lines, live_promises_by_line(pks), schedules_by_line(pks))


@requires_scope
def give_up_command(command: ErpCommand, reason: str, *, actor: Actor, at: datetime) -> None:
    """A person has decided that the ERP is not to be told, and why: the agreement stands here alone."""
    command = lock_command(command.origin)
    fields = {"reason": reason, "calling_since": None, "behind": None}
    facts = facts_of(command) | {"reason": reason}
    COMMAND_LIFECYCLE.move(command, "give_up", actor=actor, at=at, facts=facts, fields=fields)
    keep_changes(command.origin, actor=actor, at=at)
    release_next(command, actor=actor, at=at)


@requires_scope
def give_up_message(message: OutboxMessage, reason: str, *, actor: Actor, at: datetime) -> None:
    """Give up on a parked message and on the command it carries, so that what waits behind it goes on."""
    skip_message(message, reason, actor=actor, at=at)
    if message.topic != TOPIC or not message.stream.startswith("order:"):
        return  # an alert, or a ship notice, which carry none
    command = take_up_command(message)
    if command.state in COMMAND_LIFECYCLE.sources("give_up"):
        give_up_command(command, reason, actor=actor, at=at)


@requires_scope
def release_left_waiting(*, actor: Actor, at: datetime) -> int:
    """Let go what waits behind a command that has ended. A safety net: who ends one tells the next."""
    commands = list(left_waiting()[:500])
    lock_orders(command.order_id for command in commands)
    freed = 0
    for command in left_waiting().filter(pk__in=[command.pk for command in commands]):
        if older_in_flight(command) is None:
            command.behind = None
            command.save(update_fields=["behind"])
            _release(command, actor=actor, at=at)
            freed += 1
    return freed


def _confirm(command: ErpCommand, *, actor: Actor, at: datetime, reference: str = "") -> None:
    fields: dict[str, Any] = {
        "confirmed_at": at,
        "calling_since": None,
        "reason": "",
        "fault": Fault.NONE,
        "current": [],
        "current_at": None,
        "missing": [],
    }
    if command.sent_at is None:
        fields["sent_at"] = at
    if reference:
        fields["reference"] = reference
    COMMAND_LIFECYCLE.move(command, "confirm", actor=actor, at=at, facts=facts_of(command), fields=fields)
    # First what stuck before it: the changes behind that are done with this one.
    _supersede_older(command, STUCK, actor=actor, at=at)
    confirm_changes(command.origin, actor=actor, at=at)
    release_next(command, actor=actor, at=at)


def _needs_more_than_lines(command: ErpCommand) -> bool:
    """Whether a person has to key in something that no reading of lines shows: only that person knows that it is
    done."""
    return command.state == CommandState.TO_KEY and WriteField.SUPPLIER_REFERENCE in command.missing


def _note_what_is_held(command: ErpCommand, held: Mapping[str, HeldLine], at: datetime) -> None:
    keys = [line["key"] for line in command.payload["lines"]]
    now = [held[key].as_current() if key in held else CurrentLine(key, gone=True) for key in keys]
    command.current, command.current_at = _current_as_json(now), at
    command.save(update_fields=["current", "current_at"])


def _supersede_older(newer: ErpCommand, states: Iterable[str], *, actor: Actor, at: datetime) -> None:
    """What an earlier command wanted for these lines and could not get has been settled by this one."""
    settled = {line["key"] for line in newer.payload["lines"]}
    stuck = ErpCommand.objects.filter(order_id=newer.order_id, id__lt=newer.pk, state__in=list(states))
    for command in stuck.select_related("order").order_by("id"):
        if {line["key"] for line in command.payload["lines"]} <= settled:
            _supersede(command, actor=actor, at=at)
            hand_on_changes(command.origin, to=newer.origin)


def _supersede(command: ErpCommand, *, actor: Actor, at: datetime) -> None:
    COMMAND_LIFECYCLE.move(command, "supersede", actor=actor, at=at, facts=facts_of(command))


@requires_scope
def release_next(done: ErpCommand, *, actor: Actor, at: datetime) -> None:
    """Let the next command on the order go, on the base that the one before it made."""
    waiting = ErpCommand.objects.filter(
        order_id=done.order_id, state=CommandState.QUEUED, behind__isnull=False
    )
    following = waiting.select_related("order").order_by("id").first()
    if following is None or older_in_flight(following) is not None:
        return
    if done.state == CommandState.CONFIRMED:
        following.payload = command_to_json(rebased(command_of(following), command_of(done)))
    following.behind = None
    following.save(update_fields=["payload", "behind"])
    _release(following, actor=actor, at=at)


def _release(command: ErpCommand, *, actor: Actor, at: datetime) -> None:
    payload = {"origin": str(command.origin)}
    enqueue(TOPIC, command.stream, RELEASED, payload, actor=actor, at=at, supplier_id=command.supplier_id)


def facts_of(command: ErpCommand) -> dict[str, Any]:
    """What every fact about a command says: which one, and which lines."""
    return {
        "command": str(command.key),
        "origin": str(command.origin),
        "lines": [line["number"] for line in command.payload["lines"]][:50],
    }


def _current_as_json(current: Sequence[CurrentLine]) -> list[dict[str, Any]]:
    return [{name: _plain(value) for name, value in asdict(line).items()} for line in current]


def _plain(value: Any) -> Any:
    match value:
        case None:
            return ""
        case tuple():
            return [{name: _plain(one) for name, one in part.items()} for part in value]
        case Decimal():
            return canonical_decimal(value)
        case date():
            return value.isoformat()
    return value
