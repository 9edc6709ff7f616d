"""How a company takes invoices is written down."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import Invalid, NotAllowed, NotFound, Problem, StaleDocument
from portal.kernel.scope import requires_scope
from procurement.catalogue.models import Company
from procurement.invoices.messages import SaveProfile, TaxOffered
from procurement.invoices.models import InvoiceTaxChoice, InvoicingProfile
from procurement.invoices.states import UNTAXED, TaxCategory
from suppliers.roles import Permission

FORMATS = ("ubl", "cii", "facturx")
MOST_TAXES = 100


@requires_scope
def save_profile(command: SaveProfile, *, actor: Actor, at: datetime) -> InvoicingProfile:
    """Say how a company takes invoices and which taxes may stand on them, whole. What was sent before stays as it is.

    Raises `StaleDocument` where somebody else said so meanwhile, and `Invalid` with every problem found.
    """
    if not actor.may(Permission.INVOICE_SETUP):
        raise NotAllowed(_("Only a manager or an administrator says how invoices are taken."))
    company: Company | None = Company.objects.select_for_update().filter(code=command.company).first()
    if company is None:
        raise NotFound(_("There is no such company."))
    found: InvoicingProfile | None = InvoicingProfile.objects.filter(company=company).first()
    profile = found or InvoicingProfile(company=company, version=0)
    if profile.version != command.version:
        message = _("%(name)s changed this since you opened it. Look at it, then go on.")
        raise StaleDocument(message % {"name": profile.updated_by}, details={"version": profile.version})
    if problems := [*_problems(command)]:
        raise Invalid(problems[0].message, problems)
    for name in ("allow_without_order", "claims_received", "company_tax_id", "name", "address", "country"):
        setattr(profile, name, getattr(command, name))
    profile.einvoice_formats = list(command.einvoice_formats)
    profile.version += 1
    profile.updated_at, profile.updated_by = at, actor.label
    profile.save()
    InvoiceTaxChoice.objects.filter(company=company).delete()
    InvoiceTaxChoice.objects.bulk_create(
        InvoiceTaxChoice(
            company=company,
            category=one.category,
            rate=one.rate,
            jurisdiction=one.jurisdiction,
            label=one.label.strip(),
            exemption_reason=one.exemption_reason.strip(),
            is_usual=one.is_usual,
            position=position,
        )
        for position, one in enumerate(command.taxes, start=1)
    )
    facts = {
        "company": company.code,
        "allow_without_order": profile.allow_without_order,
        "claims_received": profile.claims_received,
        "formats": profile.einvoice_formats,
        "taxes": [one.label for one in command.taxes],
    }
    stream = f"invoicing:{company.code}"
    record(
        "invoicing.profile_changed", stream, actor=actor, at=at, supplier_id=None, facts=facts, internal=True
    )
    return profile


def _problems(command: SaveProfile) -> Iterable[Problem]:
    for name, most in (("company_tax_id", 30), ("name", 200), ("address", 1000), ("country", 2)):
        if len(getattr(command, name)) > most:
            message = _("This has %(length)d characters; there is room for %(most)d.")
            values = {"length": len(getattr(command, name)), "most": most}
            yield Problem(name, message % values, "", "too_long")
    for one in command.einvoice_formats:
        if one not in FORMATS:
            message = _("“%(value)s” is not one of the formats: %(known)s.")
            message %= {"value": one[:20], "known": ", ".join(FORMATS)}
            yield Problem("einvoice_formats", message, one[:80], "unknown")
    if len(command.taxes) > MOST_TAXES:
        message = _("At most %(most)d taxes can be offered.") % {"most": MOST_TAXES}
        yield Problem("taxes", message, "", "too_many")
    seen: set[tuple[str, Decimal, str]] = set()
    for position, tax in enumerate(command.taxes, start=1):
        yield from _tax_problems(tax, str(position))
        same = (tax.category, tax.rate, tax.jurisdiction)
        if same in seen:
            message = _("This tax is there twice. Take one of them out.")
            yield Problem("taxes", message, tax.label, "twice", str(position))
        seen.add(same)
    if sum(one.is_usual for one in command.taxes) > 1:
        yield Problem("taxes", _("At most one tax is the usual one."), "", "many_usual")


def _tax_problems(tax: TaxOffered, where: str) -> Iterable[Problem]:
    if tax.category not in TaxCategory.values:
        yield Problem("category", _("Choose how it is taxed."), tax.category, "unknown", where)
    if not tax.label.strip() or len(tax.label) > 100:
        message = _("Say what people call this tax, in at most 100 characters.")
        yield Problem("label", message, tax.label[:80], "required", where)
    if not Decimal(0) <= tax.rate < 100 or tax.rate != round(tax.rate, 4):
        message = _("A rate of tax lies between 0 and 100 percent, with at most four decimals.")
        yield Problem("rate", message, str(tax.rate), "out_of_range", where)
    elif tax.category in UNTAXED and tax.rate:
        message = _("What is taxed like this has no rate: no tax is due.")
        yield Problem("rate", message, str(tax.rate), "tax_rate", where)
    elif tax.category == TaxCategory.STANDARD and not tax.rate:
        yield Problem("rate", _("Say the rate of the tax, in percent."), "0", "tax_rate", where)
    if len(tax.jurisdiction) > 60 or len(tax.exemption_reason) > 300:
        message = _("A jurisdiction has at most 60 characters, a reason at most 300.")
        yield Problem("jurisdiction", message, "", "too_long", where)
