"""Both sides agree on a balance."""

from datetime import datetime

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Invalid, Problem
from portal.kernel.scope import acting, requires_scope
from procurement.statements.messages import SettleStatement
from procurement.statements.models import SupplierStatement
from procurement.statements.services.holding import BOOKS, hold, require_as_seen, require_may
from procurement.statements.states import STATEMENT_LIFECYCLE
from suppliers.roles import Permission

LONGEST_NOTE = 2000


@requires_scope
def settle_statement(command: SettleStatement, *, actor: Actor, at: datetime) -> SupplierStatement:
    """Agree on the balance of a statement as it was compared last; it is compared no more.

    Raises `NotAllowed` for who does not settle, `Invalid` where it differs and nothing says how that is explained,
    `IllegalTransition` and `StaleDocument`.
    """
    require_may(actor, Permission.INVOICE_SETTLE)
    note = command.note.strip()
    with acting(BOOKS):
        statement = hold(command.statement, "settle", actor=actor)
        require_as_seen(statement, command.version)
        if statement.differing and not note:
            message = _("It differs still. Write how what differs is explained: the supplier reads it.")
            raise Invalid(message, [Problem("note", message, "", "required")])
        if len(note) > LONGEST_NOTE:
            message = _("This has %(length)d characters; there is room for %(most)d.")
            text = message % {"length": len(note), "most": LONGEST_NOTE}
            raise Invalid(text, [Problem("note", text, note[:80], "too_long")])
        fields = {"settled_at": at, "settled_by": actor.label, "settled_note": note}
        facts = {
            "statement_key": str(statement.key),
            "stated_on": statement.stated_on.isoformat(),
            "reason": note[:500],
            "differing": statement.differing,
            "gap": str(statement.gap),
            "currency": statement.gap_currency,
        }
        STATEMENT_LIFECYCLE.move(statement, "settle", actor=actor, at=at, facts=facts, fields=fields)
    return statement
