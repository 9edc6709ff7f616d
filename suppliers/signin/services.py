"""What happens to somebody's factors and devices, and acting in somebody's place: the verbs."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor, Channel, Side
from portal.kernel.audit.services import record
from portal.kernel.errors import Duplicate, Invalid, NotAllowed, Problem
from portal.kernel.outbox.services import enqueue
from portal.kernel.scope import acting, requires_scope
from portal.kernel.security.services import note
from suppliers.models import (
    Device,
    FactorConfirmation,
    FactorReset,
    FactorRule,
    Impersonation,
    SignIn,
    Supplier,
    User,
)
from suppliers.queries import actor_of
from suppliers.roles import Permission
from suppliers.services import end_own_tokens
from suppliers.signin.codes import HashedCodes
from suppliers.signin.policies import LONGEST_GRACE, ORDINARY, Demand, is_new_country
from suppliers.signin.queries import (
    DOORKEEPER,
    all_demands,
    codes_left,
    factors_since,
    fingerprint_of,
    half_sign_ins,
    may_still_reset,
    suppliers_acted_for,
    waiting_reset,
)
from suppliers.signin.sealing import UnknownKey, sealed_anew
from suppliers.signin.states import FACTOR_RESET_LIFECYCLE, EndedHow, ResetState

LONGEST_REASON = 500


def oneself(user: User) -> Actor:
    """Somebody at their own account: the portal writes it down, in their name."""
    return Actor(label=user.name, channel=Channel.PORTAL, side=Side.SYSTEM, user_id=user.pk, role="system")


def stream_of(user: User) -> str:
    """The trail of what happens to a person's sign-in."""
    return f"person:{user.pk}"


# --- Who needs a second factor ------------------------------------------------------------------------------


@requires_scope
def set_factor_rules(demands: Sequence[Demand], *, actor: Actor, at: datetime) -> int:
    """Say which roles need a second factor and within how many days. Returns how many rules were changed.

    Days of grace begin anew where a role that needed none needs one now; a rule that only becomes shorter or longer
    keeps its beginning. Raises `Invalid` for days beyond `LONGEST_GRACE`, `NotAllowed` for who may not.
    """
    if not actor.may(Permission.SIGN_IN_SETUP):
        raise NotAllowed(_("Only an administrator says who needs a second factor."))
    known = {(one.side, one.role): one for one in all_demands()}
    problems = [
        Problem(
            f"{one.side}-{one.role}-days",
            _("Give between 0 and %(most)d days.") % {"most": LONGEST_GRACE},
            str(one.grace_days),
        )
        for one in demands
        if not 0 <= one.grace_days <= LONGEST_GRACE
    ]
    if problems:
        raise Invalid(problems[0].message, problems)
    changed = 0
    for wanted in demands:
        before = known.get((wanted.side, wanted.role))
        if before is None or (before.demanded, before.grace_days) == (wanted.demanded, wanted.grace_days):
            continue
        since = before.since_at if before.demanded and before.since_at else at
        FactorRule.objects.update_or_create(
            side=wanted.side,
            role=wanted.role,
            defaults={
                "demanded": wanted.demanded,
                "grace_days": wanted.grace_days,
                "since_at": since,
                "set_by": actor.label,
            },
        )
        facts = {"side": wanted.side, "role": wanted.role, "demanded": wanted.demanded}
        facts |= {"grace_days": wanted.grace_days, "was_demanded": before.demanded}
        facts |= {"was_grace_days": before.grace_days}
        record("factor_rule.set", "factor-rules", actor=actor, at=at, supplier_id=None, facts=facts)
        changed += 1
    return changed


# --- One's own factors and devices --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seen:
    """From where somebody comes: the browser by its secret's digest, its name, the address, the country if known."""

    digest: str
    program: str
    address: str
    country: str = ""


