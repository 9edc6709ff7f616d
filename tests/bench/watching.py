"""Which queries a page asks: PostgreSQL's own log for the time of one request, and its plans for what it was asked."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from psycopg import sql

from tests.bench.servers import Machine

MARK = "~~"
BRACKETS = re.compile(r"(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET |SHOW |DISCARD)", re.IGNORECASE)
ENTRY = re.compile(
    r"duration: (?P<ms>[\d.]+) ms(?:  (?:statement|execute [^:]*): (?P<text>.*))?",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Query:
    """One statement as the server saw it."""

    text: str
    ms: float

    @property
    def is_bracket(self) -> bool:
        """Whether it only opens or ends a transaction."""
        return BRACKETS.match(self.text) is not None


@dataclass(slots=True)
class Watched:
    """What was asked while we looked."""

    queries: list[Query] = field(default_factory=list)

    @property
    def asked(self) -> list[Query]:
        """The queries, the scope's among them; what only opens or ends a transaction is not one."""
        return [query for query in self.queries if not query.is_bracket]

    @property
    def brackets(self) -> int:
        return len(self.queries) - len(self.asked)


@contextmanager
def watching(machine: Machine, database: str) -> Iterator[Watched]:
    """Have the server write down every statement on one database."""
    settings = {"log_min_duration_statement": "0", "log_line_prefix": f"{MARK}%d {MARK}"}
    found = Watched()
    log = machine.cluster.child.log
    with machine.superuser() as server:
        for name, value in settings.items():
            server.execute(
                sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value))
            )
        server.execute("SELECT pg_reload_conf()")
        time.sleep(0.3)
        begin = log.stat().st_size
        try:
            yield found
        finally:
            time.sleep(0.2)
            with log.open("rb") as file:
                file.seek(begin)
                written = file.read().decode(errors="replace")
            for name in settings:
                server.execute(sql.SQL("ALTER SYSTEM RESET {}").format(sql.Identifier(name)))
            server.execute("SELECT pg_reload_conf()")
            time.sleep(0.2)
    for record in written.split(f"{MARK}{database} {MARK}")[1:]:
        entry = ENTRY.search(record.split(f"\n{MARK}")[0])
        if entry and entry["text"]:
            found.queries.append(Query(" ".join(entry["text"].split()), float(entry["ms"])))


def plan(machine: Machine, database: str, query: Query, scope: str) -> str:
    """The plan of a query under the scope in which it was asked, with row level security at work."""
    with machine.superuser(database) as server, server.transaction(force_rollback=True):
        if scope:
            server.execute(scope)
        rows = server.execute("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, SUMMARY ON) " + query.text).fetchall()  # type: ignore[call-overload]
    return "\n".join(str(row[0]) for row in rows)
