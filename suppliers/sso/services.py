"""The verbs of single sign-on: write a provider down, try it, switch it on and off; and let somebody in.

Note [No take-over]: a provider is somebody else's server, and a supplier's provider is a stranger's. Four things must
hold before what it says opens an account: the identity is joined with that account already, or else the address is
verified and of a domain that our administrator gave to this very provider; the account is of its side (our own people,
or people who act for that supplier and nobody else); it is joined with no other identity of this provider, since
addresses are given to new people and identities are not; and it is open. Each time anew, not only the first.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from allauth.socialaccount.models import SocialAccount
from cryptography import x509
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import Invalid, NotAllowed, Problem, Refusal, StaleDocument
from portal.kernel.outbox.services import enqueue
from portal.kernel.outside import fault_in
from portal.kernel.scope import acting, requires_scope
from portal.kernel.sealing import Unreadable
from portal.kernel.security.services import note
from suppliers.models import Supplier, User
from suppliers.people.services import LastAdministrator, change_staff_role, join_staff
from suppliers.roles import CompanyRole, Permission
from suppliers.scim.queries import told_of
from suppliers.signin.queries import DOORKEEPER
from suppliers.signin.services import end_sessions
from suppliers.sso.messages import Identity, WriteProvider
from suppliers.sso.models import IdentityProvider, PasswordKeeper, ProviderDomain
from suppliers.sso.policies import DOMAIN, EVERYBODYS, domain_of, role_of, uid_of
from suppliers.sso.queries import domain_owners, is_of_side
from suppliers.sso.sealing import is_sealed_with_the_present_key, keep_secret, secret_of
from suppliers.sso.states import PROVIDER_LIFECYCLE, ProviderKind, ProviderState, Why

# What decides whom we believe: changed only while nobody comes in by it, and tried anew.
TRUST = ("issuer", "client_id", "sign_in_url")
PLAIN = ("name", "scopes", "groups_claim", "factor_words", "proves_addresses", "makes_people", "only_way")


class NotAdmitted(Refusal):
    """Somebody does not come in through a provider, and why."""

    code = "not_admitted"
    status = 403

    def __init__(self, why: Why) -> None:
        super().__init__(str(why.label))
        self.why = why


# --- Written down by an administrator -----------------------------------------------------------------------


@requires_scope
def add_provider(
    kind: str, supplier: Supplier | None, said: WriteProvider, *, actor: Actor, at: datetime
) -> IdentityProvider:
    """Write a provider down, for our company or for one supplier. Nobody comes in by it before it was tried.

    Whoever asks has shown a second factor: the door sees to that. Raises `NotAllowed`, and `Invalid` with all that is
    wrong.
    """
    _may(actor)
    if kind not in ProviderKind.values:
        message = _("Choose which protocol it speaks.")
        raise Invalid(message, [Problem("kind", message, kind)])
    provider = IdentityProvider(kind=kind, supplier=supplier, written_at=at, written_by=actor.label)
    keepers = _checked(provider, said)
    for name in (*TRUST, *PLAIN):
        setattr(provider, name, getattr(said, name))
    provider.groups = [list(pair) for pair in said.groups]
    provider.certificate = said.certificate.strip()
    keep_secret(provider, said.secret)
    provider.save(force_insert=True)
    _keep_parts(provider, said.domains, keepers)
    facts = {"name": provider.name, "kind": kind, "issuer": provider.issuer, "domains": list(said.domains)}
    _record("identity_provider.added", provider, facts, actor=actor, at=at)
    return provider


@requires_scope
def change_provider(
    provider: IdentityProvider, said: WriteProvider, version: int | None = None, *, actor: Actor, at: datetime
) -> IdentityProvider:
    """Write other things down about a provider, as it stood in `version`.

    Who is believed (issuer, client, address) changes only while it is not in use, and must be tried again; a new
    secret or certificate of the same provider may come at any time. Raises `NotAllowed`, `Invalid`, and `StaleDocument`
    where somebody has written or switched since.
    """
    _may(actor)
    held: IdentityProvider = IdentityProvider.objects.select_for_update(of=("self",)).get(pk=provider.pk)
    if version is not None and version != held.version:
        message = _(
            "Somebody else has changed or switched this provider since you opened it. What you typed is kept, but for "
            "a secret: compare it with the page of the provider, and save once more if yours shall stand."
        )
        raise StaleDocument(message, details={"version": held.version})
    keepers = _checked(held, said)
    certificate = said.certificate.strip()
    is_new = bool(certificate) and as_pem(certificate) != as_pem(held.certificate)
    believed = [name for name in TRUST if getattr(held, name) != getattr(said, name)]
    if believed and held.state == ProviderState.ON:
        message = _("Switch it off first: this decides whom the portal believes.")
        raise Invalid(message, [Problem(name, message) for name in believed])
    changed = [name for name in (*TRUST, *PLAIN) if getattr(held, name) != getattr(said, name)]
    for name in changed:
        setattr(held, name, getattr(said, name))
    groups = [list(pair) for pair in said.groups]
    if groups != held.groups:
        held.groups, changed = groups, [*changed, "groups"]
    if is_new:
        held.certificate, changed = certificate, [*changed, "certificate"]
    if said.secret:
        keep_secret(held, said.secret)
        changed.append("secret")
    if believed:
        held.tried_at, held.tried_by = None, ""
    held.version += 1
    held.save(force_update=True)
    was = sorted(held.domains.values_list("domain", flat=True))
    if was != sorted(said.domains):
        changed.append("domains")
    _keep_parts(held, said.domains, keepers)
    facts = {"name": held.name, "changed": sorted(changed), "domains": list(said.domains), "was_domains": was}
    _record("identity_provider.changed", held, facts, actor=actor, at=at)
    return held


@requires_scope
def note_tried(provider: IdentityProvider, *, actor: Actor, at: datetime) -> None:
    """An administrator went there and came back, signed: it may be switched on."""
    _may(actor)
    IdentityProvider.objects.filter(pk=provider.pk).update(tried_at=at, tried_by=actor.label)
    record(
        "identity_provider.tried",
        provider.stream,
        actor=actor,
        at=at,
        supplier_id=provider.supplier_id,
        facts={"name": provider.name},
        internal=True,
    )


@requires_scope
def switch_on(provider: IdentityProvider, *, actor: Actor, at: datetime) -> None:
    """Let people in by it. Raises `Invalid` where it was never tried, or speaks for no domain."""
    _may(actor)
    if provider.tried_at is None:
        raise Invalid(_("Try it first: until you have come back from there, nobody else is sent."))
    if not provider.domains.exists():
        raise Invalid(_("Name at least one mail domain that it speaks for."))
    if provider.supplier_id is None and provider.only_way and not provider.keepers.exists():
        raise Invalid(
            _("Name at least one administrator who keeps a password, for the day it does not answer.")
        )
    facts = {"name": provider.name}
    PROVIDER_LIFECYCLE.move(provider, "switch_on", actor=actor, at=at, facts=facts)
    note("sso.changed", user_id=actor.user_id, provider=str(provider.key), what="on")


@requires_scope
def switch_off(provider: IdentityProvider, *, actor: Actor, at: datetime) -> None:
    """Let nobody in by it any more. Who is in stays until the session ends, and comes in by password after that."""
    _may(actor)
    facts = {"name": provider.name}
    PROVIDER_LIFECYCLE.move(provider, "switch_off", actor=actor, at=at, facts=facts)
    note("sso.changed", user_id=actor.user_id, provider=str(provider.key), what="off")


def _may(actor: Actor) -> None:
    if not (actor.is_company and actor.may(Permission.SIGN_IN_SETUP)) or actor.token_id is not None:
        raise NotAllowed(_("Only the supplier administrator says who may come in by which provider."))


def _record(
    kind: str, provider: IdentityProvider, facts: Mapping[str, object], *, actor: Actor, at: datetime
) -> None:
    record(
        kind,
        provider.stream,
        actor=actor,
        at=at,
        supplier_id=provider.supplier_id,
        facts=facts,
        internal=True,
    )
    note("sso.changed", user_id=actor.user_id, provider=str(provider.key), what=kind.partition(".")[2])


def _checked(provider: IdentityProvider, said: WriteProvider) -> list[User]:
    """Who keeps a password, where nothing is wrong. Raises `Invalid` with all that is."""
    problems = [*_endpoint_problems(provider, said), *_domain_problems(provider, said)]
    if not said.name.strip():
        problems.append(Problem("name", _("Give it the name that stands on its button.")))
    if provider.supplier_id is not None and (said.groups or said.makes_people):
        message = _("A supplier’s provider gives nobody a role on our side.")
        problems.append(Problem("groups", message))
    for group, role in said.groups:
        if role not in CompanyRole.values:
            problems.append(Problem("groups", _("Choose what this group does."), group))
        elif not group.strip():
            problems.append(Problem("groups", _("Name the group as the provider does."), role))
    if said.makes_people and not said.groups:
        message = _("Say by its groups what somebody new does: without one nobody new comes in.")
        problems.append(Problem("makes_people", message))
    keepers = list(
        User.objects.filter(
            email__in=said.keepers, company_role=CompanyRole.ADMINISTRATOR, is_active=True
        ).order_by("id")
    )
    found = {one.email for one in keepers}
    problems += [
        Problem("keepers", _("%(address)s is no administrator of ours.") % {"address": one}, one)
        for one in said.keepers
        if one not in found
    ]
    if said.only_way and provider.supplier_id is None and not said.keepers:
        message = _("Name at least one administrator who keeps a password, for the day it does not answer.")
        problems.append(Problem("keepers", message))
    if problems:
        raise Invalid(problems[0].message, problems)
    return keepers


def _endpoint_problems(provider: IdentityProvider, said: WriteProvider) -> list[Problem]:
    problems = []
    if provider.kind == ProviderKind.OIDC:
        problems += _address_problems("issuer", said.issuer, is_asked=True)
        if not said.client_id.strip():
            problems.append(Problem("client_id", _("The provider has a client id for this portal.")))
        if not said.secret and not provider.secret:
            problems.append(Problem("secret", _("The provider has a client secret for this portal.")))
        # RFC 6749, appendix A.1 and A.2: nothing else is defined for the header in which both are shown.
        for name in ("client_id", "secret"):
            if odd := sorted({sign for sign in getattr(said, name) if not " " <= sign <= "~"}):
                message = _(
                    "It has signs that no %(what)s has: %(signs)s. It has plain letters, digits and ASCII signs alone: "
                    "copy it anew from the page of the provider."
                )
                what = _("client secret") if name == "secret" else _("client id")
                shown = " ".join(f"U+{ord(sign):04X}" for sign in odd[:3])
                problems.append(Problem(name, message % {"what": what, "signs": shown}))
    else:
        if not said.issuer.strip():
            problems.append(Problem("issuer", _("The provider’s entity id stands in its metadata.")))
        problems += _address_problems("sign_in_url", said.sign_in_url, is_asked=False)
        if said.certificate or not provider.certificate:
            problems += _certificate_problems(said.certificate)
    return problems


def _address_problems(field: str, address: str, *, is_asked: bool) -> list[Problem]:
    """An address that we ask must not be inside; to one that only a browser goes it is enough that it is https."""
    fault = fault_in(address, inside=tuple(settings.SSO_INSIDE_HOSTS), plain=not settings.PRODUCTION)
    if not is_asked and fault == "inside":
        fault = ""
    if is_asked and not fault and urlsplit(address).query:
        fault = "address"
    if not fault:
        return []
    messages = {
        "address": _("Write the whole address, like https://login.company.example/tenant."),
        "scheme": _("Only an address with https is asked."),
        "inside": _("This address is inside a network. Name its host in SSO_INSIDE_HOSTS if that is meant."),
    }
    return [Problem(field, messages[fault], address)]


def _certificate_problems(certificate: str) -> list[Problem]:
    try:
        x509.load_pem_x509_certificate(as_pem(certificate).encode())
    except ValueError:
        message = _("Paste the signing certificate of the provider, as it stands in its metadata.")
        return [Problem("certificate", message)]
    return []


def as_pem(certificate: str) -> str:
    """A certificate with its first and last line, whether it was pasted with them or without."""
    body = "".join(certificate.replace("-----BEGIN CERTIFICATE-----", "").partition("-----END")[0].split())
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])


def _domain_problems(provider: IdentityProvider, said: WriteProvider) -> list[Problem]:
    problems = []
    owners = domain_owners(said.domains)
    for domain in said.domains:
        if not DOMAIN.fullmatch(domain):
            message = _("%(domain)s is no mail domain. Write it like company.example.")
        elif domain in EVERYBODYS:
            message = _("Everybody can have an address at %(domain)s: no provider speaks for it.")
        elif owners.get(domain, provider.pk) != provider.pk:
            message = _("Another provider speaks for %(domain)s already.")
        else:
            continue
        problems.append(Problem("domains", message % {"domain": domain}, domain))
    return problems


def _keep_parts(provider: IdentityProvider, domains: Sequence[str], keepers: Sequence[User]) -> None:
    taken = _("Another provider speaks for one of these domains already.")
    provider.domains.exclude(domain__in=domains).delete()
    there = set(provider.domains.values_list("domain", flat=True))
    new = [
        ProviderDomain(provider=provider, domain=one) for one in dict.fromkeys(domains) if one not in there
    ]
    try:
        with transaction.atomic():
            ProviderDomain.objects.bulk_create(new)
    except IntegrityError as error:  # another administrator, in this very moment
        raise Invalid(taken, [Problem("domains", taken)]) from error
    PasswordKeeper.objects.filter(provider=provider).exclude(user__in=keepers).delete()
    kept = [PasswordKeeper(provider=provider, user=one) for one in keepers]
    PasswordKeeper.objects.bulk_create(kept, ignore_conflicts=True)


# --- Who comes in -------------------------------------------------------------------------------------------


@requires_scope
def admit(provider: IdentityProvider, said: Identity, *, at: datetime) -> SocialAccount:
    """Whose account an identity opens, joined with it from the first time on; its role follows its groups.

    Raises `NotAdmitted`. See Note [No take-over].
    """
    if provider.state != ProviderState.ON:
        raise NotAdmitted(Why.OFF)
    actor = Actor.system(f"Single sign-on: {provider.name}")
    known = SocialAccount.objects.filter(provider=provider.key.hex, uid=uid_of(said.subject))
    joined = known.select_related("user").first()
    if joined is None and provider.makes_people:
        # Its server may tell at this moment that this very person has left: one waits for the other.
        IdentityProvider.objects.select_for_update(of=("self",), no_key=True).get(pk=provider.pk)
    # What its own server told of the person weighs more than what this sign-in says: see ADR 44.
    told = told_of(provider, user=joined.user if joined else None, address=said.address.strip())
    if told is not None and told.is_closed:
        raise NotAdmitted(Why.CLOSED)
    role = told.role if told is not None and told.decides else role_of(said.groups, provider.groups)
    if provider.groups and not role:
        raise NotAdmitted(Why.NO_GROUP)
    account = joined or _join(provider, said, role, actor=actor, at=at)
    user: User = account.user
    if not user.is_active:
        raise NotAdmitted(Why.CLOSED)
    if not is_of_side(user, provider):
        raise NotAdmitted(Why.OTHER_SIDE)
    if role and role != user.company_role:
        try:
            account.user = change_staff_role(user.pk, role, actor=actor, at=at)
        except LastAdministrator as refusal:
            raise NotAdmitted(Why.LAST_ADMINISTRATOR) from refusal
    account.save(update_fields=["last_login"])  # which is now: the column sees to that
    return account


def _join(
    provider: IdentityProvider, said: Identity, role: str, *, actor: Actor, at: datetime
) -> SocialAccount:
    address = said.address.strip().lower()
    if not address or not (said.is_verified or provider.proves_addresses):
        raise NotAdmitted(Why.NO_ADDRESS)
    if not provider.domains.filter(domain=domain_of(address)).exists():
        raise NotAdmitted(Why.DOMAIN)
    if (
        not said.address.isascii()
    ):  # letters that a database takes for others: nobody has such an address here
        raise NotAdmitted(Why.UNKNOWN)
    user = User.objects.select_for_update().filter(email__iexact=address).first()
    if user is None:
        if not (provider.makes_people and role):
            raise NotAdmitted(Why.UNKNOWN)
        user = _joined_now(address, said.name, role, actor=actor, at=at)
    if not is_of_side(user, provider):
        raise NotAdmitted(Why.OTHER_SIDE)
    others = SocialAccount.objects.filter(provider=provider.key.hex, user=user)
    if others.exclude(uid=uid_of(said.subject)).exists():
        raise NotAdmitted(Why.OTHER_IDENTITY)
    account, made = SocialAccount.objects.get_or_create(
        provider=provider.key.hex, uid=uid_of(said.subject), defaults={"user": user}
    )
    if made:
        facts = {"user": user.pk, "name": user.name, "provider": provider.name}
        record("identity.joined", f"person:{user.pk}", actor=actor, at=at, supplier_id=None, facts=facts)
        note("sso.joined", user_id=user.pk, provider=str(provider.key))
    return account


def _joined_now(address: str, name: str, role: str, *, actor: Actor, at: datetime) -> User:
    try:
        return join_staff(address, name, role, actor=actor, at=at)
    except Invalid as refusal:  # the same person in another window, or somebody else with the same address
        found = User.objects.select_for_update().filter(email__iexact=address).first()
        if found is None:
            raise NotAdmitted(Why.UNKNOWN) from refusal
        return found


@requires_scope
def part_identity(provider: IdentityProvider, pk: int, *, actor: Actor, at: datetime) -> User | None:
    """Take an identity from its account, and end that person's sessions: the next one that comes with the address, as
    verified by the provider, is joined anew.
    """
    _may(actor)
    account = SocialAccount.objects.filter(provider=provider.key.hex, pk=pk).select_related("user").first()
    if account is None:
        return None
    user: User = account.user
    account.delete()
    end_sessions(user)
    facts = {"user": user.pk, "name": user.name, "provider": provider.name}
    record("identity.parted", f"person:{user.pk}", actor=actor, at=at, supplier_id=None, facts=facts)
    note("sso.changed", user_id=actor.user_id, provider=str(provider.key), what="parted")
    return user


def ask_for_way(address: str, *, at: datetime) -> None:
    """Somebody typed an address and wants to know how its company signs in. A worker looks it up and mails the way:
    here the same happens for every address, in the same time.
    """
    with acting(DOORKEEPER):
        enqueue(
            "sso",
            f"way:{address}"[:120],
            "sso.way_asked",
            {"email": address},
            actor=DOORKEEPER,
            at=at,
            supplier_id=None,
        )


@requires_scope
def seal_providers_anew() -> tuple[int, int]:
    """Seal with the present SECRET_KEY what was sealed with a former one. Returns how many were, and how many nobody
    can open: those need their secret typed once more.
    """
    done = lost = 0
    for provider in (
        IdentityProvider.objects.exclude(secret="").select_for_update(of=("self",)).order_by("id")
    ):
        if is_sealed_with_the_present_key(provider):
            continue
        try:
            keep_secret(provider, secret_of(provider))
        except Unreadable:
            lost += 1
            continue
        IdentityProvider.objects.filter(pk=provider.pk).update(secret=provider.secret)
        done += 1
    return done, lost
