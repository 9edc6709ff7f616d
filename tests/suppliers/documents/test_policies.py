"""What is required of whom, how long a document counts, and what is said on which day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suppliers.documents.policies import (
    Asked,
    Cover,
    Need,
    Party,
    Rule,
    Span,
    Step,
    cover_of,
    due_of,
    late_from,
    required_of,
    standing_of,
    step_of,
)
from suppliers.documents.states import Standing

DAY = timedelta(days=1)
TODAY = date(2026, 3, 2)
FROM = date(2026, 1, 1)
GERMAN = Party(1, "DE", "core", frozenset({"steel"}))
NEED = Need(7, compulsory=True, expires=True, grace_days=30)
WANTED = Need(7, compulsory=False, expires=True, grace_days=30)


def rule(**changed):
    said = {"kind": 7, "compulsory": True, "expires": True, "grace_days": 30, "from_on": FROM, **changed}
    return Rule(**said)


@pytest.mark.parametrize(
    ("changed", "fits"),
    [
        ({}, True),
        ({"countries": frozenset({"DE", "AT"})}, True),
        ({"countries": frozenset({"US"})}, False),
        ({"segments": frozenset({"core"})}, True),
        ({"segments": frozenset({"strategic"})}, False),
        ({"categories": frozenset({"steel", "valves"})}, True),
        ({"categories": frozenset({"valves"})}, False),
        ({"countries": frozenset({"DE"}), "segments": frozenset({"strategic"})}, False),
        ({"from_on": TODAY}, True),
        ({"from_on": TODAY + DAY}, False),
    ],
)
def test_of_whom_a_document_is_required(changed, fits):
    assert (7 in required_of(GERMAN, [rule(**changed)], TODAY)) is fits


def test_of_several_requirements_the_strictest_counts():
    rules = [
        rule(compulsory=False, expires=False, grace_days=60),
        rule(compulsory=True, expires=False, grace_days=40),
        rule(compulsory=False, expires=True, grace_days=90),
        rule(kind=8, compulsory=False),
    ]

    found = required_of(GERMAN, rules, TODAY)

    assert found == {7: Need(7, True, True, 40), 8: Need(8, False, True, 30)}
    assert required_of(GERMAN, reversed(rules), TODAY) == found


@pytest.mark.parametrize(
    ("spans", "cover"),
    [
        ([], Cover(False)),
        ([Span(None, None)], Cover(True)),
        ([Span(None, TODAY)], Cover(True, TODAY)),
        ([Span(None, TODAY - DAY)], Cover(False, ended_on=TODAY - DAY)),
        ([Span(TODAY + DAY, None)], Cover(False)),
        # a renewal that begins the day after carries on, one with a gap does not
        ([Span(None, TODAY), Span(TODAY + DAY, TODAY + 9 * DAY)], Cover(True, TODAY + 9 * DAY)),
        ([Span(None, TODAY), Span(TODAY + 2 * DAY, TODAY + 9 * DAY)], Cover(True, TODAY)),
        ([Span(None, TODAY + DAY), Span(TODAY, TODAY + 5 * DAY), Span(TODAY + 6 * DAY, None)], Cover(True)),
        ([Span(None, TODAY - 9 * DAY), Span(None, TODAY - 3 * DAY)], Cover(False, ended_on=TODAY - 3 * DAY)),
    ],
)
def test_how_far_a_supplier_is_covered(spans, cover):
    assert cover_of(spans, TODAY) == cover
    assert cover_of(spans[::-1], TODAY) == cover


days = st.integers(-60, 60).map(lambda n: TODAY + n * DAY)


@given(st.lists(st.tuples(st.none() | days, st.none() | days), max_size=5), days)
def test_a_day_before_the_end_is_covered_as_well(pairs, today):
    spans = [Span(first, last) for first, last in pairs if not first or not last or first <= last]
    cover = cover_of(spans, today)

    assert cover.is_covered == any(
        (one.first is None or one.first <= today) and (one.last is None or today <= one.last) for one in spans
    )
    if cover.until is not None:
        assert all(cover_of(spans, today + n * DAY).is_covered for n in range((cover.until - today).days + 1))
        assert not cover_of(spans, cover.until + DAY).is_covered


def told(need, spans, until_day, *, pending=()):
    """What is said on which day, when one looks each day; `pending` are the days on which something waits."""
    asked, found = None, []
    for n in range(until_day):
        today = TODAY + n * DAY
        cover = cover_of(spans, today)
        step = step_of(need, cover, asked, today, is_pending=n in pending)
        if step is not Step.NONE:
            found.append((n, str(step)))
        if step is Step.ASK:
            why = "ending" if cover.is_covered or cover.ended_on else "missing"
            asked = Asked(why, today, due_of(need, cover, None, today), today)
        elif step is Step.REST:
            asked = None
        elif step is not Step.NONE:
            asked = Asked(asked.why, asked.first_on, asked.due_on, today, asked.is_late or step is Step.MISS)
    return found


def test_what_was_never_there_is_asked_for_reminded_of_each_week_and_late_after_its_grace():
    assert told(NEED, [], 80) == [
        (0, "ask"),
        (7, "remind"),
        (14, "remind"),
        (21, "remind"),
        (28, "remind"),
        (31, "miss"),
    ]


def test_what_ends_is_asked_for_thirty_days_before_and_late_thirty_days_after():
    found = told(NEED, [Span(None, TODAY + 40 * DAY)], 120)

    reminders = [(n, "remind") for n in range(17, 71, 7)]
    assert found == [(10, "ask"), *reminders, (71, "miss")]


def test_it_stops_by_itself_when_something_is_supplied_and_goes_on_when_that_is_refused():
    found = told(NEED, [], 40, pending=range(5, 26))

    assert found == [(0, "ask"), (26, "remind"), (31, "miss")]


def test_what_is_accepted_or_not_required_any_more_rests():
    ending = Cover(True, TODAY + 29 * DAY)
    asked = Asked("ending", TODAY, TODAY + 29 * DAY, TODAY)

    assert step_of(NEED, Cover(True, TODAY + 31 * DAY), asked, TODAY, is_pending=False) is Step.REST
    assert step_of(None, ending, asked, TODAY, is_pending=False) is Step.REST
    assert step_of(None, Cover(False), None, TODAY, is_pending=False) is Step.NONE
    # another version with another last day within the thirty days: it is asked for anew
    assert step_of(NEED, Cover(True, TODAY + 30 * DAY), asked, TODAY, is_pending=False) is Step.ASK


def test_what_is_only_wanted_is_asked_for_once():
    assert told(WANTED, [], 120) == [(0, "ask")]


@pytest.mark.parametrize(
    ("need", "cover", "pending", "standing"),
    [
        (NEED, Cover(False), False, Standing.LATE),
        (WANTED, Cover(False), False, Standing.MISSING),
        (NEED, Cover(False), True, Standing.IN_REVIEW),
        (NEED, Cover(True), False, Standing.IN_FORCE),
        (NEED, Cover(True, TODAY + 31 * DAY), False, Standing.IN_FORCE),
        (NEED, Cover(True, TODAY + 30 * DAY), False, Standing.ENDING),
        (NEED, Cover(True, TODAY + 30 * DAY), True, Standing.IN_FORCE),
        (NEED, Cover(False, ended_on=TODAY - 30 * DAY), False, Standing.EXPIRED),
        (NEED, Cover(False, ended_on=TODAY - 31 * DAY), False, Standing.LATE),
        (None, Cover(False), False, Standing.NOTHING),
        (None, Cover(True, TODAY), False, Standing.IN_FORCE),
        (None, Cover(False, ended_on=TODAY - DAY), False, Standing.EXPIRED),
    ],
)
def test_how_a_supplier_stands(need, cover, pending, standing):
    due_on = cover.ended_on or cover.until or TODAY - DAY

    assert standing_of(need, cover, due_on, TODAY, is_pending=pending) == standing


def test_the_grace_is_after_the_last_day_and_not_twice():
    assert late_from(NEED, Cover(True, TODAY), TODAY) == TODAY + 31 * DAY
    assert late_from(NEED, Cover(False), TODAY) == TODAY + DAY
