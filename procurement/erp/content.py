"""What a paper says, as a fingerprint: the same however an ERP wrote it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any


def content_hash(paper: object) -> str:
    """A fingerprint of what a paper says, the same however the ERP wrote it.

    1.50 and 1.5 are one number, lines and schedules have no order, and the time stamp is not content: an ERP
    that touches a record without changing it has not said anything.
    """
    return digest_of(paper)


def digest_of(value: object) -> str:
    """A fingerprint of any value."""
    text = json.dumps(_canonical(value), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


_NOT_CONTENT = {"stamp", "as_of"}
_UNORDERED = {"lines", "schedules", "accounts"}


def _canonical(value: object) -> object:
    # By exact type first: a batch has hundreds of thousands of values, nearly all of these five kinds.
    kind = type(value)
    if kind is str or value is None or kind is int or kind is bool:
        return value
    if kind is Decimal:
        return canonical_decimal(value)  # type: ignore[arg-type]  # its type was just looked at
    if kind is date or kind is datetime:
        return value.isoformat()  # type: ignore[attr-defined]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return {str(key): _canonical(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, frozenset | set):
        return sorted((_canonical(one) for one in value), key=_sort_key)
    if isinstance(value, Sequence):
        return [_canonical(one) for one in value]
    if is_dataclass(value):
        return _canonical_paper(value)
    raise TypeError(f"{kind.__name__} has no canonical form")


def _canonical_paper(paper: Any) -> list[object]:
    found: list[object] = [type(paper).__name__]
    for name in _content_fields(type(paper)):  # type: ignore[arg-type]  # a class is hashable
        value = _canonical(getattr(paper, name))
        if name in _UNORDERED and isinstance(value, list) and len(value) > 1:
            value.sort(key=_sort_key)
        found.append(value)
    return found


@cache
def _content_fields(kind: type) -> tuple[str, ...]:
    return tuple(one.name for one in fields(kind) if one.name not in _NOT_CONTENT)


def _sort_key(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def canonical_decimal(value: Decimal) -> str:
    """A number as text in exactly one way: no exponent, no trailing zeros, no minus zero."""
    if value == 0:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
