"""The doors of files of invoices: a sheet out, a sheet or an electronic invoice in, with a look at each part."""

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
from portal.kernel.scanning import vet
from portal.kernel.web import see_other
from procurement.einvoices.pictures import is_pdf, read_picture
from procurement.invoices.files.columns import ASKED_FOR, READ
from procurement.invoices.files.einvoice import enclosed_in, looks_electronic, read_einvoice
from procurement.invoices.files.reading import HEAD_WITHIN, read_file, read_rows
from procurement.invoices.files.sheet import MOST_LINES, write_sheet
from procurement.invoices.files.words import (
    FORMATS,
    says_of,
    shown_head,
    shown_left,
    shown_lines,
    upload_invoices,
    upload_rows,
)
from procurement.invoices.messages import ApplyUpload
from procurement.invoices.models import UploadedInvoices
from procurement.invoices.queries import find_upload, invoiceable_lines, recent_uploads
from procurement.invoices.services import (
    KeepEInvoice,
    KeepSheet,
    answer_upload,
    apply_upload,
    keep_upload,
    look_at_upload,
    read_upload_as,
)
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
from suppliers.roles import Permission

UPLOAD, COLUMNS, SHEET, EINVOICE, RESULT = (
    f"procurement/invoices/{name}.html"
    for name in ("upload", "upload_columns", "upload_sheet", "upload_einvoice", "upload_result")
)
MOST_SHOWN = 300
START = 1024


# --- out ----------------------------------------------------------------------------------------------------


@door(Permission.INVOICE_WRITE)
def invoice_sheet(request: DoorRequest) -> HttpResponse:
    """All that is left to claim, or what is left of one order, as a sheet to fill in."""
    lines = invoiceable_lines(request.actor)
    name = "invoices.xlsx"
    if key := request.GET.get("order", ""):
        try:
            order = find_order(UUID(key), actor=request.actor)
        except ValueError as error:
            raise Invalid(_("There is no such order.")) from error
        lines, name = lines.filter(order=order), f"invoice-{order.number}.xlsx"
    rows = list(lines.order_by("order__number", "order_id", "number")[: MOST_LINES + 1])
    if not rows:
        raise Invalid(_("Nothing is left to invoice here, so there is nothing to fill in."))
    return as_download(write_sheet(rows), name, request)


# --- in -----------------------------------------------------------------------------------------------------


class UploadForm(forms.Form):
    """One file."""

    file = forms.FileField(
        label=gettext_lazy("File with invoices"),
        help_text=gettext_lazy(
            "An electronic invoice (UBL, CII, or a Factur-X PDF), or an Excel workbook (.xlsx) or CSV file "
            "with one or many."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".xml,.pdf,.xlsx,.csv,.txt"}),
        max_length=200,
    )


class FileRequest(DoorRequest):
    """A request with the form that was posted to it, and what its file says."""

    form: UploadForm
    digest: str
    sheet: ReadTable | None
    content: bytes
    told: dict[str, Any]


def read_upload(request: FileRequest) -> None:
    """Read a posted file while no transaction is open: a large one takes many seconds."""
    posted = request.method == "POST"
    request.form = form = UploadForm(request.POST, request.FILES) if posted else UploadForm()
    if not form.is_valid():
        return
    file = form.cleaned_data["file"]
    request.digest = digest_of(file)
    start = file.read(START)
    file.seek(0)
    request.sheet, request.content, request.told = None, b"", {}
    try:
        if looks_electronic(start):
            request.content = file.read()
            request.told = read_einvoice(request.content)
            # In XML they are letters: the scanner that has seen the file has not seen them.
            for name, content in enclosed_in(request.told):
                vet(content, name, actor=request.actor, at=request.at, field="file")
            if is_pdf(start):
                request.told["picture"] = read_picture(request.content)
        else:
            request.sheet = read_file(file.file, file.size)
    except Invalid as refusal:
        form.add_error("file", refusal.message)


