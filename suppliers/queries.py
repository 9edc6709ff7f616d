"""Who may act for whom."""

from collections.abc import Iterable

from django.db.models import QuerySet

from portal.kernel.actors import Actor, Channel, Side
from portal.kernel.scope import acting
from suppliers.models import ApiToken, Membership, Supplier, User
from suppliers.roles import COMPANY_ROLES, SUPPLIER_ROLES, Permission

SESSION_KEY = "acting_for"
WHO_MAKES_TOKENS = Actor.system("Access tokens")


def actor_of(user: User, *, acting_for: int | None = None, channel: str = Channel.PORTAL) -> Actor | None:
    """The actor a signed-in person is: of the buying side, or for the supplier chosen (else the first).

    None when the person acts for nobody. Runs before any scope: memberships are the doorkeeper's to read.
    """
    if user.company_role:
        return Actor(
            label=user.name,
            channel=channel,
            side=Side.COMPANY,
            user_id=user.pk,
            role=user.company_role,
            permissions=frozenset(COMPANY_ROLES[user.company_role]),
        )
    roles = dict(Membership.objects.filter(user=user).order_by("id").values_list("supplier_id", "role"))
    if not roles:
        return None
    supplier_id = acting_for if acting_for is not None and acting_for in roles else next(iter(roles))
    return Actor(
        label=user.name,
        channel=channel,
        side=Side.SUPPLIER,
        user_id=user.pk,
        role=roles[supplier_id],
        supplier_ids=(supplier_id,),
        all_supplier_ids=tuple(roles),
        permissions=frozenset(SUPPLIER_ROLES[roles[supplier_id]]),
    )


def suppliers_of(actor: Actor) -> QuerySet[Supplier]:
    """The suppliers this person may act for, by name. Runs in a scope of all of them: the one of a page has only the
    one acted for now."""
    return Supplier.objects.filter(pk__in=actor.all_supplier_ids).order_by("name", "id")


def makers_gone(tokens: Iterable[ApiToken]) -> set[int]:
    """Which of these tokens, by id, are a supplier's and of somebody who may make it none any more. Two queries.

    One of whom nobody knows who made it is none of them.
    """
    of_somebody = [
        one for one in tokens if one.supplier_id is not None and one.created_by_user_id is not None
    ]
    if not of_somebody:
        return set()
    ids = {one.created_by_user_id for one in of_somebody}
    with acting(WHO_MAKES_TOKENS):  # a supplier's scope sees nothing of our people, who make some of them
        people = User.objects.filter(pk__in=ids, is_active=True)
        ours = {
            pk
            for pk, role in people.values_list("pk", "company_role")
            if Permission.TOKEN_MANAGE in COMPANY_ROLES.get(role, frozenset())
        }
        theirs = {
            (user_id, supplier_id)
            for user_id, supplier_id, role in Membership.objects.filter(
                user__in=ids, user__is_active=True, supplier__in={one.supplier_id for one in of_somebody}
            ).values_list("user_id", "supplier_id", "role")
            if Permission.TOKEN_MANAGE in SUPPLIER_ROLES[role]
        }
    return {
        one.pk
        for one in of_somebody
        if one.created_by_user_id not in ours and (one.created_by_user_id, one.supplier_id) not in theirs
    }