@requires_scope
def note_sign_in(user: User, seen: Seen, way: str, *, at: datetime) -> SignIn:
    """Write down that somebody signed in, and tell them of a device or a country they never came from.

    The first sign-in of an account is told to nobody: everything is new then.
    """
    before = SignIn.objects.filter(user=user)
    is_first = not before.exists() and not Device.objects.filter(user=user).exists()
    device, made = Device.objects.get_or_create(
        user=user, digest=seen.digest, defaults=_as_fields(seen) | {"first_seen_at": at, "last_seen_at": at}
    )
    if not made:
        Device.objects.filter(pk=device.pk).update(**_as_fields(seen), last_seen_at=at)
    countries = list(before.exclude(country="").values_list("country", flat=True).distinct())
    elsewhere = is_new_country(seen.country, countries)
    sign_in = SignIn.objects.create(
        user=user,
        at=at,
        way=way,
        is_new_device=made and not is_first,
        is_new_country=elsewhere,
        **_as_fields(seen),
    )
    if sign_in.is_new_device or elsewhere:
        facts = {"program": seen.program, "address": seen.address, "country": seen.country, "way": way}
        _record_of("sign_in.from_new_place", user, actor=oneself(user), at=at, facts=facts)
    return sign_in


def _as_fields(seen: Seen) -> dict[str, object]:
    return {"program": seen.program[:200], "address": seen.address or None, "country": seen.country}


@requires_scope
def trust_device(user: User, seen: Seen, *, at: datetime) -> None:
    """Spare this device the second step at sign-in for a while. It has just shown one; step-up asks all the same."""
    if not settings.TRUSTED_DEVICE_FOR:
        return
    trusted = {"trusted_until": at + settings.TRUSTED_DEVICE_FOR, "fingerprint": fingerprint_of(user)}
    Device.objects.update_or_create(
        user=user,
        digest=seen.digest,
        defaults=_as_fields(seen) | trusted | {"last_seen_at": at},
        create_defaults=_as_fields(seen) | trusted | {"first_seen_at": at, "last_seen_at": at},
    )
    _record_of("device.trusted", user, actor=oneself(user), at=at, facts={"program": seen.program})


@requires_scope
def distrust_devices(user: User, *, actor: Actor, at: datetime, device_id: int | None = None) -> int:
    """Ask for the second step again on one device, or on all. Returns on how many."""
    devices = Device.objects.filter(user=user, trusted_until__isnull=False)
    if device_id is not None:
        devices = devices.filter(pk=device_id)
    ended = devices.update(trusted_until=None, fingerprint="")
    if ended:
        _record_of("device.distrusted", user, actor=actor, at=at, facts={"devices": ended})
    return ended


@requires_scope
def note_factor_shown(user: User, kind: str, *, at: datetime) -> None:
    """Write down that a recovery code was used, and tell its person how many are left. Others are not written down."""
    if kind == Authenticator.Type.RECOVERY_CODES:
        facts = {"left": codes_left(user.pk)}
        _record_of("recovery_code.used", user, actor=oneself(user), at=at, facts=facts)


@requires_scope
def tell_of_half_sign_ins(*, at: datetime) -> int:
    """Tell people whose password was right somewhere, where the second step was not done: once a day at most. Returns
    how many. Whoever mistypes a code and then gets in hears nothing. ASVS 5.0, 6.3.5.
    """
    found = {event.user_id: event for event in half_sign_ins(at=at)}
    people = User.objects.filter(pk__in=found, is_active=True)
    for person in people:
        event = found[person.pk]
        facts = {"program": event.browser, "address": event.address, "moment": event.at.isoformat()}
        _record_of("second_step.failed", person, actor=oneself(person), at=at, facts=facts)
    return len(people)


@requires_scope
def ask_to_confirm_factors(user: User, *, at: datetime) -> None:
    """Mail the person a link by which the address confirms that the factors are its owner's."""
    since = factors_since(user.pk)
    if since is None:
        raise Invalid(_("There is no second factor to confirm. Set one up first."))
    facts = {"since": since.isoformat()}
    _record_of("factor.confirmation_asked", user, actor=oneself(user), at=at, facts=facts)


@requires_scope
def confirm_factors(user: User, since: datetime, *, at: datetime) -> bool:
    """The address has confirmed the factors that were there when it was asked. False where they changed since."""
    if factors_since(user.pk) != since:
        return False
    FactorConfirmation.objects.update_or_create(user=user, defaults={"confirmed_at": at})
    _record_of("factor.confirmed", user, actor=oneself(user), at=at, facts={"since": since.isoformat()})
    return True


@dataclass(frozen=True, slots=True)
class SealedAnew:
    """What came of one lot: how many were sealed anew, how many nobody can open, and the last one looked at; 0 where
    there are no more.
    """

    done: int
    unreadable: int
    last: int


