"""The table of what ASVS 5.0 asks for: complete, and nothing in it is claimed without something that exists."""

import csv
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings as django_settings

ROOT = Path(django_settings.BASE_DIR)
STANDARD = ROOT.parent / "shared" / "security" / "asvs-5.0.0.csv"


def rows():
    with (ROOT / "docs" / "security" / "asvs.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_requirement_of_the_first_two_levels_has_one_row():
    """70 of the first level and 183 of the second; some of the third."""
    levels = Counter(row["level"] for row in rows())
    assert (levels["1"], levels["2"]) == (70, 183)
    assert levels["3"] >= 20
    ids = [row["id"] for row in rows()]
    assert len(set(ids)) == len(ids)
    assert ids == sorted(ids, key=lambda one: [int(part) for part in one[1:].split(".")])


@pytest.mark.skipif(not STANDARD.exists(), reason="the standard is not beside the tree")
def test_the_numbers_and_levels_are_the_standards():
    with STANDARD.open(newline="", encoding="utf-8") as file:
        standard = {row["req_id"]: row["L"] for row in csv.DictReader(file)}
    told = {row["id"]: row["level"] for row in rows()}
    assert {number for number, level in standard.items() if level in "12"} <= set(told)
    assert told.items() <= standard.items()


def test_what_is_said_is_shown():
    assert {row["id"]: wrong for row in rows() if (wrong := wrong_with(row))} == {}


def wrong_with(row):
    """What a row claims without showing it."""
    shown = [one.strip() for one in row["evidence"].split(";") if one.strip()]
    wrong = [one for one in shown if not is_there(one)]
    if row["applies"] not in ("yes", "no", "partly", "not yet") or not row["how"].strip().endswith("."):
        wrong.append(row["applies"])
    if bool(shown) == (row["applies"] == "not yet"):
        wrong.append("evidence")
    return wrong


def is_there(evidence):
    """Whether a setting, a file, or a test in it exists."""
    if evidence.startswith("settings."):
        return hasattr(django_settings, evidence.removeprefix("settings."))
    path, _colons, test = evidence.partition("::")
    return (ROOT / path).exists() and (not test or test in defined_in(path))


@cache
def defined_in(path):
    """The tests and classes of tests that a file has."""
    return set(re.findall(r"^\s*(?:def|class) (\w+)", (ROOT / path).read_text(), re.MULTILINE))
