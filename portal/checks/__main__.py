"""`python -m portal.checks`: every check in turn; all are run, and one that fails makes the whole fail."""

from __future__ import annotations

import os
import subprocess
import sys
import time

PYTHON = sys.executable
BIN = os.path.dirname(PYTHON)

CHECKS: tuple[tuple[str, list[str]], ...] = (
    ("format", [f"{BIN}/ruff", "format", "--check", "--quiet", "."]),
    ("lint", [f"{BIN}/ruff", "check", "--quiet", "."]),
    ("imports", [f"{BIN}/lint-imports", "--no-logo"]),
    ("templates", [PYTHON, "-m", "portal.checks.templates"]),
    ("secrets", [PYTHON, "-m", "portal.checks.secrets"]),
    ("licences", [PYTHON, "-m", "portal.checks.licences"]),
    ("settings", [PYTHON, "manage.py", "check", "--fail-level", "WARNING"]),
    ("migrations", [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"]),
    ("types", [f"{BIN}/mypy"]),
)


def main() -> int:
    failed = [name for name, command in CHECKS if not passes(name, command)]
    print(f"\nAll {len(CHECKS)} checks passed." if not failed else f"\nFailed: {', '.join(failed)}.")
    return bool(failed)


def passes(name: str, command: list[str]) -> bool:
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(
        f"{'ok    ' if done.returncode == 0 else 'FAILED'}  {name:<11} {time.monotonic() - began:5.1f} s",
        flush=True,
    )
    if done.returncode:
        print((done.stdout + done.stderr).rstrip(), flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
