"""A Tryton server on a database of our making, started, stopped, killed and set back at will."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from portal.embedded.ports import free_port
from procurement.demo.tryton.founding import ADMIN, Founding, found
from procurement.demo.tryton.installing import (
    MODULES,
    cache,
    fingerprint,
    installed,
    lock_of,
    one_at_a_time,
)

DATABASE = "erp"
HERE = Path(__file__).parent


def activated(series: str) -> Path:
    """A database with nothing but the modules, built once (about a minute) for each lock."""
    stamp = fingerprint(lock_of(series), HERE / "installing.py", HERE / "serving.py")
    return _made_once(cache() / f"tryton-{series}-modules-{stamp}.sqlite", partial(activate, series))


def founded(series: str, company: Founding) -> Path:
    """A database with a company in it, built once (ten seconds more) for each state of what it is made from."""
    sources = (HERE / name for name in ("founding.py", "installing.py", "serving.py"))
    stamp = fingerprint(lock_of(series), *sources, also=repr(company))
    place = cache() / f"tryton-{series}-{company.code}-{stamp}.sqlite"
    return _made_once(place, partial(settle, series, company))


def _made_once(place: Path, make: Callable[[Path], None]) -> Path:
    with one_at_a_time(place):
        if not place.exists():
            folder = place.with_suffix(".building")
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            make(folder)
            with sqlite3.connect(folder / f"{DATABASE}.sqlite") as database:
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            database.close()
            (folder / f"{DATABASE}.sqlite").rename(place)
            shutil.rmtree(folder)
    return place


def settle(series: str, company: Founding, folder: Path) -> None:
    """Found a company in a copy of the activated database, over the same wire that the portal uses."""
    shutil.copyfile(activated(series), folder / f"{DATABASE}.sqlite")
    with TrytonServer(series, folder) as server:
        found(company, server.address, server.books.database)


@dataclass(frozen=True, slots=True)
class Books:
    """Where a Tryton keeps its data: a file of the server's folder, or a database of a PostgreSQL."""

    database: str = DATABASE
    postgres: str = ""

    def environment(self, folder: Path) -> dict[str, str]:
        """What Tryton's programs are told."""
        names = {
            "TRYTOND_DATABASE_URI": self.postgres or "sqlite://",
            "TRYTOND_DATABASE__PATH": str(folder),
            "TRYTOND_DATABASE_NAMES": self.database,
        }
        kept = {one: value for one, value in os.environ.items() if one in ("PATH", "HOME", "LANG", "TMPDIR")}
        return kept | names


IN_A_FILE = Books()


def activate(series: str, folder: Path, books: Books = IN_A_FILE) -> None:
    """Make the tables of all modules. A database of a PostgreSQL is there already, and empty."""
    if not books.postgres:
        (folder / f"{books.database}.sqlite").touch()
    (folder / "password").write_text(ADMIN[1])
    administer = [str(installed(series) / "trytond-admin"), "-d", books.database, "-u", *MODULES]
    subprocess.run(
        [*administer, "--activate-dependencies", "--email", "admin@northmoor.example"],
        env=books.environment(folder) | {"TRYTONPASSFILE": str(folder / "password")},
        check=True,
        capture_output=True,
    )


def command(series: str, port: int) -> list[str]:
    """The server, for this machine alone."""
    serve = installed(series) / "waitress-serve"
    return [str(serve), f"--listen=127.0.0.1:{port}", "--threads=4", "trytond.application:app"]


class TrytonServer:
    """One server process on one folder with one database."""

    def __init__(
        self,
        series: str,
        folder: Path,
        port: int | None = None,
        books: Books = IN_A_FILE,
        **settings: str,
    ) -> None:
        self.series = series
        self.folder = folder
        self.books = books
        self.settings = settings
        self.port = port or free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def file(self) -> Path:
        return self.folder / f"{self.books.database}.sqlite"

    def start(self) -> None:
        """Returns when it answers."""
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                command(self.series, self.port),
                env=self.books.environment(self.folder) | self.settings,
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