@requires_scope
def seal_factors_anew(*, after: int = 0, limit: int = 300) -> SealedAnew:
    """Seal with the present SECRET_KEY what was sealed with a former one, or before there were seals.

    Called until it says that there are no more. A device that is spared the second step stays so. Whoever uses a
    recovery code in this moment waits for its row, so that no code works twice.
    """
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)
    found = Authenticator.objects.filter(pk__gt=after, type__in=kinds).select_for_update(of=("self",))
    rows = list(found.select_related("user").order_by("pk")[:limit])
    done = unreadable = 0
    for row in rows:
        try:
            data = sealed_anew(row.data)
        except UnknownKey:
            unreadable += 1
            continue
        if data == row.data:
            continue
        was = fingerprint_of(row.user)
        Authenticator.objects.filter(pk=row.pk).update(data=data)
        Device.objects.filter(user=row.user, fingerprint=was).update(fingerprint=fingerprint_of(row.user))
        done += 1
    return SealedAnew(done, unreadable, rows[-1].pk if len(rows) == limit else 0)


@requires_scope
def hash_shown_codes(*, after: int = 0, limit: int = 10) -> tuple[int, int]:
    """Hash recovery codes that were shown before hashes were kept (Note [Shown, then hashed] in codes.py). Returns the
    last row looked at, 0 where there are no more, and how many were hashed. What no key opens stays as it is.
    """
    found = Authenticator.objects.filter(
        pk__gt=after, type=Authenticator.Type.RECOVERY_CODES, data__has_keys=["seed", "viewed_at"]
    )
    rows = list(found.select_for_update(skip_locked=True).order_by("pk")[:limit])
    done = 0
    for row in rows:
        with suppress(UnknownKey):
            HashedCodes(row).forget_seed()
            done += 1
    return (rows[-1].pk if rows else 0), done


def ask_for_new_password(email: str, *, at: datetime) -> None:
    """Somebody typed an address and wants a new password for it. Whether there is such an account is looked up later,
    by a worker: here the same happens for every address, in the same time.
    """
    with acting(DOORKEEPER):
        enqueue(
            "sign_in",
            f"password:{email}"[:120],
            "password.reset_asked",
            {"email": email},
            actor=DOORKEEPER,
            at=at,
            supplier_id=None,
        )


# --- When all factors are lost ------------------------------------------------------------------------------


@requires_scope
def ask_factor_reset(person: User, reason: str, *, actor: Actor, at: datetime) -> FactorReset:
    """Begin to take away all factors of somebody who has lost them. Takes effect after `FACTOR_RESET_WAITS`; the person
    is told at once, with a link that stops it.

    An administrator of a supplier does it for people who act for that supplier alone, ours for everybody, nobody for
    oneself. Raises `NotAllowed`, `Invalid` without a reason, `Duplicate` where one waits.
    """
    if not actor.may(Permission.FACTOR_RESET) or actor.user_id is None or actor.token_id is not None:
        raise NotAllowed(_("Only an administrator takes factors away."))
    if actor.user_id == person.pk:
        raise NotAllowed(_("Nobody takes away one’s own lost factors: ask another administrator."))
    if actor.is_supplier:
        others = [one.name for one in suppliers_acted_for(person) if one.pk not in actor.supplier_ids]
        if others or person.company_role:
            raise NotAllowed(_("This person acts for others too. Ask your customer’s administrator."))
    reason = _reason_in(reason, _("Say why: how you know that it is the person who asks."))
    waits = _("A removal is waiting already. It takes effect by itself, or is stopped.")
    if waiting_reset(person.pk) is not None:
        raise Duplicate(waits)
    try:
        with transaction.atomic():
            reset = FactorReset.objects.create(
                supplier_id=actor.supplier_ids[0] if actor.is_supplier else None,
                user=person,
                reason=reason,
                asked_at=at,
                asked_by=actor.label,
                asked_by_user_id=actor.user_id,
                takes_effect_at=at + settings.FACTOR_RESET_WAITS,
            )
    except IntegrityError as error:  # another administrator, in this very moment
        raise Duplicate(waits) from error
    facts = {"key": str(reset.key), "reason": reason, "takes_effect_at": reset.takes_effect_at.isoformat()}
    _record_of("factor.reset_asked", person, actor=actor, at=at, facts=facts, supplier_id=reset.supplier_id)
    note("factor.removal_asked", user_id=actor.user_id, person=person.pk)
    return reset


