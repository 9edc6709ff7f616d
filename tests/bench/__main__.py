"""`make bench`: how fast the portal is, and whether that is as fast as it should be. See docs/bench.md."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from portal.embedded.places import ROOT
from portal.embedded.postgres_home import PostgresUnavailable
from portal.embedded.supervisor import Failed, Stopping, Supervisor
from portal.embedded.valkey import ValkeyUnavailable
from tests.bench import (
    dock,
    importing,
    inbox,
    invoice,
    mails,
    matching,
    outbox,
    pages,
    payables,
    report,
    rules,
    servers,
    shipments,
    suppliers,
    tryton,
)
from tests.bench.company import BIG, LITTLE, TINY, Size
from tests.bench.servers import Machine

PARTS = (
    "pages",
    "import",
    "outbox",
    "inbox",
    "rules",
    "mails",
    "shipments",
    "dock",
    "matching",
    "payables",
    "invoice",
    "suppliers",
    "tryton",
)


class Bench:
    """One run: some parts, at full size or small."""

    def __init__(self, machine: Machine, home: Path, *, small: bool, full: bool) -> None:
        self.machine, self.home, self.small, self.full = machine, home, small, full
        self.big: Size = TINY[0] if small else BIG
        self.little: Size = TINY[1] if small else LITTLE
        self.machine_text = report.machine_text(machine)

    def run(self, parts: list[str]) -> dict[str, Any]:
        about = {
            "big": self.big.lines,
            "little": self.little.lines,
            "suppliers": self.big.suppliers,
            "orders": self.big.orders,
        }
        results: dict[str, Any] = {"about": about}
        steps: dict[str, Callable[[dict[str, Any]], None]] = {
            "pages": self.pages,
            "import": self.imports,
            "outbox": self.outbox,
            "inbox": self.inbox,
            "rules": self.rules,
            "mails": self.mails,
            "shipments": self.shipments,
            "dock": self.dock,
            "matching": self.matching,
            "payables": self.payables,
            "invoice": self.invoice,
            "suppliers": self.suppliers,
            "tryton": self.tryton,
        }
        for part in parts:
            print(f"{part} …", flush=True)
            steps[part](results)
        return results

    def keep(self, results: dict[str, Any], name: str, found: Any, **more: Any) -> None:
        results[name] = {"at": report.now(), "machine": self.machine_text, "found": found, **more}
        merged(self.home, results)  # at once: a later part that fails must not lose what took an hour

    def pages(self, results: dict[str, Any]) -> None:
        effort = pages.Effort(0.1, 1, 1, (1,)) if self.small else pages.Effort()
        sites = []
        for size in (self.little, self.big):
            database, loaded = servers.fresh_database(self.machine, size)
            web = servers.start_web(self.machine, database)
            sites.append(pages.Site(self.machine, size, database, web, max(effort.clients)).open())
        front_end = sites[-1].front_end()
        found = pages.measure_pages(sites, effort)
        for site in sites:
            servers.stop_web(self.machine, site.web)
        self.keep(results, "pages", found, loaded=loaded, **{"front end": front_end})

    def imports(self, results: dict[str, Any]) -> None:
        database, _loaded = servers.fresh_database(self.machine, self.big)
        lines = 100 if self.small else 100_000
        self.keep(results, "import", asdict(importing.measure(self.machine, database, lines)))
        if self.full:
            print("first load …", flush=True)
            found = importing.measure_first_load(self.machine, database, self.big)
            self.keep(results, "first load", asdict(found))

    def outbox(self, results: dict[str, Any]) -> None:
        database, _loaded = servers.fresh_database(self.machine, self.big)
        self.keep(results, "outbox", outbox.measure(self.machine, database, 20 if self.small else 5_000))

    def inbox(self, results: dict[str, Any]) -> None:
        size, cases, rounds = (self.big, 500, 3) if self.small else (self.little, 100_000, inbox.ROUNDS)
        self.keep(results, "inbox", inbox.measure(self.machine, size, cases, rounds))

    def rules(self, results: dict[str, Any]) -> None:
        self.keep(results, "rules", rules.measure((5, 50, 500), 100 if self.small else 20_000))

    def mails(self, results: dict[str, Any]) -> None:
        self.keep(results, "mails", mails.measure(*((1, 50) if self.small else (20,))))

    def shipments(self, results: dict[str, Any]) -> None:
        size = self.big if self.small else self.little
        self.keep(results, "shipments", shipments.measure(self.machine, size, 20 if self.small else 2_000))

    def dock(self, results: dict[str, Any]) -> None:
        size, notices, rounds = (self.big, 10, 2) if self.small else (self.little, 5_000, dock.ROUNDS)
        self.keep(results, "dock", dock.measure(self.machine, size, notices, rounds))

    def matching(self, results: dict[str, Any]) -> None:
        lines = 100 if self.small else 1_000_000
        self.keep(results, "matching", matching.measure(self.machine, self.big, lines))

    def payables(self, results: dict[str, Any]) -> None:
        counts = (300, 2, 2) if self.small else (100_000, 40, payables.ROUNDS)
        self.keep(results, "payables", payables.measure(self.machine, self.big, *counts))

    def invoice(self, results: dict[str, Any]) -> None:
        lines = (10, 20) if self.small else (900, 2_000)
        self.keep(results, "invoice", invoice.measure(self.machine, self.big, *lines))

    def suppliers(self, results: dict[str, Any]) -> None:
        size, counts = (
            (self.big, (400, 6, 2)) if self.small else (self.little, (50_000, 240, suppliers.ROUNDS))
        )
        self.keep(results, "suppliers", suppliers.measure(self.machine, size, *counts))

    def tryton(self, results: dict[str, Any]) -> None:
        self.keep(results, "tryton", tryton.measure(self.machine, 2 if self.small else 60))


def merged(home: Path, results: dict[str, Any]) -> dict[str, Any]:
    """The results with those of parts that were not measured now."""
    kept = home / "results.json"
    before = json.loads(kept.read_text()) if kept.exists() else {}
    together = {**before, **json.loads(json.dumps(results))}
    kept.write_text(json.dumps(together, indent=1))
    return together


def flag(name: str) -> bool:
    return os.environ.get(name, "") not in ("", "0")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"only these: {', '.join(PARTS)}")
    parser.add_argument(
        "--home", type=Path, help="where servers and databases are kept; var/bench if not said"
    )
    options = parser.parse_args(arguments)
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    small = flag("SMALL")
    home = (options.home or ROOT / "var" / ("bench-small" if small else "bench")).resolve()
    home.mkdir(parents=True, exist_ok=True)
    try:
        with Supervisor(home / "run") as supervisor:
            machine = servers.start(supervisor, home, small=small)
            # Tryton is a program of its own and takes a minute to install: the small run leaves it out unless asked.
            chosen = options.parts or [part for part in PARTS if not (small and part == "tryton")]
            results = Bench(machine, home, small=small, full=flag("FULL")).run(chosen)
    except Stopping:
        return 130
    except (Failed, PostgresUnavailable, ValkeyUnavailable) as problem:
        print(f"The bench cannot go on: {problem}", file=sys.stderr)
        return 1
    text = report.document(merged(home, results))
    print(f"\n{text}")
    if not small:
        report.DOCUMENT.write_text(report.beside_former(text, report.DOCUMENT.read_text()))
        print(f"Kept in {report.DOCUMENT.relative_to(ROOT)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main([*sys.argv[1:], *shlex.split(os.environ.get("ARGS", ""))]))
