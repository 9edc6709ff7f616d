"""Invoices as programs exchange them: UBL 2.1, UN/CEFACT CII and Factur-X, read, written and held against EN 16931.

A leaf: it knows files and the terms of the European norm, and no paper of ours. What becomes of an invoice that
was read is said by whoever reads it.
"""
