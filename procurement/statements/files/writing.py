"""A comparison as a file, and a sheet to fill in: text stays text in both, whoever wrote it."""

import tempfile
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from typing import IO, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kernel.actors import Actor
from portal.kernel.scope import requires_scope
from procurement.orders.files.exports import CSV, IN_MEMORY
from procurement.orders.files.sheets import write_sheet
from procurement.sheets.cells import Cell, csv_line, widths
from procurement.sheets.writing import Sheet, write_workbook
from procurement.statements.files.columns import CHOICES, COLUMNS
from procurement.statements.files.words import UnreadRow
from procurement.statements.models import StatementRow
from procurement.statements.presenters import sentence_of, sides_for, word_of
from procurement.statements.states import ItemKind


@dataclass(frozen=True, slots=True)
class Told:
    """One column of the file: its title, for both sides or as each reads it, what stands in it, and what stands in it
    of a row that was left out.
    """

    title: Any
    value: Callable[[StatementRow, Actor], Cell]
    unread: Callable[[UnreadRow], Cell] = lambda _row: ""


def _what_is_wrong(row: UnreadRow) -> str:
    return " ".join(
        f"{one.column} “{one.value}”: {one.message}" if one.column else one.message for one in row.problems
    )


TOLD = (
    Told(gettext_lazy("Row"), lambda row, _actor: row.place, lambda left: left.row),
    Told(gettext_lazy("Kind"), lambda row, _actor: str(ItemKind(row.kind).label)),
    Told(gettext_lazy("Number"), lambda row, _actor: row.number, lambda left: left.number),
    Told(gettext_lazy("Reference of a payment"), lambda row, _actor: row.reference),
    Told(gettext_lazy("Dated"), lambda row, _actor: row.dated_on),
    Told(gettext_lazy("Due date"), lambda row, _actor: row.due_on),
    Told(gettext_lazy("Currency"), lambda row, _actor: row.currency),
    Told(lambda sides: sides.amount_theirs, lambda row, _actor: row.amount),
    Told(lambda sides: sides.open_theirs, lambda row, _actor: row.open_amount),
    Told(lambda sides: sides.amount_ours, lambda row, _actor: row.our_amount),
    Told(lambda sides: sides.open_ours, lambda row, _actor: row.our_open),
    Told(gettext_lazy("Difference"), lambda row, _actor: row.difference),
    Told(
        gettext_lazy("Result"),
        lambda row, actor: word_of(row.verdict, is_supplier=actor.is_supplier),
        lambda _left: _("Left out"),
    ),
    Told(
        gettext_lazy("Why"),
        lambda row, actor: sentence_of(row, actor) if row.verdict else "",
        _what_is_wrong,
    ),
    Told(gettext_lazy("Question"), lambda row, _actor: row.question),
    Told(gettext_lazy("Answer"), lambda row, _actor: row.answer),
)


@requires_scope
def write_result(
    rows: Iterable[StatementRow], kind: str, actor: Actor, *, left: Iterable[UnreadRow] = ()
) -> IO[bytes]:
    """The rows of a statement beside ours as CSV or XLSX, those that were left out after them; the whole file is made
    before anything is sent.
    """
    sides = sides_for(is_supplier=actor.is_supplier)
    titles = [str(column.title(sides) if callable(column.title) else column.title) for column in TOLD]
    values = chain(
        ([column.value(row, actor) for column in TOLD] for row in rows),
        ([column.unread(one) for column in TOLD] for one in left),
    )
    with ExitStack() as unless_done:
        file = unless_done.enter_context(tempfile.SpooledTemporaryFile(IN_MEMORY))
        if kind == CSV:
            file.write(b"\xef\xbb\xbf")  # Excel reads UTF-8 only where it says so
            file.write(csv_line(titles).encode())
            for row in values:
                file.write(csv_line(row).encode())
        else:
            write_sheet(file, _("Statement"), titles, widths(titles), values)
        file.seek(0)
        unless_done.pop_all()  # the response closes it
    return file


def write_blank() -> IO[bytes]:
    """A sheet to fill in: what is open, a row for each paper."""
    columns = tuple(column for column in COLUMNS if column.name not in ("debit", "credit"))
    sheet = Sheet(
        title=_("Statement"),
        columns=columns,
        frozen="number",
        how_to=(
            _("How to write a statement with this sheet"),
            "",
            _("A row is one paper that is open in your books, or one payment that is not set against any."),
            _("Open amount: what is left of it. Amount: what it came to. One of the two will do."),
            _("Credit notes and payments take off by their kind: type their amounts without a sign."),
            _("Then upload the file in the portal. You see what was read before anything is compared."),
        ),
        spare_open=frozenset(column.name for column in columns),
        words={name: dict(choices) for name, choices in CHOICES.items()},
        days_from_today=False,
    )
    return write_workbook(sheet, ())
