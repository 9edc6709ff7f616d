"""What a person fills in about the end of a business."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.kernel.errors import Invalid
from portal.kernel.typed import DayField
from procurement.partners.messages import EndBusiness
from procurement.partners.states import OpenMatter
from suppliers.offboarding.messages import BeginOffboarding
from suppliers.offboarding.policies import LONGEST_REASON

_WORDS = {"rows": 2}


class _Checked(forms.Form):
    def add_problems(self, refusal: Invalid) -> None:
        """Show what the service would not take beside its field."""
        for problem in refusal.problems:
            self.add_error(problem.field if problem.field in self.fields else None, problem.message)
        if not refusal.problems:
            self.add_error(None, refusal.message)


def _day() -> DayField:
    return DayField(
        label=lazy("Last day"),
        help_text=lazy("Until then everything goes on. The supplier’s people are told this day."),
    )


class BeginForm(_Checked):
    """When, why, and what the supplier's people read."""

    last_on = _day()
    reason = forms.CharField(
        label=lazy("Reason"),
        max_length=LONGEST_REASON,
        help_text=lazy("For us alone."),
        widget=forms.Textarea(attrs=_WORDS),
    )
    words = forms.CharField(
        label=lazy("Words to the supplier"),
        max_length=LONGEST_REASON,
        required=False,
        help_text=lazy("Its people read them in the mail that tells them the last day."),
        widget=forms.Textarea(attrs=_WORDS),
    )

    def command(self, supplier: UUID) -> BeginOffboarding:
        """The beginning as it is written here."""
        return BeginOffboarding(supplier, **self.cleaned_data)


class DayForm(_Checked):
    """Another last day."""

    last_on = _day()


class WhyForm(_Checked):
    """Why it is called off, or business is done again."""

    why = forms.CharField(
        label=lazy("Reason"),
        max_length=LONGEST_REASON,
        help_text=lazy("For us alone."),
        widget=forms.Textarea(attrs=_WORDS),
    )


class EndForm(_Checked):
    """Why each thing that is open still may be left."""

    def __init__(self, data: Any = None, *, counts: Mapping[str, int], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        for kind in counts:
            what = {"what": OpenMatter(kind).label}
            self.fields[f"reason_{kind}"] = forms.CharField(
                label=_("%(what)s: why they may be left") % what,
                max_length=LONGEST_REASON,
                required=False,
                widget=forms.TextInput(attrs={"autocomplete": "off"}),
            )

    def command(self, offboarding: UUID, version: int | None) -> EndBusiness:
        """The end as it is written here."""
        reasons = {kind: self.cleaned_data.get(f"reason_{kind}", "") for kind in OpenMatter.values}
        return EndBusiness(offboarding, version, {kind: text for kind, text in reasons.items() if text})
