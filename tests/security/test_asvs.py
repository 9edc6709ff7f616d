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


# What a requirement asks to be written down (the first section of each of these chapters) is shown by a heading.
WRITTEN_DOWN = re.compile(r"V(?:2|6|7|8|11|13|14|15|16)\.1\.")


def test_what_is_said_is_shown():
    assert {row["id"]: wrong for row in rows() if (wrong := wrong_with(row))} == {}


def test_a_yes_of_the_first_two_levels_is_more_than_a_name():
    """By a test or by a setting of that very value; what is to be written down, by its heading. A file that exists, a
    setting without its value and a package in the lock are told besides, and prove nothing alone.
    """
    bare = []
    for row in rows():
        kinds = {kind_of(one) for one in shown_by(row)}
        enough = kinds & {"test", "setting"} or ("heading" in kinds and WRITTEN_DOWN.match(row["id"]))
        if row["applies"] == "yes" and row["level"] in "12" and not enough:
            bare.append(row["id"])
    assert bare == []


@pytest.mark.parametrize(
    ("evidence", "kind", "there"),
    [
        ("tests/security/test_asvs.py::rows", "test", True),
        ("tests/security/test_asvs.py::test_nothing", "test", False),
        ("settings.SESSION_COOKIE_AGE=43200", "setting", True),
        ("settings.SESSION_COOKIE_AGE=43201", "setting", False),
        ("settings.SESSION_COOKIE_AGE", "named", True),
        ("settings.NO_SUCH_SETTING", "named", False),
        ("locked:django-allauth", "dependency", True),
        ("locked:no-such-package", "dependency", False),
        ("docs/security/secrets.md#Algorithms", "heading", True),
        ("docs/security/secrets.md#Nothing of it", "heading", False),
        ("suppliers/roles.py", "named", True),
        ("suppliers/nothing.py", "named", False),
    ],
)
def test_each_kind_of_evidence_is_looked_at(evidence, kind, there):
    assert (kind_of(evidence), is_there(evidence)) == (kind, there)


def shown_by(row):
    return [one.strip() for one in row["evidence"].split(";") if one.strip()]


def wrong_with(row):
    """What a row claims without showing it."""
    shown = shown_by(row)
    wrong = [one for one in shown if not is_there(one)]
    if row["applies"] not in ("yes", "no", "partly", "not yet") or not row["how"].strip().endswith("."):
        wrong.append(row["applies"])
    if bool(shown) == (row["applies"] == "not yet"):
        wrong.append("evidence")
    return wrong


def kind_of(evidence):
    if evidence.startswith("settings."):
        return "setting" if "=" in evidence else "named"
    if evidence.startswith("locked:"):
        return "dependency"
    if "::" in evidence:
        return "test"
    return "heading" if "#" in evidence else "named"


def is_there(evidence):
    """Whether it is true: a setting of this value, a package of the lock, a heading, a test, a file."""
    kind = kind_of(evidence)
    if evidence.startswith("settings."):
        name, has_value, value = evidence.removeprefix("settings.").partition("=")
        return hasattr(django_settings, name) and (
            not has_value or repr(getattr(django_settings, name)) == value
        )
    if kind == "dependency":
        return evidence.removeprefix("locked:") in locked()
    path, _sign, part = evidence.replace("::", "#").partition("#")
    known = headings_of if kind == "heading" else defined_in
    return (ROOT / path).exists() and (not part or part in known(path))


@cache
def locked():
    """The packages that the portal runs with, each with its version and the hashes of its files."""
    text = (ROOT / "requirements" / "runtime.lock").read_text()
    return set(re.findall(r"^([\w.-]+)(?:\[[^\]]*\])?==", text, re.MULTILINE))


@cache
def headings_of(path):
    return set(re.findall(r"^#+ (.+?)\s*$", (ROOT / path).read_text(), re.MULTILINE))


@cache
def defined_in(path):
    """The tests and classes of tests that a file has."""
    return set(re.findall(r"^\s*(?:def|class) (\w+)", (ROOT / path).read_text(), re.MULTILINE))
