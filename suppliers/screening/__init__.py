"""Screening: suppliers' names against lists of sanctioned parties that were loaded; a person decides on hits."""
