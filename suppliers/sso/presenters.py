"""What is said of providers on their pages."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from suppliers.sso.models import IdentityProvider
from suppliers.sso.oidc import callback_url
from suppliers.sso.states import ProviderKind, ProviderState


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """A provider on a list: what it is, whom it speaks for, and how it stands."""

    provider: IdentityProvider
    whom: str
    domains: str

    @property
    def tone(self) -> str:
        """The tone of `word`."""
        return {ProviderState.ON: "done", ProviderState.OFF: "stop"}.get(
            ProviderState(self.provider.state), "quiet"
        )

    @property
    def glyph(self) -> str:
        """The glyph beside `word`."""
        return {ProviderState.ON: "full", ProviderState.OFF: "stop"}.get(
            ProviderState(self.provider.state), "none"
        )

    @property
    def word(self) -> str:
        """How it stands, in a word."""
        if self.provider.state == ProviderState.WRITTEN and self.provider.tried_at:
            return _("Tried, not in use yet")
        return str(self.provider.get_state_display())


def standing_of(provider: IdentityProvider) -> ProviderRow:
    """A row of the list."""
    domains = ", ".join(sorted(one.domain for one in provider.domains.all()))
    return ProviderRow(
        provider, provider.supplier.name if provider.supplier else _("Our own company"), domains
    )


def addresses_of(request: Any, provider: IdentityProvider) -> list[tuple[str, str]]:
    """What has to be written down at the provider, by the names it has there; and where people begin."""
    slug = provider.key.hex
    if provider.kind == ProviderKind.OIDC:
        told = [(_("Redirect URI"), callback_url(slug))]
    else:
        told = [
            (_("Entity id, and metadata"), _whole("saml_metadata", organization_slug=slug)),
            (_("Assertion consumer service (ACS)"), _whole("saml_acs", organization_slug=slug)),
        ]
    return [*told, (_("Where people begin"), _whole("sso-start", key=provider.key))]


def scim_address() -> str:
    """Where a provider's server tells of its people."""
    return _whole("scim-root").rstrip("/")


def _whole(name: str, **kwargs: Any) -> str:
    return f"{settings.PUBLIC_URL}{reverse(name, kwargs=kwargs)}"
