"""Trading partners, the people who act for them, and their programs' tokens: the verbs."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import connection
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import Intake, Invalid, NotAllowed, Problem, Refusal
from portal.kernel.scope import acting, requires_scope
from portal.kernel.security.services import note
from suppliers.messages import SupplierPaper, SupplierSitePaper
from suppliers.models import ApiToken, Membership, Supplier, SupplierSite, User
from suppliers.roles import COMPANY_SCOPES, PERSONAL_SCOPES, Permission, TokenScope
from suppliers.states import Segment, SupplierState

DOORKEEPER = Actor.system("Doorkeeper")
OWN_TOKEN_FOR = timedelta(days=365)
# The ERP's until somebody sets them here.
THE_ERPS_AT_FIRST = ("country", "language", "time_zone", "segment", "email")
_NUMBERS = 0x71756E75  # of the advisory lock: see `hold_numbers`


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True


def hold_numbers(*, alone: bool) -> None:
    """Until the transaction ends nobody gives a supplier another number; `alone`: nor does a reading bring one, for who
    gives it.

    A reading asks which suppliers are here before it writes. One that got its number in between would be written over
    as if nobody had ever set anything there.
    """
    lock = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {lock}(%s)", [_NUMBERS])


@requires_scope
def receive_suppliers(papers: Sequence[SupplierPaper]) -> Intake:
    """Store suppliers as the ERP's vendor file has them.

    What people set in the portal is not the ERP's to change: of such fields it is kept beside them what the ERP says.
    The suppliers that are here already are held meanwhile, so that nobody's word is overwritten by an older one.
    """
    hold_numbers(alone=False)
    here = {
        one.number: one
        for one in Supplier.objects.filter(number__in={paper.number for paper in papers})
        .order_by("id")
        .select_for_update(no_key=True)
    }
    rows: dict[str, Supplier] = {}
    problems: list[Problem] = []
    for paper in papers:
        if paper.segment not in Segment.values:
            message = _("Segment %(value)s is not one of %(known)s.") % {
                "value": paper.segment,
                "known": ", ".join(Segment.values),
            }
            problems.append(Problem("segment", message, paper.segment, line=paper.number))
            continue
        if not _is_zone(paper.time_zone):
            message = _("%(value)s is not a time zone of the IANA database. Write it like Europe/Berlin.")
            problems.append(
                Problem("time_zone", message % {"value": paper.time_zone}, paper.time_zone, line=paper.number)
            )
            continue
        rows[paper.number] = Supplier(
            number=paper.number,
            name=paper.name,
            country=paper.country,
            currency=paper.currency,
            language=paper.language or "en",
            time_zone=paper.time_zone,
            segment=paper.segment,
            email=paper.email,
            state=SupplierState.BLOCKED if paper.blocked else SupplierState.ACTIVE,
        )
        if paper.number in here:
            _keep_what_was_set_here(rows[paper.number], here[paper.number])
    fields = ["name", "country", "currency", "language", "time_zone", "segment", "email", "state", "erp_says"]
    Supplier.objects.bulk_create(
        rows.values(), update_conflicts=True, unique_fields=["number"], update_fields=fields, batch_size=1000
    )
    return Intake(stored=len(rows), problems=tuple(problems))


def _keep_what_was_set_here(told: Supplier, ours: Supplier) -> None:
    told.erp_says = {name: getattr(told, name) for name in ours.erp_says}
    for name in ours.erp_says:
        setattr(told, name, getattr(ours, name))


def set_here(supplier: Supplier, **values: str) -> None:
    """Set fields that were the ERP's: from now on they are the portal's. The supplier is held, and is not saved."""
    unknown = set(values) - set(THE_ERPS_AT_FIRST)
    assert not unknown, f"{unknown} are never the portal's"
    for name, value in values.items():
        if value != getattr(supplier, name) or name in supplier.erp_says:
            supplier.erp_says.setdefault(name, getattr(supplier, name))
            setattr(supplier, name, value)


@requires_scope
def receive_supplier_sites(papers: Sequence[SupplierSitePaper]) -> Intake:
    """Store the places suppliers ship from."""
    numbers = {paper.supplier for paper in papers}
    suppliers = dict(Supplier.objects.filter(number__in=numbers).values_list("number", "id"))
    fields = ["name", "street", "postal_code", "city", "country", "transit_days"]
    rows: dict[tuple[int, str], SupplierSite] = {}
    problems: list[Problem] = []
    for paper in papers:
        if paper.supplier not in suppliers:
            message = _("Supplier %(value)s is not known. Send the supplier first.") % {
                "value": paper.supplier
            }
            problems.append(Problem("supplier", message, paper.supplier, "unknown", paper.code))
            continue
        supplier_id = suppliers[paper.supplier]
        values = {name: getattr(paper, name) for name in fields}
        rows[supplier_id, paper.code] = SupplierSite(supplier_id=supplier_id, code=paper.code, **values)
    SupplierSite.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["supplier_id", "code"],
        update_fields=fields,
        batch_size=1000,
    )
    return Intake(stored=len(rows), problems=tuple(problems))


class BusinessEnded(Refusal):
    """The business with the supplier has ended: it sends nothing any more."""

    code = "business_ended"


@requires_scope
def require_business(supplier_id: int, *, actor: Actor) -> None:
    """Raise `BusinessEnded` where a supplier claims or promises something and the business with it has ended.

    Whoever ends it at the same moment holds the supplier against this and waits for what is being sent; what comes
    later is refused here. On the buying side nothing is refused: late papers are written for the supplier. Ship notices
    are refused to nobody: whoever unloads wants the paper of goods that have left.
    """
    if (ended := business_over(supplier_id, actor=actor)) is not None:
        raise ended


@requires_scope
def business_over(supplier_id: int, *, actor: Actor) -> BusinessEnded | None:
    """What `require_business` would raise, for a door that goes on with the papers of others."""
    if not actor.is_supplier:
        return None
    # The supplier's own scope may lock nothing of its record.
    with acting(DOORKEEPER), connection.cursor() as cursor:
        cursor.execute("SELECT left_at FROM suppliers_supplier WHERE id = %s FOR KEY SHARE", [supplier_id])
        (left_at,) = cursor.fetchone()
    if left_at is None:
        return None
    return BusinessEnded(_("Your business with this customer has ended. Write to whom you know there."))


@requires_scope
def add_member(
    user: User, supplier: Supplier, role: str, *, actor: Actor, at: datetime, tell: bool = True
) -> Membership:
    """Let a person act for a supplier. Raises `Invalid` for one of ours, and where the business has ended.

    Whoever was there before is told (procurement/notifications: `tell_earlier`), unless the caller does (`tell`).
    """
    if supplier.left_at is not None:
        raise Invalid(_("The business with %(name)s has ended.") % {"name": supplier.name})
    if user.company_role:
        raise Invalid(
            _("%(name)s is on the buying side and cannot act for a supplier.") % {"name": user.name}
        )
    member, _created = Membership.objects.update_or_create(
        user=user, supplier=supplier, defaults={"role": role}
    )
    record(
        "supplier.member_added",
        supplier.stream,
        actor=actor,
        at=at,
        supplier_id=supplier.pk,
        facts={"name": user.name, "role": role, **({"newcomer": user.pk} if tell else {})},
    )
    return member


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token at the only moment its secret is known."""

    token: ApiToken
    secret: str


