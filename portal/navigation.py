"""The navigation of every page: where one may go, what waits there, and for whom one acts.

Pages ask inside their door's transaction and scope, and get counts; pages outside a door (accounts, refusals) get the
ways alone. Everything is lazy: a partial that shows no navigation asks the database nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from django.db.models import Count, OuterRef, Q, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.kernel.actors import Actor, Side
from portal.kernel.scope import acting, in_scope
from procurement.catalogue.models import Company
from procurement.changes.queries import waiting_for
from procurement.erp.connection import the_connection
from procurement.erp.presenters_connection import standing_of
from procurement.erp.queries import things_needing_a_person
from procurement.inbox.queries.cases import mine_count
from procurement.mailroom.queries import mails_waiting
from procurement.orders.queries import visible_lines, visible_orders
from procurement.orders.states import Turn
from procurement.payables.queries.approvals import waiting_for_me
from procurement.statements.queries import waiting_statements
from procurement.tolerances.queries import unseen_decisions
from suppliers.banking.queries import waiting_changes
from suppliers.details.queries import changes_waiting
from suppliers.documents.queries import to_review
from suppliers.queries import suppliers_of
from suppliers.roles import CompanyRole, Permission
from suppliers.signin.middleware import owed_notice

P = Permission
FACTOR_DUE_SOON = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Way:
    """One way to go: shown to those on its sides who hold its permission. `pages` are the addresses that belong to it,
    `count` names what waits there, `hot` says that it waits for a person. A phone's bar has it with `phone`, unless the
    reader holds the permission `spared` and so has another way there; its menu has the rest.
    """

    name: str
    icon: str
    label: Promise
    permission: str
    pages: frozenset[str]
    sides: frozenset[Side] = frozenset({Side.SUPPLIER, Side.COMPANY})
    section: Promise | str = ""
    count: str = ""
    hot: bool = False
    phone: bool = True
    spared: str = ""


_SUPPLIER, _COMPANY = frozenset({Side.SUPPLIER}), frozenset({Side.COMPANY})
_SETUP = _("Set-up")
_SHIPMENT_PAGES = frozenset(
    {
        "shipment-list",
        "shipment-new",
        "shipment-upload",
        "shipment-upload-preview",
        "shipment-upload-columns",
        "shipment",
        "shipment-save",
        "shipment-package",
        "shipment-send",
        "shipment-cancel",
        "shipment-close",
        "shipment-discard",
        "shipment-milestone",
        "shipment-print",
        "package-numbers",
        "shipment-time",
    }
)

_RECEIVING_PAGES = frozenset(
    {
        "receiving-list",
        "receiving-new",
        "receiving-sheet",
        "receiving-count",
        "receiving-line",
        "receiving-lines",
        "receiving-wrong",
        "receiving-photos",
        "receiving-post",
        "receiving-discard",
        "receiving-reverse",
        "receiving-say",
        "shipment-counted",
    }
)

_INVOICE_PAGES = frozenset(
    {
        "invoice-list",
        "invoice-new",
        "invoice",
        "invoice-save",
        "invoice-send",
        "invoice-discard",
        "invoice-withdraw",
        "invoice-file-add",
        "invoice-file-drop",
        "invoice-match",
        "invoice-account",
        "early-payment",
    }
)

_STATEMENT_PAGES = frozenset(
    {"statement-list", "statement", "statement-upload", "statement-columns", "statement-settle"}
)

_DOCUMENT_PAGES = frozenset(
    {"document-list", "document-setup", "document-version", "supplier-documents", "document-supply"}
)

_ONBOARDING_PAGES = frozenset(
    {
        "onboarding-list",
        "onboarding-run",
        "onboarding-reassign",
        "onboarding-decide",
        "onboarding-invite",
        "onboarding-candidates",
        "onboarding-sheet-new",
        "onboarding-sheet",
        "onboarding-first-orders",
        "onboarding-templates",
        "onboarding-template",
        "onboarding-template-new",
        "onboarding-terms",
        "onboarding-texts",
        "exclusion-list",
        "registration-list",
        "registration",
        "registration-approve",
        "registration-refuse",
    }
)

_BANK_PAGES = frozenset(
    {
        "bank",
        "bank-supplier",
        "bank-new",
        "bank-change",
        "bank-confirm",
        "bank-call",
        "bank-entered",
        "bank-refuse",
        "bank-shorten",
        "bank-freeze",
        "bank-change-number",
        "bank-account-number",
        "bank-sheet",
    }
)

WAYS = (
    Way(
        "home",
        "home",
        _("Home"),
        P.ORDER_VIEW,
        frozenset({"home"}),
        count="orders",
        hot=True,
        sides=_SUPPLIER,
    ),
    Way(
        "inbox",
        "inbox",
        _("Inbox"),
        P.CASE_VIEW,
        frozenset(
            {
                "inbox",
                "inbox-case",
                "inbox-do",
                "inbox-note",
                "inbox-bulk",
                "inbox-filter",
                "inbox-queue",
                "inbox-rules",
                "inbox-rule-write",
                "inbox-away",
                "inbox-tasks",
                "inbox-task",
                "formula-list",
                "formula",
                "formula-try",
                "formula-new",
                "formula-write",
                "formula-move",
            }
        ),
        sides=_COMPANY,
        count="cases",
        hot=True,
    ),
    Way(
        "decision-list",
        "gavel",
        _("Decisions"),
        P.SUPPLIER_VIEW,
        frozenset({"decision-list", "decisions-decide"}),
        sides=_COMPANY,
        count="decisions",
        hot=True,
    ),
    Way(
        "change-list",
        "arrows-exchange",
        _("Changes"),
        P.ORDER_VIEW,
        frozenset(
            {
                "change-list",
                "changes-decide",
                "changes-move",
                "change-reasons",
                "change",
                "change-answer",
                "change-revise",
                "change-new",
            }
        ),
        count="changes",
        hot=True,
    ),
    Way(
        "mail-list",
        "mail",
        _("Mail"),
        P.MAIL_VIEW,
        frozenset({"mail-list", "mail", "mail-place", "mail-dismiss"}),
        sides=_COMPANY,
        count="mails",
        hot=True,
        phone=False,
    ),
    Way(
        "order-list",
        "file-text",
        _("Orders"),
        P.ORDER_VIEW,
        frozenset(
            {
                "order-list",
                "order",
                "order-answer",
                "order-revisions",
                "order-story",
                "order-link-end",
                "thread",
            }
        ),
    ),
    Way(
        "shipment-list",
        "truck-delivery",
        _("Shipments"),
        P.ORDER_VIEW,
        _SHIPMENT_PAGES | _RECEIVING_PAGES | {"dock-times"},
        sides=_SUPPLIER,
    ),
    Way(
        "shipment-list",
        "truck-delivery",
        _("Inbound"),
        P.ORDER_VIEW,
        _SHIPMENT_PAGES,
        sides=_COMPANY,
        phone=False,
    ),
    Way(
        "invoice-list",
        "receipt",
        _("Invoices"),
        P.INVOICE_VIEW,
        _INVOICE_PAGES,
        sides=_SUPPLIER,
    ),
    Way(
        "invoice-list",
        "receipt",
        _("Invoices"),
        P.INVOICE_VIEW,
        _INVOICE_PAGES,
        sides=_COMPANY,
        phone=False,
    ),
    Way(
        "inbound-calendar",
        "calendar-event",
        _("Inbound calendar"),
        P.SUPPLIER_VIEW,
        frozenset({"inbound-calendar", "inbound-due", "dock-plan", "dock-times"}),
        sides=_COMPANY,
        phone=False,
    ),
    Way(
        "payables-due",
        "cash",
        _("What is due when"),
        P.INVOICE_VIEW,
        frozenset({"payables-due", "invoice-questions"}),
        sides=_SUPPLIER,
        phone=False,
    ),
    Way(
        "payables",
        "cash",
        _("Accounts payable"),
        P.INVOICE_SETTLE,
        frozenset(
            {
                "payables",
                "payables-case",
                "payables-short",
                "payables-approved",
                "payables-due",
                "early-payment-list",
                "discount-policy-list",
                "discount-policy-new",
                "discount-policy",
            }
        ),
        sides=_COMPANY,
    ),
    Way(
        "statement-list",
        "file-spreadsheet",
        _("Statements of account"),
        P.INVOICE_VIEW,
        _STATEMENT_PAGES,
        sides=_SUPPLIER,
        phone=False,
    ),
    Way(
        "statement-list",
        "file-spreadsheet",
        _("Statements of account"),
        P.INVOICE_SETTLE,
        _STATEMENT_PAGES,
        sides=_COMPANY,
        count="statements",
        hot=True,
        phone=False,
    ),
    Way(
        "bank",
        "building-bank",
        _("Bank details"),
        P.BANK_VIEW,
        _BANK_PAGES,
        sides=_SUPPLIER,
        phone=False,
    ),
    Way(
        "bank",
        "building-bank",
        _("Bank changes"),
        P.BANK_VIEW,
        _BANK_PAGES,
        sides=_COMPANY,
        count="banks",
        hot=True,
        phone=False,
    ),
    Way(
        "payables-approvals",
        "circle-check",
        _("Approvals"),
        P.INVOICE_APPROVE,
        frozenset({"payables-approvals"}),
        sides=_COMPANY,
        count="approvals",
        hot=True,
        spared=P.INVOICE_SETTLE,
    ),
    Way(
        "document-list",
        "certificate",
        _("Documents"),
        P.DOCUMENT_VIEW,
        _DOCUMENT_PAGES,
        sides=_SUPPLIER,
        phone=False,
    ),
    Way(
        "document-list",
        "certificate",
        _("Documents"),
        P.DOCUMENT_VIEW,
        _DOCUMENT_PAGES,
        sides=_COMPANY,
        count="documents",
        hot=True,
        phone=False,
    ),
    Way(
        "record-list",
        "chart-line",
        pgettext_lazy("of a supplier", "Record"),
        P.ORDER_VIEW,
        frozenset({"record-list", "supplier-record"}),
        sides=_SUPPLIER,
        phone=False,
    ),
    Way(
        "record-list",
        "chart-line",
        _("Records"),
        P.ORDER_VIEW,
        frozenset({"record-list", "supplier-record"}),
        sides=_COMPANY,
        phone=False,
    ),
    Way(
        "company",
        "building",
        _("Company"),
        P.DETAIL_VIEW,
        frozenset({"company", "supplier-company", "company-part", "company-history", "detail-change"}),
        sides=_SUPPLIER,
        phone=False,
    ),
    Way(
        "supplier-list",
        "building-store",
        _("Suppliers"),
        P.SUPPLIER_VIEW,
        frozenset(
            {
                "supplier-list",
                "supplier-company",
                "company-part",
                "company-history",
                "supplier-categories",
                "category-list",
            }
        ),
        sides=_COMPANY,
        phone=False,
    ),
    Way(
        "onboarding-list",
        "user-plus",
        _("Onboarding"),
        P.SUPPLIER_VIEW,
        _ONBOARDING_PAGES,
        sides=_COMPANY,
        phone=False,
    ),
    Way(
        "screening-list",
        "shield-lock",
        _("Screening"),
        P.SUPPLIER_MANAGE,
        frozenset({"screening-list", "screening-hit", "screening-decide"}),
        sides=_COMPANY,
        phone=False,
    ),
    Way(
        "getting-started",
        "circle-check",
        _("Getting started"),
        P.DETAIL_VIEW,
        frozenset({"getting-started", "onboarding-terms-own", "onboarding-questions", "onboarding-hand-in"}),
        sides=_SUPPLIER,
        phone=False,
    ),
    Way(
        "detail-change-list",
        "git-compare",
        _("Company data"),
        P.DETAIL_APPROVE,
        frozenset({"detail-change-list", "detail-change", "detail-rules"}),
        sides=_COMPANY,
        count="details",
        hot=True,
        phone=False,
    ),
    # Who counts has it at hand; everybody else comes to a count from its ship notice or its case.
    Way(
        "receiving-list",
        "clipboard-check",
        _("Receiving"),
        P.GOODS_RECEIVE,
        _RECEIVING_PAGES,
        sides=_COMPANY,
    ),
    Way("line-list", "list-details", _("Lines"), P.ORDER_VIEW, frozenset({"line-list"})),
    Way(
        "answer-upload",
        "file-upload",
        _("Upload answers"),
        P.ORDER_ACKNOWLEDGE,
        frozenset({"answer-upload"}),
        _SUPPLIER,
    ),
    Way(
        "policy-list",
        "scale",
        _("Tolerances"),
        P.POLICY_VIEW,
        frozenset(
            {
                "policy-list",
                "policy",
                "policy-new",
                "policy-copy",
                "policy-rule",
                "policy-rule-new",
                "policy-dry-run",
                "rule-decisions",
                "rule-decision",
            }
        ),
        sides=_COMPANY,
        section=_SETUP,
        count="ruled",
        phone=False,
    ),
    Way(
        "service-list",
        "clock",
        _("Service levels"),
        P.POLICY_VIEW,
        frozenset({"service-list", "service", "service-new", "service-change", "office-list", "office"}),
        sides=_COMPANY,
        section=_SETUP,
        phone=False,
    ),
    Way(
        "approval-rules",
        "gavel",
        _("Approval of invoices"),
        P.INVOICE_SETUP,
        frozenset({"approval-rules"}),
        sides=_COMPANY,
        section=_SETUP,
        phone=False,
    ),
    Way(
        "invoicing-list",
        "receipt",
        _("Taking invoices"),
        P.INVOICE_SETUP,
        frozenset({"invoicing-list", "invoicing"}),
        sides=_COMPANY,
        section=_SETUP,
        phone=False,
    ),
    Way(
        "integration",
        "plug-connected",
        _("Integration"),
        P.ERP_VIEW,
        frozenset(),
        sides=_COMPANY,
        section=_SETUP,
        count="commands",
    ),
    Way(
        "signin-people",
        "shield-lock",
        _("Sign-in of people"),
        P.FACTOR_RESET,
        frozenset({"signin-people", "person-signin", "impersonate", "factor-rules"}),
        section=_SETUP,
        phone=False,
    ),
    Way(
        "people-list",
        "users",
        _("People"),
        P.PEOPLE_VIEW,
        frozenset({"people-list", "people-invite", "people-role", "people-remove", "invitation-revoke"}),
        section=_SETUP,
        phone=False,
    ),
    Way(
        "staff-list",
        "users-group",
        _("Staff"),
        P.STAFF_MANAGE,
        frozenset({"staff-list", "staff-invite", "staff-role", "staff-deactivate"}),
        sides=_COMPANY,
        section=_SETUP,
        phone=False,
    ),
    Way(
        "token-list",
        "key",
        _("Access tokens"),
        P.TOKEN_MANAGE,
        frozenset({"token-list", "token-new", "token-revoke", "api-docs"}),
        section=_SETUP,
        phone=False,
    ),
    Way(
        "security-events",
        "shield-check",
        _("Security"),
        P.SECURITY_VIEW,
        frozenset({"security-events"}),
        sides=_COMPANY,
        section=_SETUP,
        phone=False,
    ),
    Way(
        "audit",
        "history",
        _("Audit trail"),
        P.AUDIT_VIEW,
        frozenset({"audit", "audit-export"}),
        sides=_COMPANY,
        section=_SETUP,
        phone=False,
    ),
    Way(
        "person-find",
        "user",
        _("Data of people"),
        P.SUPPLIER_MANAGE,
        frozenset({"person-find", "person-data", "person-export", "person-erase"}),
        sides=_COMPANY,
        section=_SETUP,
        phone=False,
    ),
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """What templates/base.html reads: nav, party, acting_for, erp_notice, home_url, search_url."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None or actor.is_anonymous:
        return {"nav": [], "acting_for": []}
    mine = cast("Mine", SimpleLazyObject(lambda: _mine(actor)))
    return {
        "nav": SimpleLazyObject(lambda: _nav(request, actor, mine)),
        "party": SimpleLazyObject(lambda: _party(actor, mine)),
        "acting_for": SimpleLazyObject(lambda: _acting_for(actor)),
        "erp_notice": SimpleLazyObject(lambda: _erp_notice(request, actor)),
        "stands_in": _stands_in(request),
        "factor_due": _factor_due(request),
        "home_url": reverse("home"),
        "search_url": reverse("order-list"),
    }