@door(Permission.INVOICE_WRITE, methods=["GET", "POST"], before=read_upload)
def invoice_upload(request: FileRequest) -> HttpResponse:
    """Take in a file, and go on to see what would become of it; nothing is made yet."""
    form = request.form
    if not form.is_valid():
        context = {"form": form, "recent": recent_uploads(actor=request.actor)}
        return render(request, UPLOAD, context, status=422 if form.errors else 200)
    name, read = form.cleaned_data["file"].name, request.sheet
    command: KeepSheet | KeepEInvoice
    if read is None:
        command = KeepEInvoice(name, request.digest, request.content, request.told)
    else:
        language = get_language() or "en"
        rows = read_rows(read.table, read.head, read.columns, language) if read.is_clear else ()
        command = KeepSheet(name, request.digest, read.table, read.head, read.columns, rows)
    kept, is_new = keep_upload(command, actor=request.actor, at=request.at)
    if kept.applied_at:
        messages.info(request, _("This file was taken already. Nothing is made twice; this is what it made."))
    elif read is not None and not read.is_clear and (is_new or not kept.planned_at):
        return see_other("invoice-upload-columns", key=kept.key)
    else:
        look_at_upload(kept.key, actor=request.actor, at=request.at)
    return see_other("invoice-upload-preview", key=kept.key)


# --- which column is which ----------------------------------------------------------------------------------


@door(Permission.INVOICE_WRITE, methods=["GET", "POST"])
def invoice_upload_columns(request: DoorRequest, key: UUID) -> HttpResponse:
    """Say which column of a sheet is which; posted, its rows are read so."""
    kept = find_upload(key, actor=request.actor)
    if kept.applied_at or kept.kind != UploadedInvoices.SHEET:
        return see_other("invoice-upload-preview", key=key)
    if request.method == "GET":
        return _show_columns(request, kept, kept.head, kept.columns)
    head = said_head(request.POST, kept.table, HEAD_WITHIN)
    columns, problems = said_columns(request.POST, len(kept.table[head]), ASKED_FOR)
    if "again" in request.POST or problems:
        return _show_columns(request, kept, head, columns, () if "again" in request.POST else problems)
    # The hidden columns of our own sheet stay known: nobody is asked for them.
    columns |= {name: place for name, place in kept.columns.items() if name not in READ and head == kept.head}
    rows = read_rows(kept.table, head, columns, get_language() or "en")
    read_upload_as(key, head, columns, rows, actor=request.actor)
    look_at_upload(key, actor=request.actor, at=request.at)
    return see_other("invoice-upload-preview", key=key)


def _show_columns(
    request: HttpRequest,
    kept: UploadedInvoices,
    head: int,
    columns: Mapping[str, int],
    problems: Sequence[Mapping[str, str]] = (),
) -> HttpResponse:
    context = {"upload": kept, "problems": problems} | columns_page(kept.table, head, columns, ASKED_FOR)
    return render(request, COLUMNS, context, status=422 if problems else 200)


# --- what becomes of it -------------------------------------------------------------------------------------


@door(Permission.INVOICE_WRITE, methods=["GET", "POST"])
def invoice_upload_preview(request: DoorRequest, key: UUID) -> HttpResponse:
    """What becomes of a file; answered, looked at again, or posted: drafts are made, and sent where that is wished.
    Afterwards: what was made.
    """
    refusal: Refusal | None = None
    if request.method == "POST":
        if "again" in request.POST:
            look_at_upload(key, actor=request.actor, at=request.at)
            return see_other("invoice-upload-preview", key=key)
        if "answer" in request.POST:
            answers = {
                name.removeprefix("answer."): str(value)[:200]
                for name, value in request.POST.items()
                if name.startswith("answer.")
            }
            answer_upload(key, answers, actor=request.actor, at=request.at)
            return see_other("invoice-upload-preview", key=key)
        command = ApplyUpload(key, send="send" in request.POST, only_whole="only_whole" in request.POST)
        try:
            apply_upload(command, actor=request.actor, at=request.at)
        except Invalid as problem:
            refusal = problem
            look_at_upload(key, actor=request.actor, at=request.at)
        else:
            return see_other("invoice-upload-preview", key=key)
    kept = find_upload(key, actor=request.actor)
    if kept.applied_at:
        return _show_result(request, kept)
    if not kept.planned_at:
        if kept.kind == UploadedInvoices.SHEET:
            return see_other("invoice-upload-columns", key=key)
        kept = look_at_upload(key, actor=request.actor, at=request.at)
    show = _show_sheet if kept.kind == UploadedInvoices.SHEET else _show_einvoice
    return show(request, kept, refusal)


