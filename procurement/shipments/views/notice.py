"""One ship notice: a draft in its editor, what was sent as both sides read it, and what can be done with it."""

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, Problem, Refusal
from portal.kernel.web import see_other, whole_number
from procurement.acknowledgments.forms import shown_day
from procurement.findings.presenters import said
from procurement.shipments.forms import read_moment, read_optional_day
from procurement.shipments.messages import NoticeNamed, TellMilestone
from procurement.shipments.models import ShipNotice
from procurement.shipments.policies import check_notice
from procurement.shipments.presenters import (
    MOST_ROWS,
    findings,
    headline,
    milestone_entries,
    number_of,
    package_rows,
    totals,
    tracking_of,
)
from procurement.shipments.queries import checked, find_notice, milestones_of, versions_of, written
from procurement.shipments.services import (
    cancel_notice,
    close_notice,
    correct_notice,
    discard_notice,
    send_notice,
    tell_milestone,
)
from procurement.shipments.states import LIVE, NOTICE_LIFECYCLE, ON_THE_WAY, MilestoneKind
from procurement.shipments.views.editor import show_editor
from suppliers.roles import Permission

SHIPMENT, SEND, TELL = (f"procurement/shipments/{name}.html" for name in ("shipment", "send", "milestone"))


def _named(request: DoorRequest, key: uuid.UUID) -> NoticeNamed:
    return NoticeNamed(key, whole_number(request.POST.get("version")) or 0)


