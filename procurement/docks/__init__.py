"""Docks: what comes when, at which door, and who has asked for which time."""
