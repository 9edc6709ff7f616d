"""What a person wants to hear of, kind by kind, and how often."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid
from portal.kernel.scope import acting
from portal.kernel.web import see_other
from procurement.links.queries import person_of
from procurement.notifications.policies import cadence_of
from procurement.notifications.queries import preferences_of
from procurement.notifications.services import keep_choices
from procurement.notifications.services.gathering import POSTMAN
from procurement.notifications.states import ALWAYS, TOLD, Audience, Cadence, NoticeKind

TEMPLATE = "procurement/notifications/preferences.html"


@door(methods=["GET", "POST"], personal=True)
def notice_preferences(request: DoorRequest) -> HttpResponse:
    """How often a person gets each kind of notice. People's choices belong to no supplier: they are kept apart."""
    audience = Audience.SUPPLIER if request.actor.is_supplier else Audience.COMPANY
    kinds = [kind for kind in NoticeKind if audience in TOLD[kind]]
    problem = ""
    if request.method == "POST":
        chosen = {kind.value: request.POST[kind] for kind in kinds if kind in request.POST}
        try:
            with acting(POSTMAN):
                keep_choices(person_of(request.user), chosen, at=request.at)
        except Invalid as refusal:
            problem = refusal.message
        else:
            messages.success(request, _("Saved."))
            return see_other("notice-preferences")
    with acting(POSTMAN):
        kept = preferences_of(request.user.pk)
    context = {
        "rows": [(kind, kind.label, cadence_of(kind, audience, kept), kind in ALWAYS) for kind in kinds],
        "cadences": Cadence.choices,
        "problem": problem,
    }
    return render(request, TEMPLATE, context, status=422 if problem else 200)
