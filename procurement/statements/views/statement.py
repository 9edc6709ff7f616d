"""One statement: what was read of it, and once it is compared each row beside ours, with what to do next."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.actors import Actor
from portal.kernel.errors import NotFound, Refusal
from portal.kernel.web import paginate, see_other, whole_number
from procurement.orders.files.exports import CSV, XLSX
from procurement.orders.views.exports import as_download
from procurement.statements.files.words import unread_rows
from procurement.statements.files.writing import write_result
from procurement.statements.messages import RowSaid, SettleStatement
from procurement.statements.models import SupplierStatement
from procurement.statements.presenters import (
    counts_of,
    headline,
    shown_balances,
    shown_rows,
    sides_for,
    word_of,
)
from procurement.statements.queries import (
    balances_of,
    differing,
    earlier_balances,
    find_statement,
    rows_of,
    totals_of,
)
from procurement.statements.services import (
    answer_row,
    ask_row,
    compare_statement,
    discard_statement,
    settle_statement,
)
from procurement.statements.states import ALIKE, ItemKind, StatementState, Verdict
from suppliers.roles import Permission

READ, RESULT = (f"procurement/statements/{name}.html" for name in ("read", "statement"))
PAGE_SIZE = 100
MOST_BAD = 100
LAST = 2**31 - 1
S = StatementState


@door(Permission.INVOICE_VIEW)
def statement(request: DoorRequest, key: UUID) -> HttpResponse:
    """What was read of a statement; compared: both balances, the bridge between them, and the rows."""
    found = find_statement(key, actor=request.actor)
    return _show_read(request, found) if found.state == S.READ else _show(request, found)


def _show_read(
    request: DoorRequest, found: SupplierStatement, refusal: Refusal | None = None
) -> HttpResponse:
    rows = rows_of(found)
    page = paginate(
        rows.annotate(at=Coalesce("place", LAST)),
        request.GET.get("cursor", ""),
        order=("at", "id"),
        size=PAGE_SIZE,
    )
    may_write = request.actor.may(Permission.INVOICE_WRITE)
    left, spared = unread_rows(found.bad)
    context = {
        "statement": found,
        "page": page,
        "rows": [{"row": row, "kind": ItemKind(row.kind).label} for row in page.rows],
        "totals": totals_of(found),
        "left": left,
        "shown_left": left[:MOST_BAD],
        "spared": spared[:MOST_BAD],
        "more_left": max(0, len(left) - MOST_BAD),
        "more_spared": max(0, len(spared) - MOST_BAD),
        "refusal": refusal,
        "may_write": may_write,
    }
    return render(request, READ, context, status=refusal.status if refusal else 200)


def _show(
    request: DoorRequest,
    found: SupplierStatement,
    refusal: Refusal | None = None,
    note: str = "",
    said: RowSaid | None = None,
) -> HttpResponse:
    """The comparison; where a word about a row was refused, that row alone, with what was typed."""
    actor = request.actor
    balances = balances_of(found)
    counts = counts_of(balances)
    only = request.GET.get("only", "")
    if only not in (*Verdict.values, "all", "differing"):
        only = "differing" if found.differing else "all"
    rows = rows_of(found)
    if said is not None:
        only, rows = "", rows.filter(place=said.row)
    elif only == "differing":
        rows = differing(rows)
    elif only != "all":
        rows = rows.filter(verdict=only)
    placed = rows.annotate(at=Coalesce("place", LAST))
    page = paginate(placed, request.GET.get("cursor", ""), order=("at", "id"), size=PAGE_SIZE)
    is_open = found.state == S.COMPARED
    left, _spared = unread_rows(found.bad)
    context: dict[str, Any] = {
        "statement": found,
        "headline": headline(found, is_supplier=actor.is_supplier, left=len(left)),
        "sides": sides_for(is_supplier=actor.is_supplier),
        "balances": shown_balances(balances, is_supplier=actor.is_supplier),
        "earlier": earlier_balances(found),
        "page": page,
        "rows": shown_rows(page.rows, found, actor, {said.row: said.text} if said else None),
        "left": left,
        "shown_left": left[:MOST_BAD],
        "more_left": max(0, len(left) - MOST_BAD),
        "views": _views(only, counts, found, actor),
        "only": only,
        "refusal": refusal,
        "note": note,
        "may_compare": is_open and actor.may(Permission.INVOICE_WRITE),
        "may_settle": is_open and not actor.is_supplier and actor.may(Permission.INVOICE_SETTLE),
    }
    return render(request, RESULT, context, status=refusal.status if refusal else 200)


def _views(only: str, counts: dict[str, int], found: SupplierStatement, actor: Actor) -> list[dict[str, Any]]:
    wanted = [("differing", _("All that differs"), found.differing), ("all", _("All"), sum(counts.values()))]
    wanted += [
        (name, word_of(name, is_supplier=actor.is_supplier), counts[name])
        for name in Verdict.values
        if counts.get(name, 0)
    ]
    return [
        {
            "url": f"?only={name}",
            "label": label,
            "count": count,
            "hot": name not in ("all", *ALIKE),
            "current": name == only,
        }
        for name, label, count in wanted
    ]


@door(Permission.INVOICE_WRITE, methods=["POST"])
def statement_compare(request: DoorRequest, key: UUID) -> HttpResponse:
    """Hold it against our books, for the first time or anew."""
    compare_statement(key, actor=request.actor, at=request.at)
    return see_other("statement", key=key)


@door(Permission.INVOICE_WRITE, methods=["POST"])
def statement_discard(request: DoorRequest, key: UUID) -> HttpResponse:
    """Throw away what was only read."""
    discard_statement(key, actor=request.actor, at=request.at)
    messages.success(request, _("It was thrown away. Nothing was compared."))
    return see_other("statement-list")


@door(Permission.INVOICE_SETTLE, methods=["POST"])
def statement_settle(request: DoorRequest, key: UUID) -> HttpResponse:
    """Agree on the balance."""
    note = request.POST.get("note", "").replace("\r\n", "\n")
    command = SettleStatement(key, whole_number(request.POST.get("version")) or 0, note)
    try:
        with transaction.atomic():
            settle_statement(command, actor=request.actor, at=request.at)
    except Refusal as refused:
        if refused.status in (403, 404):
            raise
        return _show(request, find_statement(key, actor=request.actor), refused, note)
    messages.success(request, _("The balance is agreed."))
    return see_other("statement", key=key)


@door(Permission.INVOICE_WRITE, Permission.INVOICE_SETTLE, methods=["POST"])
def statement_say(request: DoorRequest, key: UUID, row: int) -> HttpResponse:
    """Ask about a row, or answer what is asked about it."""
    command = RowSaid(key, row, request.POST.get("text", "").replace("\r\n", "\n"), request.POST.get("seen"))
    verb: Callable[..., Any] = answer_row if request.actor.is_supplier else ask_row
    try:
        with transaction.atomic():
            verb(command, actor=request.actor, at=request.at)
    except Refusal as refused:
        if refused.status in (403, 404):
            raise
        return _show(request, find_statement(key, actor=request.actor), refused, said=command)
    messages.success(
        request,
        _("Your answer is with accounts payable.")
        if request.actor.is_supplier
        else _("The supplier is asked."),
    )
    response = see_other("statement", key=key)
    response["Location"] = f"{reverse('statement', args=[key])}?only=all#row-{row}"
    return response


@door(Permission.INVOICE_VIEW)
def statement_result(request: DoorRequest, key: UUID, kind: str) -> HttpResponse:
    """The whole comparison as a file."""
    if kind not in (CSV, XLSX):
        raise NotFound(_("There is no such file."))
    found = find_statement(key, actor=request.actor)
    if found.state == S.READ:
        raise NotFound(_("It is not compared yet."))
    left, _spared = unread_rows(found.bad)
    file = write_result(rows_of(found).iterator(chunk_size=2000), kind, request.actor, left=left)
    return as_download(file, f"statement-{found.supplier.number}.{kind}", request)
