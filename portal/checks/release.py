"""`make release-check`: what a release is made of, and what is known against it. `make audit`: the second alone.

Run as a file, in an environment of its own that holds `requirements/release.lock` and nothing of the portal. The bill
of materials has to name exactly what `runtime.lock` names, or it is thrown away. Where no source of advisories can be
reached nothing was audited, and it says so: for a release that is a failure, and no clean result. At each commit
(`make audit`, .ci/run) it is said and nothing more: what is known against a package is a failure there too.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements" / "runtime.lock"
BILL = ROOT / "var" / "release" / "quayside-sbom.json"
AUDIT = ROOT / "var" / "release" / "audit.json"
BIN = Path(sys.executable).parent
NOT_AUDITED = "NOT AUDITED"


def main(asked: Sequence[str] = ()) -> int:
    BILL.parent.mkdir(parents=True, exist_ok=True)
    only_audit = "audit" in asked
    problems = [*audit()] if only_audit else [*write_bill(), *audit()]
    for problem in problems:
        print(problem, flush=True)
    return is_failure(problems, only_audit=only_audit)


def is_failure(problems: Sequence[str], *, only_audit: bool) -> bool:
    """Whether it ends as a failure. That nobody could be asked ends a release, and no commit."""
    return any(not (only_audit and problem.startswith(NOT_AUDITED)) for problem in problems)


# --- The bill of materials ----------------------------------------------------------------------------------


def write_bill() -> Iterator[str]:
    """A CycloneDX file of what the image installs. What is wrong with it, if anything."""
    BILL.unlink(missing_ok=True)
    command = [f"{BIN}/cyclonedx-py", "requirements", str(LOCK), "--pyproject", f"{ROOT}/pyproject.toml"]
    told = ["--sv", "1.6", "--output-reproducible", "--of", "JSON", "-o", str(BILL)]
    done = subprocess.run([*command, *told], capture_output=True, text=True, check=False)
    if done.returncode:
        yield f"No bill of materials could be made:\n{done.stderr.strip()}"
        return
    wrong = list(differences(json.loads(BILL.read_text()), LOCK.read_text()))
    if wrong:
        BILL.unlink()
        yield from wrong
        return
    print(f"Bill of materials: {BILL.relative_to(ROOT)}, {len(pinned(LOCK.read_text()))} packages.")


def differences(bill: dict[str, Any], lock: str) -> Iterator[str]:
    """Where a bill of materials and a lock do not name the same packages in the same versions and files."""
    locked, named = pinned(lock), components(bill)
    for name, version, _hashes in sorted(locked - named, key=str):
        yield f"The bill of materials lacks {name} {version}, or its hashes."
    for name, version, _hashes in sorted(named - locked, key=str):
        yield f"The bill of materials has {name} {version}, which the lock has not, or not with these hashes."


Package = tuple[str, str, frozenset[str]]


def pinned(lock: str) -> set[Package]:
    """Each package of a lock, its version, and the hashes of its files. One may stand there for each Python."""
    found: set[Package] = set()
    for block in re.split(r"\n(?=\S)", lock):
        if told := re.match(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", block):
            hashes = re.findall(r"--hash=sha256:([0-9a-f]{64})", block)
            found.add((plain(told[1]), told[2], frozenset(hashes)))
    return found


def components(bill: dict[str, Any]) -> set[Package]:
    """The same, of a bill of materials."""
    found: set[Package] = set()
    for one in bill.get("components", []):
        files = [file for file in one.get("externalReferences", []) if file["type"] == "distribution"]
        hashes = [mark["content"] for file in files for mark in file.get("hashes", [])]
        found.add((plain(one["name"]), one["version"], frozenset(hashes)))
    return found


def plain(name: str) -> str:
    """A package's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


# --- The audit ----------------------------------------------------------------------------------------------


def audit() -> Iterator[str]:
    """What is known against the packages; or that nobody could be asked."""
    AUDIT.unlink(missing_ok=True)
    command = [
        f"{BIN}/pip-audit",
        "--require-hashes",
        "-r",
        str(LOCK),
        "--disable-pip",
        "--progress-spinner",
        "off",
    ]
    command += ["--timeout", "15", "-f", "json", "-o", str(AUDIT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    yield from judged(AUDIT.read_text() if AUDIT.exists() else "", done.stderr, len(pinned(LOCK.read_text())))


def judged(report: str, said: str, packages: int) -> Iterator[str]:
    """What an audit's report amounts to. Where a package was not asked about, that is no clean result."""
    if not report.strip():
        last = (said.strip().splitlines() or ["nothing"])[-1]
        yield f"{NOT_AUDITED}: no source of advisories could be asked; run it where one can. pip-audit said: {last}"
        return
    looked_at = json.loads(report)["dependencies"]
    for one in looked_at:
        for known in one.get("vulns", []):
            mended = ", ".join(known["fix_versions"]) or "no version yet"
            yield f"{one['name']} {one['version']}: {known['id']}, mended in {mended}."
    passed_over = [one for one in looked_at if "skip_reason" in one]
    if passed_over:
        yield (
            f"{NOT_AUDITED}: {len(passed_over)} of {len(looked_at)} packages; run it where a source of advisories"
            f" knows them. pip-audit said: {passed_over[0]['skip_reason']}"
        )
    elif not looked_at:
        yield f"{NOT_AUDITED}: no package was looked at, and the lock has {packages}."
    else:
        print(f"Audited: {len(looked_at)} packages that are installed here, of {packages} in the lock.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
