"""The people of the buying side, for our administrator. Whoever changes something there shows a second factor."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid
from portal.kernel.web import paginate, see_other
from suppliers.models import User
from suppliers.people.forms import InviteForm, RoleForm
from suppliers.people.presenters import staff_rows
from suppliers.people.queries import find_staff, open_invitations, staff, staff_invitations
from suppliers.people.services import change_staff_role, deactivate_staff, invite_person, reactivate_staff
from suppliers.roles import Permission

P = Permission
MOST_WAITING = 50


@door(P.STAFF_MANAGE, P.AUDIT_VIEW)
def staff_list(request: DoorRequest) -> HttpResponse:
    """Who works on our side, in which role, how they stand, and who is invited."""
    page = paginate(staff(), request.GET.get("cursor", ""), order=("name", "id"), size=50)
    waiting = open_invitations(staff_invitations()).order_by("-id")[:MOST_WAITING]
    context = {
        "page": page,
        "rows": staff_rows(list(page.rows), request.actor.user_id),
        "waiting": [] if page.previous else list(waiting),
        "may": request.actor.may(P.STAFF_MANAGE),
    }
    return render(request, "suppliers/people/staff.html", context)


@door(P.STAFF_MANAGE, methods=["GET", "POST"], fresh=True)
def staff_invite(request: DoorRequest) -> HttpResponse:
    """Invite somebody to the buying side."""
    if request.method != "POST":
        return _form(request, InviteForm(of="staff"), _("Invite a colleague"), reverse("staff-invite"))
    form = InviteForm(request.POST, of="staff")
    status = 422
    if form.is_valid():
        try:
            invited = invite_person(form.paper(None), actor=request.actor, at=request.at)
        except Invalid as refusal:
            form.add_problems(refusal)
        else:
            said = _("The invitation is on its way to %(address)s.") % {"address": invited.address}
            messages.success(request, said)
            return see_other("staff-list")
    return _form(request, form, _("Invite a colleague"), reverse("staff-invite"), status=status)


def _form(
    request: DoorRequest, form: InviteForm | RoleForm, title: str, action: str, status: int = 200
) -> HttpResponse:
    is_role = isinstance(form, RoleForm)
    context = {
        "form": form,
        "title": title,
        "action": action,
        "list": reverse("staff-list"),
        "list_name": _("Staff"),
        "verb": _("Save") if is_role else _("Send the invitation"),
        "note": _("Counts from the next click on.")
        if is_role
        else _("The mail says who invites, and to what. It can be taken back until it is accepted."),
    }
    return render(request, "suppliers/people/form.html", context, status=status)


@door(P.STAFF_MANAGE, methods=["GET", "POST"], fresh=True)
def staff_role(request: DoorRequest, person: int) -> HttpResponse:
    """What somebody does on our side."""
    found = find_staff(person)
    title, action = _("What %(name)s does") % {"name": found.name}, reverse("staff-role", args=[person])
    if request.method != "POST":
        form = RoleForm(staff=True, initial={"role": found.company_role})
        return _form(request, form, title, action)
    form = RoleForm(request.POST, staff=True)
    if not form.is_valid():
        return _form(request, form, title, action, status=422)
    changed = change_staff_role(person, form.cleaned_data["role"], actor=request.actor, at=request.at)
    said = {"name": changed.name, "role": changed.get_company_role_display()}
    messages.success(request, _("%(name)s: %(role)s from now on.") % said)
    return see_other("staff-list")


@door(P.STAFF_MANAGE, methods=["GET", "POST"], fresh=True)
def staff_deactivate(request: DoorRequest, person: int) -> HttpResponse:
    """Somebody leaves: one last look, then at once."""
    found = find_staff(person)
    if request.method == "POST":
        deactivate_staff(person, actor=request.actor, at=request.at)
        messages.success(request, _("The account of %(name)s is closed.") % {"name": found.name})
        return see_other("staff-list")
    return render(request, "layouts/confirm.html", _leaving(found))


def _leaving(person: User) -> dict[str, object]:
    return {
        "title": _("Close the account of %(name)s?") % {"name": person.name},
        "text": _(
            "Sessions end at once, and so do the tokens by which programs act in this name. What was written stays "
            "under the name. The account can be opened again."
        ),
        "action": reverse("staff-deactivate", args=[person.pk]),
        "verb": _("Close the account"),
        "danger": True,
        "back": reverse("staff-list"),
    }


@door(P.STAFF_MANAGE, methods=["POST"], fresh=True)
def staff_reactivate(request: DoorRequest, person: int) -> HttpResponse:
    """Somebody comes back."""
    back = reactivate_staff(person, actor=request.actor, at=request.at)
    messages.success(request, _("%(name)s may sign in again.") % {"name": back.name})
    return see_other("staff-list")
