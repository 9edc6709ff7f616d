"""A statement of account as a person hands it in: the file, of which day, whose and to whom."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Problem
from portal.kernel.typed import DayField
from procurement.statements.queries import companies_for


class StatementForm(forms.Form):
    """One file. Whose it is, is asked on the buying side alone; to which company, where there are several."""

    file = forms.FileField(
        label=_("File with what is open"),
        help_text=_("An Excel workbook (.xlsx) or a CSV file, as your accounting writes it."),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.csv,.txt"}),
        max_length=200,
    )
    stated_on = DayField(label=_("As of the end of"), help_text=_("The day whose end the list shows."))
    supplier = forms.CharField(
        label=_("Supplier"),
        max_length=200,
        help_text=_("The supplier’s number, or its name as it is written here."),
    )
    company = forms.ChoiceField(label=_("Sent to"))
    currency = forms.CharField(
        label=_("Currency"),
        max_length=3,
        min_length=3,
        required=False,
        help_text=_("Of rows that do not say theirs. Leave it empty for the usual one."),
    )

    def __init__(self, *args: Any, actor: Actor, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **{"initial": {"stated_on": today}, **kwargs})
        if actor.is_supplier:
            del self.fields["supplier"]
        companies = companies_for(actor)
        if len(companies) < 2:
            del self.fields["company"]
        else:
            field = self.fields["company"]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", _("Choose")), *((one.code, one.name) for one in companies)]

    def said(self, name: str) -> str:
        """What was typed into a field, or nothing where it is not asked."""
        return str(self.cleaned_data.get(name, "") or "").strip()

    def tell(self, problem: Problem) -> None:
        """Show a problem beside its field, or above all where it has none here."""
        self.add_error(problem.field if problem.field in self.fields else None, problem.message)
