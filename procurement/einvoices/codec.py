"""An invoice as JSON and back, by the types of its terms; what is kept between two pages, and how a child tells it."""

from __future__ import annotations

import base64
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar, get_args, get_type_hints

from procurement.einvoices import terms
from procurement.einvoices.terms import Group, Place

G = TypeVar("G", bound=Group)


def to_plain(group: Group, *, with_places: bool = True) -> dict[str, Any]:
    """A group in values that JSON knows. What is not said is left out."""
    plain: dict[str, Any] = {}
    for one in fields(group):
        value = getattr(group, one.name)
        if one.name == "where":
            if with_places and value:
                plain["where"] = {name: [place.line, place.path] for name, place in value.items()}
        elif value is not None and value != []:
            plain[one.name] = _plain(value, with_places=with_places)
    return plain


def _plain(value: Any, *, with_places: bool) -> Any:
    if isinstance(value, Group):
        return to_plain(value, with_places=with_places)
    if isinstance(value, list):
        return [_plain(one, with_places=with_places) for one in value]
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def from_plain(kind: type[G], plain: dict[str, Any]) -> G:
    """A group from what `to_plain` made of it."""
    made: G = _group(kind, plain)
    return made


def _group(kind: Any, plain: dict[str, Any]) -> Any:
    known = _types(kind)
    said = {name: _value(known[name], value) for name, value in plain.items() if name != "where"}
    where = {name: Place(*place) for name, place in plain.get("where", {}).items()}
    return kind(**said, where=where)


@lru_cache(maxsize=64)
def _types(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind, vars(terms))


def _value(kind: Any, value: Any) -> Any:
    options = [one for one in get_args(kind) if one is not type(None)]
    if isinstance(value, list):
        return [_value(options[0], one) for one in value]
    wanted = options[0] if options else kind
    if is_dataclass(wanted) and isinstance(wanted, type):
        return _group(wanted, value)
    if wanted is Decimal:
        return Decimal(value)
    if wanted is date:
        return date.fromisoformat(value)
    if wanted is bytes:
        return base64.b64decode(value)
    return value
