"""What a person fills in on the monitor."""

from django import forms
from django.utils.translation import gettext_lazy as _


class SkipForm(forms.Form):
    """Why a message to the ERP is given up."""

    reason = forms.CharField(
        label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}), strip=True
    )
