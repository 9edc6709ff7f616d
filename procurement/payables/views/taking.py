"""How a company takes and taxes invoices: a page for each company, one form."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, Problem, Refusal
from portal.kernel.web import see_other, whole_number
from procurement.catalogue.models import Company
from procurement.catalogue.queries import find_company
from procurement.invoices.queries import profile_of, taxes_of
from procurement.invoices.services.profile import FORMATS, save_profile
from procurement.invoices.states import TaxCategory
from procurement.payables.forms import profile_in, tax_rows_of
from procurement.payables.queries.companies import companies
from suppliers.roles import Permission

LIST, ONE = "procurement/payables/companies.html", "procurement/payables/setup.html"


@door(Permission.SUPPLIER_VIEW)
def invoicing_list(request: DoorRequest) -> HttpResponse:
    """The companies, and how each takes invoices."""
    return render(request, LIST, {"companies": companies()})


@door(Permission.SUPPLIER_VIEW)
def invoicing(request: DoorRequest, code: str) -> HttpResponse:
    """How one company takes invoices and which taxes may stand on them."""
    return _show(request, find_company(code))


@door(Permission.INVOICE_SETUP, methods=["POST"])
def invoicing_save(request: DoorRequest, code: str) -> HttpResponse:
    """Write down how a company takes invoices."""
    company = find_company(code)
    try:
        with transaction.atomic():
            version = whole_number(request.POST.get("version")) or 0
            save_profile(profile_in(request.POST, code, version), actor=request.actor, at=request.at)
    except Invalid as refused:
        return _show(request, company, problems=list(refused.problems))
    except Refusal as refused:
        if refused.status in (403, 404):
            raise
        return _show(request, company, refusal=refused)
    messages.success(request, _("It is written down. Drafts that are open follow it."))
    return see_other("invoicing", code)


def _show(
    request: DoorRequest,
    company: Company,
    *,
    problems: Sequence[Problem] = (),
    refusal: Refusal | None = None,
) -> HttpResponse:
    profile = profile_of(company)
    context: dict[str, Any] = {
        "company": company,
        "profile": profile,
        "typed": request.POST if request.method == "POST" else None,
        "rows": tax_rows_of(request.POST if request.method == "POST" else None, taxes_of(company)),
        "categories": TaxCategory.choices,
        "formats": [(name, FORMAT_WORDS[name]) for name in FORMATS],
        "chosen": request.POST.getlist("format")
        if request.method == "POST"
        else list(profile.einvoice_formats),
        "may_write": request.actor.may(Permission.INVOICE_SETUP),
        "bad": {one.field for one in problems},
        "problems": [{"id": one.field, "message": one.message} for one in problems],
        "refusal": refusal,
    }
    status = refusal.status if refusal else 422 if problems else 200
    return render(request, ONE, context, status=status)


FORMAT_WORDS = {"ubl": "UBL 2.1 (Peppol BIS 3)", "cii": "UN/CEFACT CII", "facturx": "Factur-X, ZUGFeRD (PDF)"}
