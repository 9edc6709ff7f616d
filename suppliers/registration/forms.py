"""What somebody fills in who wants to become a supplier, and what we say to it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as lazy

from portal.kernel.errors import Invalid
from suppliers.details.policies.countries import country_choices
from suppliers.registration.messages import CompanyAsks
from suppliers.registration.models import SupplierRequest
from suppliers.registration.policies import LONGEST_NAME, LONGEST_TAX_ID, LONGEST_WHY


class _Checked(forms.Form):
    def add_problems(self, refusal: Invalid) -> None:
        """Show what the service would not take beside its field."""
        for problem in refusal.problems:
            self.add_error(problem.field if problem.field in self.fields else None, problem.message)
        if not refusal.problems:
            self.add_error(None, refusal.message)


class AddressForm(forms.Form):
    """Where the mail is to go."""

    address = forms.EmailField(
        label=lazy("Your mail address"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


class CompanyForm(_Checked):
    """Which company it is, and why."""

    person = forms.CharField(
        label=lazy("Your name"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    company = forms.CharField(
        label=lazy("Name of your company"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    country = forms.ChoiceField(label=lazy("Country"))
    tax_id = forms.CharField(
        label=lazy("Its tax number"),
        max_length=LONGEST_TAX_ID,
        help_text=lazy("VAT number or the tax number of your country."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    why = forms.CharField(
        label=lazy("What you would like to supply"),
        max_length=LONGEST_WHY,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        chooser: Any = self.fields["country"]
        chooser.choices = [("", "–"), *country_choices()]

    @staticmethod
    def initial_of(asked: SupplierRequest) -> dict[str, str]:
        """What was said before, where we asked back."""
        return {name: getattr(asked, name) for name in ("person", "company", "country", "tax_id", "why")}

    def command(self) -> CompanyAsks:
        """The request as it is written here."""
        return CompanyAsks(**self.cleaned_data)


class ApproveForm(_Checked):
    """Under which number, and, where that is somebody's, that it was looked into."""

    number = forms.CharField(
        label=lazy("Number in the ERP"),
        required=False,
        max_length=40,
        help_text=lazy(
            "One that is there already means that supplier. Empty: the ERP has none for it yet; it is given later."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    is_asked = forms.BooleanField(
        label=lazy("I asked that very supplier, by another way than this request"),
        required=False,
        help_text=lazy("Only where the number is there already: whoever asks becomes its administrator."),
    )
    is_other = forms.BooleanField(
        label=lazy("I compared it with the listed party: it is somebody else"),
        required=False,
        help_text=lazy("Only where somebody of such a name is on a list of sanctioned parties."),
    )


class AskBackForm(_Checked):
    """What is missing."""

    reason = forms.CharField(
        label=lazy("What is missing, or not clear"),
        max_length=500,
        help_text=lazy("The company reads it, and mends what it said."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class RefuseRequestForm(_Checked):
    """Why not."""

    reason = forms.CharField(
        label=lazy("Reason"),
        max_length=500,
        help_text=lazy("The company reads it."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
