"""Reading providers: which there are, whose a domain is, who is joined with one, and who must come in by one.

What is asked before anybody has signed in is asked in the doorkeeper's scope; a supplier's own reads nothing here.
"""

import uuid
from collections.abc import Sequence

from allauth.socialaccount.models import SocialAccount
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import NotFound
from portal.kernel.scope import acting
from suppliers.models import Membership, User
from suppliers.roles import CompanyRole
from suppliers.signin.queries import DOORKEEPER
from suppliers.sso.models import IdentityProvider, PasswordKeeper, ProviderDomain
from suppliers.sso.policies import domain_of
from suppliers.sso.states import ProviderState


def providers(actor: Actor) -> QuerySet[IdentityProvider]:
    """All there are, for our administrator, ours first."""
    found: QuerySet[IdentityProvider] = IdentityProvider.objects.visible_to(actor).select_related("supplier")
    return found.prefetch_related("domains").order_by("supplier__name", "name", "id")


def find_provider(key: uuid.UUID, *, actor: Actor) -> IdentityProvider:
    """One by its key. Raises `NotFound`."""
    found = providers(actor).filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such provider."))
    return found


def provider_at_the_door(key: uuid.UUID) -> IdentityProvider | None:
    """One by its key, before anybody has signed in, whatever its state."""
    with acting(DOORKEEPER):
        found: IdentityProvider | None = (
            IdentityProvider.objects.filter(key=key).select_related("supplier").first()
        )
        return found


def buttons(remembered: uuid.UUID | None = None) -> Sequence[IdentityProvider]:
    """Those of our company that are in use, by name, and the one this browser came in by."""
    shown = Q(supplier__isnull=True) | Q(key=remembered) if remembered else Q(supplier__isnull=True)
    with acting(DOORKEEPER):
        found = IdentityProvider.objects.filter(shown, state=ProviderState.ON)
        return list(found.order_by("supplier_id", "name", "id"))


def provider_of_domain(address: str) -> IdentityProvider | None:
    """The provider in use that speaks for the domain of an address."""
    found: IdentityProvider | None = (
        IdentityProvider.objects.filter(state=ProviderState.ON, domains__domain=domain_of(address))
        .select_related("supplier")
        .first()
    )
    return found


def identities(provider: IdentityProvider, *, who: str = "", most: int = 50) -> list[SocialAccount]:
    """Who is joined with an identity of this provider, by name, or those of whom somebody typed a piece."""
    found = SocialAccount.objects.filter(provider=provider.key.hex).select_related("user")
    if who:
        found = found.filter(Q(user__name__icontains=who) | Q(user__email__icontains=who))
    return list(found.order_by("user__name", "id")[:most])


def is_of_side(user: User, provider: IdentityProvider) -> bool:
    """Whether an account is one this provider may speak for: one of our own people, who acts for no supplier; or one
    that acts for its supplier and for nobody else.
    """
    acted_for = set(Membership.objects.filter(user=user).values_list("supplier_id", flat=True))
    if provider.supplier_id is None:
        return bool(user.company_role) and not acted_for
    return not user.company_role and acted_for == {provider.supplier_id}


def only_way_of(user: User) -> IdentityProvider | None:
    """The provider by which alone this person may come in; None where there is none, or another way is left open.

    Named administrators keep their password. Where none of them is left who could use it, every administrator of ours
    does: nobody locks the whole house by closing one account.
    """
    with acting(DOORKEEPER):
        provider = provider_of_domain(user.email)
        if provider is None or not provider.only_way or not is_of_side(user, provider):
            return None
        if provider.supplier_id is None and user.company_role == CompanyRole.ADMINISTRATOR:
            able = able_keepers(provider)
            if not able or user.pk in able:
                return None
        return provider


def able_keepers(provider: IdentityProvider) -> set[int]:
    """The named administrators who could come in by their password at this moment."""
    kept = PasswordKeeper.objects.filter(
        provider=provider, user__is_active=True, user__company_role=CompanyRole.ADMINISTRATOR
    )
    return set(kept.values_list("user_id", flat=True))


def keepers_of(provider: IdentityProvider) -> list[User]:
    """Who keeps the password beside this provider, by name."""
    named = PasswordKeeper.objects.filter(provider=provider, user=OuterRef("pk"))
    return list(User.objects.filter(Exists(named)).order_by("name", "id"))


def domain_owners(domains: Sequence[str]) -> dict[str, int]:
    """Of these domains, whose each is already: the provider's number."""
    return dict(ProviderDomain.objects.filter(domain__in=domains).values_list("domain", "provider_id"))
