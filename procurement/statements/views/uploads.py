"""The doors of files: a statement comes in, its columns are said, a sheet to fill in goes out."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid
from portal.kernel.web import see_other
from procurement.orders.views.exports import as_download
from procurement.sheets.foreign import ReadTable, columns_page, digest_of, said_columns, said_head
from procurement.statements.files.columns import ASKED, is_enough
from procurement.statements.files.reading import HEAD_WITHIN, read_file, read_rows
from procurement.statements.files.writing import write_blank
from procurement.statements.forms import StatementForm
from procurement.statements.messages import BadRow, Item, KeepStatement
from procurement.statements.models import SupplierStatement
from procurement.statements.queries import find_statement
from procurement.statements.services import keep_statement, parties_of, read_statement_as
from procurement.statements.states import StatementState
from suppliers.roles import Permission

UPLOAD, COLUMNS = (f"procurement/statements/{name}.html" for name in ("upload", "columns"))


class FileRequest(DoorRequest):
    """A request with what the posted file says, or why it cannot be read."""

    sheet: ReadTable | None
    digest: str
    unreadable: str


def read_upload(request: FileRequest) -> None:
    """Read a posted file while no transaction is open: a large one takes many seconds."""
    request.sheet, request.digest, request.unreadable = None, "", ""
    file = request.FILES.get("file")
    if request.method != "POST" or file is None or file.file is None or not file.size:
        return
    request.digest = digest_of(file)
    try:
        request.sheet = read_file(file.file, file.size)
    except Invalid as refusal:
        request.unreadable = refusal.message


@door(Permission.INVOICE_WRITE, methods=["GET", "POST"], before=read_upload)
def statement_upload(request: FileRequest) -> HttpResponse:
    """Take in a file, and go on to see what was read of it; nothing is compared yet."""
    form = _form(request)
    if request.method == "GET" or not form.is_valid():
        return _show(request, form)
    if request.sheet is None:
        form.add_error("file", request.unreadable)
        return _show(request, form)
    sheet = request.sheet
    try:
        supplier, company = parties_of(form.said("supplier"), form.said("company"), actor=request.actor)
        currency = (form.said("currency") or supplier.currency or company.currency).upper()
        items: Sequence[Item] = ()
        bad: Sequence[BadRow] = ()
        if sheet.is_clear:
            items, bad = _rows(sheet.table, sheet.head, sheet.columns, currency)
        command = KeepStatement(
            stated_on=form.cleaned_data["stated_on"],
            supplier=supplier.number,
            company=company.code,
            currency=currency,
            items=items,
            bad=bad,
            file_name=form.cleaned_data["file"].name,
            digest=request.digest,
            table=sheet.table,
            head=sheet.head,
            columns=sheet.columns,
        )
        kept, _is_new = keep_statement(command, actor=request.actor, at=request.at)
    except Invalid as refused:
        for problem in refused.problems:
            form.tell(problem)
        return _show(request, form)
    is_read = kept.row_count or kept.state != StatementState.READ or is_enough(kept.columns)
    return see_other("statement" if is_read else "statement-columns", key=kept.key)


def _form(request: FileRequest) -> StatementForm:
    today = timezone.localdate(request.at)
    if request.method == "POST":
        return StatementForm(request.POST, request.FILES, actor=request.actor, today=today)
    return StatementForm(actor=request.actor, today=today)


def _show(request: FileRequest, form: StatementForm) -> HttpResponse:
    return render(request, UPLOAD, {"form": form}, status=422 if form.errors else 200)


def _rows(
    table: Sequence[Sequence[object]], head: int, columns: Mapping[str, int], currency: str
) -> tuple[list[Item], list[BadRow]]:
    return read_rows(table, head, columns, get_language() or "en", currency)


@door(Permission.INVOICE_WRITE)
def statement_sheet(request: DoorRequest) -> HttpResponse:
    """A sheet to fill in."""
    return as_download(write_blank(), "statement.xlsx", request)


# --- which column is which ----------------------------------------------------------------------------------


@door(Permission.INVOICE_WRITE, methods=["GET", "POST"])
def statement_columns(request: DoorRequest, key: UUID) -> HttpResponse:
    """Say which column of a file is which; posted, its rows are read so."""
    kept = find_statement(key, actor=request.actor)
    if kept.state != StatementState.READ or not kept.table:
        return see_other("statement", key=key)
    if request.method == "GET":
        return _show_columns(request, kept, kept.head, kept.columns)
    head = said_head(request.POST, kept.table, HEAD_WITHIN)
    columns, problems = said_columns(request.POST, len(kept.table[head]), ASKED)
    if "again" in request.POST or problems:
        return _show_columns(request, kept, head, columns, () if "again" in request.POST else problems)
    items, bad = _rows(kept.table, head, columns, kept.currency)
    read_statement_as(key, head, columns, items, bad, actor=request.actor)
    return see_other("statement", key=key)


def _show_columns(
    request: HttpRequest,
    kept: SupplierStatement,
    head: int,
    columns: Mapping[str, int],
    problems: Sequence[Mapping[str, str]] = (),
) -> HttpResponse:
    context = columns_page(kept.table, head, columns, ASKED) | {"statement": kept, "problems": problems}
    return render(request, COLUMNS, context, status=422 if problems else 200)
