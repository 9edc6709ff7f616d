"""Matches: an invoice held against its orders and receipts, check by check, and kept."""
