"""The GS1 numbers of goods and places: SSCC, GTIN and GLN, with their check digit.

Section numbers are those of the GS1 General Specifications, release 18; later ones number a few otherwise.
"""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

SSCC_LENGTH = 18
GTIN_LENGTHS = frozenset({8, 12, 13, 14})
GLN_LENGTH = 13
# A GS1 Company Prefix has four to twelve digits (section 1.4 and glossary); the serial reference fills up the rest.
SHORTEST_PREFIX, LONGEST_PREFIX = 4, 12
EXTENSION_DIGITS = 10


class BadNumber(ValueError):
    """This is not the number it should be. The sentence names the value, the rule and the way out."""


@dataclass(frozen=True, slots=True)
class SsccParts:
    """What an SSCC is made of (section 2.2.1): whose it is, and which of theirs."""

    extension: int
    prefix: str
    serial: int
    check_digit: str


def check_digit(body: str) -> str:
    """The last digit of a GS1 number over those before it (section 7.9.1): weights 3 and 1 from the right, mod 10."""
    if not is_digits(body):
        raise BadNumber(_("“%(value)s” must be digits alone.") % {"value": body})
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return str(-total % 10)


def has_right_check_digit(number: str) -> bool:
    return len(number) > 1 and is_digits(number) and check_digit(number[:-1]) == number[-1]


def is_digits(text: str) -> bool:
    """Whether these are the ten digits that a barcode knows, and at least one. `isdigit` takes others too."""
    return text.isascii() and text.isdigit()


# --- SSCC ---------------------------------------------------------------------------------------------------


def build_sscc(prefix: str, serial: int, *, extension: int = 0) -> str:
    """The SSCC of one logistic unit: extension digit, the company's prefix, its serial number, check digit.

    The caller sees to it that no serial number of a prefix and an extension digit is used twice. Raises `BadNumber`.
    """
    _check_prefix(prefix)
    if not 0 <= extension < EXTENSION_DIGITS:
        raise BadNumber(_("The extension digit of an SSCC is 0 to 9, not %(value)s.") % {"value": extension})
    if not 0 <= serial < sscc_capacity(prefix):
        raise BadNumber(
            _(
                "Serial number %(serial)s does not fit behind the prefix %(prefix)s, which leaves %(digits)s digits. "
                "Use another extension digit or another prefix."
            )
            % {"serial": serial, "prefix": prefix, "digits": _serial_digits(prefix)}
        )
    body = f"{extension}{prefix}{serial:0{_serial_digits(prefix)}d}"
    return body + check_digit(body)


def sscc_capacity(prefix: str) -> int:
    """How many SSCCs a prefix has for each of the ten extension digits. Raises `BadNumber`."""
    _check_prefix(prefix)
    return int(10 ** _serial_digits(prefix))


def read_sscc(text: str) -> str:
    """The SSCC that somebody typed, pasted or scanned: spaces, (00) or 00, and a scanner's ]C1 may be there.

    Raises `BadNumber`.
    """
    bare = re.sub(r"[\s.-]", "", text).removeprefix("]C1").removeprefix("(00)")
    if len(bare) == SSCC_LENGTH + 2 and bare.startswith("00"):
        bare = bare[2:]
    if len(bare) != SSCC_LENGTH or not is_digits(bare):
        raise BadNumber(_("“%(value)s” is not an SSCC: an SSCC has 18 digits.") % {"value": text})
    if not has_right_check_digit(bare):
        raise BadNumber(
            _(
                "“%(value)s” is not an SSCC: after these 17 digits the last would be %(digit)s. "
                "Look for a slip of the keys."
            )
            % {"value": text, "digit": check_digit(bare[:-1])}
        )
    return bare


def split_sscc(sscc: str, prefix: str) -> SsccParts:
    """The parts of an SSCC of the company that has this prefix: an SSCC alone does not say where its prefix ends.

    Raises `BadNumber`, also where the SSCC is somebody else's.
    """
    number = read_sscc(sscc)
    _check_prefix(prefix)
    if not number[1:].startswith(prefix):
        raise BadNumber(
            _("The SSCC %(sscc)s does not begin with the prefix %(prefix)s: it is somebody else's.")
            % {"sscc": number, "prefix": prefix}
        )
    return SsccParts(int(number[0]), prefix, int(number[1 + len(prefix) : -1]), number[-1])


def spaced_sscc(sscc: str, prefix: str = "") -> str:
    """An SSCC as people read it out: in its parts where the prefix is known, else in groups."""
    if prefix:
        end = 1 + len(prefix)
        return " ".join((sscc[0], sscc[1:end], sscc[end:-1], sscc[-1]))
    return " ".join((sscc[0], sscc[1:5], sscc[5:9], sscc[9:13], sscc[13:17], sscc[17]))


def _check_prefix(prefix: str) -> None:
    if not is_digits(prefix) or not SHORTEST_PREFIX <= len(prefix) <= LONGEST_PREFIX:
        raise BadNumber(
            _("“%(value)s” is not a GS1 company prefix: it has 4 to 12 digits and is given by GS1.")
            % {"value": prefix}
        )


def _serial_digits(prefix: str) -> int:
    return SSCC_LENGTH - 2 - len(prefix)


# --- GTIN and GLN -------------------------------------------------------------------------------------------


def read_gtin(text: str) -> str:
    """The GTIN of an item with 14 digits, as barcodes carry it (section 3.2): 8, 12 and 13 digits get zeros in front.

    Raises `BadNumber`.
    """
    bare = re.sub(r"[\s-]", "", text)
    if not is_digits(bare) or len(bare) not in GTIN_LENGTHS or not has_right_check_digit(bare):
        raise BadNumber(
            _("“%(value)s” is not a GTIN: it has 8, 12, 13 or 14 digits, the last of them a check digit.")
            % {"value": text}
        )
    return bare.zfill(14)


def read_gln(text: str) -> str:
    """The GLN of a party or a place. Raises `BadNumber`."""
    bare = re.sub(r"[\s-]", "", text)
    if not is_digits(bare) or len(bare) != GLN_LENGTH or not has_right_check_digit(bare):
        raise BadNumber(
            _("“%(value)s” is not a GLN: it has 13 digits, the last of them a check digit.") % {"value": text}
        )
    return bare
