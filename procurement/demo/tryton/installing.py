"""Tryton in an environment of its own, outside the tree, made once for each state of its lock."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.embedded.places import ROOT

SERIES = ("8.0", "8.2")
MODULES = (
    "account_invoice_stock",
    "account_payment",
    "bank",
    "purchase_amendment",
    "purchase_history",
    "stock_split",
    "stock_supply",
)


class NotInstalled(RuntimeError):
    """The packages cannot be had here."""


def cache() -> Path:
    """Where it is kept: QUAYSIDE_CACHE, or the user's own cache folder."""
    named = os.environ.get("QUAYSIDE_CACHE") or os.environ.get("XDG_CACHE_HOME")
    return Path(named or Path.home() / ".cache") / "quayside"


def lock_of(series: str) -> Path:
    return ROOT / "requirements" / f"tryton-{series}.lock"


def fingerprint(*files: Path, also: str = "") -> str:
    """Changes when one of these files does, or this Python, or what is said beside them."""
    digest = hashlib.sha256(f"{sys.version} {also}".encode())
    for file in sorted(files):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


@contextmanager
def one_at_a_time(place: Path) -> Iterator[None]:
    """Two test workers at once: the second waits until the first has made what both need."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with (place.parent / f"{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def installed(series: str) -> Path:
    """The environment's `bin`; installed first where it is not there."""
    lock = lock_of(series)
    place = cache() / f"tryton-{series}-{fingerprint(lock)}"
    with one_at_a_time(place):
        if not (place / "done").exists():
            shutil.rmtree(place, ignore_errors=True)
            venv.EnvBuilder(with_pip=True, symlinks=True).create(place)
            install(place / "bin" / "python", lock)
            (place / "done").touch()
    return place / "bin"


def install(python: Path, lock: Path) -> None:
    """uv is fast; pip takes the same lock where it cannot."""
    uv = Path(sys.executable).parent / "uv"
    quick = [str(uv), "pip", "install", "--quiet", "--python", str(python)]
    slow = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for way in (quick, slow):
        command = [*way, "--require-hashes", "-r", str(lock)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
    raise NotInstalled(
        f"Tryton cannot be installed from {lock.name}: {done.stderr.strip().splitlines()[-1:]}"
    )
