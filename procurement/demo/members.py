"""Who does something at each supplier of the demo."""

from portal.kernel.actors import Actor
from suppliers.models import Membership, User
from suppliers.queries import actor_of
from suppliers.roles import SUPPLIER_ROLES, Permission


def members_who(permission: Permission) -> dict[int, User]:
    """Of each supplier that has somebody with an account for it, who was there first to do a thing.

    By the supplier's id; one person may stand there for several.
    """
    roles = [role for role, may in SUPPLIER_ROLES.items() if permission in may]
    members = Membership.objects.filter(role__in=roles, user__is_active=True)
    found: dict[int, User] = {}
    for member in members.select_related("user").order_by("id"):
        found.setdefault(member.supplier_id, member.user)
    return found


def actors_who(permission: Permission) -> dict[int, Actor]:
    """The same people, each as acting for that supplier."""
    actors = {of: actor_of(user, acting_for=of) for of, user in members_who(permission).items()}
    return {of: actor for of, actor in actors.items() if actor is not None}
