"""One invoice: a draft in its editor, what was sent as both sides read it, and what can be done with it."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, Problem, Refusal
from portal.kernel.web import see_other, whole_number
from procurement.findings.presenters import said
from procurement.invoices.messages import InvoiceNamed
from procurement.invoices.models import Invoice
from procurement.invoices.policies.checks import check_invoice
from procurement.invoices.presenters import (
    asks_supplier,
    code_word,
    file_rows,
    findings,
    open_terms_text,
    paid_text,
    tax_rows,
    tax_text,
    terms_text,
    title_of,
)
from procurement.invoices.queries import (
    Written,
    checked,
    claimed_before,
    find_invoice,
    notes_about,
    taxes_of,
    versions_of,
    visible_invoices,
    with_lines,
    written,
)
from procurement.invoices.services import discard_draft, revise_invoice, send_invoice, withdraw_invoice
from procurement.invoices.services.withdraw import whose_to_take_back
from procurement.invoices.states import INVOICE_LIFECYCLE, LIVE, FileKind, InvoiceState
from procurement.invoices.views.editor import show_editor
from suppliers.roles import Permission

PAPER, SEND = (f"procurement/invoices/{name}.html" for name in ("invoice", "send"))
AWAITED = timedelta(minutes=2)
STOP_POLLING = 286  # htmx asks no more
ADDABLE = ("line", "charge", "allowance")


def _named(request: DoorRequest, key: uuid.UUID) -> InvoiceNamed:
    return InvoiceNamed(key, whole_number(request.POST.get("version")) or 0)


@door(Permission.INVOICE_VIEW)
def invoice(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """A draft for who may write it, else the invoice with its lines, taxes, files, versions and story.

    With `seen` the page asks whether it still stands so: it was sent just now, and is matched in a moment.
    """
    found = find_invoice(key, actor=request.actor)
    if "seen" in request.GET:
        return _look_again(request, found)
    return show_paper(request, found)


def _look_again(request: DoorRequest, found: Invoice) -> HttpResponse:
    if request.GET["seen"] != standing(found):
        return HttpResponse(headers={"HX-Refresh": "true"})
    return HttpResponse(status=204 if is_fresh(found, request.at) else STOP_POLLING)


def standing(invoice: Invoice) -> str:
    """How an invoice stands, for a page that waits for it to move."""
    return f"{invoice.state}.{invoice.version}"


def is_fresh(invoice: Invoice, at: datetime) -> bool:
    """Whether it was sent just now, so that its match is awaited. One that waits for a person is not watched."""
    if invoice.state != InvoiceState.SENT or invoice.sent_at is None:
        return False
    return at - invoice.sent_at < AWAITED


def show_paper(request: DoorRequest, found: Invoice, *, refusal: Refusal | None = None) -> HttpResponse:
    """An invoice on its page, with what was refused."""
    if found.is_draft and request.actor.may(Permission.INVOICE_WRITE):
        add = request.GET.get("add", "")
        mistakes = [Problem("file", refusal.message)] if refusal else None
        status = refusal.status if refusal else 200
        return show_editor(
            request, found, add=add if add in ADDABLE else "", mistakes=mistakes, status=status
        )
    return _show(request, with_lines(visible_invoices(request.actor)).get(pk=found.pk), refusal=refusal)


def _show(request: DoorRequest, one: Invoice, *, refusal: Refusal | None = None) -> HttpResponse:
    told: Any = one  # with what `with_lines` puts beside it
    before = claimed_before(one, actor=request.actor)
    offered = taxes_of(one.company)
    verbs = INVOICE_LIFECYCLE.verbs_for(request.actor, one.state)
    versions = versions_of(one, actor=request.actor)
    # Accounts payable corrects what it wrote itself; what a supplier sent it settles at its desk.
    may_write = request.actor.may(Permission.INVOICE_WRITE) and (request.actor.is_supplier or one.on_behalf)
    may_take_back = may_write and not whose_to_take_back(one, request.actor)
    context: dict[str, Any] = {
        "invoice": one,
        "title": title_of(one),
        "lines": [
            {
                "one": line,
                "before": before[line.line_id].quantity if line.line_id in before else None,
                "tax": tax_text(line.category, line.tax_rate, line.jurisdiction, offered),
                "charges": [_told_charge(each) for each in line.told_charges],
            }
            for line in told.told_lines
        ],
        "charges": [
            _told_charge(each) | {"tax": tax_text(each.category, each.tax_rate, each.jurisdiction, offered)}
            for each in told.told_charges
        ],
        "taxes": tax_rows(told.told_taxes, offered),
        "terms": open_terms_text(one),
        "paid": paid_text(one),
        # Why it was approved stays between people of the buying side.
        "approval_reason": "" if request.actor.is_supplier else one.approval_reason,
        "files": file_rows(told.told_files, one, told.told_lines),
        "versions": versions,
        "newest": versions[0] if versions and versions[0].pk != one.pk else None,
        "notes": notes_about(one, actor=request.actor),
        "may_withdraw": may_take_back and "withdraw" in verbs,
        "may_revise": may_take_back and "replace" in verbs,
        "may_credit": may_write and one.state in LIVE and not one.is_credit,
        "may_add": one.state in LIVE and (may_write or request.actor.may(Permission.INVOICE_SETTLE)),
        "file_kinds": [(FileKind.EVIDENCE.value, FileKind.EVIDENCE.label)],
        "awaits": standing(one) if is_fresh(one, request.at) else "",
        "is_asked": request.actor.is_supplier and asks_supplier(one),
        "refusal": refusal,
    }
    return render(request, PAPER, context, status=refusal.status if refusal else 200)


def _told_charge(one: Any) -> dict[str, Any]:
    word = code_word(one.code, is_allowance=one.is_allowance)
    words = ", ".join(filter(None, (word, one.reason))) or _("without a word")
    return {"one": one, "words": words}


# --- sent ---------------------------------------------------------------------------------------------------


@door(Permission.INVOICE_WRITE, methods=["GET", "POST"])
def invoice_send(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One last look at what is claimed, with all there is to say; posted, the customer has it."""
    found = find_invoice(key, actor=request.actor)
    if request.method == "GET":
        return _last_look(request, found) if found.is_draft else see_other("invoice", key)
    try:
        with transaction.atomic():
            send_invoice(_named(request, key), actor=request.actor, at=request.at)
    except Refusal as refusal:
        found = find_invoice(key, actor=request.actor)
        if not found.is_draft:
            raise
        return _last_look(request, found, refusal=refusal)
    messages.success(request, _("Sent. %(company)s has it.") % {"company": found.company.name})
    return see_other("invoice", key)


