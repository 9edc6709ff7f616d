"""A part of an invoice is approved: what of which line is paid, shown before it is pressed."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, Problem, Refusal
from portal.kernel.web import see_other, whole_number
from procurement.invoices.messages import ChargeEntry
from procurement.invoices.models import Invoice
from procurement.payables.forms import read_part
from procurement.payables.messages import PayShort
from procurement.payables.services.deciding import number_of_note, pay_short
from procurement.payables.services.parting import (
    LookedAt,
    charges_by_position,
    claimed_lines,
    look_at_part,
)
from procurement.payables.views.case import sent_invoice
from procurement.payables.ways import require_factor_to_approve
from suppliers.roles import Permission

SHORT = "procurement/payables/short.html"
TYPED = ("quantity", "price", "short", "why")


@door(Permission.INVOICE_SETTLE, also=[Permission.INVOICE_WRITE], methods=["GET", "POST"])
def payables_short(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Approve a part: what of which line is paid. What it comes to is shown first, and pressing that approves it."""
    invoice = sent_invoice(key, request)
    problems: list[Problem] = []
    refusal: Refusal | None = None
    looked: LookedAt | None = None
    if request.method == "POST":
        try:
            command = _part_in(request, key)
            looked = look_at_part(invoice, command)
            # What is pressed is what was shown: other figures are shown first.
            if "do" in request.POST and command.seen == looked.mark:
                require_factor_to_approve(request, invoice)
                return _pay_short(request, command)
        except Invalid as refused:
            problems = list(refused.problems)
        except Refusal as refused:
            if refused.status in (403, 404):
                raise
            refusal = refused
    context = _page(invoice, request.POST, looked)
    context |= {
        "bad": {one.field for one in problems},
        "problems": [{"id": one.field, "message": one.message} for one in problems],
        "refusal": refusal,
        "moved": "do" in request.POST and looked is not None and refusal is None,
    }
    status = refusal.status if refusal else 422 if problems else 200
    return render(request, SHORT, context, status=status)


def _part_in(request: DoorRequest, key: uuid.UUID) -> PayShort:
    lines, charges = read_part(request.POST)
    return PayShort(
        key,
        whole_number(request.POST.get("version")) or 0,
        lines,
        request.POST.get("reason", "").replace("\r\n", "\n"),
        request.POST.get("number", "")[:60],
        charges,
        request.POST.get("seen", ""),
    )


def _pay_short(request: DoorRequest, command: PayShort) -> HttpResponse:
    with transaction.atomic():
        done = pay_short(command, actor=request.actor, at=request.at)
    said = (
        _("The credit note is written; approval of the rest is asked for.")
        if done.accepted.asked
        else _("Approved less the credit note. The supplier is told.")
    )
    messages.success(request, said)
    return see_other("payables-case", command.invoice)


def _page(invoice: Invoice, post: Mapping[str, str], looked: LookedAt | None) -> dict[str, Any]:
    """The lines with what was typed, and what it comes to, once somebody looked. A fixed number of queries."""
    return {
        "invoice": invoice,
        "lines": [
            {
                "one": one,
                "entry": one.entry,
                "is_given": bool(one.given),
                **{name: post.get(f"{name}-{one.position}", "") for name in TYPED},
            }
            for one in claimed_lines(invoice)
        ],
        "charges": [
            {"position": position, "one": one, "typed": post.get(f"charge-{position}", "")}
            for position, one in charges_by_position(invoice).items()
            if _can_be_cut(one)
        ],
        "typed": post,
        "number": post.get("number") or number_of_note(invoice),
        "looked": looked,
        "seen": looked.mark if looked else "",
    }


def _can_be_cut(charge: ChargeEntry) -> bool:
    """Whether how much of it is paid can be said apart: a percentage goes with the lines."""
    return not charge.is_allowance and charge.amount is not None
