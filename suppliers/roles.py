"""What people may do: permissions are words, roles are sets of them.

Supplier roles follow domain.md §11 (orders, shipping, invoicing, company data, read only); the roles of the buying
side follow §14. A role is data we print, not code.
"""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Permission(StrEnum):
    """One thing somebody may do, as noun.verb."""

    ORDER_VIEW = "order.view"
    ORDER_ACKNOWLEDGE = "order.acknowledge"
    ORDER_ANSWER_FOR = "order.answer_for"
    ORDER_DECIDE = "order.decide"
    ORDER_EXPORT = "order.export"
    CHANGE_NEGOTIATE = "change.negotiate"
    SHIPMENT_WRITE = "shipment.write"
    SHIPMENT_SETUP = "shipment.setup"
    DOCK_PLAN = "dock.plan"
    GOODS_RECEIVE = "goods.receive"
    INVOICE_VIEW = "invoice.view"
    INVOICE_WRITE = "invoice.write"
    INVOICE_SETTLE = "invoice.settle"
    INVOICE_APPROVE = "invoice.approve"
    INVOICE_SETUP = "invoice.setup"
    REASON_MANAGE = "reason.manage"
    THREAD_WRITE = "thread.write"
    THREAD_NOTE = "thread.note"
    ERP_VIEW = "erp.view"
    ERP_MANAGE = "erp.manage"
    SUPPLIER_VIEW = "supplier.view"
    SUPPLIER_MANAGE = "supplier.manage"
    TOKEN_MANAGE = "token.manage"  # noqa: S105 -- a permission's name, not a secret
    AUDIT_VIEW = "audit.view"
    TRAIL_VIEW = "trail.view"
    POLICY_VIEW = "policy.view"
    POLICY_EDIT = "policy.edit"
    POLICY_APPROVE = "policy.approve"
    CASE_VIEW = "case.view"
    CASE_WORK = "case.work"
    CASE_MANAGE = "case.manage"
    MAIL_VIEW = "mail.view"
    MAIL_PLACE = "mail.place"
    SECURITY_VIEW = "security.view"
    SIGN_IN_SETUP = "sign_in.setup"
    FACTOR_RESET = "factor.reset"
    IMPERSONATE = "person.impersonate"
    PEOPLE_VIEW = "people.view"
    PEOPLE_MANAGE = "people.manage"
    STAFF_MANAGE = "staff.manage"
    DETAIL_VIEW = "detail.view"
    DETAIL_EDIT = "detail.edit"
    DETAIL_APPROVE = "detail.approve"
    DOCUMENT_VIEW = "document.view"
    DOCUMENT_SUPPLY = "document.supply"
    DOCUMENT_REVIEW = "document.review"
    BANK_VIEW = "bank.view"
    BANK_PROPOSE = "bank.propose"
    BANK_REQUEST = "bank.request"
    BANK_CALL = "bank.call"
    BANK_APPROVE = "bank.approve"
    BANK_FREEZE = "bank.freeze"
    BANK_UNMASK = "bank.unmask"


P = Permission

# What moves money: nobody does any of it in somebody else's name, and no token of a program but BANK_PROPOSE.
BANK_MATTERS = frozenset(
    {P.BANK_PROPOSE, P.BANK_REQUEST, P.BANK_CALL, P.BANK_APPROVE, P.BANK_FREEZE, P.BANK_UNMASK}
)

_READS = frozenset({P.ORDER_VIEW, P.ORDER_EXPORT, P.DETAIL_VIEW})
_SHIPS = _READS | {P.SHIPMENT_WRITE, P.THREAD_WRITE}
_SELLS = _SHIPS | {P.ORDER_ACKNOWLEDGE, P.CHANGE_NEGOTIATE, P.INVOICE_VIEW}
_CLAIMS = _READS | {P.INVOICE_VIEW, P.INVOICE_WRITE, P.THREAD_WRITE}
# What proves who a company is, its bank's letter and its tax form among it, is its administrator's.
_PROVES = frozenset({P.DOCUMENT_VIEW, P.DOCUMENT_SUPPLY})
_BANKS = frozenset({P.BANK_VIEW, P.BANK_PROPOSE, P.BANK_REQUEST, P.BANK_FREEZE})


