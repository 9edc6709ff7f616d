"""Documents of suppliers, the papers they are made of, a virus scanner and an object store to speak with."""

import io
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from PIL import Image

from portal.kernel.actors import Actor
from portal.kernel.scanning import Scan
from portal.kernel.scope import acting
from suppliers.documents.messages import AcceptDocument, SupplyDocument, WriteRequirement
from suppliers.documents.models import Document, DocumentVersion, Requirement
from suppliers.documents.services import (
    accept_document,
    expire_ended,
    keep_asking,
    refuse_document,
    supply_document,
    write_requirement,
)
from suppliers.models import Supplier
from tests.builders.world import MONDAY
from tests.people import FEED, Person

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
TODAY = MONDAY.date()
EICAR = b"%PDF-1.7\nX5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*\n%%EOF\n"
# On this our scanner errs.
UNREADABLE = b"%a bomb of boxes%"


@cache
def a_picture(kind: str = "PNG", size: tuple[int, int] = (60, 80)) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, "white").save(made, kind)
    return made.getvalue()


def actor_of(who: Person | Actor) -> Actor:
    return who.actor if isinstance(who, Person) else who


def supplier_named(number: str) -> Supplier:
    with acting(FEED):
        return Supplier.objects.get(number=number)


def require(kind: str = "iso-9001", *, who: Person | Actor = FEED, **changed: Any) -> Requirement:
    """This kind is required of everybody, since January."""
    said: dict[str, Any] = {"compulsory": True, "expires": True, "from_on": date(2026, 1, 1), **changed}
    with acting(actor_of(who)):
        return write_requirement(WriteRequirement(kind=kind, **said), actor=actor_of(who), at=MONDAY)


def supply(
    who: Person | Actor,
    kind: str = "iso-9001",
    *,
    at: datetime = MONDAY,
    supplier: str = "ACME",
    **changed: Any,
) -> DocumentVersion:
    """The next version of a document, valid until the end of the year."""
    said: dict[str, Any] = {
        "name": f"{kind}.pdf",
        "content": PDF,
        "scan": Scan.OFF,
        "valid_until": date(2026, 12, 31),
        **changed,
    }
    command = SupplyDocument(supplier=supplier_named(supplier).key, kind=kind, **said)
    with acting(actor_of(who)):
        return supply_document(command, actor=actor_of(who), at=at)


def accept(
    version: DocumentVersion, who: Person | Actor, *, at: datetime = MONDAY, **days: Any
) -> DocumentVersion:
    said = {"valid_from": version.valid_from, "valid_until": version.valid_until, **days}
    command = AcceptDocument(version.key, version.version, **said)
    with acting(actor_of(who)):
        return accept_document(command, actor=actor_of(who), at=at)


def refuse(
    version: DocumentVersion, who: Person | Actor, reason: str = "It is not signed.", *, at: datetime = MONDAY
) -> DocumentVersion:
    with acting(actor_of(who)):
        return refuse_document(version.key, version.version, reason, actor=actor_of(who), at=at)


def fresh_version(version: DocumentVersion) -> DocumentVersion:
    with acting(FEED):
        return DocumentVersion.objects.select_related("document__kind", "supplier").get(pk=version.pk)


def states() -> list[tuple[int, str]]:
    """Number and state of every version, in the order in which they came."""
    with acting(FEED):
        return list(DocumentVersion.objects.order_by("id").values_list("number", "state"))


def the_document(kind: str = "iso-9001", supplier: str = "ACME") -> Document:
    with acting(FEED):
        return Document.objects.select_related("kind").get(kind__code=kind, supplier__number=supplier)


def clock(at: datetime) -> int:
    """What the task of each hour does."""
    expire_ended(at)
    return keep_asking(at)


# --- a virus scanner that speaks clamd's INSTREAM ------------------------------------------------------------


class _Clamd(socketserver.StreamRequestHandler):
    """Reads pieces as clamd(8) has it, and finds what EICAR wants to be found."""

    def handle(self) -> None:
        server: Any = self.server
        command = b""
        while not command.endswith(b"\0"):
            command += self.rfile.read(1)
        if command == b"zPING\0":
            self.wfile.write(b"PONG\0")
            return
        assert command == b"zINSTREAM\0"
        content = b""
        while length := struct.unpack("!L", self.rfile.read(4))[0]:
            content += self.rfile.read(length)
        server.seen.append(content)
        if server.answer is not None:
            self.wfile.write(server.answer)
        elif UNREADABLE in content:
            self.wfile.write(b"Can't allocate memory ERROR\0")
        elif b"EICAR" in content:
            self.wfile.write(b"stream: Eicar-Test-Signature FOUND\0")
        else:
            self.wfile.write(b"stream: OK\0")


class Scanner(socketserver.ThreadingTCPServer):
    """`seen` is what it was shown; `answer`, where it is set, is what it says to everything."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Clamd)
        self.seen: list[bytes] = []
        self.answer: bytes | None = None

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self.server_address[1]}"


@contextmanager
def a_scanner() -> Iterator[Scanner]:
    with Scanner() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


# --- an object store that speaks as much of S3 as we use -----------------------------------------------------


class _S3(BaseHTTPRequestHandler):
    """PUT, GET, HEAD and DELETE of an object, by its path. Who signed, and how, is not looked at."""

    protocol_version = "HTTP/1.1"

    def _answer(self, status: int, body: bytes = b"", length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.send_header("ETag", '"0"')
        self.end_headers()
        self.wfile.write(body)

    def _objects(self) -> dict[str, bytes]:
        server: Any = self.server
        return server.objects

    def _is_down(self) -> bool:
        server: Any = self.server
        server.calls.append(self.command)
        if server.down:
            self._answer(503)
        return bool(server.down)

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self._is_down():
            self._objects()[self.path] = content
            self._answer(200)

    def do_GET(self) -> None:
        if self._is_down():
            return
        if self.path in self._objects():
            self._answer(200, self._objects()[self.path])
        else:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

    def do_HEAD(self) -> None:
        if self._is_down():
            return
        content = self._objects().get(self.path)
        self._answer(404 if content is None else 200, length=len(content or b""))

    def do_DELETE(self) -> None:
        if not self._is_down():
            self._objects().pop(self.path, None)
            self._answer(204)

    def log_message(self, *_args: Any) -> None:
        """Nothing on the console."""


class ObjectStore(ThreadingHTTPServer):
    """`objects` by path; `down` makes it answer nothing but 503."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _S3)
        self.objects: dict[str, bytes] = {}
        self.calls: list[str] = []
        self.down = False

    @property
    def url(self) -> str:
        endpoint = f"http://127.0.0.1:{self.server_address[1]}"
        return f"s3://key:secret@proofs/quayside?endpoint={endpoint}&region=eu-central-1"


@contextmanager
def an_object_store() -> Iterator[ObjectStore]:
    with ObjectStore() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
