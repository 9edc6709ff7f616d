"""The people of a supplier, for its own administrator and for ours."""

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid
from portal.kernel.web import paginate, see_other
from suppliers.models import Invitation
from suppliers.people.forms import InviteForm, RoleForm
from suppliers.people.presenters import member_rows
from suppliers.people.queries import (
    find_invitation,
    find_member,
    invitations,
    members,
    open_invitations,
    supplier_named,
)
from suppliers.people.services import (
    change_member_role,
    invite_person,
    remove_member,
    resend_invitation,
    revoke_invitation,
)
from suppliers.people.ways import require_factor_to_invite, require_own_factor
from suppliers.roles import Permission

P = Permission
MOST_WAITING = 50


@door(P.PEOPLE_VIEW)
def people_list(request: DoorRequest) -> HttpResponse:
    """Who acts for the supplier, how they stand, and who is invited. Ours see those of all suppliers, or of one."""
    supplier, words = request.GET.get("supplier", "")[:40], request.GET.get("q", "").strip()[:100]
    found = members(request.actor, supplier=supplier, words=words)
    page = paginate(found, request.GET.get("cursor", ""), order=("user__name", "id"), size=50)
    waiting = open_invitations(invitations(request.actor))
    if supplier:
        waiting = waiting.filter(supplier__number=supplier)
    named = supplier_named(supplier, actor=request.actor) if supplier else None
    every = {
        "label": _("Supplier"),
        "text": named.name if named else supplier,
        "remove_url": reverse("people-list"),
    }
    context = {
        "page": page,
        "rows": member_rows(list(page.rows), request.actor.user_id),
        "waiting": [] if page.previous or words else list(waiting.order_by("-id")[:MOST_WAITING]),
        "supplier": named,
        "active": [every] if supplier else [],
        "q": words,
        "may": request.actor.may(P.PEOPLE_MANAGE),
        "may_reset": request.actor.may(P.FACTOR_RESET),
    }
    return render(request, "suppliers/people/list.html", context)


@door(P.PEOPLE_MANAGE, methods=["GET", "POST"])
def people_invite(request: DoorRequest) -> HttpResponse:
    """Invite somebody to act for the supplier."""
    require_own_factor(request)
    of = "supplier" if request.actor.is_supplier else "suppliers"
    if request.method != "POST":
        first = {"supplier": request.GET.get("supplier", "")[:40], "role": "orders"}
        return _invite(request, InviteForm(of=of, initial=first))
    form = InviteForm(request.POST, of=of)
    if not form.is_valid():
        return _invite(request, form, status=422)
    (supplier_id, *_more) = request.actor.supplier_ids or (None,)
    if of == "suppliers":
        named = supplier_named(form.cleaned_data["supplier"].strip(), actor=request.actor)
        if named is None:
            form.add_error("supplier", _("There is no supplier of this number."))
            return _invite(request, form, status=422)
        supplier_id = named.pk
    try:
        invited = invite_person(form.paper(supplier_id), actor=request.actor, at=request.at)
    except Invalid as refusal:
        form.add_problems(refusal)
        return _invite(request, form, status=422)
    messages.success(
        request, _("The invitation is on its way to %(address)s.") % {"address": invited.address}
    )
    return see_other("people-list")


def _invite(request: DoorRequest, form: InviteForm, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "title": _("Invite somebody"),
        "action": reverse("people-invite"),
        "list": reverse("people-list"),
        "list_name": _("People"),
        "verb": _("Send the invitation"),
        "note": _("The mail says who invites, and to what. It can be taken back until it is accepted."),
    }
    return render(request, "suppliers/people/form.html", context, status=status)


@door(P.PEOPLE_MANAGE, methods=["GET", "POST"])
def people_role(request: DoorRequest, member: int) -> HttpResponse:
    """What somebody does at the supplier."""
    person = find_member(member, actor=request.actor)
    require_own_factor(request)
    if request.method != "POST":
        return _role(request, person.user.name, RoleForm(initial={"role": person.role}), member)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _role(request, person.user.name, form, member, status=422)
    changed = change_member_role(member, form.cleaned_data["role"], actor=request.actor, at=request.at)
    said = {"name": changed.user.name, "role": changed.get_role_display()}
    messages.success(request, _("%(name)s: %(role)s from now on.") % said)
    return see_other("people-list")


def _role(request: DoorRequest, name: str, form: RoleForm, member: int, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "title": _("What %(name)s does") % {"name": name},
        "action": reverse("people-role", args=[member]),
        "list": reverse("people-list"),
        "list_name": _("People"),
        "verb": _("Save"),
        "note": _("Counts from the next click on."),
    }
    return render(request, "suppliers/people/form.html", context, status=status)


@door(P.PEOPLE_MANAGE, methods=["GET", "POST"])
def people_remove(request: DoorRequest, member: int) -> HttpResponse:
    """Let somebody act for the supplier no more: one last look, then at once."""
    person = find_member(member, actor=request.actor)
    if request.method == "POST":
        require_own_factor(request)
        remove_member(member, actor=request.actor, at=request.at)
        messages.success(request, _("%(name)s does not act here any more.") % {"name": person.user.name})
        is_me = person.user_id == request.actor.user_id
        return see_other("account_login" if is_me else "people-list")
    said = {"name": person.user.name, "supplier": person.supplier.name}
    context = {
        "title": _("Remove %(name)s?") % said,
        "text": _(
            "%(name)s cannot act for %(supplier)s from now on: sessions and mailed links end at once. What was "
            "written stays under the name, and orders go on as they are."
        )
        % said,
        "action": reverse("people-remove", args=[member]),
        "verb": _("Remove"),
        "danger": True,
        "back": reverse("people-list"),
    }
    return _confirm(request, context)


def _confirm(request: DoorRequest, context: dict[str, object]) -> HttpResponse:
    template = "layouts/confirm.html#confirm" if getattr(request, "htmx", False) else "layouts/confirm.html"
    return render(request, template, context)


def _list_of(invitation: Invitation) -> str:
    return "people-list" if invitation.supplier_id else "staff-list"


@door(P.PEOPLE_MANAGE, methods=["POST"])
def invitation_resend(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Mail an invitation once more."""
    require_factor_to_invite(request, find_invitation(key, actor=request.actor).supplier_id)
    sent = resend_invitation(key, actor=request.actor, at=request.at)
    messages.success(request, _("The invitation is on its way to %(address)s.") % {"address": sent.address})
    return see_other(_list_of(sent))


@door(P.PEOPLE_MANAGE, methods=["GET", "POST"])
def invitation_revoke(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Take an invitation back."""
    invitation = find_invitation(key, actor=request.actor)
    if request.method == "POST":
        require_factor_to_invite(request, invitation.supplier_id)
        revoke_invitation(key, actor=request.actor, at=request.at)
        said = _("The invitation of %(address)s is taken back.") % {"address": invitation.address}
        messages.success(request, said)
        return see_other(_list_of(invitation))
    context: dict[str, object] = {
        "title": _("Take the invitation of %(address)s back?") % {"address": invitation.address},
        "text": _("Its link does not work any more. You can invite the same person again."),
        "action": reverse("invitation-revoke", args=[key]),
        "verb": _("Take back"),
        "danger": True,
        "back": reverse(_list_of(invitation)),
    }
    return _confirm(request, context)