class SupplierRole(models.TextChoices):
    """What a supplier's person does there."""

    ADMINISTRATOR = "administrator", _("Administrator")
    ORDERS = "orders", _("Orders")
    SHIPPING = "shipping", _("Shipping")
    INVOICING = "invoicing", _("Invoicing")
    COMPANY_DATA = "company_data", _("Company data")
    READ_ONLY = "read_only", _("Read only")


SUPPLIER_ROLES: dict[str, frozenset[Permission]] = {
    SupplierRole.ADMINISTRATOR: _SELLS
    | _CLAIMS
    | {
        P.TOKEN_MANAGE,
        P.TRAIL_VIEW,  # what its own people did
        P.SHIPMENT_SETUP,
        P.FACTOR_RESET,
        P.PEOPLE_VIEW,
        P.PEOPLE_MANAGE,
        P.DETAIL_EDIT,
    }
    | _PROVES
    | _BANKS,
    SupplierRole.ORDERS: _SELLS,
    SupplierRole.SHIPPING: _SHIPS,
    SupplierRole.INVOICING: _CLAIMS | {P.BANK_VIEW},
    # Keeps the company's details, documents and bank details.
    SupplierRole.COMPANY_DATA: _READS | _PROVES | _BANKS | {P.INVOICE_VIEW, P.DETAIL_EDIT},
    SupplierRole.READ_ONLY: _READS | {P.INVOICE_VIEW},
}

_COMPANY_READS = _READS | {P.INVOICE_VIEW, P.SUPPLIER_VIEW, P.POLICY_VIEW, P.CASE_VIEW}
_BUYS = _COMPANY_READS | {
    P.ORDER_DECIDE,
    P.ORDER_ANSWER_FOR,
    P.CHANGE_NEGOTIATE,
    P.SHIPMENT_WRITE,
    P.INVOICE_APPROVE,
    P.THREAD_WRITE,
    P.THREAD_NOTE,
    P.POLICY_EDIT,
    P.CASE_WORK,
    P.MAIL_VIEW,
    P.MAIL_PLACE,
}
_PAYS = frozenset({P.INVOICE_WRITE, P.INVOICE_SETTLE, P.INVOICE_APPROVE, P.THREAD_WRITE, P.THREAD_NOTE})
# Two of these approve a change of bank details: see docs/adr/0036.
_WATCHES_BANKS = frozenset({P.BANK_VIEW, P.BANK_CALL, P.BANK_APPROVE, P.BANK_FREEZE, P.BANK_UNMASK})
_RECEIVES = frozenset({P.DOCK_PLAN, P.GOODS_RECEIVE, P.THREAD_WRITE, P.THREAD_NOTE})


class CompanyRole(models.TextChoices):
    """What a person of the buying side does."""

    BUYER = "buyer", _("Buyer")
    PLANNER = "planner", _("Planner")
    ACCOUNTS_PAYABLE = "accounts_payable", _("Accounts payable")
    RECEIVING = "receiving", _("Receiving")
    ADMINISTRATOR = "administrator", _("Supplier administrator")
    INTEGRATION_OWNER = "integration_owner", _("Integration owner")
    MANAGER = "manager", _("Manager")
    AUDITOR = "auditor", _("Auditor")


