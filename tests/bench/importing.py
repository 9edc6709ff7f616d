"""An ERP that moved a hundred thousand lines at once, through the files connector, against a bare COPY of the rows."""

from __future__ import annotations

import csv
import os
import re
import shutil
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from portal.embedded.supervisor import Failed
from tests.bench.company import Size
from tests.bench.servers import Machine, empty_database

# What an import of changed lines writes: the lines and their deliveries, the orders, their papers, and the events.
WRITTEN = {
    "procurement_purchaseorderline": "order_id = ANY(%(orders)s)",
    "procurement_scheduleline": (
        "line_id IN (SELECT id FROM procurement_purchaseorderline WHERE order_id = ANY(%(orders)s))"
    ),
    "procurement_purchaseorder": "id = ANY(%(orders)s)",
    "procurement_orderrevision": "order_id = ANY(%(orders)s) AND received_at >= %(since)s",
    "kernel_auditevent": "at >= %(since)s AND kind = 'order.revised'",
}
NAMES = """
    company order_number supplier currency ordered_on ship_to revision kind status payment_terms incoterm
    incoterm_place buyer_code buyer_name buyer_email lines_total line_key line_number item_number description
    quantity unit price price_per supplier_part_number delivery_on received_quantity invoiced_quantity line_closed
"""
COLUMNS = NAMES.split()


@dataclass(frozen=True, slots=True)
class Import:
    """How long it took, and what a bare COPY takes for the same."""

    lines: int
    orders: int
    seconds: float
    cpu: float
    copy_lines: float
    copy_all: float


def measure(machine: Machine, database: str, lines: int) -> Import:
    """Moves the delivery of so many lines, reads the file in, and copies what was written once more."""
    with machine.superuser(database) as server:
        orders = some_orders(server, lines)
        rows = read_orders(server, orders)
        since = server.execute("SELECT now()").fetchone()
        put_file(machine.home / "erp", "orders-moved.csv", (moved(row) for row in rows))
        seconds, cpu = read_in(machine, database, "orders")
        told = {"orders": orders, "since": since[0] if since else None}
        found = server.execute(
            "SELECT count(*) FROM procurement_orderrevision WHERE received_at >= %(since)s", told
        ).fetchone()
        if found != (len(orders),):
            raise Failed(f"{found} of {len(orders)} orders were revised by the import")
        server.execute("CHECKPOINT")
        copies = {table: copy_again(server, table, where, told) for table, where in WRITTEN.items()}
    (first, *_others) = copies.values()
    return Import(len(rows), len(orders), seconds, cpu, first, sum(copies.values()))


def some_orders(server: psycopg.Connection, lines: int) -> list[int]:
    """Orders from all over the years, until there are so many lines."""
    found: list[int] = []
    counted = 0
    for key, count in server.execute(
        "SELECT id, line_count FROM procurement_purchaseorder ORDER BY md5(number)"
    ).fetchall():
        if counted >= lines:
            break
        found.append(key)
        counted += count
    return found


def read_orders(server: psycopg.Connection, orders: list[int]) -> list[dict[str, Any]]:
    """The lines of these orders as an ERP exports them."""
    cursor = server.execute(
        "SELECT 'NM', o.number, s.number, o.currency, o.ordered_on, 'HAM', '9', o.kind,"
        " CASE o.state WHEN 'issued' THEN 'open' ELSE o.state END, o.payment_terms, o.incoterm, o.incoterm_place,"
        " o.buyer_code, o.buyer_name, o.buyer_email, o.line_count, l.key, l.number, l.item_number, l.description,"
        " trim_scale(l.quantity), l.unit, trim_scale(l.price), trim_scale(l.price_per), l.supplier_part_number,"
        " l.delivery_on, trim_scale(l.received_quantity), trim_scale(l.invoiced_quantity), l.closed"
        " FROM procurement_purchaseorderline l JOIN procurement_purchaseorder o ON o.id = l.order_id"
        " JOIN suppliers_supplier s ON s.id = o.supplier_id WHERE o.id = ANY(%s) ORDER BY o.id, l.number",
        [orders],
    )
    return [dict(zip(COLUMNS, row, strict=True)) for row in cursor.fetchall()]


