"""How companies take and tax invoices."""

import uuid
from collections.abc import Sequence

from portal.kernel.actors import Actor
from procurement.catalogue.models import Company
from procurement.invoices.models import (
    Invoice,
    InvoiceCharge,
    InvoiceLine,
    InvoiceTax,
    InvoiceTaxChoice,
    InvoicingProfile,
)
from procurement.invoices.policies.sums import TaxKey
from procurement.invoices.states import LIVE, InvoiceKind
from procurement.orders.models import PurchaseOrder


def profile_of(company: Company) -> InvoicingProfile:
    """How a company takes invoices; one that never said so takes them for orders alone, and pays what it received."""
    found: InvoicingProfile | None = InvoicingProfile.objects.filter(company=company).first()
    return found or InvoicingProfile(
        company=company,
        version=0,
        name=company.name,
        country=company.country,
        einvoice_formats=["ubl", "cii", "facturx"],
    )


def taxes_of(company: Company) -> list[InvoiceTaxChoice]:
    """The taxes that may stand on an invoice to a company, in its order. None: any may."""
    return list(InvoiceTaxChoice.objects.filter(company=company).order_by("position", "id"))


def last_taxes(supplier_id: int, company: Company, *, besides: uuid.UUID | None = None) -> list[TaxKey]:
    """How the newest live invoice of a supplier to a company is taxed, what bears most first; one document can be left
    out. One query.
    """
    newest = Invoice.objects.filter(
        supplier=supplier_id, company=company, kind=InvoiceKind.INVOICE, state__in=LIVE
    )
    if besides is not None:
        newest = newest.exclude(document=besides)
    taxes = InvoiceTax.objects.filter(invoice=newest.order_by("-sent_at", "-pk").values("pk")[:1])
    return [tax_key(one) for one in taxes.order_by("-base", "id")]


def preset_tax(last: Sequence[TaxKey], offered: Sequence[InvoiceTaxChoice]) -> TaxKey | None:
    """The tax that a new line begins with: what the supplier sent last (see `last_taxes`) as far as the company takes
    it still, else the usual one of the company, or its only one.
    """
    known = [TaxKey(one.category, one.rate, one.jurisdiction) for one in offered]
    before = next((one for one in last if not known or one in known), None)
    if before is not None:
        return before
    usual = next((key for key, one in zip(known, offered, strict=True) if one.is_usual), None)
    return usual or (known[0] if len(known) == 1 else None)


def invoiced_companies(actor: Actor) -> list[Company]:
    """The companies that ordered something of who acts: those it can send invoices to."""
    theirs = PurchaseOrder.objects.visible_to(actor).order_by().values("company")
    return list(Company.objects.filter(pk__in=theirs).order_by("name", "id"))


def tax_key(one: InvoiceLine | InvoiceCharge | InvoiceTax) -> TaxKey:
    """With what it is taxed alike."""
    return TaxKey(one.category, one.tax_rate, one.jurisdiction)
