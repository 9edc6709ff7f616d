"""Bank details in files: what a sheet says becomes proposals, and the report for auditors."""

from suppliers.banking.files.reading import COLUMNS, LARGEST_SHEET, read_sheet
from suppliers.banking.files.report import report_of

__all__ = ["COLUMNS", "LARGEST_SHEET", "read_sheet", "report_of"]
