"""Bill (X12 810, UBL Invoice, EDIFACT INVOIC): an invoice or credit note as the ERP has booked it, and how far paid."""
