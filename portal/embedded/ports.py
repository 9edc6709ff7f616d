"""Which port is free on this machine."""

from __future__ import annotations

import errno
import secrets
import socket

# Systems give outgoing connections ports from 32768 upwards: one from there may be gone before its server has started.
QUIET = range(10_000, 20_000)
TAKEN = (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL)


def free_port() -> int:
    """A free one, which nothing but a server of ours is likely to take before it is used."""
    for port in (*(secrets.choice(QUIET) for _try in range(50)), 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as problem:
                if problem.errno not in TAKEN:
                    raise
                continue
            return int(probe.getsockname()[1])
    raise OSError(errno.EADDRINUSE, "no port is free")


def reserved(port: int) -> socket.socket | None:
    """The port, held from now on; a web server may take it over. None when somebody else has it.

    Looking first and listening later would lose the port to whoever starts in between.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a server that has just gone is no hindrance
    try:
        held.bind(("127.0.0.1", port))
        held.listen(128)
    except OSError as problem:
        held.close()
        if problem.errno in TAKEN:
            return None
        raise
    return held


def first_reserved(preferred: int, tries: int = 50) -> socket.socket:
    """The preferred port or the next one above it that is free, held; else any free one."""
    for port in range(preferred, preferred + tries):
        held = reserved(port)
        if held:
            return held
    held = reserved(0)
    assert held is not None  # the system always finds one
    return held
