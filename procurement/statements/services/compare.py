"""Holding a statement against our books: one press, as often as one likes, until it is settled."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from portal.kernel.actors import Actor
from portal.kernel.bulk import create_rows
from portal.kernel.scope import acting, requires_scope
from procurement.invoices.policies.numbers import number_key
from procurement.statements.engine import Balance, Compared, Result, Theirs, compare
from procurement.statements.models import StatementBalance, StatementRow, SupplierStatement
from procurement.statements.queries import Booked, books_of
from procurement.statements.services.holding import BOOKS, hold, payables_people, require_may
from procurement.statements.states import ALIKE, STATEMENT_LIFECYCLE, StatementState

ZERO = Decimal(0)
LOOK_BACK = timedelta(days=400)  # for what was paid, where no row of theirs is older
WRITTEN = ["verdict", "our_amount", "our_open", "difference", "told", "invoice", "bill"]


@requires_scope
def compare_statement(key: uuid.UUID, *, actor: Actor, at: datetime) -> SupplierStatement:
    """Hold a statement against our books as they are now, and keep what comes of it as its next revision.

    Compared the first time it takes the place of earlier ones of the same supplier and company that are not settled.
    Its supplier and accounts payable see the same result. Raises `NotAllowed`, `NotFound`, and `IllegalTransition`
    where it is settled or replaced.
    """
    require_may(actor)
    with acting(BOOKS):
        statement = hold(key, "compare", actor=actor)
        rows = list(StatementRow.objects.filter(statement=statement, place__isnull=False).order_by("place"))
        theirs = [_theirs(row) for row in rows]
        booked = _books(statement, theirs)
        books = [one.ours for one in booked.values()]
        result = compare(theirs, books, statement.stated_on, _unread(statement))
        _write(statement, rows, result, booked)
        _write_balances(statement, result, actor=actor, at=at)
        _move(statement, result, actor=actor, at=at)
        if statement.revision == 1:
            _replace_earlier(statement, actor=actor, at=at)
    return statement


def _theirs(row: StatementRow) -> Theirs:
    assert row.place is not None
    return Theirs(
        place=row.place,
        kind=row.kind,
        key=number_key(row.number),
        open=row.open_amount,
        currency=row.currency,
        amount=row.amount,
        dated_on=row.dated_on,
        reference_key=number_key(row.reference),
    )


def _unread(statement: SupplierStatement) -> Mapping[str, int]:
    """The numbers in rows that were left out, and the first row of each."""
    found: dict[str, int] = {}
    for one in statement.bad:
        if one["is_left"] and (name := number_key(one.get("number", ""))):
            found.setdefault(name, one["row"])
    return found


def _books(statement: SupplierStatement, theirs: Sequence[Theirs]) -> Mapping[str, Booked]:
    keys = {row.key for row in theirs if not row.is_payment} - {""}
    days = [row.dated_on for row in theirs if row.dated_on]
    since: date = min([statement.stated_on - LOOK_BACK, *days])
    booked = books_of(statement.supplier_id, statement.company_id, keys, since=since)
    return {one.ours.name: one for one in booked}


# --- kept ---------------------------------------------------------------------------------------------------


def _write(
    statement: SupplierStatement,
    rows: Sequence[StatementRow],
    result: Result,
    booked: Mapping[str, Booked],
) -> None:
    by_place = {row.place: row for row in rows}
    StatementRow.objects.filter(statement=statement, place__isnull=True).delete()
    unlisted = []
    for said in result.rows:
        item = booked.get(said.name)
        if said.place is not None:
            row = by_place[said.place]
        elif item is not None:
            row = StatementRow(
                supplier_id=statement.supplier_id,
                statement_id=statement.pk,
                kind=item.kind,
                number=item.number,
                dated_on=item.ours.dated_on,
                due_on=item.due_on,
                currency=said.currency,
            )
            unlisted.append(row)
        else:  # what they do not list is always one of ours
            continue
        row.verdict, row.difference = said.verdict, said.difference
        row.our_open = row.open_amount + said.difference
        row.our_amount = item.ours.amount if item and item.ours.is_owed else None
        row.invoice_id = item.invoice_id if item else None
        row.bill_id = item.bill_id if item else None
        row.told = _told(said, item)
    StatementRow.objects.bulk_update(rows, WRITTEN, batch_size=2000)
    create_rows(StatementRow, unlisted)


def _told(said: Compared, item: Booked | None) -> dict[str, Any]:
    told: dict[str, Any] = {name: value for name, value in (item.told if item else {}).items() if value}
    if item is not None:
        told["number"] = item.number
    if said.other is not None:
        told["row"] = said.other
    if said.posted:
        told["posted"] = True
    return told


def _write_balances(statement: SupplierStatement, result: Result, *, actor: Actor, at: datetime) -> None:
    StatementBalance.objects.bulk_create(
        [
            StatementBalance(
                supplier_id=statement.supplier_id,
                statement=statement,
                revision=statement.revision + 1,
                currency=one.currency,
                theirs=one.theirs,
                ours=one.ours,
                stopped=one.stopped,
                bridge={str(name): str(amount) for name, amount in one.bridge.items()},
                counts={str(name): count for name, count in one.counts.items()},
                compared_at=at,
                compared_by=actor.label,
            )
            for one in result.balances.values()
        ]
    )


def _move(statement: SupplierStatement, result: Result, *, actor: Actor, at: datetime) -> None:
    widest = max(result.balances.values(), key=_width, default=Balance(statement.currency))
    differing = sum(said.verdict not in ALIKE for said in result.rows)
    fields: dict[str, Any] = {
        "revision": statement.revision + 1,
        "compared_at": at,
        "compared_by": actor.label,
        "differing": differing,
        "gap": widest.gap,
        "gap_currency": widest.currency,
    }
    facts = {
        "statement_key": str(statement.key),
        "stated_on": statement.stated_on.isoformat(),
        "company": statement.company.code,
        "revision": statement.revision + 1,
        "rows": statement.row_count,
        "differing": differing,
        "gap": str(widest.gap),
        "currency": widest.currency,
        "on_behalf": statement.on_behalf,
        "supplier": statement.supplier.name,
        # Told of once, when a supplier sends one that differs.
        "people": payables_people() if actor.is_supplier and differing and not statement.revision else [],
    }
    STATEMENT_LIFECYCLE.move(statement, "compare", actor=actor, at=at, facts=facts, fields=fields)


def _width(balance: Balance) -> tuple[Decimal, str]:
    return abs(balance.gap), balance.currency


def _replace_earlier(statement: SupplierStatement, *, actor: Actor, at: datetime) -> None:
    earlier = SupplierStatement.objects.filter(
        supplier=statement.supplier_id,
        company=statement.company_id,
        state=StatementState.COMPARED,
        stated_on__lte=statement.stated_on,
    ).exclude(pk=statement.pk)
    facts = {"by": str(statement.key), "stated_on": statement.stated_on.isoformat()}
    for one in earlier.order_by("id").select_for_update(of=("self",)):
        STATEMENT_LIFECYCLE.move(one, "replace", actor=actor, at=at, facts=facts)