COMPANY_ROLES: dict[str, frozenset[Permission]] = {
    CompanyRole.BUYER: _BUYS,
    CompanyRole.PLANNER: _COMPANY_READS | {P.THREAD_WRITE, P.THREAD_NOTE, P.CASE_WORK},
    CompanyRole.ACCOUNTS_PAYABLE: _COMPANY_READS | _PAYS | _WATCHES_BANKS | {P.DOCUMENT_VIEW},
    CompanyRole.RECEIVING: _COMPANY_READS | _RECEIVES,
    CompanyRole.ADMINISTRATOR: _COMPANY_READS
    | _WATCHES_BANKS
    | {
        P.BANK_PROPOSE,
        P.BANK_REQUEST,
        P.SUPPLIER_MANAGE,
        P.TRAIL_VIEW,
        P.SIGN_IN_SETUP,
        P.FACTOR_RESET,
        P.IMPERSONATE,
        P.SHIPMENT_SETUP,
        P.INVOICE_SETUP,
        P.REASON_MANAGE,
        P.TOKEN_MANAGE,
        P.POLICY_EDIT,
        P.POLICY_APPROVE,
        P.CASE_WORK,
        P.CASE_MANAGE,
        P.MAIL_VIEW,
        P.MAIL_PLACE,
        P.PEOPLE_VIEW,
        P.PEOPLE_MANAGE,
        P.STAFF_MANAGE,
        P.DETAIL_EDIT,
        P.DETAIL_APPROVE,
        P.DOCUMENT_VIEW,
        P.DOCUMENT_SUPPLY,
        P.DOCUMENT_REVIEW,
    },
    CompanyRole.INTEGRATION_OWNER: _COMPANY_READS
    | {P.ERP_VIEW, P.ERP_MANAGE, P.TOKEN_MANAGE, P.CASE_WORK, P.MAIL_VIEW, P.SECURITY_VIEW},
    CompanyRole.MANAGER: _BUYS
    | _RECEIVES
    | _WATCHES_BANKS
    | {
        P.INVOICE_SETTLE,
        P.INVOICE_SETUP,
        P.REASON_MANAGE,
        P.ERP_VIEW,
        P.AUDIT_VIEW,
        P.TRAIL_VIEW,
        P.POLICY_APPROVE,
        P.CASE_MANAGE,
        P.SECURITY_VIEW,
        P.PEOPLE_VIEW,
        P.DETAIL_APPROVE,
        P.DOCUMENT_VIEW,
        P.DOCUMENT_REVIEW,
    },
    CompanyRole.AUDITOR: _COMPANY_READS
    | {
        P.ERP_VIEW,
        P.AUDIT_VIEW,
        P.TRAIL_VIEW,
        P.MAIL_VIEW,
        P.PEOPLE_VIEW,
        P.SECURITY_VIEW,
        P.DOCUMENT_VIEW,
        P.BANK_VIEW,
    },
}


class TokenScope(models.TextChoices):
    """What a program's token may be used for."""

    READ = "read", _("Read orders")
    ACKNOWLEDGE = "acknowledge", _("Read and acknowledge orders")
    SHIP = "ship", _("Read and acknowledge orders, send ship notices")
    RECEIVE = "receive", _("Read orders, post what was counted at the dock")
    INVOICE = "invoice", _("Read orders, send invoices")
    DOCUMENTS = "documents", _("Read what documents are asked, and supply them")
    TRAIL = "trail", _("Read the audit trail")
    DESK = "desk", _("Work the desk of accounts payable in somebody’s name")


# What a token of the buying side may be for; the others are a supplier's.
COMPANY_SCOPES = frozenset({TokenScope.READ, TokenScope.RECEIVE, TokenScope.TRAIL})
# … and no supplier’s.
ONLY_OURS = frozenset({TokenScope.RECEIVE, TokenScope.TRAIL})
# What is said by whom must be known: such a token is a person's own, and does no more than that person may.
PERSONAL_SCOPES = frozenset({TokenScope.DESK})


# What a program of the buying side may read besides.
COMPANY_PROGRAMS = frozenset({P.POLICY_VIEW, P.CASE_VIEW})
TOKEN_SCOPES: dict[str, frozenset[Permission]] = {
    TokenScope.READ: _READS | {P.INVOICE_VIEW},
    TokenScope.ACKNOWLEDGE: _READS
    | {P.INVOICE_VIEW, P.ORDER_ACKNOWLEDGE, P.CHANGE_NEGOTIATE, P.THREAD_WRITE},
    TokenScope.SHIP: _SELLS,
    TokenScope.RECEIVE: _READS | {P.GOODS_RECEIVE},
    TokenScope.INVOICE: _CLAIMS | {P.BANK_VIEW, P.BANK_PROPOSE},
    TokenScope.DOCUMENTS: _PROVES,
    TokenScope.TRAIL: frozenset({P.TRAIL_VIEW}),
    TokenScope.DESK: _READS | _PAYS | {P.INVOICE_VIEW, P.CASE_VIEW},
}
