"""What every verb about bank details asks first."""

from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Invalid, NotAllowed, Problem, Refusal
from suppliers.banking.messages import FreshFactor
from suppliers.banking.policies import is_fresh, reason_problem
from suppliers.banking.queries import judging_problem, open_freeze
from suppliers.models import Supplier
from suppliers.roles import Permission


class NeedsFactor(Refusal):
    """A second factor is to be shown first, whatever the session."""

    code = "factor_needed"


class NotYou(Refusal):
    """Somebody may do this, but not this person: it takes another pair of eyes."""

    code = "another_person"


class NumberUnreadable(Refusal):
    """None of our keys opens what was kept: BANK_KEYS has lost one, or the row was tampered with."""

    code = "number_unreadable"


class Frozen(Refusal):
    """Somebody said that a change was not theirs: everything stands still until two people have looked."""

    code = "bank_frozen"


def require_person(
    actor: Actor, permission: Permission, factor: FreshFactor | None, at: datetime, *, ours: bool = False
) -> int:
    """The person who acts, with a second factor shown just now. Raises `NotAllowed` or `NeedsFactor`.

    A program has no second factor, so a token never gets here, be it a person's own.
    """
    if not actor.may(permission) or actor.user_id is None or (ours and not actor.is_company):
        raise NotAllowed(_("You may not do this with bank details."))
    if actor.token_id is not None or actor.impersonator_id is not None:
        raise NotAllowed(_("A program cannot do this: a person signs in and shows a second factor."))
    if not is_fresh(factor, actor.user_id, at, within=settings.FRESH_FACTOR_FOR):
        raise NeedsFactor(_("Show your second factor once more: bank details are changed by nobody without."))
    return actor.user_id


def require_standing(user_id: int, before: datetime, at: datetime) -> None:
    """Raise `NotYou` for whoever got the role too late, or has a second factor of today: accounts made, or taken over,
    for one change judge nothing."""
    if problem := judging_problem(user_id, before, at):
        raise NotYou(problem)


def require_thawed(supplier: Supplier) -> None:
    """Raise `Frozen` while everything stands still."""
    if open_freeze(supplier.pk):
        raise Frozen(
            _(
                "Bank details of this supplier are frozen. Nothing moves until two people of the customer have looked."
            )
        )


def require_not_blocked(supplier: Supplier, actor: Actor) -> None:
    """A blocked supplier only reads."""
    if actor.is_supplier and supplier.only_reads:
        raise NotYou(_("Your company is blocked at this customer: bank details cannot be changed."))


def require_reason(reason: str, field: str = "reason") -> str:
    """The reason, or `Invalid`."""
    if message := reason_problem(reason):
        raise Invalid(message, [Problem(field, message, "", "required")])
    return reason.strip()


def least_hours() -> int:
    """What no wait is ever shortened below."""
    hours: int = settings.BANK_WAIT_LEAST_HOURS
    return hours
