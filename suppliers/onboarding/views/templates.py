"""What is asked of whom: the templates of steps."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid
from portal.kernel.web import see_other
from suppliers.onboarding.forms import TemplateForm
from suppliers.onboarding.models import OnboardingTemplate
from suppliers.onboarding.presenters import names_of
from suppliers.onboarding.queries import asked_beside, find_template, templates_in_force, terms_in_force
from suppliers.onboarding.services import retire_template, write_template
from suppliers.roles import Permission


@door(Permission.SUPPLIER_MANAGE)
def template_list(request: DoorRequest) -> HttpResponse:
    """What is asked of whom."""
    rows = [
        {"template": one, "whom": _whom(one), "steps": names_of([step.kind for step in one.as_steps()])}
        for one in templates_in_force()
    ]
    return render(request, "suppliers/onboarding/templates.html", {"rows": rows})


def _whom(template: OnboardingTemplate) -> str:
    every = [*template.categories, *template.countries, *template.segments, *template.languages]
    return ", ".join(every) if every else _("Every supplier")


@door(Permission.SUPPLIER_MANAGE, methods=["GET", "POST"])
def template_new(request: DoorRequest) -> HttpResponse:
    """Write a template."""
    return _write(request, None)


@door(Permission.SUPPLIER_MANAGE, methods=["GET", "POST"])
def template_edit(request: DoorRequest, code: str) -> HttpResponse:
    """Write the next version of a template."""
    return _write(request, find_template(code))


def _write(request: DoorRequest, template: OnboardingTemplate | None) -> HttpResponse:
    form = TemplateForm(initial=TemplateForm.initial_of(template))
    if request.method == "POST":
        form = TemplateForm(request.POST)
        if form.is_valid():
            try:
                with transaction.atomic():
                    made = write_template(form.command(), actor=request.actor, at=request.at)
            except Invalid as refusal:
                form.add_problems(refusal)
            else:
                said = {"name": made.name, "n": made.number}
                messages.success(request, _("“%(name)s” is in force, in version %(n)d.") % said)
                if n := asked_beside(made, actor=request.actor):
                    words = ngettext(
                        "One supplier whose steps are behind it is asked for its terms.",
                        "%(n)d suppliers whose steps are behind them are asked for its terms.",
                        n,
                    )
                    messages.success(request, words % {"n": n})
                return see_other("onboarding-templates")
    codes = ", ".join(one.code for one in terms_in_force())
    form["terms"].help_text = (
        _("Separated by commas. In force: %(codes)s.") % {"codes": codes}
        if codes
        else _("No terms are in force yet: write them first.")
    )
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "template": template}
    return render(request, "suppliers/onboarding/template.html", context, status=status)


@door(Permission.SUPPLIER_MANAGE, methods=["POST"])
def template_retire(request: DoorRequest, code: str) -> HttpResponse:
    """Ask nobody by a template any more."""
    retire_template(code, actor=request.actor, at=request.at)
    messages.success(request, _("Nobody is asked by it any more. What was given stays."))
    return see_other("onboarding-templates")
