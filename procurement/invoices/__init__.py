"""Invoice and credit note (X12 810, 812, UBL Invoice, EDIFACT INVOIC): as the ERP holds them, and how far paid."""
