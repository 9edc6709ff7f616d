"""Who a program is: from a token, or a signed-in person's session, to an actor."""

import re
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from portal.kernel.actors import Actor, Channel, Side
from portal.kernel.scope import acting, requires_scope
from portal.kernel.security.requests import about
from portal.kernel.security.services import note
from suppliers.models import ApiToken, Supplier
from suppliers.queries import actor_of
from suppliers.roles import COMPANY_PROGRAMS, TOKEN_SCOPES
from suppliers.services import digest_of
from suppliers.states import SupplierState

TOKEN = re.compile(r"qs_([0-9a-f]{8})_[A-Za-z0-9_-]{43}")
NOBODYS_DIGEST = digest_of("")
USED_AGAIN_AFTER = timedelta(minutes=1)


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer qs_<prefix>_<secret>`. Whatever is wrong with it, the answer is the same."""

    def authenticate(self, request: Any) -> tuple[AnonymousUser, Actor] | None:
        """The actor a token stands for; None when none was sent."""
        scheme, _space, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        actor = actor_of_token(secret.strip(), at=timezone.now())
        if actor is None:
            note("token.refused", **about(request._request))
            raise AuthenticationFailed(
                _("This token is unknown, revoked or has run out, or its supplier is blocked.")
            )
        request._request.actor = actor  # for the log line of the request
        return AnonymousUser(), actor

    def authenticate_header(self, request: Any) -> str:
        return 'Bearer realm="Quayside"'


class PersonAuthentication(SessionAuthentication):
    """A signed-in person tries the API in the browser: the same rights, and a CSRF token with every POST."""

    def authenticate(self, request: Any) -> tuple[Any, Actor] | None:
        """The actor a person is; None when nobody is signed in."""
        found = super().authenticate(request)
        if found is None:
            return None
        actor = replace(request._request.actor, channel=Channel.API)
        request._request.actor = actor
        return found[0], actor


def actor_of_token(secret: str, *, at: datetime) -> Actor | None:
    """The actor a token stands for: of one supplier, of the buying side, or a person of it. None for one that does not
    count.

    Runs before any scope: the doorkeeper may read tokens. The secret is compared whether or not its prefix is
    known, so that the time says nothing.
    """
    form = TOKEN.fullmatch(secret)
    tokens = ApiToken.objects.select_related("user")
    token = tokens.filter(prefix=form[1]).first() if form else None
    matches = secrets.compare_digest(digest_of(secret), token.digest if token else NOBODYS_DIGEST)
    if token is None or not matches or token.revoked_at or (token.expires_at and token.expires_at <= at):
        return None
    if token.user is not None:
        return _in_the_name_of(token, at=at)
    of_supplier = token.supplier_id is not None
    actor = Actor(
        label=token.name,
        channel=Channel.API,
        side=Side.SUPPLIER if of_supplier else Side.COMPANY,
        role=token.scope,
        supplier_ids=(token.supplier_id,) if of_supplier else (),
        all_supplier_ids=(token.supplier_id,) if of_supplier else (),
        permissions=TOKEN_SCOPES[token.scope] | (frozenset() if of_supplier else COMPANY_PROGRAMS),
        token_id=token.pk,
    )
    with acting(actor):
        shut = Q(state=SupplierState.BLOCKED) | Q(left_at__isnull=False)
        if of_supplier and Supplier.objects.filter(shut, pk=token.supplier_id).exists():
            return None
        _note_use(token, at=at)
    return actor


def _in_the_name_of(token: ApiToken, *, at: datetime) -> Actor | None:
    """Who acts through a person's own token: that person, as he or she is now, with no more than the token is for. None
    for who has left, or is asleep.
    """
    user = token.user
    assert user is not None  # the caller has looked
    is_here = user.is_active and user.asleep_at is None and user.company_role
    person = actor_of(user, channel=Channel.API) if is_here else None
    if person is None:
        return None
    actor = replace(person, permissions=person.permissions & TOKEN_SCOPES[token.scope], token_id=token.pk)
    with acting(actor):
        _note_use(token, at=at)
    return actor


@requires_scope
def _note_use(token: ApiToken, *, at: datetime) -> None:
    # Once a minute is enough to tell a token in use from a forgotten one, and spares most writes.
    if token.last_used_at is None or token.last_used_at < at - USED_AGAIN_AFTER:
        if token.last_used_at is None:
            note("token.first_used", token_id=token.pk, user_id=token.user_id, prefix=token.prefix)
        stale = Q(last_used_at=None) | Q(last_used_at__lt=at - USED_AGAIN_AFTER)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=at)
