"""`make demo`: the whole portal on this machine, with a company that we made up, until Ctrl-C."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from portal.embedded import native, ports, postgres, preparing, valkey
from portal.embedded.places import ROOT, Places, say
from portal.embedded.postgres_home import PostgresUnavailable
from portal.embedded.supervisor import Failed, Stopping, Supervisor

USUAL_PORT = 8000
ERPS = ("files", "tryton")


def run_demo() -> int:
    """Starts everything, says where it is, and stays."""
    erp = os.environ.get("ERP", "").strip() or ERPS[0]
    if erp not in ERPS:
        print(f"ERP is {erp!r}; it must be one of: {', '.join(ERPS)}.", file=sys.stderr)
        return 1
    var = Path(os.environ.get("VAR_DIR") or ROOT / "var").resolve()
    places = Places(var if erp == ERPS[0] else var / erp)
    places.run.mkdir(parents=True, exist_ok=True)
    with (places.run / "demo.lock").open("a") as lock:
        if not taken(lock):
            print(f"A demo is already running here{known_address(places)}. Stop it first.", file=sys.stderr)
            return 1
        try:
            with Supervisor(places.run) as supervisor:
                address = bring_up(supervisor, places, erp)
                tell(address, places)
                supervisor.watch()
        except Stopping:
            print("\nStopped. `make demo` starts again where you left; `rm -rf var` forgets everything.")
            return 0
        except (Failed, PostgresUnavailable, valkey.ValkeyUnavailable) as problem:
            print(f"\nThe demo cannot run: {problem}\nLogs are in {places.var / 'log'}.", file=sys.stderr)
            return 1
    return 0


def bring_up(supervisor: Supervisor, places: Places, erp: str) -> str:
    """Servers, tables, demo company, web, worker, scheduler: in this order; answers the address."""
    began = time.monotonic()
    python = sys.executable
    door = chosen_port()
    address = f"http://127.0.0.1:{door.getsockname()[1]}"

    say("Starting PostgreSQL and the broker")
    cluster = postgres.start_cluster(places.var / "postgres", log=supervisor.logs / "postgres.log")
    supervisor.adopt(cluster.child)
    broker = valkey.start_server(places.var / "valkey", log=supervisor.logs / "valkey.log")
    supervisor.adopt(broker.child)

    env = portal_environment(places, address) | {
        "DATABASE_URL": cluster.addresses.login,
        "BROKER_URL": broker.broker_url,
        "CACHE_URL": broker.cache_url,
    }
    for_pdf = native.environment_for_pdf(places.var / "native")
    env |= for_pdf or {}
    if erp == "tryton":
        env |= bring_up_tryton(supervisor, env, places)

    preparing.prepare(supervisor, env, cluster, places)

    say("Starting web, worker and scheduler")
    metrics = preparing.emptied(places.run / "metrics")
    web_env = env | {"BIND": f"fd://{door.fileno()}", "PROMETHEUS_MULTIPROC_DIR": str(metrics)}
    web = [python, "-m", "gunicorn", "--config", "portal/gunicorn.py", "portal.wsgi"]
    supervisor.start("web", web, env=web_env, cwd=ROOT, handed_over=[door.fileno()])
    door.close()
    celery = [python, "-m", "celery", "--app", "portal", "--quiet"]
    pool = [] if os.access("/dev/shm", os.W_OK) or sys.platform == "darwin" else ["--pool", "threads"]  # noqa: S108
    worker = [*celery, "worker", "--concurrency", "2", "--without-gossip", "--without-mingle", *pool]
    supervisor.start("worker", worker, env=env, cwd=ROOT)
    beat = [*celery, "beat", "--schedule", str(places.run / "beat"), "--pidfile", ""]
    supervisor.start("scheduler", beat, env=env, cwd=ROOT)
    if erp == "files":
        supervisor.start("erp", [python, "manage.py", "play_erp"], env=env, cwd=ROOT)

    wait_until_ready(supervisor, address)
    write_address_book(address, places)
    if for_pdf is None:
        print(f"\n{native.ADVICE}")
    print(f"Ready after {time.monotonic() - began:.0f} s", flush=True)
    return address


def bring_up_tryton(supervisor: Supervisor, env: Mapping[str, str], places: Places) -> dict[str, str]:
    """A real Tryton in the ERP's place, as a program in an environment of its own; answers how it is reached."""
    say("Installing Tryton and founding a company in it (once, about two minutes)")
    folder = places.var / "erp"
    serve = [sys.executable, "manage.py", "serve_demo_tryton", "--folder", str(folder)]
    supervisor.run("found-tryton", serve, env=env, cwd=ROOT)
    say("Starting Tryton")
    port = ports.free_port()
    child = supervisor.start("tryton", [*serve, "--port", str(port)], env=env, cwd=ROOT)
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 90
    while not answers(address):
        if not child.is_running() or time.monotonic() > deadline:
            raise Failed(f"Tryton did not start:\n{child.last_words(30)}")
        time.sleep(0.2)
    known = json.loads((folder / "sign-in.json").read_text())
    user, password = known["portal"]
    database, (admin, secret) = known["database"], known["admin"]
    print(
        f"  For Tryton's own client: 127.0.0.1:{port}, database {database}, user {admin}, password {secret}"
    )
    return {"ERP_CONNECTOR": "tryton", "ERP_URL": f"http://{user}:{password}@127.0.0.1:{port}/{database}"}


