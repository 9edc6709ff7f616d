"""What an administrator does with the people of a supplier: another role, or none any more."""

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import Invalid, NotAllowed, NotFound, Problem, Refusal
from portal.kernel.scope import acting, requires_scope
from suppliers.models import ApiToken, Membership, User
from suppliers.people.policies import leaves_an_administrator
from suppliers.people.queries import KEEPER, find_member
from suppliers.roles import SUPPLIER_ROLES, Permission, SupplierRole
from suppliers.signin.services import end_sessions


class LastAdministrator(Refusal):
    """Nobody would be left who manages the people there."""

    code = "last_administrator"


@requires_scope
def change_member_role(pk: int, role: str, *, actor: Actor, at: datetime) -> Membership:
    """Give somebody another role at a supplier. It counts from their next click.

    Raises `NotFound` for whoever is not there, `Invalid` for a role there is not, `LastAdministrator`.
    """
    if role not in SupplierRole.values:
        message = _("Choose what the person is to do.")
        raise Invalid(message, [Problem("role", message, role)])
    member = _held(pk, actor=actor, keeps=role == SupplierRole.ADMINISTRATOR)
    if member.role == role:
        return member
    with acting(KEEPER):
        Membership.objects.filter(pk=member.pk).update(role=role)
        facts = {"name": member.user.name, "from": member.role, "to": role}
        _record("supplier.member_role_changed", member, facts, actor=actor, at=at)
        if Permission.TOKEN_MANAGE not in SUPPLIER_ROLES[role]:
            _tell_of_tokens(member, actor=actor, at=at)
    member.role = role
    return member


@requires_scope
def remove_member(pk: int, *, actor: Actor, at: datetime, tell: bool = True) -> Membership:
    """Let somebody act for a supplier no more, from this moment on.

    Their sessions end, and with the membership the mailed links of theirs; what they wrote stays under their name,
    and whom they invited stays invited. Other suppliers they act for are none of anybody's business here: there they
    go on, and sign in again. They are told, unless the caller does (`tell`). Raises `NotFound` and `LastAdministrator`.
    """
    member = _held(pk, actor=actor, keeps=False)
    with acting(KEEPER):
        Membership.objects.filter(pk=member.pk).delete()
        User.objects.filter(pk=member.user_id).update(let_go_at=at)
        end_sessions(member.user)
        facts = {"name": member.user.name, "role": member.role}
        _record("supplier.member_removed", member, facts, actor=actor, at=at, tell=tell)
        _tell_of_tokens(member, actor=actor, at=at)
    return member


def _held(pk: int, *, actor: Actor, keeps: bool) -> Membership:
    """The member, with all administrators of that supplier locked, so that two never remove each other.

    `keeps`: it will be an administrator afterwards. Ours may take the last one away (who left, or was never who they
    said) since ours can invite the next; a supplier's own people may not.
    """
    if not actor.may(Permission.PEOPLE_MANAGE):
        raise NotAllowed(_("Only an administrator manages people."))
    found = find_member(pk, actor=actor)
    with acting(KEEPER):
        wanted = Q(role=SupplierRole.ADMINISTRATOR) | Q(pk=pk)
        rows = Membership.objects.filter(wanted, supplier=found.supplier_id)
        held = {one.pk: one for one in rows.select_for_update().order_by("id")}
        people = User.objects.in_bulk([one.user_id for one in held.values()])
    if pk not in held:
        raise NotFound(_("There is no such person."))
    administrators = {one.user_id: one.pk for one in held.values() if one.role == SupplierRole.ADMINISTRATOR}
    if actor.is_supplier and actor.user_id is not None and actor.user_id not in administrators:
        raise NotAllowed(_("You are not an administrator here any more."))
    awake = [
        pk_
        for user_id, pk_ in administrators.items()
        if people[user_id].is_active and not people[user_id].asleep_at
    ]
    loses_one = held[pk].role == SupplierRole.ADMINISTRATOR and not keeps
    if actor.is_supplier and loses_one and not leaves_an_administrator(awake, pk):
        raise LastAdministrator(
            _("%(name)s is the last administrator here. Make somebody else one first.")
            % {"name": people[held[pk].user_id].name}
        )
    member: Membership = held[pk]
    member.user = people[member.user_id]
    member.supplier = found.supplier
    return member


def _record(
    kind: str,
    member: Membership,
    facts: dict[str, str],
    *,
    actor: Actor,
    at: datetime,
    tell: bool = True,
) -> None:
    supplier = member.supplier
    told = {**facts, "supplier": supplier.name, "tell": [_reader(member.user)] if tell else []}
    record(kind, f"supplier:{supplier.key}", actor=actor, at=at, supplier_id=supplier.pk, facts=told)


def _reader(user: User) -> dict[str, str]:
    return {
        "address": user.email,
        "name": user.name,
        "language": user.language,
        "time_zone": user.time_zone,
    }


def _tell_of_tokens(member: Membership, *, actor: Actor, at: datetime) -> None:
    """The programs of a company outlive whoever made their tokens, who may know the secrets still: its other
    administrators hear which those are. They propose no bank details from now on (suppliers/banking)."""
    supplier = member.supplier
    left = ApiToken.objects.filter(
        supplier=supplier, created_by_user_id=member.user_id, revoked_at=None
    ).order_by("id")
    names = list(left.values_list("name", flat=True))
    if not names:
        return
    makers = [role for role, may in SUPPLIER_ROLES.items() if Permission.TOKEN_MANAGE in may]
    others = User.objects.filter(
        is_active=True, memberships__supplier=supplier, memberships__role__in=makers
    ).exclude(pk=member.user_id)
    facts = {
        "name": member.user.name,
        "supplier": supplier.name,
        "tokens": names,
        "tell": [_reader(one) for one in others.distinct().order_by("id")],
    }
    record(
        "supplier.tokens_left",
        supplier.stream,
        actor=actor,
        at=at,
        supplier_id=supplier.pk,
        facts=facts,
        internal=True,
    )
