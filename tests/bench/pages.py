"""Pages through the production server: how long, how much CPU, how many at once, how many queries and bytes."""

from __future__ import annotations

import gzip
import json
import re
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

import brotli

from portal.embedded.places import ROOT
from portal.embedded.supervisor import Failed
from tests.bench.client import Browser, sign_in
from tests.bench.company import Size, items_of, supplier_number
from tests.bench.loading import PEOPLE
from tests.bench.servers import HOST, Machine, Web
from tests.bench.watching import Query, plan, watching

Request = tuple[str, str, str, str]  # method, path, body, the page it is sent from
PLANS_EACH = 2
FONT = re.compile(r"""url\(["']?([^"')]+\.woff2)""")


@dataclass(frozen=True, slots=True)
class Effort:
    """How long each measurement goes on, and how often it is taken."""

    seconds: float = 4.0
    rounds: int = 2
    warm: int = 8
    clients: tuple[int, ...] = (1, PEOPLE)


@dataclass(slots=True)
class Figures:
    """What one page costs at one size."""

    took: dict[int, list[float]] = field(default_factory=lambda: {1: [], PEOPLE: []})
    seconds: dict[int, float] = field(default_factory=lambda: {1: 0.0, PEOPLE: 0.0})
    web_cpu: float = 0.0
    database_cpu: float = 0.0
    queries: int = 0
    brackets: int = 0
    html: int = 0
    plans: list[str] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """Milliseconds of one client within which so many of a hundred answers came."""
        took = sorted(self.took[1])
        return 1000 * took[min(len(took) - 1, round(share / 100 * (len(took) - 1)))]

    def per_second(self, clients: int) -> float:
        return len(self.took[clients]) / self.seconds[clients] if self.seconds[clients] else 0.0

    @property
    def cpu(self) -> float:
        """Milliseconds of CPU for one request, server and database together."""
        return self.web_ms + self.database_ms

    @property
    def web_ms(self) -> float:
        return 1000 * self.web_cpu / len(self.took[1])

    @property
    def database_ms(self) -> float:
        return 1000 * self.database_cpu / len(self.took[1])

    def as_json(self) -> dict[str, Any]:
        return {
            "p50": self.percentile(50),
            "p95": self.percentile(95),
            "mean": 1000 * statistics.fmean(self.took[1]),
            "asked": len(self.took[1]),
            "web_ms": self.web_ms,
            "database_ms": self.database_ms,
            "cpu": self.cpu,
            "per_second_1": self.per_second(1),
            "per_second_4": self.per_second(PEOPLE),
            "queries": self.queries,
            "brackets": self.brackets,
            "html": self.html,
        }


@dataclass(frozen=True, slots=True)
class Page:
    """One thing that people do all day, by whom, and under which scope it asks the database."""

    name: str
    who: str
    requests: tuple[Request, ...]
    once: bool = False  # each of its requests can be made only once
    weight: float = 1.0


