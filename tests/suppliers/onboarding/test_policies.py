"""Which template is whose, what an invitation says, and what a question takes."""

from datetime import timedelta

import pytest

from suppliers.onboarding.messages import Question, Step
from suppliers.onboarding.policies import (
    Reach,
    Whose,
    choose,
    filled,
    paying_waits_for,
    read_answer,
    reminds_at,
    still_open,
    unknown_places,
)
from tests.builders.world import MONDAY

EVERYBODY = Reach(1)
GERMANS = Reach(2, countries=frozenset({"DE"}))
CORE = Reach(3, segments=frozenset({"core"}), languages=frozenset({"de"}))
CASTINGS = Reach(4, categories=frozenset({"castings"}))
NEWER = Reach(5, countries=frozenset({"DE", "AT"}))


@pytest.mark.parametrize(
    ("reaches", "whose", "wanted"),
    [
        ([], Whose("DE", "core", "de"), None),
        ([GERMANS], Whose("FR", "core", "fr"), None),
        ([EVERYBODY], Whose("FR", "core", "fr"), (1, ())),
        ([EVERYBODY, GERMANS, CORE], Whose("DE", "core", "de"), (2, (("country", "DE"),))),
        ([EVERYBODY, CORE], Whose("DE", "core", "de"), (3, (("segment", "core"), ("language", "de")))),
        ([CORE], Whose("DE", "core", "en"), None),
        (
            [GERMANS, CASTINGS],
            Whose("DE", "core", "de", frozenset({"castings"})),
            (4, (("category", "castings"),)),
        ),
        ([NEWER, GERMANS], Whose("DE", "core", "de"), (5, (("country", "DE"),))),
    ],
)
def test_the_most_specific_template_wins_and_says_why(reaches, whose, wanted):
    assert choose(reaches, whose) == wanted


def test_placeholders_are_filled_once_and_others_are_named():
    text = "Dear {person}, {supplier} ({number}): {0.__class__} {settings}"
    values = {"person": "{number}", "supplier": "Acme", "number": "100"}

    assert filled(text, values) == "Dear {number}, Acme (100): {0.__class__} {settings}"
    assert unknown_places(text) == ["0.__class__", "settings"]


def test_reminders_end_by_themselves():
    days = [3, 7, 14]
    coming = [reminds_at(MONDAY, MONDAY + timedelta(days=after), days) for after in (0, 3, 6, 7, 14)]
    assert [one and (one - MONDAY).days for one in coming] == [3, 7, 7, 14, None]


def test_only_what_is_compulsory_holds_and_only_what_says_so_holds_the_money():
    steps = (Step("company"), Step("bank", paying_waits=True), Step("preferences", compulsory=False))
    standing = {"company": "open", "bank": "with_us", "preferences": "open"}

    assert still_open(steps, standing) == ["company"]
    assert paying_waits_for(steps, standing) == ["bank"]
    assert paying_waits_for(steps, {**standing, "bank": "done"}) == []


@pytest.mark.parametrize(
    ("holds", "typed", "kept"),
    [
        ("text", "  Yes. ", "Yes."),
        ("text", "x" * 1001, None),
        ("yes_no", "yes", "yes"),
        ("yes_no", "maybe", None),
        ("choice", "red", "red"),
        ("choice", "blue", None),
        ("number", "012.50", "12.5"),
        ("number", "NaN", None),
        ("number", "1e40", None),
        ("date", "2026-11-30", "2026-11-30"),
        ("date", "30.11.2026", None),
        ("number", "", ""),
    ],
)
def test_an_answer_is_kept_in_one_form_or_refused(holds, typed, kept):
    assert read_answer(Question("q", "?", holds, choices=("red", "green")), typed) == kept
