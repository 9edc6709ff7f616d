"""What the match says of an invoice in a few words, and line by line: for its own page and its editor."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from procurement.invoices.models import Invoice
from procurement.invoices.states import InvoiceState
from procurement.matching.engine import CheckKind, Outcome, Result
from procurement.matching.presenters.rows import CheckRow
from procurement.matching.queries.waiting import BY_MATCH


@dataclass(frozen=True, slots=True)
class Verdict:
    """What comes of it, in one sentence: of an invoice as it stands, or of a draft if it were sent now."""

    tone: str
    glyph: str
    sentence: str


LOOKS = {
    Outcome.PASSED: ("done", "full"),
    Outcome.WAITS: ("move", "half"),
    Outcome.HELD: ("wait", "alert"),
    Outcome.REFUSED: ("stop", "stop"),
}


def foretold(outcome: str, rows: Sequence[CheckRow], *, alone: bool) -> Verdict:
    """What would come of a draft."""
    if outcome == Outcome.PASSED:
        text = _("If you send it now, it passes every check, and a person approves it.")
        if alone:
            text = _("If you send it now, it passes every check and is approved at once.")
    elif outcome == Outcome.WAITS:
        text = _("If you send it now, it waits for goods to be booked in, and then goes on by itself.")
    elif outcome == Outcome.REFUSED:
        text = _("If you send it now, it will not be taken.")
    else:
        text = _("If you send it now, it will be held.")
    return Verdict(*LOOKS[Outcome(outcome)], " ".join(filter(None, (text, _lines(rows)))))


def goes_by_match(invoice: Invoice) -> bool:
    """Whether who acts on an invoice is as its match says: not once people hold, dispute or have settled it."""
    if invoice.state == InvoiceState.HELD:
        return str(invoice.held_for.get("key", "")).startswith(BY_MATCH)
    return invoice.state in (InvoiceState.DRAFT, InvoiceState.SENT)


def told(outcome: str, rows: Sequence[CheckRow], *, alone: bool, goes_on: bool = True) -> Verdict:
    """What came of an invoice that was sent. `goes_on` says that it goes on by itself once its cause is gone."""
    if outcome == Outcome.PASSED:
        text = _("It passed every check; a person approves it.")
        if alone:
            text = _("It passed every check and was approved by rule.")
    elif outcome == Outcome.WAITS and not goes_on:
        text = _("Goods are still to be booked in.")
    elif outcome == Outcome.WAITS:
        text = _("It waits for goods to be booked in, and then goes on by itself.")
    elif outcome == Outcome.REFUSED:
        text = _("It was not taken.")
    else:
        text = _("It does not match.")
    return Verdict(*LOOKS[Outcome(outcome)], " ".join(filter(None, (text, _lines(rows)))))


def _lines(rows: Sequence[CheckRow]) -> str:
    """ "4 of 6 lines pass." Nothing where all do, or where there is one alone."""
    worst: dict[int, bool] = {}
    for row in rows:
        if row.position:
            stopped = row.result in (Result.FAILED, Result.WAITS)
            worst[row.position] = worst.get(row.position, False) or stopped
    passing = sum(not stopped for stopped in worst.values())
    if len(worst) < 2 or passing == len(worst):
        return ""
    text = ngettext("%(n)d of %(all)d lines passes.", "%(n)d of %(all)d lines pass.", passing)
    return text % {"n": passing, "all": len(worst)}


@dataclass(frozen=True, slots=True)
class Apart:
    """A check that did not pass, and where."""

    row: CheckRow
    place: str


def apart(rows: Sequence[CheckRow]) -> list[Apart]:
    """What did not pass, each with the line that it is of; what is refused or fails before what waits."""
    stopping = [row for row in rows if row.result in (Result.FAILED, Result.WAITS)]
    stopping.sort(key=lambda row: (row.result == Result.WAITS, row.position))
    return [Apart(row, _place(row)) for row in stopping]


def passed(rows: Sequence[CheckRow]) -> list[Apart]:
    """What passed or was not asked, in the order of the checks."""
    return [
        Apart(row, _place(row))
        for row in rows
        if row.result not in (Result.FAILED, Result.WAITS) and row.kind != CheckKind.APPROVAL
    ]


def _place(row: CheckRow) -> str:
    if row.order and row.line:
        return f"{row.order} · {row.line}"
    return _("line %(line)s") % {"line": row.position} if row.position else ""
