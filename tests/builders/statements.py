"""Statements of account on demand: read and compared by the people of the tests."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from portal.kernel.scope import acting
from procurement.statements.messages import Item, KeepStatement
from procurement.statements.models import StatementRow, SupplierStatement
from procurement.statements.services import compare_statement, keep_statement
from tests.builders.world import MONDAY
from tests.people import FEED, Person

STATED_ON = date(2026, 3, 2)


def an_item(row: int, number: str, rest: Any, **changed: Any) -> Item:
    """A row of a statement: an invoice in euros, of which all is open."""
    values: dict[str, Any] = {"kind": "invoice", "currency": "EUR", "dated_on": date(2026, 3, 1)}
    return Item(row=row, number=number, open=Decimal(str(rest)), **{**values, **changed})


def a_statement(person: Person, items: Sequence[Item], *, at: Any = MONDAY, **more: Any) -> SupplierStatement:
    """A statement that was read and not compared yet."""
    values: dict[str, Any] = {"stated_on": STATED_ON, "supplier": "ACME", "items": tuple(items)}
    with acting(person.actor):
        statement, _is_new = keep_statement(KeepStatement(**{**values, **more}), actor=person.actor, at=at)
    return statement


def compared(statement: SupplierStatement, person: Person, *, at: Any = MONDAY) -> SupplierStatement:
    """The statement as it was held against our books now."""
    with acting(person.actor):
        return compare_statement(statement.key, actor=person.actor, at=at)


def rows_told(statement: SupplierStatement) -> dict[str, StatementRow]:
    """Its rows by number, as they were compared."""
    with acting(FEED):
        rows = StatementRow.objects.filter(statement=statement).select_related("invoice", "bill")
        return {row.number: row for row in rows.order_by("id")}


def balances_told(statement: SupplierStatement) -> dict[str, tuple[Decimal, Decimal]]:
    """Both balances by currency, as of the newest comparison."""
    with acting(FEED):
        found = statement.balances.filter(revision=SupplierStatement.objects.get(pk=statement.pk).revision)
        return {one.currency: (one.theirs, one.ours) for one in found}
