"""Which port is free on this machine."""

from __future__ import annotations

import errno
import socket


def free_port() -> int:
    """Any free one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether we could listen there now; a port of a server that has just gone counts as free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as problem:
            if problem.errno in (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL):
                return False
            raise
    return True


def first_free(preferred: int, tries: int = 50) -> int:
    """The preferred port or the next one above it that is free."""
    for port in range(preferred, preferred + tries):
        if is_free(port):
            return port
    return free_port()
