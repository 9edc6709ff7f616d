"""Code 128 (ISO/IEC 15417), the bars of GS1-128: from text to symbol values, and from those to bars.

No library builds GS1-128 as its standard asks: the one known for Python begins every symbol in set B, whatever
follows, so that an SSCC grows by a character. A symbol is a hundred lines; here it is the shortest there is.
"""

from collections.abc import Sequence
from functools import lru_cache

FNC1 = "\x1d"  # written so in element strings; scanners send the same sign where it separates

# Widths of bar, space, bar, … in modules, by symbol value: 11 modules to each, 13 to the stop.
PATTERNS = """
212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231
113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211
212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131
113123 113321 133121 313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111
314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211
241211 221114 413111 241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141
214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 211214
211232 2331112
"""
WIDTHS = tuple(PATTERNS.split())

SHIFT, FNC1_VALUE, STOP = 98, 102, 106
SETS = "CBA"  # in this order of preference, where the length is the same
START = {"A": 103, "B": 104, "C": 105}
SWITCH = {"A": 101, "B": 100, "C": 99}
MODULES, STOP_MODULES = 11, 13
QUIET_MODULES = 10  # on either side (GS1 General Specifications, section 5.4.4.2)

_Path = tuple[int, ...]


class NotEncodable(ValueError):
    """Code 128 has no such character: it knows ASCII alone."""


@lru_cache(maxsize=4096)
def symbol_values(text: str, *, is_gs1: bool = False) -> _Path:
    """The values of the symbol's characters, from start to stop, the check character included: as few as can be.

    `is_gs1` puts the FNC1 behind the start that makes a GS1-128 of it. `FNC1` in the text is the separator.
    Raises `NotEncodable`.
    """
    if not text or not text.isascii():
        raise NotEncodable(text)
    values = _shortest((FNC1 if is_gs1 else "") + text, has_fnc1=is_gs1)
    return (*values, check_value(values), STOP)


def check_value(values: Sequence[int]) -> int:
    """The check character over start and data: each value times its place, modulo 103."""
    return (values[0] + sum(place * value for place, value in enumerate(values))) % 103


def module_count(values: Sequence[int]) -> int:
    """How many modules wide the bars are, the quiet zones left out."""
    return (len(values) - 1) * MODULES + STOP_MODULES


def bars(values: Sequence[int]) -> list[tuple[int, int]]:
    """The bars of a symbol: where each begins and how wide it is, in modules."""
    found, at = [], 0
    for value in values:
        for place, width in enumerate(map(int, WIDTHS[value])):
            if place % 2 == 0:
                found.append((at, width))
            at += width
    return found


def _shortest(text: str, *, has_fnc1: bool) -> _Path:
    """The shortest way through the text, character by character, in the three code sets."""
    ways: list[dict[str, _Path]] = [{} for _ in range(len(text) + 1)]
    ways[0] = {name: (START[name],) for name in SETS}
    for at in range(len(text)):
        _take_switches(ways[at], at)
        for name, so_far in ways[at].items():
            for length, step in _steps(text, at, name, has_fnc1=has_fnc1):
                _keep(ways[at + length], name, so_far + step)
    last = ways[-1]
    return min((last[name] for name in SETS if name in last), key=len)


def _take_switches(ways: dict[str, _Path], at: int) -> None:
    if at == 0:
        return  # a symbol starts in the set that it needs
    for name in [name for name in SETS if name in ways]:  # A last: it is chosen for control characters alone
        for other in SETS:
            if other != name:
                _keep(ways, other, (*ways[name], SWITCH[other]))


def _steps(text: str, at: int, name: str, *, has_fnc1: bool) -> list[tuple[int, _Path]]:
    """What can be written next in this set: how many characters of the text it takes, and its values."""
    if has_fnc1 and text[at] == FNC1:
        return [(1, (FNC1_VALUE,))]
    if name == "C":
        pair = text[at : at + 2]
        return [(2, (int(pair),))] if len(pair) == 2 and pair.isdigit() else []
    own, other = _value_in(name, text[at]), _value_in("B" if name == "A" else "A", text[at])
    if own is not None:
        return [(1, (own,))]
    return [(1, (SHIFT, other))] if other is not None else []


def _value_in(name: str, sign: str) -> int | None:
    code = ord(sign)
    if 32 <= code < 96:
        return code - 32
    if name == "A":
        return code + 64 if code < 32 else None
    return code - 32 if code >= 96 else None


def _keep(ways: dict[str, _Path], name: str, way: _Path) -> None:
    if name not in ways or len(way) < len(ways[name]):
        ways[name] = way
