"""The countries of the world (ISO 3166-1), by their names in the reader's language."""

import gettext as catalogues
from functools import cache

import pycountry
from django.utils.translation import get_language


@cache
def _catalogue(language: str) -> catalogues.NullTranslations:
    return catalogues.translation(
        "iso3166-1", pycountry.LOCALES_DIR, languages=[language.replace("-", "_")], fallback=True
    )


def is_country(code: str) -> bool:
    """Whether it is the two-letter code of a country."""
    return len(code) == 2 and code.isupper() and pycountry.countries.get(alpha_2=code) is not None


def country_name(code: str) -> str:
    """The name of a country; the code itself where there is none of it."""
    found = pycountry.countries.get(alpha_2=code) if len(code) == 2 else None
    if found is None:
        return code
    name: str = getattr(found, "common_name", found.name)
    return _catalogue(get_language() or "en").gettext(name)


@cache
def _choices(language: str) -> tuple[tuple[str, str], ...]:
    named = ((one.alpha_2, country_name(one.alpha_2)) for one in pycountry.countries)
    return tuple(sorted(named, key=lambda one: one[1].casefold()))


def country_choices() -> tuple[tuple[str, str], ...]:
    """All countries by name."""
    return _choices(get_language() or "en")
