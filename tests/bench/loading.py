"""Filling an empty, migrated database with a company: master data by the services, the rest by `COPY`.

`python -m tests.bench.loading <lines>`: in a process of its own, on the database of the environment.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import date

import django
import psycopg
from psycopg import sql

from tests.bench.company import TABLES, Rows, Size, items_of, make, supplier_number

PEOPLE = 4  # of each side that is measured: as many as there are clients at once
NAME = "Northmoor Supply"


def load(size: Size, password: str) -> dict[str, float]:
    """Everything; answers how long its parts took."""
    django.setup()
    began = time.monotonic()
    load_master_data(size)
    load_people(password)
    master = time.monotonic()
    if "BENCH_SUPERUSER_URL" not in os.environ:
        return {"master data": master - began}  # the orders come from the ERP
    with psycopg.connect(os.environ["BENCH_SUPERUSER_URL"], autocommit=True) as server:
        indexes = drop_indexes(server)
        copy_orders(server, size)
        copied = time.monotonic()
        for index in indexes:
            server.execute(index)
        indexed = time.monotonic()
        server.execute("VACUUM ANALYZE")
    return {
        "master data": master - began,
        "copy": copied - master,
        "indexes": indexed - copied,
        "vacuum analyze": time.monotonic() - indexed,
    }


def load_master_data(size: Size) -> None:
    """Companies, sites, units, suppliers and what each sells, as the ERP's feed brings them."""
    from portal.kernel.scope import acting
    from procurement.catalogue import messages, services
    from procurement.erp.inbound import FEED_ACTOR
    from suppliers.messages import SupplierPaper, SupplierSitePaper
    from suppliers.models import Supplier
    from suppliers.services import receive_supplier_sites, receive_suppliers

    positions = range(1, size.suppliers + 1)
    numbers = [supplier_number(position) for position in positions]
    with acting(FEED_ACTOR):
        services.receive_companies([messages.CompanyPaper("NM", NAME, "EUR", "DE", "Europe/Berlin")])
        services.receive_sites(
            [messages.SitePaper("HAM", "NM", "Hamburg warehouse", city="Hamburg", country="DE")]
        )
        services.receive_units([messages.UnitPaper("PCS", "piece", 0, "C62")])
        segments = ("strategic", "core", "long_tail")
        receive_suppliers(
            [
                SupplierPaper(
                    number,
                    f"{word(number)} {number} GmbH",
                    "DE",
                    "EUR",
                    "en",
                    "Europe/Berlin",
                    segments[at % 3],
                )
                for at, number in enumerate(numbers)
            ]
        )
        receive_supplier_sites(
            [SupplierSitePaper(number, "W1", "Works", city="Kiel", transit_days=2) for number in numbers]
        )
        sold = [
            (number, item)
            for position, number in zip(positions, numbers, strict=True)
            for item in items_of(position)
        ]
        services.receive_items([messages.ItemPaper(item.number, item.text, "PCS") for _number, item in sold])
        services.receive_supplier_items(
            [
                messages.SupplierItemPaper(number, item.number, item.part, lead_time_days=21)
                for number, item in sold
            ]
        )
        found = dict(Supplier.objects.values_list("number", "id"))
    assert [found[number] for number in numbers] == list(positions)


def word(number: str) -> str:
    return ("Acme", "Globex", "Lian Feng", "Brandt", "Okafor", "Silva")[int(number) % 6]


def load_people(password: str) -> None:
    """A few people of each side that is measured, with one password."""
    from django.contrib.auth.hashers import make_password
    from django.utils import timezone

    from portal.kernel.actors import Actor
    from portal.kernel.scope import acting
    from suppliers.models import Supplier, User
    from suppliers.roles import CompanyRole, SupplierRole
    from suppliers.services import add_member

    hashed, loader = make_password(password), Actor.system("Bench")
    with acting(loader):
        for name, side in (("asha", 1), ("pat", 2), ("bea", 0)):
            for number in range(1, PEOPLE + 1):
                domain = "supplier.example" if side else "northmoor.example"
                user = User.objects.create(
                    email=f"{name}{number}@{domain}",
                    name=f"{name.capitalize()} {number}",
                    password=hashed,
                    company_role="" if side else CompanyRole.BUYER,
                    time_zone="Europe/Berlin",
                )
                User.objects.prove_addresses([user])
                if side:
                    supplier = Supplier.objects.get(number=supplier_number(side))
                    add_member(user, supplier, SupplierRole.ADMINISTRATOR, actor=loader, at=timezone.now())


def drop_indexes(server: psycopg.Connection) -> list[str]:
    """Indexes that hold no constraint are built once the rows are there; answers how."""
    found = server.execute(
        "SELECT index.indexrelid::regclass::text, pg_get_indexdef(index.indexrelid) FROM pg_index index"
        " WHERE index.indrelid = ANY(%s::regclass[]) AND NOT index.indisunique"
        " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = index.indexrelid)",
        [list(TABLES)],
    ).fetchall()
    for name, _definition in found:
        server.execute(sql.SQL("DROP INDEX {}").format(sql.SQL(name)))
    return [definition for _name, definition in found]


def copy_orders(server: psycopg.Connection, size: Size) -> None:
    """All orders by COPY, table after table; foreign keys are true by making."""
    server.execute("SET session_replication_role = replica")
    server.execute("SET synchronous_commit = off")
    # What is to be told of the people who were just let in stands there already, under the numbers of the first orders.
    server.execute("TRUNCATE kernel_outboxmessage CASCADE")
    more = {table: unsaid(table, columns.split()) for table, columns in TABLES.items()}
    for rows in make(size, date.today()):  # noqa: DTZ011 -- the day of this machine is the company's
        copy_rows(server, rows, more)
    server.execute("SET session_replication_role = origin")
    for table in TABLES:
        name = sql.Identifier(table)
        if server.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table]).fetchone() != (None,):
            server.execute(
                sql.SQL("SELECT setval(pg_get_serial_sequence({}, 'id'), max(id)) FROM {}").format(
                    sql.Literal(table), name
                )
            )


def unsaid(table: str, said: list[str]) -> dict[str, str]:
    """What the model says of columns that the made-up rows say nothing of, so that a new column breaks nothing."""
    from django.apps import apps
    from django.db import connection
    from django.db.models import NOT_PROVIDED

    model = next(one for one in apps.get_models() if one._meta.db_table == table)
    values: dict[str, str] = {}
    for field in model._meta.concrete_fields:
        if field.column in said or field.null or field.primary_key or field.db_default is not NOT_PROVIDED:
            continue
        if field.get_internal_type() == "JSONField":
            values[field.column] = json.dumps(field.get_default())
        else:
            values[field.column] = str(field.get_db_prep_save(field.get_default(), connection))
    return values


def copy_rows(server: psycopg.Connection, rows: Rows, more: dict[str, dict[str, str]]) -> None:
    for table, lines in rows.of.items():
        columns = [*TABLES[table].split(), *more[table]]
        tail = "".join(f"\t{value}" for value in more[table].values()) + "\n"
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        with server.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write((tail.join(lines) + tail) if lines else "")


if __name__ == "__main__":
    print(json.dumps(load(Size(*map(int, sys.argv[1:])), os.environ["BENCH_PASSWORD"])))
