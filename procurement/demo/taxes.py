"""How Northmoor takes invoices: which taxes stand on them, how they are matched, and who approves how much."""

from datetime import datetime
from decimal import Decimal

from portal.kernel.scope import acting
from procurement.catalogue.models import Company
from procurement.demo.loading import SET_UP
from procurement.demo.people import HELEN, KOFI, OMAR
from procurement.invoices.messages import SaveProfile, TaxOffered
from procurement.invoices.services import save_profile
from procurement.invoices.states import TaxCategory
from procurement.matching.messages import WriteMatchPolicy
from procurement.matching.services import approve_match_policy, write_match_policy
from procurement.payables.messages import WriteLimit, WriteRule
from procurement.payables.services.rules import write_limit, write_rule
from suppliers.models import Supplier, User
from suppliers.queries import actor_of
from suppliers.roles import CompanyRole

# Whoever passes is paid; above this somebody of accounts payable asks a manager before an exception is paid.
ALONE = {"GBP": Decimal(2000), "EUR": Decimal(2400), "USD": Decimal(2500)}
OF_THE_UNION = frozenset({"AT", "CZ", "DE", "ES", "FR", "IT", "NL", "PL", "SE"})

_ABROAD = TaxOffered(
    TaxCategory.EXPORT,
    Decimal(0),
    "Export",
    exemption_reason="Export: the importer pays the tax at the border.",
)
TAXES = {
    "NMUK": (
        TaxOffered(TaxCategory.STANDARD, Decimal(20), "VAT 20 %", is_usual=True),
        TaxOffered(TaxCategory.STANDARD, Decimal(5), "VAT 5 %"),
        TaxOffered(TaxCategory.ZERO, Decimal(0), "Zero rated"),
        _ABROAD,
    ),
    "NMDE": (
        TaxOffered(TaxCategory.STANDARD, Decimal(19), "USt 19 %", is_usual=True),
        TaxOffered(TaxCategory.STANDARD, Decimal(7), "USt 7 %"),
        TaxOffered(
            TaxCategory.INTRA_COMMUNITY,
            Decimal(0),
            "Intra-community supply",
            exemption_reason="Intra-community supply.",
        ),
        _ABROAD,
    ),
}
PROFILES = {
    "NMUK": SaveProfile(
        "NMUK",
        version=0,
        einvoice_formats=("ubl", "cii", "facturx"),
        allow_without_order=True,
        company_tax_id="GB999999973",
        name="Northmoor Supply Ltd",
        address="Accounts payable\nCanal Wharf 14\nLeeds LS10 1AB",
        country="GB",
        taxes=TAXES["NMUK"],
    ),
    "NMDE": SaveProfile(
        "NMDE",
        version=0,
        einvoice_formats=("ubl", "cii", "facturx"),
        company_tax_id="DE999999973",
        name="Northmoor Supply GmbH",
        address="Rechnungsprüfung\nAm Kornspeicher 22\n21107 Hamburg",
        country="DE",
        taxes=TAXES["NMDE"],
    ),
}


def open_the_books(*, at: datetime) -> None:
    """Helen Marsh says how both companies take invoices, Omar Haddad wrote how they match, and Kofi Mensah who approves
    them: nobody writes that of the own role.
    """
    with acting(SET_UP):
        people = {
            one.email: one for one in User.objects.filter(email__in=[HELEN.email, OMAR.email, KOFI.email])
        }
        helen, omar, kofi = (actor_of(people[one.email]) for one in (HELEN, OMAR, KOFI))
        companies = dict(Company.objects.filter(code__in=PROFILES).values_list("code", "pk"))
    assert helen is not None  # all are of Northmoor
    assert omar is not None
    assert kofi is not None
    for code, company in companies.items():
        policy = WriteMatchPolicy(
            company,
            "What was received, at the agreed price",
            "three_way",
            approves_alone=True,
            note="Nobody need look at what is right.",
        )
        with acting(omar):
            written = write_match_policy(policy, actor=omar, at=at)
        with acting(helen):
            save_profile(PROFILES[code], actor=helen, at=at)
            approve_match_policy(written.key, written.version, actor=helen, at=at)
    with acting(kofi):
        for currency, amount in ALONE.items():
            limit = WriteLimit(currency, amount, role=CompanyRole.ACCOUNTS_PAYABLE)
            write_limit(limit, actor=kofi, at=at)
            rule = WriteRule(1, role=CompanyRole.MANAGER, currency=currency, amount_from=amount)
            write_rule(rule, actor=kofi, at=at)


def tax_of(supplier: Supplier, company: Company) -> TaxOffered:
    """How what this supplier delivers to this company is taxed."""
    if supplier.country == company.country:
        return TAXES[company.code][0]
    if company.country in OF_THE_UNION and supplier.country in OF_THE_UNION:
        return next(one for one in TAXES[company.code] if one.category == TaxCategory.INTRA_COMMUNITY)
    return _ABROAD


def tax_id_of(supplier: Supplier) -> str:
    """The supplier's tax number, invented."""
    return f"{supplier.country}{900_000_000 + int(supplier.number)}"
