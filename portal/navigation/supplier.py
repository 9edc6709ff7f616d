"""The ways of a supplier: what it delivers and claims, and its company with everything that is kept about it."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.navigation import pages
from portal.navigation.ways import Place, Side, Way, alone
from suppliers.roles import Permission

P = Permission

_ORDERS = (
    Way("order-list", "file-text", _("Orders"), P.ORDER_VIEW, pages.ORDERS),
    Way(
        "change-list",
        "arrows-exchange",
        _("Changes"),
        P.ORDER_VIEW,
        pages.CHANGES,
        count="changes",
        hot=True,
    ),
    Way("record-list", "chart-line", pgettext_lazy("of a supplier", "Record"), P.ORDER_VIEW, pages.RECORDS),
)

_INVOICES = (
    Way("invoice-list", "receipt", _("Invoices"), P.INVOICE_VIEW, pages.INVOICES),
    Way(
        "payables-due",
        "cash",
        _("What is due when"),
        P.INVOICE_VIEW,
        frozenset({"payables-due", "invoice-questions"}),
    ),
)

_COMPANY = (
    Way(
        "company",
        "building",
        _("Company data"),
        P.DETAIL_VIEW,
        pages.COMPANY_DATA | {"company", "detail-change"},
    ),
    Way(
        "getting-started",
        "circle-check",
        _("Getting started"),
        P.DETAIL_VIEW,
        frozenset({"getting-started", "onboarding-terms-own", "onboarding-questions", "onboarding-hand-in"}),
    ),
    Way("document-list", "certificate", _("Documents"), P.DOCUMENT_VIEW, pages.DOCUMENTS),
    Way("bank", "building-bank", _("Bank details"), P.BANK_VIEW, pages.BANK),
    Way("people-list", "users", _("People"), P.PEOPLE_VIEW, pages.PEOPLE),
    Way("signin-people", "shield-lock", _("Sign-in of people"), P.FACTOR_RESET, pages.SIGN_IN),
    Way("token-list", "key", _("Access tokens"), P.TOKEN_MANAGE, pages.TOKENS),
    Way("trail", "history", _("Trail"), P.TRAIL_VIEW, frozenset({"trail", "trail-export"})),
)

SUPPLIER = Side(
    places=(
        alone(
            Way("home", "home", _("Home"), P.ORDER_VIEW, frozenset({"home"}), count="orders", hot=True),
        ),
        Place(_("Orders"), "file-text", _ORDERS),
        alone(
            Way(
                "shipment-list",
                "truck-delivery",
                _("Shipments"),
                P.ORDER_VIEW,
                pages.SHIPMENTS | pages.RECEIVING | {"dock-times"},
            )
        ),
        Place(_("Invoices"), "receipt", _INVOICES),
        alone(
            Way(
                "statement-list",
                "file-spreadsheet",
                _("Statements"),
                P.INVOICE_VIEW,
                pages.STATEMENTS,
            )
        ),
        Place(_("Company"), "building", _COMPANY),
    ),
    bar=(
        ("home", P.ORDER_VIEW),
        ("order-list", P.ORDER_VIEW),
        ("shipment-list", P.ORDER_VIEW),
        ("invoice-list", P.INVOICE_VIEW),
        ("company", P.DETAIL_VIEW),
    ),
)
