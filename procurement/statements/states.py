"""The life of a statement of account: read, compared as often as one likes, settled or replaced by a newer one."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kernel.lifecycle import Lifecycle, Transition
from suppliers.roles import Permission


class ItemKind(models.TextChoices):
    """What a row of a statement is. A credit note and a payment take off; the others are owed."""

    INVOICE = "invoice", _("Invoice")
    DEBIT_NOTE = "debit_note", _("Debit note")
    CREDIT_NOTE = "credit_note", _("Credit note")
    PAYMENT = "payment", _("Payment")


class StatementState(models.TextChoices):
    """Where a statement stands. What was only read is its own side's alone."""

    READ = "read", _("Read")
    COMPARED = "compared", _("Compared")
    SETTLED = "settled", _("Agreed")
    REPLACED = "replaced", _("Replaced")
    DISCARDED = "discarded", _("Discarded")


class Standing(models.TextChoices):
    """How an item stands in our books: as the invoice does, or booked by the ERP without one of ours."""

    DRAFT = "draft", _("Draft")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    VOIDED = "voided", _("Voided")
    SENT = "sent", _("Being matched")
    HELD = "held", _("Held")
    DISPUTED = "disputed", _("Disputed")
    APPROVED = "approved", _("Approved")
    SCHEDULED = "scheduled", _("Scheduled")
    BOOKED = "booked", _("Booked")
    PAID = "paid", _("Paid")


# What counts in our balance, as far as it is open. The others are known by their number, and owed by nobody.
OWED = frozenset(
    {
        Standing.SENT,
        Standing.HELD,
        Standing.DISPUTED,
        Standing.APPROVED,
        Standing.SCHEDULED,
        Standing.BOOKED,
        Standing.PAID,
    }
)


class Verdict(models.TextChoices):
    """What the comparison says of a row of theirs, or of an item of ours that they do not list."""

    AGREES = "agrees", _("Agrees")
    APPROVED = "approved", _("Agrees, to be paid")
    HELD = "held", _("With us, held")
    DIFFERS = "differs", _("Amount differs")
    MISSING = "missing", _("Not with us")
    PAID = "paid", _("Paid by us")
    PART_PAID = "part_paid", _("Partly paid by us")
    PAID_THERE = "paid_there", _("Paid in their books")
    PAYMENT = "payment", _("Our payment")
    PAYMENT_UNKNOWN = "payment_unknown", _("Payment not known")
    OTHER_CURRENCY = "other_currency", _("Other currency")
    DUPLICATE = "duplicate", _("Listed twice")
    UNLISTED = "unlisted", _("Not in their list")
    CREDIT_UNLISTED = "credit_unlisted", _("Credit not in their list")
    UNREAD = "unread", _("In a row not read")
    LATER = "later", _("After their day")


# What both sides have alike; all else is a difference that somebody looks at.
ALIKE = (Verdict.AGREES, Verdict.APPROVED, Verdict.HELD)

_WRITE, _SETTLE = Permission.INVOICE_WRITE, Permission.INVOICE_SETTLE
S = StatementState

STATEMENT_LIFECYCLE = Lifecycle(
    "statement",
    Transition("compare", frozenset({S.READ, S.COMPARED}), S.COMPARED, "statement.compared", _WRITE),
    Transition("settle", frozenset({S.COMPARED}), S.SETTLED, "statement.settled", _SETTLE),
    # By a newer one of the same supplier and company, when that is compared.
    Transition("replace", frozenset({S.READ, S.COMPARED}), S.REPLACED, "statement.replaced", _WRITE),
    Transition("discard", frozenset({S.READ}), S.DISCARDED, "statement.discarded", _WRITE),
    initial=S.READ,
    terminal=(S.SETTLED, S.REPLACED, S.DISCARDED),
)
