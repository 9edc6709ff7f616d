"""Counts at the dock on demand: begun, scanned, typed and posted by the people of the tests."""

import io
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from PIL import Image

from portal.kernel.scope import acting
from procurement.orders.models import PurchaseOrder
from procurement.receipts.messages import (
    BeginCount,
    CountRow,
    PostSheet,
    SayOfDifference,
    SheetNamed,
    WholeCount,
    WholeCountLine,
)
from procurement.receipts.models import ReceivingSheet, SheetLine
from procurement.receipts.queries import Counted, counted_sheet
from procurement.receipts.services import (
    Scanned,
    answer_difference,
    begin_count,
    post_count,
    post_sheet,
    reverse_sheet,
    scan,
    settle_difference,
    write_row,
)
from procurement.shipments.models import ShipNotice
from tests.builders.changes import an_agreed_order
from tests.builders.shipments import a_sent_notice
from tests.builders.world import MONDAY, a_line
from tests.people import FEED, Person

TODAY = date(2026, 3, 2)
GTIN = "2012345678903"


def fresh_sheet(sheet: ReceivingSheet) -> ReceivingSheet:
    """The sheet as it stands in the database now."""
    with acting(FEED):
        found: ReceivingSheet = ReceivingSheet.objects.select_related(
            "company", "supplier", "site", "notice"
        ).get(pk=sheet.pk)
    return found


def whole_sheet(sheet: ReceivingSheet) -> Counted:
    """The sheet with its lines and figures."""
    with acting(FEED):
        return counted_sheet(fresh_sheet(sheet))


def sheet_line(sheet: ReceivingSheet, number: int = 10) -> SheetLine:
    """The line of a sheet that is of the order's line of this number."""
    with acting(FEED):
        found: SheetLine = SheetLine.objects.select_related("line__order").get(
            sheet=sheet, line__number=number
        )
    return found


def a_notice(
    people: Mapping[str, Person],
    number: str = "DN-1",
    *,
    cartons: tuple[int, int] | None = (4, 15),
    **more: Any,
) -> ShipNotice:
    """60 pieces of line 10 in four cartons of 15, on their way."""
    order = more.pop("order", None) or an_agreed_order(
        people["asha"], lines=[a_line(10, gtin=GTIN), a_line(20)]
    )
    return a_sent_notice(order, people["asha"], {"L10": 60}, number=number, cartons=cartons, **more)


def begin(notice: ShipNotice, person: Person, *, at: datetime = MONDAY) -> ReceivingSheet:
    """Somebody begins to count what a notice announced."""
    with acting(person.actor):
        return begin_count(BeginCount(notice.key), actor=person.actor, at=at)


def scanned(sheet: ReceivingSheet, person: Person, text: str) -> Scanned:
    """Somebody scans something."""
    with acting(person.actor):
        return scan(sheet.key, text, actor=person.actor, at=MONDAY)


def count_row(
    sheet: ReceivingSheet, person: Person, good: int, damaged: int = 0, *, number: int = 10, **more: Any
) -> None:
    """Somebody types what is there of a line that nobody has counted yet."""
    if damaged:
        more.setdefault("wrong", "Crushed by the strap.")
    row = CountRow(sheet_line(sheet, number).pk, None, Decimal(good), Decimal(damaged), **more)
    with acting(person.actor):
        write_row(sheet.key, row, actor=person.actor, at=MONDAY)


def post(
    sheet: ReceivingSheet, person: Person, rest: str = "", *, at: datetime = MONDAY, **more: Any
) -> ReceivingSheet:
    """Somebody posts the sheet; `rest` is said of every line of which something is missing."""
    with acting(FEED):
        lines = list(SheetLine.objects.filter(sheet=sheet).values_list("pk", flat=True))
    rests = dict.fromkeys(lines, rest) if rest else {}
    command = PostSheet(sheet.key, fresh_sheet(sheet).version, rests, **more)
    with acting(person.actor):
        return post_sheet(command, actor=person.actor, at=at)


def reverse(
    sheet: ReceivingSheet, person: Person, why: str = "The wrong pallet was counted."
) -> ReceivingSheet:
    """Somebody takes a count back."""
    named = SheetNamed(sheet.key, fresh_sheet(sheet).version)
    with acting(person.actor):
        return reverse_sheet(named, why, actor=person.actor, at=MONDAY)


def a_posted_sheet(
    people: Mapping[str, Person],
    good: int = 40,
    damaged: int = 0,
    rest: str = "",
    *,
    notice: ShipNotice | None = None,
    **more: Any,
) -> ReceivingSheet:
    """So much of the 60 announced pieces was counted and posted by Rex."""
    sheet = begin(notice or a_notice(people, **more), people["rex"])
    count_row(sheet, people["rex"], good, damaged)
    return fresh_sheet(post(sheet, people["rex"], rest))


def say(
    verb: Callable[..., Any], sheet: ReceivingSheet, person: Person, word: str, text: str = "", **more: Any
) -> Any:
    """Somebody says something of a difference: of line 10, unless told otherwise."""
    if not more.keys() & {"line", "wrong_item"}:
        more["line"] = sheet_line(sheet).pk
    with acting(person.actor):
        return verb(SayOfDifference(sheet.key, word, text, **more), actor=person.actor, at=MONDAY)


def answer(sheet: ReceivingSheet, person: Person, word: str, text: str = "", **more: Any) -> Any:
    """The supplier's word."""
    return say(answer_difference, sheet, person, word, text, **more)


def settle(
    sheet: ReceivingSheet, person: Person, word: str, text: str = "We agreed by phone.", **more: Any
) -> Any:
    """The buyer's word."""
    return say(settle_difference, sheet, person, word, text, **more)


def a_whole_count(source: str = "WMS-1", **changed: Any) -> WholeCount:
    """60 pieces of line 10, as a warehouse's program hands it in."""
    values: dict[str, Any] = {
        "company": "NM",
        "supplier": "ACME",
        "source": source,
        "received_on": TODAY,
        "lines": (WholeCountLine("4500000001", "L10", Decimal(60)),),
        "notice": "DN-1",
    }
    return WholeCount(**{**values, **changed})


def tell(whole: WholeCount, *, at: datetime = MONDAY) -> ReceivingSheet:
    """A warehouse's program tells its count."""
    with acting(FEED):
        return post_count(whole, actor=FEED, at=at)


def a_picture(kind: str = "JPEG", size: tuple[int, int] = (60, 40), **more: Any) -> bytes:
    """A picture as a phone sends it."""
    held = io.BytesIO()
    Image.new("RGB", size, "brown").save(held, kind, **more)
    return held.getvalue()


def order_of(sheet: ReceivingSheet) -> PurchaseOrder:
    """The order of the sheet's first line."""
    with acting(FEED):
        line = SheetLine.objects.select_related("order").filter(sheet=sheet).order_by("position").first()
    assert line is not None
    return line.order
