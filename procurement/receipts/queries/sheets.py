"""Receiving sheets: which there are, what was said of them, and their photographs."""

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import NotFound
from procurement.orders.models import PurchaseOrder
from procurement.receipts.models import (
    CountedRow,
    DifferenceWord,
    ReceivingSheet,
    SheetLine,
    SheetPhoto,
    WrongItem,
)
from procurement.receipts.policies import ZERO
from procurement.receipts.states import ANSWERS, TOLD, Rest, SheetState
from procurement.shipments.models import ShipNotice
from procurement.shipments.states import LIVE


def visible_sheets(actor: Actor) -> QuerySet[ReceivingSheet]:
    """The receiving sheets this actor may see: a supplier those of its goods that are facts, never a count in
    progress.
    """
    sheets = ReceivingSheet.objects.visible_to(actor)
    if actor.is_supplier:
        sheets = sheets.filter(state__in=TOLD)
    return sheets.select_related("company", "supplier", "site", "notice")


def told_sheets(sheets: QuerySet[ReceivingSheet]) -> QuerySet[ReceivingSheet]:
    """Of these sheets, those that are facts."""
    return sheets.filter(state__in=TOLD)


def find_sheet(key: uuid.UUID, *, actor: Actor) -> ReceivingSheet:
    """One sheet. Raises `NotFound` for what is not there or not yours."""
    found: ReceivingSheet | None = visible_sheets(actor).filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such receiving sheet."))
    return found


def hold_sheet(key: uuid.UUID, *, actor: Actor) -> ReceivingSheet:
    """One sheet, held until the transaction ends: scans of one sheet come one after the other."""
    found: ReceivingSheet | None = (
        visible_sheets(actor).filter(key=key).select_for_update(of=("self",)).first()
    )
    if found is None:
        raise NotFound(_("There is no such receiving sheet."))
    return found


def site_day(sheet: ReceivingSheet, at: datetime) -> date:
    """The date where the goods are counted."""
    zone = (sheet.site.time_zone if sheet.site else "") or sheet.company.time_zone
    return at.astimezone(ZoneInfo(zone)).date()


def live_notice_of(consignment: uuid.UUID) -> ShipNotice | None:
    """The version of a consignment that counts now; none where it was taken back."""
    live = ShipNotice.objects.filter(consignment=consignment, state__in=LIVE)
    found: ShipNotice | None = live.select_related("ship_to").first()
    return found


Said = dict[tuple[str, int], DifferenceWord]


def words_on(sheet: ReceivingSheet) -> tuple[Said, Said]:
    """The newest answer and the settlement of each difference of a sheet. One query."""
    answers: Said = {}
    settlements: Said = {}
    for word in sheet.words.order_by("id"):
        subject = ("line", word.sheet_line_id) if word.sheet_line_id else ("wrong", word.wrong_item_id or 0)
        (answers if word.word in ANSWERS else settlements)[subject] = word
    return answers, settlements


def sheets_of_notice(notice: ShipNotice, *, actor: Actor) -> list[ReceivingSheet]:
    """The sheets of a consignment that count, or counted, the newest first; none that was thrown away."""
    found = visible_sheets(actor).filter(consignment=notice.consignment)
    return list(found.exclude(state=SheetState.DISCARDED).order_by("-begun_at", "-id")[:50])


def unanswered_sheets(actor: Actor) -> QuerySet[ReceivingSheet]:
    """The posted sheets of which something is damaged, missing or on no line, and nobody has said a word of it yet.
    What is only more than was announced is not among them: it is told on the sheet.
    """
    damaged = CountedRow.objects.filter(sheet_line=OuterRef("pk"), damaged__gt=ZERO)
    lines = SheetLine.objects.filter(
        Q(rest=Rest.SHORT) | Exists(damaged),
        ~Exists(DifferenceWord.objects.filter(sheet_line=OuterRef("pk"))),
        sheet=OuterRef("pk"),
    )
    wrong = WrongItem.objects.filter(
        ~Exists(DifferenceWord.objects.filter(wrong_item=OuterRef("pk"))), sheet=OuterRef("pk")
    )
    posted = visible_sheets(actor).filter(Exists(lines) | Exists(wrong), state=SheetState.POSTED)
    return posted.order_by("posted_at", "id")


def words_said(keys: Iterable[str]) -> dict[str, tuple[str, int]]:
    """Of each of these sheets, by key: its state, and of how many of its differences somebody has said a word. For the
    buying side and the program itself: it reads what it is given. One query.
    """
    found = ReceivingSheet.objects.filter(key__in=set(keys)).annotate(
        lines_spoken=Count("words__sheet_line", distinct=True),
        items_spoken=Count("words__wrong_item", distinct=True),
    )
    rows = found.values_list("key", "state", "lines_spoken", "items_spoken")
    return {str(key): (state, lines + items) for key, state, lines, items in rows}


def orders_of_sheets(keys: Iterable[str]) -> dict[str, list[PurchaseOrder]]:
    """The orders of which something is on each of these sheets, by the sheet's key. Two queries."""
    rows = SheetLine.objects.filter(sheet__key__in=set(keys)).order_by("order_id")
    pairs = list(rows.values_list("sheet__key", "order_id").distinct())
    orders = PurchaseOrder.objects.select_related("supplier", "company").in_bulk(
        {order for _key, order in pairs}
    )
    found: dict[str, list[PurchaseOrder]] = defaultdict(list)
    for key, order in pairs:
        found[str(key)].append(orders[order])
    return dict(found)


@dataclass(frozen=True, slots=True)
class Marks:
    """What a list says of a sheet: whether something of it is damaged, missing or on no line, and how many lines."""

    damaged: bool = False
    missing: bool = False
    wrong: bool = False
    lines: int = 0


def marks_of(sheets: Iterable[ReceivingSheet]) -> dict[int, Marks]:
    """What a list says of each of these sheets, by id: one query."""
    ids = [sheet.pk for sheet in sheets]
    lines = SheetLine.objects.filter(sheet=OuterRef("pk"))
    rows = CountedRow.objects.filter(sheet_line__sheet=OuterRef("pk"), damaged__gt=ZERO)
    count = lines.order_by().values("sheet").annotate(count=Count("pk")).values("count")
    found = ReceivingSheet.objects.filter(pk__in=ids).annotate(
        is_damaged=Exists(rows),
        is_missing=Exists(lines.filter(rest=Rest.SHORT)),
        is_wrong=Exists(WrongItem.objects.filter(sheet=OuterRef("pk"))),
        line_count=Subquery(count),
    )
    told = found.values_list("pk", "is_damaged", "is_missing", "is_wrong", "line_count")
    return {pk: Marks(damaged, missing, wrong, lines or 0) for pk, damaged, missing, wrong, lines in told}


def find_photo(key: uuid.UUID, *, actor: Actor) -> SheetPhoto:
    """One picture with its bytes. Raises `NotFound` for what is not there, not yours, or on a count in progress."""
    photos = SheetPhoto.objects.visible_to(actor)
    if actor.is_supplier:
        photos = photos.filter(sheet__state__in=TOLD)
    found: SheetPhoto | None = photos.filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such picture."))
    return found


def orders_on_sheets(consignments: Iterable[uuid.UUID], keys: Iterable[uuid.UUID]) -> set[int]:
    """The orders, by id, with lines on the sheets of these consignments, or on these sheets. One query."""
    lines = SheetLine.objects.filter(
        Q(sheet__consignment__in=list(consignments)) | Q(sheet__key__in=list(keys))
    )
    return set(lines.values_list("order_id", flat=True))
