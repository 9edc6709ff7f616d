"""A dock with very much on its way: its calendar, and how fast what arrives is counted and booked.

`python -m tests.bench.dock <fill|count|book> <how many>`: in processes of their own on the database of the environment.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from tests.bench import servers
from tests.bench.client import sign_in
from tests.bench.company import Size
from tests.bench.inbox import ROUNDS, timed, told_by
from tests.bench.servers import HOST, Machine

PACKAGES = 10


def measure(machine: Machine, size: Size, notices: int, rounds: int = ROUNDS) -> dict[str, Any]:
    """Milliseconds of each view of the calendar with so many consignments on their way, and counts a second."""
    database, _loaded = servers.fresh_database(machine, size)
    env = machine.environment(database)
    filled = told_by(machine.run("-m", "tests.bench.dock", "fill", str(notices), env=env))
    web = servers.start_web(machine, database)
    try:
        bea = sign_in(web.port, HOST, "bea1@northmoor.example", machine.password)
        with machine.superuser(database) as server:
            server.execute("ANALYZE")
            server.commit()
        wanted = {view: f"/inbound/?site={filled['site']}&view={view}" for view in ("day", "week", "hours")}
        wanted["list of all"] = "/shipments/?view=way"
        pages = {name: timed(lambda path=path: bea.get(path), rounds) for name, path in wanted.items()}  # type: ignore[misc]  # bound now
    finally:
        servers.stop_web(machine, web)
    few = min(notices, 300)
    counted = told_by(machine.run("-m", "tests.bench.dock", "count", str(few), env=env))
    booked = told_by(machine.run("-m", "tests.bench.dock", "book", str(notices), env=env))
    return {**filled, "pages": pages, **counted, **booked}


# --- in the processes ---------------------------------------------------------------------------------------


def fill(notices: int) -> dict[str, Any]:
    """So many consignments of one line each, in ten cartons, on their way to one site over the next weeks."""
    from datetime import timedelta

    from django.utils import timezone

    from portal.kernel.actors import Actor
    from portal.kernel.scope import acting
    from procurement.catalogue.models import Site
    from procurement.shipments.models import Package, PackedQuantity, ShipNotice, ShipNoticeLine
    from procurement.shipments.policies import number_key
    from procurement.shipments.queries import shippable_lines

    actor, at = Actor.system("Bench"), timezone.now()
    today = at.date()
    with acting(actor):
        lines = list(shippable_lines(actor).select_related("order").order_by("id")[:notices])
        site = Site.objects.get(pk=next(line.ship_to_id or line.order.ship_to_id for line in lines))
        sent = [
            ShipNotice(
                supplier_id=line.supplier_id,
                company_id=line.order.company_id,
                ship_to=site,
                state="in_transit",
                number=f"BENCH-{n}",
                number_key=number_key(f"BENCH-{n}"),
                ship_on=today - timedelta(days=3),
                delivery_on=today + timedelta(days=n % 40),
                expected_on=today + timedelta(days=n % 40),
                drafted_at=at,
                updated_at=at,
                sent_at=at,
                departed_at=at,
                written_by="Bench",
                sent_by="Bench",
            )
            for n, line in enumerate(lines)
        ]
        ShipNotice.objects.bulk_create(sent, batch_size=1000)
        said = [
            ShipNoticeLine(
                supplier_id=line.supplier_id,
                notice=notice,
                order_id=line.order_id,
                line=line,
                position=1,
                quantity=line.quantity,
            )
            for notice, line in zip(sent, lines, strict=True)
        ]
        ShipNoticeLine.objects.bulk_create(said, batch_size=1000)
        packages = [
            Package(
                supplier_id=one.supplier_id,
                notice=one.notice,
                position=place,
                kind="carton",
                carton_number=f"B{one.notice_id}-{place}",
                gross_kg=12,
                is_live=True,
            )
            for one in said
            for place in range(1, PACKAGES + 1)
        ]
        Package.objects.bulk_create(packages, batch_size=2000)
        inside = [
            PackedQuantity(
                supplier_id=package.supplier_id,
                package=package,
                notice_line=said[index // PACKAGES],
                quantity=said[index // PACKAGES].quantity / PACKAGES,
            )
            for index, package in enumerate(packages)
        ]
        PackedQuantity.objects.bulk_create(inside, batch_size=2000)
    return {"notices": len(sent), "packages": len(packages), "site": site.code}


def count(counts: int) -> dict[str, Any]:
    """Post finished counts, as a warehouse's program tells them: one transaction each."""
    from django.utils import timezone

    from portal.kernel.actors import Actor
    from portal.kernel.scope import acting
    from procurement.receipts.messages import WholeCount, WholeCountLine
    from procurement.receipts.services import post_count
    from procurement.shipments.models import ShipNoticeLine

    actor, at = Actor.system("Bench"), timezone.now()
    with acting(actor):
        rows = ShipNoticeLine.objects.filter(notice__number__startswith="BENCH-").order_by("id")[:counts]
        lines = list(rows.select_related("notice__supplier", "notice__company", "line__order"))
    began = time.perf_counter()
    for one in lines:
        line = WholeCountLine(one.line.order.number, one.line.key, one.quantity)
        whole = WholeCount(
            one.notice.company.code,
            one.notice.supplier.number,
            f"bench-{one.pk}",
            at.date(),
            (line,),
            notice=one.notice.number,
        )
        with acting(actor):
            post_count(whole, actor=actor, at=at)
    return {"counted": len(lines), "counted_per_second": len(lines) / (time.perf_counter() - began)}


def book(receipts: int) -> dict[str, Any]:
    """Take the ERP's bookings of all that came, 1,000 at a time, and count them for the notices."""
    from django.utils import timezone

    from portal.kernel.actors import Actor
    from portal.kernel.scope import acting
    from procurement.receipts.messages import ReceiptPaper
    from procurement.receipts.services import COUNTER, count_receipts, receive_receipts
    from procurement.shipments.models import ShipNoticeLine

    actor, at = Actor.system("Bench"), timezone.now()
    with acting(actor):
        rows = ShipNoticeLine.objects.filter(notice__number__startswith="BENCH-").order_by("id")[:receipts]
        lines = list(rows.select_related("notice__company", "line__order"))
    papers = [
        ReceiptPaper(
            one.notice.company.code,
            one.line.order.number,
            one.line.key,
            f"bench-{one.pk}",
            one.quantity,
            one.line.unit,
            at.date(),
            reference=one.notice.number,
        )
        for one in lines
    ]
    began = time.perf_counter()
    for start in range(0, len(papers), 1000):
        with acting(actor):
            receive_receipts(papers[start : start + 1000], actor=actor, at=at)
    took = time.perf_counter() - began
    orders = sorted({one.order_id for one in lines})
    began = time.perf_counter()
    for start in range(0, len(orders), 50):
        with acting(COUNTER):
            count_receipts(orders[start : start + 50], actor=COUNTER, at=at)
    return {
        "booked_per_second": len(papers) / took,
        "attributed_per_second": len(papers) / (time.perf_counter() - began),
    }


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps({"fill": fill, "count": count, "book": book}[sys.argv[1]](int(sys.argv[2]))))
