"""What is known of somebody's factors, devices and sign-ins, read outside a supplier's scope or in ours."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from allauth.mfa.internal.flows.trust import create_config_fingerprint
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor, Side
from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import NotFound
from portal.kernel.scope import acting
from portal.kernel.security.models import SecurityEvent
from suppliers.models import (
    Device,
    FactorConfirmation,
    FactorReset,
    FactorRule,
    Invitation,
    Membership,
    SignIn,
    Supplier,
    User,
)
from suppliers.roles import COMPANY_ROLES, SUPPLIER_ROLES, CompanyRole, Permission, SupplierRole
from suppliers.signin.policies import Demand, default_demand, due_at, is_settled
from suppliers.signin.states import ResetState

DOORKEEPER = Actor.system("Sign-in")
STEP_TAKES = timedelta(minutes=10)  # after that, whoever typed a wrong code has given up
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def factors_since(user_id: int) -> datetime | None:
    """When the oldest factor that somebody has now was set up. Recovery codes are none: they stand in for one."""
    found = Authenticator.objects.filter(user_id=user_id, type__in=FACTORS)
    since: datetime | None = found.order_by("created_at").values_list("created_at", flat=True).first()
    return since


def has_factor(user_id: int) -> bool:
    """Whether somebody has a second factor."""
    return bool(Authenticator.objects.filter(user_id=user_id, type__in=FACTORS).exists())


def kinds_of(user_id: int) -> list[str]:
    """The kinds of what somebody can show, recovery codes among them."""
    return list(Authenticator.objects.filter(user_id=user_id).values_list("type", flat=True))


def having_factors(user_ids: Sequence[int]) -> set[int]:
    """Who of these has a second factor."""
    found = Authenticator.objects.filter(user_id__in=user_ids, type__in=FACTORS)
    return set(found.values_list("user_id", flat=True))


def active_person(pk: int) -> User | None:
    """Somebody who may sign in."""
    return User.objects.filter(pk=pk, is_active=True).first()


def session_of(user: User, pk: int) -> UserSession | None:
    """One of somebody's own sessions."""
    found: UserSession | None = UserSession.objects.filter(pk=pk, user=user).first()
    return found


def codes_left(user_id: int) -> int:
    """How many recovery codes somebody has left."""
    codes = Authenticator.objects.filter(user_id=user_id, type=Authenticator.Type.RECOVERY_CODES).first()
    return len(codes.wrap().get_unused_codes()) if codes else 0


def is_settled_now(user_id: int, *, at: datetime) -> bool:
    """Whether somebody's factors may move money: see `policies.is_settled`."""
    since = factors_since(user_id)
    if since is None:
        return False
    confirmed = FactorConfirmation.objects.filter(user_id=user_id).values_list("confirmed_at", flat=True)
    return is_settled(since, confirmed.first(), at=at, waits=settings.NEW_FACTOR_WAITS)


def demand_of(side: str, role: str) -> Demand:
    """What is demanded of a role: the rule that was set, or the default."""
    rule = FactorRule.objects.filter(side=side, role=role).first()
    if rule is None:
        return default_demand(side, role)
    return Demand(side, role, rule.demanded, rule.grace_days, rule.since_at)


def all_demands() -> list[Demand]:
    """What is demanded of every role, ours first."""
    rules = {(rule.side, rule.role): rule for rule in FactorRule.objects.all()}
    places = [(str(Side.COMPANY), str(role)) for role in CompanyRole.values]
    places += [(str(Side.SUPPLIER), str(role)) for role in SupplierRole.values]
    found = []
    for side, role in places:
        rule = rules.get((side, role))
        found.append(
            Demand(side, role, rule.demanded, rule.grace_days, rule.since_at)
            if rule
            else default_demand(side, role)
        )
    return found


def factor_due_at(user: User, actor: Actor) -> datetime | None:
    """Until when this person must have set up a second factor; None for who has one, or needs none."""
    due = due_at(demand_of(actor.side, actor.role), user.date_joined)
    return due if due is not None and not has_factor(user.pk) else None


def fingerprint_of(user: User) -> str:
    """Stands for a password and the factors as they are: it is another one as soon as any of them changes."""
    return str(create_config_fingerprint(user))


def is_spared(user: User, digest: str, *, at: datetime) -> bool:
    """Whether this device is spared the second step: trusted for a time that runs, and nothing changed since."""
    device = Device.objects.filter(user=user, digest=digest, trusted_until__gt=at).first()
    return device is not None and device.fingerprint == fingerprint_of(user)


def trusted_devices(user: User, *, at: datetime) -> list[Device]:
    """The devices that are spared the second step, the one used last first."""
    now = fingerprint_of(user)
    return list(
        Device.objects.filter(user=user, trusted_until__gt=at, fingerprint=now).order_by(
            "-last_seen_at", "-id"
        )
    )


def last_sign_ins(user_id: int, limit: int = 20) -> Sequence[SignIn]:
    """When and from where somebody signed in, newest first."""
    return list(SignIn.objects.filter(user_id=user_id).order_by("-at", "-id")[:limit])


