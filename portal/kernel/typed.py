"""Fields of forms that take what a paper can mean, and say so: a day or a moment of these centuries, a whole number
between two others.

Django's own take every day from the year 1 to the year 9999, and 03/04/2026 as the Americans write it. From the first
and the last of them nothing can be counted on or back; a slip of the keys (0206 for 2026) would be kept.
"""

from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.kernel.values import Unreadable, is_plausible, read_date


class DayField(forms.DateField):
    """A day: chosen in the browser's own picker, or typed as papers write it."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    default_error_messages = {
        "invalid": _("“%(text)s” is no clear day of the years 2000 to 2199. Write it like 2026-04-09.")
    }

    def to_python(self, value: Any) -> date | None:
        """The day that is meant."""
        text = str(value or "").strip()
        try:
            return read_date(text) if text else None
        except Unreadable as error:
            raise _refused(self, text) from error


class MomentField(forms.DateTimeField):
    """A day and a time of it, in the reader's time zone."""

    widget = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})
    default_error_messages = {
        "invalid": _("“%(text)s” is no moment of the years 2000 to 2199. Write it like 2026-04-09T14:30.")
    }

    def to_python(self, value: Any) -> datetime | None:
        """The moment that is meant."""
        text = str(value or "").strip()
        try:
            moment = super().to_python(value)
        except ValidationError as error:
            raise _refused(self, text) from error
        if moment is not None and not is_plausible(moment.date()):
            raise _refused(self, text)
        return moment


class WholeField(forms.IntegerField):
    """A whole number, of which both ends are owed: what lies beyond is told here, and never by the database."""

    default_error_messages = {
        "invalid": _("“%(text)s” is no whole number from %(least)s to %(most)s. Write one of these.")
    }

    def __init__(self, *, min_value: int, max_value: int, **more: Any) -> None:
        super().__init__(min_value=min_value, max_value=max_value, **more)

    def clean(self, value: Any) -> Any:
        """The number; whatever is wrong with it, what may be written is said."""
        try:
            return super().clean(value)
        except ValidationError as error:
            if error.error_list[0].code == "required":
                raise
            said = {"text": str(value)[:40], "least": self.min_value, "most": self.max_value}
            raise ValidationError(self.error_messages["invalid"], code="invalid", params=said) from error


def _refused(field: forms.Field, text: str) -> ValidationError:
    return ValidationError(field.error_messages["invalid"], code="invalid", params={"text": text[:40]})
