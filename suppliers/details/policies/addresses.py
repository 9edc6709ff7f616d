"""Addresses by country: which fields are asked, what they are called, which are needed, and how an address is printed.

Drawn up from the countries' own post offices as the Universal Postal Union lists them (upu.int, "Postal addressing
systems"); a country that is not named here gets the plain form, in which only the street and the place are needed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.kernel.errors import Problem
from suppliers.details.policies.countries import country_name, is_country

FIELDS = ("name", "line1", "line2", "district", "postal_code", "city", "region")
LONGEST: Mapping[str, int] = {
    "name": 200,
    "line1": 200,
    "line2": 200,
    "district": 100,
    "postal_code": 20,
    "city": 100,
    "region": 100,
}
WORDS: Mapping[str, Promise] = {
    "name": lazy("Company"),
    "line1": lazy("Street and number, or P.O. box"),
    "line2": lazy("Building, floor, department"),
    "district": lazy("District"),
    "postal_code": lazy("Postal code"),
    "city": lazy("City"),
    "region": lazy("Region"),
}
_ZIP, _PIN, _EIRCODE, _POSTCODE = lazy("ZIP code"), lazy("PIN code"), lazy("Eircode"), lazy("Postcode")
_STATE, _PROVINCE, _PREFECTURE = lazy("State"), lazy("Province"), lazy("Prefecture")
_SUBURB, _NEIGHBOURHOOD, _CITY_COUNTY = (
    lazy("Suburb"),
    lazy("Neighbourhood"),
    lazy("District, county or city"),
)
_TOWN, _COUNTY = lazy("Town"), lazy("County")

# How the lines are printed: %N name, %A both lines of the street, %D district, %Z postal code, %C city, %S region;
# capitals where post offices want the place so.
_WEST = ("%N", "%A", "%Z %C")
_PLAIN = ("%N", "%A", "%D", "%Z %C", "%S")


@dataclass(frozen=True, slots=True)
class AddressForm:
    """What one country's addresses have. `postal` is a pattern of the whole code, `example` one of them."""

    lines: Sequence[str] = _PLAIN
    needed: frozenset[str] = frozenset({"line1", "city"})
    postal: str = ""
    example: str = ""
    labels: tuple[tuple[str, Promise], ...] = ()
    capitals: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that are asked, in the order of the printed address."""
        marks = {"%N": ("name",), "%A": ("line1", "line2"), "%D": ("district",), "%Z": ("postal_code",)}
        marks |= {"%C": ("city",), "%S": ("region",)}
        found = re.findall("%[NADZCS]", " ".join(self.lines))
        return tuple(name for mark in found for name in marks[mark])

    def label(self, name: str) -> Promise:
        """What the country calls a field."""
        return dict(self.labels).get(name, WORDS[name])


_LCZ = frozenset({"line1", "city", "postal_code"})
_LCSZ = _LCZ | {"region"}


def _west(
    postal: str,
    example: str,
    lines: Sequence[str] = _WEST,
    *labels: tuple[str, Promise],
    capitals: bool = False,
) -> AddressForm:
    return AddressForm(lines, _LCZ, postal, example, labels, capitals)


_FIVE, _FOUR = r"\d{5}", r"\d{4}"
_BRITISH = r"GIR ?0AA|[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}"

FORMS: Mapping[str, AddressForm] = {
    "AT": _west(_FOUR, "1010"),
    "AU": AddressForm(
        ("%N", "%A", "%C %S %Z"),
        _LCSZ,
        _FOUR,
        "2060",
        (("postal_code", _POSTCODE), ("city", _SUBURB), ("region", _STATE)),
        True,
    ),
    "BE": _west(_FOUR, "1000"),
    "BG": _west(_FOUR, "1000"),
    "BR": AddressForm(
        ("%N", "%A", "%D", "%C - %S", "%Z"),
        _LCSZ,
        r"\d{5}-\d{3}",
        "01310-100",
        (("postal_code", lazy("CEP")), ("district", _NEIGHBOURHOOD), ("region", _STATE)),
    ),
    "CA": AddressForm(
        ("%N", "%A", "%C %S %Z"),
        _LCSZ,
        r"[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] \d[ABCEGHJ-NPRSTV-Z]\d",
        "H3Z 2Y7",
        (("region", _PROVINCE),),
        True,
    ),
    "CH": _west(_FOUR, "8001"),
    "CN": AddressForm(
        ("%N", "%A", "%D", "%C", "%S, %Z"), _LCSZ, r"\d{6}", "200120", (("region", _PROVINCE),)
    ),
    "CY": _west(_FOUR, "2008"),
    "CZ": _west(r"\d{3} \d{2}", "110 00"),
    "DE": _west(_FIVE, "10115"),
    "DK": _west(_FOUR, "1050"),
    "EE": _west(_FIVE, "10111"),
    "ES": AddressForm(("%N", "%A", "%Z %C", "%S"), _LCZ, _FIVE, "28013", (("region", _PROVINCE),)),
    "FI": _west(_FIVE, "00100"),
    "FR": _west(_FIVE, "75001", capitals=True),
    "GB": _west(
        _BRITISH,
        "LS10 1AB",
        ("%N", "%A", "%D", "%C", "%Z"),
        ("postal_code", _POSTCODE),
        ("city", _TOWN),
        capitals=True,
    ),
    "GR": _west(r"\d{3} \d{2}", "105 57"),
    "HK": AddressForm(("%N", "%A", "%D", "%C"), frozenset({"line1", "district"})),
    "HR": _west(_FIVE, "10000"),
    "HU": _west(_FOUR, "1051", ("%N", "%C", "%A", "%Z")),
    "IE": AddressForm(
        ("%N", "%A", "%D", "%C", "%S", "%Z"),
        frozenset({"line1", "city"}),
        r"(?:[AC-FHKNPRTV-Y]\d{2}|D6W) [0-9AC-FHKNPRTV-Y]{4}",
        "D02 X285",
        (("postal_code", _EIRCODE), ("region", _COUNTY), ("city", _TOWN)),
    ),
    "IN": AddressForm(
        ("%N", "%A", "%D", "%C %Z", "%S"),
        _LCSZ,
        r"[1-9]\d{5}",
        "411001",
        (("postal_code", _PIN), ("region", _STATE)),
    ),
    "IT": AddressForm(("%N", "%A", "%Z %C %S"), _LCSZ, _FIVE, "20121", (("region", _PROVINCE),)),
    "JP": AddressForm(
        ("%N", "%A", "%C, %S", "%Z"), _LCSZ, r"\d{3}-\d{4}", "100-0005", (("region", _PREFECTURE),)
    ),
    "KR": AddressForm(
        ("%N", "%A", "%D", "%C", "%S", "%Z"),
        _LCZ,
        _FIVE,
        "03051",
        (("district", _CITY_COUNTY), ("region", _PROVINCE)),
    ),
    "LT": _west(r"LT-\d{5}", "LT-01100"),
    "LU": _west(_FOUR, "1728"),
    "LV": _west(r"LV-\d{4}", "LV-1050", ("%N", "%A", "%C, %Z")),
    "MT": _west(r"[A-Z]{3} \d{4}", "VLT 1117", ("%N", "%A", "%C %Z")),
    "MX": AddressForm(
        ("%N", "%A", "%D", "%Z %C, %S"),
        _LCSZ,
        _FIVE,
        "06600",
        (("district", _NEIGHBOURHOOD), ("region", _STATE)),
    ),
    "NL": _west(r"[1-9]\d{3} [A-Z]{2}", "1012 LG"),
    "NO": _west(_FOUR, "0150"),
    "NZ": _west(
        _FOUR, "6011", ("%N", "%A", "%D", "%C %Z"), ("postal_code", _POSTCODE), ("district", _SUBURB)
    ),
    "PL": _west(r"\d{2}-\d{3}", "00-950"),
    "PT": _west(r"\d{4}-\d{3}", "1250-096"),
    "RO": AddressForm(("%N", "%A", "%Z %C", "%S"), _LCZ, r"\d{6}", "010011", (("region", _COUNTY),)),
    "SE": _west(r"\d{3} \d{2}", "114 55"),
    "SG": _west(r"\d{6}", "238877", ("%N", "%A", "%C %Z")),
    "SI": _west(_FOUR, "1000"),
    "SK": _west(r"\d{3} \d{2}", "811 01"),
    "TH": AddressForm(("%N", "%A", "%D", "%C", "%S %Z"), _LCSZ, _FIVE, "10110", (("region", _PROVINCE),)),
    "TR": AddressForm(("%N", "%A", "%D", "%Z %C/%S"), _LCZ, _FIVE, "34371", (("region", _PROVINCE),)),
    "TW": _west(r"\d{3}(?:\d{2,3})?", "10603", ("%N", "%A", "%D", "%C %Z")),
    "US": AddressForm(
        ("%N", "%A", "%C, %S %Z"),
        _LCSZ,
        r"\d{5}(?:-\d{4})?",
        "43604",
        (("postal_code", _ZIP), ("region", _STATE)),
    ),
    "ZA": _west(_FOUR, "2001", ("%N", "%A", "%D", "%C", "%Z"), ("district", _SUBURB)),
}
PLAIN = AddressForm()


def address_form(country: str) -> AddressForm:
    """The form of a country; the plain one where it has none of its own here."""
    return FORMS.get(country, PLAIN)


def read_postal_code(country: str, text: str) -> str | None:
    """A postal code as its country writes it, gaps and hyphens put right; None for what is none of that country."""
    form = address_form(country)
    typed = " ".join(text.upper().split())
    if not form.postal or re.fullmatch(form.postal, typed, re.ASCII):
        return typed
    bare = re.sub(r"[\s-]", "", typed).removeprefix(country if country not in ("LT", "LV") else "")
    for candidate in (bare, *_spelled(bare, form.example)):
        if re.fullmatch(form.postal, candidate, re.ASCII):
            return candidate
    return None


def _spelled(bare: str, example: str) -> list[str]:
    """A code without its gap, with the gap where the example has it, counted from either end."""
    for mark in (" ", "-"):
        head, found, tail = example.partition(mark)
        if found:
            from_left = f"{bare[: len(head)]}{mark}{bare[len(head) :]}"
            from_right = f"{bare[: -len(tail)]}{mark}{bare[-len(tail) :]}"
            named = f"{head}{mark}{bare}" if head.isalpha() else from_left
            return [from_left, from_right, named]
    return []


def read_address(country: str, values: Mapping[str, str]) -> tuple[dict[str, str], list[Problem]]:
    """An address as it is kept, and what is wrong with it. Fields that the country has none of are left out."""
    problems: list[Problem] = []
    if not is_country(country):
        problems.append(Problem("country", _("Choose the country."), country[:10], "required"))
    form = address_form(country)
    kept = dict.fromkeys(FIELDS, "") | {"country": country}
    for name in form.fields:
        text = " ".join(str(values.get(name, "") or "").split())
        label = str(form.label(name))
        if not text:
            if name in form.needed:
                said = _("An address in %(country)s needs it.") % {"country": country_name(country)}
                problems.append(Problem(name, said, "", "required"))
            continue
        if len(text) > LONGEST[name]:
            message = _("%(field)s: at most %(most)d characters.") % {"field": label, "most": LONGEST[name]}
            problems.append(Problem(name, message, text[:40]))
            continue
        kept[name] = text
        if name == "postal_code":
            code = read_postal_code(country, text)
            if code is None:
                message = _("“%(value)s” is no %(field)s of %(country)s. Write it like %(example)s.") % {
                    "value": text,
                    "field": label,
                    "country": country_name(country),
                    "example": form.example,
                }
                problems.append(Problem(name, message, text))
            kept[name] = code or text
    return kept, problems


_MARKS = {"%N": "name", "%D": "district", "%Z": "postal_code", "%C": "city", "%S": "region"}


def _filled(pattern: str, address: Mapping[str, str]) -> str:
    """A line with its values; what stands between two of them goes where one is missing."""
    text = ""
    for gap, mark in re.findall("([^%]*)(%[NDZCS])", pattern):
        value = address.get(_MARKS[mark], "")
        if value:
            text += f"{gap if text else ''}{value}"
    return text


def printed_address(address: Mapping[str, str], *, home: str = "") -> list[str]:
    """The lines of an address as its country prints them, the country's name last unless it is `home`."""
    form = address_form(address.get("country", ""))
    lines: list[str] = []
    for pattern in form.lines:
        if pattern == "%A":
            lines += [line for name in ("line1", "line2") if (line := address.get(name, ""))]
            continue
        is_place = "%C" in pattern or "%Z" in pattern
        text = _filled(pattern, address)
        if text:
            lines.append(text.upper() if is_place and form.capitals else text)
    country = address.get("country", "")
    if country and country != home:
        lines.append(country_name(country).upper() if form.capitals else country_name(country))
    return lines
