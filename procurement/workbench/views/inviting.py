"""Inviting many suppliers: from the suppliers of the ERP, from a sheet, and by the first order."""

import uuid
from collections.abc import Sequence

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, Problem
from portal.kernel.typed import WholeField
from portal.kernel.web import paginate, see_other
from procurement.workbench.queries.inviting import (
    MOST_DAYS,
    candidates,
    candidates_asked,
    our_companies,
    read_targets,
)
from suppliers.onboarding.messages import InviteSuppliers, Target
from suppliers.onboarding.policies import MOST_TARGETS
from suppliers.onboarding.queries import find_sheet, first_order_rules
from suppliers.onboarding.services import (
    invite_by_sheet,
    invite_suppliers,
    keep_sheet,
    preview,
    set_first_order,
    targets_of,
)
from suppliers.onboarding.states import InvitedHow
from suppliers.people.ways import require_own_factor
from suppliers.roles import Permission
from suppliers.states import Segment

P = Permission
PAGE = "procurement/workbench/"
MOST_SHOWN = 200


class CandidatesForm(forms.Form):
    """Which suppliers of the ERP."""

    days = WholeField(
        label=lazy("Ordered from in the last days"),
        min_value=0,
        max_value=MOST_DAYS,
        required=False,
        help_text=lazy("0: with or without an order."),
    )
    segment = forms.ChoiceField(label=lazy("Segment"), required=False)
    country = forms.CharField(
        label=lazy("Country"), required=False, max_length=2, help_text=lazy("Two letters, such as DE.")
    )

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type]  # handed on as they are
        chooser = self.fields["segment"]
        assert isinstance(chooser, forms.ChoiceField)
        chooser.choices = [("", _("Every segment")), *Segment.choices]


class SheetForm(forms.Form):
    """A sheet of suppliers."""

    file = forms.FileField(
        label=lazy("Sheet"),
        max_length=500,
        help_text=lazy(
            "CSV or XLSX with the columns supplier, address and name; address and name may be empty."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
    )


@door(P.SUPPLIER_MANAGE, methods=["GET", "POST"])
def onboarding_candidates(request: DoorRequest) -> HttpResponse:
    """Suppliers of the ERP that were never invited, by filters; posted, all of them are invited, once."""
    asked = candidates_asked((request.POST if request.method == "POST" else request.GET).dict())
    found = candidates(asked, request.at.date(), actor=request.actor)
    if request.method == "POST":
        require_own_factor(request)
        numbers = list(found.order_by("id").values_list("number", flat=True)[:MOST_TARGETS])
        command = InviteSuppliers(tuple(Target(one) for one in numbers), InvitedHow.LIST)
        outcome = invite_suppliers(command, actor=request.actor, at=request.at)
        _tell(request, len(outcome.runs), outcome.problems)
        return see_other("onboarding-list")
    page = paginate(found, request.GET.get("cursor", ""), order=("name", "id"), size=50)
    first = {"days": asked.days, "segment": asked.segment, "country": asked.country}
    context = {
        "page": page,
        "count": found.count(),
        "most": MOST_TARGETS,
        "form": CandidatesForm(initial=first),
        "asked": asked,
    }
    return render(request, PAGE + "onboarding_candidates.html", context)


def _tell(request: DoorRequest, invited: int, problems: Sequence[Problem]) -> None:
    said = ngettext("%(n)d supplier is invited.", "%(n)d suppliers are invited.", invited) % {"n": invited}
    messages.success(request, said)
    if problems:
        left = ngettext("%(n)d was not: %(why)s", "%(n)d were not. The first: %(why)s", len(problems))
        messages.warning(request, left % {"n": len(problems), "why": problems[0].message})


@door(P.SUPPLIER_MANAGE, methods=["GET", "POST"])
def onboarding_sheet_new(request: DoorRequest) -> HttpResponse:
    """Take a sheet in; nobody is invited yet."""
    form = SheetForm()
    if request.method == "POST":
        form = SheetForm(request.POST, request.FILES)
        if form.is_valid():
            file: UploadedFile = form.cleaned_data["file"]
            try:
                targets = read_targets(file, file.size or 0)
                sheet = keep_sheet(file.name or "", targets, actor=request.actor, at=request.at)
            except Invalid as refusal:
                form.add_error("file", refusal.message)
            else:
                return see_other("onboarding-sheet", sheet.key)
    status = 422 if request.method == "POST" else 200
    return render(request, PAGE + "onboarding_sheet_new.html", {"form": form}, status=status)


@door(P.SUPPLIER_MANAGE, methods=["GET", "POST"])
def onboarding_sheet(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Each row of a sheet: who would be invited, and why each other is not. Posted, they are invited, once."""
    if request.method == "POST":
        require_own_factor(request)
        done = invite_by_sheet(key, actor=request.actor, at=request.at)
        _tell(request, done.invited, ())
        return see_other("onboarding-list")
    sheet = find_sheet(key)
    outcome = preview(targets_of(sheet), actor=request.actor, at=request.at)
    context = {
        "sheet": sheet,
        "problems": outcome.problems[:MOST_SHOWN],
        "more_problems": max(len(outcome.problems) - MOST_SHOWN, 0),
        "refused": len(outcome.problems),
        "fit": outcome.runs[:MOST_SHOWN],
        "more_fit": max(len(outcome.runs) - MOST_SHOWN, 0),
        "count": len(outcome.runs),
    }
    return render(request, PAGE + "onboarding_sheet.html", context)


@door(P.SUPPLIER_MANAGE, methods=["GET", "POST"])
def onboarding_first_orders(request: DoorRequest) -> HttpResponse:
    """Which of our companies has suppliers invited by their first order."""
    companies = our_companies()
    if request.method == "POST":
        require_own_factor(request)
        code = request.POST.get("company", "")
        if code not in {one.code for one in companies}:
            message = _("There is no such company.")
            raise Invalid(message, [Problem("company", message, code[:20], "unknown")])
        is_on = request.POST.get("on") == "yes"
        set_first_order(code, is_on=is_on, actor=request.actor, at=request.at)
        messages.success(request, _("Counts from the next order on."))
        return see_other("onboarding-first-orders")
    rules = first_order_rules()
    rows = [{"company": one, "is_on": rules.get(one.code, False)} for one in companies]
    return render(request, PAGE + "onboarding_first_orders.html", {"rows": rows})
