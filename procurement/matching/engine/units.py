"""Units of measure converted exactly, by UN/ECE Recommendation 20 (its conversion factors; Annex II and III).

Only what is a fixed number of each other is converted: dozens and pieces, kilograms and grams. How many pieces are in a
carton is no such thing; without somebody's word for it, nobody guesses.
"""

from collections.abc import Mapping
from fractions import Fraction

_COUNT: dict[str, int | Fraction] = {
    "C62": 1,
    "H87": 1,
    "EA": 1,
    "PR": 2,
    "DZN": 12,
    "GRO": 144,
    "CEN": 100,
    "MIL": 1000,
    "T3": 1000,
}
_MASS: dict[str, int | Fraction] = {
    "KGM": 1,
    "GRM": Fraction(1, 1000),
    "MGM": Fraction(1, 10**6),
    "TNE": 1000,
    "LBR": Fraction(45359237, 10**8),
    "ONZ": Fraction(28349523125, 10**12),
}
_LENGTH: dict[str, int | Fraction] = {
    "MTR": 1,
    "DMT": Fraction(1, 10),
    "CMT": Fraction(1, 100),
    "MMT": Fraction(1, 1000),
    "KMT": 1000,
    "INH": Fraction(254, 10**4),
    "FOT": Fraction(3048, 10**4),
    "YRD": Fraction(9144, 10**4),
}
_AREA: dict[str, int | Fraction] = {
    "MTK": 1,
    "DMK": Fraction(1, 100),
    "CMK": Fraction(1, 10**4),
    "MMK": Fraction(1, 10**6),
    "FTK": Fraction(9290304, 10**8),
}
_VOLUME: dict[str, int | Fraction] = {
    "MTQ": 1,
    "LTR": Fraction(1, 1000),
    "HLT": Fraction(1, 10),
    "CLT": Fraction(1, 10**5),
    "MLT": Fraction(1, 10**6),
    "DMQ": Fraction(1, 1000),
    "CMQ": Fraction(1, 10**6),
    "GLL": Fraction(3785411784, 10**12),
}
_TIME: dict[str, int | Fraction] = {"SEC": 1, "MIN": 60, "HUR": 3600, "DAY": 86400, "WEE": 604800}
_DIMENSIONS = (_COUNT, _MASS, _LENGTH, _AREA, _VOLUME, _TIME)


def factor_between(one: str, other: str) -> Fraction | None:
    """How many of `other` one of `one` is, by their codes of Rec. 20; None where they cannot be converted."""
    if one and one == other:
        return Fraction(1)
    for sizes in _DIMENSIONS:
        if one in sizes and other in sizes:
            return Fraction(sizes[one]) / Fraction(sizes[other])
    return None


def factors_to(unit: str, codes: Mapping[str, str]) -> dict[str, Fraction]:
    """How many of a company's `unit` one of each of its other units is; `codes` are their codes of Rec. 20."""
    mine = codes.get(unit, "")
    found = {other: factor_between(code, mine) for other, code in codes.items() if other != unit}
    return {other: factor for other, factor in found.items() if factor is not None}
