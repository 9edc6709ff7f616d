"""How a supplier announces what it sends: in time, and as it then was. Each figure is defined in docs/measures.md.

A consignment counts once, whatever became of its notice: by its first version for the time, by the live one for what it
says. It was *there* when it was told to have arrived, else when its first booking was told.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Min

from portal.kernel.scope import requires_scope
from procurement.receipts.models import Receipt
from procurement.shipments.models import ShipNotice, ShipNoticeLine
from procurement.shipments.policies import number_key
from procurement.shipments.states import LIVE, NoticeState
from procurement.supply.queries.record import PERIOD

MOST_NOTICES = 500
THROUGH = (NoticeState.RECEIVED, NoticeState.CLOSED)


@dataclass(frozen=True, slots=True)
class Announcement:
    """One consignment: when it was announced, when it left and was there, and how its lines were counted.

    `there_at` is not set while nothing is known of an arrival, `departed_at` where nobody told. `lines` and `exact` are
    None until the notice is through: how many lines it has, and of how many exactly as much came as it says.
    """

    number: str
    key: str
    first_sent_at: datetime
    departed_at: datetime | None
    there_at: datetime | None
    lines: int | None
    exact: int | None

    @property
    def is_in_time(self) -> bool:
        """Whether it was announced before it was there."""
        return self.there_at is not None and self.first_sent_at < self.there_at

    @property
    def hours_after_departure(self) -> int | None:
        """How many whole hours after it left it was announced; 0 where it was before."""
        if self.departed_at is None:
            return None
        return max(0, int((self.first_sent_at - self.departed_at).total_seconds() // 3600))


@requires_scope
def announcements_of(supplier_id: int, *, at: datetime) -> list[Announcement]:
    """What a supplier announced in the last twelve months, its newest 500 consignments, newest first: four queries."""
    found = ShipNotice.objects.filter(
        supplier=supplier_id, state__in=LIVE, sent_at__gt=at - PERIOD, sent_at__lte=at
    )
    notices = list(found.order_by("-sent_at", "-id")[:MOST_NOTICES])
    if not notices:
        return []
    versions = ShipNotice.objects.filter(consignment__in={one.consignment for one in notices}).order_by()
    told = versions.values_list("consignment").annotate(first=Min("sent_at"), left=Max("departed_at"))
    first = {consignment: (sent, left) for consignment, sent, left in told}
    lines: dict[int, list[ShipNoticeLine]] = defaultdict(list)
    for line in ShipNoticeLine.objects.filter(notice__in=notices, quantity__gt=0):
        lines[line.notice_id].append(line)
    booked = _first_booked(line.line_id for some in lines.values() for line in some)
    return [_announcement(one, lines[one.pk], *first[one.consignment], booked) for one in notices]


def _first_booked(line_ids: Iterable[int]) -> dict[tuple[int, str], datetime]:
    """When the first booking of an order line that names a delivery note was told, by line id and number."""
    found: dict[tuple[int, str], datetime] = {}
    rows = Receipt.objects.filter(line__in=set(line_ids), reversed=False).exclude(reference="")
    for line_id, reference, told_at in rows.values_list("line_id", "reference", "told_at"):
        name = (line_id, number_key(reference))
        found[name] = min(told_at, found.get(name, told_at))
    return found


def _announcement(
    notice: ShipNotice,
    lines: list[ShipNoticeLine],
    first_sent_at: datetime,
    departed_at: datetime | None,
    booked: dict[tuple[int, str], datetime],
) -> Announcement:
    names = [(line.line_id, notice.number_key) for line in lines]
    there = [booked[name] for name in names if name in booked]
    if notice.arrived_at is not None:
        there = [notice.arrived_at]
    is_through = notice.state in THROUGH
    return Announcement(
        notice.number,
        str(notice.key),
        first_sent_at,
        departed_at,
        min(there, default=None),
        len(lines) if is_through else None,
        sum(line.received_quantity == line.quantity for line in lines) if is_through else None,
    )
