"""Redis, RabbitMQ and PgBouncer as Debian packages them, started by us on ports of their own and thrown away."""

from __future__ import annotations

import os
import random
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import unquote, urlsplit

from portal.embedded import postgres, processes
from portal.embedded.postgres_home import other_identity, programs_folder
from portal.embedded.processes import Child
from tests import database as this_run

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {"redis-server": "redis-server", "rabbitmq-server": "rabbitmq-server", "pgbouncer": "pgbouncer"}
# The script that Debian puts into the path changes to a user of its own; the one it calls runs as who we are.
RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


def missing() -> str:
    """Why these tests cannot run here; empty where they can."""
    lacking = [package for package, program in PACKAGES.items() if found(program) is None]
    return f"Debian's {', '.join(lacking)} not installed; .ci/run installs what it can." if lacking else ""


def found(program: str) -> str | None:
    if program == "rabbitmq-server":
        return str(RABBITMQ) if RABBITMQ.exists() and found("epmd") else None
    return shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/bin")


def program(name: str) -> str:
    path = found(name)
    assert path is not None
    return path


def give(path: Path) -> Path:
    """To the user under whom root starts servers."""
    identity = other_identity()
    if identity is not None:
        os.chown(path, identity, identity)
    return path


def folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return give(path)


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder for one run that servers can reach though they run as another user.

    Not pytest's own: each run of pytest closes the folder above it to everybody else, for those that run beside it too.
    """
    with tempfile.TemporaryDirectory(prefix="quayside-machines-", ignore_cleanup_errors=True) as made:
        Path(made).chmod(0o755)
        yield Path(made)


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


GIVEN: set[int] = set()  # to servers that may not have taken them yet
LASTING = range(20_000, 32_000)
SHARE = len(LASTING) // 8


def lasting_port() -> int:
    """A free one that no outgoing connection is given while its server is down, and so still free when it comes back.

    Systems take the ports of outgoing connections from 32768 upwards. It is given once: each process of a run has a
    share of its own, for another may be about to start a server on what is free still.
    """
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = LASTING.start + process % 8 * SHARE
    for _try in range(200):
        port = random.randrange(first, first + SHARE)
        if port in GIVEN:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            GIVEN.add(port)
            return port
    raise AssertionError("no port is free")


def wait_for(what: str, is_true: Callable[[], bool], patience: float = 60.0) -> float:
    """Wait until something is so; answers how long it took."""
    began = time.monotonic()
    while not is_true():
        if time.monotonic() - began > patience:
            raise AssertionError(f"{what} is not so after {patience:.0f} s")
        time.sleep(0.05)
    return time.monotonic() - began


@dataclass
class Server:
    """Something that can be started, killed without a word, and started again as it was."""

    name: str
    command: Sequence[str]
    log: Path
    env: Mapping[str, str]
    cwd: Path = ROOT
    port: int | None = None
    as_user: int | None = None
    children: list[Child] = field(default_factory=list)

    def start(self) -> None:
        self.children.append(
            processes.start(
                self.name, self.command, log=self.log, env=self.env, cwd=self.cwd, as_user=self.as_user
            )
        )

    def wait(self, patience: float = 90.0) -> None:
        port = self.port
        assert port is not None
        wait_for(f"{self.name} listens", lambda: listens(port) or self.complain(), patience)

    def complain(self) -> bool:
        assert self.child.is_running(), f"{self.name} ended:\n{self.child.last_words(40)}"
        return False

    @property
    def child(self) -> Child:
        return self.children[-1]

    def kill(self) -> None:
        """SIGKILL, to it and to all that it started: nobody gets to say goodbye."""
        processes.end_group(self.child.pid)
        self.child.popen.wait(10)
        self.child.ended = True

    def end(self) -> None:
        if self.children:
            self.child.end()


def plain_env(**more: str) -> dict[str, str]:
    return {"PATH": f"{os.environ.get('PATH', os.defpath)}:/usr/sbin", "LC_ALL": "C", **more}


def redis(home: Path) -> tuple[Server, str]:
    """A Redis that keeps what it was given, and its address."""
    port, password = lasting_port(), secrets.token_hex(16)
    settings = ["--bind", "127.0.0.1", "--port", str(port), "--requirepass", password, "--save", ""]
    settings += ["--appendonly", "yes", "--dir", str(folder(home)), "--maxmemory-policy", "noeviction"]
    command = [program("redis-server"), *settings]
    log = home / "redis.log"
    server = Server("redis", command, log, plain_env(), port=port, as_user=other_identity())
    return server, f"redis://:{password}@127.0.0.1:{port}"


def rabbitmq(home: Path) -> tuple[list[Server], str]:
    """A RabbitMQ, the name server of Erlang that it needs, and its address. Both are ours: no daemon stays behind."""
    folder(home)
    names, port, talk, password = lasting_port(), lasting_port(), lasting_port(), secrets.token_hex(16)
    (home / "rabbitmq.conf").write_text(
        f"listeners.tcp.1 = 127.0.0.1:{port}\ndefault_user = quayside\ndefault_pass = {password}\n"
        "disk_free_limit.absolute = 50MB\nlog.console = true\nlog.console.level = warning\n"
    )
    (home / "plugins").write_text("[].\n")
    env = plain_env(
        HOME=str(home),
        ERL_EPMD_PORT=str(names),
        ERL_EPMD_ADDRESS="127.0.0.1",
        RABBITMQ_NODENAME="quayside@localhost",
        RABBITMQ_DIST_PORT=str(talk),
        RABBITMQ_CONFIG_FILE=str(home / "rabbitmq.conf"),
        RABBITMQ_CONF_ENV_FILE=str(home / "none.conf"),
        RABBITMQ_ENABLED_PLUGINS_FILE=str(home / "plugins"),
        RABBITMQ_MNESIA_BASE=str(folder(home / "data")),
        RABBITMQ_LOG_BASE=str(folder(home / "log")),
        RABBITMQ_PID_FILE=str(home / "pid"),
    )
    who = other_identity()
    epmd = Server("epmd", [program("epmd"), "-port", str(names)], home / "epmd.log", env, home, names, who)
    server = Server("rabbitmq", [program("rabbitmq-server")], home / "rabbitmq.log", env, home, port, who)
    return [epmd, server], f"amqp://quayside:{password}@127.0.0.1:{port}//"


def pgbouncer(
    home: Path, login: str, *, database: str = "quayside", size: int = 4, sessions: int = 40
) -> tuple[Server, dict[str, str]]:
    """A PgBouncer with deploy/pgbouncer.ini in front of a PostgreSQL; the addresses of its two pools."""
    folder(home)
    behind, port = urlsplit(login), lasting_port()
    users = home / "userlist.txt"
    users.write_text(f'"{behind.username}" "{unquote(behind.password or "")}"\n')
    settings = (ROOT / "deploy" / "pgbouncer.ini").read_text()
    for ours, here in (
        ("host=postgres port=5432", f"host=127.0.0.1 port={behind.port}"),
        ("listen_addr = *", "listen_addr = 127.0.0.1"),
        ("listen_port = 6432", f"listen_port = {port}"),
        ("auth_file = /etc/pgbouncer/userlist.txt", f"auth_file = {users}"),
        ("dbname=quayside", f"dbname={database}"),
        ("pool_mode=transaction pool_size=20", f"pool_mode=transaction pool_size={size}"),
        ("pool_mode=session pool_size=40", f"pool_mode=session pool_size={sessions}"),
    ):
        assert ours in settings
        settings = settings.replace(ours, here)
    (home / "pgbouncer.ini").write_text(settings)
    for path in (users, home / "pgbouncer.ini"):
        give(path).chmod(0o600)
    command = [program("pgbouncer"), str(home / "pgbouncer.ini")]
    server = Server("pgbouncer", command, home / "pgbouncer.log", plain_env(), home, port, other_identity())
    through = behind._replace(netloc=f"{behind.username}:{behind.password}@127.0.0.1:{port}")
    pools = {"web": "quayside", "workers": "quayside_workers"}
    return server, {name: through._replace(path=f"/{pool}").geturl() for name, pool in pools.items()}


def wait_for_no_disk(cluster: postgres.Cluster, *, wait: bool = False) -> None:
    """Let a server not wait until what it writes is on the disk: only a power cut would tell the difference.

    The tables of the portal are some thousand files, and the first checkpoint waits for each.
    """
    with postgres.connect(cluster.port, cluster.superuser_password) as server:
        server.execute("ALTER SYSTEM RESET fsync" if wait else "ALTER SYSTEM SET fsync = off")
        server.execute("SELECT pg_reload_conf()")


def fill(cluster: postgres.Cluster) -> None:
    """Give the empty database of a new server its tables, as this run's own database was given them: migrated once.

    For the fixtures of those that need a server of their own and not a migration; `django_db_setup` comes first.
    """
    owner = urlsplit(os.environ["DATABASE_OWNER_URL"])
    there = f"host=127.0.0.1 port={cluster.port} user=postgres password={cluster.superuser_password}"
    with tempfile.TemporaryDirectory() as folder, this_run.server() as here:
        dump = Path(folder) / "tables"
        template = owner._replace(path=f"/{this_run.make_template(here)}").geturl()
        words = ["--format=custom", "--compress=none", "--enable-row-security", f"--file={dump}"]
        run([str(programs_folder() / "pg_dump"), *words, f"--dbname={template}"], plain_env())
        words = ["--exit-on-error", "--single-transaction", f"--dbname={there} dbname={postgres.DATABASE}"]
        run([str(programs_folder() / "pg_restore"), *words, str(dump)], plain_env())


class Database:
    """A durable PostgreSQL that can be killed and started again on the same port."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.cluster = postgres.start_cluster(home, port=lasting_port())

    def kill(self) -> None:
        """The postmaster alone is killed; its processes notice and go, each in the middle of what it did."""
        self.cluster.child.popen.kill()
        self.cluster.child.popen.wait(10)

    def restart(self) -> None:
        """As an upgrade does: whoever is connected is thrown out."""
        self.cluster.child.end()
        self.start()

    def start(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                self.cluster = postgres.start_cluster(self.home, port=self.cluster.port)
                return
            except postgres.PostgresUnavailable:
                if time.monotonic() > deadline:  # those of the killed one are still going
                    raise
                time.sleep(0.2)

    def ask(self, question: LiteralString) -> Any:
        """What the database itself says, past pooler and portal."""
        with postgres.connect(
            self.cluster.port, self.cluster.superuser_password, postgres.DATABASE
        ) as server:
            row = server.execute(question).fetchone()
        assert row is not None
        return row[0]

    def end(self) -> None:
        self.cluster.child.end()


def run(command: Sequence[str], env: Mapping[str, str], cwd: Path = ROOT) -> str:
    """What a command says; its words are shown where it fails."""
    done = subprocess.run(list(command), env=dict(env), cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
    return done.stdout
