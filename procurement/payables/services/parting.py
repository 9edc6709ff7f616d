"""What a part of an invoice comes to, before anybody approves it: the same figures that approving it will write."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256

from django.utils.translation import gettext as _

from portal.kernel.errors import Invalid, Problem
from portal.kernel.scope import requires_scope
from procurement.invoices.messages import ChargeEntry
from procurement.invoices.models import Invoice, InvoiceLine
from procurement.invoices.policies.sums import Sums
from procurement.invoices.services import charges_in, entries_of, sums_of
from procurement.invoices.states import OPEN, InvoiceKind
from procurement.payables.engine import Claimed, Part, part_of, sentence
from procurement.payables.messages import PayShort
from procurement.payables.queries.given import Given, given_back, given_by_line, given_in_all
from procurement.payables.services.approvals import LONGEST_REASON

ZERO = Decimal(0)
# The reason of the invoice's approval adds a sentence of its own to what stands on the credit note.
ROOM_FOR_REASONS = LONGEST_REASON - 200
LONGEST_WHOLE = 1000


@dataclass(frozen=True, slots=True)
class CutRow:
    """One line as it is paid: claimed, taken off, given back before, left to be paid (net), and what the supplier reads
    of it.
    """

    position: int
    label: str
    claimed: Decimal
    off: Decimal
    told: str
    given: Decimal = ZERO

    @property
    def paid(self) -> Decimal:
        return self.claimed - self.given - self.off


@dataclass(frozen=True, slots=True)
class LookedAt:
    """What a part comes to: the credit note's figures, what is paid of the invoice, and why as the supplier reads it.

    `given` is what other credit notes about the invoice give back: those that are approved, and ours, which will be
    together with it.
    """

    part: Part
    sums: Sums
    rows: Sequence[CutRow]
    claimed: Decimal
    given: Decimal
    reason: str

    @property
    def paid(self) -> Decimal:
        """What is to be paid in the end, taxes and all."""
        return self.claimed - self.given - self.sums.total

    @property
    def mark(self) -> str:
        """The same as long as the same is cut of the same: what was shown is what is approved."""
        said = repr((self.part.entries, self.part.charges, self.sums.total, self.paid))
        return sha256(said.encode()).hexdigest()[:32]


@requires_scope
def look_at_part(invoice: Invoice, command: PayShort) -> LookedAt:
    """What comes of paying this part of an invoice that the caller may see: nothing is kept. A fixed number of queries.

    Raises `Invalid` with every problem.
    """
    if len(command.reason.strip()) > LONGEST_WHOLE:
        message = _("This has %(length)d characters; there is room for %(most)d.")
        message %= {"length": len(command.reason.strip()), "most": LONGEST_WHOLE}
        raise Invalid(message, [Problem("reason", message, command.reason[:80], "too_long")])
    if unsettled := _not_settled(invoice):
        raise Invalid(unsettled[0].message, unsettled)
    back = given_back(invoice)
    lines = _claimed(invoice, back)
    charges = charges_by_position(invoice)
    part = part_of(
        lines,
        charges,
        command.lines,
        command.charges,
        currency=invoice.currency,
        reason=command.reason,
    )
    if part.problems:
        raise Invalid(part.problems[0].message, list(part.problems))
    sums = sums_of(part.entries, part.charges, invoice.currency)
    given = given_in_all(invoice)
    found = LookedAt(part, sums, _rows(part, sums), invoice.total, given, _reason(command.reason, part))
    problems = [*_more_than_claimed(found.rows, lines, back), *_all_of_it(found)]
    if problems:
        raise Invalid(problems[0].message, problems)
    return found


def claimed_lines(invoice: Invoice) -> list[Claimed]:
    """The lines of an invoice as they were claimed, with what other credit notes gave back of each already."""
    return _claimed(invoice, given_back(invoice))


def _claimed(invoice: Invoice, back: Given) -> list[Claimed]:
    lines = list(invoice.lines.select_related("line", "order").order_by("position"))
    return [
        Claimed(one.position, entry, one.amount, _label(one), one.unit_decimals, *given, one.line_id)
        for one, entry, given in zip(lines, entries_of(invoice), given_by_line(lines, back), strict=True)
    ]


def charges_by_position(invoice: Invoice) -> Mapping[int, ChargeEntry]:
    """The charges and allowances of the whole, by their place."""
    return dict(enumerate(charges_in(invoice), start=1))


def _label(one: InvoiceLine) -> str:
    if one.line is None or one.order is None:
        return one.description or one.supplier_item or str(one.position)
    return f"{one.order.number} · {one.line.number} {one.line.item_number}"


def _not_settled(invoice: Invoice) -> list[Problem]:
    """The supplier's own credit notes of which nobody knows yet whether they give back anything."""
    about = {"corrects__document": invoice.document, "kind": InvoiceKind.CREDIT_NOTE}
    theirs = Invoice.objects.filter(**about, state__in=OPEN, on_behalf=False).order_by("id")
    message = _("Credit note %(number)s of the supplier is not settled. Approve it or send it back first.")
    return [
        Problem("short", message % {"number": number}, number, "pending")
        for number in theirs.values_list("number", flat=True)
    ]


def _rows(part: Part, sums: Sums) -> list[CutRow]:
    nets = iter(sums.lines)
    return [
        CutRow(
            cut.line.position,
            cut.line.label,
            cut.line.amount,
            sum((next(nets).net for _entry in cut.entries), ZERO),
            cut.told,
            cut.line.given_net,
        )
        for cut in part.cuts
    ]


def _more_than_claimed(rows: Sequence[CutRow], lines: Sequence[Claimed], back: Given) -> list[Problem]:
    """No line is cut by more than it claims; and no lines of one order line together, with all that was given back of
    it, which need not say of which of them.
    """
    message = _("Of line %(line)s more would be taken off than it claims.")
    problems = [
        Problem(f"short-{row.position}", message % {"line": row.position}, str(row.off), "out_of_range")
        for row in rows
        if row.off > row.claimed
    ]
    left: dict[int | None, Decimal] = defaultdict(Decimal)
    for line in lines:
        left[line.order_line] += line.amount
    for order_line, amount in back.amounts.items():
        left[order_line] -= amount
    of = {line.position: line.order_line for line in lines}
    message = _("With what was given back before, more of line %(line)s would be taken off than it claims.")
    for row in rows:
        left[of[row.position]] -= row.off
        if not problems and row.off > ZERO > left[of[row.position]]:
            name, values = f"short-{row.position}", {"line": row.position}
            problems.append(Problem(name, message % values, str(row.off), "out_of_range"))
    return problems


def _all_of_it(found: LookedAt) -> list[Problem]:
    if found.sums.total > ZERO and found.paid > ZERO:
        return []
    if found.sums.total <= ZERO:
        message = _("This takes nothing off. Accept the invoice as it is.")
    else:
        message = _("Nothing of it would be paid. Send the invoice back instead.")
    return [Problem("short", message, "", "out_of_range")]


def _reason(common: str, part: Part) -> str:
    """Why, as the supplier reads it on the credit note: for the whole, then line by line, as far as there is room. Each
    line of the note says its own besides.
    """
    said = [sentence(common)] if common.strip() else []
    told = [*(cut.told for cut in part.cuts), *part.told]
    room = ROOM_FOR_REASONS - sum(len(one) + 1 for one in said)
    for place, one in enumerate(told):
        if len(one) + 1 > room:
            more = _("%(count)d more, as the lines of the credit note say.")
            return "\n".join([*said, more % {"count": len(told) - place}])
        said.append(one)
        room -= len(one) + 1
    return "\n".join(said)
