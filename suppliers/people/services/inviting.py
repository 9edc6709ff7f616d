"""The verbs of an invitation: send one or many, send it again, take it back, accept it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import Fact, record_all
from portal.kernel.errors import Duplicate, Invalid, NotAllowed, NotFound, Problem, Refusal
from portal.kernel.scope import acting, requires_scope
from suppliers.models import Invitation, Membership, Supplier, User
from suppliers.people.messages import InvitePerson, NewPerson
from suppliers.people.policies import MOST_INVITED_A_DAY, RESEND_EVERY
from suppliers.people.queries import KEEPER
from suppliers.people.states import INVITATION_LIFECYCLE, InvitationState
from suppliers.roles import COMPANY_ROLES, SUPPLIER_ROLES, CompanyRole, Permission, SupplierRole
from suppliers.services import add_member
from suppliers.states import SupplierState

LONGEST_ADDRESS, LONGEST_NAME, LONGEST_WORDS = 254, 150, 2_000


class InvitationOver(Refusal):
    """The invitation was accepted, taken back, or has run out."""

    code = "invitation_over"


@dataclass(frozen=True, slots=True)
class Invited:
    """What came of inviting many: the invitations made, and why each other one was not. One never sinks the others."""

    made: tuple[Invitation, ...] = ()
    problems: tuple[Problem, ...] = ()


# --- inviting ------------------------------------------------------------------------------------------------


@requires_scope
def invite_people(papers: Sequence[InvitePerson], *, actor: Actor, at: datetime) -> Invited:
    """Invite people, each at an address of their own; the mails go by what is recorded here.

    As many queries for five thousand as for one. Whether an address has an account already is neither asked nor told:
    that is between its reader and the page behind the link. Raises `NotAllowed` for whoever may not invite there.
    """
    for supplier_id in {paper.supplier_id for paper in papers}:
        _may_invite(actor, supplier_id)
    with acting(KEEPER):
        known = _Known.about(papers)
        _not_too_many(papers, actor, at)
        problems: list[Problem] = []
        rows: dict[tuple[int | None, str], Invitation] = {}
        for paper in papers:
            address = paper.address.strip().lower()
            if problem := _problem(paper, address, known, rows):
                problems.append(problem)
            else:
                rows[paper.supplier_id, address] = _row(paper, address, known, actor, at)
        Invitation.objects.bulk_create(rows.values(), ignore_conflicts=True, batch_size=1000)
        # Somebody else may have invited one of them a moment ago: the index keeps one of the two.
        stored = Invitation.objects.select_related("supplier").in_bulk(
            [row.key for row in rows.values()], field_name="key"
        )
        made = [stored[row.key] for row in rows.values() if row.key in stored]
        problems += [_open_already(row.address) for row in rows.values() if row.key not in stored]
        record_all([_told(one, "invitation.sent") for one in made], actor=actor, at=at)
    return Invited(tuple(made), tuple(problems))


@requires_scope
def invite_person(paper: InvitePerson, *, actor: Actor, at: datetime) -> Invitation:
    """Invite one. Raises `Invalid` with what is wrong, `NotAllowed` for whoever may not."""
    invited = invite_people([paper], actor=actor, at=at)
    if invited.problems:
        raise Invalid(invited.problems[0].message, invited.problems)
    return invited.made[0]


def _may_invite(actor: Actor, supplier_id: int | None) -> None:
    if not actor.may(Permission.STAFF_MANAGE if supplier_id is None else Permission.PEOPLE_MANAGE):
        raise NotAllowed(_("Only an administrator invites people."))
    if actor.is_supplier and supplier_id not in actor.supplier_ids:
        raise NotAllowed(_("You can invite people to your own company only."))


def _not_too_many(papers: Sequence[InvitePerson], actor: Actor, at: datetime) -> None:
    if not actor.is_supplier:
        return
    recent = Invitation.objects.filter(supplier__in=actor.supplier_ids, invited_at__gt=at - timedelta(days=1))
    # By its own people, or by what acts for it without being one of them (suppliers/scim).
    theirs = Q(invited_by_user__company_role="") | Q(invited_by_user=None, invited_by=actor.label)
    recent = recent.filter(theirs)
    if recent.count() + len(papers) > MOST_INVITED_A_DAY:
        message = _("A company invites at most %(n)d people a day. Go on tomorrow, or ask your customer.")
        raise NotAllowed(message % {"n": MOST_INVITED_A_DAY})


@dataclass(frozen=True, slots=True)
class _Known:
    """Who is there already, of all whom some papers name."""

    suppliers: dict[int, Supplier]
    members: frozenset[tuple[int, str]]
    staff: frozenset[str]
    waiting: frozenset[tuple[int | None, str]]

    @classmethod
    def about(cls, papers: Iterable[InvitePerson]) -> "_Known":
        """Four queries, however many there are."""
        addresses = {paper.address.strip().lower() for paper in papers}
        ids = {paper.supplier_id for paper in papers if paper.supplier_id is not None}
        there = Membership.objects.filter(supplier__in=ids, user__email__in=addresses)
        ours = User.objects.filter(email__in=addresses).exclude(company_role="")
        waiting = Invitation.objects.filter(address__in=addresses, state=InvitationState.SENT)
        return cls(
            Supplier.objects.in_bulk(ids),
            frozenset(there.values_list("supplier_id", "user__email")),
            frozenset(ours.values_list("email", flat=True)),
            frozenset(waiting.values_list("supplier_id", "address")),
        )


def _problem(
    paper: InvitePerson, address: str, known: _Known, rows: dict[tuple[int | None, str], Invitation]
) -> Problem | None:
    """Why somebody cannot be invited: the first reason there is."""
    to, roles = paper.supplier_id, SupplierRole if paper.supplier_id is not None else CompanyRole
    if not _is_address(address):
        message = _("This is no mail address. Write it like name@company.example.")
        return Problem("address", message, paper.address, line=paper.line)
    if paper.role not in roles.values:
        return Problem("role", _("Choose what the person is to do."), paper.role, line=paper.line)
    if to is not None and to not in known.suppliers:
        return Problem("supplier", _("There is no such supplier."), str(to), "unknown", paper.line)
    if to is not None and known.suppliers[to].state == SupplierState.BLOCKED:
        message = _("This supplier is blocked. Unblock it first.")
        return Problem("supplier", message, str(to), "blocked", paper.line)
    if to is not None and known.suppliers[to].left_at is not None:
        message = _("The business with this supplier has ended. Take it up again first.")
        return Problem("supplier", message, str(to), "left", paper.line)
    if to is not None and known.suppliers[to].merged_into_id is not None:
        message = _("This supplier was merged into another record. Invite there.")
        return Problem("supplier", message, str(to), "merged", paper.line)
    if (to is not None and (to, address) in known.members) or (to is None and address in known.staff):
        message = _("%(address)s is one of the people here already. Change the role there.")
        return Problem("address", message % {"address": address}, address, "member", paper.line)
    if (to, address) in known.waiting or (to, address) in rows:
        return replace(_open_already(address), line=paper.line)
    return None


def _open_already(address: str) -> Problem:
    message = _("%(address)s is invited already. Send that invitation again instead.")
    return Problem("address", message % {"address": address}, address, "invited")


def _is_address(address: str) -> bool:
    try:
        validate_email(address)
    except ValidationError:
        return False
    return len(address) <= LONGEST_ADDRESS


def _row(paper: InvitePerson, address: str, known: _Known, actor: Actor, at: datetime) -> Invitation:
    supplier = known.suppliers.get(paper.supplier_id) if paper.supplier_id is not None else None
    language = paper.language or (supplier.language if supplier else "")
    zone = paper.time_zone or (supplier.time_zone if supplier else settings.TIME_ZONE)
    return Invitation(
        supplier=supplier,
        address=address,
        name=" ".join(paper.name.split())[:LONGEST_NAME],
        role=paper.role,
        language=language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE,
        time_zone=zone,
        words=paper.words.strip()[:LONGEST_WORDS],
        invited_at=at,
        invited_by=actor.label,
        invited_by_user_id=actor.user_id,
        sent_at=at,
        expires_at=at + settings.INVITATION_VALID_FOR,
    )


def _told(invitation: Invitation, kind: str) -> Fact:
    """The fact, with whom it is to be told to (procurement/notifications)."""
    return Fact(kind, invitation.stream, invitation.supplier_id, _facts(invitation))


def _facts(invitation: Invitation) -> dict[str, object]:
    person = {
        "address": invitation.address,
        "name": invitation.name,
        "language": invitation.language,
        "time_zone": invitation.time_zone,
    }
    return {"invitation": str(invitation.key), "role": invitation.role, "tell": [person]}


# --- again, and no more --------------------------------------------------------------------------------------


def _held(key: object, *, actor: Actor, verb: str) -> Invitation:
    """The invitation, locked, for one who manages it."""
    visible = Invitation.objects.visible_to(actor)
    if not visible.filter(key=key).exists():
        raise NotFound(_("There is no such invitation."))
    with acting(KEEPER):
        held = Invitation.objects.select_for_update(of=("self",)).select_related("supplier")
        invitation: Invitation = held.get(key=key)
    _may_invite(actor, invitation.supplier_id)
    if invitation.state not in INVITATION_LIFECYCLE.sources(verb):
        raise InvitationOver(_over_text(invitation))
    return invitation


def _over_text(invitation: Invitation) -> str:
    return {
        InvitationState.ACCEPTED: _("This invitation was accepted already."),
        InvitationState.REVOKED: _("This invitation was taken back. Invite the person anew."),
    }.get(InvitationState(invitation.state), _("This invitation has run out. Send it again."))


def why_not_again(rows: Sequence[Invitation], at: datetime) -> dict[int, Problem]:
    """Why each of these cannot be mailed once more, by its id; nothing of one that can. In the keeper's scope; at most
    three queries, however many there are.
    """
    answered_for = {row.pk for row in _still_answered_for(rows)}
    addresses = {row.address for row in rows}
    waiting = Invitation.objects.filter(state=InvitationState.SENT, address__in=addresses)
    open_ones = {
        (supplier_id, address): pk
        for pk, supplier_id, address in waiting.values_list("pk", "supplier_id", "address")
    }
    found: dict[int, Problem] = {}
    for row in rows:
        if row.state not in INVITATION_LIFECYCLE.sources("resend"):
            found[row.pk] = Problem("invitation", _over_text(row), row.address, "over")
        elif at < row.sent_at + RESEND_EVERY:
            message = _("It was sent a moment ago. Give the mail two minutes.")
            found[row.pk] = Problem("invitation", message, row.address, "moment")
        elif row.pk not in answered_for:
            gone = _("%(name)s, who invited, may not invite there any more. Take this back and invite anew.")
            found[row.pk] = Problem(
                "invitation", gone % {"name": row.invited_by}, row.address, "inviter_gone"
            )
        elif open_ones.get((row.supplier_id, row.address), row.pk) != row.pk:
            found[row.pk] = _open_already(row.address)
    return found


def _still_answered_for(rows: Sequence[Invitation]) -> list[Invitation]:
    """Those of these whose inviter still manages people there. What no person sent has nobody to ask about. At most two
    queries, however many there are.
    """
    ids = {row.invited_by_user_id for row in rows if row.invited_by_user_id is not None}
    if not ids:
        return list(rows)
    inviters = User.objects.filter(is_active=True).in_bulk(ids)
    managed = {
        (user_id, supplier_id)
        for user_id, supplier_id, role in Membership.objects.filter(
            user__in=ids, supplier__in={row.supplier_id for row in rows}
        ).values_list("user_id", "supplier_id", "role")
        if Permission.PEOPLE_MANAGE in SUPPLIER_ROLES[role]
    }

    def still(row: Invitation) -> bool:
        if row.invited_by_user_id is None:
            return True
        inviter = inviters.get(row.invited_by_user_id)
        ours = COMPANY_ROLES.get(inviter.company_role, frozenset()) if inviter is not None else frozenset()
        if row.supplier_id is None:
            return Permission.STAFF_MANAGE in ours
        return inviter is not None and (
            Permission.PEOPLE_MANAGE in ours or (inviter.pk, row.supplier_id) in managed
        )

    return [row for row in rows if still(row)]


@requires_scope
def resend_invitation(key: object, *, words: str = "", actor: Actor, at: datetime) -> Invitation:
    """Mail an invitation once more, with `words` of whoever does; it is good for as long again. Also one that has run
    out.

    Raises `InvitationOver` for one that is accepted or taken back, or whose inviter may invite there no more (it would
    bring in whom nobody answers for), `Duplicate` a moment after the last mail or where
    the same person was invited anew meanwhile.
    """
    invitation = _held(key, actor=actor, verb="resend")
    with acting(KEEPER):
        if problem := why_not_again([invitation], at).get(invitation.pk):
            raise (InvitationOver if problem.code == "inviter_gone" else Duplicate)(problem.message)
        _mail_again([invitation], words, actor=actor, at=at)
    return invitation


@requires_scope
def resend_invitations(
    ids: Iterable[int], *, words: str = "", actor: Actor, at: datetime
) -> dict[int, Problem]:
    """Mail invitations once more, those that have run out among them; says of each other, by its id, why it was not.

    As many queries for five thousand as for one. Raises `NotAllowed` for whoever may not invite there.
    """
    with acting(KEEPER):
        held = Invitation.objects.filter(pk__in=list(ids)).select_for_update(of=("self",)).order_by("id")
        rows = list(held)
    for supplier_id in {row.supplier_id for row in rows}:
        _may_invite(actor, supplier_id)
    with acting(KEEPER):
        problems = why_not_again(rows, at)
        _mail_again([row for row in rows if row.pk not in problems], words, actor=actor, at=at)
    return problems


def _mail_again(rows: Sequence[Invitation], words: str, *, actor: Actor, at: datetime) -> None:
    """`words` are of whoever sends it now; what the invitation itself says stands as it was written."""
    if rows:
        fields = {"sent_at": at, "expires_at": at + settings.INVITATION_VALID_FOR, "ended_at": None}
        more = {"words": words} if words else {}
        facts = [{**_facts(row), **more} for row in rows]
        INVITATION_LIFECYCLE.move_all(rows, "resend", actor=actor, at=at, facts=facts, fields=fields)


@requires_scope
def repeat_invitations(ids: Iterable[int], *, actor: Actor, at: datetime) -> list[int]:
    """Mail invitations once more that nobody has accepted yet, as a clock does: says which were. As many queries for
    five thousand as for one; what is held elsewhere, was mailed a moment ago, or was sent by who may invite there no
    more is left out.
    """
    waiting = Invitation.objects.filter(
        pk__in=list(ids), state=InvitationState.SENT, sent_at__lte=at - RESEND_EVERY
    )
    with acting(KEEPER):
        held = waiting.select_for_update(of=("self",), skip_locked=True).order_by("id")
        rows = _still_answered_for(list(held))
        if rows:
            fields = {"sent_at": at, "expires_at": at + settings.INVITATION_VALID_FOR}
            facts = [_facts(row) for row in rows]
            INVITATION_LIFECYCLE.move_all(rows, "resend", actor=actor, at=at, facts=facts, fields=fields)
    return [row.pk for row in rows]


@requires_scope
def revoke_invitation(key: object, *, actor: Actor, at: datetime) -> Invitation:
    """Take an invitation back: its link opens nothing any more."""
    invitation = _held(key, actor=actor, verb="revoke")
    with acting(KEEPER):
        facts = {"address": invitation.address}
        INVITATION_LIFECYCLE.move(
            invitation, "revoke", actor=actor, at=at, fields={"ended_at": at}, facts=facts
        )
    return invitation


@requires_scope
def expire_invitations(*, at: datetime) -> int:
    """Note those that have run out, so that lists say so. What is held elsewhere is left for the next time."""
    late = Invitation.objects.filter(state=InvitationState.SENT, expires_at__lte=at)
    rows = list(late.select_for_update(skip_locked=True).order_by("id")[:1000])
    if rows:
        facts = [{"address": row.address} for row in rows]
        INVITATION_LIFECYCLE.move_all(
            rows, "expire", actor=KEEPER, at=at, facts=facts, fields={"ended_at": at}
        )
    return len(rows)


# --- accepting -----------------------------------------------------------------------------------------------


def _held_to_accept(invitation: Invitation, at: datetime) -> Invitation:
    held = Invitation.objects.select_for_update(of=("self",)).select_related("supplier")
    fresh: Invitation = held.get(pk=invitation.pk)
    if fresh.state != InvitationState.SENT or at >= fresh.expires_at:
        raise InvitationOver(_over_text(fresh))
    if fresh.supplier is not None and fresh.supplier.state == SupplierState.BLOCKED:
        raise InvitationOver(_("This supplier is blocked at present. Ask who invited you."))
    if fresh.supplier is not None and fresh.supplier.left_at is not None:
        raise InvitationOver(_("The business with this supplier has ended. Ask who invited you."))
    return fresh


@requires_scope
def accept_as_new(invitation: Invitation, new: NewPerson, *, actor: Actor, at: datetime) -> User:
    """Accept an invitation and make the account of its address.

    Raises `InvitationOver`; `NotAllowed` where somebody signs in at that address already (they accept it signed in);
    `Invalid` for a password or a name that will not do.
    """
    with acting(KEEPER):
        fresh = _held_to_accept(invitation, at)
        user = User(email=fresh.address, name=" ".join(new.name.split())[:LONGEST_NAME])
        _check_new(user, new)
        sign_in = _("Somebody signs in at this address already. Sign in, and accept the invitation there.")
        if User.objects.filter(email__iexact=fresh.address).exists():
            raise NotAllowed(sign_in)
        try:
            with transaction.atomic():
                made = User.objects.create_user(
                    fresh.address,
                    new.password,
                    name=user.name,
                    language=new.language,
                    time_zone=new.time_zone,
                )
        except IntegrityError as error:  # another invitation of the same address, at the same moment
            raise NotAllowed(sign_in) from error
        _join(fresh, made, actor=replace(actor, label=made.name, user_id=made.pk), at=at)
    return made


def _check_new(user: User, new: NewPerson) -> None:
    problems = []
    if not user.name:
        problems.append(Problem("name", _("Say your name: others read it beside what you do."), new.name))
    try:
        validate_password(new.password, user)
    except ValidationError as error:
        problems += [Problem("password", message) for message in error.messages]
    if new.language not in dict(settings.LANGUAGES):
        problems.append(Problem("language", _("Choose one of the languages."), new.language))
    if new.time_zone not in available_timezones():
        problems.append(Problem("time_zone", _("Choose a time zone."), new.time_zone))
    if problems:
        raise Invalid(problems[0].message, problems)


@requires_scope
def accept_invitation(invitation: Invitation, user: User, *, actor: Actor, at: datetime) -> None:
    """Accept an invitation with the account one has, which must be that of the invited address.

    A mail that was passed on hands over nothing: raises `NotAllowed` for anybody else, and `InvitationOver`.
    """
    with acting(KEEPER):
        fresh = _held_to_accept(invitation, at)
        if user.email.lower() != fresh.address.lower() or not user.is_active:
            raise NotAllowed(_("This invitation is for another address than the one you sign in with."))
        _join(fresh, user, actor=replace(actor, label=user.name, user_id=user.pk), at=at)


def _join(invitation: Invitation, user: User, *, actor: Actor, at: datetime) -> None:
    if invitation.supplier is None:
        _join_staff(invitation, user)
    elif not Membership.objects.filter(user=user, supplier=invitation.supplier).exists():
        add_member(user, invitation.supplier, invitation.role, actor=actor, at=at)
    INVITATION_LIFECYCLE.move(
        invitation,
        "accept",
        actor=actor,
        at=at,
        fields={"accepted_by_id": user.pk, "ended_at": at},
        facts={"name": user.name, "role": invitation.role},
    )


def _join_staff(invitation: Invitation, user: User) -> None:
    if Membership.objects.filter(user=user).exists():
        raise Invalid(_("Who acts for a supplier cannot be on the buying side. Use another address."))
    if user.company_role:
        raise Invalid(_("%(name)s is on the buying side already.") % {"name": user.name})
    User.objects.filter(pk=user.pk).update(company_role=invitation.role)
    user.company_role = invitation.role
