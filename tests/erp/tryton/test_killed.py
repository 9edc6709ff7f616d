"""Twenty-two moments at which a worker is killed (SIGKILL): both sides agree afterwards, nothing twice or lost."""

from __future__ import annotations

import atexit
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, urlsplit

import pytest
from django.db import connection
from django.utils import timezone

from portal.kernel.outbox.models import DeliveryAttempt, OutboxMessage
from portal.kernel.outbox.services import deliver_due
from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder, AnswerPiece, DecideAnswer, LineAnswer
from procurement.acknowledgments.services import acknowledge_order, decide_answer
from procurement.demo.tryton.founding import PORTAL
from procurement.demo.tryton.serving import DATABASE
from procurement.erp.connectors import connect
from procurement.erp.delivery import carry
from procurement.erp.inbound import read_configured_feeds
from procurement.erp.models import ErpCommand
from procurement.orders.models import PurchaseOrder
from suppliers.models import Membership, Supplier, User
from suppliers.queries import actor_of
from suppliers.roles import CompanyRole, SupplierRole
from tests.builders.world import fresh
from tests.erp.papers import an_order
from tests.erp.tryton import mortal
from tests.erp.tryton.harness import TrytonHarness, tryton_harness
from tests.people import FEED, PASSWORD

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

NUMBER = "4500012345"
TODAY = datetime.now(UTC).date()
PLANNED = TODAY + timedelta(days=14)
LATER = PLANNED + timedelta(days=9)
CALLS = 9  # begin note, amendment made and validated, cut, dates, reference, words, end note, begin note gone
MOMENTS = [
    *((when, nth) for nth in range(1, CALLS + 1) for when in (mortal.BEFORE_CALL, mortal.AFTER_CALL)),
    *((step, 0) for step in (mortal.BEGINNING, mortal.BEGUN, mortal.ANSWERED, mortal.RECORDED)),
]


@pytest.fixture
def erp(tmp_path: Path, settings: Any) -> Iterator[TrytonHarness]:
    with tryton_harness("8.0", tmp_path) as harness:
        settings.ERP_CONNECTOR = "tryton"
        settings.ERP_URL = urlsplit(address_of(harness))
        settings.ERP_PATIENCE = 30
        yield harness


def address_of(erp: TrytonHarness) -> str:
    return f"http://{':'.join(PORTAL)}@{erp.server.address.removeprefix('http://')}/{DATABASE}"


def agree_on_a_mixed_promise() -> None:
    """The first line split and one piece short, the supplier's number; the buyer agrees. One command waits."""
    with acting(FEED):
        bea = User.objects.create_user("bea@x.example", PASSWORD, name="Bea", company_role=CompanyRole.BUYER)
        mei = User.objects.create_user("mei@x.example", PASSWORD, name="Mei")
        acme = Supplier.objects.get(number="70012")
        Membership.objects.create(user=mei, supplier=acme, role=SupplierRole.ORDERS)
    seller, buyer = actor_of(mei), actor_of(bea)
    assert seller
    assert buyer
    order = fresh(NUMBER)
    with acting(FEED):
        key = order.lines.order_by("number")[0].key
    pieces = (
        AnswerPiece(Decimal(140)),
        AnswerPiece(Decimal(80), delivery_on=LATER),
        AnswerPiece(Decimal(20), kind="refuse", reason="capacity", note="The furnace is full."),
    )
    with acting(seller):
        said = AcknowledgeOrder(
            order.key, order.version, (LineAnswer(key, pieces),), supplier_reference="SO-1"
        )
        acknowledge_order(said, actor=seller, at=timezone.now())
    with acting(buyer):
        decide_answer(
            DecideAnswer(order.key, fresh(NUMBER).version, "accept"), actor=buyer, at=timezone.now()
        )


