"""A whole number is shown, or the paper that has it: once, for a reason."""

import uuid

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header

from portal.kernel.access import DoorRequest, door
from portal.kernel.files import NOTHING_RUNS
from suppliers.banking.models import BankAccount, BankChange
from suppliers.banking.queries import find_account, find_change, find_proof
from suppliers.banking.services import open_proof, show_number
from suppliers.banking.views.common import factor_of, no_store
from suppliers.roles import Permission


@door(Permission.BANK_UNMASK, Permission.BANK_REQUEST, methods=["POST"], for_money=True)
def bank_proof(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """The paper, to be saved and never to be shown inside our pages: it has the whole number on it."""
    found = find_proof(key, actor=request.actor)
    content = open_proof(found, actor=request.actor, factor=factor_of(request), at=request.at)
    response = HttpResponse(content, content_type=found.content_type)
    response["Content-Disposition"] = (
        content_disposition_header(as_attachment=True, filename=found.name) or "attachment"
    )
    response["Content-Security-Policy"] = NOTHING_RUNS
    response["X-Content-Type-Options"] = "nosniff"
    return no_store(response)


@door(Permission.BANK_UNMASK, methods=["POST"], for_money=True)
def bank_change_number(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Show the number that a change would bring, once, for a reason."""
    change = find_change(key, actor=request.actor)
    return _show_number(request, change, request.POST.get("show-reason", ""), "bank-change", key)


@door(Permission.BANK_UNMASK, methods=["POST"], for_money=True)
def bank_account_number(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Show the number of an account, once, for a reason."""
    account = find_account(key, actor=request.actor)
    return _show_number(
        request, account, request.POST.get("reason", ""), "bank-supplier", account.supplier.key
    )


def _show_number(
    request: DoorRequest, row: BankAccount | BankChange, reason: str, back: str, key: uuid.UUID
) -> HttpResponse:
    shown = show_number(row, reason, actor=request.actor, factor=factor_of(request), at=request.at)
    groups = [shown.number[start : start + 4] for start in range(0, len(shown.number), 4)]
    context = {"row": row, "number": " ".join(groups), "routing": shown.routing, "back": back, "key": key}
    return no_store(render(request, "suppliers/banking/number.html", context))
