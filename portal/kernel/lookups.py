"""`IN` with many ids, said as one array.

Note [Many ids]: Django writes a placeholder for each value of `pk__in=[…]`, and the driver looks at each of them again:
with the thousands of ids that set-based reading takes along, this costs more than the query. An array is one value.
PostgreSQL reads a written list as an array as well, so its plans are the same.
"""

from typing import Any

from django.db.models import Field, IntegerField, UUIDField
from django.db.models.fields.related import ForeignObject
from django.db.models.fields.related_lookups import RelatedIn
from django.db.models.lookups import In

MANY = 50  # shorter lists are written out: easier to read in a log, and as fast

# Arrays of these find what the column holds. Text is left out: a cast to its length would cut a longer value.
_ARRAYS = {"bigint": "bigint", "integer": "bigint", "smallint": "bigint", "uuid": "uuid"}


class _AsArray(In):
    """See Note [Many ids]."""

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """`column = ANY(array)` for many ids; for all else what Django says."""
        kind = self._array(connection)
        if kind is None or not self.rhs_is_direct_value() or len(self.rhs) < MANY:
            sql, params = self.as_sql(compiler, connection)
            return sql, list(params)
        ids = list(dict.fromkeys(one for one in self.rhs if one is not None))
        if any(hasattr(one, "resolve_expression") for one in ids):
            sql, params = self.as_sql(compiler, connection)
            return sql, list(params)
        column, params = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s::{kind}[])", [*params, ids]

    def _array(self, connection: Any) -> str | None:
        field = getattr(self.lhs, "target", None)
        while isinstance(field, ForeignObject):
            field = field.foreign_related_fields[0] if len(field.foreign_related_fields) == 1 else None
        if not isinstance(field, (IntegerField, UUIDField)):
            return None
        return _ARRAYS.get(field.db_type(connection) or "")


class InMany(_AsArray):
    """For columns."""


class RelatedInMany(_AsArray, RelatedIn):
    """For foreign keys."""


def register_lookups() -> None:
    """In the place of Django's own; called once, when the kernel is ready."""
    Field.register_lookup(InMany)
    ForeignObject.register_lookup(RelatedInMany)
