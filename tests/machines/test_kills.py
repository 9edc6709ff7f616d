"""Two web processes, three workers, a scheduler, a broker, PgBouncer and PostgreSQL: each is killed while people work.

Whatever was accepted stands, once: in the portal, in the outbox and in the ERP's books.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.machines import servers
from tests.machines.servers import Server, wait_for
from tests.machines.site import WORKERS, Ground, Site
from tests.machines.visitors import Ledger, Visitor, a_week_after, everybody

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(servers.missing()), reason=servers.missing())]

# Without these people may not be served; whatever else is killed, nobody gets to see it.
NEEDED = frozenset({"pgbouncer", "postgres"})
ORDERS_A_BLOW = 4


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
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
    blows = ["web-1", "broker", *WORKERS, "pgbouncer", "scheduler", "postgres", "web-2"]

    killed_while_people_work(ground, Site(ground, *redis), blows)


def test_on_rabbitmq_each_may_be_killed_and_nothing_is_lost_or_doubled(ground, rabbitmq):
    blows = ["worker-1", "broker", "scheduler", "postgres restarted"]

    killed_while_people_work(ground, Site(ground, *rabbitmq, schedulers=2), blows)


def killed_while_people_work(ground: Ground, site: Site, blows: list[str]) -> None:
    ledger = Ledger()
    visitors: list[Visitor] = []
    first = ground.orders
    try:
        ground.send_orders(ORDERS_A_BLOW)
        site.open()
        visitors = everybody(site.doors, ground.people, ledger)
        for visitor in visitors:
            visitor.start()
        work_goes_on(ledger, visitors)
        for blow in blows:
            ground.send_orders(ORDERS_A_BLOW)
            strike(site, blow, ledger, visitors)
        sent = [str(4_500_000_000 + number) for number in range(first, ground.orders)]
        wait_for("every order is answered", lambda: ledger.orders >= set(sent) or are_well(visitors))
        wait_for("every line is decided", lambda: len(ledger.lines) >= len(sent) or are_well(visitors))
        for visitor in visitors:
            visitor.stop()
        wait_for("the ERP has told all", lambda: is_quiet(ground), 60)
    except AssertionError as problem:
        raise AssertionError(f"{problem}\n{ledger}\n{site.last_words()}") from problem
    finally:
        for visitor in visitors:
            visitor.stopping.set()
        site.close()
    see_that_it_stands_once(ground, ledger, sent)


def strike(site: Site, blow: str, ledger: Ledger, visitors: list[Visitor]) -> None:
    """Kill one; people go on; start it again; people go on."""
    troubles = len(ledger.troubles)
    if blow == "postgres":
        site.ground.database.kill()
        site.ground.database.start()
    elif blow == "postgres restarted":
        site.ground.database.restart()
    elif blow in NEEDED:
        site.servers[blow].kill()
        site.start(blow)
    else:
        site.servers[blow].kill()
        work_goes_on(ledger, visitors)
        seen = ledger.troubles[troubles:]
        # A killed web process takes with it what it was answering, and refuses until it is back.
        port = site.servers[blow].port if blow.startswith("web") else None
        assert [one for one in seen if port is None or f"at {port}" not in one] == [], blow
        site.start(blow)
    work_goes_on(ledger, visitors)


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
    """Nothing on its way any more: all that was promised is in the ERP and was read back."""
    return ground.database.is_so(
        """SELECT NOT EXISTS (SELECT FROM kernel_outboxmessage WHERE state <> 'delivered')
           AND NOT EXISTS (SELECT FROM procurement_erpcommand WHERE state <> 'confirmed')"""
    )


def see_that_it_stands_once(ground: Ground, ledger: Ledger, sent: list[str]) -> None:
    report = ground.company("report")
    for number in sent:
        order = report["orders"][number]
        asked = ground.erp.order("NM", number)
        ten, twenty = order["lines"]["L10"], order["lines"]["L20"]

        assert order["acknowledgments"] == 1, number
        assert order["told"]["order.acknowledged"] == 1, number
        # One command for the line that was as asked, one for the line that the buyer accepted.
        assert order["commands"] == ["confirmed", "confirmed"], number
        assert order["told"]["erp.command_confirmed"] == 2, number
        assert [ten["agreement"], twenty["agreement"]] == ["agreed", "agreed"], number
        # In the ERP's books, which were changed once: revision 1 was ours to answer, 2 is the later day.
        held = {line.key: line.delivery_on.isoformat() for line in asked.lines}
        assert held == {"L10": a_week_after(held["L20"]), "L20": twenty["delivery_on"]}, number
        assert (asked.revision, ten["delivery_on"]) == ("2", held["L10"]), number
    agreed = {
        order["lines"]["L10"]["pk"] for number, order in report["orders"].items() if number in set(sent)
    }
    assert ledger.lines == agreed
    assert ledger.orders == set(sent)