def _stands_in(request: HttpRequest) -> dict[str, Any]:
    """In whose place the reader acts, until when; for the banner of every page."""
    taken = getattr(request, "stands_in", None)
    return {"name": taken["name"], "until": datetime.fromtimestamp(taken["ends"], UTC)} if taken else {}


def _factor_due(request: HttpRequest) -> dict[str, Any]:
    """Until when the reader must have set up a second factor, if at all. Said on the first page, and on all at last."""
    if getattr(request, "stands_in", None):
        return {}
    due = owed_notice(request)
    if due is None:
        return {}
    left = due - timezone.now()
    here = request.resolver_match.view_name if request.resolver_match else ""
    is_said = left.total_seconds() > 0 and (here in ("home", "inbox") or left <= FACTOR_DUE_SOON)
    return {"at": due, "is_over": left.total_seconds() <= 0, "is_said": is_said}


def _erp_notice(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    """That the connection to the ERP is paused or left alone, for those who may see the integration."""
    if not in_scope() or not actor.may(P.ERP_VIEW):
        return {}
    connection = the_connection()
    if not connection.is_paused and not connection.circuit.is_open:
        return {}
    standing = standing_of(connection, request.at)  # type: ignore[attr-defined]  # by the door
    return {"connection": connection, "standing": standing, "may_manage": actor.may(P.ERP_MANAGE)}


def ways_of(actor: Actor) -> list[Way]:
    """Where this actor may go."""
    return [way for way in WAYS if actor.side in way.sides and actor.may(way.permission)]


@dataclass(frozen=True, slots=True)
class Mine:
    """The supplier acted for, and how many of its orders wait for it."""

    name: str = ""
    waiting: int = 0


def _mine(actor: Actor) -> Mine:
    if not (actor.is_supplier and in_scope()):
        return Mine()
    waiting = visible_orders(actor).filter(lines_for_supplier__gt=0, supplier=OuterRef("pk")).order_by()
    count = waiting.values("supplier").annotate(count=Count("pk")).values("count")
    mine = suppliers_of(actor).filter(pk__in=actor.supplier_ids).annotate(waiting=Subquery(count))
    found = mine.values_list("name", "waiting").first()
    return Mine(found[0], found[1] or 0) if found else Mine()


def _nav(request: HttpRequest, actor: Actor, mine: Mine) -> list[dict[str, Any]]:
    here = request.resolver_match.view_name if request.resolver_match else ""
    ways = ways_of(actor)
    counts = _counts(request, {way.count for way in ways if way.count}, actor, mine)
    return [
        {
            "url": reverse(way.name),
            "icon": way.icon,
            "label": way.label,
            "count": counts.get(way.count, 0),
            "hot": way.hot,
            "current": here in way.pages or (way.name == "integration" and here.startswith("integration")),
            "section": way.section,
            "phone": way.phone and not (way.spared and actor.may(way.spared)),
        }
        for way in ways
    ]


def _counts(request: HttpRequest, wanted: set[str], actor: Actor, mine: Mine) -> dict[str, int]:
    """What waits, a query or three for each count that the reader's ways show: nobody has more than seven counts."""
    if not in_scope():
        return {}
    counters: dict[str, Callable[[], int]] = {
        "orders": lambda: mine.waiting,
        "cases": lambda: mine_count(actor),
        "decisions": lambda: _decisions(request, actor),
        "ruled": lambda: unseen_decisions(actor).count() if actor.may(P.ORDER_DECIDE) else 0,
        "changes": lambda: _changes(request, actor),
        "approvals": lambda: waiting_for_me(actor, request.at).count(),  # type: ignore[attr-defined]  # by the door
        "statements": lambda: waiting_statements(actor).count(),
        "details": lambda: changes_waiting(actor).count(),
        "documents": lambda: to_review(actor).count() if actor.may(P.DOCUMENT_REVIEW) else 0,
        "banks": lambda: waiting_changes(actor).count(),
        "mails": lambda: mails_waiting(actor).count(),
        "commands": lambda: things_needing_a_person(actor, request.at),  # type: ignore[attr-defined]  # by the door
    }
    return {name: counters[name]() for name in sorted(wanted)}


def _decisions(request: HttpRequest, actor: Actor) -> int:
    email = getattr(request.user, "email", "")
    mine = Q(order__buyer_email__iexact=email) | Q(order__buyer_email="")
    found = visible_lines(actor).filter(turn=Turn.BUYER).aggregate(mine=Count("pk", filter=mine))
    return int(found["mine"])


def _changes(request: HttpRequest, actor: Actor) -> int:
    return waiting_for(actor, "" if actor.is_supplier else getattr(request.user, "email", "")).count()


def _party(actor: Actor, mine: Mine) -> str:
    """For whom: the supplier acted for, or the company and what one does there."""
    if actor.is_company:
        role = str(CompanyRole(actor.role).label)
        names = list(Company.objects.order_by("id").values_list("name", flat=True)[:2]) if in_scope() else []
        return f"{names[0]}, {role}" if len(names) == 1 else role
    return mine.name


def _acting_for(actor: Actor) -> list[dict[str, Any]]:
    if len(actor.all_supplier_ids) < 2 or not in_scope():
        return []
    # The page's scope holds only the supplier acted for now; the names of the others need all of mine for a moment.
    with acting(replace(actor, supplier_ids=actor.all_supplier_ids)):
        mine = list(suppliers_of(actor))
    return [
        {"key": supplier.key, "name": supplier.name, "current": supplier.pk in actor.supplier_ids}
        for supplier in mine
    ]
