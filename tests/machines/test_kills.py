"""Two web processes, three workers, a scheduler, a broker, PgBouncer and PostgreSQL: each is killed while people work.

Whatever was accepted stands, once: in the portal, in the outbox and in the ERP's books.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.machines import servers
from tests.machines.servers import Server, wait_for
from tests.machines.site import Ground, Site
from tests.machines.visitors import Ledger, Visitor, a_week_after, everybody
from tests.thoroughly import EVERYTHING

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(servers.missing()), reason=servers.missing())]

# Without these people may not be served; whatever else is killed, nobody gets to see it.
NEEDED = frozenset({"pgbouncer", "postgres", "postgres restarted"})
# More than anybody answers while the blows last; what is left over stays as it was sent.
STOCK = 120


@pytest.fixture(scope="module")
def ground(django_db_setup: None) -> Iterator[Ground]:
    with servers.open_folder() as home:
        ground = Ground(home)
        try:
            ground.lay()
            yield ground
        finally:
            ground.end()


@pytest.fixture
def redis(ground: Ground) -> tuple[Server, str]:
    return ground.redis, f"{ground.redis_url}/0"


@pytest.fixture
def rabbitmq(ground: Ground) -> Iterator[tuple[Server, str]]:
    (ground.epmd, server), address = servers.rabbitmq(ground.home / "rabbitmq")
    ground.epmd.start()
    ground.epmd.wait()
    server.start()
    server.wait()
    yield server, address
    server.end()


def test_on_redis_each_may_be_killed_and_nothing_is_lost_or_doubled(ground, redis):
    blows = ["web-1", "broker", "worker-1", "postgres"]
    if EVERYTHING:
        blows += ["worker-2", "worker-3", "pgbouncer", "scheduler", "web-2"]

    killed_while_people_work(ground, Site(ground, *redis), blows)


@pytest.mark.skipif(not EVERYTHING, reason="the same blows as on Redis; EVERYTHING=1 tries them here too")
def test_on_rabbitmq_each_may_be_killed_and_nothing_is_lost_or_doubled(ground, rabbitmq):
    blows = ["worker-1", "broker", "scheduler", "postgres restarted"]

    killed_while_people_work(ground, Site(ground, *rabbitmq, schedulers=2), blows)


def killed_while_people_work(ground: Ground, site: Site, blows: list[str]) -> None:
    ledger = Ledger()
    visitors: list[Visitor] = []
    try:
        ground.send_orders(STOCK)
        site.open()
        visitors = everybody(site.doors, ground.people, ledger)
        for visitor in visitors:
            visitor.start()
        for blow in blows:
            ground.send_orders(2)  # for the feeds to read meanwhile
            work_goes_on(ledger, visitors)
            strike(site, blow, ledger, visitors)
        work_goes_on(ledger, visitors)
        for visitor in visitors:
            visitor.stop()
        wait_for("all has come and all has gone", lambda: is_quiet(ground))
    except AssertionError as problem:
        raise AssertionError(f"{problem}\n{ledger}\n{site.last_words()}") from problem
    finally:
        for visitor in visitors:
            visitor.stopping.set()
        site.close()
    see_that_it_stands_once(ground, ledger)


def strike(site: Site, blow: str, ledger: Ledger, visitors: list[Visitor]) -> None:
    """Kill one; people go on; start it again; people go on."""
    troubles = len(ledger.troubles)
    if blow == "postgres":
        site.ground.database.kill()
        site.ground.database.start()
    elif blow == "postgres restarted":
        site.ground.database.restart()
    elif blow == "pgbouncer":
        site.servers[blow].kill()
        site.start(blow)
    if blow in NEEDED:
        # What was asked while nobody could be served has had its answer, before the next blow is judged.
        back = time.monotonic()
        wait_for("all ask again", lambda: all(one.began > back for one in visitors) or are_well(visitors))
    else:
        site.servers[blow].kill()
        work_goes_on(ledger, visitors)
        seen = ledger.troubles[troubles:]
        # A killed web process takes with it what it was answering, and refuses until it is back.
        port = site.servers[blow].port if blow.startswith("web") else None
        assert [one for one in seen if port is None or f"at {port}" not in one] == [], blow
        site.start(blow)


def work_goes_on(ledger: Ledger, visitors: list[Visitor]) -> None:
    before = ledger.taken
    wait_for("something more was accepted", lambda: ledger.taken > before + 1 or are_well(visitors))


def are_well(visitors: list[Visitor]) -> bool:
    """For those who wait: false, unless the one they wait for has broken down."""
    for visitor in visitors:
        if visitor.broken:
            raise visitor.broken
    return False


def is_quiet(ground: Ground) -> bool:
    """Every order has come, and nothing is on its way any more: what was promised is in the ERP and was read back."""
    come = ground.database.ask("SELECT count(*) FROM procurement_purchaseorder")
    waiting = ground.database.ask("SELECT count(*) FROM kernel_outboxmessage WHERE state <> 'delivered'")
    unseen = ground.database.ask("SELECT count(*) FROM procurement_erpcommand WHERE state <> 'confirmed'")
    return (come, waiting, unseen) == (ground.orders, 0, 0)


def see_that_it_stands_once(ground: Ground, ledger: Ledger) -> None:
    """What was accepted stands, and so does what was done though its answer never came back; nothing stands twice."""
    report = ground.company("report")
    agreed = set()
    for number, order in report["orders"].items():
        ten, twenty = order["lines"]["L10"], order["lines"]["L20"]
        asked = ground.erp.order("NM", number)
        held = {line.key: line.delivery_on.isoformat() for line in asked.lines}
        # Answered; and the line that was promised later than asked was accepted by the buyer.
        answered, accepted = twenty["agreement"] == "agreed", ten["agreement"] == "agreed"
        agreed |= {ten["pk"]} if accepted else set()

        assert answered or number not in ledger.orders, number
        assert answered or not accepted, number
        assert ten["agreement"] == ("agreed" if accepted else "answered" if answered else "awaiting"), number
        assert (order["acknowledgments"], order["told"].get("order.acknowledged", 0)) == (
            answered,
            answered,
        ), number
        # A command for the line that was as asked, and one for the line that the buyer accepted.
        assert order["commands"] == ["confirmed"] * (answered + accepted), number
        assert order["told"].get("erp.command_confirmed", 0) == answered + accepted, number
        # In the ERP's books, which each later day has changed once.
        later = a_week_after(held["L20"])
        assert held == {"L10": later if accepted else held["L20"], "L20": twenty["delivery_on"]}, number
        assert (asked.revision, ten["delivery_on"]) == ("2" if accepted else "1", held["L10"]), number
    assert len(report["orders"]) == ground.orders
    assert ledger.lines <= agreed
    assert len(ledger.orders) > 8
