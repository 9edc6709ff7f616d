"""The pretend ERP as a program, and the clock that reads the feeds: both by the doors that the demo uses."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.core.management import call_command

from portal.kernel.scope import acting
from procurement.erp.connectors.files import FilesConnector
from procurement.erp.connectors.files.writing import orders_csv
from procurement.erp.models import FeedRun
from procurement.erp.pretend import PretendErp
from procurement.erp.pretend_promises import commands_from_rows
from procurement.erp.tasks import read_feeds
from tests.builders.world import a_paper
from tests.erp.papers import a_piece, a_promise, an_order
from tests.people import FEED

pytestmark = pytest.mark.slow


def test_one_round_picks_up_answers_and_stops(tmp_path: Path) -> None:
    PretendErp(tmp_path).put_orders([an_order()])
    FilesConnector(tmp_path).write_promise(a_promise(an_order(), key="k1"))
    out = StringIO()

    call_command("play_erp", "--once", root=tmp_path, stdout=out)

    assert out.getvalue() == "took 1: k1\n"
    assert PretendErp(tmp_path).order("NM", an_order().number).revision == "2"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_told(tmp_path: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "manage.py", "play_erp", "--root", str(tmp_path), "--every", "60"],
        cwd=project.BASE_DIR,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert "playing" in process.stdout.readline()
        process.send_signal(number)
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_what_the_portal_writes_the_erp_reads_as_it_was_meant(tmp_path: Path) -> None:
    import csv

    order = an_order()
    pieces = {
        line.key: (a_piece(line), a_piece(line, kind="refuse", delivery_on=None, item_number="V-9"))
        for line in order.lines
    }
    command = a_promise(order, pieces, supplier_reference='SO "1"', key="k1")
    FilesConnector(tmp_path).write_promise(command)

    with (tmp_path / "out" / "promise-k1.promises.csv").open(newline="") as stream:
        (read,) = commands_from_rows(csv.DictReader(stream))
    # A file tells the first day it was decided on; how the rest was cut then only the portal compares.
    assert read == replace(command, lines=tuple(replace(line, base_deliveries=()) for line in command.lines))


def test_a_price_or_an_item_per_piece_is_more_than_this_erp_can_keep(tmp_path: Path) -> None:
    erp = PretendErp(tmp_path)
    erp.put_orders([an_order()])
    line = an_order().lines[0]
    halves = (
        a_piece(line, quantity=line.quantity / 2),
        a_piece(line, quantity=line.quantity / 2, price=line.price * 2),
    )
    FilesConnector(tmp_path).write_promise(a_promise(an_order(), {line.key: halves}, key="k1"))

    assert erp.work().refused == ("k1",)


@pytest.mark.django_db(transaction=True)
def test_the_clock_reads_what_is_there(world: Any, settings: Any, tmp_path: Path) -> None:
    settings.ERP_FILES_ROOT = tmp_path
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "orders.csv"
    path.write_text(orders_csv([a_paper()]), encoding="utf-8")
    os.utime(path, (time.time() - 60, time.time() - 60))

    assert read_feeds() == 1
    assert read_feeds() == 0
    with acting(FEED):
        assert FeedRun.objects.get().taken == 1
