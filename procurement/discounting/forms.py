"""What a person fills in about early payment."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Self

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.kernel.errors import Invalid
from portal.kernel.templatetags.portal_ui import day_text, plain_figure
from portal.kernel.typed import WholeField
from procurement.catalogue.models import Company
from procurement.discounting.messages import WriteDiscountPolicy
from procurement.discounting.models import DiscountPolicy
from procurement.discounting.policies import DAY_COUNTS, LONGEST_NAME, LONGEST_NOTE, MOST_PAY_DAYS
from procurement.tolerances.forms import (
    NO_CHOICE,
    NO_SUPPLIER,
    CurrencyChosen,
    DayTyped,
    Figure,
    suppliers_named,
)
from suppliers.states import Segment

EVERYBODY = ("", lazy("Every supplier"))


class DiscountPolicyForm(forms.Form):
    """One policy of early payment."""

    company = forms.ModelChoiceField(
        label=lazy("Company"), queryset=Company.objects.none(), empty_label=None, to_field_name="code"
    )
    name = forms.CharField(
        label=lazy("Name"), max_length=LONGEST_NAME, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    currency = CurrencyChosen(
        label=lazy("Currency"), help_text=lazy("It speaks of invoices in this currency alone.")
    )
    yearly_percent = Figure(
        label=lazy("Yearly rate in percent"),
        help_text=lazy("12: paid thirty days sooner, one percent is taken off, taxes and all."),
    )
    day_count = forms.TypedChoiceField(
        label=lazy("Days of a year"),
        choices=[(one, str(one)) for one in DAY_COUNTS],
        coerce=int,
        help_text=lazy("How interest is counted: 360 as banks do, or 365."),
    )
    least_percent = Figure(
        label=lazy("No discount below, in percent"),
        help_text=lazy("What comes to less is not offered. Empty: everything is."),
    )
    most_percent = Figure(
        label=lazy("No discount above, in percent"),
        help_text=lazy(
            "It must be said: above 0 and below 100. However soon an invoice is paid, no more of it is taken off."
        ),
    )
    pay_days = WholeField(
        min_value=0,
        max_value=MOST_PAY_DAYS,
        label=lazy("First day offered, in working days from today"),
        initial=2,
        help_text=lazy("What you need to approve and send a payment."),
    )
    least_amount = Figure(label=lazy("Smallest invoice"), help_text=lazy("With taxes. Empty: every invoice."))
    weekly_budget = Figure(
        label=lazy("Cash for a week"),
        help_text=lazy(
            "So much is paid early in one week, Monday to Sunday: what is left is offered. Empty: no limit."
        ),
    )
    segment = forms.ChoiceField(label=lazy("Segment"), required=False, choices=[EVERYBODY, *Segment.choices])
    supplier = forms.ChoiceField(
        label=lazy("Supplier"),
        required=False,
        error_messages={"invalid_choice": NO_SUPPLIER},
        help_text=lazy("The narrowest policy counts: one for a supplier takes the place of its segment’s."),
    )
    valid_from = DayTyped(label=lazy("First day"))
    valid_to = DayTyped(label=lazy("Last day"), help_text=lazy("Both days are included. Empty: open."))
    note = forms.CharField(
        label=lazy("Note"),
        required=False,
        max_length=LONGEST_NOTE,
        help_text=lazy("Why the policy is so. Suppliers never see it."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        company: Any = self.fields["company"]
        company.queryset = Company.objects.order_by("name", "id")
        supplier: Any = self.fields["supplier"]
        supplier.choices = [NO_CHOICE, *suppliers_named()]

    def clean_most_percent(self) -> Decimal:
        """The most that is ever taken off: without it nothing is offered."""
        most: Decimal | None = self.cleaned_data["most_percent"]
        if most is None:
            raise forms.ValidationError(_("Say how much of an invoice may be taken off at most, in percent."))
        return most

    @classmethod
    def of(cls, policy: DiscountPolicy) -> Self:
        """The form as it stands for a draft that is written already."""
        figures = ("yearly_percent", "least_percent", "most_percent", "least_amount")
        budget = plain_figure(policy.weekly_budget) if policy.weekly_budget is not None else ""
        return cls(
            initial={
                "company": policy.company.code,
                "name": policy.name,
                "currency": policy.currency,
                **{name: plain_figure(getattr(policy, name)) for name in figures},
                "weekly_budget": budget,
                "day_count": policy.day_count,
                "pay_days": policy.pay_days,
                "segment": policy.segment,
                "supplier": policy.supplier_number,
                "valid_from": day_text(policy.valid_from),
                "valid_to": day_text(policy.valid_to),
                "note": policy.note,
            }
        )

    def command(self, draft: DiscountPolicy | None = None, version: int = 0) -> WriteDiscountPolicy:
        """The policy as it is written here; what is wrong with it is the service's to tell."""
        said = self.cleaned_data
        zero = Decimal(0)
        return WriteDiscountPolicy(
            company=said["company"].pk,
            name=said["name"],
            currency=said["currency"],
            yearly_percent=said["yearly_percent"] or zero,
            most_percent=said["most_percent"],
            least_percent=said["least_percent"] or zero,
            day_count=said["day_count"],
            pay_days=said["pay_days"],
            least_amount=said["least_amount"] or zero,
            weekly_budget=said["weekly_budget"],
            segment=said["segment"],
            supplier=said["supplier"],
            valid_from=said["valid_from"],
            valid_to=said["valid_to"],
            note=said["note"],
            key=draft.key if draft else None,
            version=version,
        )

    def add_problems(self, refusal: Invalid) -> None:
        """Show what the service would not take beside its field."""
        for problem in refusal.problems:
            self.add_error(problem.field if problem.field in self.fields else None, problem.message)
        if not refusal.problems:
            self.add_error(None, refusal.message)


class OfferForm(forms.Form):
    """The day that a supplier chooses, with the figure that was shown beside it."""

    offer = forms.CharField(max_length=60)

    def clean_offer(self) -> tuple[date, Decimal]:
        """The day and the discount of `presenters.OfferRow.value`."""
        day, _sep, less = str(self.cleaned_data["offer"]).partition("/")
        try:
            return date.fromisoformat(day), Decimal(less)
        except (ValueError, InvalidOperation) as error:
            raise forms.ValidationError(_("Choose the day on which you want to be paid.")) from error
