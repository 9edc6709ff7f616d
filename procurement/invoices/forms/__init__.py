"""The editor of an invoice: its fields, what they mean, and the rows in which they stand."""

from procurement.invoices.forms.fields import (
    ALLOWANCE,
    HEADER,
    ReadDraft,
    blank_charge,
    blank_line,
    merged,
    read_draft_form,
    read_of,
    rows_in,
    shown,
    tax_value,
    texts_of,
)
from procurement.invoices.forms.rows import charge_rows, line_rows, tax_options, usual_tax

__all__ = [
    "ALLOWANCE",
    "HEADER",
    "ReadDraft",
    "blank_charge",
    "blank_line",
    "charge_rows",
    "line_rows",
    "merged",
    "read_draft_form",
    "read_of",
    "rows_in",
    "shown",
    "tax_options",
    "tax_value",
    "texts_of",
    "usual_tax",
]
