"""What a release is made of, exactly; and that an audit which asked nobody passes for none."""

import json
import re
from pathlib import Path

import pytest
from django.conf import settings

from portal.checks import release

LOCK = release.LOCK.read_text()


def a_bill(of=LOCK):
    """As the tool writes it of a lock."""
    return {
        "components": [
            {
                "name": name,
                "version": version,
                "externalReferences": [
                    {"type": "website", "url": "https://example.com"},
                    {
                        "type": "distribution",
                        "hashes": [{"alg": "SHA-256", "content": one} for one in hashes],
                    },
                ],
            }
            for name, version, hashes in sorted(release.pinned(of), key=str)
        ]
    }


def test_every_line_of_the_lock_is_a_package_with_its_hashes():
    lines = re.findall(r"(?m)^[A-Za-z0-9]", LOCK)

    assert len(release.pinned(LOCK)) == len(lines) > 60
    assert all(hashes for _name, _version, hashes in release.pinned(LOCK))
    assert any(name == "django" and version.startswith("5.2.") for name, version, _ in release.pinned(LOCK))


def test_a_bill_of_exactly_what_the_lock_has_is_taken():
    assert list(release.differences(a_bill(), LOCK)) == []


def test_one_that_lacks_has_more_or_has_another_is_not():
    lacks, more, other = a_bill(), a_bill(), a_bill()
    gone = lacks["components"].pop()
    more["components"].append({"name": "Left_Pad", "version": "1.3.0"})
    other["components"][0]["externalReferences"][1]["hashes"][0]["content"] = "0" * 64

    assert list(release.differences(lacks, LOCK)) == [
        f"The bill of materials lacks {gone['name']} {gone['version']}, or its hashes."
    ]
    assert list(release.differences(more, LOCK)) == [
        "The bill of materials has left-pad 1.3.0, which the lock has not, or not with these hashes."
    ]
    assert len(list(release.differences(other, LOCK))) == 2


FOUND = {"id": "PYSEC-2026-1", "fix_versions": ["5.2.99"], "aliases": [], "description": ""}


@pytest.mark.parametrize(
    ("report", "told"),
    [
        ("", "NOT AUDITED: no source of advisories could be asked;"),
        (json.dumps({"dependencies": []}), "NOT AUDITED: no package was looked at, and the lock has 2."),
        (
            json.dumps({"dependencies": [{"name": "django", "version": "5.2.1", "vulns": [FOUND]}]}),
            "django 5.2.1: PYSEC-2026-1, mended in 5.2.99.",
        ),
        (
            json.dumps({"dependencies": [{"name": "django", "skip_reason": "not found"}]}),
            "NOT AUDITED: 1 of 1 packages; run it where a source of advisories knows them. pip-audit said: not found",
        ),
    ],
)
def test_an_audit_that_asked_nobody_or_found_something_is_a_failure(report, told):
    (problem,) = release.judged(report, "ConnectionError: no route to host", 2)

    assert problem.startswith(told)


def test_an_audit_that_found_nothing_is_none():
    clean = json.dumps({"dependencies": [{"name": "django", "version": "5.2.99", "vulns": []}]})

    assert list(release.judged(clean, "", 2)) == []


def test_a_commit_ends_with_what_is_known_and_not_for_want_of_a_network():
    """ASVS 5.0, 15.2.1: asked at each commit (.ci/run), and before a release, which ends for want of it too."""
    (nobody,) = release.judged("", "ConnectionError: no route to host", 2)
    known = "pypdf 1.0: CVE-2026-1, mended in 1.1."

    assert [release.is_failure(found, only_audit=True) for found in ([], [nobody], [nobody, known])] == [
        False,
        False,
        True,
    ]
    assert [release.is_failure(found, only_audit=False) for found in ([], [nobody], [known])] == [
        False,
        True,
        True,
    ]
    assert "\nmake audit\n" in (Path(settings.BASE_DIR) / ".ci" / "run").read_text()


def test_what_a_release_is_checked_with_is_pinned_with_hashes():
    root = Path(settings.BASE_DIR)
    tools = release.pinned((root / "requirements" / "release.lock").read_text())

    assert {"cyclonedx-bom", "pip-audit"} <= {name for name, _version, _hashes in tools}
    assert all(hashes for _name, _version, hashes in tools)
    assert "--require-hashes -r requirements/release.lock" in (root / "Makefile").read_text()
