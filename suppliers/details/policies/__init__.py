"""What company data must be to be taken. Pure: no table, no network."""
