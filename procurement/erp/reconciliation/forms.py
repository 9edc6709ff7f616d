"""What a person fills in about a drift."""

from django import forms
from django.utils.translation import gettext_lazy as _


class IgnoreForm(forms.Form):
    """Why both sides may differ."""

    reason = forms.CharField(
        label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}), strip=True
    )
