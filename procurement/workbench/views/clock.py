"""Another deadline for an order's answer, given by a buyer for a reason that both sides read."""

import uuid
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid
from portal.kernel.templatetags.portal_ui import day_text, moment_text
from portal.kernel.web import panel_or_page, see_other, whole_number
from procurement.acknowledgments.services.clocks import MoveAnswerDue, move_answer_due
from procurement.orders.models import PurchaseOrder
from procurement.orders.queries import find_order
from procurement.tolerances.forms import DayTyped
from suppliers.roles import Permission

LATEST = timedelta(days=366)


class DeadlineForm(forms.Form):
    """The last day to answer on, and why it moves."""

    due = DayTyped(
        label=lazy("Answer by the end of"),
        help_text=lazy("It is due when the supplier’s office closes on that day, or closed last before it."),
    )
    reason = forms.CharField(
        label=lazy("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=lazy("The supplier reads it."),
    )

    def clean_due(self) -> Any:
        """A day is wanted, and no slip of the keys."""
        due = self.cleaned_data["due"]
        if due is None:
            raise forms.ValidationError(_("Give a day."))
        if due > timezone.localdate() + LATEST:
            raise forms.ValidationError(_("Give a day within a year."))
        return due


@door(Permission.ORDER_DECIDE, methods=["GET", "POST"])
def order_deadline(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Move the day by which an order is to be answered."""
    order = find_order(key, actor=request.actor)
    zone = ZoneInfo(order.supplier.time_zone)
    if request.method != "POST":
        due_on = order.acknowledge_by_at.astimezone(zone).date() if order.acknowledge_by_at else None
        return _show(request, order, DeadlineForm(initial={"due": day_text(due_on)}))
    form = DeadlineForm(request.POST)
    if not form.is_valid():
        return _show(request, order, form)
    # The end of a day is the midnight after it; the clock takes the closing before.
    end = datetime.combine(form.cleaned_data["due"] + timedelta(days=1), time(), zone)
    version = whole_number(request.POST.get("version")) or 0
    command = MoveAnswerDue(order.key, version, end, form.cleaned_data["reason"])
    try:
        moved = move_answer_due(command, actor=request.actor, at=request.at)
    except Invalid as refusal:
        for problem in refusal.problems:
            form.add_error(problem.field if problem.field in form.fields else None, problem.message)
        return _show(request, order, form)
    assert moved.acknowledge_by_at is not None
    said = _("The answer is due %(when)s.") % {"when": moment_text(moved.acknowledge_by_at)}
    messages.success(request, said)
    return see_other("order", order.key)


def _show(request: DoorRequest, order: PurchaseOrder, form: DeadlineForm) -> HttpResponse:
    context = {
        "title": _("Move the deadline of order %(number)s?") % {"number": order.number},
        "text": _("Reminders and the next steps move with it."),
        "action": reverse("order-deadline", args=[order.key]),
        "verb": _("Move the deadline"),
        "back": reverse("order", args=[order.key]),
        "hidden": {"version": order.version},
        "form": form,
    }
    status = 422 if request.method == "POST" else 200
    return panel_or_page(request, "layouts/confirm.html", "confirm", context, status)
