"""What programs send is what it says it is: nothing passes for another thing, and each field says how much it takes."""

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from portal.kernel.rest.fields import INTEGER, Day, Exact, Flag, Key, Moment, Shape, Text, Whole, Word
from tests.security.test_patterns import modules


@pytest.mark.parametrize("sent", [True, False, 0, 17, 1.5, ["0" * 32]])
def test_a_key_is_text_and_no_number_passes_for_one(sent):
    with pytest.raises(ValidationError, match="Send text in quotation marks"):
        Key().run_validation(sent)


def test_a_key_is_read():
    assert Key().run_validation("00000000-0000-0000-0000-000000000001") == uuid.UUID(int=1)


# --- every field of every shape -----------------------------------------------------------------------------

OURS = (Text, Key, Word, Flag, Whole, Exact, Day, Moment)


def every_shape() -> Iterator[type[Shape]]:
    """All that is read of programs: found, not listed."""
    for module in modules():
        for shape in vars(module).values():
            if isinstance(shape, type) and issubclass(shape, Shape) and shape.__module__ == module.__name__:
                yield shape


def leaves(field: Any, way: str) -> Iterator[tuple[str, Any]]:
    """Each field, and what lies in the lists among them; shapes inside are found by themselves."""
    yield way, field
    if isinstance(field, serializers.ListField | serializers.ListSerializer):
        yield from leaves(field.child, f"{way}[]")


FIELDS = [
    one
    for shape in every_shape()
    for name, field in shape().fields.items()
    if not field.read_only
    for one in leaves(field, f"{shape.__module__}.{shape.__qualname__}.{name}")
]
LEAVES = [
    (way, field)
    for way, field in FIELDS
    if not isinstance(field, serializers.ListField | serializers.BaseSerializer)
]


def test_every_field_says_how_much_it_takes():
    """Nothing that is read is one of the framework's own fields, which take a number for a text and have no end."""
    assert [way for way, field in LEAVES if not isinstance(field, OURS)] == []
    assert [way for way, field in LEAVES if isinstance(field, Text) and field.max_length is None] == []
    assert [way for way, field in LEAVES if isinstance(field, Whole) and not within_column(field)] == []
    assert [way for way, field in FIELDS if is_list(field) and field.max_length is None] == []
    assert len(FIELDS) > 300


def within_column(field: Whole) -> bool:
    return field.min_value is not None and field.max_value is not None and field.max_value <= INTEGER


def is_list(field: Any) -> bool:
    return isinstance(field, serializers.ListField | serializers.ListSerializer)


HOSTILE: tuple[Any, ...] = (
    "1" + "0" * 30,
    10**30,
    "-1",
    -1,
    -(10**30),
    "NaN",
    float("nan"),
    float("inf"),
    "Infinity",
    "1e5",
    1e5,
    1e308,
    "٣",
    "x" * 100_000,
    "a\0b",
    "\ud800",
    "\u202egnp.exe",
    "0001-01-01",
    "9999-12-31",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-02-30",
    "2026-02-30T00:00:00Z",
    "",
    " ",
    True,
    None,
    [],
    {},
    [[]],
    {"$ne": 1},
)


def taken(field: Any, sent: Any) -> tuple[Any, list[str]]:
    """What a field makes of what is sent: a value, or sentences."""
    try:
        return field.run_validation(sent), []
    except ValidationError as refusal:
        return None, [str(one) for one in refusal.detail]


def test_whatever_is_sent_is_read_or_told():
    """A sentence beside the field, or a value that its column holds: never an error that nobody awaited."""
    for (way, field), sent in product(LEAVES, HOSTILE):
        found, told = taken(field, sent)
        story = (way, str(sent)[:40].encode("utf-8", "replace"), found, told)
        assert all(told), story
        if isinstance(found, str):
            assert len(found) <= (field.max_length if isinstance(field, Text) else 200), story
            assert "\0" not in found, story
            found.encode()  # no half of a surrogate pair
        elif isinstance(found, int) and not isinstance(found, bool):
            assert -INTEGER <= found <= INTEGER, story
        elif isinstance(found, Decimal):
            assert found.is_finite(), story
            assert abs(found) < 10**12, story
        elif isinstance(found, datetime):
            assert found.tzinfo is UTC, story  # of any year: `updated_since` may mean the beginning of time
        elif isinstance(found, date):
            assert 2000 <= found.year <= 2199, story


def test_nothing_passes_for_a_shape_or_a_list():
    for (way, field), sent in product(FIELDS, HOSTILE):
        if (way, field) not in LEAVES and sent not in ([], {}, None):
            assert taken(field, sent)[1], (way, sent)
