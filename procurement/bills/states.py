"""Where an invoice stands. The ERP moves it; the portal only tells."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class BillKind(models.TextChoices):
    """A claim, or one that is given back."""

    INVOICE = "invoice", _("Invoice")
    CREDIT_NOTE = "credit_note", _("Credit note")


class PaymentState(models.TextChoices):
    """How far an invoice has come on its way to being paid."""

    ENTERED = "entered", _("Entered")
    APPROVED = "approved", _("Approved")
    PARTLY_PAID = "partly_paid", _("Partly paid")
    PAID = "paid", _("Paid")
    CANCELLED = "cancelled", _("Cancelled")


# Of which something is still to be paid.
OWED = (PaymentState.ENTERED, PaymentState.APPROVED, PaymentState.PARTLY_PAID)