@requires_scope
def stop_factor_reset(reset: FactorReset, *, actor: Actor, at: datetime) -> None:
    """Stop the removal of factors: by the person's link, or an administrator. Raises `IllegalTransition` too late."""
    FACTOR_RESET_LIFECYCLE.move(
        reset, "stop", actor=actor, at=at, fields={"ended_at": at}, facts={"user": reset.user_id}
    )


@requires_scope
def do_factor_reset(reset: FactorReset, *, at: datetime) -> bool:
    """Take away all factors of somebody, once the time has passed; with them go sessions, devices and own tokens.

    The password stays as it is, and nobody is signed in by this. Where who asked could not ask any more (gone, another
    role, or the person acts for others by now) it is stopped instead, and False comes back.
    """
    if at < reset.takes_effect_at:
        raise NotAllowed(_("It takes effect at its time, not before."))
    person = reset.user
    if not may_still_reset(reset):
        stop_factor_reset(reset, actor=DOORKEEPER, at=at)
        return False
    actor = Actor.system(reset.asked_by)
    FACTOR_RESET_LIFECYCLE.move(
        reset, "do", actor=actor, at=at, fields={"ended_at": at}, facts={"user": person.pk}
    )
    Authenticator.objects.filter(user=person).delete()
    FactorConfirmation.objects.filter(user=person).delete()
    distrust_devices(person, actor=actor, at=at)
    end_own_tokens(person, actor=actor, at=at)
    end_sessions(person)
    return True


@requires_scope
def end_sessions(user: User) -> None:
    """End every session of a person at once, also one that nobody has on a list (`session_round`).

    Whoever acts in a session of theirs that is to go on calls `update_session_auth_hash` after it.
    """
    with acting(DOORKEEPER):
        User.objects.filter(pk=user.pk).update(session_round=F("session_round") + 1)
        user.refresh_from_db(fields=["session_round"])
        for session in UserSession.objects.filter(user=user):
            session.end()


@requires_scope
def end_all_sessions(person: User, *, actor: Actor, at: datetime) -> None:
    """Sign somebody out everywhere, and spare no device of theirs the second step any more: something was stolen, or
    looks odd. The account stays as it is, and its person is told by mail. Raises `NotAllowed` for who may not.

    A supplier's own do it for whoever acts for that supplier, ours for everybody; one's own one ends on one's own
    page.
    """
    if not actor.may(Permission.FACTOR_RESET) or actor.user_id is None or actor.token_id is not None:
        raise NotAllowed(_("Only an administrator ends the sessions of others."))
    if actor.user_id == person.pk:
        raise NotAllowed(_("Your own sessions you end on your own page."))
    supplier_id = actor.supplier_ids[0] if actor.is_supplier else None
    _record_of("sessions.ended", person, actor=actor, at=at, facts={}, supplier_id=supplier_id)
    with acting(DOORKEEPER):
        end_sessions(person)
        distrust_devices(person, actor=actor, at=at)
    note("session.all_ended", user_id=actor.user_id, person=person.pk)


# --- Acting in somebody's place -----------------------------------------------------------------------------


@requires_scope
def start_impersonation(
    person: User, supplier: Supplier, reason: str, *, actor: Actor, at: datetime
) -> Impersonation:
    """Begin to act in the place of a supplier's person, for `IMPERSONATION_FOR`. The person is told by mail.

    Only for who acts for a supplier and is not of the buying side. Raises `NotAllowed`, `Invalid` without a reason.
    """
    if not (actor.is_company and actor.may(Permission.IMPERSONATE)) or actor.user_id is None:
        raise NotAllowed(_("Only an administrator acts in another person’s place."))
    if actor.token_id is not None or actor.impersonator_id is not None:
        raise NotAllowed(_("In another person’s place this cannot be done."))
    if person.company_role or not person.is_active or actor.user_id == person.pk:
        raise NotAllowed(_("One acts only in the place of people of suppliers."))
    if not person.memberships.filter(supplier=supplier).exists():
        raise NotAllowed(_("%(name)s does not act for this supplier.") % {"name": person.name})
    reason = _reason_in(reason, _("Say why you need to see what this person sees."))
    began = Impersonation.objects.create(
        supplier=supplier,
        person=person,
        by_id=actor.user_id,
        reason=reason,
        started_at=at,
        ends_at=at + settings.IMPERSONATION_FOR,
    )
    facts = {"name": person.name, "user": person.pk, "reason": reason, "ends_at": began.ends_at.isoformat()}
    record("person.impersonated", supplier.stream, actor=actor, at=at, supplier_id=supplier.pk, facts=facts)
    note("person.impersonated", user_id=actor.user_id, person=person.pk, supplier=supplier.pk)
    return began


