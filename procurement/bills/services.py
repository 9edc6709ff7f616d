"""Invoices as the ERP holds them: taken a whole batch at a time, and joined to orders as those come.

As with receipts (Note [Two papers, one truth each] there), how much of a line has been invoiced in all stays the order
paper's word; an invoice adds by which claim, and how far it is paid.
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
from procurement.bills.messages import BillPaper
from procurement.bills.models import Bill, BillLine
from procurement.bills.policies import problems_of
from procurement.catalogue.models import Company
from procurement.orders.models import PurchaseOrder
from procurement.orders.queries import LineName, lines_named, orders_numbered
from suppliers.models import Supplier

SAID = (
    "kind",
    "number",
    "reference",
    "state",
    "invoiced_on",
    "due_on",
    "paid_on",
    "currency",
    "total",
    "open_amount",
)
FIELDS = ("supplier", *SAID, "content_hash", "erp_stamp", "updated_at")
MOST_TOLD = 50


@requires_scope
def receive_bills(papers: Sequence[BillPaper], *, actor: Actor, at: datetime) -> tuple[Mirrored, ...]:
    """Take in invoices as the ERP holds them now. Bad papers never sink good ones; each says what is wrong with it.

    A line whose order is not here yet is kept and waits for it (`attach_bills`). An older paper never overwrites a
    newer one; what was cancelled stays, as cancelled.
    """
    newest = newest_of(papers, _key_of)
    companies: dict[str, int] = dict(Company.objects.values_list("code", "id"))
    numbers = {paper.supplier for paper in newest}
    suppliers: dict[str, int] = dict(Supplier.objects.filter(number__in=numbers).values_list("number", "id"))
    known = _known(newest, companies)
    added: list[Bill] = []
    moved: list[Bill] = []
    stamped: list[Bill] = []
    taken: list[tuple[Bill, BillPaper]] = []
    results: dict[tuple[str, ...], Mirrored] = {}
    for paper in newest:
        key = _key_of(paper)
        problems = tuple(problems_of(paper, companies=companies, suppliers=suppliers))
        if problems:
            results[key] = Mirrored(key, "refused", problems)
            continue
        digest = fingerprint(paper)
        row = known.get((companies[paper.company], paper.key))
        if row is not None and row.content_hash == digest:
            if is_older(row.erp_stamp, paper.stamp) or row.erp_stamp is None:
                row.erp_stamp = paper.stamp
                stamped.append(row)
            results[key] = Mirrored(key, "unchanged")
            continue
        if row is not None and is_older(paper.stamp, row.erp_stamp):
            results[key] = Mirrored(key, "older")
            continue
        (added if row is None else moved).append(row := row or Bill(key=paper.key, told_at=at))
        row.company_id, row.supplier_id = companies[paper.company], suppliers[paper.supplier]
        for name in SAID:
            setattr(row, name, getattr(paper, name))
        row.content_hash, row.erp_stamp, row.updated_at = digest, paper.stamp, at
        taken.append((row, paper))
        results[key] = Mirrored(key, "stored")
    # The lines of what moved are written anew below; they go first, for their supplier is held equal to the invoice's.
    BillLine.objects.filter(bill__in=[row.pk for row in moved]).delete()
    Bill.objects.bulk_create(added, batch_size=1000)
    Bill.objects.bulk_update(moved, FIELDS, batch_size=1000)
    Bill.objects.bulk_update(stamped, ["erp_stamp"], batch_size=1000)
    waiting = _write_lines(taken, actor=actor, at=at)
    return tuple(Mirrored(key, "waits") if key in waiting else result for key, result in results.items())


def _key_of(paper: BillPaper) -> tuple[str, ...]:
    return paper.company, paper.key


def _known(papers: Iterable[BillPaper], companies: dict[str, int]) -> dict[tuple[int, str], Bill]:
    # One order of locking for everybody: by id.
    rows = Bill.objects.filter(key__in={paper.key for paper in papers}, company__in=companies.values())
    return {(row.company_id, row.key): row for row in rows.order_by("id").select_for_update()}


def _write_lines(
    taken: Sequence[tuple[Bill, BillPaper]], *, actor: Actor, at: datetime
) -> set[tuple[str, ...]]:
    """The lines of these invoices; says which invoices name an order that is not here."""
    lines = lines_named(
        (row.company_id, one.order, one.line_key) for row, paper in taken for one in paper.lines
    )
    made: list[BillLine] = []
    waiting: set[tuple[str, ...]] = set()
    for row, paper in taken:
        for one in paper.lines:
            line = lines.get((row.company_id, one.order, one.line_key))
            if line is None:
                waiting.add(_key_of(paper))
            made.append(
                BillLine(
                    supplier_id=row.supplier_id,
                    bill=row,
                    # Who bills another supplier's order is taken at the ERP's word, but neither sees the other's.
                    line=line if line and line.supplier_id == row.supplier_id else None,
                    order_number=one.order,
                    line_key=one.line_key,
                    quantity=one.quantity,
                    amount=one.amount,
                )
            )
    BillLine.objects.bulk_create(made, batch_size=1000)
    _record(made, actor=actor, at=at)
    return waiting


@requires_scope
def attach_bills(order_numbers: Iterable[str] | None = None, *, actor: Actor, at: datetime) -> int:
    """Join lines of invoices that came before their orders to these orders, or to any that are here; says how many
    found their line."""
    waiting = BillLine.objects.filter(line__isnull=True)
    if order_numbers is not None:
        waiting = waiting.filter(order_number__in=set(order_numbers))
    here = orders_numbered(OuterRef("bill__company"), OuterRef("order_number"), OuterRef("supplier"))
    rows = list(
        waiting.filter(Exists(here)).select_related("bill").order_by("id").select_for_update(of=("self",))
    )
    lines = lines_named(_name_of(row) for row in rows)
    found = []
    for row in rows:
        line = lines.get(_name_of(row))
        if line is not None and line.supplier_id == row.supplier_id:
            row.line = line
            found.append(row)
    BillLine.objects.bulk_update(found, ["line"], batch_size=1000)
    Bill.objects.filter(pk__in={row.bill_id for row in found}).update(updated_at=at)
    _record(found, actor=actor, at=at)
    return len(found)


def _name_of(row: BillLine) -> LineName:
    return row.bill.company_id, row.order_number, row.line_key


def _record(rows: Iterable[BillLine], *, actor: Actor, at: datetime) -> None:
    """One fact for each order of the batch: which invoices bill it, and where they stand."""
    told: dict[PurchaseOrder, dict[int, Bill]] = defaultdict(dict)
    for row in rows:
        if row.line is not None:
            told[row.line.order][row.bill_id] = row.bill
    facts = [
        Fact(
            "order.invoices_told",
            order.stream,
            order.supplier_id,
            {"invoices": [_said(one) for one in list(found.values())[:MOST_TOLD]], "count": len(found)},
        )
        for order, found in told.items()
    ]
    record_all(facts, actor=actor, at=at)


def _said(bill: Bill) -> dict[str, Any]:
    return {
        "invoice": bill.name,
        "kind": bill.kind,
        "state": bill.state,
        "open": plain(bill.open_amount),
        "currency": bill.currency,
    }
