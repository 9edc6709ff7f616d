"""The life of an approval that was asked for, and of a question about an invoice."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kernel.lifecycle import Lifecycle, Transition
from suppliers.roles import Permission


class ApprovalState(models.TextChoices):
    """Where one approval of an invoice stands. It waits until all approvals of earlier steps are given."""

    WAITING = "waiting", _("Its turn comes")
    ASKED = "asked", _("Asked")
    GRANTED = "granted", _("Approved")
    DECLINED = "declined", _("Declined")
    LAPSED = "lapsed", _("Not needed any more")


OPEN_APPROVALS = (ApprovalState.WAITING, ApprovalState.ASKED)


class Word(models.TextChoices):
    """What somebody says who is asked for an approval."""

    APPROVE = "approve", _("Approve")
    DECLINE = "decline", _("Decline")


class Why(models.TextChoices):
    """Why an invoice needs a person: the check that it did not pass, as the match calls it (domain.md §10)."""

    DUPLICATE = "duplicate", _("Suspected duplicate")
    SUPPLIER = "supplier", _("Supplier")
    CURRENCY = "currency", _("Currency")
    TAX_ID = "tax_id", _("Tax number")
    ORDER = "order", _("Order not open")
    MAPPING = "mapping", _("Without an order")
    QUANTITY = "quantity", _("Quantity")
    PRICE = "price", _("Price")
    AMOUNT = "amount", _("Amount of a line")
    CUMULATIVE = "cumulative", _("Amount with earlier invoices")
    CHARGE = "charge", _("Charges")
    TAX = "tax", _("Tax")
    TOTAL = "total", _("Amount of the invoice")
    ORDER_AMOUNT = "order_amount", _("Amount of the order")
    APPROVAL = "approval", _("Approval")


class Asked(models.TextChoices):
    """Who is asked about an invoice."""

    SUPPLIER = "supplier", _("The supplier")
    BUYER = "buyer", _("The buyer")
    RECEIVER = "receiver", _("Receiving")


class QuestionState(models.TextChoices):
    """Where a question about an invoice stands."""

    ASKED = "asked", _("Asked")
    ANSWERED = "answered", _("Answered")
    DROPPED = "dropped", _("Not asked any more")


_WAITING, _ASKED = frozenset({ApprovalState.WAITING}), frozenset({ApprovalState.ASKED})
_OPEN = frozenset(OPEN_APPROVALS)


def _approval(verb: str, sources: frozenset[ApprovalState], target: ApprovalState, event: str) -> Transition:
    # Who on the buying side approves is its own: a supplier hears that its invoice was approved, and no more.
    return Transition(verb, sources, target, event, Permission.INVOICE_APPROVE, internal=True)


APPROVAL_LIFECYCLE = Lifecycle(
    "invoice approval",
    _approval("reach", _WAITING, ApprovalState.ASKED, "invoice.approval_reached"),
    _approval("grant", _ASKED, ApprovalState.GRANTED, "invoice.approval_granted"),
    _approval("decline", _ASKED, ApprovalState.DECLINED, "invoice.approval_declined"),
    # Another step was declined, or the invoice went another way.
    _approval("lapse", _OPEN, ApprovalState.LAPSED, "invoice.approval_lapsed"),
    initial=ApprovalState.WAITING,
    terminal=(ApprovalState.GRANTED, ApprovalState.DECLINED, ApprovalState.LAPSED),
)

_QUESTION = frozenset({QuestionState.ASKED})
QUESTION_LIFECYCLE = Lifecycle(
    "invoice question",
    Transition(
        "answer", _QUESTION, QuestionState.ANSWERED, "invoice.question_answered", Permission.INVOICE_WRITE
    ),
    # The same by a colleague: nothing of it reaches the supplier.
    Transition(
        "tell",
        _QUESTION,
        QuestionState.ANSWERED,
        "invoice.colleague_answered",
        Permission.THREAD_NOTE,
        internal=True,
    ),
    Transition(
        "drop",
        _QUESTION,
        QuestionState.DROPPED,
        "invoice.question_dropped",
        Permission.INVOICE_SETTLE,
        internal=True,
    ),
    initial=QuestionState.ASKED,
    terminal=(QuestionState.ANSWERED, QuestionState.DROPPED),
)

# The keys of what a person of the desk says of an invoice that is held (`Invoice.held_for`).
BY_DESK = "desk."
HELD, REOPENED = f"{BY_DESK}held", f"{BY_DESK}reopened"
ANSWERED, TOLD = f"{BY_DESK}answered", f"{BY_DESK}told"
ASKED_INSIDE = {Asked.BUYER: f"{BY_DESK}asked.buyer", Asked.RECEIVER: f"{BY_DESK}asked.receiver"}
