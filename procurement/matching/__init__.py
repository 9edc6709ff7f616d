"""Matching: what is claimed beside what was ordered and received, check by check, kept for ever (domain.md §10)."""