@cache
def mortals(address: str, database: str) -> tuple[subprocess.Popen[str], IO[str]]:
    """Whoever lets workers on these two die, and what it complains of; one for all tests of a process."""
    env = os.environ | {
        "DATABASE_URL": database,
        "ERP_CONNECTOR": "tryton",
        "ERP_URL": address,
        "ERP_PATIENCE": "30",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }
    complaints = tempfile.TemporaryFile("w+")  # noqa: SIM115  # open as long as the program
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.erp.tryton.mortal"],
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=complaints,
        text=True,
    )
    atexit.register(complaints.close)
    atexit.register(program.communicate)  # nothing more to read ends it
    return program, complaints


def killed_at(erp: TrytonHarness, moment: str, nth: int) -> int:
    """How a worker ended that was to die at this moment."""
    database = connection.settings_dict
    at = f"{database['HOST']}:{database['PORT']}/{quote(str(database['NAME']))}"
    url = f"postgresql://{database['USER']}:{quote(str(database['PASSWORD']))}@{at}"
    program, complaints = mortals(address_of(erp), url)
    assert program.stdin
    assert program.stdout
    print(moment, nth, file=program.stdin, flush=True)
    ended = program.stdout.readline()
    complaints.seek(0)
    assert ended.strip() in ("0", str(-signal.SIGKILL)), complaints.read()[-3000:]
    return int(ended)


class Clock:
    """The hour by which the workers that are left go."""

    ahead = timedelta(0)

    @classmethod
    def now(cls) -> datetime:
        return timezone.now() + cls.ahead


def deliver_later(message: OutboxMessage) -> str:
    """As `delivery.deliver` does, by that clock."""
    with connect() as connector:
        return carry(message, connector, Clock.now)


def the_others_go_on(settings: Any) -> None:
    """What the workers that are left do in the hours after."""
    settings.OUTBOX_HANDLERS = {"erp": f"{__name__}.deliver_later"}
    for hours in range(1, 6):
        Clock.ahead = timedelta(hours=hours)
        deliver_due(worker=1, clock=Clock.now)
        runs = read_configured_feeds(clock=timezone.now)
        assert [run.reason for run in runs if run.reason] == []
        with acting(FEED):
            if not OutboxMessage.objects.filter(topic="erp").exclude(state="delivered").exists():
                return
    raise AssertionError("something still waits after five hours")


def notes_in(erp: TrytonHarness) -> list[str]:
    with sqlite3.connect(erp.server.file) as books:
        return [row[0] for row in books.execute("SELECT message FROM ir_note ORDER BY id")]


@pytest.mark.parametrize(("moment", "nth"), MOMENTS, ids=[f"{when}-{nth}" for when, nth in MOMENTS])
def test_both_sides_agree_after_a_worker_was_killed(
    erp: TrytonHarness, settings: Any, moment: str, nth: int
) -> None:
    order = erp.order_as_planned(an_order(NUMBER, ordered_on=TODAY))
    read_configured_feeds(clock=timezone.now)
    agree_on_a_mixed_promise()

    assert killed_at(erp, moment, nth) == -signal.SIGKILL
    the_others_go_on(settings)

    first, second = erp.held(order).lines
    assert (first.quantity, first.price) == (Decimal(220), Decimal("18.4000"))
    assert [(one.quantity, one.delivery_on) for one in first.schedules] == [(140, PLANNED), (80, LATER)]
    assert (second.quantity, second.delivery_on, second.schedules) == (Decimal(240), PLANNED, ())
    assert erp.held(order).revision == "1"
    with acting(FEED):
        (command,) = ErpCommand.objects.all()
        lines = PurchaseOrder.objects.get(number=NUMBER).lines.order_by("number")
        assert [(line.agreement, line.quantity) for line in lines] == [("agreed", 220), ("awaiting", 240)]
        tries = DeliveryAttempt.objects.filter(message__topic="erp").order_by("id")
        attempts = list(tries.values_list("outcome", flat=True))
    assert command.state == "confirmed"
    words = f"Line 10, 20: Capacity. The furnace is full.\n({command.key})"
    assert notes_in(erp) == [words, f"Quayside {command.key} done"]
    # The story is readable: an attempt that ended with its worker, and one that brought it home.
    assert attempts[0] == "died"
    assert attempts[-1] in ("confirmed", "delivered")
