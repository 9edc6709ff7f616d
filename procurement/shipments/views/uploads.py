"""The doors of sheets of ship notices: out as a workbook, in as drafts, with a look at each row in between."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, Refusal
from portal.kernel.web import see_other
from procurement.orders.queries import find_order
from procurement.orders.views.exports import as_download
from procurement.sheets.foreign import (
    ReadTable,
    columns_page,
    digest_of,
    outcome_figures,
    said_columns,
    said_head,
)
from procurement.shipments.files.columns import ASKED_FOR, READ
from procurement.shipments.files.reading import HEAD_WITHIN, read_file, read_rows
from procurement.shipments.files.sheet import MOST_LINES, write_sheet
from procurement.shipments.files.words import upload_notices, upload_rows
from procurement.shipments.messages import ApplySheet
from procurement.shipments.models import UploadedNotices
from procurement.shipments.queries import find_upload, recent_uploads, shippable_lines
from procurement.shipments.services import (
    KeepSheet,
    apply_upload,
    keep_upload,
    look_at_upload,
    read_upload_as,
)
from suppliers.roles import Permission

UPLOAD = "procurement/shipments/upload.html"
COLUMNS = "procurement/shipments/upload_columns.html"
PREVIEW = "procurement/shipments/upload_preview.html"
RESULT = "procurement/shipments/upload_result.html"
MOST_SHOWN = 300


# --- out ----------------------------------------------------------------------------------------------------


@door(Permission.SHIPMENT_WRITE)
def shipment_sheet(request: DoorRequest) -> HttpResponse:
    """All that is open, or what is open of one order, as a sheet to fill in."""
    lines = shippable_lines(request.actor)
    name = "ship-notices.xlsx"
    if key := request.GET.get("order", ""):
        try:
            order = find_order(UUID(key), actor=request.actor)
        except ValueError as error:
            raise Invalid(_("There is no such order.")) from error
        lines, name = lines.filter(order=order), f"ship-{order.number}.xlsx"
    rows = list(lines.order_by("order__number", "order_id", "number")[: MOST_LINES + 1])
    if not rows:
        raise Invalid(_("Nothing is left to ship here, so there is nothing to fill in."))
    return as_download(write_sheet(rows), name, request)


# --- in -----------------------------------------------------------------------------------------------------


class UploadForm(forms.Form):
    """One file."""

    file = forms.FileField(
        label=gettext_lazy("File with ship notices"),
        help_text=gettext_lazy(
            "An Excel workbook (.xlsx) or a CSV file, up to 5 MB: our sheet, or one of your own."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.csv,.txt"}),
        max_length=200,
    )


class SheetRequest(DoorRequest):
    """A request with the form that was posted to it, and the table and digest of its file."""

    form: UploadForm
    sheet: ReadTable
    digest: str


def read_upload(request: SheetRequest) -> None:
    """Read a posted file while no transaction is open: a large one takes many seconds."""
    posted = request.method == "POST"
    request.form = form = UploadForm(request.POST, request.FILES) if posted else UploadForm()
    if form.is_valid():
        file = form.cleaned_data["file"]
        request.digest = digest_of(file)
        try:
            request.sheet = read_file(file.file, file.size)
        except Invalid as refusal:
            form.add_error("file", refusal.message)


@door(Permission.SHIPMENT_WRITE, methods=["GET", "POST"], before=read_upload)
def shipment_upload(request: SheetRequest) -> HttpResponse:
    """Take in a file, and go on to see what would become of it; nothing is made yet."""
    form = request.form
    if form.is_valid():
        read = request.sheet
        command = KeepSheet(
            form.cleaned_data["file"].name,
            request.digest,
            read.table,
            read.head,
            read.columns,
            read_rows(read.table, read.head, read.columns, get_language() or "en") if read.is_clear else (),
        )
        kept, is_new = keep_upload(command, actor=request.actor, at=request.at)
        if not is_new:
            return _there_already(request, kept)
        if not read.is_clear:
            return see_other("shipment-upload-columns", key=kept.key)
        look_at_upload(kept.key, actor=request.actor, at=request.at)
        return see_other("shipment-upload-preview", key=kept.key)
    context = {"form": form, "recent": recent_uploads(actor=request.actor)}
    return render(request, UPLOAD, context, status=422 if form.errors else 200)


def _there_already(request: DoorRequest, kept: UploadedNotices) -> HttpResponse:
    if kept.applied_at:
        messages.info(request, _("This file was taken already. Nothing is made twice; this is what it made."))
    elif kept.planned_at:
        look_at_upload(kept.key, actor=request.actor, at=request.at)
        messages.info(request, _("This file was uploaded already. This is what would become of it now."))
    else:
        return see_other("shipment-upload-columns", key=kept.key)
    return see_other("shipment-upload-preview", key=kept.key)


# --- which column is which ----------------------------------------------------------------------------------


@door(Permission.SHIPMENT_WRITE, methods=["GET", "POST"])
def shipment_upload_columns(request: DoorRequest, key: UUID) -> HttpResponse:
    """Say which column of a file is which; posted, its rows are read so."""
    kept = find_upload(key, actor=request.actor)
    if kept.applied_at:
        return see_other("shipment-upload-preview", key=key)
    if request.method == "GET":
        return _show_columns(request, kept, kept.head, kept.columns)
    head = said_head(request.POST, kept.table, HEAD_WITHIN)
    columns, problems = said_columns(request.POST, len(kept.table[head]), ASKED_FOR)
    if "again" in request.POST:
        return _show_columns(request, kept, head, columns)
    if problems:
        return _show_columns(request, kept, head, columns, problems)
    # The hidden columns of our own sheet stay known: nobody is asked for them.
    columns |= {name: place for name, place in kept.columns.items() if name not in READ and head == kept.head}
    rows = read_rows(kept.table, head, columns, get_language() or "en")
    read_upload_as(key, head, columns, rows, actor=request.actor)
    look_at_upload(key, actor=request.actor, at=request.at)
    return see_other("shipment-upload-preview", key=key)


def _show_columns(
    request: HttpRequest,
    kept: UploadedNotices,
    head: int,
    columns: Mapping[str, int],
    problems: Sequence[Mapping[str, str]] = (),
) -> HttpResponse:
    context = {"upload": kept, "problems": problems} | columns_page(kept.table, head, columns, ASKED_FOR)
    return render(request, COLUMNS, context, status=422 if problems else 200)


# --- what becomes of it -------------------------------------------------------------------------------------


@door(Permission.SHIPMENT_WRITE, methods=["GET", "POST"])
def shipment_upload_preview(request: DoorRequest, key: UUID) -> HttpResponse:
    """What becomes of each row; posted, drafts are made, and sent where that is wished. Afterwards: what was made."""
    refusal: Refusal | None = None
    if request.method == "POST":
        if "again" in request.POST:
            look_at_upload(key, actor=request.actor, at=request.at)
            return see_other("shipment-upload-preview", key=key)
        command = ApplySheet(key, send="send" in request.POST, only_whole="only_whole" in request.POST)
        try:
            apply_upload(command, actor=request.actor, at=request.at)
        except Invalid as problem:
            refusal = problem
            look_at_upload(key, actor=request.actor, at=request.at)
        else:
            return see_other("shipment-upload-preview", key=key)
    kept = find_upload(key, actor=request.actor)
    if kept.applied_at:
        return _show_result(request, kept)
    if not kept.planned_at:
        return see_other("shipment-upload-columns", key=key)
    return _show_preview(request, kept, refusal)


def _show_preview(request: DoorRequest, kept: UploadedNotices, refusal: Refusal | None) -> HttpResponse:
    only = request.GET.get("only", "")
    rows = upload_rows(kept.plan)
    counts = Counter(row.outcome for row in rows)
    # Our own sheet holds every open line: those that do not go are shown where they are asked for.
    going = [row for row in rows if row.outcome != "skipped"]
    wanted = [row for row in rows if row.outcome == only] if only else going or rows
    notices = upload_notices(kept.plan)
    new = sum(notice.is_new for notice in notices)
    context: dict[str, Any] = {
        "upload": kept,
        "refusal": refusal,
        "figures": [one for one in _figures(counts, only) if one["value"] or one["current"]],
        "notices": notices,
        "rows": wanted[:MOST_SHOWN],
        "more": max(0, len(wanted) - MOST_SHOWN),
        "new": new,
        "ready": sum(notice.is_ready for notice in notices),
        "short": any(notice.is_new and notice.is_short for notice in notices),
        "make_label": ngettext("Make %(n)d draft", "Make %(n)d drafts", new) % {"n": new},
    }
    return render(request, PREVIEW, context, status=refusal.status if refusal else 200)


def _figures(counts: Counter[str], only: str) -> list[dict[str, Any]]:
    labels = {
        "new": (_("Go into a ship notice"), "done"),
        "bad": (_("To be mended"), "stop"),
        "there": (_("There already"), "talk"),
        "skipped": (_("Left as they are"), "quiet"),
    }
    return outcome_figures(labels, counts, only, lambda count: ngettext("row", "rows", count))


def _show_result(request: DoorRequest, kept: UploadedNotices) -> HttpResponse:
    notices = upload_notices(kept.result)
    made = sum(bool(notice.key) for notice in notices)
    sent = sum(notice.is_sent for notice in notices)
    heading = ngettext("%(n)d ship notice was made", "%(n)d ship notices were made", made) % {"n": made}
    if sent:
        heading += " " + ngettext("and %(n)d of them sent", "and %(n)d of them sent", sent) % {"n": sent}
    left = [row for row in upload_rows(kept.result) if row.problems or row.outcome == "there"]
    context = {
        "upload": kept,
        "heading": heading,
        "notices": notices,
        "left": left[:MOST_SHOWN],
        "more": max(0, len(left) - MOST_SHOWN),
    }
    return render(request, RESULT, context)
