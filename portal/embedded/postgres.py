"""A real PostgreSQL out of a Python wheel, driven by our own code: initdb, roles, start, stop.

The wheel's own `get_server()` is not used: after a killed holder it never stops its server.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString
from urllib.parse import quote

import psycopg
from psycopg import sql

from portal.embedded import processes
from portal.embedded.ports import free_port
from portal.embedded.postgres_home import (
    PostgresUnavailable,
    data_folder,
    kept_passwords,
    other_identity,
    programs_folder,
)
from portal.embedded.processes import Child

DATABASE = "quayside"
OWNER = "quayside_owner"
LOGIN = "quayside_app"
SCOPE_ROLES = ("quayside_supplier", "quayside_company")
DURABILITY_OFF = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
)
HELD_MEMORY = "pre-existing shared memory block"  # in what PostgreSQL says then (messages are C: English)


@dataclass(frozen=True)
class Addresses:
    """How the portal reaches its database: every day as the login, and as the owner for migrations."""

    login: str
    owner: str

    def as_environment(self) -> dict[str, str]:
        return {"DATABASE_URL": self.login, "DATABASE_OWNER_URL": self.owner}


@dataclass
class Cluster:
    """A running PostgreSQL and the way to it."""

    child: Child
    home: Path
    port: int
    addresses: Addresses
    superuser_password: str

    def stop(self) -> None:
        self.child.end()

    def answers_yes(self, question: LiteralString) -> bool:
        """Whether a SELECT in the portal's database answers true; False where its table is not there yet."""
        with connect(self.port, self.superuser_password, DATABASE) as server:
            try:
                row = server.execute(question).fetchone()
            except psycopg.errors.UndefinedTable:
                return False
        return row is not None and row[0] is True


def start_cluster(
    home: Path,
    *,
    port: int | None = None,
    durable: bool = True,
    detached: bool = False,
    log: Path | None = None,
) -> Cluster:
    """Starts the cluster kept under `home`, made first if it is not there, with roles and database."""
    home = home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    binaries, data = programs_folder(), data_folder(home)
    kept = home / "passwords.json"
    known = kept.exists()  # without its passwords a cluster is of no use: it is made anew
    passwords = kept_passwords(kept)
    if not (known and (data / "PG_VERSION").exists()):
        make_cluster(binaries, data, passwords["postgres"])
    wait_for_former_postmaster(data)
    chosen = port or free_port()

    def start() -> Child:
        return processes.start(
            "postgres",
            [str(binaries / "postgres"), "-D", str(data), *settings_arguments(chosen, durable)],
            log=log or home / "postgres.log",
            env=server_environment(),
            cwd=data,
            stop_signal=signal.SIGINT,  # PostgreSQL's "fast" shutdown
            as_user=other_identity(),
            detached=detached,
        )

    child = start_answering(start, chosen, passwords["postgres"])
    try:
        create_roles_and_database(chosen, passwords)
    except BaseException:
        child.end()
        raise
    return Cluster(child, home, chosen, addresses(chosen, passwords), passwords["postgres"])


def addresses(port: int, passwords: dict[str, str]) -> Addresses:
    def url(role: str) -> str:
        return f"postgresql://{role}:{quote(passwords[role])}@127.0.0.1:{port}/{DATABASE}"

    return Addresses(login=url(LOGIN), owner=url(OWNER))


def settings_arguments(port: int, durable: bool) -> list[str]:
    settings = [
        f"port={port}",
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",  # no socket: its path may be at most 107 bytes long
        "max_connections=200",
        "timezone=UTC",
        "log_timezone=UTC",
        *(() if durable else DURABILITY_OFF),
    ]
    return [part for setting in settings for part in ("-c", setting)]