def _show_sheet(request: DoorRequest, kept: UploadedInvoices, refusal: Refusal | None) -> HttpResponse:
    only = request.GET.get("only", "")
    rows = upload_rows(kept.plan)
    counts = Counter(row.outcome for row in rows)
    # Our own sheet holds every open line: those that are not claimed are shown where they are asked for.
    going = [row for row in rows if row.outcome != "skipped"]
    wanted = [row for row in rows if row.outcome == only] if only else going or rows
    invoices = upload_invoices(kept.plan)
    new = sum(one.is_new for one in invoices)
    context: dict[str, Any] = {
        "upload": kept,
        "refusal": refusal,
        "figures": [one for one in _figures(counts, only) if one["value"] or one["current"]],
        "invoices": invoices,
        "rows": wanted[:MOST_SHOWN],
        "more": max(0, len(wanted) - MOST_SHOWN),
        "new": new,
        "ready": sum(one.is_ready for one in invoices),
        "short": any(one.is_new and one.is_short for one in invoices),
        "make_label": ngettext("Make %(n)d draft", "Make %(n)d drafts", new) % {"n": new},
    }
    return render(request, SHEET, context, status=refusal.status if refusal else 200)


def _figures(counts: Counter[str], only: str) -> list[dict[str, Any]]:
    labels = {
        "new": (_("Go into an invoice"), "done"),
        "bad": (_("To be mended"), "stop"),
        "there": (_("There already"), "talk"),
        "skipped": (_("Left as they are"), "quiet"),
    }
    return outcome_figures(labels, counts, only, lambda count: ngettext("row", "rows", count))


def _show_einvoice(request: DoorRequest, kept: UploadedInvoices, refusal: Refusal | None) -> HttpResponse:
    plan = kept.plan
    lines = shown_lines(plan)
    context: dict[str, Any] = {
        "upload": kept,
        "refusal": refusal,
        "plan": plan,
        "head": shown_head(plan),
        "format": FORMATS.get(kept.told.get("format", ""), ""),
        "lines": lines[:MOST_SHOWN],
        "more": max(0, len(lines) - MOST_SHOWN),
        "asked": sum(one["is_asked"] for one in lines) + (not plan["company"]),
        "left": shown_left(plan, kept.told),
        "breaches": kept.told.get("problems", ()),
        "says": says_of(plan["findings"]),
        "stopped": any(one["grade"] == 2 for one in plan["findings"]) or bool(plan["stops"]),
    }
    return render(request, EINVOICE, context, status=refusal.status if refusal else 200)


def _show_result(request: DoorRequest, kept: UploadedInvoices) -> HttpResponse:
    invoices = upload_invoices(kept.result)
    made = sum(bool(one.key) for one in invoices)
    sent = sum(one.is_sent for one in invoices)
    heading = ngettext("%(n)d invoice was made", "%(n)d invoices were made", made) % {"n": made}
    if sent:
        heading += " " + ngettext("and %(n)d of them sent", "and %(n)d of them sent", sent) % {"n": sent}
    left = [row for row in upload_rows(kept.result) if row.problems or row.outcome == "there"]
    context = {
        "upload": kept,
        "heading": heading,
        "invoices": invoices,
        "left": left[:MOST_SHOWN],
        "more": max(0, len(left) - MOST_SHOWN),
        "lost_files": kept.result.get("lost_files", ()),
        "not_taken": shown_left(kept.result, kept.told) if kept.kind == UploadedInvoices.EINVOICE else (),
    }
    return render(request, RESULT, context)