def digest_of(secret: str) -> str:
    """What is stored of a token: 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


@requires_scope
def create_token(name: str, scope: str, *, supplier: Supplier | None, actor: Actor, at: datetime) -> NewToken:
    """Make a token for a program of one supplier, or of the buying side (no supplier). Shown once, stored hashed."""
    if not actor.may(Permission.TOKEN_MANAGE):
        raise NotAllowed(_("Only an administrator makes access tokens."))
    if actor.is_supplier and (supplier is None or supplier.pk not in actor.supplier_ids):
        raise NotAllowed(_("You can make tokens for your own company only."))
    problems = []
    if not name.strip():
        problems.append(Problem("name", _("Give the token a name that says which program uses it."), name))
    if scope not in TokenScope.values:
        problems.append(Problem("scope", _("Choose what the token may do."), scope))
    elif scope in PERSONAL_SCOPES:
        message = _("Such a token is made by the person in whose name it acts, on a page of his or her own.")
        problems.append(Problem("scope", message, scope))
    elif supplier is None and scope not in COMPANY_SCOPES:
        problems.append(Problem("scope", _("Only a supplier answers orders: choose whose orders."), scope))
    elif supplier is not None and supplier.left_at is not None:
        problems.append(Problem("scope", _("The business with this supplier has ended."), scope, "left"))
    elif supplier is not None and scope == TokenScope.RECEIVE:
        message = _("Goods are counted on the buying side: choose all suppliers for this token.")
        problems.append(Problem("scope", message, scope))
    elif supplier is not None and scope == TokenScope.TRAIL:
        message = _("The audit trail is of all suppliers: choose all suppliers for this token.")
        problems.append(Problem("scope", message, scope))
    elif scope == TokenScope.TRAIL and not actor.may(Permission.TRAIL_VIEW):
        message = _("Only who may read the audit trail lets a program read it.")
        problems.append(Problem("scope", message, scope))
    if problems:
        raise Invalid(problems[0].message, problems)
    return _make_token(name, scope, supplier=supplier, user_id=None, actor=actor, at=at)


@requires_scope
def create_own_token(name: str, *, actor: Actor, at: datetime) -> NewToken:
    """Make a token by which a program works the desk of accounts payable in one's own name. It does no more than one
    may oneself at that moment, and ends with one's account, a new password, or after `OWN_TOKEN_FOR`. Who asks for it
    has shown the password a moment ago: the door sees to that.
    """
    if actor.user_id is None or actor.token_id is not None or not may_have_own(actor):
        raise NotAllowed(_("Who settles or approves invoices makes such a token, for oneself, signed in."))
    if not name.strip():
        message = _("Give the token a name that says which program uses it.")
        raise Invalid(message, [Problem("name", message, name)])
    return _make_token(name, TokenScope.DESK, supplier=None, user_id=actor.user_id, actor=actor, at=at)


def may_have_own(actor: Actor) -> bool:
    """Whether a program may act in somebody's name on the desk."""
    return actor.is_company and (
        actor.may(Permission.INVOICE_SETTLE) or actor.may(Permission.INVOICE_APPROVE)
    )


