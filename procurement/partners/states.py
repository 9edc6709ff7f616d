"""What can be open with a supplier, and what ends by itself with the business."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class OpenMatter(models.TextChoices):
    """What somebody still has to finish, or to say why it may be left."""

    ORDERS = "orders", _("Orders that are not there yet")
    CHANGES = "changes", _("Change requests")
    SHIPMENTS = "shipments", _("Consignments on the way")
    RETURNS = "returns", _("Goods that came damaged or wrong")
    INVOICES = "invoices", _("Invoices not paid")
    CREDITS = "credits", _("Credits that are due")
    BILLS = "bills", _("Invoices that only the ERP has")
    STATEMENTS = "statements", _("Statements of account")
    DOCUMENTS = "documents", _("Documents to be reviewed")
    DETAILS = "details", _("Changes of company data")
    BANK = "bank", _("Changes of bank details")
    CASES = "cases", _("Other open cases")


class EndsWithIt(models.TextChoices):
    """What nobody has to see to: it ends when the business does."""

    PEOPLE = "people", _("People who act for it")
    INVITATIONS = "invitations", _("Open invitations")
    TOKENS = "tokens", _("Tokens of its programs")
    LINKS = "links", _("Links in mails")
