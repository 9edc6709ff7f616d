"""The doors of answer sheets: out as a workbook, in as an answer, with a look at it in between."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid
from portal.kernel.web import see_other
from procurement.acknowledgments.files.columns import BY_NAME
from procurement.acknowledgments.files.reading import read_file
from procurement.acknowledgments.files.sheet import MOST_LINES, write_sheet
from procurement.acknowledgments.files.words import (
    LOOKS,
    hint_texts,
    promise_text,
    reason_text,
    result_text,
)
from procurement.acknowledgments.messages import FileRow
from procurement.acknowledgments.models import UploadedAnswer
from procurement.acknowledgments.queries import find_upload, recent_uploads, rows_of_upload
from procurement.acknowledgments.services import apply_upload, keep_upload
from procurement.acknowledgments.services.checking import (
    AS_ASKED,
    BAD,
    BY_RULE,
    REFUSED,
    SENT,
    SKIPPED,
    STALE,
    WAITS,
    CheckedLine,
    check_rows,
)
from procurement.orders.filters import (
    ListFilters,
    filter_lines,
    picked_lines,
    picked_orders,
    read_picks,
    understand,
)
from procurement.orders.models import PurchaseOrderLine
from procurement.orders.queries import find_order, visible_lines
from procurement.orders.states import OrderState, Turn
from procurement.orders.views.exports import as_download
from procurement.orders.views.lists import reader_of
from procurement.sheets.foreign import outcome_figures
from suppliers.roles import Permission

MAY_ANSWER = (Permission.ORDER_ACKNOWLEDGE, Permission.ORDER_ANSWER_FOR)
MOST_SHOWN = 300


# --- out ----------------------------------------------------------------------------------------------------


@door(*MAY_ANSWER)
def answer_sheet(request: HttpRequest, key: UUID) -> HttpResponse:
    """The lines of one order that can be answered, as an answer sheet."""
    order = find_order(key, actor=request.actor)  # type: ignore[attr-defined]  # set by the middleware
    lines = visible_lines(request.actor).filter(order=order)  # type: ignore[attr-defined]
    return _sheet(request, lines, f"answer-{order.number}.xlsx")


@door(*MAY_ANSWER, methods=["GET", "POST"])
def answer_sheets(request: HttpRequest) -> HttpResponse:
    """The lines of a list that can be answered, as one sheet; posted, only those ticked."""
    actor = request.actor  # type: ignore[attr-defined]  # set by the middleware
    if request.method == "GET":
        lines = filter_lines(understand(ListFilters(request.GET, actor=actor)), reader_of(request))
    else:
        picks = read_picks(request.POST.getlist("pick"))
        if request.POST.get("what") == "lines":
            lines = picked_lines(picks, actor)
        else:
            lines = visible_lines(actor).filter(order__in=picked_orders(picks, actor))
    return _sheet(request, lines, "answers.xlsx")


def _sheet(request: HttpRequest, lines: QuerySet[PurchaseOrderLine], name: str) -> HttpResponse:
    waiting = lines.filter(order__state=OrderState.ISSUED).exclude(turn=Turn.NOBODY)
    rows = list(
        waiting.select_related("order__company").order_by("order__number", "number")[: MOST_LINES + 1]
    )
    if not rows:
        raise Invalid(_("None of these lines waits for an answer, so there is nothing to fill in."))
    return as_download(write_sheet(rows), name, request)


# --- in -----------------------------------------------------------------------------------------------------


class UploadForm(forms.Form):
    """One file."""

    file = forms.FileField(
        label=gettext_lazy("Answer sheet"),
        help_text=gettext_lazy("An Excel workbook (.xlsx) or a CSV file with the same columns, up to 5 MB."),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.csv"}),
        max_length=200,
    )


class SheetRequest(DoorRequest):
    """A request with the form that was posted to it and the rows of its file."""

    form: UploadForm
    rows: Sequence[FileRow]


def read_upload(request: SheetRequest) -> None:
    """Read a posted file while no transaction is open: a large one takes many seconds."""
    posted = request.method == "POST"
    request.form = form = UploadForm(request.POST, request.FILES) if posted else UploadForm()
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            request.rows = read_file(file.file, file.size, get_language() or "en")
        except Invalid as refusal:
            form.add_error("file", refusal.message)


@door(*MAY_ANSWER, methods=["GET", "POST"], before=read_upload)
def upload(request: SheetRequest) -> HttpResponse:
    """Take in a filled answer sheet, and go on to see what it would do; nothing is sent yet."""
    actor, form = request.actor, request.form
    if form.is_valid():
        try:
            kept = keep_upload(form.cleaned_data["file"].name, request.rows, actor=actor, at=request.at)
        except Invalid as refusal:
            form.add_error("file", refusal.message)
        else:
            return see_other("answer-preview", key=kept.key)
    context = {"form": form, "recent": recent_uploads(actor=actor)}
    return render(
        request, "procurement/acknowledgments/upload.html", context, status=422 if form.errors else 200
    )


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One line of a sheet as the preview shows it."""

    checked: CheckedLine
    tone: str
    glyph: str
    result: str
    reason: str
    promise: str
    hints: Sequence[str]


