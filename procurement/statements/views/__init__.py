"""Pages of statements of account."""
