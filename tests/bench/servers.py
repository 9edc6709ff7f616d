"""What is measured: PostgreSQL, Valkey and gunicorn on the production settings, and how much CPU each has used."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import subprocess
import sys
import time
import urllib.request
from dataclasses import astuple, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from portal.embedded import ports, postgres, valkey
from portal.embedded.places import ROOT
from portal.embedded.postgres import Cluster
from portal.embedded.processes import Child
from portal.embedded.supervisor import Failed, Supervisor
from tests.bench.company import Size

HOST = "portal.example.com"
# A database server of its own gets a quarter of its memory; everything else is as PostgreSQL comes.
POSTGRES = {"shared_buffers": "1GB", "effective_cache_size": "4GB", "max_wal_size": "8GB"}
# A small run measures nothing: it need not wait until some thousand files are on the disk.
SMALL = {"fsync": "off"}
LOADING = "-c maintenance_work_mem=512MB"
TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Machine:
    """The servers that all measurements share."""

    supervisor: Supervisor
    home: Path
    cluster: Cluster
    broker: valkey.Server
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(64))
    password: str = "correct horse battery staple"

    def superuser(self, database: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(self.superuser_url(database), autocommit=True)

    def superuser_url(self, database: str) -> str:
        password = self.cluster.superuser_password
        return f"postgresql://postgres:{password}@127.0.0.1:{self.cluster.port}/{database}"

    def environment(self, database: str) -> dict[str, str]:
        """Production as docs/operations.md has it, behind one proxy."""
        inherited = {
            name: os.environ[name]
            for name in ("PATH", "HOME", "LANG", "QUAYSIDE_CACHE")
            if name in os.environ
        }
        return inherited | {
            "QUAYSIDE_MODE": "production",
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "SECRET_KEY": self.secret,
            "BANK_KEYS": "Zm9yIHRlc3RzIGFsb25lOiAwMTIzNDU2Nzg5YWJjZGU=",
            "ALLOWED_HOSTS": HOST,
            "PUBLIC_URL": f"https://{HOST}",
            "DATABASE_URL": with_database(self.cluster.addresses.login, database),
            "BROKER_URL": self.broker.broker_url,
            "CACHE_URL": self.broker.cache_url,
            "EMAIL_URL": "smtp://127.0.0.1:25",
            "TRUSTED_PROXIES": "1",
            # One person asks here for as much as a whole company.
            "PAGES_A_MINUTE": "1000000",
            "WRITES_A_MINUTE": "1000000",
            "VAR_DIR": str(self.home),
            "ERP_FILES_ROOT": str(self.home / "erp"),
            "PYTHONUNBUFFERED": "1",
        }

    def as_owner(self, database: str) -> dict[str, str]:
        owner = with_database(self.cluster.addresses.owner, database)
        return self.environment(database) | {"DATABASE_OWNER_URL": owner}

    def run(self, *command: str, env: dict[str, str]) -> str:
        """Runs one of our programs to its end; answers what it printed."""
        done = subprocess.run(
            [sys.executable, *command], env=env, cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Failed(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
        return done.stdout

    def database_cpu(self) -> float:
        """Seconds of CPU that PostgreSQL has used, with what its ended processes used."""
        return tree_cpu(self.cluster.child.pid)

    def broker_cpu(self) -> float:
        return tree_cpu(self.broker.child.pid)


def start(supervisor: Supervisor, home: Path, *, small: bool) -> Machine:
    """PostgreSQL (durable, as in production) and Valkey, of the bench alone."""
    data = home / "postgres"
    cluster = postgres.start_cluster(data, log=supervisor.logs / "postgres.log")
    supervisor.adopt(cluster.child)
    if set_up_postgres(cluster, POSTGRES | (SMALL if small else {})):
        cluster.stop()
        supervisor.children.remove(cluster.child)
        cluster = postgres.start_cluster(data, log=supervisor.logs / "postgres.log")
        supervisor.adopt(cluster.child)
    broker = valkey.start_server(home / "valkey", log=supervisor.logs / "valkey.log")
    supervisor.adopt(broker.child)
    machine = Machine(supervisor, home, cluster, broker)
    machine.run("manage.py", "collectstatic", "--no-input", "--clear", env=machine.environment("postgres"))
    return machine


def set_up_postgres(cluster: Cluster, wanted: dict[str, str]) -> bool:
    """Says whether something was changed that asks for a restart."""
    with postgres.connect(cluster.port, cluster.superuser_password) as server:
        known = dict(
            server.execute(
                "SELECT name, setting FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf'"
            ).fetchall()
        )
        for name, value in wanted.items():
            server.execute(
                sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value))
            )
    return any(known.get(name) != value for name, value in wanted.items())


def with_database(address: str, database: str) -> str:
    return urlsplit(address)._replace(path=f"/{database}").geturl()


# --- databases ----------------------------------------------------------------------------------------------


def fresh_database(machine: Machine, size: Size) -> tuple[str, dict[str, float]]:
    """A database with a company in it, copied from one that was loaded today; with how long the loading took."""
    template, name = f"made_{size.lines}_{state(size)}", f"bench_{size.lines}"
    note = machine.home / f"{template}.json"
    with machine.superuser() as server:
        known = {row[0] for row in server.execute("SELECT datname FROM pg_database").fetchall()}
        if template not in known or not note.exists():
            for old in known:
                if old.startswith(f"made_{size.lines}_"):
                    drop(server, old)
            note.write_text(json.dumps(load(machine, server, template, size)))
        drop(server, name)
        server.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    return name, json.loads(note.read_text())


def empty_database(machine: Machine, name: str) -> None:
    """A migrated database without a row. It is migrated once for each state of the migrations, and copied then."""
    migrated = f"migrated_{state_of_migrations()}"
    owner = sql.Identifier(urlsplit(machine.cluster.addresses.owner).username or "")
    with machine.superuser() as server:
        known = [row[0] for row in server.execute("SELECT datname FROM pg_database").fetchall()]
        if migrated not in known:
            for old in known:
                if old.startswith(("migrated_", "migrating")):
                    drop(server, old)
            server.execute(sql.SQL("CREATE DATABASE migrating OWNER {}").format(owner))
            machine.run("manage.py", "migrate", "--no-input", env=machine.as_owner("migrating"))
            server.execute(sql.SQL("ALTER DATABASE migrating RENAME TO {}").format(sql.Identifier(migrated)))
        drop(server, name)
        copy = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY FILE_COPY")
        server.execute(copy.format(sql.Identifier(name), owner, sql.Identifier(migrated)))


def load(machine: Machine, server: psycopg.Connection, template: str, size: Size) -> dict[str, float]:
    print(f"Making a company of {size.lines:,} lines …", flush=True)
    building = f"building_{size.lines}"
    empty_database(machine, building)
    env = machine.environment(building) | {
        "BENCH_SUPERUSER_URL": machine.superuser_url(building),
        "BENCH_PASSWORD": machine.password,
        "PGOPTIONS": LOADING,
    }
    took: dict[str, float] = json.loads(
        machine.run("-m", "tests.bench.loading", *map(str, astuple(size)), env=env)
    )
    server.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(building), sql.Identifier(template))
    )
    return took


def drop(server: psycopg.Connection, name: str) -> None:
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def state(size: Size) -> str:
    """Changes with the day, our tables and how the company is made."""
    here = Path(__file__).parent
    digest = hashlib.sha256(f"{time.strftime('%F')} {astuple(size)} {state_of_migrations()}".encode())
    for file in (here / "company.py", here / "loading.py"):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:10]


def state_of_migrations() -> str:
    """Changes with our tables."""
    packages = ("portal", "suppliers", "procurement")
    digest = hashlib.sha256()
    for file in sorted(file for package in packages for file in (ROOT / package).rglob("migrations/*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:10]


# --- the web server -----------------------------------------------------------------------------------------


@dataclass
class Web:
    """Gunicorn as docs/operations.md starts it."""

    child: Child
    port: int

    def cpu(self) -> float:
        return tree_cpu(self.child.pid)


def start_web(machine: Machine, database: str, *, workers: int = 2) -> Web:
    port = ports.free_port()
    counts = machine.home / f"metrics-{database}"
    counts.mkdir(exist_ok=True)
    env = machine.environment(database) | {
        "BIND": f"127.0.0.1:{port}",
        "PROMETHEUS_MULTIPROC_DIR": str(counts),
        "WEB_WORKERS": str(workers),
    }
    command = [sys.executable, "-m", "gunicorn", "--config", "portal/gunicorn.py", "portal.wsgi"]
    child = machine.supervisor.start(f"web-{database}", command, env=env, cwd=ROOT)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if not child.is_running():
            break
        try:
            asked = urllib.request.Request(f"http://127.0.0.1:{port}/health/live", headers={"Host": HOST})
            with urllib.request.urlopen(asked, timeout=5):
                return Web(child, port)
        except OSError:
            time.sleep(0.1)
    raise Failed(f"gunicorn does not start:\n{child.last_words(30)}")


def stop_web(machine: Machine, web: Web) -> None:
    web.child.end()
    machine.supervisor.children.remove(web.child)


# --- CPU ----------------------------------------------------------------------------------------------------


def tree_cpu(root: int) -> float:
    """Seconds of CPU of a process, its children, and those of them that have ended."""
    stats: dict[int, tuple[int, int]] = {}
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # ended between the listing and the reading
        pid, parent = int(entry.name), int(fields[1])
        stats[pid] = (int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14]))
        children.setdefault(parent, []).append(pid)
    ticks, waiting = 0, [root]
    while waiting:
        pid = waiting.pop()
        ticks += sum(stats.get(pid, (0, 0)))
        waiting += children.get(pid, [])
    return ticks / TICK
