"""Invoices, credit and debit notes (810, 812 / Invoice, CreditNote / INVOIC): what a supplier claims or gives back."""
