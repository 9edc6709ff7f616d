"""PgBouncer in transaction mode: a connection changes hands after each transaction, and no scope goes with it."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from portal import backing
from portal.env import parsed_url
from portal.kernel.scope import SETTING, acting
from procurement.orders.files.exports import export_orders
from procurement.orders.models import PurchaseOrder
from tests.builders.world import an_order
from tests.machines import servers

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(servers.missing()), reason=servers.missing()),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def pools(db: None) -> Iterator[dict[str, str]]:
    """A PgBouncer in front of this run's database, with a single connection in each pool for all who come."""
    login = parsed_url("DATABASE_URL", os.environ["DATABASE_URL"], backing.POSTGRES_SCHEMES)
    name = str(connection.settings_dict["NAME"])
    with servers.open_folder() as home:
        one = {"size": 1, "sessions": 1}
        server, pools = servers.pgbouncer(home / "pgbouncer", login.geturl(), database=name, **one)
        server.start()
        server.wait()
        yield pools
        server.end()


@pytest.fixture
def pooled(pools: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Django's own connection goes through the pool from here on, as a web process' does."""
    address = parsed_url("DATABASE_URL", pools["web"], backing.POSTGRES_SCHEMES)
    described = backing.database(address, pool_size=0, statement_timeout=60, pooler="transaction")
    before = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(described)
    yield described
    connection.close()
    connection.settings_dict.clear()
    connection.settings_dict.update(before)


def test_a_scope_ends_with_its_transaction_and_the_next_caller_sees_nothing(people, pools, pooled):
    an_order("A")
    an_order("B", supplier="GLOBEX")
    with psycopg.connect(pools["web"], autocommit=True) as other:
        with acting(people["asha"].actor):
            mine = backend()
            assert set(PurchaseOrder.objects.values_list("number", flat=True)) == {"A"}

        # The very same connection of PostgreSQL, and no scope on it.
        assert other.execute("SELECT pg_backend_pid()").fetchone() == (mine,)
        assert other.execute("SELECT current_user").fetchone() == ("quayside_app",)
        assert other.execute("SELECT current_setting(%s, true)", [SETTING]).fetchone() in ((None,), ("",))
        assert other.execute("SELECT count(*) FROM procurement_purchaseorder").fetchone() == (0,)
    with acting(people["gil"].actor):
        assert backend() == mine
        assert set(PurchaseOrder.objects.values_list("number", flat=True)) == {"B"}


def test_a_scope_that_ended_badly_leaves_nothing_behind_either(people, pools, pooled):
    an_order("A")
    with psycopg.connect(pools["web"], autocommit=True) as other:
        with pytest.raises(IntegrityError), acting(people["bea"].actor):
            PurchaseOrder.objects.create(company_id=0, supplier_id=0)

        assert other.execute("SELECT count(*) FROM procurement_purchaseorder").fetchone() == (0,)


def test_lists_are_exported_without_a_cursor_on_the_server(people, pooled):
    for number in ("A", "B", "C"):
        an_order(number)

    with acting(people["bea"].actor):
        every = PurchaseOrder.objects.order_by("number")
        with CaptureQueriesContext(connection) as asked, export_orders(every, "csv") as file:
            text = file.read().decode("utf-8-sig")

    assert [row["Order"] for row in csv.DictReader(io.StringIO(text))] == ["A", "B", "C"]
    assert not any("DECLARE" in query["sql"] for query in asked)


def test_time_limits_are_the_pools(people, pools, pooled):
    with acting(people["bea"].actor), connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("1min",)


def test_who_was_not_told_of_the_pooler_is_refused_by_it(pools):
    address = parsed_url("DATABASE_URL", pools["web"], backing.POSTGRES_SCHEMES)
    described = backing.database(address, pool_size=0, statement_timeout=60)

    with pytest.raises(psycopg.OperationalError, match="unsupported startup parameter: options"):
        psycopg.connect(pools["web"], options=described["OPTIONS"]["options"])


def test_a_workers_locks_end_with_it_though_its_connection_lives_on(pools):
    with psycopg.connect(pools["workers"], autocommit=True) as first:
        assert first.execute("SELECT pg_try_advisory_lock(7, 7), pg_backend_pid()").fetchone()[0] is True
        holder = first.execute("SELECT pg_backend_pid()").fetchone()
    with psycopg.connect(pools["workers"], autocommit=True) as second:
        assert second.execute("SELECT pg_backend_pid()").fetchone() == holder
        left = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND (classid, objid) = (7, 7)"
        assert second.execute(left).fetchone() == (0,)


def backend() -> int:
    """Which connection of PostgreSQL we are on."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])
