"""The rules of invoices, on values alone: sums, numbers, terms, and what must be true to send one."""
