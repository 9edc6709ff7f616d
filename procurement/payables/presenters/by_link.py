"""A case in short, for who is asked to approve it: in a mail, and on the page behind its link."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.templatetags.portal_ui import day_text, figure, money_text, quantity_text
from portal.kernel.values import minor_units
from procurement.invoices.models import Invoice, InvoiceCharge, InvoiceLine
from procurement.invoices.presenters import code_word
from procurement.matching.engine import Result
from procurement.matching.presenters import CheckRow, check_rows
from procurement.matching.queries.kept import checks_of, current_match
from procurement.payables.messages import Shown
from procurement.payables.models import Approval
from procurement.payables.presenters.sentences import approver_text, held_text
from procurement.payables.queries.by_link import InShort, LineInShort, approved_sum
from procurement.payables.states import ApprovalState


@dataclass(frozen=True, slots=True)
class ShortLine:
    """One line: what it is, what came of it and at what price it was agreed, what is claimed."""

    head: str
    detail: str
    came: str
    claimed: str
    amount: str
    differs: bool


def short_lines(case: InShort) -> list[ShortLine]:
    """The lines of a case, those first that do not match; before those that do, what is charged for the whole."""
    currency = case.invoice.currency
    apart = [_line(row, currency) for row in case.lines if row.differs]
    rest = [_line(row, currency) for row in case.lines if not row.differs]
    return [*apart, *(_charge(one, currency) for one in case.charges), *rest]


def _charge(one: InvoiceCharge, currency: str) -> ShortLine:
    word = code_word(one.code, is_allowance=one.is_allowance)
    kind = _("Allowance") if one.is_allowance else _("Charge")
    amount = money_text(one.amount, currency)
    amount = f"−{amount}" if one.is_allowance else amount
    return ShortLine(word or kind, one.reason or (kind if word else ""), "", amount, amount, differs=False)


def short_sums(invoice: Invoice) -> list[tuple[str, str]]:
    """What the lines and charges come to, the tax, and what is to be paid."""
    figures = (
        (_("Net"), invoice.total - invoice.tax_total),
        (_("Tax"), invoice.tax_total),
        (_("To be paid"), invoice.total),
    )
    return [(label, money_text(amount, invoice.currency)) for label, amount in figures]


def _line(row: LineInShort, currency: str) -> ShortLine:
    one, ordered = row.line, row.line.line
    if ordered is None:
        head, came = _("without an order"), ""
    else:
        number = one.order.number if one.order else ""
        head = f"{number} · {ordered.number} · {ordered.item_number}"
        price = _price(ordered.price, currency, ordered.price_per)
        came = f"{quantity_text(ordered.received_quantity, ordered.unit)} · {price}"
    return ShortLine(
        head, one.description, came, _claimed(one, currency), money_text(one.amount, currency), row.differs
    )


def _claimed(line: InvoiceLine, currency: str) -> str:
    price = _price(line.unit_price, currency, line.price_quantity)
    return f"{quantity_text(line.quantity, line.unit)} · {price}"


def _price(amount: Decimal, currency: str, per: Decimal) -> str:
    basis = f" / {figure(per)}" if per != 1 else ""
    return f"{figure(amount, minor_units(currency))} {currency}{basis}"


def summary_of(case: InShort) -> str:
    """Who claims how much, due when, in one sentence."""
    shown, values = case.shown, {"supplier": case.invoice.supplier.name}
    values["amount"] = money_text(shown.total, shown.currency)
    text = _("%(supplier)s claims %(amount)s.") % values
    if shown.due_on:
        values["day"] = day_text(shown.due_on)
        text = _("%(supplier)s claims %(amount)s, due on %(day)s.") % values
    if shown.credits:
        text += " " + _("A credit note takes off %(amount)s.") % {
            "amount": money_text(shown.credits, shown.currency)
        }
    return text


@dataclass(frozen=True, slots=True)
class Moved:
    """What is otherwise than somebody was shown it."""

    label: str
    old: str
    new: str


def moved_since(before: Shown, now: Shown) -> list[Moved]:
    """What has changed in a case since it was shown; empty where nothing of what is shown has."""
    pairs = [
        (_("Amount"), *(money_text(one.total, one.currency) for one in (before, now))),
        (_("Due"), *(day_text(one.due_on) for one in (before, now))),
        (_("Credit note"), *(money_text(one.credits, one.currency) for one in (before, now))),
        (_("Why it was held"), *(held_text(one.held_for) for one in (before, now))),
    ]
    return [Moved(label, old, new) for label, old, new in pairs if old != new]


def approve_page(approval: Approval, case: InShort, before: Shown, *, actor: Actor) -> dict[str, Any]:
    """What stands on the page behind a link, as long as there is something to say."""
    match = current_match(approval.invoice, actor=actor)
    failed = [one for one in checks_of(match) if one.result is Result.FAILED] if match else []
    rows: Sequence[CheckRow] = check_rows(failed, actor=actor)
    return {
        "approval": approval,
        "invoice": approval.invoice,
        "case": case,
        "mark": case.shown.mark,
        "why": held_text(approval.invoice.held_for),
        "lines": short_lines(case),
        "sums": short_sums(approval.invoice),
        "checks": [row.sentence for row in rows],
        "is_changed": before.mark != case.shown.mark,
        "moved": moved_since(before, case.shown),
        "for_whom": approver_text(approval) if approval.person_id not in (None, actor.user_id) else "",
    }


def over_text(approval: Approval, actor: Actor) -> str:
    """Why there is nothing more to say on an approval."""
    mine = approval.answered_by_user_id is not None and approval.answered_by_user_id == actor.user_id
    values = {"name": approval.answered_by}
    if approval.state == ApprovalState.GRANTED:
        if not mine:
            return _("%(name)s approved it already.") % values
        values["amount"] = money_text(approved_sum(approval), approval.invoice.currency)
        return _("You approved it: %(amount)s. Accounts payable goes on with it.") % values
    if approval.state == ApprovalState.DECLINED:
        return _("You declined it.") if mine else _("%(name)s declined it already.") % values
    return _("This approval is not needed any more: the invoice went another way, or is asked about anew.")