def _make_token(
    name: str, scope: str, *, supplier: Supplier | None, user_id: int | None, actor: Actor, at: datetime
) -> NewToken:
    prefix = secrets.token_hex(4)
    secret = f"qs_{prefix}_{secrets.token_urlsafe(32)}"
    token = ApiToken.objects.create(
        supplier=supplier,
        user_id=user_id,
        name=name.strip(),
        prefix=prefix,
        digest=digest_of(secret),
        scope=scope,
        created_at=at,
        created_by=actor.label,
        created_by_user_id=actor.user_id,
        expires_at=at + OWN_TOKEN_FOR if user_id is not None else None,
    )
    _record_token("token.created", token, actor=actor, at=at)
    return NewToken(token, secret)


@requires_scope
def revoke_token(token: ApiToken, *, actor: Actor, at: datetime) -> None:
    """End a token at once. Revoking twice is harmless."""
    is_own = token.user_id is not None and token.user_id == actor.user_id
    if not is_own and not actor.may(Permission.TOKEN_MANAGE):
        raise NotAllowed(_("Only an administrator revokes access tokens."))
    if (
        ApiToken.objects.visible_to(actor)
        .filter(pk=token.pk, revoked_at=None)
        .update(revoked_at=at, revoked_by=actor.label)
    ):
        _record_token("token.revoked", token, actor=actor, at=at)


@requires_scope
def end_own_tokens(user: User, *, actor: Actor, at: datetime) -> int:
    """End all tokens that act in a person's name, as a new password does: whoever made one knew the old."""
    live = ApiToken.objects.filter(user=user, revoked_at=None).order_by("id")
    ended = list(live.select_for_update(of=("self",)))
    for token in ended:
        ApiToken.objects.filter(pk=token.pk).update(revoked_at=at, revoked_by=actor.label)
        _record_token("token.revoked", token, actor=actor, at=at)
    return len(ended)


@requires_scope
def end_tokens_of(supplier: Supplier, *, actor: Actor, at: datetime) -> list[ApiToken]:
    """End all tokens of a supplier, for a verb that has asked who may; returns them."""
    live = ApiToken.objects.filter(supplier=supplier, revoked_at=None).order_by("id")
    ended = list(live.select_for_update(of=("self",)))
    for token in ended:
        ApiToken.objects.filter(pk=token.pk).update(revoked_at=at, revoked_by=actor.label)
        _record_token("token.revoked", token, actor=actor, at=at)
    return ended


def _record_token(kind: str, token: ApiToken, *, actor: Actor, at: datetime) -> None:
    facts = {"name": token.name, "prefix": token.prefix, "scope": token.scope}
    record(kind, f"token:{token.prefix}", actor=actor, at=at, supplier_id=token.supplier_id, facts=facts)
    note(kind, user_id=actor.user_id, token_id=token.pk, prefix=token.prefix, scope=token.scope)


def keep_preferences(user: User, names: Sequence[str]) -> None:
    """Keep how a person wants the pages: only the fields named. People are of no supplier and need no scope."""
    user.save(update_fields=list(names))
