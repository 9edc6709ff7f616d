"""What a person fills in on the monitor."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.kernel.typed import MomentField


class ReasonForm(forms.Form):
    """Why a connection is paused or resumed: whoever comes later reads it."""

    reason = forms.CharField(
        label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}), strip=True
    )


class ReadAgainForm(forms.Form):
    """Which feed is read again, from when on, and why."""

    feed = forms.ChoiceField(label=_("What"))
    since = MomentField(
        label=_("From when on"),
        help_text=_("In your time. Everything that was told since then is read once more."),
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}), strip=True
    )

    def __init__(self, feeds: Iterable[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["feed"].choices = list(feeds)  # type: ignore[attr-defined]  # a choice field


class SkipForm(forms.Form):
    """Why a message to the ERP is given up."""

    reason = forms.CharField(
        label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}), strip=True
    )
