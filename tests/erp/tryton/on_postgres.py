"""A Tryton on PostgreSQL: there transactions overlap, as they do in real companies and never in a file."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from portal.embedded.postgres_home import programs_folder
from procurement.demo.tryton import founding, serving
from procurement.demo.tryton.installing import cache, fingerprint, lock_of, one_at_a_time
from procurement.demo.tryton.serving import Books, TrytonServer, activate
from tests.erp.tryton.company import NORTHMOOR

SERIES = "8.0"


def owner() -> str:
    """The address of the tests' PostgreSQL, as somebody who may make databases; without a database."""
    return os.environ["DATABASE_OWNER_URL"].rpartition("/")[0] + "/"


@contextmanager
def a_database(name: str) -> Iterator[Books]:
    """An empty database, gone afterwards."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as server:
        drop(server, name)
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield Books(name, owner())
        finally:
            drop(server, name)


def drop(server: psycopg.Connection, name: str) -> None:
    """Drop a database, whoever is connected. The server's own cleaner cannot be sent away, and is done soon."""
    told = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    for last in (*[False] * 50, True):
        try:
            server.execute(told)
            return
        except psycopg.errors.InsufficientPrivilege:
            if last:
                raise
            time.sleep(0.2)


def dumped() -> Path:
    """The company of the tests as a dump, built once (three minutes) for each lock and script."""
    stamp = fingerprint(
        lock_of(SERIES), Path(founding.__file__), Path(serving.__file__), also=repr(NORTHMOOR)
    )
    place = cache() / f"tryton-{SERIES}-{NORTHMOOR.code}-{stamp}.pgdump"
    with one_at_a_time(place):
        if not place.exists():
            with a_database(f"erp_built_{os.getpid()}") as books, TemporaryDirectory() as folder:
                activate(SERIES, Path(folder), books)
                with TrytonServer(SERIES, Path(folder), books=books) as server:
                    founding.found(NORTHMOOR, server.address, books.database)
                part = place.with_suffix(".part")
                run(
                    "pg_dump",
                    "--format=custom",
                    f"--file={part}",
                    f"--dbname={books.postgres}{books.database}",
                )
                part.replace(place)
    return place


def run(program: str, *arguments: str) -> None:
    subprocess.run([programs_folder() / program, *arguments], check=True, capture_output=True)


@contextmanager
def tryton_on_postgres(folder: Path, **settings: str) -> Iterator[TrytonServer]:
    """A server on a database of its own with the company of the tests."""
    dump = dumped()
    with a_database(f"erp_{os.getpid()}") as books:
        run("pg_restore", "--no-owner", f"--dbname={books.postgres}{books.database}", str(dump))
        with TrytonServer(SERIES, folder, books=books, **settings) as server:
            yield server


def books_of(server: TrytonServer) -> psycopg.Connection[tuple[object, ...]]:
    """Tryton's own tables, past Tryton."""
    address = urlsplit(f"{server.books.postgres}{server.books.database}")
    return psycopg.connect(address.geturl())
