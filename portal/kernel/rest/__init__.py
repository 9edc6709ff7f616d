"""The doors of programs: the same services as the pages, spoken to in JSON (RFC 9457, 9110)."""
