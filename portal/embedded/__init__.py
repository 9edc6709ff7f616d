"""One machine, no server at hand: PostgreSQL, a broker and the portal's own processes, started by us.

For demos, tests and development only. Production brings its own PostgreSQL and broker (docs/operations.md).
"""
