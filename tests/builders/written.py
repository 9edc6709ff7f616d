"""What a request wrote: every row of every table, found without knowing the tables, and compared with another's."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.db import connection, transaction

from tests.database import owner

# As the owner, behind all walls. Rows as text: nobody but the database needs to know what is in them.
READER = """
CREATE FUNCTION quayside_test_rows(wanted text[]) RETURNS TABLE (place text, line text)
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE one text;
BEGIN
    FOREACH one IN ARRAY wanted LOOP
        RETURN QUERY EXECUTE format('SELECT %L::text, to_jsonb(t)::text FROM public.%I t', one, one);
    END LOOP;
END $$
"""
COUNTED = """
SELECT relname, pg_stat_get_xact_tuples_inserted(oid), pg_stat_get_xact_tuples_updated(oid),
       pg_stat_get_xact_tuples_deleted(oid)
FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""
# The session of whoever asks, and how often it asks: written by every request, whatever is in it.
PASSED_OVER = frozenset({"django_session", "usersessions_usersession"})

# What no two requests have alike: keys, moments, digests and secrets.
NEVER_ALIKE = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"
    r"|(?:\\\\x)?[0-9a-f]{32,}"
    r"|[A-Za-z0-9_.~-]{40,}"
)
# Written by any answer: a refusal is noted too.
NOTES = frozenset({"kernel_securityevent"})
VERBS = ("inserted", "updated", "deleted")

Row = tuple[str, dict[str, Any]]


@contextmanager
def reading_all() -> Iterator[None]:
    """While rows can be read with `Ledger`."""
    owner().execute(READER)
    try:
        yield
    finally:
        owner().execute("DROP FUNCTION quayside_test_rows(text[])")


@dataclass(frozen=True)
class Written:
    """What was written: in each table how often, and the rows that were not there before."""

    counts: Counter[tuple[str, str]]
    rows: tuple[Row, ...]

    @property
    def is_nothing(self) -> bool:
        """But for what is noted of a refusal."""
        return {table for table, _verb in self.counts} <= NOTES

    @property
    def says_a_fact(self) -> bool:
        """Whether anything was done: every verb writes an audit event."""
        return any(table == "kernel_auditevent" for table, _verb in self.counts)

    @property
    def text(self) -> str:
        """All of it, in which to look for a word."""
        return "\n".join(json.dumps(row, ensure_ascii=False) for _table, row in self.rows)

    def columns(self) -> set[tuple[str, str]]:
        return {(table, column) for table, row in self.rows for column in row}

    def compared(self, other: Written) -> set[tuple[str, str]]:
        """The tables and columns in which both do not say the same; '' for how many rows."""
        differing = {
            (table, "") for table, _verb in (self.counts - other.counts) | (other.counts - self.counts)
        }
        mine, theirs = self._values(other), other._values(self)
        return differing | {
            place for place in mine.keys() | theirs.keys() if mine.get(place) != theirs.get(place)
        }

    def _values(self, other: Written) -> dict[tuple[str, str], Counter[str]]:
        new = self._numbers() - other._numbers()
        found: dict[tuple[str, str], Counter[str]] = {}
        for table, row in self.rows:
            for column, value in row.items():
                named = (targets().get((table, column), ""), value) if isinstance(value, int) else None
                alike = "new" if named in new else _plain(value)
                found.setdefault((table, column), Counter())[alike] += 1
        return found

    def _numbers(self) -> set[tuple[str, Any]]:
        return {(table, row.get("id")) for table, row in self.rows}


@cache
def targets() -> dict[tuple[str, str], str]:
    """Of which table a column holds numbers: its own, or the one that it refers to."""
    found = {}
    for model in apps.get_models(include_auto_created=True):
        table = model._meta.db_table
        found[table, "id"] = table
        for field in model._meta.concrete_fields:
            if field.related_model is not None:
                found[table, field.column] = field.related_model._meta.db_table
    return found


def _plain(value: Any) -> str:
    return NEVER_ALIKE.sub("…", json.dumps(value, sort_keys=True, ensure_ascii=False))


class Ledger:
    """Tries what writes, and rolls it back. How each table was before is read once."""

    def __init__(self) -> None:
        self._before: dict[str, frozenset[str]] = {}

    def trying(self, act: Callable[[], Any]) -> tuple[Any, Written]:
        """What came of it, and what it wrote while it lasted."""
        then = self._counts()
        with transaction.atomic():
            result = act()
            counts = self._since(then)
            tables = sorted({table for table, _verb in counts})
            now = self._read(tables)
            transaction.set_rollback(True)
        self._remember(tables)
        rows = tuple((table, row) for table, row in now if _key(row) not in self._before[table])
        return result, Written(counts, rows)

    def _counts(self) -> dict[str, tuple[int, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(COUNTED)
            return {name: tuple(numbers) for name, *numbers in cursor.fetchall()}

    def _since(self, then: dict[str, tuple[int, ...]]) -> Counter[tuple[str, str]]:
        found: Counter[tuple[str, str]] = Counter()
        for table, numbers in self._counts().items():
            if table not in PASSED_OVER:
                for verb, now, before in zip(VERBS, numbers, then[table], strict=True):
                    found[table, verb] = now - before
        return +found

    def _remember(self, tables: list[str]) -> None:
        new = [table for table in tables if table not in self._before]
        found: dict[str, set[str]] = {table: set() for table in new}
        for table, row in self._read(new):
            found[table].add(_key(row))
        self._before |= {table: frozenset(rows) for table, rows in found.items()}

    def _read(self, tables: list[str]) -> list[Row]:
        if not tables:
            return []
        with connection.cursor() as cursor:
            cursor.execute("SELECT place, line FROM quayside_test_rows(%s)", [tables])
            return [(table, json.loads(line)) for table, line in cursor.fetchall()]


def _key(row: dict[str, Any]) -> str:
    return json.dumps(row, sort_keys=True)
