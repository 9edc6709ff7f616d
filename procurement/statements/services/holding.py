"""What the verbs on a statement begin with: who may, which one is held, whether it is what the page showed.

Note [Ours to say]: a supplier's scope writes what it lists and what it answers, and no more. What a comparison makes of
it, and where the statement stands, is written in the portal's name, once it was found with the reader's eyes.
"""

import uuid

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import IllegalTransition, NotAllowed, StaleDocument
from procurement.statements.models import SupplierStatement
from procurement.statements.queries import find_statement
from procurement.statements.states import STATEMENT_LIFECYCLE
from suppliers.models import User
from suppliers.roles import CompanyRole, Permission

BOOKS = Actor.system("Statements")


def require_may(actor: Actor, permission: str = Permission.INVOICE_WRITE) -> None:
    """Raise `NotAllowed` for who may read statements and not do this."""
    if not actor.may(permission) or (permission == Permission.INVOICE_SETTLE and actor.is_supplier):
        raise NotAllowed(_("Your role reads statements of account. Ask somebody who invoices or pays."))


def payables_people() -> list[int]:
    """Who of accounts payable is told of a statement; at most twenty."""
    people = User.objects.filter(is_active=True, company_role=CompanyRole.ACCOUNTS_PAYABLE)
    return list(people.order_by("id").values_list("pk", flat=True)[:20])


def hold(key: uuid.UUID, verb: str, *, actor: Actor) -> SupplierStatement:
    """A statement, found with the reader's eyes and held in the portal's name; call it within `acting(BOOKS)`.

    Raises `NotFound`, and `IllegalTransition` where this verb leads nowhere any more.
    """
    seen = find_statement(key, actor=actor)
    statement: SupplierStatement = (
        SupplierStatement.objects.select_related("company", "supplier")
        .select_for_update(of=("self",))
        .get(pk=seen.pk)
    )
    if statement.state not in STATEMENT_LIFECYCLE.sources(verb):
        message = _("This statement is %(state)s. This cannot be done to it any more.")
        raise IllegalTransition(
            message % {"state": statement.get_state_display().lower()},
            details={"verb": verb, "state": statement.state},
        )
    return statement


def require_as_seen(statement: SupplierStatement, version: int) -> None:
    """Raise `StaleDocument` when it was compared or moved since the page was opened."""
    if statement.version != version:
        message = _("This statement was compared again since you opened it. Look at it, then go on.")
        raise StaleDocument(message, details={"version": statement.version})
