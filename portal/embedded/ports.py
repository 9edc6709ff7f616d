"""Which port is free on this machine."""

from __future__ import annotations

import errno
import socket


def free_port() -> int:
    """Any free one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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
        if problem.errno in (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL):
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
