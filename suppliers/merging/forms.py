"""What a person fills in about two records that are one company."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as lazy

from portal.kernel.errors import Invalid
from suppliers.merging.messages import AskMerge
from suppliers.merging.policies import LONGEST_REASON
from suppliers.models import Supplier


class _Checked(forms.Form):
    def add_problems(self, refusal: Invalid) -> None:
        """Show what the service would not take beside its field."""
        for problem in refusal.problems:
            self.add_error(problem.field if problem.field in self.fields else None, problem.message)
        if not refusal.problems:
            self.add_error(None, refusal.message)


class MergeForm(_Checked):
    """Which record is kept, why, and whose preferences count."""

    kept = forms.ChoiceField(
        label=lazy("Record that is kept"),
        widget=forms.RadioSelect,
        help_text=lazy("New people are invited there. Orders and invoices stay under the number they have."),
    )
    preferences = forms.BooleanField(
        label=lazy("Mail address, language, time zone and channel of the other one count from now on"),
        required=False,
    )
    reason = forms.CharField(
        label=lazy("Reason"),
        max_length=LONGEST_REASON,
        help_text=lazy("Who decides on it reads it."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, data: Any = None, *, records: tuple[Supplier, Supplier], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.records = {str(one.key): one for one in records}
        chooser: Any = self.fields["kept"]
        chooser.choices = [(str(one.key), f"{one.name} ({one.number})") for one in records]

    def command(self) -> AskMerge:
        """The merge as it is written here."""
        kept = self.cleaned_data["kept"]
        (other,) = (key for key in self.records if key != kept)
        return AskMerge(
            UUID(kept), UUID(other), self.cleaned_data["reason"], self.cleaned_data["preferences"]
        )


class MergeWhyForm(_Checked):
    """Why not, or not any more."""

    why = forms.CharField(
        label=lazy("Reason"),
        max_length=LONGEST_REASON,
        required=False,
        help_text=lazy("Needed for everything but approving."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
