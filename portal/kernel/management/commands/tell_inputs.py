"""Print what each field of each form takes, for docs/security/inputs.md."""

from collections.abc import Iterable, Iterator
from typing import Any, cast

from django import forms
from django.core.management.base import BaseCommand
from django.core.validators import RegexValidator
from django.urls import get_resolver
from django.utils import translation
from django.utils.choices import CallableChoiceIterator

OURS = ("portal.", "suppliers.", "procurement.")
MOST_NAMED = 12
# By their kinds, the narrower first.
KINDS: tuple[tuple[type[forms.Field], str], ...] = (
    (forms.EmailField, "address of mail"),
    (forms.UUIDField, "key"),
    (forms.FileField, "file ([uploads](uploads.md))"),
    (forms.JSONField, "JSON"),
    (forms.BooleanField, "yes or no"),
    (forms.DateField, "day"),
    (forms.DateTimeField, "moment"),
    (forms.DecimalField, "number"),
    (forms.IntegerField, "whole number"),
    (forms.ModelChoiceField, "one of what its reader sees"),
    (forms.MultipleChoiceField, "some of"),
    (forms.ChoiceField, "one of"),
    (forms.CharField, "text"),
)
HEAD = """# What forms take

Printed from the forms by `manage.py tell_inputs > docs/security/inputs.md`; a test compares. A form says of what shape
a value is; what it may be for this paper, in this state, is its service's to say, and where no length stands here the
service names it. Text loses its NUL characters at the door, is trimmed, and is written out escaped.

What is read in many places is read by one function:

"""
# What, by which rule, and where.
RULES = (
    (
        "quantity, price, amount",
        "digits with a point or comma as the reader's language writes them, no exponent, never a float",
        "`portal/kernel/values.py`",
    ),
    ("day", "a day of the calendar, of the years 2000 to 2199", "`portal/kernel/values.py`"),
    ("cell of a sheet", "text, day or number", "`procurement/sheets/values.py`"),
    (
        "account number, BIC, routing number",
        "length and check digits of its country ([banking](../banking.md#numbers))",
        "`suppliers/banking/engine.py`",
    ),
    (
        "tax number, VAT ID, GLN, DUNS, LEI",
        "form and check digits of its country or register ([company data](../company-data.md#numbers))",
        "`suppliers/details/policies/identifiers.py`",
    ),
    (
        "postal address",
        "the fields and postal code of its country ([company data](../company-data.md#addresses))",
        "`suppliers/details/policies/addresses.py`",
    ),
    ("telephone", "a number that its country has", "`suppliers/details/policies/phones.py`"),
    ("SSCC, GTIN, GLN", "digits, length, check digit of GS1", "`procurement/labels/numbers.py`"),
    ("file", "[what it is by its bytes](uploads.md)", "`portal/kernel/files.py`"),
    (
        "field of the API",
        "the schema ([how things are written](../api.md#how-things-are-written))",
        "each package's `api.py`",
    ),
    ("file of the ERP", "[its format](../file-formats.md)", "`procurement/erp/connectors`"),
)


def forms_of_ours() -> list[type[forms.BaseForm]]:
    """Every form of ours with fields of its own, by its path."""
    _all_loaded = get_resolver().url_patterns
    found = {form for form in _below(forms.BaseForm) if form.__module__.startswith(OURS)}
    return sorted((form for form in found if _fields_of(form)), key=_path_of)


def _below(kind: type[forms.BaseForm]) -> Iterator[type[forms.BaseForm]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


def _path_of(form: type[forms.BaseForm]) -> str:
    return f"{form.__module__}.{form.__name__}"


def _fields_of(form: type[forms.BaseForm]) -> dict[str, forms.Field]:
    return getattr(form, "base_fields", {})


def rule_of(field: forms.Field) -> str:
    """What a field takes, in one line."""
    kind = next((words for one, words in KINDS if isinstance(field, one)), "")
    if not kind:
        kind = str(type(field).__doc__ or type(field).__name__).partition("\n")[0].rstrip(".").lower()
    parts = [f"{kind}{_choices(field)}"]
    for word, limit in (("from", "min_value"), ("up to", "max_value")):
        if getattr(field, limit, None) is not None:
            parts.append(f"{word} {getattr(field, limit)}")
    if getattr(field, "max_digits", None):
        parts.append(f"{field.max_digits} digits, {field.decimal_places} of them decimals")  # type: ignore[attr-defined]  # a DecimalField
    length = getattr(field, "max_length", None)
    if length is not None and not isinstance(field, forms.FileField):
        parts.append(f"at most {length} characters")
    parts += [
        f"like `{getattr(one.regex, 'pattern', one.regex)}`".replace("|", "\\|")
        for one in field.validators
        if type(one) is RegexValidator
    ]
    return ", ".join(parts)


def _choices(field: forms.Field) -> str:
    if isinstance(field, forms.ModelChoiceField) or not isinstance(field, forms.ChoiceField):
        return ""
    asked_anew = isinstance(field.choices, CallableChoiceIterator)  # each time a form is shown
    named: list[Any] = [] if asked_anew else list(cast("Iterable[Any]", field.choices))
    values = [str(value) for value, words in named if not isinstance(words, (list, tuple)) and str(value)]
    if not 0 < len(values) <= MOST_NAMED:
        return " what the page offers"
    return " " + ", ".join(f"`{value}`" for value in values)


def told(form: type[forms.BaseForm]) -> str:
    """One form as a heading and its fields."""
    rows = ["| field | takes | |", "|---|---|---|"]
    rows += [
        f"| `{name}` | {rule_of(field)} | {'' if field.required else 'or nothing'} |"
        for name, field in _fields_of(form).items()
    ]
    return f"## {_path_of(form)}\n\n" + "\n".join(rows) + "\n"


class Command(BaseCommand):
    """`manage.py tell_inputs`"""

    help = "Print what each field of each form takes."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print in English, whatever the machine speaks."""
        with translation.override("en"):
            pages = [told(form) for form in forms_of_ours()]
        rules = ["| what | by which rule | read by |", "|---|---|---|"]
        rules += [f"| {what} | {rule} | {where} |" for what, rule, where in RULES]
        self.stdout.write("\n".join([HEAD + "\n".join(rules) + "\n", *pages]), ending="")