def server_environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def make_cluster(binaries: Path, data: Path, password: str) -> None:
    """Runs initdb; the collation is the same on every machine because it is PostgreSQL's own."""
    identity = other_identity()
    with tempfile.TemporaryDirectory(prefix="quayside-") as folder:
        password_file = Path(folder) / "password"
        password_file.write_text(password)
        password_file.chmod(0o600)
        if data.exists():
            shutil.rmtree(data)  # from an initdb that was interrupted, or of a folder that was emptied
        data.mkdir(mode=0o700)
        if identity is not None:
            for path in (Path(folder), password_file, data):
                os.chown(path, identity, identity)
        command = [
            str(binaries / "initdb"),
            f"--pgdata={data}",
            "--username=postgres",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--locale=C.UTF-8",
            "--lc-collate=C",
            "--lc-ctype=C",
            "--lc-messages=C",
            "--no-sync",
            "--no-instructions",
        ]
        who = {} if identity is None else {"user": identity, "group": identity, "extra_groups": []}
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env=server_environment(),
            cwd=data,
            check=False,
            **who,  # type: ignore[call-overload]  # three keywords, or none of them
        )
    if done.returncode:
        shutil.rmtree(data, ignore_errors=True)
        raise PostgresUnavailable(f"initdb failed:\n{done.stdout}{done.stderr}")


def wait_for_former_postmaster(data: Path, patience: float = 5.0) -> None:
    """A killed postmaster goes a moment later, and is a zombie until somebody reaps it.

    So long its lock file keeps a new one out. One that stays is PostgreSQL's own to complain about.
    """
    try:
        former = int((data / "postmaster.pid").read_text().split()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            os.kill(former, 0)
        except (ProcessLookupError, PermissionError):
            return  # gone; or the number belongs to somebody else's process by now
        time.sleep(0.05)


def connect(port: int, password: str, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(
        host="127.0.0.1",
        port=port,
        user="postgres",
        password=password,
        dbname=database,
        autocommit=True,
        connect_timeout=5,
    )


def start_answering(start: Callable[[], Child], port: int, password: str, patience: float = 20.0) -> Child:
    """Starts the server and waits for it; again, while children of a killed one still hold its shared memory.

    They notice that their postmaster is gone only when they next look, a moment after it went.
    """
    deadline = time.monotonic() + patience
    while True:
        child = start()
        try:
            wait_until_it_answers(child, port, password)
        except PostgresUnavailable:
            child.end()
            # Behind its words may stand those of the killed one's children, which write into the same log.
            if HELD_MEMORY not in child.last_words(6) or time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        except BaseException:
            child.end()
            raise
        else:
            return child


def wait_until_it_answers(child: Child, port: int, password: str, patience: float = 60.0) -> None:
    deadline = time.monotonic() + patience
    while True:
        if not child.is_running():
            raise PostgresUnavailable(f"PostgreSQL did not start:\n{child.last_words()}")
        try:
            connect(port, password).close()
            return
        except psycopg.OperationalError as problem:
            if time.monotonic() > deadline:
                raise PostgresUnavailable(
                    f"PostgreSQL does not answer: {problem}\n{child.last_words()}"
                ) from problem
            time.sleep(0.03)


def create_roles_and_database(port: int, passwords: dict[str, str]) -> None:
    """The roles of docs/operations.md: an owner, a login owning nothing, two scope roles it may take."""
    with connect(port, passwords["postgres"]) as server:
        known = {row[0] for row in server.execute("SELECT rolname FROM pg_roles").fetchall()}
        for role, options in (
            (OWNER, "LOGIN CREATEDB NOSUPERUSER NOBYPASSRLS"),
            (LOGIN, "LOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS"),
        ):
            verb = "ALTER" if role in known else "CREATE"
            server.execute(
                sql.SQL(f"{verb} ROLE {{}} {options} PASSWORD {{}}").format(
                    sql.Identifier(role), sql.Literal(passwords[role])
                )
            )
        for role in SCOPE_ROLES:
            if role not in known:
                server.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
            server.execute(
                sql.SQL("GRANT {} TO {} WITH INHERIT FALSE, SET TRUE").format(
                    sql.Identifier(role), sql.Identifier(LOGIN)
                )
            )
        if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone() is None:
            server.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER))
            )
            server.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(DATABASE)))
            server.execute(
                sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                    sql.Identifier(DATABASE), sql.Identifier(LOGIN)
                )
            )
