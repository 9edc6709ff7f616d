"""Shapes of JSON, read without guessing: a decimal is a string, a day is a day, and no field is passed over.

A program that misspells `delivery_on` must hear of it: passed over, it would promise the day that was asked.
"""

import re
import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.settings import api_settings

from portal.kernel.values import decimals_of, is_plausible

INTEGER = 2**31 - 1
MOST_UNKNOWN = 50
MOST_UNKNOWN_INSIDE = 5  # of each object of a list
DECIMAL = r"^[0-9]{1,12}(\.[0-9]{1,6})?$"
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MOMENT = re.compile(
    rf"{DAY.pattern}[Tt][0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(\.[0-9]{{1,6}})?([Zz]|[+-][0-9]{{2}}:[0-9]{{2}})"
)


class Text(serializers.CharField):
    """A string and nothing that could pass for one."""

    default_error_messages = {"not_a_string": _("Send text in quotation marks.")}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("not_a_string")
        return super().to_internal_value(data)


class Key(serializers.UUIDField):
    """Our own key of something, as text. The framework would take a number, and `true`, for the key 0…01."""

    default_error_messages = {"not_a_string": _("Send text in quotation marks.")}

    def to_internal_value(self, data: Any) -> uuid.UUID:
        if not isinstance(data, str):
            self.fail("not_a_string")
        key: uuid.UUID = super().to_internal_value(data)
        return key


class Word(serializers.ChoiceField):
    """One of a list of words."""

    default_error_messages = {"invalid_choice": _("This is not one of the words of the list.")}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid_choice", input=data)
        return str(super().to_internal_value(data))


class Flag(serializers.BooleanField):
    """true or false."""

    default_error_messages = {"invalid": _("Send true or false.")}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return bool(data)


class Whole(serializers.IntegerField):
    """A whole number."""

    default_error_messages = {"invalid": _("Send a whole number.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": INTEGER, **kwargs})

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return int(data)


class WholeInQuery(Whole):
    """A whole number in an address, where everything is text."""

    def to_internal_value(self, data: Any) -> int:
        if not re.fullmatch(r"[0-9]{1,10}", str(data)):
            self.fail("invalid")
        return int(data)


@extend_schema_field({"type": "string", "format": "decimal", "pattern": DECIMAL})
class Exact(serializers.Field):
    """A quantity, a price or an amount: an exact decimal, written as a string without trailing zeros."""

    default_error_messages = {
        "invalid": _(
            'Send a number in quotation marks, such as "12.5": at most 12 digits before the point, 6 after.'
        )
    }

    def to_internal_value(self, data: Any) -> Decimal:
        if not isinstance(data, str) or not re.fullmatch(DECIMAL[1:-1], data):
            self.fail("invalid")
        return Decimal(data)

    def to_representation(self, value: Decimal) -> str:
        return f"{value:.{decimals_of(value)}f}"


class Day(serializers.DateField):
    """A day, as ISO 8601 writes it: 2026-04-01."""

    default_error_messages = {
        "invalid": _("Send a day as YYYY-MM-DD, such as 2026-04-01."),
        "out_of_range": _("Send a day of the years 2000 to 2199."),
    }

    def to_internal_value(self, value: Any) -> date:
        if not isinstance(value, str) or not DAY.fullmatch(value):
            self.fail("invalid", format="YYYY-MM-DD")
        day = super().to_internal_value(value)
        if not is_plausible(day):
            self.fail("out_of_range")
        return day


@extend_schema_field(OpenApiTypes.DATETIME)
class Moment(serializers.DateTimeField):
    """A moment, as RFC 3339 writes it; answered in UTC."""

    default_error_messages = {"invalid": _("Send a moment with its time zone, such as 2026-04-01T08:00:00Z.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default_timezone=UTC, **kwargs)

    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str) or not MOMENT.fullmatch(value):
            self.fail("invalid", format="YYYY-MM-DDThh:mm:ssZ")
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("invalid", format="YYYY-MM-DDThh:mm:ssZ")


class Shape(serializers.Serializer):
    """An object with these fields and no others."""

    default_error_messages = {
        "unknown": _("There is no field of this name here."),
        "many_unknown": _("Further fields that are not known here: {count}."),
        "invalid": _("Send an object here: names and values in braces."),
    }

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and (unknown := sorted(set(data) - set(self.fields))):
            most = MOST_UNKNOWN if self.parent is None else MOST_UNKNOWN_INSIDE
            errors = {str(name): [self.error_messages["unknown"]] for name in unknown[:most]}
            if more := len(unknown) - len(errors):
                errors[api_settings.NON_FIELD_ERRORS_KEY] = [
                    self.error_messages["many_unknown"].format(count=more)
                ]
            raise serializers.ValidationError(errors, code="unknown_field")
        return super().to_internal_value(data)


class Query(Shape):
    """The part of an address after the question mark: filters of a list, and where in it one stands."""

    cursor = Text(
        required=False,
        max_length=500,
        help_text="Where the page begins: taken from `next` or `previous` of another page, never made up.",
    )
    limit = WholeInQuery(
        required=False, min_value=1, max_value=200, default=50, help_text="How many rows a page has at most."
    )


def page_of(shape: type[serializers.Serializer], name: str) -> type[serializers.Serializer]:
    """The shape of one page of a list."""
    fields = {
        "results": shape(many=True),
        "next": serializers.URLField(allow_null=True, help_text="The next page; null on the last."),
        "previous": serializers.URLField(allow_null=True, help_text="The page before; null on the first."),
    }
    return type(name, (serializers.Serializer,), {"__doc__": f"One page: {name}.", **fields})
