"""Accounts payable asks about a row, and the supplier answers beside it. A row has one question at a time."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, Problem, StaleDocument
from portal.kernel.scope import acting, requires_scope
from procurement.statements.messages import RowSaid
from procurement.statements.models import StatementRow, SupplierStatement
from procurement.statements.queries import find_row, find_statement
from procurement.statements.services.holding import BOOKS, payables_people, require_may
from procurement.statements.states import StatementState
from suppliers.roles import Permission

LONGEST = 1000


@requires_scope
def ask_row(command: RowSaid, *, actor: Actor, at: datetime) -> StatementRow:
    """Ask the supplier about a row of its statement; asked again, the new question takes the place of the old one.

    Raises `NotAllowed`, `NotFound`, `Invalid` without a text, `IllegalTransition` where the statement is not open,
    `StaleDocument` where a colleague has asked meanwhile.
    """
    require_may(actor, Permission.INVOICE_SETTLE)
    statement, row = _open_row(command, actor)
    _require_as_seen(row, command)
    row.question, row.asked_at, row.asked_by = (
        _text(command, _("Write what you want to know.")),
        at,
        actor.label,
    )
    row.answer, row.answered_at, row.answered_by = "", None, ""
    row.save(update_fields=["question", "asked_at", "asked_by", "answer", "answered_at", "answered_by"])
    _record("statement.asked", statement, row, row.question, actor=actor, at=at)
    return row


@requires_scope
def answer_row(command: RowSaid, *, actor: Actor, at: datetime) -> StatementRow:
    """Answer what is asked about a row. Raises `NotAllowed`, `NotFound`, `Invalid`, `IllegalTransition`, and
    `StaleDocument` where something else is asked meanwhile, or a colleague has answered.
    """
    require_may(actor)
    if not actor.is_supplier:
        raise NotAllowed(_("The supplier answers this itself."))
    statement, row = _open_row(command, actor)
    if row.asked_at is None:
        raise IllegalTransition(_("Nothing is asked about this row."))
    _require_as_seen(row, command)
    row.answer, row.answered_at, row.answered_by = _text(command, _("Write your answer.")), at, actor.label
    row.save(update_fields=["answer", "answered_at", "answered_by"])
    _record("statement.answered", statement, row, row.answer, actor=actor, at=at)
    return row


def _open_row(command: RowSaid, actor: Actor) -> tuple[SupplierStatement, StatementRow]:
    """The statement, held until the transaction ends, and its row: two that speak of it do so one after the other."""
    seen = find_statement(command.statement, actor=actor)
    with acting(BOOKS):  # see Note [Ours to say]: a supplier's scope holds no statement
        statement = (
            SupplierStatement.objects.select_related("company", "supplier")
            .select_for_update(of=("self",))
            .get(pk=seen.pk)
        )
    if statement.state != StatementState.COMPARED:
        message = _("This statement is %(state)s. This cannot be done to it any more.")
        raise IllegalTransition(message % {"state": statement.get_state_display().lower()})
    return statement, find_row(statement, command.row)


def _require_as_seen(row: StatementRow, command: RowSaid) -> None:
    """Raise `StaleDocument` where something was asked or answered since the page was opened."""
    if command.seen is not None and command.seen != row.said_version:
        name = row.answered_by or row.asked_by
        message = _("%(name)s wrote about this row since you opened it. Look at it, then go on.")
        raise StaleDocument(message % {"name": name}, details={"row": row.place})


def _text(command: RowSaid, missing: str) -> str:
    said = command.text.strip()
    if not said:
        raise Invalid(missing, [Problem("text", missing, "", "required")])
    if len(said) > LONGEST:
        message = _("This has %(length)d characters; there is room for %(most)d.")
        text = message % {"length": len(said), "most": LONGEST}
        raise Invalid(text, [Problem("text", text, said[:80], "too_long")])
    return said


def _record(
    kind: str, statement: SupplierStatement, row: StatementRow, text: str, *, actor: Actor, at: datetime
) -> None:
    facts: dict[str, Any] = {
        "statement_key": str(statement.key),
        "stated_on": statement.stated_on.isoformat(),
        "row": row.place,
        "number": row.number,
        "question" if kind == "statement.asked" else "answer": text[:500],
    }
    if kind == "statement.answered":
        with acting(BOOKS):  # a supplier's scope knows nobody of ours
            facts["people"] = payables_people()
    record(kind, statement.stream, actor=actor, at=at, supplier_id=statement.supplier_id, facts=facts)