@dataclass(slots=True)
class Site:
    """One company behind one web server, with people signed in."""

    machine: Machine
    size: Size
    database: str
    web: Web
    people_each: int = PEOPLE
    people: dict[str, list[Browser]] = field(default_factory=dict)
    pages: dict[str, Page] = field(default_factory=dict)

    def open(self) -> Site:
        """Everybody signs in, and the pages that will be asked for are found."""
        for name, domain in (("asha", "supplier"), ("pat", "supplier"), ("bea", "northmoor")):
            self.people[name] = [
                sign_in(self.web.port, HOST, f"{name}{number}@{domain}.example", self.machine.password)
                for number in range(1, self.people_each + 1)
            ]
        self.pages = {page.name: page for page in self._pages()}
        return self

    def _pages(self) -> list[Page]:
        asha, bea = "asha", "bea"
        five, long = self._order(5), self._order(self.size.long)
        item = items_of(1)[0]
        soon = "/orders/lines/?show=open&agreement=agreed&logistics=nothing_shipped&sort=expected"
        text = "+".join(item.text.lower().split()[:4])
        export = f"/orders/lines/export.xlsx?show=all&supplier={supplier_number(3)}"
        return [
            Page("supplier's home", asha, (get("/"),)),
            Page("supplier's order list", asha, (get("/orders/?show=all"),)),
            Page("order page, 5 lines", asha, (get(f"/orders/{five}/"),)),
            Page(f"order page, {self.size.long} lines", asha, (get(f"/orders/{long}/"),)),
            Page("acknowledge an order", "pat", self._acknowledgments(), once=True),
            Page("buyer's list, filtered", bea, (get(soon),)),
            Page("buyer's list, words", bea, (get(f"/orders/lines/?q={text}"),)),
            Page("buyer's list, part number", bea, (get(f"/orders/lines/?q={item.part}"),)),
            Page(f"export of {self.size.export:,} lines as XLSX", bea, (get(export),), weight=2.0),
        ]

    def _order(self, lines: int) -> str:
        with self.machine.superuser(self.database) as server:
            row = server.execute(
                "SELECT key FROM procurement_purchaseorder WHERE supplier_id = 1 AND lines_for_supplier = %s"
                " AND line_count = %s ORDER BY id LIMIT 1",
                [lines, lines],
            ).fetchone()
        if row is None:
            raise Failed(f"The company has no order of {lines} lines.")
        return str(row[0])

    def _acknowledgments(self) -> tuple[Request, ...]:
        """The form of an order's page with its button *Send answer*, for each order in stock."""
        with self.machine.superuser(self.database) as server:
            rows = server.execute(
                "SELECT key, version, revision FROM procurement_purchaseorder WHERE supplier_id = 2"
                " AND lines_for_supplier > 0 ORDER BY id"
            ).fetchall()
        return tuple(
            (
                "POST",
                f"/orders/{key}/answer/",
                f"version={version}&revision={revision}&send=1",
                f"/orders/{key}/",
            )
            for key, version, revision in rows
        )

    def measure(self, page: Page, figures: Figures, clients: int, seconds: float) -> None:
        """One go: this page, by so many people at once."""
        people = self.people[page.who][:clients]
        used = self._take(page, clients, seconds) if page.once else page.requests
        shares = [used[number::clients] if page.once else used for number in range(clients)]
        job = {
            "port": self.web.port,
            "host": HOST,
            "seconds": seconds,
            "once": page.once,
            "clients": [
                {"cookies": person.cookies, "requests": [sealed(person, one) for one in share]}
                for person, share in zip(people, shares, strict=True)
            ],
        }
        web, database = self.web.cpu(), self.machine.database_cpu()
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.client"],
            input=json.dumps(job), capture_output=True, text=True, cwd=ROOT, check=False,
        )  # fmt: skip
        if done.returncode:
            raise Failed(f"The client failed at {page.name}:\n{done.stderr[-3000:]}")
        told = json.loads(done.stdout)
        wrong = {status for _took, status, _size in told["took"] if status not in (200, 303)}
        if wrong or not told["took"]:
            raise Failed(f"{page.name} answered {sorted(wrong) or 'nothing'}")
        figures.took[clients] += [took for took, _status, _size in told["took"]]
        figures.seconds[clients] += told["seconds"]
        if clients == 1:
            figures.web_cpu += self.web.cpu() - web
            figures.database_cpu += self.machine.database_cpu() - database

    def _take(self, page: Page, clients: int, seconds: float) -> tuple[Request, ...]:
        """So many of what can be done once as will do for one go; they are gone then."""
        share = min(len(page.requests) // 3, round(20 * clients * seconds))
        taken, left = page.requests[:share], page.requests[share:]
        self.pages[page.name] = Page(page.name, page.who, left, page.once, page.weight)
        return taken

    def look(self, page: Page, figures: Figures, *, plans: bool) -> None:
        """One request under the eyes of the database's log: its queries, its bytes, and the plans of its slowest."""
        person, request = self.people[page.who][0], self.pages[page.name].requests[-1]
        with watching(self.machine, self.database) as seen:
            answer = person.ask(*sealed(person, request)[:3], page=request[3])
        if page.once:
            self.pages[page.name] = Page(page.name, page.who, self.pages[page.name].requests[:-1], True)
        figures.queries, figures.brackets = len(seen.asked), seen.brackets
        figures.html = answer.size
        if plans:
            scope = next((query.text for query in seen.queries if "set_config('role'" in query.text), "")
            inside = [query for query in after(seen.queries, scope) if query.text.startswith("SELECT")]
            slowest = sorted(inside, key=lambda query: -query.ms)[:PLANS_EACH]
            figures.plans = [
                f"{shortened(query.text)}\n\n{without_lists(plan(self.machine, self.database, query, scope))}"
                for query in slowest
            ]

    def front_end(self) -> tuple[int, int]:
        """Bytes on the wire of all scripts and styles that the pages ask for, and of their fonts."""
        person = self.people["asha"][0]
        addresses: dict[str, None] = {}
        for name in ("supplier's home", "supplier's order list", "order page, 5 lines"):
            page = unpacked(person.get(self.pages[name].requests[0][1]))
            addresses |= dict.fromkeys(re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js))"', page))
        scripts = fonts = 0
        found: set[str] = set()
        for address in addresses:
            answer = person.get(address)
            scripts += answer.size
            folder = address.rpartition("/")[0]
            found |= {f"{folder}/{font}" for font in FONT.findall(unpacked(answer))}
        for font in found:
            fonts += person.get(font.replace("/./", "/")).size
        return scripts, fonts