def _last_look(request: DoorRequest, one: Invoice, *, refusal: Refusal | None = None) -> HttpResponse:
    draft: Written = written(one)
    told = check_invoice(checked(draft, at=request.at))
    found = findings(told)
    context = {
        "invoice": one,
        "title": title_of(one),
        "draft": draft,
        "lines": draft.lines[:20],
        "more": max(0, len(draft.lines) - 20),
        "said": [said(each) for each in told],
        "found": found,
        "taxes": tax_rows(draft.taxes, draft.offered),
        "terms": terms_text(one),
        # What cannot be sent is told one by one below; another refusal has its own sentence.
        "refusal": None if isinstance(refusal, Invalid) and found.stops else refusal,
    }
    return render(request, SEND, context, status=refusal.status if refusal else 200)


# --- corrected, taken back, thrown away ---------------------------------------------------------------------


@door(Permission.INVOICE_WRITE, methods=["POST"])
def invoice_revise(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Begin the next version under its own number, or go on with the one that was begun."""
    draft = revise_invoice(_named(request, key), actor=request.actor, at=request.at)
    return see_other("invoice", draft.key)


class ReasonForm(forms.Form):
    """Why an invoice is taken back."""

    reason = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=2000,
        required=False,
        help_text=gettext_lazy("The other side reads it."),
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": 2000}),
    )


@door(Permission.INVOICE_WRITE, methods=["GET", "POST"])
def invoice_withdraw(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Take an invoice back before it is approved, saying why; its number is free again."""
    found = find_invoice(key, actor=request.actor)
    words = {
        "title": _("Withdraw %(name)s?") % {"name": title_of(found)},
        "text": _("Nothing of it is claimed any more, and its number is free again."),
        "verb": _("Withdraw it"),
    }
    return _with_reason(request, found, withdraw_invoice, words, _("It is withdrawn: it claims nothing."))


def _with_reason(
    request: DoorRequest, one: Invoice, verb: Callable[..., Any], words: dict[str, str], done: str
) -> HttpResponse:
    """Ask for the reason and do it, or say what is wrong with the reason; what was typed stays."""
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        try:
            with transaction.atomic():
                reason = request.POST.get("reason", "").replace("\r\n", "\n")
                verb(_named(request, one.key), reason, actor=request.actor, at=request.at)
        except Invalid as refusal:
            form.is_valid()
            form.add_error("reason", refusal.message)
        else:
            messages.success(request, done)
            return see_other("invoice", one.key)
    context = words | {
        "action": request.path,
        "danger": True,
        "back": reverse("invoice", args=[one.key]),
        "hidden": {"version": str(one.version)},
        "form": form,
    }
    return confirm(request, context, status=422 if form.errors else 200)


@door(Permission.INVOICE_WRITE, methods=["GET", "POST"])
def invoice_discard(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Throw a draft away."""
    found = find_invoice(key, actor=request.actor)
    if request.method == "POST":
        discard_draft(_named(request, key), actor=request.actor, at=request.at)
        messages.success(request, _("The draft is thrown away."))
        return see_other("invoice-list")
    context = {
        "title": _("Throw this draft away?"),
        "text": _("Nobody else has seen it. What it was to claim is open again."),
        "action": reverse("invoice-discard", args=[key]),
        "verb": _("Throw it away"),
        "danger": True,
        "back": reverse("invoice", args=[key]),
        "hidden": {"version": str(found.version)},
    }
    return confirm(request, context)


def confirm(request: DoorRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """The page, or with a script the dialog, that asks before something is done."""
    template = "layouts/confirm.html"
    return render(request, f"{template}#confirm" if request.htmx else template, context, status=status)
