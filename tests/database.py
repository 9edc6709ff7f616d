"""The test database: made by the owner once per state of the migrations, copied for each run, used by the login."""

from __future__ import annotations

import functools
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.test import TransactionTestCase
from psycopg import Connection, errors, sql

# Content types, permissions and kinds of documents are made by migrations; what other tables hold is a test's own.
KEPT_TABLES = frozenset(
    {"django_migrations", "django_content_type", "auth_permission", "suppliers_documentkind"}
)
PREFIX = "template_quayside_"
ONE_AT_A_TIME = 0x71756179


@contextmanager
def as_owner() -> Iterator[None]:
    """For making, migrating and emptying the test database; tests themselves never run in here."""
    login = {name: connection.settings_dict[name] for name in ("USER", "PASSWORD")}
    connection.close()
    connection.settings_dict.update(settings.DATABASE_OWNER)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(login)


@contextmanager
def made_once(blocker: Any) -> Iterator[None]:
    """For fixtures of a module: what is made in here is there for all its tests, and gone after them.

    It is a transaction around theirs: what a test does is rolled back to a savepoint in it. Not for tests that use
    transactions of their own (`transaction=True`).
    """
    with blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


def make_database(*, keep: bool) -> str:
    """Makes this run's database, or takes the kept one; answers its name."""
    name = connection.creation._get_test_db_name()
    with server() as cluster:
        if not (keep and exists(cluster, name)):
            template = make_template(cluster)
            cluster.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
            copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
            cluster.execute(copy)
    use(name)
    return name


def drop_database(name: str, former: str) -> None:
    """Forgets this run's database and goes back to the one in the settings."""
    end_forgotten_sessions()
    if name in _owners:
        _owners.pop(name).close()
    use(former)
    with server() as cluster:
        cluster.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def empty_all_tables(self: TransactionTestCase) -> None:
    """After a test that really committed: the login may not delete everything, so the owner does.

    TRUNCATE writes every table and every index of it anew, of which there are a thousand; few tables hold anything.
    """
    connection.close_if_unusable_or_obsolete()
    wait_for_other_sessions()
    empty(owner(), _asked_of_owner())


def empty(server: Connection, asked: sql.Composed) -> None:
    """Deletes what `asking_for_rows` finds, and counts from one again."""
    with server.transaction():
        filled = [table for (table,) in server.execute(asked).fetchall()]
        if not filled:
            return
        emptied = sql.SQL("; ").join(sql.SQL("DELETE FROM {}").format(sql.Identifier(one)) for one in filled)
        # Facts are kept: portal/kernel/walls.py. In any order: foreign keys are looked at when all is done.
        server.execute(sql.SQL("SET LOCAL quayside.maintenance = 'audit'; ") + emptied)
        server.execute(RESTART, [filled])


@functools.cache
def _asked_of_owner() -> sql.Composed:
    return asking_for_rows(owner())


def asking_for_rows(server: Connection) -> sql.Composed:
    """Which tables hold rows, in one question."""
    rows = server.execute(TABLES).fetchall()
    tables = sorted(table for (table,) in rows if table not in KEPT_TABLES)
    asked = "SELECT {} WHERE EXISTS (SELECT FROM {})"
    return sql.SQL(" UNION ALL ").join(
        sql.SQL(asked).format(sql.Literal(table), sql.Identifier(table)) for table in tables
    )


TABLES = "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
RESTART = """
SELECT setval(counter.oid::regclass, 1, false) FROM pg_class counter
JOIN pg_depend ON pg_depend.objid = counter.oid AND pg_depend.deptype IN ('a', 'i')
JOIN pg_class owner ON owner.oid = pg_depend.refobjid
WHERE counter.relkind = 'S' AND owner.relname = ANY (%s)
"""


# --- What was rolled back -----------------------------------------------------------------------------------


