"""By what the trail is narrowed: what an event is about, and by which door it came."""

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _


class Matter(models.TextChoices):
    """What events are about, as people say it. Each holds the kinds that begin with one of its words: `WORDS_OF`."""

    ORDERS = "orders", _("Orders and promises")
    DELIVERIES = "deliveries", _("Deliveries")
    INVOICES = "invoices", _("Invoices and paying")
    BANK = "bank", _("Bank details")
    SUPPLIERS = "suppliers", _("Suppliers and their data")
    PEOPLE = "people", _("People and sign-in")
    MAIL = "mail", _("Mail and messages")
    CASES = "cases", _("Cases")
    ERP = "erp", _("The ERP and gateways")
    RULES = "rules", _("Rules and set-up")
    TRAIL = "trail", _("The trail itself")


WORDS_OF: Mapping[Matter, tuple[str, ...]] = {
    Matter.ORDERS: ("order", "acknowledgment", "change", "promise"),
    Matter.DELIVERIES: ("shipment", "count", "receipt"),
    Matter.INVOICES: ("invoice", "early_payment", "statement"),
    Matter.BANK: ("bank",),
    Matter.SUPPLIERS: (
        "supplier",
        "document",
        "onboarding",
        "onboarding_sheet",
        "onboarding_chase",
        "offboarding",
        "merge",
        "registration",
        "screening",
        "sanctions_list",
    ),
    Matter.PEOPLE: (
        "person",
        "staff",
        "invitation",
        "address",
        "token",
        "factor",
        "device",
        "recovery_code",
        "second_step",
        "sessions",
        "sign_in",
        "identity",
        "scim_person",
        "scim_group",
        "scim_secret",
    ),
    Matter.MAIL: ("mail", "notice", "link", "thread"),
    Matter.CASES: ("case", "clock"),
    Matter.ERP: ("erp", "outbox", "feed", "connection", "drift", "comparison", "rehearsal", "gateway"),
    Matter.RULES: (
        "tolerances",
        "service",
        "office",
        "reason",
        "assignment",
        "stand_in",
        "formula",
        "invoicing",
        "matching",
        "approval_rule",
        "approval_limit",
        "discounting",
        "dock",
        "document_kind",
        "document_requirement",
        "category",
        "detail_rule",
        "onboarding_template",
        "terms",
        "factor_rule",
        "identity_provider",
    ),
    Matter.TRAIL: ("audit", "security"),
}


class Way(models.TextChoices):
    """By which door an event came. `SCIM` is the API, used by a directory that tells of people."""

    PORTAL = "portal", _("Page")
    API = "api", _("API")
    LINK = "link", _("Link in a mail")
    MAIL = "mail", _("Mail")
    FILE = "file", _("File")
    EDI = "edi", _("EDI")
    ERP = "erp", _("ERP")
    SCIM = "scim", _("SCIM")
    RULE = "rule", _("Rule")
    SYSTEM = "system", _("By itself")