def people_of(actor: Actor, words: str = "") -> QuerySet[User]:
    """The people whose sign-in this administrator looks after: of one's own supplier, or everybody. By name.

    `words` is part of a name or of an address; for the buying side also of the name or the number of a supplier.
    """
    people = User.objects.filter(is_active=True).defer(
        "password", "last_login"
    )  # no supplier's scope reads these
    if actor.is_supplier:
        people = people.filter(memberships__supplier_id__in=actor.supplier_ids)
    elif not (actor.is_company or actor.side is Side.SYSTEM):
        people = people.none()
    if words:
        said = Q(name__icontains=words) | Q(email__icontains=words)
        if not actor.is_supplier:
            said |= Q(memberships__supplier__name__icontains=words) | Q(memberships__supplier__number=words)
        people = people.filter(said)
    return people.distinct().order_by("name", "id")


def names_acted_for(people: Sequence[int], actor: Actor) -> dict[int, list[str]]:
    """For whom each of them acts: two who are called alike are told apart by it. Nothing for a supplier's own
    administrator, who has but one company's people."""
    found: dict[int, list[str]] = {}
    if actor.is_supplier:
        return found
    acting_for = Membership.objects.visible_to(actor).filter(user__in=people).order_by("supplier__name", "id")
    for pk, name in acting_for.values_list("user_id", "supplier__name"):
        found.setdefault(pk, []).append(name)
    return found


def find_person(pk: int, *, actor: Actor) -> User:
    """One of the people this administrator looks after. Raises `NotFound` for anybody else."""
    person = people_of(actor).filter(pk=pk).first()
    if person is None:
        raise NotFound(_("There is no such person."))
    return person


def suppliers_acted_for(person: User) -> list[Supplier]:
    """The suppliers somebody acts for, by name. Asked of all of them, in no supplier's scope."""
    with acting(DOORKEEPER):
        ids = Membership.objects.filter(user=person).values("supplier_id")
        return list(Supplier.objects.filter(pk__in=ids).order_by("name", "id"))


def half_sign_ins(*, at: datetime) -> list[SecurityEvent]:
    """Of each person the last wrong code of a day at sign-in, which no right one followed in the same browser and from
    the same address within `STEP_TAKES`; of nobody who was told of one within that day. A browser's name is whatever
    it says, so whoever changes networks in between is told once too often.
    """
    a_day_ago = at - timedelta(days=1)
    wrong = SecurityEvent.objects.filter(
        kind="factor.failed", at__gt=a_day_ago, at__lte=at - STEP_TAKES, user_id__isnull=False
    ).exclude(facts__has_key="signed_in")
    right = SecurityEvent.objects.filter(
        kind__in=("factor.used", "signin.succeeded"),
        user_id=OuterRef("user_id"),
        address=OuterRef("address"),
        browser=OuterRef("browser"),
        at__gt=OuterRef("at"),
        at__lte=OuterRef("at") + STEP_TAKES,
    )
    told = AuditEvent.objects.filter(
        stream=Concat(Value("person:"), Cast(OuterRef("user_id"), CharField())),
        kind="second_step.failed",
        at__gt=a_day_ago,
    )
    return list(wrong.filter(~Exists(right), ~Exists(told)).order_by("user_id", "-at").distinct("user_id"))


def find_reset(key: UUID | None) -> FactorReset | None:
    """A removal by its key, for whoever holds its link."""
    found: FactorReset | None = (
        FactorReset.objects.filter(key=key).select_related("user").first() if key else None
    )
    return found


def may_still_reset(reset: FactorReset) -> bool:
    """Whether who asked for a removal might still ask for it now. Asked in no supplier's scope."""
    asker = User.objects.filter(pk=reset.asked_by_user_id, is_active=True).first()
    if asker is None:
        return False
    if reset.supplier_id is None:
        return Permission.FACTOR_RESET in COMPANY_ROLES.get(asker.company_role, frozenset())
    person = reset.user
    theirs = set(Membership.objects.filter(user=person).values_list("supplier_id", flat=True))
    if person.company_role or theirs != {reset.supplier_id}:
        return False
    roles = Membership.objects.filter(user=asker, supplier_id=reset.supplier_id).values_list(
        "role", flat=True
    )
    return any(Permission.FACTOR_RESET in SUPPLIER_ROLES[role] for role in roles)


def waiting_reset(user_id: int) -> FactorReset | None:
    """The removal of somebody's factors that waits, whoever asked for it. Asked in no supplier's scope."""
    with acting(DOORKEEPER):
        found: FactorReset | None = FactorReset.objects.filter(
            user_id=user_id, state=ResetState.WAITING
        ).first()
        return found


def names_of_suppliers(person: User) -> list[str]:
    """What the suppliers are called, and their numbers, that somebody acts for or was invited to act for."""
    with acting(DOORKEEPER):
        invited = Invitation.objects.filter(address__iexact=person.email, state="sent").values("supplier_id")
        theirs = Membership.objects.filter(user_id=person.pk).values("supplier_id")
        found = Supplier.objects.filter(Q(pk__in=theirs) | Q(pk__in=invited))
        return [word for names in found.values_list("name", "number") for word in names]
