"""The numbers of a company: brought into one form, and checked by the rules of who gives them out.

No network: a number that is well formed and carries the right check digit may still be nobody's. Who reviews a change
looks it up. Sources: python-stdnum (the countries' own publications are named in its modules), GS1 General
Specifications 1.4 (GLN, company prefix), ISO 17442 (LEI), Dun & Bradstreet (nine digits, no check digit since 2006).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.utils.translation import gettext as _
from stdnum import ean, lei
from stdnum.exceptions import InvalidChecksum, InvalidLength, ValidationError
from stdnum.util import get_cc_module

from portal.kernel.errors import Problem
from suppliers.details.policies.countries import country_name, is_country
from suppliers.details.states import BY_COUNTRY, IdentifierKind

K = IdentifierKind
LONGEST = 60
# Whose VAT numbers begin with the country: the member states of the Union, Northern Ireland, and Great Britain, which
# kept the habit. Greece writes EL.
_EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
PREFIXED: Mapping[str, str] = {**{code: code for code in _EU.split()}, "GR": "EL", "GB": "GB"}
_HAVE_NO_VAT = frozenset({"US", "HK"})
# What a country taxes companies by, besides VAT: its name there, and who checks it.
TAX_NUMBERS: Mapping[str, tuple[str, str]] = {
    "AR": ("CUIT", "ar.cuit"),
    "AT": ("Abgabenkontonummer", "at.tin"),
    "AU": ("ABN", "au.abn"),
    "BE": ("Ondernemingsnummer / numéro d’entreprise", "be.vat"),
    "BR": ("CNPJ", "br.cnpj"),
    "CA": ("Business Number", "ca.bn"),
    "CH": ("UID", "ch.uid"),
    "CL": ("RUT", "cl.rut"),
    "CN": ("统一社会信用代码 (USCC)", "cn.uscc"),
    "CO": ("NIT", "co.nit"),
    "DE": ("Steuernummer", "de.stnr"),
    "DK": ("CVR-nummer", "dk.cvr"),
    "ES": ("NIF", "es.nif"),
    "FI": ("Y-tunnus", "fi.ytunnus"),
    "FR": ("SIREN", "fr.siren"),
    "GB": ("UTR", "gb.utr"),
    "IL": ("ח״פ (Company Number)", "il.hp"),
    "IN": ("PAN", "in_.pan"),
    "IT": ("Codice fiscale", "it.codicefiscale"),
    "JP": ("法人番号", "jp.cn"),
    "KR": ("사업자등록번호", "kr.brn"),
    "MX": ("RFC", "mx.rfc"),
    "NO": ("Organisasjonsnummer", "no.orgnr"),
    "NZ": ("IRD number", "nz.ird"),
    "PL": ("NIP", "pl.nip"),
    "PT": ("NIF", "pt.nif"),
    "RO": ("CUI", "ro.cui"),
    "SE": ("Organisationsnummer", "se.orgnr"),
    "SG": ("UEN", "sg.uen"),
    "TH": ("เลขประจำตัวผู้เสียภาษี (TIN)", "th.tin"),
    "TR": ("Vergi kimlik numarası", "tr.vkn"),
    "TW": ("統一編號", "tw.ubn"),
    "US": ("EIN", "us.ein"),
    "VN": ("Mã số thuế", "vn.mst"),
}
_SPACES = re.compile(r"[\s.\-/_\u2010-\u2015\u00a0]+")
_PLAIN = re.compile(r"[A-Z0-9]{4,20}")


class BadIdentifier(ValueError):
    """It cannot be that number; `problem` says why and what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class IdentifierRead:
    """A number in the one form in which it is kept; `checked` where a check digit, or a grammar, stood up for it."""

    kind: str
    country: str
    value: str
    checked: bool


def tax_number_name(country: str) -> str:
    """What a country calls its tax number; "" where this is not known here."""
    return TAX_NUMBERS[country][0] if country in TAX_NUMBERS else ""


def read_identifier(kind: str, country: str, text: str) -> IdentifierRead:
    """A number as it is kept. Raises `BadIdentifier` with a sentence that says what is wrong and what to do."""
    typed = " ".join(text.split())
    if kind not in IdentifierKind.values:
        raise BadIdentifier(Problem("kind", _("Choose which number it is."), kind[:20], "unknown"))
    if not typed:
        raise BadIdentifier(Problem("value", _("Type the number."), "", "required"))
    if len(typed) > LONGEST:
        raise _bad(_("“%(value)s…” is too long for a number. Type the number alone."), typed)
    if kind in BY_COUNTRY and not is_country(country):
        raise BadIdentifier(
            Problem("country", _("Choose the country that gave the number out."), country[:10])
        )
    match kind:
        case K.VAT:
            return _vat(country, typed)
        case K.TAX:
            return _tax(country, typed)
        case K.GLN:
            return IdentifierRead(kind, "", _gln(typed), True)
        case K.DUNS:
            return IdentifierRead(kind, "", _duns(typed), False)
        case K.LEI:
            return IdentifierRead(kind, "", _lei(typed), True)
        case K.GS1_PREFIX:
            return IdentifierRead(kind, "", _gs1_prefix(typed), False)
        case _:
            return IdentifierRead(kind, country, typed, False)


