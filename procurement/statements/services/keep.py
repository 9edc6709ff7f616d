"""A statement comes in: it is kept as it was read, and nothing is compared before somebody presses."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.bulk import create_rows
from portal.kernel.errors import Invalid, Problem
from portal.kernel.scope import acting, requires_scope
from portal.kernel.templatetags.portal_ui import figure
from portal.kernel.values import is_plausible
from procurement.catalogue.models import Company
from procurement.statements.messages import BadRow, Item, KeepStatement
from procurement.statements.models import StatementRow, SupplierStatement
from procurement.statements.policies import MOST_ROWS, problems_of
from procurement.statements.queries import companies_for, find_statement, same_file, supplier_numbered
from procurement.statements.services.holding import BOOKS, hold, require_may
from procurement.statements.states import STATEMENT_LIFECYCLE
from suppliers.models import Supplier


@requires_scope
def keep_statement(command: KeepStatement, *, actor: Actor, at: datetime) -> tuple[SupplierStatement, bool]:
    """Keep a statement as it was read; True where it is kept anew. The same file again is the one that is open already.

    Raises `NotAllowed`, and `Invalid` with every problem: no such supplier or company, a day that cannot be meant or
    has not come, a row whose figures cannot be.
    """
    require_may(actor)
    supplier, company = parties_of(command.supplier, command.company, actor=actor)
    problems = _of_day(command, at)
    currency = (command.currency or supplier.currency or company.currency).upper()
    problems += [one for item in command.items for one in problems_of(item)]
    if len(command.items) > MOST_ROWS:
        message = _("A statement has at most %(most)s rows. Send what is open alone.")
        problems.append(Problem("rows", message % {"most": figure(MOST_ROWS)}, str(len(command.items))))
    if problems:
        raise Invalid(problems[0].message, problems[:50])
    if command.digest:
        earlier = same_file(command.digest, supplier.pk, company.pk, actor=actor)
        if earlier is not None and earlier.stated_on == command.stated_on:
            return earlier, False
    statement = SupplierStatement(
        supplier=supplier,
        company=company,
        stated_on=command.stated_on,
        currency=currency,
        file_name=command.file_name[:200],
        digest=command.digest,
        table=list(command.table),
        head=command.head,
        columns=dict(command.columns),
        bad=[asdict(one) for one in command.bad],
        row_count=len(command.items),
        on_behalf=not actor.is_supplier,
        came_at=at,
        came_from=actor.label,
        came_from_user_id=actor.user_id,
        channel=actor.channel,
    )
    statement.save(force_insert=True)
    _write_rows(statement, command.items)
    facts = {
        "stated_on": command.stated_on.isoformat(),
        "rows": len(command.items),
        "file": statement.file_name,
    }
    record("statement.read", statement.stream, actor=actor, at=at, supplier_id=supplier.pk, facts=facts)
    return statement, True


@requires_scope
def parties_of(number: str, code: str, *, actor: Actor) -> tuple[Supplier, Company]:
    """Whose statement it is and to which company, by number and code; a supplier's own, and the only one, unsaid.

    Raises `Invalid` for who or what is not known.
    """
    problems = []
    supplier: Supplier | None
    if actor.is_supplier:
        supplier = Supplier.objects.get(pk=actor.supplier_ids[0])
    else:
        supplier = supplier_numbered(number.strip(), actor=actor)
        if supplier is None:
            message = _(
                "Say whose statement it is: the supplier's number, or its name as it is written here."
            )
            problems.append(Problem("supplier", message, number[:60], "unknown"))
    companies = companies_for(actor) if actor.is_supplier else list(Company.objects.order_by("name", "id"))
    found = [one for one in companies if code in ("", one.code)]
    if len(found) != 1:
        message = _("Choose to whom it was sent: %(names)s.")
        text = message % {"names": ", ".join(one.code for one in companies[:20])}
        problems.append(Problem("company", text, code[:20], "unknown"))
    if problems or supplier is None:
        raise Invalid(problems[0].message, problems)
    return supplier, found[0]


def _of_day(command: KeepStatement, at: datetime) -> list[Problem]:
    day = command.stated_on
    if not is_plausible(day):
        return [Problem("stated_on", _("This day cannot be meant."), day.isoformat(), "invalid")]
    if (day - at.date()).days > 1:
        message = _("This day has not come yet. A statement says what was open at the end of a day.")
        return [Problem("stated_on", message, day.isoformat(), "future")]
    return []


def _write_rows(statement: SupplierStatement, items: Sequence[Item]) -> None:
    rows = [
        StatementRow(
            supplier_id=statement.supplier_id,
            statement_id=statement.pk,
            place=item.row,
            kind=item.kind,
            number=item.number[:60],
            reference=item.reference[:100],
            dated_on=item.dated_on,
            due_on=item.due_on,
            amount=item.amount,
            open_amount=item.open,
            currency=item.currency,
        )
        for item in items
    ]
    create_rows(StatementRow, rows)


@requires_scope
def read_statement_as(
    key: uuid.UUID,
    head: int,
    columns: Mapping[str, int],
    items: Sequence[Item],
    bad: Iterable[BadRow],
    *,
    actor: Actor,
) -> SupplierStatement:
    """Say anew which column of a file is which, and what its rows say then; as long as it is not compared."""
    require_may(actor)
    find_statement(key, actor=actor)
    with acting(BOOKS):
        statement = hold(key, "discard", actor=actor)
        statement.head, statement.columns = head, dict(columns)
        statement.bad, statement.row_count = [asdict(one) for one in bad], len(items)
        statement.save(update_fields=["head", "columns", "bad", "row_count"])
        StatementRow.objects.filter(statement=statement).delete()
        _write_rows(statement, items)
    return statement


@requires_scope
def discard_statement(key: uuid.UUID, *, actor: Actor, at: datetime) -> SupplierStatement:
    """Throw away what was only read."""
    require_may(actor)
    with acting(BOOKS):
        statement = hold(key, "discard", actor=actor)
        STATEMENT_LIFECYCLE.move(statement, "discard", actor=actor, at=at)
    return statement
