"""Days as people write them, seen from Monday, 2 March 2026 (week 10)."""

import json
from datetime import date, datetime

import pytest

from procurement.reading.answer import Precision
from procurement.reading.dates import Clock, Day, Later, find_days
from procurement.reading.folding import folded
from tests.erp.real_input import shared_data

MONDAY = date(2026, 3, 2)
DAY_FIRST, MONTH_FIRST = Clock(MONDAY), Clock(MONDAY, month_first=True)


def read(text, clock=DAY_FIRST):
    found = [one.value for one in find_days(folded(text), clock)]
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("on 12 March", "2026-03-12"),
        ("March 12th, 2026", "2026-03-12"),
        ("the 12th of March", "2026-03-12"),
        ("12-Mar-26", "2026-03-12"),
        ("2026-03-12", "2026-03-12"),
        ("am 12.03.", "2026-03-12"),
        ("am 12.3.26", "2026-03-12"),
        ("am 12. März 2026", "2026-03-12"),
        ("am 12. Maerz", "2026-03-12"),
        ("12/03/2026", "2026-03-12"),
        ("Thursday, 12 March", "2026-03-12"),
        ("Donnerstag, den 12.3.", "2026-03-12"),
        ("the 24th", "2026-03-24"),
        ("am 24. ", "2026-03-24"),
        ("next year's 5 January 2027", "2027-01-05"),
        ("8 January", "2027-01-08"),
        ("tomorrow", "2026-03-03"),
        ("übermorgen", "2026-03-04"),
        ("on Friday", "2026-03-06"),
        ("on Monday", "2026-03-09"),
        ("Friday week", "2026-03-13"),
        ("Freitag in einer Woche", "2026-03-13"),
        ("Friday next week", "2026-03-13"),
        ("Mittwoch in KW 18", "2026-04-29"),
        ("in 2 weeks", "2026-03-16"),
        ("in drei Wochen", "2026-03-23"),
        ("in 10 working days", "2026-03-16"),
        ("in 10 Arbeitstagen", "2026-03-16"),
    ],
)
def test_a_day(text, day):
    found = read(text)

    assert (str(found.day), found.precision) == (day, Precision.DAY)
    assert not found.is_ambiguous


@pytest.mark.parametrize(
    ("text", "monday"),
    [
        ("KW 12", "2026-03-16"),
        ("kw12/2026", "2026-03-16"),
        ("12. KW", "2026-03-16"),
        ("CW 12", "2026-03-16"),
        ("wk 12", "2026-03-16"),
        ("week 12", "2026-03-16"),
        ("next week", "2026-03-09"),
        ("übernächste Woche", "2026-03-16"),
        ("the week after next", "2026-03-16"),
        ("w/c 18 May", "2026-05-18"),
        ("the week of 20 May", "2026-05-18"),
        ("KW 3", "2027-01-18"),
    ],
)
def test_a_week_is_its_monday(text, monday):
    found = read(text)

    assert (str(found.day), found.precision) == (monday, Precision.WEEK)


@pytest.mark.parametrize(
    ("text", "day", "first", "last"),
    [
        ("early April", 1, 1, 10),
        ("Anfang April", 1, 1, 10),
        ("mid-April", 15, 10, 20),
        ("Mitte April", 15, 10, 20),
        ("end of April", 30, 20, 30),
        ("Ende April", 30, 20, 30),
        ("end of next month", 30, 20, 30),
    ],
)
def test_a_part_of_a_month(text, day, first, last):
    found = read(text)

    assert found.day == date(2026, 4, day)
    assert found.span == (date(2026, 4, first), date(2026, 4, last))
    assert found.precision is Precision.MONTH


def test_the_locale_says_which_number_is_the_month():
    assert read("3/4", DAY_FIRST).day == date(2026, 4, 3)
    assert read("3/4", MONTH_FIRST).day == date(2026, 3, 4)
    assert read("3/25", DAY_FIRST).day == date(2026, 3, 25)


@pytest.mark.parametrize(
    ("text", "days", "from_requested"),
    [
        ("two weeks later", 14, False),
        ("eine Woche später", 7, False),
        ("delayed by 2 weeks", 14, True),
        ("verspätet sich um 10 Tage", 10, True),
        ("3 weeks late", 21, True),
        ("a week earlier than requested", -7, True),
    ],
)
def test_so_long_after_something_else(text, days, from_requested):
    assert read(text) == Later(days, from_requested, read(text).rule)


@pytest.mark.parametrize(
    "text",
    [
        "may we ship?",
        "Guten Morgen, Frau Buyer",
        "an order of 12",
        "1.5 mm",
        "31.2.",
        "32 March",
        "mo money",
        "week by week",
    ],
)
def test_what_is_no_day(text):
    assert list(find_days(folded(text), DAY_FIRST)) == []


def test_a_weekday_that_does_not_fit_its_date_is_ambiguous():
    assert read("Friday, 12 March").is_ambiguous
    assert read("next Friday").is_ambiguous  # this week's or next week's: said on a Monday
    assert not read("next Monday").is_ambiguous


def test_a_day_without_a_year_is_also_a_day_gone_by():
    found = read("27 February")

    assert (found.day, found.past) == (date(2027, 2, 27), date(2026, 2, 27))


# Others read numbers in words, years long ago and "the first Friday of July"; we leave those alone, or read a part.
AS_PUBLISHED = 0.85


def test_published_phrases_are_read_as_published_or_not_at_all():
    """Phrases with a reading published by others: what we read we read alike, but for a named handful of habits."""
    phrases = shared_data("extraction_specs") / "Recognizers-Text/DateTime/English/DateParser.json"
    right = wrong = 0
    for case in json.loads(phrases.read_text(encoding="utf-8-sig")):
        reference = (case.get("Context") or {}).get("ReferenceDateTime")
        values = [(one.get("Value") or {}).get("FutureResolution", {}).get("date") for one in case["Results"]]
        if not reference or len(values) != 1 or not values[0] or "ago" in case["Input"]:
            continue
        clock = Clock(datetime.fromisoformat(reference).date(), month_first=True)
        found = [one.value for one in find_days(folded(case["Input"]), clock)]
        if len(found) == 1 and isinstance(found[0], Day) and found[0].precision is Precision.DAY:
            right += str(found[0].day) == values[0]
            wrong += str(found[0].day) != values[0]

    assert right >= 40
    assert right / (right + wrong) >= AS_PUBLISHED