def _bad(message: str, typed: str, **values: str) -> BadIdentifier:
    return BadIdentifier(Problem("value", message % {"value": typed[:LONGEST], **values}, typed[:LONGEST]))


def _vat(country: str, typed: str) -> IdentifierRead:
    bare = _SPACES.sub("", typed).upper()
    if country in _HAVE_NO_VAT:
        message = _("%(country)s has no VAT number. Choose “Tax number” for “%(value)s”.")
        raise _bad(message, typed, country=country_name(country))
    prefix = PREFIXED.get(country, "")
    begins = {**{mark: code for code, mark in PREFIXED.items()}, "XI": "GB"}.get(bare[:2], "")
    if prefix and begins and begins != country and not _is_vat(country, bare):
        message = _(
            "“%(value)s” begins as a number of %(other)s, but %(country)s is chosen. Choose the right one."
        )
        raise _bad(message, typed, other=country_name(begins), country=country_name(country))
    module = get_cc_module(country, "vat")
    if module is None:
        return IdentifierRead(K.VAT, country, _plain(bare, typed), False)
    mark = "XI" if country == "GB" and bare.startswith("XI") else prefix
    rest = bare.removeprefix(mark) if mark else bare
    value = _checked(module, rest, typed, _("VAT number"), country)
    return IdentifierRead(K.VAT, country, f"{mark}{value.removeprefix(mark)}" if mark else value, True)


def _is_vat(country: str, bare: str) -> bool:
    module = get_cc_module(country, "vat")
    return module is not None and bool(module.is_valid(bare))


def _tax(country: str, typed: str) -> IdentifierRead:
    bare = _SPACES.sub("", typed).upper()
    if country not in TAX_NUMBERS:
        return IdentifierRead(K.TAX, country, _plain(bare, typed), False)
    name, path = TAX_NUMBERS[country]
    module = import_module(f"stdnum.{path}")
    # An American and a German number lose their meaning to the reader without their marks, but not their value.
    return IdentifierRead(K.TAX, country, _checked(module, bare, typed, name, country), True)


def _checked(module: Any, bare: str, typed: str, name: str, country: str) -> str:
    words = {"name": name, "country": country_name(country)}
    try:
        return _SPACES.sub("", str(module.validate(bare))).upper()
    except InvalidChecksum as error:
        message = _(
            "The check digit of “%(value)s” is wrong for a %(name)s of %(country)s: a digit is mistyped."
        )
        raise _bad(message, typed, **words) from error
    except InvalidLength as error:
        message = _(
            "“%(value)s” is too short or too long for a %(name)s of %(country)s. Copy it from your papers."
        )
        raise _bad(message, typed, **words) from error
    except ValidationError as error:
        message = _("“%(value)s” is not written like a %(name)s of %(country)s. Copy it from your papers.")
        raise _bad(message, typed, **words) from error


def _plain(bare: str, typed: str) -> str:
    if not _PLAIN.fullmatch(bare):
        raise _bad(_("“%(value)s” is no such number: 4 to 20 letters A to Z and digits."), typed)
    return bare


def _gln(typed: str) -> str:
    bare = _SPACES.sub("", typed)
    if not (bare.isascii() and bare.isdecimal() and len(bare) == 13):
        raise _bad(_("“%(value)s” is no GLN: it has 13 digits. You find it in your GS1 membership."), typed)
    if not ean.is_valid(bare):
        raise _bad(_("The check digit of the GLN “%(value)s” is wrong: a digit is mistyped."), typed)
    return bare


def _duns(typed: str) -> str:
    bare = _SPACES.sub("", typed)
    if not (bare.isascii() and bare.isdecimal() and len(bare) == 9):
        message = _("“%(value)s” is no D-U-N-S number: it has nine digits. Dun & Bradstreet tells you yours.")
        raise _bad(message, typed)
    return bare


def _lei(typed: str) -> str:
    bare = _SPACES.sub("", typed).upper()
    if not re.fullmatch(r"[A-Z0-9]{18}[0-9]{2}", bare):
        raise _bad(_("“%(value)s” is no LEI: it has 18 letters and digits, then two digits."), typed)
    try:
        return str(lei.validate(bare))
    except ValidationError as error:
        raise _bad(
            _("The check digits of the LEI “%(value)s” are wrong: something is mistyped."), typed
        ) from error


def _gs1_prefix(typed: str) -> str:
    bare = _SPACES.sub("", typed)
    if not re.fullmatch(r"[0-9]{4,12}", bare):
        message = _(
            "“%(value)s” is no GS1 company prefix: it has 4 to 12 digits. You find it in your GS1 membership."
        )
        raise _bad(message, typed)
    return bare


def identifier_text(kind: str, country: str, value: str) -> str:
    """A kept number as its readers are used to it."""
    if kind == K.DUNS:
        return f"{value[:2]}-{value[2:5]}-{value[5:]}"
    if kind == K.TAX and country in TAX_NUMBERS:
        module = import_module(f"stdnum.{TAX_NUMBERS[country][1]}")
        written = getattr(module, "format", None)
        return str(written(value)) if written else value
    return value
