"""What a person writes about a hit."""

from django import forms
from django.utils.translation import gettext_lazy as lazy

from portal.kernel.errors import Invalid
from suppliers.screening.services import LONGEST_REASON


class HitForm(forms.Form):
    """Why it is somebody else, or the listed one."""

    reason = forms.CharField(
        label=lazy("Why"),
        required=False,
        max_length=LONGEST_REASON,
        help_text=lazy("What you compared: address, country, register number. Suppliers never read it."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def add_problems(self, refusal: Invalid) -> None:
        """Show what the service would not take beside its field."""
        for problem in refusal.problems:
            self.add_error(problem.field if problem.field in self.fields else None, problem.message)
