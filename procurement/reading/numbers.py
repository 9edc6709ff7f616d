"""Numbers as people write them: 1,000 and 1.000 and 1 000 and 1'000 and 1.5k, by the writer's locale."""

import re
from decimal import Decimal

LONGEST_NUMBER = 18
# A number with or without groups; no letters, digits or decimal marks may touch it.
NUMBER = r"(?<![\w.,/'-])(?<!\d )(?:\d{1,3}(?:[.,' ]\d{3}){1,4}(?:[.,]\d{1,4})?|\d{1,12}(?:[.,]\d{1,4})?)(?:[ ]?(?:k|tsd\.?|tausend|thousand))?(?![\w'])(?![.,/:-]\d)"
WORDS: dict[str, int] = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
    "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100,
    "ein": 1, "eine": 1, "einen": 1, "einer": 1, "einem": 1, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "fuenf": 5, "sechs": 6, "sieben": 7, "acht": 8, "neun": 9,
    "zehn": 10, "elf": 11, "zwölf": 12, "zwoelf": 12, "vierzehn": 14, "zwanzig": 20, "dreißig": 30, "dreissig": 30, "fünfzig": 50, "hundert": 100,
}  # fmt: skip
THOUSANDS = re.compile(r"\s?(?:k|tsd\.?|tausend|thousand)$")


def read_number(written: str, *, decimal_comma: bool) -> list[Decimal]:
    """What a written number can mean, the likeliest first; an empty list for no number.

    `1.000` is a thousand where the comma is the decimal mark. Elsewhere it is one, and the thousand is the second
    reading: it counts only where the order itself speaks for it.
    """
    text = written.strip().lower()
    factor = 1
    if found := THOUSANDS.search(text):
        text, factor = text[: found.start()], 1000
    if text in WORDS:
        return [Decimal(WORDS[text] * factor)]
    if not re.fullmatch(r"\d[\d.,' ]*", text) or len(text) > LONGEST_NUMBER:
        return []
    text = text.replace(" ", "").replace("'", "")
    point, comma = text.count("."), text.count(",")
    if point and comma:
        return _mixed(text, factor)
    mark = "." if point else ","
    if not point and not comma:
        return [Decimal(text) * factor]
    head, _, tail = text.rpartition(mark)
    grouped = bool(re.fullmatch(rf"[1-9]\d{{0,2}}(?:\{mark}\d{{3}})+", text))
    if point > 1 or comma > 1:
        return [Decimal(text.replace(mark, "")) * factor] if grouped else []
    as_decimal = Decimal(f"{head}.{tail}") * factor
    if not grouped:
        return [as_decimal]
    as_group = Decimal(head + tail) * factor
    return [as_decimal, as_group] if (mark == ",") == decimal_comma else [as_group, as_decimal]


def _mixed(text: str, factor: int) -> list[Decimal]:
    decimal_mark = "." if text.rindex(".") > text.rindex(",") else ","
    group_mark = "," if decimal_mark == "." else "."
    head, _, tail = text.rpartition(decimal_mark)
    if not re.fullmatch(rf"\d{{1,3}}(?:\{group_mark}\d{{2,3}})+", head):
        return []
    return [Decimal(f"{head.replace(group_mark, '')}.{tail}") * factor]
