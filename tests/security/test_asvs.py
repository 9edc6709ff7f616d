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
CLAIMS = ("yes", "partly")


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


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["id"])
def test_what_is_said_is_shown(row):
    assert row["applies"] in ("yes", "no", "partly", "not yet")
    assert row["how"].strip().endswith(".")
    shown = [one.strip() for one in row["evidence"].split(";") if one.strip()]
    assert bool(shown) == (row["applies"] != "not yet")
    for one in shown:
        if one.startswith("settings."):
            assert hasattr(django_settings, one.removeprefix("settings.")), one
            continue
        path, _colons, test = one.partition("::")
        assert (ROOT / path).exists(), one
        if test:
            assert test in defined_in(path), one


@cache
def defined_in(path):
    """The tests and classes of tests that a file has."""
    return set(re.findall(r"^\s*(?:def|class) (\w+)", (ROOT / path).read_text(), re.MULTILINE))
