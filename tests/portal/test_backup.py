"""A dump by the owner holds every row of every supplier, and the walls come back with it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from psycopg import sql

from portal.embedded.postgres_home import PostgresUnavailable, programs_folder
from portal.kernel.actors import Actor
from portal.kernel.outbox.services import enqueue
from portal.kernel.scope import acting

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
RESTORED = f"restored_quayside_{os.getpid()}"


def owner_of(database: str) -> str:
    return urlsplit(os.environ["DATABASE_OWNER_URL"])._replace(path=f"/{database}").geturl()


def login_of(database: str) -> str:
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()


@pytest.fixture(scope="module")
def tools() -> Path:
    """Where pg_dump and pg_restore are."""
    found = shutil.which("pg_dump")
    try:
        return programs_folder()
    except PostgresUnavailable:
        if found is None:
            pytest.skip("pg_dump is not on this machine")
        return Path(found).parent


@pytest.fixture
def restored(tools: Path, tmp_path: Path) -> Iterator[str]:
    """The test database, dumped and restored as docs/operations.md says, under another name."""
    with psycopg.connect(owner_of("postgres"), autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(RESTORED)))
        dump = str(tmp_path / "quayside.dump")
        source = owner_of(connection.settings_dict["NAME"])
        try:
            run(tools / "pg_dump", "--format=custom", "--enable-row-security", f"--file={dump}", source)
            options = ["--no-owner", "--exit-on-error", "--single-transaction"]
            run(tools / "pg_restore", *options, f"--dbname={owner_of(RESTORED)}", dump)
            yield RESTORED
        finally:
            server.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(RESTORED)))


def run(*command: object) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def ask(address: str, question: str) -> list[tuple[object, ...]]:
    with psycopg.connect(address) as database:
        return database.execute(question).fetchall()


@pytest.fixture
def two_promises() -> None:
    """One message of each of two suppliers."""
    system = Actor.system("test")
    with acting(system):
        for supplier_id in (1, 2):
            stream = f"order:{supplier_id}"
            at = timezone.now()
            enqueue("erp", stream, "order.promised", {}, actor=system, at=at, supplier_id=supplier_id)


def test_every_row_comes_back_and_the_walls_with_them(two_promises, restored):
    rows = "SELECT supplier_id FROM kernel_outboxmessage ORDER BY 1"

    assert ask(owner_of(restored), rows) == [(1,), (2,)]
    assert ask(login_of(restored), rows) == []
    with psycopg.connect(login_of(restored)) as database:
        database.execute("SET LOCAL ROLE quayside_supplier")
        database.execute("SELECT set_config('quayside.suppliers', '{2}', true)")
        # A supplier's scope may count its messages and not read them.
        assert database.execute("SELECT count(id) FROM kernel_outboxmessage").fetchall() == [(1,)]


def test_policies_and_grants_are_the_same(two_promises, restored):
    policies = "SELECT tablename, policyname, roles::text, qual, with_check FROM pg_policies ORDER BY 1, 2"
    walls = """
        SELECT relname, relrowsecurity, relforcerowsecurity, relacl::text FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1
    """
    columns = """
        SELECT attrelid::regclass::text, attname, attacl::text FROM pg_attribute
        WHERE attacl IS NOT NULL AND attrelid >= 16384 ORDER BY 1, 2
    """

    source = owner_of(connection.settings_dict["NAME"])
    assert ask(source, policies) == ask(owner_of(restored), policies)
    assert ask(source, walls) == ask(owner_of(restored), walls)
    assert ask(source, columns) == ask(owner_of(restored), columns) != []


def test_the_owner_sees_every_row_of_every_walled_table():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relforcerowsecurity AND NOT EXISTS ("
            " SELECT FROM pg_policies WHERE tablename = relname AND qual = 'true'"
            " AND roles = ARRAY['quayside_owner'::name])"
        )
        hidden = [row[0] for row in cursor.fetchall()]

    assert hidden == []
    assert settings.DATABASE_OWNER["USER"] == "quayside_owner"
