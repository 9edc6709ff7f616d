"""Everything that can go wrong on the way to Tryton, by a server that answers as it was told."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.embedded.ports import free_port
from procurement.erp.connectors.tryton.wire import Rpc, decoded, encoded
from procurement.erp.ports import (
    ErpError,
    ExpiredCredentials,
    Locked,
    PermissionRefused,
    Throttled,
    Transient,
    UnknownOutcome,
    ValidationRefused,
)

Script = Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]


class Tryton(ThreadingHTTPServer):
    """Signs anybody in and answers every other call by its script."""

    daemon_threads = True

    def __init__(self, script: Script) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = script
        self.signed_in = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Tryton

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if asked["method"] == "common.db.login":
            self.server.signed_in += 1
            say(self, {"result": [1, f"token-{self.server.signed_in}", None]})
        elif asked["method"] == "model.res.user.get_preferences":
            say(self, {"result": {"company": 1}})
        else:
            self.server.script(self, asked)

    def log_message(self, *args: Any) -> None:
        pass


def say(handler: BaseHTTPRequestHandler, answer: Any, status: int = 200, **headers: str) -> None:
    body = json.dumps(answer).encode() if not isinstance(answer, bytes) else answer
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture
def serve() -> Iterator[Callable[[Script], Rpc]]:
    running: list[Tryton] = []

    def start(script: Script) -> Rpc:
        server = Tryton(script)
        running.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return Rpc(server.address, "erp", "portal", "secret", patience=0.5)

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def cut_off(handler: BaseHTTPRequestHandler, _asked: dict[str, Any]) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


def half(handler: BaseHTTPRequestHandler, _asked: dict[str, Any]) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"result": [1, ')
    cut_off(handler, {})


def status(code: int, **headers: str) -> Script:
    return lambda handler, _asked: say(handler, b"<h1>no</h1>", code, **headers)


def error(*said: Any) -> Script:
    return lambda handler, _asked: say(handler, {"error": list(said)})


CASES: list[tuple[str, Script, type[ErpError], type[ErpError]]] = [
    # what happens; what it means for a call that reads; for one that writes
    ("no answer in time", lambda *_: time.sleep(1.5), Transient, UnknownOutcome),
    ("connection broken", cut_off, Transient, UnknownOutcome),
    ("half an answer", half, Transient, UnknownOutcome),
    ("nonsense", lambda handler, _: say(handler, b"\x00\xff"), Transient, UnknownOutcome),
    ("a list", lambda handler, _: say(handler, [1, 2]), Transient, UnknownOutcome),
    ("server fault", status(500), Transient, UnknownOutcome),
    ("proxy gave up", status(504), Transient, UnknownOutcome),
    ("serialisation", status(503), Transient, Transient),
    ("locked", status(423), Locked, Locked),
    ("too fast", status(429), Throttled, Throttled),
    ("not allowed", status(403), PermissionRefused, PermissionRefused),
    ("no database", status(404), PermissionRefused, PermissionRefused),
    ("session gone for good", status(401), ExpiredCredentials, ExpiredCredentials),
    (
        "a refusal",
        error("UserError", ["The period is closed.", "", None]),
        ValidationRefused,
        ValidationRefused,
    ),
    (
        "a right",
        error("UserError", ["You are not allowed to do it.", ""]),
        PermissionRefused,
        PermissionRefused,
    ),
    ("a question", error("UserWarning", ["a.name", "Really?", ""]), ValidationRefused, ValidationRefused),
    ("somebody else", error("ConcurrencyException", "Records were modified"), Locked, Locked),
    ("a bug", error("'nofield'", ""), ValidationRefused, ValidationRefused),
]


@pytest.mark.parametrize(
    ("script", "reads", "writes"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_each_failure_has_its_class(
    serve: Callable[[Script], Rpc], script: Script, reads: type[ErpError], writes: type[ErpError]
) -> None:
    rpc = serve(script)

    with pytest.raises(ErpError) as reading:
        rpc.read("purchase.purchase.search", [])
    with pytest.raises(ErpError) as writing:
        rpc.write("stock.move.write", [1], {})

    assert (type(reading.value), type(writing.value)) == (reads, writes)


def test_nobody_at_home_carried_nothing_out() -> None:
    rpc = Rpc(f"http://127.0.0.1:{free_port()}", "erp", "portal", "secret", patience=0.5)

    with pytest.raises(Transient, match="does not answer"):
        rpc.write("stock.move.write", [1], {})


def test_a_session_that_ended_is_begun_anew_once(serve: Callable[[Script], Rpc]) -> None:
    seen: list[str] = []

    def script(handler: BaseHTTPRequestHandler, _asked: dict[str, Any]) -> None:
        seen.append(handler.headers["Authorization"])
        say(handler, {"result": [7]} if len(seen) > 1 else b"", 200 if len(seen) > 1 else 401)

    assert serve(script).read("purchase.purchase.search", []) == [7]
    assert len(set(seen)) == 2


def test_a_session_that_ends_within_a_wizard_is_begun_anew_and_the_wizard_goes_on(
    serve: Callable[[Script], Rpc],
) -> None:
    seen: list[tuple[str, str]] = []

    def script(handler: BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
        verb = asked["method"].rpartition(".")[2]
        seen.append((verb, handler.headers["Authorization"]))
        is_gone = verb == "execute" and len(seen) == 2
        say(handler, b"" if is_gone else {"result": [5, "start", "end"]}, 401 if is_gone else 200)

    serve(script).wizard("stock.move.split", {"start": {}}, "split")

    assert [verb for verb, _session in seen] == ["create", "execute", "execute", "delete"]
    assert len({session for _verb, session in seen}) == 2


def test_how_long_to_wait_is_taken_from_the_answer(serve: Callable[[Script], Rpc]) -> None:
    with pytest.raises(Throttled) as refusal:
        serve(status(429, Retry_After="90")).read("purchase.purchase.search", [])

    assert refusal.value.retry_after == timedelta(seconds=90)


def test_a_refusal_is_told_in_tryton_s_own_words(serve: Callable[[Script], Rpc]) -> None:
    with pytest.raises(ValidationRefused) as refusal:
        serve(error("UserError", ["The period is closed.", "", None])).write("x.y", [1])
    with pytest.raises(ValidationRefused) as question:
        serve(error("UserWarning", ["a.name", "The invoice is similar.", ""])).write("x.y", [1])

    assert refusal.value.reason == "The period is closed."
    assert question.value.reason == "Tryton asks: The invoice is similar."


PLAIN = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
VALUES = st.recursive(
    PLAIN
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.dates()
    | st.datetimes(timezones=st.just(UTC))
    | st.timedeltas(timedelta(0), timedelta(days=999)),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b."]), inner, max_size=2)
    ),
    max_leaves=8,
)


@given(VALUES)
def test_what_is_packed_is_unpacked_as_it_was(value: Any) -> None:
    assert decoded(json.loads(json.dumps(encoded(value)))) == value


def test_values_travel_as_tryton_writes_them() -> None:
    assert encoded(Decimal("1.50")) == {"__class__": "Decimal", "decimal": "1.50"}
    assert encoded(date(2026, 12, 22)) == {"__class__": "date", "year": 2026, "month": 12, "day": 22}
    moment = decoded(
        {"__class__": "datetime", "year": 2026, "month": 1, "day": 2, "hour": 3, "minute": 4, "second": 5}
    )
    assert moment == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "ahead"),
    [
        (lambda now: now, 0),
        (lambda now: now + timedelta(minutes=5), 300),
        (lambda now: now - timedelta(minutes=5), -300),
    ],
)
def test_the_servers_clock_is_compared_with_ours(serve, told, ahead) -> None:
    def script(handler: BaseHTTPRequestHandler, _asked: dict[str, Any]) -> None:
        moment = format_datetime(told(datetime.now(UTC)), usegmt=True)
        handler.date_time_string = lambda timestamp=None: moment  # type: ignore[method-assign]
        say(handler, {"result": []})

    rpc = serve(script)
    rpc.read("ir.module.search_read")

    assert abs(rpc.clock_skew.total_seconds() - ahead) <= 2


def test_a_server_without_a_clock_says_nothing(serve) -> None:
    def script(handler: BaseHTTPRequestHandler, _asked: dict[str, Any]) -> None:
        handler.date_time_string = lambda timestamp=None: "some day"  # type: ignore[method-assign]
        say(handler, {"result": []})

    rpc = serve(script)
    rpc.read("ir.module.search_read")

    assert rpc.clock_skew == timedelta(0)
