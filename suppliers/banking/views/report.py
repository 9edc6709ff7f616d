"""Every change as a report, and a sheet of accounts held against those in force."""

from dataclasses import replace

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render

from portal.kernel.access import DoorRequest, door
from portal.kernel.actors import Channel
from portal.kernel.errors import Invalid
from suppliers.banking.files import COLUMNS, LARGEST_SHEET, read_sheet, report_of
from suppliers.banking.queries import changes
from suppliers.banking.services import hear_of_accounts
from suppliers.banking.views.common import no_store
from suppliers.roles import Permission


@door(Permission.BANK_VIEW)
def bank_report(request: DoorRequest) -> HttpResponse:
    """Every change of bank details there was, as CSV: for auditors."""
    rows = changes(request.actor).order_by("id").iterator(chunk_size=500)
    response = HttpResponse(
        report_of(rows, is_ours=request.actor.is_company), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="bank-changes.csv"'
    return no_store(response)


@door(Permission.BANK_CALL, methods=["GET", "POST"], for_money=True)
def bank_sheet(request: DoorRequest) -> HttpResponse:
    """Hold the accounts of a sheet, such as the ERP's vendor file, against those in force. What differs is proposed."""
    refusal, intake, status = None, None, 200
    if request.method == "POST":
        upload = request.FILES.get("sheet")
        actor = replace(request.actor, channel=Channel.FILE)
        try:
            with transaction.atomic():
                told = read_sheet(upload.read(LARGEST_SHEET + 1) if upload else b"")
                intake = hear_of_accounts(told, actor=actor, at=request.at)
        except Invalid as error:
            refusal, status = error, 422
    context = {"refusal": refusal, "intake": intake, "columns": COLUMNS}
    return no_store(render(request, "suppliers/banking/sheet.html", context, status=status))
