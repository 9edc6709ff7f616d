"""A browser without a window: it signs in, keeps its cookies and its connection, and says how long answers took.

`python -m tests.bench.client` reads a job from its input and works it off in a process of its own, one thread for each
client, so that what asks takes little from what answers.
"""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

HEADERS = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) bench",
    "Accept": "text/html,application/xhtml+xml",
    "Accept-Encoding": "gzip, deflate, br",
    "Accept-Language": "en",
    "X-Forwarded-Proto": "https",  # as the proxy in front says
    "X-Forwarded-For": "192.0.2.1",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `size` is what went over the wire below the headers."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def size(self) -> int:
        return len(self.body)


@dataclass(slots=True)
class Browser:
    """One person at one browser."""

    port: int
    host: str
    cookies: dict[str, str] = field(default_factory=dict)
    besides: dict[str, str] = field(default_factory=dict)  # headers that a script in the page sends along
    _line: Any = None

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def post(self, path: str, form: dict[str, str], *, page: str = "/") -> Answer:
        """Send a form of a page, with its token against forgery."""
        fields = {"csrfmiddlewaretoken": self.cookies.get("__Host-csrf", ""), **form}
        return self.ask("POST", path, urlencode(fields), page=page)

    def ask(self, method: str, path: str, body: str = "", *, page: str = "/") -> Answer:
        packed = self.request(method, path, body, page=page)
        try:
            answer = self._exchange(packed)
        except (ConnectionError, EOFError):  # the server ends an idle line after some seconds
            self.close()
            answer = self._exchange(packed)
        for name, value in re.findall(r"([^=;\s,]+)=([^;]*); [^\n]*", answer.headers.get("set-cookie", "")):
            self.cookies[name] = value
        return answer

    def request(self, method: str, path: str, body: str = "", *, page: str = "/") -> bytes:
        """The bytes of a request."""
        headers = {
            **HEADERS,
            **self.besides,
            "Host": self.host,
            "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()),
        }
        if method == "POST":
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "Content-Length": str(len(body)),
                "Origin": f"https://{self.host}",
                "Referer": f"https://{self.host}{page}",
            }
        lines = [
            f"{method} {path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in headers.items()),
            "",
            body,
        ]
        return "\r\n".join(lines).encode()

    def _exchange(self, packed: bytes) -> Answer:
        if self._line is None:
            connection = socket.create_connection(("127.0.0.1", self.port), timeout=120)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._line = (connection, connection.makefile("rb"))
        connection, answer = self._line
        connection.sendall(packed)
        return read_answer(answer, self.close)

    def close(self) -> None:
        if self._line is not None:
            for end in self._line:
                end.close()
            self._line = None


def read_answer(stream: Any, close: Any) -> Answer:
    first = stream.readline()
    if not first:
        raise EOFError
    headers: dict[str, str] = {}
    while line := stream.readline().strip():
        name, _colon, value = line.decode("latin-1").partition(":")
        name, value = name.lower(), value.strip()
        headers[name] = (
            f"{headers[name]}\n{value}; "
            if name in headers
            else f"{value}; "
            if name == "set-cookie"
            else value
        )
    if headers.get("transfer-encoding") == "chunked":
        parts = []
        while length := int(stream.readline(), 16):
            parts.append(stream.read(length))
            stream.readline()
        stream.readline()
        body = b"".join(parts)
    else:
        body = stream.read(int(headers.get("content-length", 0)))
    if headers.get("connection") == "close":
        close()
    return Answer(int(first.split()[1]), headers, body)


def sign_in(port: int, host: str, email: str, password: str) -> Browser:
    """Through the page, as people do."""
    browser = Browser(port, host)
    browser.get("/accounts/login/")
    answer = browser.post("/accounts/login/", {"login": email, "password": password}, page="/accounts/login/")
    if answer.status != 302 or "__Host-session" not in browser.cookies:
        raise RuntimeError(f"{email} cannot sign in: {answer.status} {answer.body[:500]!r}")
    return browser


# --- working off a job --------------------------------------------------------------------------------------


def work(job: dict[str, Any]) -> dict[str, Any]:
    """Every client asks one thing after the other until the time is over, or until it has asked all of them once."""
    took: list[tuple[float, int, int]] = []
    begin = threading.Barrier(len(job["clients"]) + 1)
    threads = [threading.Thread(target=ask_all, args=(job, one, took, begin)) for one in job["clients"]]
    for thread in threads:
        thread.start()
    begin.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return {"took": took, "seconds": time.perf_counter() - began}


def ask_all(job: dict[str, Any], client: dict[str, Any], took: list[Any], begin: threading.Barrier) -> None:
    browser = Browser(job["port"], job["host"], client["cookies"])
    requests = [browser.request(*one[:3], page=one[3]) for one in client["requests"]]
    browser.get("/health/live")
    begin.wait()
    deadline = time.perf_counter() + job["seconds"]
    position = 0
    while time.perf_counter() < deadline and (position < len(requests) or not job["once"]):
        packed = requests[position % len(requests)]
        began = time.perf_counter()
        answer = browser._exchange(packed)
        took.append((time.perf_counter() - began, answer.status, answer.size))
        position += 1
    browser.close()


if __name__ == "__main__":
    json.dump(work(json.load(sys.stdin)), sys.stdout)
