"""Asking servers whose address somebody typed: over https, outside our own network, briefly, and never elsewhere.

Note [Inside]: a typed address must not make the portal ask what only the portal can reach: the database, the cloud's
metadata service, another company's printer. So every name is looked up and refused where one of its addresses is none
of the open internet's; and the very addresses that were looked at are connected to: a name that is looked up twice may
lead to two places. Whoever runs an asked server inside the own network names its host (`SSO_INSIDE_HOSTS`). Redirects
are not followed, proxies of the environment not used. CWE-918; ASVS 5.0, 1.3.6.

Note [Briefly]: a server that sends a letter every few seconds is never late with a piece, and would keep one of the
few who serve our pages for hours. After `IN_ALL` the connection is cut, wherever the answer is.
"""

import ipaddress
import socket
import threading
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

PATIENCE = 5.0  # seconds, for the connection and for each piece of the answer
IN_ALL = 15.0  # seconds, for a question and its whole answer
MOST_ADDRESSES = 4  # of one host that are tried
MOST_BYTES = 1024 * 1024


class NotOutside(requests.RequestException):
    """An address that is not to be asked, or an answer that is too long."""


def is_outside(address: str) -> bool:
    """Whether an address is one of the open internet. One of IPv6 that carries one of IPv4 is as that one."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        carried = found.ipv4_mapped or found.sixtofour
        if carried is not None:
            return carried.is_global and not carried.is_multicast
        if found in ipaddress.ip_network("64:ff9b::/96"):
            return ipaddress.ip_address(int(found) & 0xFFFFFFFF).is_global
    return found.is_global and not found.is_multicast


def fault_in(url: str, *, inside: tuple[str, ...] = (), plain: bool = False) -> str:
    """Why an address is not to be asked, in a word; empty where it may be. Nothing is looked up.

    `plain` lets hosts that are named in `inside` be asked over http: for one machine and for tests.
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return "address"
    if not host or parts.username is not None or parts.fragment or any(sign.isspace() for sign in url):
        return "address"
    if parts.scheme != "https" and not (plain and parts.scheme == "http" and host in inside):
        return "scheme"
    if host in inside:
        return ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return (
            ""
            if "." in host and not host.lower().endswith((".local", ".internal", ".localhost"))
            else "inside"
        )
    return "" if is_outside(host) else "inside"


class Outside(requests.Session):
    """A session that asks nobody inside. Raises `NotOutside` and whatever else requests raises."""

    def __init__(self, *, inside: tuple[str, ...] = (), plain: bool = False, ca: str = "") -> None:
        super().__init__()
        self.trust_env = False
        self.inside, self.plain = inside, plain
        if ca:
            self.verify = ca
        self._held: list[socket.socket] = []
        self._is_late = False
        self.mount("https://", _Careful(self))
        self.mount("http://", _Careful(self))

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        """One question and its whole answer, of so many bytes at most."""
        if fault := fault_in(str(url), inside=self.inside, plain=self.plain):
            raise NotOutside(f"This address is not asked: {fault}.")
        kwargs |= {"timeout": PATIENCE, "allow_redirects": False, "stream": True}
        self._is_late = False
        watch = threading.Timer(IN_ALL, self._cut)
        watch.daemon = True
        watch.start()
        try:
            with super().request(method, url, *args, **kwargs) as response:
                got = b""
                for piece in response.iter_content(16 * 1024):
                    got += piece
                    if len(got) > MOST_BYTES:
                        raise NotOutside("The answer is too long.")
        finally:
            watch.cancel()
            watch.join()
            self.close()  # the next question has a connection of its own
            while self._held:
                self._held.pop().close()
        if self._is_late:  # what was cut off may look like an end
            raise NotOutside("The answer takes too long.")
        response._content = got  # what `response.content` reads
        return response

    def hold(self, made: socket.socket) -> None:
        """Keep a hand on a connection, to cut it when it is time."""
        self._held.append(made.dup())
        if self._is_late:
            raise NotOutside("The answer takes too long.")

    def _cut(self) -> None:
        self._is_late = True
        for one in list(self._held):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


class _Careful(HTTPAdapter):
    """Connects to addresses of the open internet, and to hosts that are named."""

    def __init__(self, session: Outside) -> None:
        self.session = session
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            "http": _pool(HTTPConnectionPool, HTTPConnection, self.session),
            "https": _pool(HTTPSConnectionPool, HTTPSConnection, self.session),
        }


def _pool(pool: Any, connection: Any, session: Outside) -> Any:
    class Connection(connection):
        def _new_conn(self) -> socket.socket:
            made = _reached(self.host, self.port, is_named=self.host in session.inside)
            try:
                session.hold(made)
            except NotOutside:
                made.close()
                raise
            return made

    return type(f"Careful{pool.__name__}", (pool,), {"ConnectionCls": Connection})


def _reached(host: str, port: int, *, is_named: bool) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a name that no host can have
        raise NotOutside("There is no such host.") from error
    if not (is_named or all(is_outside(str(one[4][0])) for one in found)):
        raise NotOutside("This host is inside.")
    failed: OSError = NotOutside("There is no such host.")
    for family, kind, protocol, _name, where in found[:MOST_ADDRESSES]:
        made = socket.socket(family, kind, protocol)
        try:
            made.settimeout(PATIENCE)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            made.connect(where)
        except OSError as error:
            made.close()
            failed = error
            continue
        return made
    raise failed
