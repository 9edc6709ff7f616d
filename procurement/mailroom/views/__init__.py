"""The doors of the mailroom."""
