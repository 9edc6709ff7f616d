"""What a person fills in about documents."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as lazy

from portal.kernel.errors import Invalid
from portal.kernel.files import LARGEST_FILE
from portal.kernel.scanning import Scan, Verdict
from portal.kernel.typed import DayField, WholeField
from suppliers.documents.messages import SupplyDocument, WriteKind, WriteRequirement
from suppliers.documents.models import DocumentKind
from suppliers.documents.policies import (
    LONGEST_GRACE,
    LONGEST_HINT,
    LONGEST_NAME,
    LONGEST_REASON,
    LONGEST_REFERENCE,
    USUAL_GRACE,
)
from suppliers.documents.presenters import kind_name
from suppliers.models import Supplier
from suppliers.states import Segment


class _Checked(forms.Form):
    def add_problems(self, refusal: Invalid) -> None:
        """Show what the service would not take beside its field."""
        for problem in refusal.problems:
            self.add_error(problem.field if problem.field in self.fields else None, problem.message)
        if not refusal.problems:
            self.add_error(None, refusal.message)


class SupplyForm(_Checked):
    """The next version of a document."""

    file = forms.FileField(
        label=lazy("File or picture"),
        help_text=lazy("PDF, PNG or JPG, at most 10 MB. On a phone you can take a picture."),
        max_length=500,
        widget=forms.FileInput(attrs={"accept": "application/pdf,image/jpeg,image/png,.pdf,.jpg,.jpeg,.png"}),
    )
    valid_from = DayField(label=lazy("Valid from"), required=False)
    valid_until = DayField(
        label=lazy("Valid until"),
        required=False,
        help_text=lazy("The last day, as it stands on the paper. Empty only where it has none."),
    )
    reference = forms.CharField(
        label=lazy("Its number"),
        required=False,
        max_length=LONGEST_REFERENCE,
        help_text=lazy("Of the certificate or the policy, where it has one."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    note = forms.CharField(
        label=lazy("Note"),
        required=False,
        max_length=LONGEST_HINT,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def command(self, supplier: Supplier, kind: str) -> SupplyDocument:
        """The version as it is given here; what is wrong with it is the service's to tell."""
        said = self.cleaned_data
        file = said["file"]
        verdict: Verdict = getattr(file, "verdict", Verdict(Scan.OFF))
        return SupplyDocument(
            supplier=supplier.key,
            kind=kind,
            name=file.name or "",
            content=file.read(LARGEST_FILE + 1),
            scan=verdict.scan,
            valid_from=said["valid_from"],
            valid_until=said["valid_until"],
            reference=said["reference"],
            note=said["note"].replace("\r\n", "\n"),
        )


class AcceptForm(_Checked):
    """The days that a reviewer reads on the paper."""

    valid_from = DayField(label=lazy("Valid from"), required=False)
    valid_until = DayField(
        label=lazy("Valid until"),
        required=False,
        help_text=lazy("As it stands on the paper. Empty: no end."),
    )


class RefuseForm(_Checked):
    """Why a version does not count."""

    reason = forms.CharField(
        label=lazy("What is wrong with it"),
        max_length=LONGEST_REASON,
        help_text=lazy("The supplier reads this, and supplies another one."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class KindForm(_Checked):
    """A kind of document."""

    name = forms.CharField(
        label=lazy("Name"), max_length=LONGEST_NAME, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    code = forms.CharField(
        label=lazy("Code"),
        max_length=40,
        help_text=lazy("What programs call it by, such as iso-45001. It never changes."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    hint = forms.CharField(
        label=lazy("What is wanted"),
        required=False,
        max_length=LONGEST_HINT,
        help_text=lazy("The supplier reads this beside it."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def command(self) -> WriteKind:
        """The kind as it is written here."""
        said = self.cleaned_data
        return WriteKind(code=said["code"], name=said["name"], hint=said["hint"])


class RequirementForm(_Checked):
    """Of whom a kind is required."""

    kind = forms.ChoiceField(label=lazy("Kind of document"))
    countries = forms.CharField(
        label=lazy("Countries"),
        required=False,
        max_length=800,
        help_text=lazy("Two letters each, separated by commas: DE, AT. Empty: every country."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    segments = forms.MultipleChoiceField(
        label=lazy("Segments"),
        required=False,
        choices=Segment.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=lazy("None chosen: every segment."),
    )
    categories = forms.CharField(
        label=lazy("Categories"),
        required=False,
        max_length=800,
        help_text=lazy("Separated by commas. Empty: every category."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    compulsory = forms.BooleanField(
        label=lazy("Compulsory"),
        required=False,
        initial=True,
        help_text=lazy("Otherwise it is asked for once, and nobody is reminded."),
    )
    expires = forms.BooleanField(label=lazy("It has a last day"), required=False, initial=True)
    grace_days = WholeField(
        label=lazy("Days of grace"),
        initial=USUAL_GRACE,
        min_value=0,
        max_value=LONGEST_GRACE,
        help_text=lazy(
            "So long after its last day a case comes to you; of what was never there, after it was asked for."
        ),
    )
    from_on = DayField(label=lazy("From"))

    def __init__(self, data: Any = None, *, kinds: list[DocumentKind], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        chooser: Any = self.fields["kind"]
        chooser.choices = [(one.code, kind_name(one.code, one.name)) for one in kinds]

    def command(self) -> WriteRequirement:
        """The requirement as it is written here."""
        said = self.cleaned_data
        return WriteRequirement(
            kind=said["kind"],
            compulsory=said["compulsory"],
            expires=said["expires"],
            from_on=said["from_on"],
            grace_days=said["grace_days"],
            countries=tuple(said["countries"].replace(";", ",").split(",")),
            segments=tuple(said["segments"]),
            categories=tuple(said["categories"].replace(";", ",").split(",")),
        )
