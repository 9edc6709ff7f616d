"""What a person writes about a hit."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.kernel.errors import Invalid
from suppliers.screening.services import LONGEST_REASON
from suppliers.screening.states import ListSource

LARGEST_LIST = 40 * 1024 * 1024  # the EU's has some 25 MB
LARGEST_ALIASES = 8 * 1024 * 1024  # OFAC's ALT.CSV has one and a half


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


class ListForm(forms.Form):
    """A list that somebody has fetched, to be put in force."""

    source = forms.ChoiceField(label=lazy("Whose list"), choices=ListSource.choices)
    file = forms.FileField(
        label=lazy("File"),
        help_text=lazy("CSV, as its source publishes it. From OFAC take SDN.CSV. At most 40 MB."),
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".csv"}),
    )
    aliases = forms.FileField(
        label=lazy("Other names"),
        required=False,
        help_text=lazy(
            "From OFAC alone: ALT.CSV. Without it nobody is found under another name. At most 8 MB."
        ),
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".csv"}),
    )
    shorter = forms.BooleanField(
        label=lazy("It is shorter than the one before, and that is right"),
        required=False,
        help_text=lazy(
            "A list with less than half the names may have been cut off, and is not taken without this."
        ),
    )

    def clean(self) -> dict[str, object]:
        """The files are as large as lists are, and only OFAC has two."""
        said = super().clean() or {}
        for name, most in (("file", LARGEST_LIST), ("aliases", LARGEST_ALIASES)):
            file = said.get(name)
            if file is not None and file.size > most:
                message = _("%(name)s is larger than %(most)d MB. Choose the list itself.")
                self.add_error(name, message % {"name": file.name, "most": most // (1024 * 1024)})
        if said.get("aliases") is not None and said.get("source") != ListSource.OFAC:
            self.add_error("aliases", _("Only OFAC has a file of other names. Choose OFAC, or leave it out."))
        return said

    def add_problems(self, refusal: Invalid) -> None:
        """Show what the service would not take beside its field."""
        for problem in refusal.problems:
            name = "shorter" if problem.code == "shorter" else problem.field
            self.add_error(name if name in self.fields else None, problem.message)
