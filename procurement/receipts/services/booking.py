"""Receipts as the ERP books them: taken a whole batch at a time, and given to their orders as those come.

Note [Two papers, one truth each]: how much of a line has been received in all, and so where its logistics stand, is
said by the order's paper alone (`LinePaper.received_quantity`). A receipt adds when it came and with what. Nothing
here adds receipts up: an ERP may tell fewer bookings than it counts (those of before the portal), and two sums of one
thing would differ one day.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from portal.kernel.actors import Actor
from portal.kernel.audit.services import Fact, record_all
from portal.kernel.mirror import Mirrored, fingerprint, is_older, newest_of, plain
from portal.kernel.scope import requires_scope
from procurement.catalogue.models import Company, Unit
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.queries import LineName, lines_named, orders_numbered
from procurement.receipts.messages import ReceiptPaper
from procurement.receipts.models import Receipt
from procurement.receipts.policies import problems_of

FIELDS = (
    "supplier",
    "line",
    "order_number",
    "line_key",
    "quantity",
    "unit",
    "unit_decimals",
    "received_on",
    "reference",
    "reversed",
    "content_hash",
    "erp_stamp",
    "updated_at",
)
MOST_TOLD = 50


@requires_scope
def receive_receipts(papers: Sequence[ReceiptPaper], *, actor: Actor, at: datetime) -> tuple[Mirrored, ...]:
    """Take in receipts as the ERP holds them now. Bad papers never sink good ones; each says what is wrong with it.

    A receipt whose order is not here yet is kept and waits for it (`attach_receipts`); a reversal marks what was
    booked. An older paper never overwrites a newer one.
    """
    newest = newest_of(papers, _key_of)
    companies: dict[str, int] = dict(Company.objects.values_list("code", "id"))
    units: dict[str, int] = dict(Unit.objects.values_list("code", "decimals"))
    lines = lines_named(
        (companies[paper.company], paper.order, paper.line_key)
        for paper in newest
        if paper.company in companies
    )
    known = _known(newest, companies)
    added: list[Receipt] = []
    moved: list[Receipt] = []
    stamped: list[Receipt] = []
    results: list[Mirrored] = []
    for paper in newest:
        problems = tuple(problems_of(paper, companies=companies, units=units))
        if problems:
            results.append(Mirrored(_key_of(paper), "refused", problems))
            continue
        digest = fingerprint(paper)
        row = known.get((companies[paper.company], paper.key))
        line = lines.get((companies[paper.company], paper.order, paper.line_key))
        if row is not None and row.content_hash == digest and not (line and row.line_id is None):
            if is_older(row.erp_stamp, paper.stamp) or row.erp_stamp is None:
                row.erp_stamp = paper.stamp
                stamped.append(row)
            results.append(Mirrored(_key_of(paper), "unchanged"))
            continue
        if row is not None and is_older(paper.stamp, row.erp_stamp):
            results.append(Mirrored(_key_of(paper), "older"))
            continue
        (added if row is None else moved).append(row := row or Receipt(key=paper.key, told_at=at))
        row.company_id = companies[paper.company]
        _fill(row, paper, line, units[paper.unit], digest, at)
        results.append(Mirrored(_key_of(paper), "stored" if line else "waits"))
    Receipt.objects.bulk_create(added, batch_size=1000)
    Receipt.objects.bulk_update(moved, FIELDS, batch_size=1000)
    Receipt.objects.bulk_update(stamped, ["erp_stamp"], batch_size=1000)
    _record([*added, *moved], actor=actor, at=at)
    return tuple(results)


def _key_of(paper: ReceiptPaper) -> tuple[str, ...]:
    return paper.company, paper.key


def _known(papers: Iterable[ReceiptPaper], companies: dict[str, int]) -> dict[tuple[int, str], Receipt]:
    # One order of locking for everybody: by id.
    rows = Receipt.objects.filter(key__in={paper.key for paper in papers}, company__in=companies.values())
    return {(row.company_id, row.key): row for row in rows.order_by("id").select_for_update()}


def _fill(
    row: Receipt,
    paper: ReceiptPaper,
    line: PurchaseOrderLine | None,
    decimals: int,
    digest: str,
    at: datetime,
) -> None:
    values: dict[str, Any] = {
        "order_number": paper.order,
        "line_key": paper.line_key,
        "line": line,
        "supplier_id": line.supplier_id if line else None,
        "quantity": paper.quantity,
        "unit": paper.unit,
        "unit_decimals": decimals,
        "received_on": paper.received_on,
        "reference": paper.reference,
        "reversed": paper.reversed,
        "content_hash": digest,
        "erp_stamp": paper.stamp,
        "updated_at": at,
    }
    for name, value in values.items():
        setattr(row, name, value)


@requires_scope
def attach_receipts(order_numbers: Iterable[str] | None = None, *, actor: Actor, at: datetime) -> int:
    """Give receipts that came before their orders to these orders, or to any that are here; says how many found their
    line."""
    waiting = Receipt.objects.filter(line__isnull=True)
    if order_numbers is not None:
        waiting = waiting.filter(order_number__in=set(order_numbers))
    here = orders_numbered(OuterRef("company"), OuterRef("order_number"))
    rows = list(waiting.filter(Exists(here)).order_by("id").select_for_update())
    lines = lines_named(_name_of(row) for row in rows)
    found = [row for row in rows if _name_of(row) in lines]
    for row in found:
        row.line = line = lines[_name_of(row)]
        row.supplier_id, row.updated_at = line.supplier_id, at
    Receipt.objects.bulk_update(found, ["line", "supplier", "updated_at"], batch_size=1000)
    _record(found, actor=actor, at=at)
    return len(found)


def _name_of(row: Receipt) -> LineName:
    return row.company_id, row.order_number, row.line_key


def _record(rows: Iterable[Receipt], *, actor: Actor, at: datetime) -> None:
    """One fact for each order of the batch."""
    told: dict[PurchaseOrder, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row.line is not None:
            told[row.line.order].append(
                {
                    "line": row.line.number,
                    "quantity": plain(row.quantity),
                    "unit": row.unit,
                    "on": row.received_on.isoformat(),
                    "reference": row.reference,
                    "reversed": row.reversed,
                }
            )
    facts = [
        Fact(
            "order.receipts_booked",
            order.stream,
            order.supplier_id,
            {"receipts": sorted(found, key=lambda one: one["line"])[:MOST_TOLD], "count": len(found)},
        )
        for order, found in told.items()
    ]
    record_all(facts, actor=actor, at=at)
