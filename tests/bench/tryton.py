"""Promises on their way to a live Tryton: how much of the time is spent waiting for it, and how much is ours.

`python -m tests.bench.tryton <orders>`: in a process of its own, on an empty database of the environment.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.bench.servers import Machine, empty_database

SERIES = "8.0"
NOT_HERE = 3


def measure(machine: Machine, orders: int) -> dict[str, Any] | str:
    """What came of it, or why it could not be."""
    import subprocess

    from portal.embedded.places import ROOT
    from portal.embedded.supervisor import Failed

    empty_database(machine, "bench_tryton")
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.tryton", str(orders)],
        env=machine.environment("bench_tryton"), cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode == NOT_HERE:
        return done.stdout.strip()
    if done.returncode:
        raise Failed(f"The part with Tryton failed:\n{done.stdout[-1000:]}{done.stderr[-4000:]}")
    told: dict[str, Any] = json.loads(done.stdout)
    return told


class Waiting:
    """The seconds in which we did nothing but wait for an answer over HTTP."""

    def __init__(self) -> None:
        import requests

        self.seconds, self.calls = 0.0, 0
        send = requests.Session.send

        def timed(session: Any, request: Any, **more: Any) -> Any:
            began = time.perf_counter()
            try:
                return send(session, request, **more)
            finally:
                self.seconds += time.perf_counter() - began
                self.calls += 1

        requests.Session.send = timed  # type: ignore[method-assign]  # to look on, not to change anything


def share(waiting: Waiting, work: Any) -> dict[str, float]:
    """How long some work took, and how much of it was waiting."""
    waited, calls, began, cpu = waiting.seconds, waiting.calls, time.perf_counter(), time.process_time()
    count = work()
    seconds = time.perf_counter() - began
    return {
        "count": count,
        "seconds": seconds,
        "waiting": (waiting.seconds - waited) / seconds,
        "calls": waiting.calls - calls,
        "cpu": time.process_time() - cpu,
    }


def run(orders: int) -> dict[str, Any]:
    from django.utils import timezone

    from portal.kernel.outbox.services import deliver_due
    from procurement.demo.tryton.founding import ADMIN, PORTAL
    from procurement.demo.tryton.ordering import confirm, quote
    from procurement.demo.tryton.serving import DATABASE, TrytonServer, founded
    from procurement.erp.connectors.tryton import TrytonConnector
    from procurement.erp.connectors.tryton.wire import Rpc
    from procurement.erp.inbound import read_feeds
    from tests.erp.tryton.company import NORTHMOOR

    waiting = Waiting()
    with tempfile.TemporaryDirectory(prefix="quayside-bench-") as folder:
        server = TrytonServer(SERIES, Path(folder))
        server.set_back(founded(SERIES, NORTHMOOR))
        with server:
            rpc = Rpc(server.address, DATABASE, *ADMIN, patience=120)
            for paper in papers(orders):
                confirm(rpc, quote(rpc, paper))
            rpc.close()
            connector = TrytonConnector(server.address, DATABASE, *PORTAL, patience=60)

            def read() -> int:
                return sum(one.papers for one in read_feeds(connector, clock=timezone.now))

            first = share(waiting, read)
            answer_all()
            settings_handler(connector)
            written = share(waiting, lambda: deliver_due(worker=1, clock=timezone.now))
            written["confirmed"] = confirmed()
            connector.close()
    return {"series": SERIES, "read": first, "write": written}


def papers(orders: int) -> list[Any]:
    """Orders of two lines that Tryton's buyers confirmed today."""
    from datetime import date

    from tests.erp.papers import a_line, an_order

    today = date.today()  # noqa: DTZ011 -- the day of this machine is the company's
    due = today + timedelta(days=40)
    lines = (a_line(10, delivery_on=due), a_line(20, item_number="V-2050", delivery_on=due))
    return [an_order(f"B{number}", lines, ordered_on=today) for number in range(orders)]


def answer_all() -> None:
    """Each supplier promises its first line a week later, and the buyer agrees."""
    from django.utils import timezone

    from portal.kernel.actors import Actor
    from portal.kernel.scope import acting
    from procurement.acknowledgments.messages import (
        ACCEPT,
        AcknowledgeOrder,
        AnswerPiece,
        DecideAnswer,
        LineAnswer,
    )
    from procurement.acknowledgments.services import acknowledge_order, decide_answer
    from procurement.orders.models import PurchaseOrder
    from procurement.orders.queries import lines_of

    actor, at = Actor.system("Bench"), timezone.now()
    with acting(actor):
        for order in PurchaseOrder.objects.select_related("supplier").order_by("id"):
            line = lines_of(order)[0]
            piece = AnswerPiece(line.quantity, delivery_on=line.delivery_on + timedelta(days=7))
            answer = LineAnswer(line.key, (piece,))
            acknowledge_order(AcknowledgeOrder(order.key, order.version, (answer,)), actor=actor, at=at)
            order.refresh_from_db()
            decide_answer(DecideAnswer(order.key, order.version, ACCEPT), actor=actor, at=at)


CONNECTOR: Any = None


def settings_handler(connector: Any) -> None:
    """From now on the outbox delivers to this connector."""
    from django.conf import settings

    global CONNECTOR  # noqa: PLW0603 -- handlers are named, not passed
    CONNECTOR = connector
    sys.modules.setdefault("tests.bench.tryton", sys.modules["__main__"])
    settings.OUTBOX_HANDLERS = {"erp": "tests.bench.tryton.carry_to_tryton"}


def carry_to_tryton(message: Any) -> str:
    from django.utils import timezone

    from procurement.erp.delivery import carry

    return carry(message, CONNECTOR, timezone.now)


def confirmed() -> int:
    from portal.kernel.actors import Actor
    from portal.kernel.scope import acting
    from procurement.erp.models import ErpCommand

    with acting(Actor.system("Bench")):
        return ErpCommand.objects.filter(state="confirmed").count()


if __name__ == "__main__":
    import django

    django.setup()
    from procurement.demo.tryton.installing import NotInstalled

    try:
        print(json.dumps(run(int(sys.argv[1]))))
    except NotInstalled as missing:
        print(missing)
        sys.exit(NOT_HERE)