@requires_scope
def end_impersonation(key: str, how: str, *, actor: Actor, at: datetime) -> None:
    """Act for oneself again. Ending twice is harmless."""
    going = Impersonation.objects.filter(key=key, ended_at=None).select_related("supplier", "person").first()
    if going is None:
        return
    Impersonation.objects.filter(pk=going.pk, ended_at=None).update(ended_at=at, ended_how=how)
    facts = {"name": going.person.name, "user": going.person_id, "how": how}
    record(
        "person.impersonation_ended",
        going.supplier.stream,
        actor=actor,
        at=at,
        supplier_id=going.supplier_id,
        facts=facts,
    )


@requires_scope
def close_old_impersonations(*, at: datetime) -> int:
    """Write down that those whose time is over have ended: a browser that was closed tells nobody."""
    over = Impersonation.objects.filter(ended_at=None, ends_at__lte=at).values_list("key", flat=True)
    keys = list(over[:500])
    for key in keys:
        end_impersonation(str(key), EndedHow.TIME, actor=DOORKEEPER, at=at)
    return len(keys)


def stand_in(admin: User, person: User, supplier_id: int) -> Actor | None:
    """The actor who acts in a person's place: what that person is, less all that is no daily work, in both names."""
    actor = actor_of(person, acting_for=supplier_id) if person.is_active else None
    if actor is None or actor.supplier_ids != (supplier_id,):
        return None
    return replace(
        actor,
        label=f"{admin.name[:95]} for {person.name[:95]}",
        permissions=actor.permissions & ORDINARY,
        all_supplier_ids=(supplier_id,),
        impersonator_id=admin.pk,
    )


@requires_scope
def forget_old(*, at: datetime) -> int:
    """Forget sign-ins, and devices nobody came with, older than `SIGN_INS_KEPT_FOR`."""
    before = at - settings.SIGN_INS_KEPT_FOR
    sign_ins, _of = SignIn.objects.filter(at__lt=before).delete()
    devices, _of = Device.objects.filter(last_seen_at__lt=before, trusted_until=None).delete()
    return sign_ins + devices


def forget_ended_sessions(*, at: datetime) -> int:
    """Delete sessions that have ended by themselves, a thousand at a time: nobody else ever does.

    What a provider's form left on its way (docs/sso.md) ends after minutes, a person's after hours.
    """
    ended = Session.objects.filter(expire_date__lt=at)
    keys = list(ended.order_by("expire_date").values_list("session_key", flat=True)[:1000])
    UserSession.objects.filter(session_key__in=keys).delete()
    gone, _of = ended.filter(session_key__in=keys).delete()
    return gone


def _reason_in(reason: str, missing: str) -> str:
    reason = reason.strip()
    if not reason:
        raise Invalid(missing, [Problem("reason", missing)])
    if len(reason) > LONGEST_REASON:
        message = _("Say it in %(most)d characters.") % {"most": LONGEST_REASON}
        raise Invalid(message, [Problem("reason", message, reason[:80])])
    return reason


def _record_of(
    kind: str,
    user: User,
    *,
    actor: Actor,
    at: datetime,
    facts: Mapping[str, object],
    supplier_id: int | None = None,
) -> None:
    told = {"user": user.pk, "name": user.name, **facts}
    record(kind, stream_of(user), actor=actor, at=at, supplier_id=supplier_id, facts=told)


def due_resets(*, at: datetime) -> list[FactorReset]:
    """The removals whose time has come, locked for whoever does them."""
    found = FactorReset.objects.filter(state=ResetState.WAITING, takes_effect_at__lte=at)
    return list(
        found.select_related("user").select_for_update(of=("self",), skip_locked=True).order_by("id")[:50]
    )
