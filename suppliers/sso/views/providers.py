"""Where our administrator writes providers down, tries them, and switches them on and off."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, StaleDocument
from portal.kernel.web import see_other
from suppliers.roles import CompanyRole, Permission
from suppliers.scim.queries import counts_of, secrets_of
from suppliers.sso.adapters import TRIED, TRY
from suppliers.sso.forms import ProviderForm
from suppliers.sso.models import IdentityProvider
from suppliers.sso.presenters import addresses_of, scim_address, standing_of
from suppliers.sso.queries import (
    find_provider,
    identities,
    keepers_of,
    provider_at_the_door,
    providers,
)
from suppliers.sso.services import (
    add_provider,
    change_provider,
    part_identity,
    switch_off,
    switch_on,
)
from suppliers.sso.states import PROVIDER_LIFECYCLE, ProviderKind
from suppliers.sso.views.entering import leave

P = Permission


@door(P.SIGN_IN_SETUP)
def provider_list(request: DoorRequest) -> HttpResponse:
    """All there are, ours first."""
    rows = [standing_of(one) for one in providers(request.actor)[:500]]
    return render(request, "suppliers/sso/list.html", {"rows": rows, "kinds": ProviderKind.choices})


@door(P.SIGN_IN_SETUP, methods=["GET", "POST"], fresh=True)
def provider_add(request: DoorRequest, kind: str) -> HttpResponse:
    """Write a provider down."""
    if kind not in ProviderKind.values:
        raise Http404
    form = ProviderForm(request.POST if request.method == "POST" else None, kind=kind, actor=request.actor)
    if request.method == "POST" and form.is_valid():
        try:
            made = add_provider(
                kind, form.cleaned_data["supplier"], form.said(), actor=request.actor, at=request.at
            )
        except Invalid as refusal:
            form.add_problems(refusal)
        else:
            messages.success(request, _("Written down. Now tell the provider of this portal, and try it."))
            return see_other("identity-provider", key=made.key)
    return _form(request, form, reverse("identity-provider-add", kwargs={"kind": kind}), None)


@door(P.SIGN_IN_SETUP, methods=["GET", "POST"], fresh=True)
def provider_change(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Write other things down about a provider."""
    provider = find_provider(key, actor=request.actor)
    form = ProviderForm(
        request.POST if request.method == "POST" else None,
        kind=provider.kind,
        provider=provider,
        actor=request.actor,
    )
    if request.method == "POST" and form.is_valid():
        try:
            seen = form.cleaned_data["version"]
            change_provider(provider, form.said(), seen, actor=request.actor, at=request.at)
        except Invalid as refusal:
            form.add_problems(refusal)
        except StaleDocument as refusal:
            form.add_error(None, refusal.message)
            form.looked_at(refusal.details["version"])
            return _form(
                request, form, reverse("identity-provider-change", kwargs={"key": key}), provider, 409
            )
        else:
            messages.success(request, _("Saved."))
            return see_other("identity-provider", key=key)
    return _form(request, form, reverse("identity-provider-change", kwargs={"key": key}), provider)


def _form(
    request: DoorRequest,
    form: ProviderForm,
    action: str,
    provider: IdentityProvider | None,
    refused: int = 422,
) -> HttpResponse:
    context = {"form": form, "action": action, "provider": provider, "kind": ProviderKind(form.kind).label}
    return render(request, "suppliers/sso/form.html", context, status=refused if form.errors else 200)


@door(P.SIGN_IN_SETUP)
def provider_page(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One provider: how it stands, what to tell it, what it said when it was tried, and who is joined with it."""
    provider = find_provider(key, actor=request.actor)
    tried: Any = request.session.get(TRIED)
    who = request.GET.get("who", "").strip()[:100]
    context = {
        "provider": provider,
        "row": standing_of(provider),
        "addresses": addresses_of(request, provider),
        "tried": tried if tried and tried["key"] == str(key) else None,
        "verbs": PROVIDER_LIFECYCLE.verbs_for(request.actor, provider.state),
        "groups": [(group, CompanyRole(role).label) for group, role in provider.groups],
        "keepers": keepers_of(provider),
        "identities": identities(provider, who=who),
        "who": who,
        "secrets": secrets_of(provider),
        "told": counts_of(provider),
        "scim_address": scim_address(),
    }
    return render(request, "suppliers/sso/provider.html", context)


def _ask_it(request: Any) -> None:
    # The provider is asked where to go while no transaction is open.
    found = provider_at_the_door(request.resolver_match.kwargs["key"])
    request.answer = leave(request, found, data={TRY: request.actor.user_id}) if found else None


@door(P.SIGN_IN_SETUP, fresh=True, before=_ask_it)
def provider_try(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Go there and come back, as whoever comes in will: nobody is signed in by it."""
    find_provider(key, actor=request.actor)
    answer: HttpResponse = request.answer  # type: ignore[attr-defined]  # `_ask_it` has put it there
    return answer


@door(P.SIGN_IN_SETUP, methods=["POST"], fresh=True)
def provider_on(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Let people in by it."""
    provider = find_provider(key, actor=request.actor)
    switch_on(provider, actor=request.actor, at=request.at)
    messages.success(request, _("People come in through %(name)s from now on.") % {"name": provider.name})
    return see_other("identity-provider", key=key)


@door(P.SIGN_IN_SETUP, methods=["POST"], fresh=True)
def provider_off(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Let nobody in by it any more."""
    provider = find_provider(key, actor=request.actor)
    switch_off(provider, actor=request.actor, at=request.at)
    messages.success(request, _("Nobody comes in through %(name)s any more.") % {"name": provider.name})
    return see_other("identity-provider", key=key)


@door(P.SIGN_IN_SETUP, methods=["POST"], fresh=True)
def provider_part(request: DoorRequest, key: uuid.UUID, identity: int) -> HttpResponse:
    """Take an identity from its account."""
    provider = find_provider(key, actor=request.actor)
    user = part_identity(provider, identity, actor=request.actor, at=request.at)
    if user is not None:
        messages.success(
            request, _("%(name)s is joined with it no more, and signed out.") % {"name": user.name}
        )
    return see_other("identity-provider", key=key)
