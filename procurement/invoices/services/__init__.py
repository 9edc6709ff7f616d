"""The verbs on an invoice: begun, saved, sent, taken back, corrected, settled; its files; how a company takes them."""

from procurement.invoices.services.adding import add_lines
from procurement.invoices.services.draft import (
    charges_in,
    discard_draft,
    entries_of,
    header_of,
    save_draft,
    sums_of,
)
from procurement.invoices.services.files import add_invoice_file, drop_invoice_file
from procurement.invoices.services.holding import hold_with_orders, refresh_claims, said_of
from procurement.invoices.services.paying import choose_account
from procurement.invoices.services.profile import save_profile
from procurement.invoices.services.revise import revise_invoice
from procurement.invoices.services.send import Sent, check_draft, findings_of, send_invoice
from procurement.invoices.services.settle import (
    approve_invoice,
    dispute_invoice,
    follow_bill,
    hold_invoice,
    invoice_booked_as,
    is_paid_less,
    mark_paid,
    mark_scheduled,
    mark_unpaid,
    pass_on,
    reject_invoice,
    release_invoice,
    reopen_invoice,
    void_invoice,
)
from procurement.invoices.services.start import (
    repeat_invoice,
    start_credit_for_count,
    start_credit_note,
    start_debit_note,
    start_from_counts,
    start_from_notices,
    start_from_orders,
    start_from_receipts,
    start_without_order,
)
from procurement.invoices.services.upload import (
    KeepEInvoice,
    KeepSheet,
    answer_upload,
    apply_upload,
    keep_upload,
    look_at_upload,
    read_upload_as,
)
from procurement.invoices.services.whole import revise_whole, send_whole, write_whole
from procurement.invoices.services.withdraw import withdraw_invoice

__all__ = [
    "KeepEInvoice",
    "KeepSheet",
    "Sent",
    "add_invoice_file",
    "add_lines",
    "answer_upload",
    "apply_upload",
    "approve_invoice",
    "charges_in",
    "check_draft",
    "choose_account",
    "discard_draft",
    "dispute_invoice",
    "drop_invoice_file",
    "entries_of",
    "findings_of",
    "follow_bill",
    "header_of",
    "hold_invoice",
    "hold_with_orders",
    "invoice_booked_as",
    "is_paid_less",
    "keep_upload",
    "look_at_upload",
    "mark_paid",
    "mark_scheduled",
    "mark_unpaid",
    "pass_on",
    "read_upload_as",
    "refresh_claims",
    "reject_invoice",
    "release_invoice",
    "reopen_invoice",
    "repeat_invoice",
    "revise_invoice",
    "revise_whole",
    "said_of",
    "save_draft",
    "save_profile",
    "send_invoice",
    "send_whole",
    "start_credit_for_count",
    "start_credit_note",
    "start_debit_note",
    "start_from_counts",
    "start_from_notices",
    "start_from_orders",
    "start_from_receipts",
    "start_without_order",
    "sums_of",
    "void_invoice",
    "withdraw_invoice",
    "write_whole",
]
