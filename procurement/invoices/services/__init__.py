"""The verbs on an invoice."""
