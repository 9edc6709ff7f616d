"""What is typed on the pages of security."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.kernel.errors import Invalid
from portal.kernel.security.catalogue import CATALOGUE
from portal.kernel.typed import DayField

LONGEST = timedelta(days=366)


class EventFilter(forms.Form):
    """Which security events to show. What cannot be is passed over."""

    kind = forms.ChoiceField(label=_("Kind"), required=False)
    email = forms.CharField(
        label=_("Mail address of the person"),
        required=False,
        max_length=254,
        help_text=_("The whole address. Or choose a name in the list below."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    # Chosen in the list, where a name may be the name of several.
    person = forms.IntegerField(required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(code, f"{kind.meaning} ({code})") for code, kind in CATALOGUE.items()]
        self.fields["kind"].choices = [("", _("All kinds")), *kinds]  # type: ignore[attr-defined]  # a choice field's


class AuditSpan(forms.Form):
    """The days of an export, both included."""

    since = DayField(label=_("From"))
    until = DayField(label=_("To"))

    def clean(self) -> dict[str, Any]:
        """Days in their order, and not more than a year at once."""
        found = super().clean() or {}
        since, until = found.get("since"), found.get("until")
        if since and until and until < since:
            self.add_error("until", _("This day is before the first one."))
        elif since and until and until - since > LONGEST:
            self.add_error(
                "until", _("At most a year at once. For more there is a command: manage.py export_audit.")
            )
        return found

    def span(self) -> tuple[datetime, datetime]:
        """The moments in between, of the reader's days."""
        zone = timezone.get_current_timezone()
        since = datetime.combine(self.cleaned_data["since"], time(), zone)
        return since, datetime.combine(self.cleaned_data["until"] + timedelta(days=1), time(), zone)


class FindPerson(forms.Form):
    """A person by the whole address: no list to leaf through."""

    email = forms.EmailField(label=_("Address of mail"), required=False, max_length=254)


class ErasePerson(forms.Form):
    """What one types before somebody's name is taken away for good."""

    email = forms.CharField(
        label=_("The person’s address, once more"),
        max_length=254,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def add_problems(self, refusal: Invalid) -> None:
        """Show a refusal beside the fields it is about."""
        for problem in refusal.problems:
            self.add_error(problem.field if problem.field in self.fields else None, problem.message)
