"""What was measured, as one page of text for people: aims beside figures, then the plans."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from textwrap import wrap
from typing import Any

import django
import psycopg

from portal.embedded.places import ROOT
from tests.bench.servers import POSTGRES, Machine

DOCUMENT = ROOT / "docs" / "bench.md"
# A vendor page of Odoo 19 with 80 orders, measured elsewhere on two cores.
ODOO = {"cpu": 57.0, "queries": 18, "front end": 1_100_000, "per second": 35.0}
AIMS = {"growth": 1.3, "import": 4.0, "deliveries": 1_000.0, "waiting": 0.95, "queries": 12}
COMPARED = ("supplier's home", "supplier's order list", "order page, 5 lines")

ABOUT = """# How fast it is

What `make bench` measured last, on a company that it makes up: {big} order lines, {suppliers} suppliers,
{orders} orders in every state, loaded by `COPY`; and the same on {little} lines, to show what growth costs.
Pages go through gunicorn on the production settings, from a small client on the same machine, with real
sessions and both walls up.

```
make bench                              everything but the first load: long, so name parts; two cores and 10 GB of disk
make bench ARGS="pages import"          only these parts: pages, import, outbox, inbox, rules, mails, shipments,
                                        dock, matching, payables, invoice, suppliers, tryton
make bench FULL=1 ARGS=import           with a first load of all lines through the files connector
make bench SMALL=1                      a few seconds of everything, to see that it works; keeps nothing
```

It keeps its servers, its databases and its last results in `var/bench`, and touches no other data. `rm -rf
var/bench` forgets them. Parts that were measured at other times keep their date.

