"""A sheet as both sides read it: the last look before it is posted, what differs, what each side says, taken back."""

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, Problem, Refusal
from portal.kernel.web import see_other, whole_number
from procurement.acknowledgments.forms import shown_day
from procurement.receipts.forms import clean_photos, day_of, photos_of, read_rests
from procurement.receipts.messages import PostSheet, SayOfDifference, SheetNamed
from procurement.receipts.models import ReceivingSheet
from procurement.receipts.presenters import differences_of, headline, lines_of, summary_of, ticks_of
from procurement.receipts.queries import cartons_of, counted_sheet, find_sheet, seen_before, site_day
from procurement.receipts.services import (
    answer_difference,
    discard_sheet,
    post_sheet,
    reverse_sheet,
    settle_difference,
)
from procurement.receipts.states import ANSWERS, SETTLEMENTS, SHEET_LIFECYCLE, Rest, SheetState, Word
from procurement.receipts.views.counting import show_count
from suppliers.roles import Permission

SHEET, POST = (f"procurement/receipts/{name}.html" for name in ("sheet", "post"))


@door(Permission.ORDER_VIEW)
def receiving_sheet(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """A count in progress for who counts; else what was counted, with its differences, as both sides read it."""
    sheet = find_sheet(key, actor=request.actor)
    if sheet.is_counting and request.actor.may(Permission.GOODS_RECEIVE):
        return show_count(request, sheet)
    return _show(request, sheet)


def _show(request: DoorRequest, sheet: ReceivingSheet, *, status: int = 200, **typed: Any) -> HttpResponse:
    actor, found = request.actor, counted_sheet(sheet)
    differences = differences_of(found, **typed)
    cartons = cartons_of(sheet.notice)
    is_posted = sheet.state == SheetState.POSTED
    context = {
        "sheet": sheet,
        "headline": headline(found, differences, is_supplier=actor.is_supplier),
        "lines": lines_of(found),
        "differences": differences,
        "ticks": ticks_of(found, cartons, seen_before(sheet, cartons)),
        "photos": [one for one in found.photos if not one.sheet_line_id and not one.wrong_item_id],
        "may_answer": is_posted and actor.is_supplier and actor.may(Permission.SHIPMENT_WRITE),
        "may_settle": is_posted and not actor.is_supplier and actor.may(Permission.ORDER_DECIDE),
        "may_reverse": not actor.is_supplier and "reverse" in SHEET_LIFECYCLE.verbs_for(actor, sheet.state),
        "may_invoice": is_posted and actor.may(Permission.INVOICE_WRITE),
        "may_credit": bool(differences),
        "answers": [(word.value, word.label) for word in ANSWERS],
        "settlements": [(word.value, word.label) for word in SETTLEMENTS],
    }
    return render(request, SHEET, context, status=status)


# --- posted -------------------------------------------------------------------------------------------------


@door(Permission.GOODS_RECEIVE, methods=["GET", "POST"])
def receiving_post(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One last look; where something is missing, whether it comes later. Posted, the ERP is asked to book it."""
    sheet = find_sheet(key, actor=request.actor)
    if not sheet.is_counting:
        return see_other("receiving-sheet", key)
    problems: list[Problem] = []
    refusal: Refusal | None = None
    rests = read_rests(request.POST)
    if request.method == "POST":
        language = get_language() or "en"
        day = day_of("received_on", request.POST.get("received_on", ""), language, problems)
        version = whole_number(request.POST.get("version")) or 0
        note = request.POST.get("note", "").replace("\r\n", "\n")
        if not problems:
            try:
                with transaction.atomic():
                    command = PostSheet(key, version, rests, day, note)
                    post_sheet(command, actor=request.actor, at=request.at)
            except Invalid as told:
                problems = list(told.problems)
            except Refusal as told:
                refusal = told
                sheet = find_sheet(key, actor=request.actor)
            else:
                messages.success(request, _("Posted. The ERP is asked to book it."))
                return see_other("receiving-sheet", key)
    found = counted_sheet(sheet)
    cartons = cartons_of(sheet.notice)
    ticks = ticks_of(found, cartons, seen_before(sheet, cartons))
    context = {
        "sheet": sheet,
        "lines": [{"line": one, "rest": rests.get(one.counted.one.pk, "")} for one in lines_of(found)],
        "wrong": found.wrong,
        "ticks": ticks,
        "summary": summary_of(found, ticks),
        "rests": Rest.choices,
        "typed": request.POST or {"received_on": shown_day(site_day(sheet, request.at))},
        "bad": {one.field for one in problems},
        "problems": [{"id": one.field.replace(".", "-"), "message": one.message} for one in problems],
        "refusal": refusal,
    }
    status = refusal.status if refusal else 422 if problems else 200
    return render(request, POST, context, status=status)


# --- thrown away, taken back --------------------------------------------------------------------------------


def _named(request: DoorRequest, key: uuid.UUID) -> SheetNamed:
    return SheetNamed(key, whole_number(request.POST.get("version")) or 0)


@door(Permission.GOODS_RECEIVE, methods=["GET", "POST"])
def receiving_discard(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Throw a count away."""
    sheet = find_sheet(key, actor=request.actor)
    if request.method == "POST":
        discard_sheet(_named(request, key), actor=request.actor, at=request.at)
        messages.success(request, _("The count is thrown away."))
        return see_other("receiving-list")
    context = {
        "title": _("Throw this count away?"),
        "text": _("Nothing of it counts, and the supplier never sees it. The goods can be counted anew."),
        "verb": _("Throw it away"),
    }
    return _confirm(request, sheet, context)


class ReasonForm(forms.Form):
    """Why a count is taken back."""

    reason = forms.CharField(
        label=gettext_lazy("Why"),
        help_text=gettext_lazy("The supplier and the buyer read it."),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": 2000}),
    )


@door(Permission.GOODS_RECEIVE, methods=["GET", "POST"])
def receiving_reverse(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Take a posted count back, saying why."""
    sheet = find_sheet(key, actor=request.actor)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        try:
            with transaction.atomic():
                reason = request.POST.get("reason", "").replace("\r\n", "\n")
                reverse_sheet(_named(request, key), reason, actor=request.actor, at=request.at)
        except Invalid as refusal:
            form.is_valid()
            form.add_error("reason", refusal.message)
        else:
            messages.success(
                request, _("The count is taken back; the ERP is asked to take its booking back.")
            )
            return see_other("receiving-sheet", key)
    context = {
        "title": _("Take this count back?"),
        "text": _(
            "It stays to be read, with your reason, and counts no more. Then the goods can be counted anew."
        ),
        "verb": _("Take it back"),
        "form": form,
    }
    return _confirm(request, sheet, context, status=422 if form.errors else 200)


def _confirm(
    request: DoorRequest, sheet: ReceivingSheet, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    context |= {
        "action": request.path,
        "danger": True,
        "back": reverse("receiving-sheet", args=[sheet.key]),
        "hidden": {"version": str(sheet.version)},
    }
    template = "layouts/confirm.html"
    return render(request, f"{template}#confirm" if request.htmx else template, context, status=status)


# --- what both sides say ------------------------------------------------------------------------------------


@door(Permission.SHIPMENT_WRITE, Permission.ORDER_DECIDE, methods=["POST"], before=clean_photos)
def receiving_say(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """The supplier agrees with a difference or disputes it; the buyer settles it, with a reason."""
    verb: Callable[..., Any] = settle_difference
    done = _("Settled. The supplier reads it, and the case closes.")
    if request.actor.is_supplier:
        verb, done = answer_difference, _("Noted. The buyer reads it.")
    sheet = find_sheet(key, actor=request.actor)
    kind, _dash, number = request.POST.get("difference", "").partition("-")
    subject = whole_number(number)
    command = SayOfDifference(
        key,
        request.POST.get("word", ""),
        request.POST.get("text", "").replace("\r\n", "\n"),
        line=subject if kind == "line" else None,
        wrong_item=subject if kind == "wrong" else None,
        photos=photos_of(request),
    )
    try:
        with transaction.atomic():
            verb(command, actor=request.actor, at=request.at)
    except Invalid as refusal:
        return _show(
            request,
            sheet,
            name=f"{kind}-{number}",
            text=command.text,
            word=command.word if command.word in Word.values else "",
            problems=refusal.problems,
            status=422,
        )
    messages.success(request, done)
    return see_other("receiving-sheet", key)
