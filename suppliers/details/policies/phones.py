"""Telephone numbers: typed as people like, kept as E.164, shown as the reader dials them."""

import phonenumbers
from django.utils.translation import gettext as _

from portal.kernel.errors import Problem
from suppliers.details.policies.countries import country_name

EXTENSION = ";ext="
LONGEST = 40
TOO_LONG = 15  # digits (ITU-T E.164)


class BadPhone(ValueError):
    """It cannot be dialled; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def read_phone(text: str, country: str = "", field: str = "telephone") -> str:
    """A telephone number as E.164, its extension after `;ext=` (RFC 3966); "" for nothing typed.

    A number without its country's code is read as one of `country`. Numbers are taken whose length is possible there:
    new ranges come faster than anybody's tables. Raises `BadPhone`.
    """
    typed = " ".join(text.split())
    if not typed:
        return ""
    try:
        number = phonenumbers.parse(typed, country or None)
    except phonenumbers.NumberParseException as error:
        raise BadPhone(Problem(field, _why(error, typed, country), typed[:LONGEST])) from error
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        message = _("“%(value)s” has too few or too many digits for a number of %(country)s. Check it.") % {
            "value": typed[:LONGEST],
            "country": _country_of(number),
        }
        raise BadPhone(Problem(field, message, typed[:LONGEST]))
    bare = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{bare}{EXTENSION}{number.extension}" if number.extension else bare


def _country_of(number: phonenumbers.PhoneNumber) -> str:
    region = phonenumbers.region_code_for_country_code(number.country_code or 0)
    return country_name(region) if len(region) == 2 else f"+{number.country_code}"


def _why(error: phonenumbers.NumberParseException, typed: str, country: str) -> str:
    values = {"value": typed[:LONGEST]}
    if error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE:
        if country and typed.startswith("+"):
            return _("“%(value)s” begins with a country code that no country has. Check it.") % values
        return (
            _("“%(value)s” says no country. Begin with + and the country’s code, as in +49 30 1234567.")
            % values
        )
    if error.error_type == phonenumbers.NumberParseException.TOO_LONG:
        return _("“%(value)s” is too long for a telephone number. Write one number only.") % values
    return _("“%(value)s” is no telephone number. Write it as you dial it, as in +49 30 1234567.") % values


def phone_text(kept: str, reader_country: str = "") -> str:
    """A kept number as one of a country dials it: national at home, international else."""
    if not kept:
        return ""
    try:
        number = phonenumbers.parse(kept, None)
    except phonenumbers.NumberParseException:
        return kept
    at_home = bool(reader_country) and phonenumbers.region_code_for_number(number) == reader_country
    form = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(number, form.NATIONAL if at_home else form.INTERNATIONAL)


def phone_address(kept: str) -> str:
    """A kept number as the address of a link (RFC 3966)."""
    return f"tel:{kept}" if kept else ""
