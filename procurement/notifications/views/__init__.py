"""Doors of notices: what a person wants to hear of, and the link in a mail that ends a kind."""