def moved(row: dict[str, Any]) -> dict[str, Any]:
    """The same line a week later."""
    closed = "yes" if row["line_closed"] else "no"
    return row | {"delivery_on": row["delivery_on"] + timedelta(days=7), "line_closed": closed}


def put_file(root: Path, name: str, rows: Any) -> Path:
    """Into the drop folder, as an ERP that finished writing a while ago."""
    inbox = root / "in"
    inbox.mkdir(parents=True, exist_ok=True)
    path = inbox / name
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    before = time.time() - 60
    os.utime(path, (before, before))
    return path


def read_in(machine: Machine, database: str, *feeds: str) -> tuple[float, float]:
    """`manage.py import_orders`, as an operator would; seconds it took, and seconds of CPU with the database's."""
    before, mine, began = machine.database_cpu(), os.times(), time.perf_counter()
    told = machine.run("manage.py", "import_orders", *feeds, env=machine.environment(database))
    seconds, after = time.perf_counter() - began, os.times()
    cpu = after.children_user + after.children_system - mine.children_user - mine.children_system
    if re.search(r" [1-9]\d* refusals", told) or "read," not in told:
        raise Failed(f"The import did not take everything:\n{told[:2000]}")
    return seconds, cpu + machine.database_cpu() - before


def copy_again(server: psycopg.Connection, table: str, where: str, told: dict[str, Any]) -> float:
    """The rows as they stand now, copied into an empty table of the same shape: columns, checks and indexes."""
    name, twin = sql.Identifier(table), sql.Identifier(f"twin_{table}"[:60])
    server.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(twin))
    server.execute(sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(twin, name))
    query = sql.SQL("COPY (SELECT * FROM {} WHERE {}) TO STDOUT").format(name, bound(where, told))
    with server.cursor() as cursor, cursor.copy(query) as copy:
        packed = b"".join(copy)
    began = time.perf_counter()
    with server.cursor() as cursor, cursor.copy(sql.SQL("COPY {} FROM STDIN").format(twin)) as copy:
        copy.write(packed)
    seconds = time.perf_counter() - began
    server.execute(sql.SQL("DROP TABLE {}").format(twin))
    return seconds


def bound(where: str, told: dict[str, Any]) -> sql.Composed:
    """COPY takes no parameters."""
    parts: list[sql.Composable] = []
    for piece in re.split(r"(%\(\w+\)s)", where):
        known = re.fullmatch(r"%\((\w+)\)s", piece)
        parts.append(sql.Literal(told[known[1]]) if known else sql.SQL(piece))  # type: ignore[arg-type]
    return sql.Composed(parts)


# --- the first load -----------------------------------------------------------------------------------------


def measure_first_load(machine: Machine, database: str, size: Size) -> Import:
    """A whole company through the files connector into an empty portal, and its rows by COPY."""
    empty = f"first_{size.lines}"
    empty_database(machine, empty)
    root = machine.home / "erp"
    shutil.rmtree(root, ignore_errors=True)
    env = machine.environment(empty) | {"BENCH_PASSWORD": machine.password}
    machine.run("-m", "tests.bench.loading", *map(str, (size.lines, size.suppliers)), env=env)
    count = 0
    with machine.superuser(database) as server:
        keys = [
            row[0]
            for row in server.execute("SELECT id FROM procurement_purchaseorder ORDER BY id").fetchall()
        ]
        for start in range(0, len(keys), 40_000):
            rows = read_orders(server, keys[start : start + 40_000])
            count += len(rows)
            put_file(root, f"orders-{start:07d}.csv", (moved(row) for row in rows))
    seconds, cpu = read_in(machine, empty, "orders")
    with machine.superuser(empty) as server:
        since = server.execute("SELECT min(received_at) FROM procurement_orderrevision").fetchone()
        told = {"orders": [], "since": since[0] if since else None}
        copies = {table: copy_again(server, table, "true", told) for table in WRITTEN}
    (first, *_others) = copies.values()
    return Import(count, len(keys), seconds, cpu, first, sum(copies.values()))
