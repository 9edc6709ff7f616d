"""Two web processes, three workers and a scheduler on a broker, PgBouncer and PostgreSQL, as docs/scaling.md says."""

from __future__ import annotations

import http.client
import json
import secrets
import sys
import threading
from pathlib import Path
from typing import Any

from procurement.erp.pretend import PretendErp
from tests.machines import servers
from tests.machines.company import paper
from tests.machines.servers import ROOT, Database, Server, plain_env, wait_for
from tests.machines.visitors import AS_PROXIED

WORKERS = ("worker-1", "worker-2", "worker-3")


class Ground:
    """What stays while brokers change: the database with its pooler, the ERP, the company and the collected files."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.database = Database(home / "postgres")
        self.pooler, self.pools = servers.pgbouncer(home / "pgbouncer", self.database.cluster.addresses.login)
        self.redis, self.redis_url = servers.redis(home / "redis")
        self.epmd: Server | None = None
        self.erp = PretendErp(home / "erp")
        self.orders = 0
        self.secret = secrets.token_urlsafe(64)
        self.people: dict[str, str] = {}

    def lay(self) -> None:
        """Tables, files and a company."""
        servers.wait_for_no_disk(self.database.cluster)
        self.pooler.start()
        self.redis.start()
        manage = [sys.executable, "manage.py"]
        local = plain_env(
            QUAYSIDE_MODE="local", SECRET_KEY=self.secret, STATIC_ROOT=str(self.home / "static")
        )
        files = threading.Thread(
            target=servers.run, args=([*manage, "collectstatic", "--no-input", "-v0"], local)
        )
        files.start()
        servers.fill(self.database.cluster)
        servers.wait_for_no_disk(self.database.cluster, wait=True)
        files.join()
        self.people = self.company("open")

    def company(self, what: str) -> dict[str, Any]:
        address = {
            "DATABASE_URL": self.database.cluster.addresses.login,
            "DJANGO_SETTINGS_MODULE": "portal.settings",
        }
        env = plain_env(QUAYSIDE_MODE="local", SECRET_KEY=self.secret, PYTHONPATH=str(ROOT), **address)
        answer: dict[str, Any] = json.loads(
            servers.run([sys.executable, "tests/machines/company.py", what], env)
        )
        return answer

    def send_orders(self, count: int) -> None:
        """The ERP writes so many new orders into the drop folder."""
        papers = [paper(number) for number in range(self.orders, self.orders + count)]
        self.orders += count
        self.erp.put_orders(papers)
        self.erp.export_orders(numbers=[one.number for one in papers])

    def end(self) -> None:
        for server in (self.pooler, self.redis, *([self.epmd] if self.epmd else [])):
            server.end()
        self.database.end()


class Site:
    """The processes of the portal on one broker, and the ERP that listens."""

    def __init__(self, ground: Ground, broker: Server, broker_url: str, *, schedulers: int = 1) -> None:
        self.ground, self.broker = ground, broker
        home = ground.home / broker.name
        env = plain_env(
            QUAYSIDE_MODE="production",
            SECRET_KEY=ground.secret,
            BANK_KEYS="Zm9yIHRlc3RzIGFsb25lOiAwMTIzNDU2Nzg5YWJjZGU=",
            PUBLIC_URL="https://portal.example.com",
            ALLOWED_HOSTS="portal.example.com",
            TRUSTED_PROXIES="1",
            # A handful of people do here in a minute what a company does in a morning.
            PAGES_A_MINUTE="1000000",
            WRITES_A_MINUTE="1000000",
            BROKER_URL=broker_url,
            CACHE_URL=f"{ground.redis_url}/1",
            EMAIL_URL="smtp://127.0.0.1:1",
            ERP_FILES_ROOT=str(ground.erp.root),
            STATIC_ROOT=str(ground.home / "static"),
            VAR_DIR=str(home / "var"),
            PYTHONUNBUFFERED="1",
        )
        for_web = env | {
            "DATABASE_URL": ground.pools["web"],
            "DATABASE_POOLER": "transaction",
            "WEB_WORKERS": "1",
        }
        for_work = env | {"DATABASE_URL": ground.pools["workers"], "DATABASE_POOLER": "session"}
        self.servers: dict[str, Server] = {"broker": broker, "pgbouncer": ground.pooler}
        for name in ("web-1", "web-2"):
            port = servers.lasting_port()
            command = [sys.executable, "-m", "gunicorn", "--config", "portal/gunicorn.py", "portal.wsgi"]
            bound = for_web | {"BIND": f"127.0.0.1:{port}"}
            self.servers[name] = Server(name, command, home / f"{name}.log", bound, port=port)
        celery = [sys.executable, "-m", "celery", "--app", "portal"]
        for name in WORKERS:
            command = [*celery, "worker", "--concurrency", "1", "--hostname", f"{name}@%h"]
            command += ["--without-gossip", "--without-mingle"]
            self.servers[name] = Server(name, command, home / f"{name}.log", for_work)
        for name in ("scheduler", "scheduler-2")[:schedulers]:
            beat = [*celery, "beat", "--schedule", str(home / name), "--pidfile", ""]
            self.servers[name] = Server(name, beat, home / f"{name}.log", for_work)
        self.listening = threading.Event()
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.broken: BaseException | None = None

    @property
    def doors(self) -> list[int]:
        return [port for name in ("web-1", "web-2") if (port := self.servers[name].port)]

    def open(self) -> None:
        (self.ground.home / self.broker.name).mkdir(exist_ok=True)
        for name, server in self.servers.items():
            if name not in ("broker", "pgbouncer"):
                server.start()
        for name in ("web-1", "web-2"):
            self.wait_for_web(name)
        self.listener.start()

    def wait_for_web(self, name: str) -> None:
        server = self.servers[name]

        def answers() -> bool:
            line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
            try:
                line.request("GET", "/health/ready", headers=AS_PROXIED)
                return line.getresponse().status == 200 or server.complain()
            except OSError:
                return server.complain()
            finally:
                line.close()

        wait_for(f"{name} is ready", answers, 90)

    def start(self, name: str) -> None:
        """As the process manager does; and wait for those that people wait for."""
        server = self.servers[name]
        server.start()
        if name.startswith("web"):
            self.wait_for_web(name)
        elif server.port:
            server.wait()

    def _listen(self) -> None:
        """The other end of the drop folder: takes promises over and tells what became of them."""
        try:
            while not self.listening.wait(0.5):
                self.ground.erp.work()
        except BaseException as problem:
            self.broken = problem

    def close(self) -> None:
        self.listening.set()
        self.listener.join(30)
        for name, server in self.servers.items():
            if name not in ("broker", "pgbouncer") and server.children:
                server.child.ask_to_end()
        for name, server in self.servers.items():
            if name not in ("broker", "pgbouncer"):
                server.end()
        if self.broken:
            raise self.broken

    def last_words(self) -> str:
        return "\n\n".join(
            f"--- {name}\n{server.child.last_words(8)}"
            for name, server in self.servers.items()
            if server.children
        )
