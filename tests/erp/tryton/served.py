"""A Tryton server on a database of our making, started, stopped, killed and set back at will."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from portal.embedded.ports import free_port
from tests.erp.tryton import company
from tests.erp.tryton.installed import MODULES, cache, fingerprint, installed, lock_of, one_at_a_time

DATABASE = "erp"
ADMIN = ("admin", "admin-of-the-tests")
HERE = Path(__file__).parent


def pristine(series: str) -> Path:
    """A database with modules, a company and a portal user, built once (about a minute) for each lock and script."""
    stamp = fingerprint(lock_of(series), HERE / "company.py", HERE / "served.py")
    place = cache() / f"tryton-{series}-{stamp}.sqlite"
    with one_at_a_time(place):
        if not place.exists():
            folder = place.with_suffix(".building")
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            build(series, folder)
            (folder / f"{DATABASE}.sqlite").rename(place)
            shutil.rmtree(folder)
    return place


def build(series: str, folder: Path) -> None:
    """Activate the modules and found the company, over the same wire that the portal uses."""
    (folder / f"{DATABASE}.sqlite").touch()
    (folder / "password").write_text(ADMIN[1])
    command = [installed(series) / "trytond-admin", "-d", DATABASE, "-u", *MODULES]
    subprocess.run(
        [*command, "--activate-dependencies", "--email", "admin@northmoor.example"],
        env=environment(folder) | {"TRYTONPASSFILE": str(folder / "password")},
        check=True,
        capture_output=True,
    )
    with TrytonServer(series, folder) as server:
        company.found(server.address, DATABASE, *ADMIN)
    with sqlite3.connect(folder / f"{DATABASE}.sqlite") as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def environment(folder: Path) -> dict[str, str]:
    names = {
        "TRYTOND_DATABASE_URI": "sqlite://",
        "TRYTOND_DATABASE__PATH": str(folder),
        "TRYTOND_DATABASE_NAMES": DATABASE,
    }
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    return kept | names


class TrytonServer:
    """One server process on one folder with one database."""

    def __init__(self, series: str, folder: Path) -> None:
        self.series = series
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def file(self) -> Path:
        return self.folder / f"{DATABASE}.sqlite"

    def start(self) -> None:
        """Returns when it answers."""
        serve = installed(self.series) / "waitress-serve"
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [serve, f"--listen=127.0.0.1:{self.port}", "--threads=4", "trytond.application:app"],
                env=environment(self.folder),
                stdout=log,
                stderr=log,
            )
        body = {"id": 1, "method": "common.server.version", "params": []}
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                if requests.post(f"{self.address}/rpc/", json=body, timeout=5).ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.05)
        raise RuntimeError(f"Tryton does not start:\n{(self.folder / 'server.log').read_text()[-3000:]}")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=20)
            self.process = None

    def kill(self) -> None:
        """As a power cut would: no word, no clean-up."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    def set_back(self, database: Path) -> None:
        """Put a database into the file that is served, while it is served."""
        with sqlite3.connect(database) as source, sqlite3.connect(self.file) as target:
            source.backup(target)
        target.close()
        source.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
