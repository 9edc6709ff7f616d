"""The pages of access tokens."""

import hashlib
from functools import partial

from allauth.account.adapter import get_adapter
from allauth.core.context import request_context
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Duplicate, Invalid
from portal.kernel.idempotency.services import recall, remember
from portal.kernel.web import paginate, see_other
from suppliers.models import ApiToken
from suppliers.people.ways import require_own_factor
from suppliers.queries import makers_gone
from suppliers.roles import Permission
from suppliers.services import NewToken, create_own_token, create_token, revoke_token
from suppliers.tokens.forms import OwnTokenForm, TokenForm
from suppliers.tokens.queries import (
    find_token,
    live_tokens,
    own_token,
    own_tokens,
    revoked_tokens,
    suppliers_for_tokens,
)

NEW_TOKEN = hashlib.sha256(b"token-new").hexdigest()


@door(Permission.TOKEN_MANAGE)
def token_list(request: DoorRequest) -> HttpResponse:
    """The keys of programs: which there are, what they may do, and when each was last used."""
    page = paginate(live_tokens(request.actor), request.GET.get("cursor", ""), order=("-id",), size=100)
    revoked = [] if page.previous else list(revoked_tokens(request.actor))
    context = {"page": page, "revoked": revoked, "orphaned": makers_gone(page.rows)}
    return render(request, "suppliers/tokens/list.html", context)


@door(Permission.TOKEN_MANAGE, methods=["GET", "POST"])
def token_new(request: DoorRequest) -> HttpResponse:
    """Make a token. Its secret is in this answer and nowhere else; it outlives the session in which it was made."""
    require_own_factor(request)
    if request.method != "POST":
        return _show_form(request, TokenForm(actor=request.actor))
    form = TokenForm(request.POST, actor=request.actor)
    if not form.is_valid():
        return _show_form(request, form, status=422)
    key = f"token-new:{form.cleaned_data['once']}"
    if recall(key, NEW_TOKEN, actor=request.actor):
        raise Duplicate(_("This token was made already and is shown only once. If it is lost, revoke it."))
    supplier = (
        suppliers_for_tokens(request.actor).first()
        if request.actor.is_supplier
        else form.cleaned_data["supplier"]
    )
    try:
        made = create_token(
            form.cleaned_data["name"],
            form.cleaned_data["scope"],
            supplier=supplier,
            actor=request.actor,
            at=request.at,
        )
    except Invalid as refusal:
        form.add_problems(refusal)
        return _show_form(request, form, status=422)
    remember(key, NEW_TOKEN, 201, {"prefix": made.token.prefix}, actor=request.actor, at=request.at)
    return _show_made(request, made, "token-list", "orders")


def _show_made(request: DoorRequest, made: NewToken, back: str, tried: str) -> HttpResponse:
    context = {
        "token": made.token,
        "secret": made.secret,
        "api_url": f"{settings.PUBLIC_URL}/api/v1/{tried}",
        "back": reverse(back),
    }
    return render(request, "suppliers/tokens/made.html", context, status=201)


@door(Permission.INVOICE_SETTLE, Permission.INVOICE_APPROVE, methods=["GET", "POST"], personal=True)
def own_token_list(request: DoorRequest) -> HttpResponse:
    """The programs that work the desk of accounts payable in the reader's name; a new token is made here."""
    form = OwnTokenForm(request.POST if request.method == "POST" else None, user=request.user)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            key = f"token-own:{form.cleaned_data['once']}"
            if recall(key, NEW_TOKEN, actor=request.actor):
                raise Duplicate(
                    _("This token was made already and is shown only once. If it is lost, revoke it.")
                )
            made = create_own_token(form.cleaned_data["name"], actor=request.actor, at=request.at)
            remember(key, NEW_TOKEN, 201, {"prefix": made.token.prefix}, actor=request.actor, at=request.at)
            transaction.on_commit(partial(_tell_of, request, made.token), robust=True)
            return _show_made(request, made, "own-token-list", "approvals?asked_of=me")
    context = {"tokens": own_tokens(request.actor), "form": form}
    return render(request, "suppliers/tokens/mine.html", context, status=status)


def _tell_of(request: DoorRequest, token: ApiToken) -> None:
    """Mail the person in whose name a new token acts: who made it may be somebody else at an open desk."""
    with request_context(request):  # the mail says from where
        get_adapter(request).send_notification_mail("account/email/own_token", request.user, {"token": token})


@door(Permission.INVOICE_SETTLE, Permission.INVOICE_APPROVE, methods=["POST"], personal=True)
def own_token_end(request: DoorRequest) -> HttpResponse:
    """End one's own token, at once and for good. One that is nobody's or another's is left alone."""
    token = own_token(request.POST.get("prefix", ""), actor=request.actor)
    if token is not None:
        revoke_token(token, actor=request.actor, at=request.at)
        messages.success(request, _("%(name)s is revoked.") % {"name": token.name})
    return see_other("own-token-list")


def _show_form(request: DoorRequest, form: TokenForm, status: int = 200) -> HttpResponse:
    return render(request, "suppliers/tokens/new.html", {"form": form}, status=status)


@door(Permission.TOKEN_MANAGE, methods=["GET", "POST"])
def token_revoke(request: DoorRequest, prefix: str) -> HttpResponse:
    """End a token: one last look, then at once and for good."""
    token = find_token(prefix, actor=request.actor)
    if request.method == "POST":
        revoke_token(token, actor=request.actor, at=request.at)
        messages.success(request, _("%(name)s is revoked.") % {"name": token.name})
        return see_other("token-list")
    context = {
        "title": _("Revoke %(name)s?") % {"name": token.name},
        "text": _("Its program is turned away from now on. This cannot be undone; make a new token instead."),
        "action": reverse("token-revoke", kwargs={"prefix": prefix}),
        "verb": _("Revoke"),
        "danger": True,
        "back": reverse("token-list"),
    }
    template = "layouts/confirm.html#confirm" if getattr(request, "htmx", False) else "layouts/confirm.html"
    return render(request, template, context)