@door(Permission.ORDER_VIEW)
def shipment(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """A draft for who may write it, else the notice with its lines, packages, way and versions."""
    notice = find_notice(key, actor=request.actor)
    if notice.is_draft and request.actor.may(Permission.SHIPMENT_WRITE):
        return show_editor(request, notice)
    return _show(request, notice)


def _show(request: DoorRequest, notice: ShipNotice) -> HttpResponse:
    draft = written(notice)
    opened = frozenset(place for text in request.GET.getlist("open") if (place := whole_number(text)))
    rows = package_rows(draft, opened=opened)
    told = milestones_of(notice)
    verbs = NOTICE_LIFECYCLE.verbs_for(request.actor, notice.state)
    versions = versions_of(notice, actor=request.actor)
    context: dict[str, Any] = {
        "notice": notice,
        "headline": headline(
            notice, is_supplier=request.actor.is_supplier, today=timezone.localdate(request.at)
        ),
        "lines": [{"one": one, "has_rest": one.quantity < draft.open_of(one)} for one in draft.lines],
        "packages": rows[:MOST_ROWS],
        "more_packages": max(0, len(rows) - MOST_ROWS),
        "package_count": len(draft.packages),
        "totals": totals(draft),
        "milestones": milestone_entries(told),
        "versions": versions,
        "newest": versions[0] if versions and versions[0].pk != notice.pk else None,
        "tracking": tracking_of(notice),
        "may_correct": "replace" in verbs and notice.counted_at is None,
        "may_cancel": "cancel" in verbs and notice.counted_at is None,
        "may_close": "close" in verbs,
        "may_tell": notice.state in ON_THE_WAY and request.actor.may(Permission.SHIPMENT_WRITE),
        "may_repeat": request.actor.may(Permission.SHIPMENT_WRITE),
        "may_invoice": notice.state in LIVE and request.actor.may(Permission.INVOICE_WRITE),
    }
    return render(request, SHIPMENT, context)


# --- sent ---------------------------------------------------------------------------------------------------


@door(Permission.SHIPMENT_WRITE, methods=["GET", "POST"])
def shipment_send(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One last look at what goes, with all there is to say; posted, the buying side is told."""
    notice = find_notice(key, actor=request.actor)
    if request.method == "GET":
        return _last_look(request, notice) if notice.is_draft else see_other("shipment", key)
    try:
        with transaction.atomic():
            sent = send_notice(_named(request, key), actor=request.actor, at=request.at)
    except Refusal as refusal:
        notice = find_notice(key, actor=request.actor)
        if not notice.is_draft:
            raise
        return _last_look(request, notice, refusal=refusal)
    messages.success(request, _("Sent. %(company)s knows what comes.") % {"company": notice.company.name})
    for why in dict.fromkeys((sent.not_asked or {}).values()):
        messages.warning(request, _("What will not come was not asked for: %(why)s") % {"why": why})
    return see_other("shipment", key)


def _last_look(request: DoorRequest, notice: ShipNotice, *, refusal: Refusal | None = None) -> HttpResponse:
    draft = written(notice)
    told = check_notice(checked(draft, at=request.at))
    found = findings(told)
    context = {
        "notice": notice,
        "draft": draft,
        "lines": [one for one in draft.lines if one.quantity],
        "said": [said(one) for one in told],
        "found": found,
        "totals": totals(draft),
        "unnumbered": sum(not number_of(package) for package in draft.packages),
        # What cannot be sent is told one by one below; another refusal has its own sentence.
        "refusal": None if isinstance(refusal, Invalid) and found.stops else refusal,
    }
    return render(request, SEND, context, status=refusal.status if refusal else 200)


# --- corrected, taken back, thrown away ---------------------------------------------------------------------


@door(Permission.SHIPMENT_WRITE, methods=["POST"])
def shipment_correct(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Begin the next version, or go on with the one that was begun."""
    notice = correct_notice(_named(request, key), actor=request.actor, at=request.at)
    return see_other("shipment", notice.key)


class ReasonForm(forms.Form):
    """Why a notice is taken back, or closed."""

    reason = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": 2000}),
    )


@door(Permission.SHIPMENT_WRITE, methods=["GET", "POST"])
def shipment_cancel(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Take a notice back, saying why."""
    notice = find_notice(key, actor=request.actor)
    words = {
        "title": _("Take ship notice %(number)s back?") % {"number": notice.number},
        "text": _("Nothing of it counts any more, and the buying side is told."),
        "verb": _("Take it back"),
    }
    done = _("The ship notice is taken back; its quantities are open again.")
    help_text = _("The buying side reads it: the dock has planned with this shipment.")
    return _end_with_reason(request, notice, cancel_notice, words, done, help_text)


@door(Permission.ORDER_DECIDE, methods=["GET", "POST"])
def shipment_close(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Await nothing more of a notice that has arrived, saying why where something is missing."""
    notice = find_notice(key, actor=request.actor)
    words = {
        "title": _("Await nothing more of ship notice %(number)s?") % {"number": notice.number},
        "text": _(
            "What was not counted of it can be shipped anew. What is booked for it later counts all the same."
        ),
        "verb": _("Close it"),
    }
    done = _("The ship notice is closed.")
    help_text = _("The supplier reads it.")
    return _end_with_reason(request, notice, close_notice, words, done, help_text)


def _end_with_reason(
    request: DoorRequest,
    notice: ShipNotice,
    verb: Callable[..., ShipNotice],
    words: dict[str, str],
    done: str,
    help_text: str,
) -> HttpResponse:
    """Ask for the reason and do it, or say what is wrong with the reason; what was typed stays."""
    form = ReasonForm(request.POST if request.method == "POST" else None)
    form.fields["reason"].help_text = help_text
    if request.method == "POST":
        try:
            with transaction.atomic():
                reason = request.POST.get("reason", "").replace("\r\n", "\n")
                verb(_named(request, notice.key), reason, actor=request.actor, at=request.at)
        except Invalid as refusal:
            form.is_valid()
            form.add_error("reason", refusal.message)
        else:
            messages.success(request, done)
            return see_other("shipment", notice.key)
    context = words | {
        "action": request.path,
        "danger": True,
        "back": reverse("shipment", args=[notice.key]),
        "hidden": {"version": str(notice.version)},
        "form": form,
    }
    return _confirm(request, context, status=422 if form.errors else 200)


@door(Permission.SHIPMENT_WRITE, methods=["GET", "POST"])
def shipment_discard(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Throw a draft away."""
    notice = find_notice(key, actor=request.actor)
    if request.method == "POST":
        discard_notice(_named(request, key), actor=request.actor, at=request.at)
        messages.success(request, _("The draft is thrown away."))
        return see_other("shipment-list")
    numbered = notice.packages.exclude(sscc="", carton_number="").count()
    text = _("Nobody else has seen it. The order lines stay open.")
    if numbered:
        kept = ngettext(
            "The number of its package is never given again.",
            "The numbers of its %(n)d packages are never given again.",
            numbered,
        )
        text = f"{text} {kept % {'n': numbered}}"
    context = {
        "title": _("Throw this draft away?"),
        "text": text,
        "action": reverse("shipment-discard", args=[key]),
        "verb": _("Throw it away"),
        "danger": True,
        "back": reverse("shipment", args=[key]),
        "hidden": {"version": str(notice.version)},
    }
    return _confirm(request, context)


def _confirm(request: DoorRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    template = "layouts/confirm.html"
    return render(request, f"{template}#confirm" if request.htmx else template, context, status=status)


# --- on its way ---------------------------------------------------------------------------------------------


@door(Permission.SHIPMENT_WRITE, methods=["GET", "POST"])
def shipment_milestone(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Tell what happened on the way, or a new day of arrival."""
    notice = find_notice(key, actor=request.actor)
    problems: list[Problem] = []
    refusal: Refusal | None = None
    if request.method == "POST":
        language = get_language() or "en"
        zone = timezone.get_current_timezone_name()
        moment, problems = read_moment(
            request.POST.get("day", ""), request.POST.get("clock", ""), zone, language
        )
        estimated, more = read_optional_day("estimated_on", request.POST.get("estimated_on", ""), language)
        problems += more
        if moment is not None and not problems:
            try:
                with transaction.atomic():
                    command = TellMilestone(
                        key,
                        request.POST.get("kind", ""),
                        moment,
                        place=request.POST.get("place", ""),
                        estimated_on=estimated,
                        note=request.POST.get("note", "").replace("\r\n", "\n"),
                    )
                    tell_milestone(command, actor=request.actor, at=request.at)
            except Invalid as found:
                problems = list(found.problems)
            except Refusal as found:
                refusal = found
            else:
                messages.success(request, _("Noted. The expected day follows."))
                return see_other("shipment", key)
    context = {
        "notice": notice,
        "kinds": MilestoneKind.choices,
        "typed": request.POST or _now(request),
        "bad": {_ids(one.field) for one in problems},
        "problems": [{"id": _ids(one.field), "message": one.message} for one in problems],
        "refusal": refusal,
    }
    status = refusal.status if refusal else 422 if problems else 200
    return render(request, TELL, context, status=status)


def _ids(name: str) -> str:
    return {"happened_at": "day"}.get(name, name)


def _now(request: DoorRequest) -> dict[str, str]:
    now = timezone.localtime(request.at)
    return {"day": shown_day(now.date()), "clock": f"{now:%H:%M}", "kind": MilestoneKind.DEPARTED.value}