What the columns say: *p50* and *p95* are milliseconds for one client, one request after the other. *CPU* is
milliseconds of processor time for one request, of the web server and of PostgreSQL together. *1/s* and *4/s*
are requests a second for one and for four clients. *Queries* count all that the database was asked, the
session's and the scope's among them; beginning and ending a transaction is not counted. *Page* is the bytes
of the page on the wire. *Growth* is p95 with all lines over p95 with few.
"""


def machine_text(machine: Machine) -> list[str]:
    """The machine and the versions of what ran on it."""
    with machine.superuser() as server:
        row = server.execute("SHOW server_version").fetchone()
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30
    load = os.getloadavg()[0]
    settings = ", ".join(f"{name} {value}" for name, value in POSTGRES.items())
    system = f"{platform.system()} {platform.release()}"
    versions = (
        f"Python {platform.python_version()}, Django {django.__version__}, psycopg {psycopg.__version__}"
    )
    return [
        f"- Machine: {os.cpu_count()} cores of {model}, {memory} GB, {system}; load {load:.1f} when it began",
        f"- {versions}, PostgreSQL {row[0] if row else ''} ({settings}; all else as it comes, durable)",
        f"- Commit {commit()}",
    ]


def commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def beside_former(text: str, former: str) -> str:
    """The new page, with the sections of the former one that it does not have: measured elsewhere, with their date."""
    about, *sections = sections_of(text)
    named = {heading_of(section): section for section in sections}
    before = [heading_of(section) for section in sections_of(former)[1:]]
    kept = {heading_of(section): section for section in sections_of(former)[1:]} | named
    order = before + [name for name in named if name not in before]
    return about + "\n".join(kept[name].rstrip("\n") + "\n" for name in order)


def sections_of(text: str) -> list[str]:
    return re.split(r"(?m)^(?=## )", text)


def heading_of(section: str) -> str:
    return section.partition("\n")[0]


def document(results: dict[str, Any]) -> str:
    """The whole page."""
    parts = [
        ABOUT.format(
            big=f"{results['about']['big']:,}",
            little=f"{results['about']['little']:,}",
            suppliers=results["about"]["suppliers"],
            orders=f"{results['about']['orders']:,}",
        )
    ]
    for name, write in (
        ("pages", pages),
        ("import", imports),
        ("first load", first_load),
        ("outbox", outbox),
        ("inbox", inbox),
        ("rules", rules),
        ("mails", mails),
        ("shipments", shipments),
        ("dock", dock),
        ("matching", matching),
        ("payables", payables),
        ("invoice", invoice),
        ("suppliers", suppliers),
        ("tryton", tryton),
    ):
        if name in results:
            part = results[name]
            parts += [
                f"## {TITLES[name]}\n",
                f"Measured on {part['at']}.\n",
                *part["machine"],
                "",
                *write(part),
                "",
            ]
    if "pages" in results:
        parts += plans(results["pages"])
    return "\n".join(parts).rstrip() + "\n"


TITLES = {
    "pages": "Pages",
    "import": "An import of changed lines",
    "first load": "The first load",
    "outbox": "The outbox",
    "inbox": "The exception inbox",
    "rules": "The tolerance engine",
    "mails": "The mail reader",
    "shipments": "A notice of many cartons",
    "dock": "A busy dock",
    "matching": "Invoices matched",
    "payables": "The desk of accounts payable",
    "invoice": "An invoice of very many lines",
    "suppliers": "Very many suppliers",
    "tryton": "Promises to a live Tryton",
}


def pages(part: dict[str, Any]) -> list[str]:
    found = part["found"]
    sizes = sorted(int(lines) for lines in next(iter(found.values()))["sizes"])
    rows = [
        "| page | lines in all | p50 | p95 | CPU (web + database) | 1/s | 4/s | queries | page | growth |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, one in found.items():
        few = one["sizes"][str(sizes[0])]
        for lines in sizes:
            row = one["sizes"][str(lines)]
            growth = "" if lines == sizes[0] else f"{row['p95'] / few['p95']:.2f}×"
            rows.append(
                f"| {name if lines == sizes[0] else ''} | {lines:,} | {row['p50']:.1f} | {row['p95']:.1f} |"
                f" {row['cpu']:.1f} ({row['web_ms']:.1f} + {row['database_ms']:.1f}) | {row['per_second_1']:.0f} |"
                f" {row['per_second_4']:.0f} | {row['queries']} | {kilobytes(row['html'])} | {growth} |"
            )
    loaded = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in part["loaded"].items())
    aim = f"Aim: p95 with all lines at most {AIMS['growth']}× that with few."
    return [*rows, "", f"{aim} Loading the company took: {loaded}.", "", *beside_odoo(part, str(sizes[-1]))]


def beside_odoo(part: dict[str, Any], lines: str) -> list[str]:
    """Our pages and a page like them."""
    rows = [
        "### Beside Odoo",
        "",
        "A vendor page of Odoo 19 with 80 orders, measured elsewhere on two cores, costs 57 ms of CPU (server and",
        "database), 18 queries and about 1.1 MB of compressed scripts and styles, and comes 35 times a second for",
        "four clients. Our lists show 50 rows to a page.",
        "",
        "| page, with all lines | requests/s at 4 clients | CPU | queries |",
        "|---|--:|--:|--:|",
        f"| Odoo 19 | {ODOO['per second']:.0f} | {ODOO['cpu']:.0f} ms | {ODOO['queries']} |",
    ]
    for name in COMPARED:
        row = part["found"][name]["sizes"][lines]
        rate, cpu = row["per_second_4"], row["cpu"]
        rows.append(
            f"| {name} | {rate:.0f} ({rate / ODOO['per second']:.1f}×) | {cpu:.1f} ms (1/{ODOO['cpu'] / cpu:.1f}) |"
            f" {row['queries']} |"
        )
    scripts, fonts = part["front end"]
    share = ODOO["front end"] / scripts
    return [
        *rows,
        f"| aim | {5 * ODOO['per second']:.0f} (5×) | {ODOO['cpu'] / 5:.1f} ms (1/5) | {AIMS['queries']} |",
        "",
        f"Scripts and styles of all these pages together: {kilobytes(scripts)} compressed, 1/{share:.0f} of Odoo's",
        f"(aim: 1/10); fonts {kilobytes(fonts)}.",
    ]


def imports(part: dict[str, Any]) -> list[str]:
    one = part["found"]
    seconds, whole, alone = one["seconds"], one["copy_all"], one["copy_lines"]
    written = "all rows it wrote (lines, deliveries, orders, revisions, events)"
    return [
        f"The ERP moved {one['lines']:,} lines of {one['orders']:,} orders to another day, and",
        "`manage.py import_orders` read its file.",
        "",
        "| | seconds | import is so many times that |",
        "|---|--:|--:|",
        f"| import through the files connector (CPU {one['cpu']:.1f} s) | {seconds:.1f} | |",
        f"| bare `COPY` of {written} | {whole:.1f} | {seconds / whole:.1f} |",
        f"| bare `COPY` of the lines alone | {alone:.1f} | {seconds / alone:.1f} |",
        "",
        f"Copied into empty tables of the same shape, indexes and all. {one['lines'] / seconds:,.0f} lines a second.",
        f"Aim: at most {AIMS['import']:.0f} times a bare `COPY` of the same rows.",
    ]


def first_load(part: dict[str, Any]) -> list[str]:
    one = part["found"]
    seconds, whole = one["seconds"], one["copy_all"]
    return [
        f"{one['lines']:,} lines of {one['orders']:,} orders into an empty portal through the files connector:",
        f"{seconds:.0f} s (CPU {one['cpu']:.0f} s), {one['lines'] / seconds:,.0f} lines a second;",
        f"{seconds / whole:.1f} times a bare `COPY` of all rows it wrote ({whole:.0f} s).",
    ]


def outbox(part: dict[str, Any]) -> list[str]:
    rows = ["| to a connector that costs nothing, two workers | deliveries/s | CPU each |", "|---|--:|--:|"]
    for through, name in (
        ("nothing", "the outbox alone"),
        ("erp", "a promise's whole way: command, call, result, story"),
    ):
        one = part["found"][through]
        rows.append(f"| {name} | {one['per_second']:,.0f} | {one['cpu_ms']:.2f} ms |")
    return [*rows, "", f"Aim: {AIMS['deliveries']:,.0f} a second on two cores."]


def inbox(part: dict[str, Any]) -> list[str]:
    one = part["found"]
    rows = [f"| page, with {one['cases']:,} open cases | p50 | p95 |", "|---|--:|--:|"]
    rows += [
        f"| {name} | {took['p50']:.0f} ms | {took['p95']:.0f} ms |" for name, took in one["pages"].items()
    ]
    return [
        *rows,
        "",
        f"Reviews: {one['reviewed_per_second']:,.0f} orders a second ({one['reviewed']:,} reviewed, {one['opened']:,}",
        f"cases opened). Ranked by another formula: {one['ranked_per_second']:,.0f} cases a second; its dry run over",
        f"all of them takes {one['dry_run_seconds']:.1f} s. One round of the clock: {one['sweep_seconds']:.1f} s.",
    ]


def rules(part: dict[str, Any]) -> list[str]:
    rows = ["| rules, five figures of a line each, one process | lines/s | CPU each |", "|---|--:|--:|"]
    rows += [
        f"| {one['rules']} | {one['per_second']:,.0f} | {one['cpu_ms']:.2f} ms |"
        for one in part["found"]["sizes"]
    ]
    return [
        *rows,
        "",
        "A line meets only the rules that are written for it or for all.",
    ]


def mails(part: dict[str, Any]) -> list[str]:
    one = part["found"]
    rate, cpu, slowest = one["per_second"], one["cpu_ms"], one["slowest_ms"]
    row = f"| {one['mails']} labelled mails | {rate:.0f} | {cpu:.1f} ms | {slowest:.0f} ms |"
    return [
        "| mail reader, one process | mails/s | CPU each | slowest |",
        "|---|--:|--:|--:|",
        row,
        "",
        "Each is read from its bytes to its drafts in the context of its supplier's open orders; no database is asked.",
    ]


def shipments(part: dict[str, Any]) -> list[str]:
    one = part["found"]
    rows = [f"| one notice of {one['cartons']:,} cartons, from a file | seconds |", "|---|--:|"]
    rows += [f"| {name} | {took:.1f} |" for name, took in one["seconds"].items()]
    return [*rows, "", f"The labels are {one['bytes'] / 1_000_000:.1f} MB, one to a page."]


def dock(part: dict[str, Any]) -> list[str]:
    found = part["found"]
    rows = [
        f"| page, with {found['notices']:,} consignments on their way to one site | p50 | p95 |",
        "|---|--:|--:|",
    ]
    rows += [
        f"| {name} | {one['p50']:.0f} ms | {one['p95']:.0f} ms |" for name, one in found["pages"].items()
    ]
    return [
        *rows,
        "",
        f"Counts posted one by one: {found['counted_per_second']:.0f} a second.",
        f"The ERP's bookings taken: {found['booked_per_second']:,.0f} a second; counted for their ship notices:",
        f"{found['attributed_per_second']:,.0f} a second.",
    ]


def matching(part: dict[str, Any]) -> list[str]:
    found = part["found"]
    return [
        f"{found['lines']:,} lines of {found['invoices']:,} invoices matched in {found['seconds']:,.0f} s:",
        f"{found['per_second']:,.0f} lines a second, by one worker, with everything kept that both sides read of it.",
    ]


def payables(part: dict[str, Any]) -> list[str]:
    found = part["found"]
    pages = [
        f"| page, with {found['invoices']:,} open invoices | p50 | p95 |",
        "|---|--:|--:|",
        *(f"| {name} | {one['p50']:.0f} ms | {one['p95']:.0f} ms |" for name, one in found["pages"].items()),
    ]
    papers = [
        "| invoices of one line, by one process | a second |",
        "|---|--:|",
        *(f"| {name} | {rate:.1f} |" for name, rate in found["per_second"].items()),
    ]
    return [*pages, "", *papers]


def invoice(part: dict[str, Any]) -> list[str]:
    (few, before), (many, now) = part["found"]["sizes"].items()
    rows = [
        f"| one invoice | {int(few):,} lines | {int(many):,} lines | growth |",
        "|---|--:|--:|--:|",
        *(
            f"| {name} | {before[name]:.2f} s | {took:.2f} s | {took / before[name]:.1f}× |"
            for name, took in now.items()
        ),
    ]
    return [*rows, "", f"{int(many) / int(few):.1f} times the lines."]


def suppliers(part: dict[str, Any]) -> list[str]:
    found = part["found"]
    pages = [
        f"| page, with {found['suppliers']:,} suppliers | p50 | p95 |",
        "|---|--:|--:|",
        *(f"| {name} | {one['p50']:.0f} ms | {one['p95']:.0f} ms |" for name, one in found["pages"].items()),
    ]
    invited = [
        "| invited at once | seconds | suppliers/s |",
        "|---|--:|--:|",
        *(
            f"| {int(count):,} | {took:.2f} | {int(count) / took:,.0f} |"
            for count, took in found["invited"].items()
        ),
    ]
    signs, (web, database) = found["signs"], found["signs"]["cpu"]
    signed = [
        "| signing in: the page opened, its form sent | a second |",
        "|---|--:|",
        *(
            f"| {name} | {rate:.1f} |"
            for name, rate in signs.items()
            if isinstance(rate, float) and name != "hashing"
        ),
    ]
    cpu, hashing = web + database, signs["hashing"]
    screened = (
        f"One transaction for all of them: invitations, onboardings, facts. {found['screened']:,} names were screened "
        f"against a list of {found['parties']:,} parties, three names each, at {found['screened_per_second']:,.0f} a "
        f"second ({found['hits']:,} hits); to see that nothing is left to be screened takes "
        f"{found['looked_again_seconds']:.1f} s."
    )
    standing = (
        f"There are {found['runs']:,} onboardings, {found['under_way']:,} of them under way: how each of their steps "
        "stands is read off what they have given."
    )
    hashed = (
        f"A password is hashed with scrypt, which is to cost much: {hashing:.0f} ms of the {cpu:.0f} ms of CPU that "
        f"signing in takes ({web:.0f} of the web server, {database:.0f} of PostgreSQL), {100 * hashing / cpu:.0f} %."
    )
    return [
        *invited,
        "",
        *wrap(screened, 110),
        "",
        *pages,
        "",
        *wrap(standing, 110),
        "",
        *signed,
        "",
        *wrap(hashed, 110),
    ]


def tryton(part: dict[str, Any]) -> list[str]:
    found = part["found"]
    if isinstance(found, str):
        return [f"Not measured: {found}"]
    rows = [
        f"| with Tryton {found['series']} | count | seconds | calls | waiting for Tryton | our CPU |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for name, words in (("read", "papers read, first load"), ("write", "promises written and read back")):
        one = found[name]
        waiting, cpu = f"{100 * one['waiting']:.1f} %", f"{one['cpu']:.2f} s"
        rows.append(
            f"| {words} | {one['count']} | {one['seconds']:.1f} | {one['calls']} | {waiting} | {cpu} |"
        )
    return [
        *rows,
        "",
        f"Aim: {100 * AIMS['waiting']:.0f} % of the time that writing takes is waiting: the ERP is the bottleneck.",
    ]


def plans(part: dict[str, Any]) -> list[str]:
    """The slowest queries of each page as PostgreSQL carried them out under the reader's role."""
    lines = [
        "## Plans",
        "",
        "The slowest queries of each page with all lines, under the reader's scope, row level security at work.",
        "",
    ]
    for name, one in part["found"].items():
        lines += [f"### {name[0].upper()}{name[1:]}", ""]
        for text in one["plans"]:
            lines += ["```", *(line.rstrip() for line in text.splitlines()), "```", ""]
    return lines


def kilobytes(size: int) -> str:
    return f"{size / 1024:.1f} KB" if size < 10 * 1024 else f"{size / 1024:.0f} KB"


def now() -> str:
    return f"{datetime.now(UTC):%-d %B %Y, %H:%M} UTC"
