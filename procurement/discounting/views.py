"""Early payment as pages: what is offered and agreed, for the supplier; what was earned, and the policies, for us."""

import uuid
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, Refusal
from portal.kernel.web import paginate, see_other, whole_number
from procurement.discounting.forms import DiscountPolicyForm, OfferForm
from procurement.discounting.messages import AgreeEarly
from procurement.discounting.models import DiscountPolicy
from procurement.discounting.presenters import early_rows, early_text, offer_rows, policy_row
from procurement.discounting.queries import (
    discount_policies,
    early_payments,
    earned,
    find_discount_policy,
    has_written,
    offered_for,
    standing_for,
    weeks_left,
)
from procurement.discounting.services import (
    agree_early,
    approve_discount_policy,
    retire_discount_policy,
    take_early_back,
    write_discount_policy,
)
from procurement.discounting.states import DISCOUNT_POLICY_LIFECYCLE, DiscountPolicyState, EarlyState
from procurement.invoices.models import Invoice
from procurement.invoices.queries import find_invoice
from procurement.invoices.states import InvoiceState
from suppliers.roles import Permission

SETS, APPROVES = Permission.INVOICE_SETUP, Permission.POLICY_APPROVE
VIEWS = {"": None, "lapsed": EarlyState.LAPSED, "paid": EarlyState.PAID, "agreed": EarlyState.AGREED}


# --- the supplier's -----------------------------------------------------------------------------------------


