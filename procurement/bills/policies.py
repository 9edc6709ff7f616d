"""What an invoice must say to be taken. Pure."""

from collections.abc import Collection, Iterator
from decimal import Decimal

from django.utils.translation import gettext as _

from portal.kernel.errors import Problem
from portal.kernel.values import is_plausible
from procurement.bills.messages import BillPaper
from procurement.bills.states import BillKind, PaymentState

LARGEST = Decimal(10) ** 12
SETTLED = frozenset({PaymentState.PAID, PaymentState.CANCELLED})


def problems_of(
    paper: BillPaper, *, companies: Collection[str], suppliers: Collection[str]
) -> Iterator[Problem]:
    """What is wrong with an invoice, given the companies and suppliers that are known."""
    unknown = _("%(value)s is not known here. Send its master data first, or correct the code.")
    if paper.company not in companies:
        yield Problem("company", unknown % {"value": paper.company or "''"}, paper.company)
    if paper.supplier not in suppliers:
        yield Problem("supplier", unknown % {"value": paper.supplier or "''"}, paper.supplier)
    if not paper.key:
        yield Problem("key", _("An invoice needs the ERP's own key."))
    if paper.kind not in BillKind.values:
        yield Problem("kind", _("It is an invoice or a credit_note."), paper.kind)
    if paper.state not in PaymentState.values:
        message = _("The state is entered, approved, partly_paid, paid or cancelled.")
        yield Problem("state", message, paper.state)
    if len(paper.currency) != 3 or not paper.currency.isalpha():
        message = _("A currency has three letters (ISO 4217), such as EUR.")
        yield Problem("currency", message, paper.currency)
    for name in ("invoiced_on", "due_on", "paid_on"):
        day = getattr(paper, name)
        if day is not None and not is_plausible(day):
            yield Problem(name, _("This day cannot be meant."), day.isoformat())
    yield from _amounts(paper)


def _amounts(paper: BillPaper) -> Iterator[Problem]:
    if not 0 <= paper.total < LARGEST:
        yield Problem(
            "total", _("A total cannot be negative. A credit note says so by its kind."), str(paper.total)
        )
    elif not 0 <= paper.open_amount <= paper.total:
        message = _("What is open lies between nothing and the total.")
        yield Problem("open_amount", message, str(paper.open_amount))
    elif paper.open_amount and paper.state in SETTLED:
        message = _("Nothing is open on an invoice that is paid or cancelled.")
        yield Problem("open_amount", message, str(paper.open_amount))
    for line in paper.lines:
        if not line.order or not line.line_key:
            message = _("A line of an invoice names the order and the line that it bills.")
            yield Problem("lines", message, line.order or line.line_key)
        if abs(line.quantity) >= LARGEST or abs(line.amount) >= LARGEST:
            yield Problem("lines", _("This is more than can be kept."), line.line_key)
