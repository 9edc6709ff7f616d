"""`python -m portal.checks`: every check, side by side; all are run, and one that fails makes the whole fail."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed

PYTHON = sys.executable
BIN = os.path.dirname(PYTHON)

# Types take as long as all others together, so they begin first.
CHECKS: tuple[tuple[str, list[str]], ...] = (
    ("types", [f"{BIN}/mypy"]),
    ("format", [f"{BIN}/ruff", "format", "--check", "--quiet", "."]),
    ("lint", [f"{BIN}/ruff", "check", "--quiet", "."]),
    ("imports", [f"{BIN}/lint-imports", "--no-logo"]),
    ("templates", [PYTHON, "-m", "portal.checks.templates"]),
    ("secrets", [PYTHON, "-m", "portal.checks.secrets"]),
    ("licences", [PYTHON, "-m", "portal.checks.licences"]),
    ("settings", [PYTHON, "manage.py", "check", "--fail-level", "WARNING"]),
    ("migrations", [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"]),
)


def main() -> int:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        begun = [pool.submit(passes, name, command) for name, command in CHECKS]
        for one in as_completed(begun):
            print(one.result()[1], flush=True)
    failed = [name for (name, _), one in zip(CHECKS, begun, strict=True) if not one.result()[0]]
    print(f"\nAll {len(CHECKS)} checks passed." if not failed else f"\nFailed: {', '.join(failed)}.")
    return bool(failed)


def passes(name: str, command: list[str]) -> tuple[bool, str]:
    """Whether a check passes, and what is to be said of it."""
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    good = done.returncode == 0
    said = f"{'ok    ' if good else 'FAILED'}  {name:<11} {time.monotonic() - began:5.1f} s"
    return good, said if good else f"{said}\n{(done.stdout + done.stderr).rstrip()}"


if __name__ == "__main__":
    sys.exit(main())
