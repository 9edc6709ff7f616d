"""Onboarding: who is invited, by which template, how far each supplier is, and what paying waits for."""
