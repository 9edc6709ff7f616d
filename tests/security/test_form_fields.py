"""What a field of a form takes fits what is behind it: each says how much, how long and which days, by itself.

The forms are found, not listed. What is too much for a column must be told beside its field, in a sentence, and never
be the database's to refuse.
"""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.test import Client
from django.urls import reverse

from portal.kernel.typed import DayField, MomentField
from tests.security.test_patterns import modules

# Texts whose length is not the form's to say: what is in the way of too much of it stands beside each.
JUDGED = {
    "suppliers.details.forms.": "policies of company data name everything wrong with a part at once",
    "suppliers.signin.forms.CodeForm.code": "allauth's, which compares it and keeps nothing",
    "suppliers.signin.forms.CodeAgainForm.code": "the same",
    "suppliers.signin.forms.PasskeyForm.credential": "the same: an assertion, which is verified",
}

MOST_DIGITS = 18  # numeric(18, 6), the widest column of ours
LARGEST = 2**63 - 1

HOSTILE: tuple[Any, ...] = (
    "1" + "0" * 30,
    "-1",
    "-" + "9" * 40,
    "NaN",
    "sNaN",
    "Infinity",
    "-inf",
    "1e5",
    "1e400",
    "0." + "0" * 40 + "1",
    "٣",
    "x" * 100_000,
    "a\0b",
    "\ud800",
    "\u202egnp.exe",
    "0001-01-01",
    "9999-12-31",
    "0001-01-01T00:00",
    "9999-12-31T23:59",
    "2026-02-30",
    " ",
    "",
    "\r\n",
)


def every_form() -> Iterator[type[BaseForm]]:
    for module in modules():
        for form in vars(module).values():
            if isinstance(form, type) and issubclass(form, BaseForm) and form.__module__ == module.__name__:
                yield form


def fields() -> list[tuple[str, forms.Field]]:
    """Each field of each form, by where it stands: those that a form makes for itself are tried at its page."""
    return [
        (f"{form.__module__}.{form.__qualname__}.{name}", field)
        for form in every_form()
        for name, field in form.base_fields.items()
    ]


FIELDS = fields()


def is_bounded(field: forms.Field) -> bool:
    """Whether a field says by itself how much it takes."""
    if isinstance(field, forms.DecimalField):
        said = (field.min_value, field.max_value, field.max_digits, field.decimal_places)
        return None not in said and field.max_digits <= MOST_DIGITS
    if isinstance(field, forms.FloatField):
        return False
    if isinstance(field, forms.IntegerField):
        return None not in (field.min_value, field.max_value) and field.max_value <= LARGEST
    if isinstance(field, forms.DateTimeField):
        return isinstance(field, MomentField)
    if isinstance(field, forms.DateField):
        return isinstance(field, DayField)
    if isinstance(field, forms.UUIDField):
        return True
    if isinstance(field, forms.FileField):
        return field.max_length is not None
    if isinstance(field, forms.CharField):
        return field.max_length is not None
    return True


def is_judged(where: str) -> bool:
    return where.startswith(tuple(JUDGED))


def test_every_field_says_how_much_it_takes():
    without = {where for where, field in FIELDS if not is_bounded(field)}

    assert [where for where in sorted(without) if not is_judged(where)] == []
    assert [one for one in JUDGED if not any(where.startswith(one) for where in without)] == []
    assert len(FIELDS) > 250


def taken(field: forms.Field, text: str) -> tuple[Any, list[str]]:
    """What a field makes of a text: a value, or sentences."""
    try:
        return field.clean(text), []
    except ValidationError as refusal:
        return None, refusal.messages


@pytest.mark.django_db
def test_whatever_is_typed_is_read_or_told():
    """What is taken is a number that is one, a day of these centuries, a text that is not too long."""
    for (where, field), text in product(FIELDS, HOSTILE):
        found, told = taken(field, text)
        assert all(told), (where, text[:40])
        if is_judged(where):
            continue
        if isinstance(found, Decimal):
            assert found.is_finite(), (where, text)
            assert abs(found) < 10**12, (where, text)
        elif isinstance(found, int) and not isinstance(found, bool):
            assert abs(found) <= LARGEST, (where, text)
        elif isinstance(found, datetime | date):
            assert 2000 <= found.year <= 2199, (where, text)
        elif isinstance(found, str):
            assert len(found) <= (getattr(field, "max_length", None) or 1000), (where, text[:40])


# --- pages --------------------------------------------------------------------------------------------------

FAR = {"the first day": "0001-01-01", "the last day": "9999-12-31", "slipped": "0206-04-01"}


@pytest.mark.django_db
@pytest.mark.parametrize("day", FAR.values(), ids=FAR)
@pytest.mark.parametrize(
    ("who", "door", "sent"),
    [
        ("ada", "audit-export", {"since": "{day}", "until": "{day}"}),
        ("ines", "integration-read-again", {"feed": "orders", "since": "{day}T23:59", "reason": "Lost."}),
        ("root", "exclusion-list", {"suppliers": "ACME", "reason": "ending", "until_on": "{day}"}),
        ("root", "document-requirement-new", {"kind": "iso-9001", "grace_days": "1", "from_on": "{day}"}),
    ],
)
def test_a_day_that_nobody_means_is_told_beside_its_field(people, who, door, sent, day):
    client = Client()
    client.force_login(people[who].user)

    answer = client.post(reverse(door), {name: text.format(day=day) for name, text in sent.items()})

    assert answer.status_code in (200, 422)
    assert f"“{day}" in answer.content.decode()
    assert "of the years 2000 to 2199" in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("day", FAR.values(), ids=FAR)
def test_a_week_that_nobody_means_is_no_week(people, day):
    client = Client()
    client.force_login(people["otto"].user)

    assert client.get("/payables/due/", {"week": day}).status_code == 200
