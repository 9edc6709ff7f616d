"""The life of an invoice: drafted, sent, held or disputed, approved, scheduled, paid; or taken back (domain.md §10)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kernel.lifecycle import Lifecycle, Transition
from suppliers.roles import Permission


class InvoiceKind(models.TextChoices):
    """A claim, what is given back of one, or what is claimed besides (UNCL 1001: 380, 381, 383)."""

    INVOICE = "invoice", _("Invoice")
    CREDIT_NOTE = "credit_note", _("Credit note")
    DEBIT_NOTE = "debit_note", _("Debit note")


class InvoiceState(models.TextChoices):
    """Where an invoice stands. One that was sent is being matched until something stops it or it is approved."""

    DRAFT = "draft", _("Draft")
    SENT = "sent", _("Being matched")
    HELD = "held", _("Held")
    DISPUTED = "disputed", _("Disputed")
    APPROVED = "approved", _("Approved")
    SCHEDULED = "scheduled", _("Scheduled")
    PAID = "paid", _("Paid")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    REPLACED = "replaced", _("Replaced")
    VOIDED = "voided", _("Voided")
    DISCARDED = "discarded", _("Discarded")


S = InvoiceState

# Not settled yet: somebody, or the match, still has to say something.
OPEN = (S.SENT, S.HELD, S.DISPUTED)
# Approved, and on its way to being paid or there.
SETTLED = (S.APPROVED, S.SCHEDULED, S.PAID)
# What claims: its quantities and amounts count against the orders, and its number is taken.
LIVE = (*OPEN, *SETTLED)
# What a supplier may still correct with a next version under the same number.
REVISABLE = (S.SENT, S.HELD, S.DISPUTED, S.REJECTED)


class Acts(models.TextChoices):
    """Whose turn it is while an invoice is held."""

    SUPPLIER = "supplier", _("The supplier")
    BUYER = "buyer", _("The buyer")
    RECEIVER = "receiver", _("Receiving")
    PAYABLES = "payables", _("Accounts payable")
    NOBODY = "nobody", _("Nobody: it goes on by itself")


class TaxCategory(models.TextChoices):
    """How something is taxed (UNCL 5305, as EN 16931 uses it)."""

    STANDARD = "S", _("Standard rate")
    ZERO = "Z", _("Zero rated")
    EXEMPT = "E", _("Exempt")
    REVERSE_CHARGE = "AE", _("Reverse charge")
    INTRA_COMMUNITY = "K", _("Intra-community supply")
    EXPORT = "G", _("Export outside the EU")
    OUTSIDE_SCOPE = "O", _("Outside the scope of tax")
    CANARY_ISLANDS = "L", _("IGIC, Canary Islands")
    CEUTA_MELILLA = "M", _("IPSI, Ceuta and Melilla")


# Categories under which no tax is due: their rate is zero.
UNTAXED = (
    TaxCategory.ZERO,
    TaxCategory.EXEMPT,
    TaxCategory.REVERSE_CHARGE,
    TaxCategory.INTRA_COMMUNITY,
    TaxCategory.EXPORT,
    TaxCategory.OUTSIDE_SCOPE,
)
# Those for which an invoice says why (EN 16931 BR-E-10, BR-AE-10, BR-IC-10, BR-G-10, BR-O-10).
REASONED = (
    TaxCategory.EXEMPT,
    TaxCategory.REVERSE_CHARGE,
    TaxCategory.INTRA_COMMUNITY,
    TaxCategory.EXPORT,
    TaxCategory.OUTSIDE_SCOPE,
)


class FileKind(models.TextChoices):
    """What a file of an invoice is."""

    PICTURE = "picture", _("Picture of the invoice")
    EVIDENCE = "evidence", _("Evidence")
    EINVOICE = "einvoice", _("Electronic invoice")


# The key of what a disputed invoice's supplier is asked (`Invoice.held_for`), until it has answered.
HELD_DISPUTED = "disputed"
# The key that a rejected invoice keeps (`Invoice.held_for`) where it is the same as another: nothing is to be done.
REJECTED_SAME = "desk.same"
# The key of an approved invoice (`Invoice.held_for`) whose booking the ERP has cancelled.
BOOKING_CANCELLED = "desk.booking_cancelled"

_WRITE = Permission.INVOICE_WRITE
_SETTLE = Permission.INVOICE_SETTLE
_APPROVE = Permission.INVOICE_APPROVE
_ERP = Permission.ERP_MANAGE
_DRAFT = frozenset({S.DRAFT})
_OPEN = frozenset(OPEN)
# What reacts (matching, notices, the inbox) hears of every fact; the ERP is told what it is to book and what not.
_ERP_HEARS = frozenset({"erp"})

INVOICE_LIFECYCLE = Lifecycle(
    "invoice",
    Transition("send", _DRAFT, S.SENT, "invoice.sent", _WRITE),
    Transition("discard", _DRAFT, S.DISCARDED, "invoice.discarded", _WRITE),
    Transition("withdraw", _OPEN, S.WITHDRAWN, "invoice.withdrawn", _WRITE),
    # By its next version, which is sent in the same moment.
    Transition("replace", frozenset(REVISABLE), S.REPLACED, "invoice.replaced", _WRITE),
    Transition("hold", _OPEN, S.HELD, "invoice.held", _SETTLE),
    Transition("release", frozenset({S.HELD, S.DISPUTED}), S.SENT, "invoice.released", _SETTLE),
    Transition("dispute", frozenset({S.SENT, S.HELD}), S.DISPUTED, "invoice.disputed", _SETTLE),
    Transition("approve", _OPEN, S.APPROVED, "invoice.approved", _APPROVE, _ERP_HEARS),
    Transition("reject", _OPEN, S.REJECTED, "invoice.rejected", _SETTLE),
    # An approval is taken back as long as the ERP has not booked it.
    Transition("reopen", frozenset({S.APPROVED}), S.HELD, "invoice.reopened", _SETTLE, _ERP_HEARS),
    # What the ERP tells of its booking.
    Transition("schedule", frozenset({S.APPROVED}), S.SCHEDULED, "invoice.scheduled", _ERP),
    Transition("pay", frozenset({S.APPROVED, S.SCHEDULED}), S.PAID, "invoice.paid", _ERP),
    Transition("unpay", frozenset({S.PAID}), S.SCHEDULED, "invoice.payment_reversed", _ERP),
    # Its booking was thrown out there: accounts payable says how it goes on. The ERP needs not be told.
    Transition("unbook", frozenset(SETTLED), S.HELD, "invoice.booking_cancelled", _ERP),
    Transition("void", frozenset({S.APPROVED, S.SCHEDULED}), S.VOIDED, "invoice.voided", _SETTLE, _ERP_HEARS),
    initial=S.DRAFT,
    terminal=(S.WITHDRAWN, S.REPLACED, S.VOIDED, S.DISCARDED),
)
