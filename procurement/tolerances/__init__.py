"""Tolerances: how far a promise (later an invoice) may lie from what is expected before a person must look at it."""
