"""Notices: who hears by mail of what happened, when, in which words; and whether it reached anybody."""
