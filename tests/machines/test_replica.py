"""A real replica streams from a real database: exports are read there, behind the same wall, and never too early."""

from __future__ import annotations

import csv
import io
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal import backing
from portal.embedded import postgres, processes
from portal.embedded.postgres_home import data_folder, other_identity, programs_folder
from portal.env import parsed_url
from portal.kernel import replica
from portal.kernel.replica import REPLICA, reading_apart
from portal.kernel.scope import NoScope, acting, take_scope
from procurement.orders.models import PurchaseOrder
from tests import database as this_run
from tests.builders.world import an_order, make_world
from tests.machines import servers
from tests.people import FEED, make_people

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True, databases=["default", REPLICA])]


@pytest.fixture(scope="module")
def pair(django_db_setup: None) -> Iterator[tuple[postgres.Cluster, int]]:
    """A migrated database, and the port of its replica."""
    with servers.open_folder() as home:
        primary = postgres.start_cluster(home / "primary", port=servers.lasting_port())
        follower = None
        try:
            servers.wait_for_no_disk(primary)
            servers.fill(primary)
            follower, port = follow(primary, home)
            login = parsed_url("DATABASE_URL", primary.addresses.login, backing.POSTGRES_SCHEMES)
            there = login._replace(netloc=login.netloc.replace(f":{primary.port}", f":{port}"))
            described = backing.database(there, pool_size=0, statement_timeout=60)
            connections.databases[REPLICA] = connections.configure_settings(
                {"default": {}, REPLICA: described}
            )[REPLICA]
            yield primary, port
            connections[REPLICA].close()
            del connections[REPLICA]
            del connections.databases[REPLICA]
        finally:
            if follower:
                follower.end()
            primary.stop()


def follow(primary: postgres.Cluster, home: Any) -> tuple[processes.Child, int]:
    """A copy of the database that repeats whatever it does."""
    data, port, identity = (
        data_folder(servers.folder(home / "replica")),
        servers.lasting_port(),
        other_identity(),
    )
    servers.folder(data).chmod(0o700)
    source = f"host=127.0.0.1 port={primary.port} user=postgres password={primary.superuser_password}"
    who: dict[str, Any] = (
        {} if identity is None else {"user": identity, "group": identity, "extra_groups": []}
    )
    copy = [str(programs_folder() / "pg_basebackup"), "--pgdata", str(data), "--write-recovery-conf"]
    copy += ["--checkpoint=fast", "--no-sync", "--dbname", source]
    subprocess.run(copy, check=True, env=postgres.server_environment(), cwd=data, **who)
    server = [str(programs_folder() / "postgres"), "-D", str(data)]
    child = processes.start(
        "replica",
        [*server, *postgres.settings_arguments(port, durable=True), "-c", "hot_standby_feedback=on"],
        log=home / "replica.log",
        env=postgres.server_environment(),
        cwd=data,
        as_user=identity,
    )
    postgres.wait_until_it_answers(child, port, primary.superuser_password)
    return child, port


@pytest.fixture
def two(db: None, pair: tuple[postgres.Cluster, int]) -> Iterator[postgres.Cluster]:
    """This process on the pair, in place of this run's own database."""
    primary, _port = pair
    login = parsed_url("DATABASE_URL", primary.addresses.login, backing.POSTGRES_SCHEMES)
    before = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(backing.database(login, pool_size=0, statement_timeout=60))
    yield primary
    connections[REPLICA].close()
    connection.close()
    connection.settings_dict.clear()
    connection.settings_dict.update(before)


