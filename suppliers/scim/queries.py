"""Reading what providers have told: always of one provider. No supplier has a way to these tables."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Case, Count, Exists, OuterRef, Prefetch, Q, QuerySet, When
from django.utils.translation import gettext as _

from portal.kernel.errors import NotFound
from suppliers.models import Membership, User
from suppliers.people.states import InvitationState
from suppliers.scim.messages import TellGroup, TellPerson, Wanted
from suppliers.scim.models import ScimGroup, ScimPerson, ScimSecret
from suppliers.sso.models import IdentityProvider, ProviderDomain
from suppliers.sso.policies import role_of

SECRETS_SHOWN = 20


def told_people(provider: IdentityProvider) -> QuerySet[ScimPerson]:
    """Whom a provider has told of and not deleted, as far as their domain is still its own."""
    own = ProviderDomain.objects.filter(provider=provider).values("domain")
    return ScimPerson.objects.filter(provider=provider, gone_at__isnull=True, domain__in=own)


def with_standing(found: QuerySet[ScimPerson]) -> QuerySet[ScimPerson]:
    """People with `is_open`: false where somebody here has closed what the provider says is active."""
    here = Membership.objects.filter(user=OuterRef("user"), supplier=OuterRef("provider__supplier"))
    ours = Q(provider__supplier__isnull=True, user__is_active=True)
    waits = Q(user__isnull=True) | Q(invitation__state=InvitationState.SENT)
    return found.annotate(is_open=Case(When(ours | waits | Exists(here), then=True), default=False))


def find_person(provider: IdentityProvider, key: uuid.UUID) -> ScimPerson:
    """One of these. Raises `NotFound` for whoever is not there or another provider's."""
    found = with_standing(told_people(provider)).filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such user."))
    return found


def as_told(person: ScimPerson) -> TellPerson:
    """What was told of somebody, as it was told."""
    return TellPerson(
        user_name=person.user_name,
        external_id=person.external_id,
        names=dict(person.names),
        mails=(person.mail,) if person.mail else (),
        active=person.active,
    )


def told_groups(provider: IdentityProvider) -> QuerySet[ScimGroup]:
    """The groups a provider has told of. A supplier's has none here: it gives no roles."""
    if provider.supplier_id is not None:
        return ScimGroup.objects.none()
    return ScimGroup.objects.filter(provider=provider)


def with_members(found: QuerySet[ScimGroup]) -> QuerySet[ScimGroup]:
    """Groups with who is in them, in one query more."""
    members = ScimPerson.objects.filter(gone_at__isnull=True).only("id", "key", "user_name").order_by("id")
    return found.prefetch_related(Prefetch("members", queryset=members))


def find_group(provider: IdentityProvider, key: uuid.UUID) -> ScimGroup:
    """One of these. Raises `NotFound`."""
    found = told_groups(provider).filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such group."))
    return found


def as_group_told(group: ScimGroup) -> TellGroup:
    """What was told of a group, as it was told."""
    keys = group.members.filter(gone_at__isnull=True).order_by("id").values_list("key", flat=True)
    return TellGroup(group.name, group.external_id, tuple(str(key) for key in keys))


def people_wanted(found: QuerySet[ScimPerson], wanted: Wanted) -> QuerySet[ScimPerson]:
    """Those that a filter names. userName and addresses are the same in capitals, an external id is not."""
    if wanted.attribute == "username":
        found = found.filter(user_name__iexact=wanted.value)
    elif wanted.attribute == "emails.value":
        found = found.filter(mail__iexact=wanted.value)
    elif wanted.attribute == "externalid":
        found = found.filter(external_id=wanted.value)
    elif wanted.attribute == "id":
        found = found.filter(key__in=_keys([wanted.value]))
    return found.order_by("id")


def groups_wanted(found: QuerySet[ScimGroup], wanted: Wanted) -> QuerySet[ScimGroup]:
    """Those that a filter names."""
    if wanted.attribute == "displayname":
        found = found.filter(name__iexact=wanted.value)
    elif wanted.attribute == "externalid":
        found = found.filter(external_id=wanted.value)
    elif wanted.attribute == "id":
        found = found.filter(key__in=_keys([wanted.value]))
    return found.order_by("id")


def people_of_keys(provider: IdentityProvider, said: Sequence[str]) -> dict[str, ScimPerson]:
    """The people these ids name, by their id as text."""
    found = told_people(provider).filter(key__in=_keys(said))
    return {str(one.key): one for one in found}


def _keys(said: Iterable[str]) -> list[uuid.UUID]:
    keys = []
    for one in said:
        try:
            keys.append(uuid.UUID(one))
        except ValueError:
            continue  # nobody's: it is missing among what is found
    return keys


def words_of(person: ScimPerson) -> set[str]:
    """By what the groups of a person are known: their names, and their external ids."""
    pairs = ScimGroup.objects.filter(members=person).values_list("name", "external_id")
    return {word for pair in pairs for word in pair if word}


@dataclass(frozen=True, slots=True)
class Told:
    """What a provider has told by SCIM of whoever comes to sign in. `role` counts where `decides`."""

    is_closed: bool
    decides: bool
    role: str


def told_of(provider: IdentityProvider, *, user: User | None = None, address: str = "") -> Told | None:
    """What a provider's own server says of an account or, before there is one, of an address; None: nothing."""
    whose = Q(address__iexact=address)
    if user is not None:
        whose = Q(user=user) | Q(user__isnull=True, address__iexact=user.email)
    found = list(ScimPerson.objects.filter(whose, provider=provider))
    if not found:
        return None
    person = next((one for one in found if one.user_id is not None), found[0])
    role = role_of(words_of(person), provider.groups) if person.has_groups else ""
    return Told(any(not one.active for one in found), person.has_groups, role)


# --- The page -----------------------------------------------------------------------------------------------


def secrets_of(provider: IdentityProvider) -> list[ScimSecret]:
    """The secrets of a provider, the newest first, those that work before those that are revoked."""
    rows = ScimSecret.objects.filter(provider=provider).order_by("-id")[:SECRETS_SHOWN]
    return sorted(rows, key=lambda one: one.revoked_at is not None)


def find_secret(provider: IdentityProvider, prefix: str) -> ScimSecret:
    """One secret of a provider by what is shown of it. Raises `NotFound`."""
    found = ScimSecret.objects.filter(provider=provider, prefix=prefix).first()
    if found is None:
        raise NotFound(_("There is no such secret."))
    return found


def counts_of(provider: IdentityProvider) -> dict[str, int]:
    """How many a provider has told of: those who are in, wait for an account, are out; and how many groups."""
    told = told_people(provider).aggregate(
        here=Count("id", filter=Q(active=True, user__isnull=False)),
        waiting=Count("id", filter=Q(active=True, user__isnull=True)),
        out=Count("id", filter=Q(active=False)),
    )
    return {**told, "groups": told_groups(provider).count()}
