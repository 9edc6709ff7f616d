"""The parts of a supplier's company data, and how a change of one comes into force."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kernel.lifecycle import Lifecycle, Transition
from suppliers.roles import Permission


class Part(models.TextChoices):
    """What is changed, and decided, by itself: one part that waits holds no other."""

    LEGAL = "legal", _("Legal name")
    NAMES = "names", _("Trading name and website")
    TAX_ID = "tax_id", _("Tax numbers")
    NUMBER = "number", _("Other numbers")
    REGISTERED = "registered", _("Registered address")
    REMIT_TO = "remit_to", _("Remit-to address")
    CONTACT = "contact", _("Contacts")
    PREFERENCES = "preferences", _("Language, time zone and mail address")
    CHANNEL = "channel", _("How orders reach the supplier")


# What we, or the ERP, filled in for a supplier: saved by its own people once, it is theirs, whether it changed or not.
CONFIRMED = frozenset({Part.PREFERENCES, Part.CHANNEL})


class Way(models.TextChoices):
    """How a change of a part comes into force."""

    AT_ONCE = "at_once", _("At once")
    APPROVE = "approve", _("After approval")


class ChangeState(models.TextChoices):
    """A change waits, with the old in force; or it was decided."""

    WAITING = "waiting", _("Waits for approval")
    IN_FORCE = "in_force", _("In force")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class IdentifierKind(models.TextChoices):
    """The numbers under which the world knows a company."""

    VAT = "vat", _("VAT number")
    TAX = "tax", _("Tax number")
    GLN = "gln", _("GLN")
    DUNS = "duns", _("D-U-N-S number")
    LEI = "lei", _("LEI")
    GS1_PREFIX = "gs1_prefix", _("GS1 company prefix")
    REGISTER = "register", _("Register number")


# The numbers by which a company is taxed; the others only name it.
TAXES = frozenset({IdentifierKind.VAT, IdentifierKind.TAX})
# Of these a country has its own; the others are the same in all the world.
BY_COUNTRY = frozenset({IdentifierKind.VAT, IdentifierKind.TAX, IdentifierKind.REGISTER})
# No two companies have the same: seen at another supplier, one of the two is wrong, or both are one.
NOBODY_ELSES = frozenset({IdentifierKind.VAT, IdentifierKind.GLN, IdentifierKind.DUNS, IdentifierKind.LEI})


class AddressKind(models.TextChoices):
    """What an address is for. Where goods leave is a `SupplierSite`."""

    REGISTERED = "registered", _("Registered address")
    REMIT_TO = "remit_to", _("Remit-to address")


class ContactRole(models.TextChoices):
    """What somebody is asked about."""

    ORDERS = "orders", _("Orders")
    SHIPPING = "shipping", _("Shipping")
    INVOICES = "invoices", _("Invoices")
    QUALITY = "quality", _("Quality")
    MANAGEMENT = "management", _("Management")
    EMERGENCY = "emergency", _("Emergencies")


_EDIT, _APPROVE = Permission.DETAIL_EDIT, Permission.DETAIL_APPROVE
_WAITING = frozenset({ChangeState.WAITING})

DETAIL_LIFECYCLE = Lifecycle(
    "change of company data",
    Transition("approve", _WAITING, ChangeState.IN_FORCE, "supplier.change_approved", _APPROVE),
    Transition("refuse", _WAITING, ChangeState.REFUSED, "supplier.change_refused", _APPROVE),
    Transition("withdraw", _WAITING, ChangeState.WITHDRAWN, "supplier.change_withdrawn", _EDIT),
    initial=ChangeState.WAITING,
    terminal=(ChangeState.IN_FORCE, ChangeState.REFUSED, ChangeState.WITHDRAWN),
)