@pytest.fixture
def crew(two: postgres.Cluster, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """The people of all tests, in this database. The replica may need a while: it is waited for."""
    monkeypatch.setattr(replica, "PATIENCE_SECONDS", 60.0)
    settings.DATABASE_ROUTERS = ["portal.kernel.replica.ReplicaRouter"]
    world = make_world()
    with acting(FEED):
        made = make_people(world)
    yield made
    with postgres.connect(two.port, two.superuser_password, postgres.DATABASE) as server:
        server.execute("SET session_replication_role = replica")  # a superuser may: the audit trail is kept
        this_run.empty(server, this_run.asking_for_rows(server))


def numbers_exported(person: Any) -> list[str]:
    visitor = Client()
    visitor.force_login(person.user)
    answer = visitor.get("/orders/export.csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return sorted(row["Order"] for row in csv.DictReader(io.StringIO(text)))


def test_a_supplier_reads_its_own_from_the_replica_at_once(crew):
    an_order("A")
    an_order("B", supplier="GLOBEX")

    with CaptureQueriesContext(connections[REPLICA]) as there, CaptureQueriesContext(connection) as here:
        assert numbers_exported(crew["asha"]) == ["A"]

    assert any('FROM "procurement_purchaseorder"' in one["sql"] for one in there)
    assert not any('FROM "procurement_purchaseorder"' in one["sql"] for one in here)
    assert numbers_exported(crew["gil"]) == ["B"]
    with acting(crew["bea"].actor), reading_apart(crew["bea"].actor):
        assert set(PurchaseOrder.objects.values_list("number", flat=True)) == {"A", "B"}
    for number in range(20):  # what was just written is always there
        an_order(f"C{number:02}")
        assert f"C{number:02}" in numbers_exported(crew["asha"])


def test_the_second_wall_stands_there_too(crew):
    an_order("A")
    an_order("B", supplier="GLOBEX")

    with acting(crew["asha"].actor), reading_apart(crew["asha"].actor) as apart:
        everything = list(PurchaseOrder.objects.values_list("number", flat=True))
        with connections[REPLICA].cursor() as cursor:
            cursor.execute("SELECT current_user, pg_is_in_recovery()")
            who = cursor.fetchone()
    with connections[REPLICA].cursor() as cursor:
        cursor.execute("SELECT current_user, count(*) FROM procurement_purchaseorder")
        afterwards = cursor.fetchone()

    assert (apart, everything, who) == (True, ["A"], ("quayside_supplier", True))
    assert afterwards == ("quayside_app", 0)
    with pytest.raises(NoScope):
        take_scope(crew["asha"].actor, using=REPLICA)


def test_nothing_is_written_while_it_is_read(crew):
    an_order("A")

    with acting(crew["bea"].actor), reading_apart(crew["bea"].actor):
        order = PurchaseOrder.objects.get(number="A")
        with pytest.raises(RuntimeError, match="Nothing is written"):
            order.save()


def test_a_replica_that_is_late_is_not_waited_for(crew, two, pair, monkeypatch):
    monkeypatch.setattr(replica, "PATIENCE_SECONDS", 0.2)
    an_order("A")
    with postgres.connect(pair[1], two.superuser_password) as follower:
        follower.execute("SELECT pg_wal_replay_pause()")
        try:
            an_order("B")
            assert numbers_exported(crew["asha"]) == ["A", "B"]
            with acting(crew["asha"].actor), reading_apart(crew["asha"].actor) as apart:
                assert apart is False
        finally:
            follower.execute("SELECT pg_wal_replay_resume()")


def test_a_replica_that_is_away_costs_nobody_the_list(crew, monkeypatch):
    an_order("A")
    connections[REPLICA].close()
    monkeypatch.setitem(connections[REPLICA].settings_dict, "PORT", "1")

    assert numbers_exported(crew["asha"]) == ["A"]


def test_another_database_is_not_taken_for_a_replica(crew, two, monkeypatch):
    connections[REPLICA].close()
    monkeypatch.setitem(connections[REPLICA].settings_dict, "PORT", str(two.port))

    with acting(crew["asha"].actor), reading_apart(crew["asha"].actor) as apart:
        assert apart is False


def test_without_a_replica_all_is_read_where_it_was(crew, monkeypatch):
    an_order("A")
    monkeypatch.delitem(connections.databases, REPLICA)

    with acting(crew["asha"].actor), reading_apart(crew["asha"].actor) as apart:
        assert (apart, PurchaseOrder.objects.count()) == (False, 1)
