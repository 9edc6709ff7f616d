"""What people fill in about a case."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from portal.kernel.errors import Refusal
from portal.kernel.typed import DayField
from procurement.changes.models import OrderChange
from procurement.changes.queries import reasons_of
from procurement.inbox.models import ExceptionCase
from procurement.inbox.queries.people import colleagues, workers
from suppliers.models import User


class CaseForm(forms.Form):
    """A form about a case: says what the services refuse beside the field they name."""

    def add_refusal(self, refusal: Refusal) -> None:
        """Show a refusal, each problem at its field."""
        problems = getattr(refusal, "problems", ())
        for problem in problems:
            self.add_error(problem.field if problem.field in self.fields else None, problem.message)
        if not problems:
            self.add_error(None, refusal.message)


def _words(label: Any, *, required: bool = False, hint: Any = "", rows: int = 3) -> forms.CharField:
    area = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, required=required, max_length=2000, help_text=hint, widget=area)


def _figure(label: Any) -> forms.DecimalField:
    """A quantity or a price, with as many digits as an order has room for."""
    return forms.DecimalField(
        label=label,
        required=False,
        localize=True,
        min_value=0,
        max_value=Decimal("999999999999.999999"),
        max_digits=18,
        decimal_places=6,
    )


class SnoozeForm(CaseForm):
    """Until when it sleeps."""

    until = DayField(label=_("Until"), help_text=_("It wakes at the beginning of that working day."))
    reason = _words(_("Why"))

    def __init__(self, *args: Any, tomorrow: date | None = None, **more: Any) -> None:
        super().__init__(*args, **more)
        if tomorrow:
            self.fields["until"].initial = tomorrow
            self.fields["until"].widget.attrs["min"] = tomorrow.isoformat()


class DeclineForm(CaseForm):
    """Why not: one of the company's reasons, words, or both."""

    reason = forms.ChoiceField(label=_("Reason"), required=False)
    note = _words(_("In your words"), hint=_("The supplier reads it and can answer better."))

    def __init__(self, *args: Any, case: ExceptionCase, **more: Any) -> None:
        super().__init__(*args, **more)
        reasons = reasons_of(case.company_id) if case.company_id else {}
        self.fields["reason"].choices = [("", _("no reason of the list")), *reasons.items()]  # type: ignore[attr-defined]  # a choice field


class CounterForm(DeclineForm):
    """Another wish on the line: a day, a quantity, a price. What is left empty stays as the supplier wants it."""

    field_order = ("delivery_on", "quantity", "price", "reason", "note")

    delivery_on = DayField(label=_("Delivery"), required=False)
    quantity = _figure(_("Quantity"))
    price = _figure(_("Price"))

    def __init__(self, *args: Any, change: OrderChange | None = None, **more: Any) -> None:
        super().__init__(*args, **more)


class ReasonForm(CaseForm):
    """A reason that is owed."""

    reason = _words(_("What was done"), hint=_("A colleague who meets the same reads it."))


class WhyForm(CaseForm):
    """A reason that may be given."""

    reason = _words(_("Why"))


class PersonChoice(forms.ModelChoiceField):
    """Somebody of the buying side, by name and role."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name}, {obj.get_company_role_display()}"


class AssignForm(CaseForm):
    """Whose it is to be."""

    owner = PersonChoice(
        label=_("Owner"), queryset=User.objects.none(), required=False, empty_label=_("nobody")
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["owner"].queryset = workers()  # type: ignore[attr-defined]  # a choice field


class TaskForm(CaseForm):
    """A question to somebody outside purchasing."""

    person = PersonChoice(
        label=_("Colleague"),
        queryset=User.objects.none(),
        required=False,
        empty_label=_("nobody of the list"),
    )
    email = forms.EmailField(
        label=_("Or a mail address"),
        required=False,
        help_text=_("Who has no account gets a mail, and answers on a page of its own."),
    )
    language = forms.ChoiceField(label=_("Language of the mail"), choices=settings.LANGUAGES, required=False)
    question = _words(_("Question"))
    due_on = DayField(label=_("By"), required=False)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["person"].queryset = colleagues()  # type: ignore[attr-defined]  # a choice field


class AnswerForm(CaseForm):
    """The answer to a question."""

    answer = forms.CharField(label=_("Answer"), widget=forms.Textarea(attrs={"rows": 4}), max_length=5000)


class QueueForm(CaseForm):
    """A name for the filters of a list."""

    query = forms.CharField(max_length=1000, required=False, widget=forms.HiddenInput)
    name = forms.CharField(label=_("Name of the queue"), max_length=60)
    team = forms.BooleanField(label=_("For the whole team"), required=False)


class FilterForm(forms.Form):
    """What a list is narrowed by; the choices are those of its cases."""

    view = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)
    kind = forms.ChoiceField(label=_("Kind"), required=False)
    supplier = forms.ChoiceField(label=_("Supplier"), required=False)
    site = forms.ChoiceField(label=_("Site"), required=False)
    group = forms.ChoiceField(label=_("Item group"), required=False)
    owner = forms.ChoiceField(label=_("Who has it"), required=False)
    least = forms.IntegerField(label=_("Score from"), required=False, min_value=0, max_value=100)
    due = forms.ChoiceField(label=_("Due"), required=False)


class AssignmentForm(CaseForm):
    """A rule: whose cases are of what."""

    supplier = forms.CharField(
        label=_("Supplier"), required=False, max_length=40, help_text=_("Its number in the ERP; empty: any.")
    )
    item_group = forms.CharField(label=_("Item group"), required=False, max_length=60)
    site = forms.CharField(
        label=_("Site"), required=False, max_length=40, help_text=_("Its code; empty: any.")
    )
    owner = PersonChoice(label=_("Owner"), queryset=User.objects.none())

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["owner"].queryset = workers()  # type: ignore[attr-defined]  # a choice field


class AbsenceForm(CaseForm):
    """Somebody is away, and who takes the cases."""

    person = PersonChoice(label=_("Who is away"), queryset=User.objects.none())
    stand_in = PersonChoice(label=_("Who stands in"), queryset=User.objects.none())
    from_on = DayField(label=_("From"))
    until_on = DayField(label=_("Until"))

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for name in ("person", "stand_in"):
            self.fields[name].queryset = workers()  # type: ignore[attr-defined]  # a choice field
