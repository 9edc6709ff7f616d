"""Who may act for whom."""

from django.db.models import QuerySet

from portal.kernel.actors import Actor, Channel, Side
from suppliers.models import Membership, Supplier, User
from suppliers.roles import COMPANY_ROLES, SUPPLIER_ROLES

SESSION_KEY = "acting_for"


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
