"""People and a program at work without a browser, each going to the next web process when one does not answer."""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode

HOST = "portal.example.com"
# What the proxy in front says. The visitors stand where it stands.
AS_PROXIED = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "127.0.0.1"}
BREATH = 0.3


class NoAnswer(Exception):
    """The connection ended without an answer: what was asked may have been done or not."""


@dataclass(frozen=True)
class Answer:
    status: int
    text: str

    @property
    def is_taken(self) -> bool:
        return 200 <= self.status < 400


@dataclass
class Ledger:
    """What was accepted, and what was refused or never answered."""

    orders: set[str] = field(default_factory=set)
    lines: set[int] = field(default_factory=set)
    troubles: list[str] = field(default_factory=list)
    slowest: float = 0.0

    @property
    def taken(self) -> int:
        return len(self.orders) + len(self.lines)


class Visitor(threading.Thread):
    """Does its work over and over until told to stop. What it is told stands in the ledger."""

    def __init__(self, doors: Sequence[int], ledger: Ledger, *, at: int = 0) -> None:
        super().__init__(daemon=True)
        self.doors, self.ledger, self.at = doors, ledger, at
        self.cookies: dict[str, str] = {}
        self.headers: dict[str, str] = {}
        self.stopping = threading.Event()
        self.broken: BaseException | None = None
        self.began = 0.0  # when what is under way, or was last, was asked

    def run(self) -> None:
        while not self.stopping.is_set():
            try:
                self.work()
            except NoAnswer:
                pass  # it is in the ledger; look again how things stand
            except BaseException as problem:
                self.broken = problem
                return
            self.stopping.wait(BREATH)

    def work(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        self.stopping.set()
        self.join(60)
        if self.broken:
            raise self.broken
        assert not self.is_alive()

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> Answer:
        door = self.doors[self.at % len(self.doors)]
        self.at += 1  # as a load balancer does
        sent = {**AS_PROXIED, **self.headers, "Referer": f"https://{HOST}/"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.began = began = time.monotonic()
        line = http.client.HTTPConnection("127.0.0.1", door, timeout=30)
        try:
            line.request(method, path, body.encode(), sent)
            response = line.getresponse()
            text = response.read().decode()
        except (OSError, http.client.HTTPException) as problem:
            self.ledger.troubles.append(f"{method} {path} at {door}: {type(problem).__name__}")
            raise NoAnswer from problem
        finally:
            line.close()
        self.ledger.slowest = max(self.ledger.slowest, time.monotonic() - began)
        for cookie in response.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        if response.status >= 500:
            self.ledger.troubles.append(f"{method} {path} at {door}: {response.status}")
        return Answer(response.status, text)

    def post(self, path: str, fields: Mapping[str, Any]) -> Answer:
        return self.ask(
            "POST", path, urlencode(fields, doseq=True), Content_Type="application/x-www-form-urlencoded"
        )

    def sign_in(self, email: str, password: str) -> None:
        form = self.ask("GET", "/accounts/login/").text
        told = {"csrfmiddlewaretoken": token_in(form), "login": email, "password": password}
        answer = self.post("/accounts/login/", told)
        assert answer.status == 302, answer.text[:2000]

    def waiting(self) -> list[dict[str, Any]]:
        """The orders on which something waits for the supplier."""
        answer = self.ask("GET", "/api/v1/orders?turn=supplier&limit=5", Accept="application/json")
        found: list[dict[str, Any]] = json.loads(answer.text)["results"] if answer.status == 200 else []
        return found


class BySupplier(Visitor):
    """A supplier on the page: one line a week later, the other as it was asked."""

    def work(self) -> None:
        for order in self.waiting()[:1]:
            page = self.ask("GET", f"/orders/{order['key']}/")
            if page.status != 200:
                return
            fields = fields_of(page.text)
            assert "delivery_on.L10.0" in fields, page.text
            fields["delivery_on.L10.0"] = a_week_after(order["next_delivery_on"])
            answer = self.post(f"/orders/{order['key']}/answer/", fields | {"send": "1"})
            if answer.is_taken:
                assert answer.status == 303, answer.text[:2000]
                self.ledger.orders.add(order["number"])


class ByProgram(Visitor):
    """A supplier's program: the same, under a key of its own that is sent until it is answered."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.under_way: tuple[dict[str, Any], str] | None = None

    def work(self) -> None:
        if self.under_way is None:
            waiting = self.waiting()
            if not waiting:
                return
            self.under_way = waiting[0], str(uuid.uuid4())
        order, key = self.under_way
        later = a_week_after(order["next_delivery_on"])
        body = {"version": order["version"], "rest_as_asked": True}
        body["lines"] = [{"line": "L10", "pieces": [{"delivery_on": later}]}]
        path = f"/api/v1/orders/{order['key']}/acknowledgments"
        answer = self.ask(
            "POST", path, json.dumps(body), Content_Type="application/json", Idempotency_Key=key
        )
        if answer.status >= 500:
            return
        assert answer.status == 201, answer.text
        self.ledger.orders.add(order["number"])
        self.under_way = None


class ByBuyer(Visitor):
    """The buyer accepts whatever differs."""

    def work(self) -> None:
        page = self.ask("GET", "/decisions/")
        picks = re.findall(r'name="pick" value="(\d+\.\d+)"', page.text)[:5]
        if page.status != 200 or not picks:
            return
        told = {"csrfmiddlewaretoken": token_in(page.text), "bulk": "accept", "pick": picks}
        answer = self.post("/decisions/decide/", told)
        if answer.status == 303:
            self.ledger.lines |= {int(pick.partition(".")[0]) for pick in picks}


def a_week_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=7)).isoformat()


def token_in(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found is not None, page[:2000]
    return found[1]


def fields_of(page: str) -> dict[str, str]:
    """The fields of the answer form, as a browser without a script would send them."""
    fields: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", page):
        name, value = re.search(r'\sname="([^"]*)"', tag), re.search(r'\svalue="([^"]*)"', tag)
        ours = 'form="answer"' in tag or (name and name[1] in ("version", "revision", "csrfmiddlewaretoken"))
        if name and ours and 'type="checkbox"' not in tag:
            fields[name[1]] = unescape(value[1]) if value else ""
    for select in re.findall(r'<select[^>]*form="answer".*?</select>', page, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', select)
        name = re.search(r'\sname="([^"]*)"', select)
        assert name is not None
        fields[name[1]] = chosen[1] if chosen else ""
    for name, text in re.findall(r'<textarea[^>]*form="answer"[^>]*\sname="([^"]*)"[^>]*>([^<]*)<', page):
        fields[name] = unescape(text)
    return fields


def everybody(doors: Sequence[int], people: Mapping[str, str], ledger: Ledger) -> list[Visitor]:
    """Signed in, and not yet at work."""
    supplier, program, buyer = (
        kind(doors, ledger, at=n) for n, kind in enumerate((BySupplier, ByProgram, ByBuyer))
    )
    supplier.sign_in(people["page"], people["password"])
    buyer.sign_in(people["buyer"], people["password"])
    program.headers["Authorization"] = f"Bearer {people['token']}"
    return [supplier, program, buyer]
