"""Saving many rows in one statement, with an array for each column.

Note [Bulk update]: Django's `bulk_update` writes a CASE with one branch for each row and field. Building it
costs forty microseconds of Python a branch, which is seconds for an order of a thousand lines; PostgreSQL
takes the same values as arrays and joins them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Field, JSONField, Model


def can_update_rows(rows: Sequence[Model], fields: Sequence[Field[Any, Any]]) -> bool:
    """Whether plain arrays can carry these values: no JSON, and nothing the database is to work out."""
    if any(isinstance(field, JSONField) or not field.concrete for field in fields):
        return False
    names = [field.attname for field in fields]
    return not any(hasattr(row.__dict__.get(name), "resolve_expression") for row in rows for name in names)


def update_rows(model: type[Model], rows: Sequence[Model], fields: Sequence[Field[Any, Any]]) -> int:
    """Write these fields of these rows back; says how many rows were there to be written."""
    key = model._meta.pk
    quote = connection.ops.quote_name
    columns = [key, *fields]
    assignments = ", ".join(f"{quote(field.column)} = fresh.{quote(field.column)}" for field in fields)
    arrays = ", ".join(f"%s::{_array_type(field)}[]" for field in columns)
    names = ", ".join(quote(field.column) for field in columns)
    table = quote(model._meta.db_table)
    values = [
        [field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows] for field in columns
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {assignments} FROM unnest({arrays}) AS fresh({names}) "  # noqa: S608 -- names are the model's
            f"WHERE {table}.{quote(key.column)} = fresh.{quote(key.column)}",
            values,
        )
        return int(cursor.rowcount)


def _array_type(field: Field[Any, Any]) -> str:
    # Without its length: a cast to varchar(60) would cut a longer text in silence, the assignment refuses it.
    kind = field.db_type(connection)
    assert kind is not None  # only concrete fields come here
    return kind.partition("(")[0]
