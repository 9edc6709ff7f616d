"""How what a supplier sent was counted at the dock: package by package, and as the ERP then booked it. Each figure is
defined in docs/measures.md.

A consignment counts once, with all its posted sheets; goods that nobody announced are one for each sheet.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum

from portal.kernel.scope import requires_scope
from procurement.receipts.models import CountedRow, PackageSeen, Receipt, ReceivingSheet
from procurement.receipts.states import SheetState
from procurement.shipments.models import Package
from procurement.shipments.policies import number_key
from procurement.shipments.states import LIVE
from procurement.supply.queries.record import PERIOD

MOST_SHEETS = 500


@dataclass(frozen=True, slots=True)
class DockCount:
    """One consignment as the dock has counted it; `sheet_key` names its newest sheet.

    `packages` is how many packages with a number its notice has, `seen` how many of them were scanned or ticked off;
    both are None where nobody counted by packages. Of `lines` something good was counted, and `booked` of them the ERP
    has booked exactly so.
    """

    number: str
    sheet_key: str
    posted_at: datetime
    packages: int | None
    seen: int | None
    lines: int
    booked: int


@requires_scope
def counts_of(supplier_id: int, *, at: datetime) -> list[DockCount]:
    """What was counted of a supplier's goods in the last twelve months, its newest 500 sheets, newest first: five
    queries.
    """
    posted = ReceivingSheet.objects.filter(
        supplier=supplier_id, state=SheetState.POSTED, posted_at__gt=at - PERIOD, posted_at__lte=at
    )
    sheets = list(posted.select_related("notice").order_by("-posted_at", "-id")[:MOST_SHEETS])
    if not sheets:
        return []
    packages, seen = _packages(sheets)
    good = _good(sheets)
    booked = _booked({line_id for lines in good.values() for line_id in lines})
    together: dict[object, list[ReceivingSheet]] = defaultdict(list)
    for sheet in sheets:
        together[sheet.consignment or sheet.key].append(sheet)
    found = []
    for name, some in together.items():
        newest, numbers = some[0], seen.get(name, frozenset())
        counted: Counter[int] = Counter()
        for sheet in some:
            counted.update(good[sheet.pk])
        reference = number_key(newest.reference)
        exact = sum(booked.get((line, reference)) == quantity for line, quantity in counted.items())
        here = packages.get(name)
        found.append(
            DockCount(
                newest.reference,
                str(newest.key),
                newest.posted_at or newest.updated_at,
                len(here) if here and numbers else None,
                len(here & numbers) if here and numbers else None,
                len(counted),
                exact,
            )
        )
    return found


def _packages(
    sheets: Iterable[ReceivingSheet],
) -> tuple[dict[object, frozenset[str]], dict[object, frozenset[str]]]:
    """The numbers of the packages of each consignment, and of those that were seen: two queries."""
    consignments = {sheet.consignment for sheet in sheets if sheet.consignment}
    announced: dict[object, set[str]] = defaultdict(set)
    rows = Package.objects.filter(notice__consignment__in=consignments, notice__state__in=LIVE)
    for consignment, sscc, carton in rows.values_list("notice__consignment", "sscc", "carton_number"):
        if sscc or carton:
            announced[consignment].add(sscc or carton)
    seen: dict[object, set[str]] = defaultdict(set)
    ticked = PackageSeen.objects.filter(
        sheet__consignment__in=consignments, sheet__state=SheetState.POSTED
    ).values_list("sheet__consignment", "number")
    for consignment, number in ticked:
        seen[consignment].add(number)
    return (
        {name: frozenset(numbers) for name, numbers in announced.items()},
        {name: frozenset(numbers) for name, numbers in seen.items()},
    )


def _good(sheets: Iterable[ReceivingSheet]) -> dict[int, Counter[int]]:
    """How much of each order line was good, by sheet: one query."""
    found: dict[int, Counter[int]] = defaultdict(Counter)
    rows = CountedRow.objects.filter(sheet_line__sheet__in=[sheet.pk for sheet in sheets], quantity__gt=0)
    told = rows.values_list("sheet_line__sheet_id", "sheet_line__line_id").annotate(good=Sum("quantity"))
    for sheet_id, line_id, quantity in told.order_by():
        found[sheet_id][line_id] += quantity
    return found


def _booked(line_ids: Iterable[int]) -> dict[tuple[int, str], Decimal]:
    """What the ERP has booked, by order line and what the goods came with: one query."""
    found: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    rows = Receipt.objects.filter(line__in=set(line_ids), reversed=False).exclude(reference="")
    for line_id, reference, quantity in rows.values_list("line_id", "reference", "quantity"):
        found[line_id, number_key(reference)] += quantity
    return found
