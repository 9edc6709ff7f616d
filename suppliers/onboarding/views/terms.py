"""The terms that suppliers accept, and who has."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid
from portal.kernel.web import paginate, see_other
from suppliers.onboarding.forms import TermsForm
from suppliers.onboarding.presenters import TermsRow
from suppliers.onboarding.queries import asked_for_terms, find_terms, terms_in_force, terms_standing
from suppliers.onboarding.services import ask_for_terms, write_terms
from suppliers.roles import Permission


@door(Permission.SUPPLIER_MANAGE, methods=["GET", "POST"])
def terms_list(request: DoorRequest) -> HttpResponse:
    """The terms that suppliers accept; written anew they are accepted anew."""
    every = terms_in_force()
    wanted = next((one for one in every if one.code == request.GET.get("code")), None)
    form = TermsForm(initial=TermsForm.initial_of(wanted))
    if request.method == "POST":
        form = TermsForm(request.POST)
        if form.is_valid():
            try:
                with transaction.atomic():
                    made = write_terms(form.command(), actor=request.actor, at=request.at)
            except Invalid as refusal:
                form.add_problems(refusal)
            else:
                said = {"name": made.title, "n": made.number}
                messages.success(request, _("“%(name)s” is in force, in version %(n)d.") % said)
                return see_other("onboarding-terms")
    status = 422 if request.method == "POST" else 200
    standing = terms_standing(request.actor)
    rows = [TermsRow(one, *standing.get(one.code, (0, 0))) for one in every]
    return render(request, "suppliers/onboarding/terms.html", {"rows": rows, "form": form}, status=status)


@door(Permission.SUPPLIER_MANAGE)
def terms_accepted(request: DoorRequest, code: str) -> HttpResponse:
    """Who has accepted terms in the version in force, and who has not."""
    terms = find_terms(code)
    is_done = request.GET.get("view") == "accepted"
    every = asked_for_terms(terms, actor=request.actor)
    found = every.filter(accepted_at__isnull=not is_done)
    order = ("supplier__name", "id")
    page = paginate(found, request.GET.get("cursor", ""), order=order, size=50)
    accepted, asked = terms_standing(request.actor).get(terms.code, (0, 0))
    views = (
        (_("Not yet"), asked - accepted, "", not is_done),
        (_("Accepted"), accepted, "accepted", is_done),
    )
    context = {
        "terms": terms,
        "page": page,
        "is_done": is_done,
        "owing": asked - accepted,
        "views": [
            {"label": label, "count": count, "url": f"?view={view}" if view else "?", "current": current}
            for label, count, view, current in views
        ],
    }
    return render(request, "suppliers/onboarding/terms_accepted.html", context)


@door(Permission.SUPPLIER_MANAGE, methods=["POST"])
def terms_ask(request: DoorRequest, code: str) -> HttpResponse:
    """Mail once more whoever has not accepted terms yet."""
    asked = ask_for_terms(code, actor=request.actor, at=request.at)
    if asked:
        words = ngettext("One supplier is asked once more.", "%(n)d suppliers are asked once more.", asked)
        messages.success(request, words % {"n": asked})
    else:
        messages.info(
            request,
            _(
                "Nobody is mailed: whoever has not accepted yet was within a day, is reminded of its steps anyway, or "
                "has nobody here."
            ),
        )
    return see_other("onboarding-terms-accepted", code)
