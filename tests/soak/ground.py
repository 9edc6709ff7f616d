"""What the portal stands on during a soak: durable, since its power is going to be cut. Knows nothing of Django."""

from __future__ import annotations

from pathlib import Path

from portal.embedded import postgres, processes, valkey
from portal.embedded.ports import free_port

PATIENCE = 10
# As founding.py makes it; what reads the settings cannot be asked before they are made.
TRYTON = "portal:portal-of-this-demo@127.0.0.1:{port}/erp"


class Ground:
    """A PostgreSQL and a broker at addresses that stay."""

    def __init__(self, folder: Path, tryton_port: int) -> None:
        self.folder = folder
        self.tryton_port = tryton_port
        self._postgres_port = free_port()
        self.cluster = self._start_postgres()
        self.broker = valkey.start_server(folder / "valkey", log=folder / "valkey.log")

    def _start_postgres(self) -> postgres.Cluster:
        return postgres.start_cluster(self.folder / "postgres", port=self._postgres_port)

    def environment(self, secret: str) -> dict[str, str]:
        """What every process of the portal is told."""
        return {
            "QUAYSIDE_MODE": "local",
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "SECRET_KEY": secret,
            "PUBLIC_URL": "http://127.0.0.1:8000",
            "VAR_DIR": str(self.folder / "var"),
            "DATABASE_URL": self.cluster.addresses.login,
            "BROKER_URL": self.broker.broker_url,
            "CACHE_URL": self.broker.cache_url,
            "ERP_CONNECTOR": "tryton",
            "ERP_URL": f"http://{TRYTON.format(port=self.tryton_port)}",
            "ERP_PATIENCE": str(PATIENCE),
            "PYTHONUNBUFFERED": "1",
        }

    def kill_postgres(self) -> None:
        """All its processes at once."""
        processes.end_group(self.cluster.child.pid)
        self.cluster.child.popen.wait()

    def kill_broker(self) -> None:
        self.broker.child.popen.kill()
        self.broker.child.popen.wait()

    def start_postgres(self) -> None:
        """Again, on what it had written."""
        self.cluster = self._start_postgres()

    def start_broker(self) -> None:
        """Again, at its address."""
        self.broker = valkey.start_server(
            self.folder / "valkey", log=self.folder / "valkey.log", former=self.broker
        )

    def stop(self) -> None:
        self.broker.child.end()
        self.cluster.stop()