def get(path: str) -> Request:
    return ("GET", path, "", "/")


def sealed(person: Browser, request: Request) -> Request:
    """A form with the token of the person who sends it."""
    method, path, body, page = request
    token = f"csrfmiddlewaretoken={person.cookies['__Host-csrf']}&" if method == "POST" else ""
    return method, path, token + body, page


def unpacked(answer: Any) -> str:
    body = answer.body
    match answer.headers.get("content-encoding"):
        case "br":
            body = brotli.decompress(body)
        case "gzip":
            body = gzip.decompress(body)
    return str(body.decode())


def after(queries: list[Query], scope: str) -> list[Query]:
    texts = [query.text for query in queries]
    return queries[texts.index(scope) + 1 :] if scope in texts else []


def shortened(text: str) -> str:
    """A query without its long lists of columns and of keys."""
    return without_lists(re.sub(r"^SELECT .{200,}? FROM ", "SELECT … FROM ", text))[:900]


def without_lists(text: str) -> str:
    """The first three of many keys stand for all of them."""
    return re.sub(r"((?:\b\d+,\s?){3})(?:\d+,\s?){3,}\d+", r"\1…", text)


def measure_pages(sites: list[Site], effort: Effort) -> dict[str, Any]:
    """Every page at every size, turn and turn about, so that what else the machine does hits both alike."""
    results: dict[str, Any] = {}
    for name in sites[0].pages:
        print(f"  {name} …", flush=True)
        figures = {site.size.lines: Figures() for site in sites}
        for site in sites:
            page = site.pages[name]
            if not page.once:
                for _ in range(effort.warm):
                    site.people[page.who][0].get(page.requests[0][1])
        for _ in range(effort.rounds):
            for clients in effort.clients:
                for site in sites:
                    page = site.pages[name]
                    site.measure(page, figures[site.size.lines], clients, effort.seconds * page.weight)
        for site in sites:
            site.look(site.pages[name], figures[site.size.lines], plans=site is sites[-1])
        results[name] = {
            "sizes": {lines: one.as_json() for lines, one in figures.items()},
            "plans": figures[sites[-1].size.lines].plans,
        }
    return results
