"""Invoices as files: sheets, electronic invoices, papers."""