@door(*MAY_ANSWER, methods=["GET", "POST"])
def preview(request: HttpRequest, key: UUID) -> HttpResponse:
    """What a sheet would do, line by line; posted, it does it. Afterwards: what came of it."""
    actor, at = request.actor, request.at  # type: ignore[attr-defined]  # set by the door
    if request.method == "POST":
        apply_upload(key, actor=actor, at=at)
        return see_other("answer-preview", key=key)
    kept = find_upload(key, actor=actor)
    if kept.applied_at:
        return render(request, "procurement/acknowledgments/upload_result.html", _result_context(kept))
    checked = check_rows(rows_of_upload(kept), actor=actor, at=at)
    return render(
        request, "procurement/acknowledgments/upload_preview.html", _preview_context(request, kept, checked)
    )


SHOWN_FIRST = (BAD, STALE, REFUSED, WAITS, BY_RULE, AS_ASKED, SKIPPED)


def _preview_context(
    request: HttpRequest, kept: UploadedAnswer, checked: Sequence[CheckedLine]
) -> dict[str, object]:
    counts = Counter(line.outcome for line in checked)
    only = request.GET.get("only", "")
    wanted = [line for line in checked if only in ("", line.outcome)]
    wanted.sort(key=lambda line: (SHOWN_FIRST.index(line.outcome), line.rows[0]))
    sent = sum(counts[outcome] for outcome in SENT)
    return {
        "upload": kept,
        "figures": [figure for figure in _figures(counts, only) if figure["value"] or figure["current"]],
        "rows": [_preview_row(line) for line in wanted[:MOST_SHOWN]],
        "more": max(0, len(wanted) - MOST_SHOWN),
        "sent": sent,
        "orders": len({line.order.pk for line in checked if line.order and line.outcome in SENT}),
        "stopped": counts[BAD] + counts[STALE],
        "titles": {name: column.title for name, column in BY_NAME.items()},
        "send_label": ngettext("Send %(n)d line", "Send %(n)d lines", sent) % {"n": sent},
    }


def _figures(counts: Counter[str], only: str) -> list[dict[str, Any]]:
    labels = {
        AS_ASKED: _("Agreed at once"),
        BY_RULE: _("Agreed at once, within tolerance"),
        WAITS: _("Go to the buyer"),
        REFUSED: _("Refused"),
        BAD: _("To be mended"),
        STALE: _("Changed meanwhile"),
        SKIPPED: _("Left as they are"),
    }
    toned = {outcome: (label, LOOKS[outcome][0]) for outcome, label in labels.items()}
    return outcome_figures(toned, counts, only, lambda count: ngettext("line", "lines", count))


def _preview_row(checked: CheckedLine) -> PreviewRow:
    tone, glyph = LOOKS[checked.outcome]
    return PreviewRow(
        checked=checked,
        tone=tone,
        glyph=glyph,
        result=result_text(checked),
        reason=reason_text(checked),
        promise=promise_text(checked),
        hints=hint_texts(checked),
    )


def _result_context(kept: UploadedAnswer) -> dict[str, object]:
    orders = kept.result.get("orders", [])
    taken = [order for order in orders if not order["why_not"]]
    lines = sum(order["lines"] for order in taken)
    words = {
        "lines": ngettext("%(n)d line", "%(n)d lines", lines) % {"n": lines},
        "orders": ngettext("%(n)d order", "%(n)d orders", len(taken)) % {"n": len(taken)},
    }
    heading = _("%(lines)s of %(orders)s answered") % words if lines else _("Nothing was sent")
    return {
        "upload": kept,
        "heading": heading,
        "orders": orders,
        "left": [{**one, "title": BY_NAME[one["column"]].title} for one in kept.result.get("left", [])],
    }
