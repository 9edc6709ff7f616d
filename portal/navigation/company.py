"""The ways of the buying side: what is done every day in the rail, what is set up once on cards of one page."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.navigation import pages
from portal.navigation.ways import Group, Place, Side, Way, alone
from suppliers.roles import Permission

P = Permission
_GOODS, _MONEY, _PARTNERS = _("Goods"), _("Money"), _("Suppliers")

# --- every day ----------------------------------------------------------------------------------------------

_INBOX = Way(
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
    count="cases",
    hot=True,
)
_DECISIONS = Way(
    "decision-list",
    "gavel",
    _("Decisions"),
    P.SUPPLIER_VIEW,
    frozenset({"decision-list", "decisions-decide"}),
    count="decisions",
    hot=True,
)
_CHANGES = Way(
    "change-list", "arrows-exchange", _("Changes"), P.ORDER_VIEW, pages.CHANGES, count="changes", hot=True
)
_MAIL = Way(
    "mail-list",
    "mail",
    _("Mail"),
    P.MAIL_VIEW,
    frozenset({"mail-list", "mail", "mail-place", "mail-dismiss"}),
    count="mails",
    hot=True,
)

_ORDERS = Way("order-list", "file-text", _("Orders"), P.ORDER_VIEW, pages.ORDERS)
_INBOUND = (
    Way("shipment-list", "truck-delivery", _("Inbound"), P.ORDER_VIEW, pages.SHIPMENTS),
    Way(
        "inbound-calendar",
        "calendar-event",
        _("Inbound calendar"),
        P.SUPPLIER_VIEW,
        frozenset({"inbound-calendar", "inbound-due", "dock-plan", "dock-times"}),
    ),
)
# Who counts has it at hand; everybody else comes to a count from its ship notice or its case.
_RECEIVING = Way("receiving-list", "clipboard-check", _("Receiving"), P.GOODS_RECEIVE, pages.RECEIVING)

_INVOICES = Way("invoice-list", "receipt", _("Invoices"), P.INVOICE_VIEW, pages.INVOICES)
_PAYABLES = (
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
            }
        ),
    ),
    Way(
        "statement-list",
        "file-spreadsheet",
        _("Statements"),
        P.INVOICE_SETTLE,
        pages.STATEMENTS,
        count="statements",
        hot=True,
    ),
)
_APPROVALS = Way(
    "payables-approvals",
    "circle-check",
    _("Approvals"),
    P.INVOICE_APPROVE,
    frozenset({"payables-approvals"}),
    count="approvals",
    hot=True,
)
_BANK = Way("bank", "building-bank", _("Bank changes"), P.BANK_VIEW, pages.BANK, count="banks", hot=True)

_SUPPLIERS = (
    Way(
        "supplier-list",
        "building-store",
        _("Suppliers"),
        P.SUPPLIER_VIEW,
        pages.COMPANY_DATA | pages.PARTNERS | {"supplier-list", "supplier-categories", "category-list"},
    ),
    Way(
        "detail-change-list",
        "git-compare",
        _("Company data"),
        P.DETAIL_APPROVE,
        frozenset({"detail-change-list", "detail-change", "detail-rules"}),
        count="details",
        hot=True,
    ),
    Way(
        "screening-list",
        "shield-lock",
        _("Screening"),
        P.SUPPLIER_MANAGE,
        frozenset({"screening-list", "screening-hit", "screening-decide", "screening-load"}),
        count="hits",
        hot=True,
        far=True,
    ),
    Way(
        "merge-list",
        "copy",
        _("Duplicates"),
        P.DETAIL_APPROVE,
        pages.MERGES,
        count="merges",
        hot=True,
        far=True,
    ),
    Way("offboarding-list", "logout", pgettext_lazy("suppliers", "Leaving"), P.SUPPLIER_VIEW, pages.LEAVING),
    Way("record-list", "chart-line", _("Records"), P.ORDER_VIEW, pages.RECORDS),
)
_ONBOARDING = (
    Way(
        "onboarding-list",
        "user-plus",
        _("Onboarding"),
        P.SUPPLIER_VIEW,
        frozenset(
            {
                "onboarding-list",
                "onboarding-run",
                "onboarding-chase",
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
                "onboarding-terms-accepted",
                "onboarding-texts",
                "exclusion-list",
            }
        ),
    ),
    Way(
        "registration-list",
        "mail-opened",
        pgettext_lazy("onboarding", "Requests"),
        P.SUPPLIER_MANAGE,
        frozenset({"registration-list", "registration", "registration-approve", "registration-refuse"}),
        count="requests",
        hot=True,
        far=True,
    ),
)
_DOCUMENTS = Way(
    "document-list",
    "certificate",
    _("Documents"),
    P.DOCUMENT_VIEW,
    pages.DOCUMENTS,
    count="documents",
    hot=True,
)

# --- set up once --------------------------------------------------------------------------------------------
# A card may lead to a page that belongs to a way of every day: that page keeps its place in the rail.

_AGREED = Group(
    _("What is agreed"),
    (
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
                }
            ),
            count="policies",
            far=True,
            says=_("Which small differences of orders and invoices are agreed to at once."),
        ),
        Way(
            "rule-decisions",
            "robot",
            _("What rules did"),
            P.POLICY_VIEW,
            frozenset({"rule-decisions", "rule-decision"}),
            count="ruled",
            says=_("Every answer that a rule agreed to or passed on, and why."),
        ),
        Way(
            "service-list",
            "clock",
            _("Service levels"),
            P.POLICY_VIEW,
            frozenset({"service-list", "service", "service-new", "service-change", "office-list", "office"}),
            says=_("How long an answer may take, who is told when, and whose working hours count."),
        ),
        Way(
            "change-reasons",
            "message",
            _("Reasons for changes"),
            P.REASON_MANAGE,
            says=_("What people may choose when they ask for a change or decline one."),
        ),
        Way(
            "inbox-rules",
            "user",
            _("Owners and stand-ins"),
            P.CASE_VIEW,
            says=_("Whose a case is, and who has it while somebody is away."),
        ),
        Way(
            "formula-list",
            "sort-descending",
            _("How the score is made"),
            P.CASE_VIEW,
            says=_("What lets a case come before another one."),
        ),
    ),
)
_INVOICING = Group(
    _("Invoices and paying"),
    (
        Way(
            "invoicing-list",
            "receipt",
            _("Taking invoices"),
            P.INVOICE_SETUP,
            frozenset({"invoicing-list", "invoicing"}),
            says=_("By company: what an invoice must say, and what is asked before it is taken."),
        ),
        Way(
            "match-policy-list",
            "checks",
            _("Matching of invoices"),
            P.POLICY_VIEW,
            frozenset({"match-policy-list", "match-policy", "match-policy-new"}),
            says=_("What invoices are held against, and which of them need nobody."),
        ),
        Way(
            "approval-rules",
            "gavel",
            _("Approval of invoices"),
            P.INVOICE_SETUP,
            frozenset({"approval-rules"}),
            says=_("Who approves what, up to which amount."),
        ),
        Way(
            "discount-policy-list",
            "cash",
            _("Terms of early payment"),
            P.POLICY_VIEW,
            frozenset({"discount-policy-list", "discount-policy-new", "discount-policy"}),
            says=_("What suppliers are offered for being paid sooner."),
        ),
    ),
)
_ADMITTED = Group(
    _("Bringing suppliers in"),
    (
        Way(
            "onboarding-templates",
            "list-check",
            _("What is asked"),
            P.SUPPLIER_MANAGE,
            says=_("The steps of a new supplier, by country, category, segment and language."),
        ),
        Way(
            "onboarding-terms",
            "writing-sign",
            pgettext_lazy("onboarding", "Terms"),
            P.SUPPLIER_MANAGE,
            says=_("What suppliers accept, version by version."),
        ),
        Way(
            "onboarding-texts",
            "mail",
            _("Texts of invitations"),
            P.SUPPLIER_MANAGE,
            says=_("How invitations are worded, by segment and language."),
        ),
        Way(
            "onboarding-first-orders",
            "send",
            _("By the first order"),
            P.SUPPLIER_MANAGE,
            says=_("Which companies invite by themselves when a first order comes."),
        ),
        Way(
            "exclusion-list",
            "ban",
            _("Exclusions"),
            P.SUPPLIER_MANAGE,
            says=_("Who is not to be invited, and why."),
        ),
        Way(
            "document-setup",
            "certificate",
            _("Documents required"),
            P.SUPPLIER_MANAGE,
            says=_("Which proofs are asked of whom, and what happens when one ends."),
        ),
        Way(
            "detail-rules",
            "adjustments",
            _("Which changes wait"),
            P.DETAIL_APPROVE,
            says=_("Which parts of company data a person looks at before they count."),
        ),
        Way(
            "category-list",
            "tag",
            _("Categories of suppliers"),
            P.SUPPLIER_MANAGE,
            says=_("The words by which suppliers are asked for different things."),
        ),
    ),
)
_ACCESS = Group(
    _("People and access"),
    (
        Way(
            "people-list",
            "users",
            _("People"),
            P.PEOPLE_VIEW,
            pages.PEOPLE,
            says=_("Who acts for which supplier, in which role, and who is invited."),
        ),
        Way(
            "staff-list",
            "users-group",
            _("Staff"),
            P.STAFF_MANAGE,
            frozenset({"staff-list", "staff-invite", "staff-role", "staff-deactivate"}),
            says=_("Your own colleagues and what each may do."),
        ),
        Way(
            "signin-people",
            "shield-lock",
            _("Sign-in of people"),
            P.FACTOR_RESET,
            pages.SIGN_IN - {"factor-rules"},
            says=_("Second factors, sessions, and help for somebody who cannot get in."),
        ),
        Way(
            "factor-rules",
            "fingerprint",
            _("Who needs a second factor"),
            P.SIGN_IN_SETUP,
            frozenset({"factor-rules"}),
            says=_("By side and role: who must show one, and from when on."),
        ),
        Way(
            "identity-providers",
            "login",
            _("Single sign-on"),
            P.SIGN_IN_SETUP,
            pages.PROVIDERS,
            says=_("Where people are signed in by their own company’s directory."),
        ),
        Way(
            "token-list",
            "key",
            _("Access tokens"),
            P.TOKEN_MANAGE,
            pages.TOKENS,
            says=_("Keys for programs that read and answer orders."),
        ),
    ),
)
_WATCHED = Group(
    _("Looking back"),
    (
        Way(
            "security-events",
            "shield-check",
            _("Security"),
            P.SECURITY_VIEW,
            frozenset({"security-events"}),
            says=_("Sign-ins, second factors, refusals and downloads, as they were noted."),
        ),
        Way(
            "trail",
            "history",
            _("Trail"),
            P.TRAIL_VIEW,
            frozenset({"trail", "trail-export", "audit", "audit-export"}),
            says=_(
                "Everything that was done, by whom and by which door; sealed, and to be taken along as a file."
            ),
        ),
        Way(
            "person-find",
            "user-circle",
            _("Data of people"),
            P.SUPPLIER_MANAGE,
            frozenset({"person-find", "person-data", "person-export", "person-erase"}),
            says=_("What is held about somebody who asks, or wants to be forgotten."),
        ),
    ),
)
GROUPS = (_AGREED, _INVOICING, _ADMITTED, _ACCESS, _WATCHED)

_INTEGRATION = Way("integration", "plug-connected", _("Integration"), P.ERP_VIEW, count="commands")
# Everybody of the buying side may read some of it: the tolerances.
SETUP = Way(
    "set-up",
    "settings",
    _("Set-up"),
    P.POLICY_VIEW,
    frozenset({"set-up"}).union(*(way.pages for group in GROUPS for way in group.ways)),
    count="ruled",
)

COMPANY = Side(
    places=(
        alone(_INBOX),
        alone(_DECISIONS),
        alone(_CHANGES),
        alone(_MAIL),
        alone(_ORDERS, _GOODS),
        Place(_("Inbound"), "truck-delivery", _INBOUND, _GOODS),
        alone(_RECEIVING, _GOODS),
        alone(_INVOICES, _MONEY),
        Place(_("Payables"), "cash", _PAYABLES, _MONEY),
        alone(_APPROVALS, _MONEY),
        alone(_BANK, _MONEY),
        Place(_("Suppliers"), "building-store", _SUPPLIERS, _PARTNERS),
        Place(_("Onboarding"), "user-plus", _ONBOARDING, _PARTNERS),
        alone(_DOCUMENTS, _PARTNERS),
        alone(_INTEGRATION),
        alone(SETUP),
    ),
    bar=(
        ("inbox", P.CASE_VIEW),
        ("payables", P.INVOICE_SETTLE),
        ("integration", P.ERP_MANAGE),
        ("onboarding-list", P.SUPPLIER_MANAGE),
        ("supplier-list", P.SUPPLIER_MANAGE),
        ("decision-list", P.ORDER_DECIDE),
        ("change-list", P.CHANGE_NEGOTIATE),
        ("order-list", P.ORDER_VIEW),
        ("receiving-list", P.GOODS_RECEIVE),
        ("bank", P.BANK_APPROVE),
        ("payables-approvals", P.INVOICE_APPROVE),
        ("shipment-list", P.ORDER_VIEW),
        ("invoice-list", P.INVOICE_VIEW),
        ("supplier-list", P.SUPPLIER_VIEW),
    ),
    groups=GROUPS,
)
