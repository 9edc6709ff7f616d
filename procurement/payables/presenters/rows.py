"""The rows of the desk's lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from procurement.invoices.models import Invoice
from procurement.invoices.states import InvoiceState
from procurement.matching.queries.kept import current_matches
from procurement.payables.models import Approval
from procurement.payables.presenters.sentences import acts_text, asked_text, held_text
from procurement.payables.queries.desk import NEVER, AtStake, at_stake, beside
from procurement.payables.queries.forecast import Due
from procurement.payables.states import Why


@dataclass(frozen=True, slots=True)
class Row:
    """An invoice on the desk: why it waits, whose turn it is, by when, and what it costs to wait."""

    invoice: Invoice
    why: str
    kinds: Sequence[str]
    acts: str
    asked: str
    stake: AtStake | None
    act_on: date | None
    late: bool
    unanswered: bool


def rows_of(invoices: Sequence[Any], today: date, at: datetime) -> list[Row]:
    """The rows of a page of the desk: three queries however many."""
    read = beside(invoices)
    found = []
    for one in invoices:
        checks = read.checks.get(one.pk, ())
        questions = read.questions.get(one.pk, ())
        act_on = None if one.act_on == NEVER else one.act_on
        found.append(
            Row(
                one,
                held_text(one.held_for),
                [str(label) for label in dict.fromkeys(_kind_text(check.kind) for check in checks)],
                _("Waits for approval") if one.pk in read.approvals else acts_text(one),
                asked_text(read.approvals.get(one.pk, ())),
                at_stake(one, today),
                act_on,
                act_on is not None and act_on < today,
                any(question.due_at < at for question in questions),
            )
        )
    return found


def _kind_text(kind: str) -> str:
    return str(Why(kind).label) if kind in Why.values else kind


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """An approval that waits, with its invoice."""

    approval: Approval
    invoice: Invoice
    stake: AtStake | None
    why: str


def approval_rows(approvals: Sequence[Approval], today: date) -> list[ApprovalRow]:
    """The rows of the list of approvals. No query."""
    return [
        ApprovalRow(
            one,
            one.invoice,
            at_stake(one.invoice, today),
            held_text(one.invoice.held_for),
        )
        for one in approvals
    ]


@dataclass(frozen=True, slots=True)
class ApprovedRow:
    """An invoice that a rule approved, and whether it can be opened again. `amount` is below zero where it is given
    back.
    """

    invoice: Invoice
    amount: Decimal
    rule: str
    reopenable: bool


def approved_rows(invoices: Sequence[Invoice], actor: Actor) -> list[ApprovedRow]:
    """The rows of what rules approved: one query."""
    matches = current_matches(invoices, actor=actor)
    return [
        ApprovedRow(
            one, one.sign * one.total, matches[one.pk].policy if one.pk in matches else "", reopenable(one)
        )
        for one in invoices
    ]


def reopenable(invoice: Invoice) -> bool:
    """Whether an approval can still be taken back: the ERP has not booked it."""
    return invoice.state == InvoiceState.APPROVED and invoice.bill_id is None


@dataclass(frozen=True, slots=True)
class Week:
    """One week of the forecast, in all currencies."""

    monday: date
    is_past: bool
    label: str
    rows: Sequence[Due]


def due_rows(rows: Sequence[Due]) -> list[Week]:
    """The forecast by week."""
    found: dict[date, list[Due]] = {}
    for one in rows:
        found.setdefault(one.week, []).append(one)
    return [
        Week(
            week,
            same[0].is_past,
            _("Before this week") if same[0].is_past else "",
            same,
        )
        for week, same in found.items()
    ]