class Tidying:
    """Gives back the room of rows that tests have rolled back or deleted: PostgreSQL reads over them at every look at a
    table until they are swept up, and what reads a table of thousands of them takes five times as long.
    """

    EVERY = 2.0  # seconds of tests
    GROWN = 24 * 8192  # bytes of a table

    def __init__(self) -> None:
        self.spent = 0.0
        self.left: dict[str, int] = {}

    def after(self, seconds: float) -> None:
        """A test has come to its end, with all that it had set up."""
        self.spent += seconds
        if self.spent < self.EVERY or not _owners:
            return
        self.spent = 0.0
        grown = [name for name, size in self._sizes() if size > 2 * self.left.get(name, 0) + self.GROWN]
        if grown:
            names = sql.SQL(", ").join(map(sql.Identifier, grown))
            owner().execute(sql.SQL("VACUUM (SKIP_LOCKED) {}").format(names))
            self.left |= {name: size for name, size in self._sizes() if name in grown}

    def _sizes(self) -> list[tuple[str, int]]:
        return owner().execute(SIZES).fetchall()


SIZES = (
    "SELECT relname, pg_relation_size(oid) FROM pg_class"
    " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
)


# --- The template -------------------------------------------------------------------------------------------


def make_template(cluster: Connection) -> str:
    """The migrated, empty database that all runs copy; made by whoever comes first while the others wait."""
    name = PREFIX + state_of_migrations()
    cluster.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])  # ends with the connection
    if not exists(cluster, name):
        forget_older_templates(cluster)
        building = f"{PREFIX}building_{os.getpid()}"
        cluster.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(building)))
        try:
            migrate(building)
            rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            cluster.execute(rename.format(sql.Identifier(building), sql.Identifier(name)))
        except BaseException:
            cluster.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(building)))
            raise
    return name


def state_of_migrations() -> str:
    """Changes when a migration of ours or a locked package changes."""
    root = Path(settings.BASE_DIR)
    packages = ("portal", "suppliers", "procurement")
    files = [file for package in packages for file in (root / package).rglob("migrations/*.py")]
    digest = hashlib.sha256()
    for file in (
        *sorted(files),
        root / "portal" / "kernel" / "walls.py",
        root / "requirements" / "test.lock",
    ):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def migrate(name: str) -> None:
    former = str(connection.settings_dict["NAME"])
    with as_owner():
        connection.settings_dict["NAME"] = name
        try:
            call_command("migrate", verbosity=0, interactive=False, run_syncdb=True)
        finally:
            connection.close()
            connection.settings_dict["NAME"] = former


def forget_older_templates(cluster: Connection) -> None:
    for (name,) in cluster.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX]
    ).fetchall():
        try:
            cluster.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
        except errors.ObjectInUse:
            continue  # another run is copying it; the next one forgets it


# --- The server ---------------------------------------------------------------------------------------------


def server() -> Connection:
    """The cluster, as the owner; `with` closes it."""
    address = urlsplit(os.environ["DATABASE_OWNER_URL"])._replace(path="/postgres").geturl()
    return psycopg.connect(address, autocommit=True)


def owner() -> Connection:
    """This run's database, as its owner: one connection for all that is done between tests."""
    name = str(connection.settings_dict["NAME"])
    if name not in _owners:
        address = urlsplit(os.environ["DATABASE_OWNER_URL"])._replace(path=f"/{name}").geturl()
        _owners[name] = psycopg.connect(address, autocommit=True)
    return _owners[name]


_owners: dict[str, Connection] = {}


def exists(cluster: Connection, name: str) -> bool:
    return cluster.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def use(name: str) -> None:
    """From now on every connection of this process, other threads' too, is to this database."""
    connection.close()
    connection.settings_dict["NAME"] = name


def wait_for_other_sessions(patience: float = 10.0) -> None:
    """Let the server finish what a closed page asked of it: written late, it would be the next test's trouble."""
    deadline = time.monotonic() + patience
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock_all()")  # of our own, which stays for the next test
        while time.monotonic() < deadline:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND usename = current_user AND pid <> pg_backend_pid() AND state <> 'idle'"
            )
            if not cursor.fetchone()[0]:
                return
            time.sleep(0.02)
    end_forgotten_sessions()


def end_forgotten_sessions() -> None:
    """A thread that a test left behind may still be connected; only its own role may end it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
        )
