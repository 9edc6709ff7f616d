"""The two walls between suppliers, as code sees them.

Wall one is `ScopedQuerySet.visible_to(actor)`. Wall two is PostgreSQL row level security: the door takes a
scope role and names the actor's suppliers, both with `SET LOCAL`, so that a pooled connection can never
carry them into the next request. Outside a scope the login role sees no row of a supplier's table.
"""

import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, ParamSpec, Self, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction

from portal.kernel.actors import Actor, Side
from portal.kernel.bulk import can_update_rows, update_rows

P = ParamSpec("P")
R = TypeVar("R")

SUPPLIER_ROLE = "quayside_supplier"
COMPANY_ROLE = "quayside_company"
SETTING = "quayside.suppliers"

Scope = tuple[str, str]
NO_SCOPE: Scope = ("none", "")


class NoScope(RuntimeError):
    """A service was called outside a door: no transaction is open, or nobody is acting."""


def _current() -> Scope:
    return getattr(connection, "quayside_scope", NO_SCOPE)


def _take(scope: Scope, using: str = DEFAULT_DB_ALIAS) -> None:
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT set_config('role', %s, true), set_config(%s, %s, true)", [scope[0], SETTING, scope[1]]
        )
    if using == DEFAULT_DB_ALIAS:
        connection.quayside_scope = scope  # type: ignore[attr-defined]  # ours: what this connection last took


def take_scope(actor: Actor, *, using: str) -> None:
    """Take an actor's scope in a transaction of another connection, until that transaction ends."""
    if not connections[using].in_atomic_block:
        raise NoScope("A scope without a transaction would outlive its actor.")
    _take(scope_of(actor), using)


def scope_of(actor: Actor) -> Scope:
    """The database role and supplier list under which this actor works."""
    if actor.side is Side.SUPPLIER:
        return SUPPLIER_ROLE, "{" + ",".join(str(int(pk)) for pk in actor.supplier_ids) + "}"
    if actor.side in (Side.COMPANY, Side.SYSTEM):
        return COMPANY_ROLE, "{}"
    raise NoScope("Nobody is acting; there is no scope to take.")


@contextmanager
def acting(actor: Actor) -> Iterator[Actor]:
    """Open the one transaction of a door (or join it) and let this actor work inside.

    Leaving restores what was there before: by the commit, by the rollback of the savepoint, or, in a nested
    use that went well, by hand.
    """
    before = _current() if connection.in_atomic_block else NO_SCOPE
    nested = connection.in_atomic_block
    try:
        with transaction.atomic():
            _take(scope_of(actor))
            yield actor
            if nested:
                _take(before)
    finally:
        connection.quayside_scope = before  # type: ignore[attr-defined]


def in_scope() -> bool:
    """Whether a door has opened a transaction and somebody is acting in it."""
    return connection.in_atomic_block and _current() != NO_SCOPE


def require_scope() -> None:
    """Raise `NoScope` unless a door has opened the transaction and set the scope."""
    if not in_scope():
        raise NoScope("This needs a door's transaction and scope: use `acting(actor)`.")


def requires_scope(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a service: it needs the door's transaction and scope, and says so loudly without them."""

    @functools.wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        require_scope()
        return function(*args, **kwargs)

    return guarded


def require_no_transaction() -> None:
    """Raise unless we stand outside any transaction: remote calls never happen inside one."""
    if connection.in_atomic_block:
        raise RuntimeError("A remote call inside a database transaction would hold its locks.")


class ScopedQuerySet(models.QuerySet[Any]):
    """A queryset whose rows all have a way to their supplier."""

    supplier_path: ClassVar[str] = "supplier_id"

    def visible_to(self, actor: Actor) -> Self:
        """The rows this actor may see: its own supplier's, everybody's on the buying side, none for nobody."""
        if actor.side in (Side.COMPANY, Side.SYSTEM):
            return self
        if actor.side is Side.SUPPLIER:
            path = getattr(self.model, "supplier_path", self.supplier_path)
            return self.filter(**{f"{path}__in": actor.supplier_ids})
        return self.none()

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> int:
        """Save some fields of many rows, as Django does but as one piece. See Note [Bulk update]."""
        rows, names = list(objs), list(fields)
        found = [self.model._meta.get_field(name) for name in names]
        if not rows:
            return 0
        if not names or any(row.pk is None for row in rows) or not can_update_rows(rows, found):
            return super().bulk_update(rows, names, batch_size)
        self._for_write = True
        if related := [field for field in found if field.is_relation]:
            for row in rows:
                row._prepare_related_fields_for_save(operation_name="bulk_update", fields=related)
        size = batch_size or len(rows)
        with transaction.atomic(using=self.db, savepoint=False):
            batches = (rows[start : start + size] for start in range(0, len(rows), size))
            return sum(update_rows(self.model, batch, found) for batch in batches)

    bulk_update.alters_data = True  # type: ignore[attr-defined]  # templates must not call it
