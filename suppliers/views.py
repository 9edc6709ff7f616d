"""Doors to what is a person's own: preferences, language, and for which supplier to act."""

import uuid
from dataclasses import replace

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse
from django.utils import translation
from django.utils.translation import gettext

from portal.kernel.access import DoorRequest, door, public
from portal.kernel.scope import acting
from portal.kernel.web import back_or
from suppliers.forms import PreferencesForm
from suppliers.models import User
from suppliers.queries import SESSION_KEY, suppliers_of
from suppliers.services import keep_preferences


@door(methods=["GET", "POST"], personal=True)
def preferences(request: DoorRequest) -> HttpResponse:
    """How a person wants the pages: name, language, time zone, theme, keys. The menu posts single fields here."""
    user: User = request.user
    if request.method != "POST":
        return _show(request, PreferencesForm(instance=user))
    form = PreferencesForm(request.POST, instance=user)
    if not form.is_valid():
        user.refresh_from_db(fields=list(form.fields))
        return _show(request, form, status=422)
    keep_preferences(user, list(form.fields))
    if getattr(request, "htmx", False):
        return HttpResponse(status=204)
    if request.POST.get("page"):
        with translation.override(user.language):
            messages.success(request, gettext("Saved."))
    response = _see_other(back_or(request, reverse("preferences")))
    return _remember_language(response, user.language)


def _show(request: DoorRequest, form: PreferencesForm, status: int = 200) -> HttpResponse:
    whole = PreferencesForm(instance=request.user)
    for name, field in whole.fields.items():
        if name not in form.fields:
            form.fields[name] = field
    form.order_fields(list(whole.fields))
    return render(request, "suppliers/preferences.html", {"form": form}, status=status)


@public
def language(request: DoorRequest) -> HttpResponse:
    """Read the pages before sign-in in another language: kept in a cookie, POST only."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    wanted = request.POST.get("language", "")
    response = _see_other(back_or(request, "/"))
    return _remember_language(response, wanted) if wanted in dict(settings.LANGUAGES) else response


@door(methods=["POST"], personal=True)
def supplier_switch(request: DoorRequest) -> HttpResponse:
    """Act for another of my suppliers from now on. One that is not mine is not there."""
    actor = request.actor
    if not (named := request.POST.get("supplier", "")):
        return _see_other(back_or(request, "/"))
    try:
        wanted = uuid.UUID(named)
    except ValueError as error:
        raise Http404 from error
    with acting(replace(actor, supplier_ids=actor.all_supplier_ids)):
        mine = {supplier.key: supplier.pk for supplier in suppliers_of(actor)}
    if wanted not in mine:
        raise Http404
    request.session[SESSION_KEY] = mine[wanted]
    return _see_other(_same_list(back_or(request, "/")))


def _same_list(address: str) -> str:
    """Stay on a list; leave a paper, which belongs to the supplier acted for until now."""
    try:
        match = resolve(address.partition("?")[0])
    except Resolver404:
        return "/"
    return "/" if match.kwargs else address


def _see_other(address: str) -> HttpResponse:
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response


def _remember_language(response: HttpResponse, wanted: str) -> HttpResponse:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        wanted,
        max_age=365 * 24 * 3600,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        samesite="Lax",
        httponly=True,
    )
    return response
