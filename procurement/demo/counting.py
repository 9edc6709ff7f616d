"""What Tom Ackroyd has counted at the dock. Two sheets were posted yesterday, each with a damaged carton and a short
line: of the one its supplier has said its word, the other waits for Mei. A third is in progress, begun this morning.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from portal.kernel.actors import Actor
from portal.kernel.scope import acting
from procurement.demo.loading import SET_UP
from procurement.demo.people import LIAN_FENG, MEI, TOM
from procurement.receipts.messages import BeginCount, CountRow, PostSheet, SayOfDifference, Typed
from procurement.receipts.models import ReceivingSheet
from procurement.receipts.queries import counted_sheet, find_sheet
from procurement.receipts.services import (
    answer_difference,
    begin_count,
    post_sheet,
    save_counts,
    scan,
    write_row,
)
from procurement.receipts.states import Rest, Word
from procurement.shipments.models import ShipNotice
from procurement.shipments.states import NoticeState
from suppliers.models import User
from suppliers.queries import actor_of

FIONA = "fiona@castellanpumps.example"
CASTELLAN = "Castellan"


def count_some(*, at: datetime) -> int:
    """Let Tom count what stands at the dock; returns how many sheets there are."""
    with acting(SET_UP):
        users = {user.email: user for user in User.objects.filter(email__in=[TOM.email, FIONA, MEI.email])}
        actors = {email: actor for email, user in users.items() if (actor := actor_of(user))}
    tom = actors.get(TOM.email)
    if tom is None:
        return 0
    count = 0
    yesterday = at - timedelta(days=1)
    if notice := _arrived(CASTELLAN):
        sheet = _posted(notice, tom, yesterday)
        if fiona := actors.get(FIONA):
            _answered(sheet, fiona, at - timedelta(minutes=50))
        count += 1
    if notice := _arrived(LIAN_FENG, before=at - timedelta(days=1)):
        _posted(notice, tom, yesterday - timedelta(hours=1))
        count += 1
    if notice := _arrived(LIAN_FENG, since=at - timedelta(days=1)):
        _in_progress(notice, tom, at - timedelta(minutes=20))
        count += 1
    return count


def _arrived(
    supplier: str, *, since: datetime | None = None, before: datetime | None = None
) -> ShipNotice | None:
    """A consignment of a supplier that stands at the dock; since a moment, or since before it."""
    with acting(SET_UP):
        found = ShipNotice.objects.filter(state=NoticeState.ARRIVED, supplier__name__startswith=supplier)
        if since is not None:
            found = found.filter(arrived_at__gte=since)
        if before is not None:
            found = found.filter(arrived_at__lt=before)
        first: ShipNotice | None = found.order_by("arrived_at", "id").first()
    return first


def _posted(notice: ShipNotice, tom: Actor, at: datetime) -> ReceivingSheet:
    """All of it is here, but a piece of the first line is damaged and one of the second is missing."""
    with acting(tom):
        sheet = begin_count(BeginCount(notice.key), actor=tom, at=at)
        lines = counted_sheet(sheet).lines
        for place, each in enumerate(lines):
            announced = each.tally.announced or Decimal(0)
            bad = min(Decimal(1), announced)
            row = CountRow(each.one.pk, None, announced)
            if place == 0:
                wrong = "The carton is crushed at one corner, the housing is cracked."
                row = CountRow(each.one.pk, None, announced - bad, bad, wrong=wrong)
            elif place == 1:
                row = CountRow(each.one.pk, None, announced - bad)
            write_row(sheet.key, row, actor=tom, at=at)
        sheet = find_sheet(sheet.key, actor=tom)
        rests = {each.one.pk: Rest.SHORT for each in lines[1:2]}
        command = PostSheet(sheet.key, sheet.version, rests, note="One carton was wet outside.")
        return post_sheet(command, actor=tom, at=at + timedelta(minutes=12))


def _answered(sheet: ReceivingSheet, supplier: Actor, at: datetime) -> None:
    with acting(supplier):
        differences = counted_sheet(find_sheet(sheet.key, actor=supplier)).differences
        words = [
            (Word.AGREED, "Our carrier has had it in his hands. We send another one on Thursday."),
            (Word.DISPUTED, "Our scale says that all of it was in the carton. Please look once more."),
        ]
        for each, (word, text) in zip(differences, words, strict=False):
            said = SayOfDifference(sheet.key, word, text, line=each.one.pk)
            answer_difference(said, actor=supplier, at=at)


def _in_progress(notice: ShipNotice, tom: Actor, at: datetime) -> None:
    """Two cartons are scanned, and some pieces of another line are typed."""
    with acting(tom):
        sheet = begin_count(BeginCount(notice.key), actor=tom, at=at)
        for package in notice.packages.exclude(sscc="").order_by("position")[:2]:
            scan(sheet.key, package.sscc, actor=tom, at=at + timedelta(minutes=4))
        last = counted_sheet(sheet).lines[-1]
        if not last.tally.counted:
            save_counts(
                sheet.key, [Typed(last.one.pk, None, Decimal(1))], actor=tom, at=at + timedelta(minutes=6)
            )