def answers(address: str) -> bool:
    """Whether anything speaks HTTP there, whatever it says."""
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def taken(lock: IO[str]) -> bool:
    """Whether the lock of this folder is ours now; a killed demo's lock is free at once."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def known_address(places: Places) -> str:
    try:
        return f" at {json.loads(places.address_book.read_text())['address']}"
    except (FileNotFoundError, ValueError, KeyError):
        return ""


def chosen_port() -> socket.socket:
    """PORT where it is set, and then no other; else the usual port or the next free one. Held from now on."""
    wanted = os.environ.get("PORT", "").strip()
    if wanted:
        if not wanted.isdigit() or not 0 < int(wanted) < 65536:
            raise Failed(f"PORT is {wanted!r}; it must be a number from 1 to 65535.")
        door = ports.reserved(int(wanted))
        if door is None:
            raise Failed(f"port {wanted} is taken, or needs more rights. Choose another PORT.")
        return door
    door = ports.first_reserved(USUAL_PORT)
    port = door.getsockname()[1]
    if port != USUAL_PORT:
        print(f"Port {USUAL_PORT} is taken; using {port}. PORT=… chooses another.")
    return door


def portal_environment(places: Places, address: str) -> dict[str, str]:
    """What every process of the demo is told. The owner's address is told to `migrate` alone."""
    inherited = {
        k: v
        for k, v in os.environ.items()
        if k not in ("DEBUG", "DATABASE_OWNER_URL", "MAKEFLAGS", "MAKELEVEL")
    }
    return inherited | {
        "QUAYSIDE_MODE": "local",
        "QUAYSIDE_EMBEDDED": "1",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "SECRET_KEY": kept_secret(places.run / "secret"),
        "PUBLIC_URL": address,
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "VAR_DIR": str(places.var),
        "ERP_CONNECTOR": "files",
        "ERP_FILES_ROOT": str(places.var / "erp"),
        "EMAIL_URL": f"mailbox:{places.var / 'mailbox'}",
        "APPROVE_BY_LINK_LIMIT": "EUR=10000,USD=10000,GBP=10000,CHF=10000",
        "LOG_FORMAT": "json",
        "PYTHONUNBUFFERED": "1",
    }


def kept_secret(file: Path) -> str:
    """A key made at the first start and kept, so that people stay signed in over a restart."""
    if not file.exists():
        valkey.write_private(file, secrets.token_urlsafe(64))
    return file.read_text()


def wait_until_ready(supervisor: Supervisor, address: str, patience: float = 180.0) -> None:
    deadline = time.monotonic() + patience
    last = ""
    while time.monotonic() < deadline:
        for child in supervisor.children:
            if not child.is_running():
                raise Failed(f"{child.name} did not start:\n{child.last_words(30)}")
        try:
            with urllib.request.urlopen(f"{address}/health/ready", timeout=5) as answer:
                if answer.status == 200:
                    return
        except urllib.error.HTTPError as problem:
            last = problem.read().decode(errors="replace")
        except OSError as problem:
            last = str(problem)
        time.sleep(0.15)
    raise Failed(f"{address}/health/ready is not ready after {patience:.0f} s: {last}")


def write_address_book(address: str, places: Places) -> None:
    """var/demo.json: where the portal is and who may sign in."""
    people = json.loads(places.people.read_text())
    temporary = places.address_book.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    temporary.touch(mode=0o600)  # it holds passwords
    temporary.write_text(
        json.dumps({"address": address, "people": people}, indent=2, ensure_ascii=False) + "\n"
    )
    temporary.replace(places.address_book)


def tell(address: str, places: Places) -> None:
    """The address and the sign-ins, as a table."""
    people = json.loads(places.people.read_text())
    head = ("Role", "Name", "E-mail", "Password")
    rows = [(p["role"].replace("_", " "), p["name"], p["email"], p["password"]) for p in people]
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    line = "  ".join
    print(f"\n  Quayside is at {address}\n")
    for row in (head, tuple("─" * width for width in widths), *rows):
        print("  " + line(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print(f"\n  Mails go nowhere: they are at {address}/mailbox/")
    print("\n  For demos on this one machine. Ctrl-C stops it.", flush=True)
