"""Saving and making many rows in one statement, which takes them as one piece of JSON.

Note [Bulk update]: Django's `bulk_update` writes a CASE with one branch for each row and field, its `bulk_create` one
literal for each value. Building them costs tens of microseconds of Python a value: minutes for an import of a hundred
thousand lines. All values of all rows as one text of JSON cost less than one, and PostgreSQL reads it as fast.
`COPY` would be no alternative: it does not work behind row level security.

Note [Counted in order]: PostgreSQL takes any comparison of two columns for true in a third of the rows. It then
believes that a thousand open lines are found soon wherever it begins to look, and looks through a million. Asked for
them in the order of an index that holds only such rows, it begins there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BinaryField, Field, Model, QuerySet

FEW = 20  # below that Django's own way is as quick, and takes one statement less


def can_update_rows(rows: Sequence[Model], fields: Sequence[Field[Any, Any]]) -> bool:
    """Whether JSON can carry these values: no bytes, and nothing the database is to work out."""
    if any(isinstance(field, BinaryField) or not field.concrete for field in fields):
        return False
    read = _reader([field.attname for field in fields])
    return not any(hasattr(value, "resolve_expression") for row in rows for value in read(row))


def update_rows(model: type[Model], rows: Sequence[Model], fields: Sequence[Field[Any, Any]]) -> int:
    """Write these fields of these rows back; says how many rows were there to be written."""
    key = model._meta.pk
    quote = connection.ops.quote_name
    assignments = ", ".join(
        f"{quote(field.column)} = fresh.{_name(place)}" for place, field in enumerate(fields, start=1)
    )
    table = quote(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {assignments} FROM {_recordset([key, *fields])} "  # noqa: S608 -- names are the model's
            f"WHERE {table}.{quote(key.column)} = fresh.{_name(0)}",
            [_packed(rows, [key, *fields])],
        )
        return int(cursor.rowcount)


def create_rows(model: type[Model], rows: Sequence[Model]) -> None:
    """Store new rows and give them their keys, as `bulk_create` does."""
    key = model._meta.pk
    fields = [field for field in model._meta.concrete_fields if field is not key]
    if len(rows) < FEW or any(row.pk is not None for row in rows) or not can_update_rows(rows, fields):
        model._default_manager.bulk_create(rows, batch_size=1000)
        return
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    columns = ", ".join(quote(field.column) for field in fields)
    names = ", ".join(f"fresh.{_name(place)}" for place in range(len(fields)))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({columns}) SELECT {names} FROM {_recordset(fields)} "  # noqa: S608 -- names are the model's
            f"RETURNING {quote(key.column)}",
            [_packed(rows, fields)],
        )
        # The rows are stored in the order in which they stand in the text, and keys are given ascending.
        keys = sorted(given for (given,) in cursor.fetchall())
    for row, given in zip(rows, keys, strict=True):
        row.pk = given
        row._state.adding = False
        row._state.db = connection.alias


def count_at_most(wanted: dict[str, QuerySet[Any]], most: int) -> dict[str, int]:
    """How many rows each of these has, none counted further than one beyond `most`: one query for all of them.

    Rows that come in an order are counted in it. See Note [Counted in order].
    """
    parts: list[str] = []
    values: list[Any] = []
    for rows in wanted.values():
        try:
            query, told = rows.values("pk")[: most + 1].query.sql_with_params()
        except EmptyResultSet:
            parts.append("0")
            continue
        parts.append(f"(SELECT count(*) FROM ({query}) AS counted)")  # noqa: S608 -- the ORM's own text
        values += told
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", values)
        return dict(zip(wanted, map(int, cursor.fetchone()), strict=True))


def sums_at_most(
    rows: QuerySet[Any], sums: Sequence[str], by: Sequence[str], most: int
) -> list[tuple[Any, ...]]:
    """Sums of these values over at most `most` rows and one more, for each set of the values named in `by`.

    Each is `(count, *sums, *by)`; one query, and none of the rows leaves the database. Rows that come in an order are
    summed in it. See Note [Counted in order].
    """
    try:
        query, told = rows.values_list(*sums, *by)[: most + 1].query.sql_with_params()
    except EmptyResultSet:
        return []
    names = [_name(place) for place in range(len(sums) + len(by))]
    groups = ", ".join(names[len(sums) :])
    parts = ", ".join(["count(*)", *(f"sum({name})" for name in names[: len(sums)]), groups])
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {parts} FROM ({query}) AS found({', '.join(names)}) GROUP BY {groups} ORDER BY {groups}",  # noqa: S608 -- the ORM's own text
            told,
        )
        return list(cursor.fetchall())


def _reader(names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    read = attrgetter(*names)
    return read if len(names) > 1 else lambda row: (read(row),)


def _packed(rows: Sequence[Model], fields: Sequence[Field[Any, Any]]) -> str:
    read = _reader([field.attname for field in fields])
    names = [_name(place) for place in range(len(fields))]
    return json.dumps([dict(zip(names, read(row), strict=True)) for row in rows], default=str)


def _recordset(fields: Sequence[Field[Any, Any]]) -> str:
    columns = ", ".join(f"{_name(place)} {_type(field)}" for place, field in enumerate(fields))
    return f"json_to_recordset(%s::json) AS fresh({columns})"


def _name(place: int) -> str:
    return f"v{place}"


def _type(field: Field[Any, Any]) -> str:
    # Without its length: as varchar(60) a longer text would be cut in silence, the assignment refuses it.
    kind = field.cast_db_type(connection)  # type: ignore[attr-defined]  # the stubs do not know it
    return str(kind).partition("(")[0]
