"""What must be there before the portal can start: tables, collected files, a company. Skipped where it is."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from portal.embedded.places import ROOT, Places, say
from portal.embedded.postgres import Cluster
from portal.embedded.supervisor import Supervisor

MANAGE = (sys.executable, "manage.py")
PACKAGES = ("portal", "suppliers", "procurement")


def prepare(supervisor: Supervisor, env: Mapping[str, str], cluster: Cluster, places: Places) -> None:
    """Brings tables, files and the demo company up to this version; a second time it finds nothing to do."""
    say("Preparing tables and files")
    migrations = [path for package in PACKAGES for path in (ROOT / package).rglob("migrations/*.py")]
    tables = Marker(places.run / "tables", [*migrations, ROOT / "requirements" / "demo.lock"])
    if not (tables.is_current() and cluster.answers_yes("SELECT count(*) > 0 FROM django_migrations")):
        owner = {**env, **cluster.addresses.as_environment()}
        supervisor.run("migrate", [*MANAGE, "migrate", "--no-input"], env=owner, cwd=ROOT)
        tables.set()
    files = Marker(places.run / "files", (ROOT / "static").rglob("*"))
    if not (files.is_current() and (places.var / "static" / "staticfiles.json").exists()):
        supervisor.run(
            "collectstatic", [*MANAGE, "collectstatic", "--no-input", "--clear"], env=env, cwd=ROOT
        )
        files.set()
    if not (places.people.exists() and cluster.answers_yes("SELECT EXISTS (SELECT FROM suppliers_user)")):
        say("Making up a company, its suppliers and their orders (once, a few minutes)")
        supervisor.run("seed", [*MANAGE, "seed_demo", "--people-file", str(places.people)], env=env, cwd=ROOT)


class Marker:
    """Remembers for which state of some files a step was done."""

    def __init__(self, file: Path, sources: Iterable[Path]) -> None:
        self.file = file
        self.now = fingerprint(path for path in sources if path.is_file())

    def is_current(self) -> bool:
        return self.file.exists() and self.file.read_text() == self.now

    def set(self) -> None:
        self.file.write_text(self.now)


def fingerprint(files: Iterable[Path]) -> str:
    """Changes when a file comes, goes or is written."""
    digest = hashlib.sha256()
    for file in sorted(files):
        status = file.stat()
        digest.update(f"{file}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def emptied(folder: Path) -> Path:
    """The folder, there and without what an earlier run counted."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.db"):
        old.unlink()
    return folder
