"""What a person decides on a command that did not get through: ours, theirs, ask again, or leave it.

Each verb holds the command together with its order first, and then looks whether it still is what the page showed
(`mark`): nobody decides on values that have moved meanwhile.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, Problem, Refusal
from portal.kernel.scope import requires_scope
from procurement.changes.services import confirm_changes, overtake_changes, overtake_waiting
from procurement.erp.cases import Case, CaseLine, Choice, choices_of, moved_since
from procurement.erp.models import ErpCommand
from procurement.erp.policies import Standing
from procurement.erp.queries import case_of, lock_command, people_who_key
from procurement.erp.services import facts_of, give_up_command, retry_command, send_again, still_agreed
from procurement.erp.states import COMMAND_LIFECYCLE, CommandState
from procurement.orders.queries import lock_order
from procurement.orders.services import ask_again
from procurement.threads.messages import NewMessage
from procurement.threads.services import send_message
from suppliers.roles import Permission


class CaseMoved(Refusal):
    """What the page showed is no longer so: `details["moved"]` says what moved."""

    code = "case_moved"


# Who buys decides what was agreed; who owns the integration decides what is written.
NEEDED: dict[Choice, frozenset[str]] = {
    Choice.WRITE: frozenset({Permission.ERP_MANAGE, Permission.ORDER_DECIDE}),
    Choice.GIVE_UP: frozenset({Permission.ERP_MANAGE, Permission.ORDER_DECIDE}),
    Choice.KEEP: frozenset({Permission.ORDER_DECIDE}),
    Choice.ASK: frozenset({Permission.ORDER_DECIDE}),
}


def may_choose(choice: Choice, actor: Actor) -> bool:
    """Whether this actor may take this way out."""
    return any(actor.may(permission) for permission in NEEDED[choice])


def ways_out(case: Case, actor: Actor) -> dict[Choice, str]:
    """Each way out, with the sentence why it is not there for this actor, or nothing where it is."""
    only_buyers = _("It changes what was agreed with the supplier: a buyer does that.")
    return {
        choice: why or ("" if may_choose(choice, actor) else only_buyers)
        for choice, why in choices_of(case).items()
    }


@requires_scope
def write_ours(command: ErpCommand, *, mark: str, actor: Actor, at: datetime) -> bool:
    """Write ours over theirs, on what the ERP holds today. Returns whether anything of it was still agreed."""
    command, _case = _hold(command, Choice.WRITE, mark, actor)
    return retry_command(command, actor=actor, at=at)


@requires_scope
def keep_theirs(command: ErpCommand, *, mark: str, actor: Actor, at: datetime) -> tuple[int, ...]:
    """Keep the ERP's values: what was agreed stands no longer, and the supplier is asked whether it can do these.

    Where nothing is left to promise (the line is gone, closed, received) nobody is asked. Returns the lines that are.
    """
    command, case = _hold(command, Choice.KEEP, mark, actor)
    numbers = _ask(command, case, "", actor=actor, at=at)
    _end(command, case, "yield", actor=actor, at=at)
    return numbers


@requires_scope
def ask_supplier(
    command: ErpCommand, words: str, *, mark: str, actor: Actor, at: datetime
) -> tuple[int, ...]:
    """Ask the supplier again, in words that it reads in the order's thread. Returns the lines that are asked."""
    command, case = _hold(command, Choice.ASK, mark, actor)
    words = words.strip()
    if not words:
        message = _("Say what the supplier is to change: it reads this.")
        raise Invalid(message, [Problem("words", message, "", "required")])
    numbers = _ask(command, case, words, actor=actor, at=at)
    send_message(NewMessage(command.order.key, words), actor=actor, at=at)
    _end(command, case, "ask_again", actor=actor, at=at)
    return numbers


@requires_scope
def leave_it(command: ErpCommand, reason: str, *, mark: str, actor: Actor, at: datetime) -> None:
    """Give up, with a reason: the agreement stands here alone. A task is closed by hand in the same way."""
    command, _case = _hold(command, Choice.GIVE_UP, mark, actor)
    give_up_command(command, reason, actor=actor, at=at)


@requires_scope
def assign_task(command: ErpCommand, user_id: int | None, *, actor: Actor, at: datetime) -> None:
    """Say who keys it in; nobody in particular puts it back into the queue of all who may."""
    if not may_choose(Choice.GIVE_UP, actor):
        raise NotAllowed(_("Your role reads this. A buyer or the integration owner decides who keys it in."))
    command = lock_command(command.origin)
    if command.state != CommandState.TO_KEY:
        raise IllegalTransition(_("There is nothing to key in by hand any more."))
    person = None if user_id is None else people_who_key().filter(pk=user_id).first()
    if user_id is not None and person is None:
        message = _("Choose somebody of the list.")
        raise Invalid(message, [Problem("person", message, str(user_id), "unknown")])
    command.assigned_to = person
    command.save(update_fields=["assigned_to"])
    record(
        "erp.command_assigned",
        command.stream,
        actor=actor,
        at=at,
        supplier_id=command.supplier_id,
        facts=facts_of(command) | {"to": person.name if person else ""},
        internal=True,
    )


# --- what they share


def _hold(command: ErpCommand, choice: Choice, mark: str, actor: Actor) -> tuple[ErpCommand, Case]:
    """The command held with its order, if it still is what the page showed and this way out is there."""
    if not may_choose(choice, actor):
        raise NotAllowed(_("Your role does not decide this."))
    command = lock_command(command.origin)
    case = case_of(command)
    if moved := moved_since(mark, case):
        message = _("It has moved since this page was shown. Look at what stands now, then decide again.")
        raise CaseMoved(message, details={"moved": moved})
    choices = choices_of(case)
    if choice not in choices:
        raise IllegalTransition(_("Nothing is left to decide here."))
    if choices[choice]:
        raise CaseMoved(choices[choice])
    return command, case


def _ask(command: ErpCommand, case: Case, words: str, *, actor: Actor, at: datetime) -> tuple[int, ...]:
    keys = [line.key for line in case.asked]
    if not keys:
        return ()
    order = lock_order(command.order.key, actor=actor)
    numbers = ask_again(order, keys, words=words, actor=actor, at=at)
    overtake_changes([order.pk], actor=actor, at=at)
    return numbers


def _end(command: ErpCommand, case: Case, verb: str, *, actor: Actor, at: datetime) -> None:
    """End the command; lines of it that nobody has anything against are written all the same."""
    facts = facts_of(command) | {"lines": _numbers(case.affected)}
    rest = case.rest
    held_there = {line.key for line in case.lines if line.standing is Standing.HOLDS}
    confirm_changes(command.origin, lines=held_there, actor=actor, at=at)
    overtake_waiting(command.origin, lines={line.key for line in case.affected}, actor=actor, at=at)
    if not rest:
        COMMAND_LIFECYCLE.move(command, verb, actor=actor, at=at, facts=facts)
        return
    row = COMMAND_LIFECYCLE.transition(verb, command.state)
    supplier_id = command.supplier_id
    record(row.event, command.stream, actor=actor, at=at, supplier_id=supplier_id, facts=facts, internal=True)
    held: dict[str, Any] = {line.key: line.now for line in rest}
    send_again(command, still_agreed(command, held), held, actor=actor, at=at)


def _numbers(lines: Sequence[CaseLine]) -> list[int]:
    return [line.number for line in lines][:50]
