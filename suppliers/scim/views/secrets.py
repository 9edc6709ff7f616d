"""Where our administrator gives a provider's server a secret, and takes it away."""

import hashlib
import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Duplicate
from portal.kernel.idempotency.services import recall, remember
from portal.kernel.web import see_other
from suppliers.roles import Permission
from suppliers.scim.queries import find_secret
from suppliers.scim.services import create_secret, revoke_secret
from suppliers.sso.presenters import scim_address
from suppliers.sso.queries import find_provider

NEW_SECRET = hashlib.sha256(b"scim-secret-new").hexdigest()


@door(Permission.SIGN_IN_SETUP, methods=["GET", "POST"], fresh=True)
def secret_new(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Make a secret. It is in this answer and nowhere else; a form that is sent twice makes one."""
    provider = find_provider(key, actor=request.actor)
    if request.method != "POST":
        context = {
            "title": _("Let %(name)s tell of its people?") % {"name": provider.name},
            "text": _(
                "Its server opens and closes accounts from then on, of people of its own side and its domains. "
                "The secret is shown once."
            ),
            "action": reverse("scim-secret-new", kwargs={"key": key}),
            "verb": _("Make a secret"),
            "once": uuid.uuid4(),
            "back": reverse("identity-provider", kwargs={"key": key}),
        }
        return render(request, "suppliers/scim/new.html", context)
    once = f"scim-secret:{request.POST.get('once', '')[:40]}"
    if recall(once, NEW_SECRET, actor=request.actor):
        raise Duplicate(_("This secret was made already and is shown only once. If it is lost, revoke it."))
    made = create_secret(provider, actor=request.actor, at=request.at)
    remember(once, NEW_SECRET, 201, {"prefix": made.row.prefix}, actor=request.actor, at=request.at)
    context = {
        "provider": provider,
        "secret": made.secret,
        "address": scim_address(),
        "back": reverse("identity-provider", kwargs={"key": key}),
    }
    return render(request, "suppliers/scim/made.html", context, status=201)


@door(Permission.SIGN_IN_SETUP, methods=["GET", "POST"], fresh=True)
def secret_revoke(request: DoorRequest, key: uuid.UUID, prefix: str) -> HttpResponse:
    """End a secret: one last look, then at once and for good."""
    provider = find_provider(key, actor=request.actor)
    find_secret(provider, prefix)
    if request.method == "POST":
        revoke_secret(provider, prefix, actor=request.actor, at=request.at)
        messages.success(request, _("The secret is revoked."))
        return see_other("identity-provider", key=key)
    context = {
        "title": _("Revoke this secret?"),
        "text": _("The provider’s server is turned away from now on. Whom it has told of stay as they are."),
        "action": reverse("scim-secret-revoke", kwargs={"key": key, "prefix": prefix}),
        "verb": _("Revoke"),
        "danger": True,
        "back": reverse("identity-provider", kwargs={"key": key}),
    }
    template = "layouts/confirm.html#confirm" if getattr(request, "htmx", False) else "layouts/confirm.html"
    return render(request, template, context)
