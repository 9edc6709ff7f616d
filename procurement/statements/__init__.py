"""Statement of account: a supplier's list of what is open in its books, held against ours (EDIFACT STATAC)."""
