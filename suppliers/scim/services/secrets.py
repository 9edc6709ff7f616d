"""By what a provider's server is known: a secret of its own, made and revoked by our administrator."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import Invalid, NotAllowed
from portal.kernel.scope import requires_scope
from portal.kernel.security.services import note
from suppliers.roles import Permission
from suppliers.scim.models import ScimSecret
from suppliers.scim.queries import find_secret
from suppliers.services import digest_of
from suppliers.sso.models import IdentityProvider
from suppliers.sso.states import ProviderState
from suppliers.states import SupplierState

SECRET = re.compile(r"qscim_([0-9a-f]{8})_[A-Za-z0-9_-]{43}")
NOBODYS_DIGEST = digest_of("")
USED_AGAIN_AFTER = timedelta(minutes=1)
MOST_AT_ONE_TIME = 2  # the one in use, and the one that takes its place


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret at the only moment it is known."""

    row: ScimSecret
    secret: str


@requires_scope
def create_secret(provider: IdentityProvider, *, actor: Actor, at: datetime) -> NewSecret:
    """Let a provider's server tell of its people, by a secret that is shown once and stored as a digest.

    Whoever asks has shown a second factor: the door sees to that. Raises `NotAllowed`, and `Invalid` for a provider
    that is not in use or has two already.
    """
    _may(actor)
    held: IdentityProvider = IdentityProvider.objects.select_for_update(of=("self",)).get(pk=provider.pk)
    if held.state != ProviderState.ON:
        raise Invalid(_("Switch the provider on first: what it told before nobody would hear."))
    if ScimSecret.objects.filter(provider=held, revoked_at=None).count() >= MOST_AT_ONE_TIME:
        raise Invalid(_("Two secrets work already. Revoke the one that is no longer used."))
    prefix = secrets.token_hex(4)
    secret = f"qscim_{prefix}_{secrets.token_urlsafe(32)}"
    row = ScimSecret.objects.create(
        provider=held, prefix=prefix, digest=digest_of(secret), created_at=at, created_by=actor.label
    )
    _record("scim_secret.created", row, actor=actor, at=at)
    return NewSecret(row, secret)


@requires_scope
def revoke_secret(provider: IdentityProvider, prefix: str, *, actor: Actor, at: datetime) -> ScimSecret:
    """End a secret at once; twice is harmless. What was told stays as it is. Raises `NotAllowed`, `NotFound`."""
    _may(actor)
    row = find_secret(provider, prefix)
    if ScimSecret.objects.filter(pk=row.pk, revoked_at=None).update(revoked_at=at, revoked_by=actor.label):
        _record("scim_secret.revoked", row, actor=actor, at=at)
    return row


@requires_scope
def provider_of_secret(secret: str, *, at: datetime) -> IdentityProvider | None:
    """Whose server it is that shows a secret; None for one that does not count, whatever the reason.

    It is compared whether or not its beginning is known, so that the time says nothing. A provider that is not in use,
    or whose supplier is blocked, gone or merged, tells nothing.
    """
    form = SECRET.fullmatch(secret)
    rows = ScimSecret.objects.select_related("provider__supplier")
    row = rows.filter(prefix=form[1]).first() if form else None
    matches = secrets.compare_digest(digest_of(secret), row.digest if row else NOBODYS_DIGEST)
    if row is None or not matches or row.revoked_at or not _is_heard(row.provider):
        return None
    if row.last_used_at is None or row.last_used_at < at - USED_AGAIN_AFTER:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=at - USED_AGAIN_AFTER)
        ScimSecret.objects.filter(stale, pk=row.pk).update(last_used_at=at)
    return row.provider


def _is_heard(provider: IdentityProvider) -> bool:
    supplier = provider.supplier
    is_shut = supplier is not None and (
        supplier.state == SupplierState.BLOCKED
        or supplier.left_at is not None
        or supplier.merged_into_id is not None
    )
    return provider.state == ProviderState.ON and not is_shut


def _may(actor: Actor) -> None:
    if not (actor.is_company and actor.may(Permission.SIGN_IN_SETUP)) or actor.token_id is not None:
        raise NotAllowed(_("Only the supplier administrator says who may come in by which provider."))


def _record(kind: str, row: ScimSecret, *, actor: Actor, at: datetime) -> None:
    provider = row.provider
    record(
        kind,
        provider.stream,
        actor=actor,
        at=at,
        supplier_id=provider.supplier_id,
        facts={"name": provider.name, "prefix": row.prefix},
        internal=True,
    )
    note("sso.changed", user_id=actor.user_id, provider=str(provider.key), what=kind)
