"""Pages that belong together on both sides, by their names in urls.py."""

SHIPMENTS = frozenset(
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
RECEIVING = frozenset(
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
INVOICES = frozenset(
    {
        "invoice-list",
        "invoice-new",
        "invoice-upload",
        "invoice-upload-preview",
        "invoice-upload-columns",
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
STATEMENTS = frozenset(
    {"statement-list", "statement", "statement-upload", "statement-columns", "statement-settle"}
)
# The list has a switch between orders and lines, and buttons for files.
ORDERS = frozenset(
    {
        "order-list",
        "line-list",
        "order",
        "order-answer",
        "order-revisions",
        "order-story",
        "order-link-end",
        "thread",
        "answer-upload",
        "answer-preview",
    }
)
CHANGES = frozenset(
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
)
DOCUMENTS = frozenset(
    {
        "document-list",
        "document-holders",
        "document-setup",
        "document-version",
        "supplier-documents",
        "document-supply",
    }
)
BANK = frozenset(
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
RECORDS = frozenset({"record-list", "supplier-record"})
COMPANY_DATA = frozenset({"supplier-company", "company-part", "company-history"})
# One supplier at a glance; how one leaves; and how two numbers become one.
PARTNERS = frozenset({"supplier", "supplier-health"})
MERGES = frozenset({"merge-list", "merge", "merge-new", "merge-decide"})
LEAVING = frozenset(
    {
        "supplier-offboarding",
        "offboarding-list",
        "offboarding-begin",
        "offboarding-move",
        "offboarding-call-off",
        "offboarding-end",
        "offboarding-reopen",
    }
)
PROVIDERS = frozenset(
    {"identity-providers", "identity-provider", "identity-provider-add", "identity-provider-change"}
)
SIGN_IN = frozenset({"signin-people", "person-signin", "person-sessions-end", "impersonate", "factor-rules"})
PEOPLE = frozenset({"people-list", "people-invite", "people-role", "people-remove", "invitation-revoke"})
TOKENS = frozenset({"token-list", "token-new", "token-revoke", "api-docs"})