@door(Permission.INVOICE_VIEW)
def early_payment(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """On which days an invoice can be paid early, and for how much less; or what was agreed for it."""
    return _show_early(request, find_invoice(key, actor=request.actor))


@door(Permission.INVOICE_WRITE, methods=["POST"])
def early_payment_agree(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Agree to one day and figure, exactly as they were shown."""
    found = find_invoice(key, actor=request.actor)
    form = OfferForm(request.POST)
    if not form.is_valid():
        return _show_early(request, found, form=form)
    day, less = form.cleaned_data["offer"]
    try:
        with transaction.atomic():
            early = agree_early(AgreeEarly(key, day, less), actor=request.actor, at=request.at)
    except Refusal as refusal:
        return _refused(request, key, refusal)
    messages.success(request, early_text(early))
    return see_other("invoice", key)


@door(Permission.INVOICE_WRITE, methods=["POST"])
def early_payment_take_back(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Take it back, before the customer has scheduled the payment."""
    find_invoice(key, actor=request.actor)
    try:
        with transaction.atomic():
            take_early_back(key, actor=request.actor, at=request.at)
    except Refusal as refusal:
        return _refused(request, key, refusal)
    messages.success(request, _("Taken back. The invoice is paid in full when it is due."))
    return see_other("invoice", key)


def _refused(request: DoorRequest, key: uuid.UUID, refusal: Refusal) -> HttpResponse:
    if refusal.status in (403, 404):
        raise refusal
    return _show_early(request, find_invoice(key, actor=request.actor), refusal=refusal)


def _show_early(
    request: DoorRequest,
    invoice: Invoice,
    *,
    form: OfferForm | None = None,
    refusal: Refusal | None = None,
) -> HttpResponse:
    may = request.actor.is_supplier and request.actor.may(Permission.INVOICE_WRITE)
    early = standing_for(invoice, actor=request.actor)
    offered = None if early else offered_for([invoice], request.at).get(invoice.pk)
    may_take_back = bool(early and may and _can_be_taken_back(early.state, invoice))
    context: dict[str, Any] = {
        "invoice": invoice,
        "early": early,
        "told": early_text(early, can_be_taken_back=may_take_back) if early else "",
        "rows": offer_rows(offered) if offered else [],
        "planned_on": offered.planned_on if offered else None,
        "may_agree": may,
        "may_take_back": may_take_back,
        "form": form,
        "refusal": refusal,
    }
    status = refusal.status if refusal else 422 if form else 200
    return render(request, "procurement/discounting/early.html", context, status=status)


def _can_be_taken_back(state: str, invoice: Invoice) -> bool:
    return state == EarlyState.AGREED and invoice.state == InvoiceState.APPROVED


# --- the buying side's --------------------------------------------------------------------------------------


@door(Permission.SUPPLIER_VIEW)
def early_payment_list(request: DoorRequest) -> HttpResponse:
    """What suppliers agreed to, what it earned and yields, and what lapsed: the newest first."""
    view = request.GET.get("view", "")
    view = view if view in VIEWS else ""
    found = early_payments(request.actor)
    if (state := VIEWS[view]) is not None:
        found = found.filter(state=state)
    page = paginate(found, request.GET.get("cursor", ""), order=("-agreed_at", "-id"), size=50)
    words = {
        "": _("All"),
        "agreed": _("Agreed"),
        "paid": _("Paid early"),
        "lapsed": _("Lapsed"),
    }
    context = {
        "page": page,
        "rows": early_rows(page.rows),
        "sums": earned(request.actor),
        "views": [
            {"url": f"?view={name}" if name else "?", "label": label, "current": name == view}
            for name, label in words.items()
        ],
        "may_see_policies": request.actor.may(Permission.POLICY_VIEW),
    }
    return render(request, "procurement/discounting/list.html", context)


@door(Permission.POLICY_VIEW)
def discount_policy_list(request: DoorRequest) -> HttpResponse:
    """The policies that act, then the drafts, then what is retired."""
    page = paginate(
        discount_policies(request.actor).order_by(),
        request.GET.get("cursor", ""),
        order=["state", "-written_at", "-id"],
    )
    context = {
        "page": page,
        "rows": [policy_row(one) for one in page.rows],
        "may_set": request.actor.may(SETS),
    }
    return render(request, "procurement/discounting/policies.html", context)


@door(SETS, methods=["GET", "POST"])
def discount_policy_new(request: DoorRequest) -> HttpResponse:
    """Write a policy as a draft."""
    if request.method != "POST":
        return _show(request, DiscountPolicyForm(), None)
    return _write(request, DiscountPolicyForm(request.POST), None)


@door(Permission.POLICY_VIEW)
def discount_policy(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One policy, with the form of a draft for who may write it over."""
    found = find_discount_policy(key, actor=request.actor)
    return _show(request, DiscountPolicyForm.of(found), found)


@door(SETS, methods=["POST"])
def discount_policy_edit(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Write a draft over."""
    return _write(request, DiscountPolicyForm(request.POST), find_discount_policy(key, actor=request.actor))


def _write(request: DoorRequest, form: DiscountPolicyForm, draft: DiscountPolicy | None) -> HttpResponse:
    if not form.is_valid():
        return _show(request, form, draft, status=422)
    command = form.command(draft, whole_number(request.POST.get("version", "")) or 0)
    try:
        made = write_discount_policy(command, actor=request.actor, at=request.at)
    except Invalid as refusal:
        form.add_problems(refusal)
        return _show(request, form, draft, status=422)
    return see_other("discount-policy", made.key)


def _show(
    request: DoorRequest, form: DiscountPolicyForm, policy: DiscountPolicy | None, *, status: int = 200
) -> HttpResponse:
    is_draft = policy is None or policy.state == DiscountPolicyState.DRAFT
    context = {
        "form": form,
        "policy": policy,
        "row": policy_row(policy) if policy else None,
        "spent": weeks_left(policy, timezone.localdate(request.at)) if policy else [],
        "is_draft": is_draft,
        "is_written": is_draft and request.actor.may(SETS),
        "is_author": policy is not None and has_written(policy, request.actor),
        "may": DISCOUNT_POLICY_LIFECYCLE.verbs_for(request.actor, policy.state) if policy else [],
    }
    return render(request, "procurement/discounting/policy.html", context, status=status)


@door(APPROVES, methods=["POST"])
def discount_policy_approve(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Let a policy act."""
    version = whole_number(request.POST.get("version", "")) or 0
    approve_discount_policy(key, version, actor=request.actor, at=request.at)
    return see_other("discount-policy", key)


@door(SETS, methods=["POST"])
def discount_policy_retire(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Let a policy act no more."""
    version = whole_number(request.POST.get("version", "")) or 0
    retire_discount_policy(key, version, actor=request.actor, at=request.at)
    return see_other("discount-policy", key)
