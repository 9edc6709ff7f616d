"""What a person fills in about a matching policy."""

from typing import Any, Self

from django import forms
from django.utils.translation import gettext_lazy as lazy

from portal.kernel.errors import Invalid
from portal.kernel.templatetags.portal_ui import day_text
from portal.kernel.typed import WholeField
from procurement.catalogue.models import Company
from procurement.matching.engine import Way
from procurement.matching.messages import WriteMatchPolicy
from procurement.matching.models import MatchPolicy
from procurement.matching.policies import LONGEST_NAME, LONGEST_NOTE, MOST_DAYS
from procurement.matching.presenters.policies import WAY_WORDS
from procurement.tolerances.forms import NO_CHOICE, NO_SUPPLIER, DayTyped, item_groups, suppliers_named
from procurement.tolerances.messages import NAMES, Level, Scope
from procurement.tolerances.presenters.words import LEVEL_WORDS
from suppliers.states import Segment


class MatchPolicyForm(forms.Form):
    """One matching policy. That the same amount again is not asked about is said by an empty field, never by zero."""

    company = forms.ModelChoiceField(
        label=lazy("Company"), queryset=Company.objects.none(), empty_label=None, to_field_name="code"
    )
    name = forms.CharField(
        label=lazy("Name"),
        max_length=LONGEST_NAME,
        help_text=lazy("Both sides read it beside what it approves, for instance “Clean invoices”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    way = forms.ChoiceField(
        label=lazy("What is claimed is compared"),
        choices=[(way.value, words) for way, words in WAY_WORDS.items()],
        widget=forms.RadioSelect,
        initial=Way.THREE_WAY.value,
    )
    approves_alone = forms.BooleanField(
        label=lazy("Approve at once what passes every check"),
        required=False,
        help_text=lazy(
            "Nobody looks at it before the ERP is asked to book it. It is listed and can be reopened."
        ),
    )
    duplicate_days = WholeField(
        label=lazy("Ask about the same amount again within so many days"),
        min_value=0,
        max_value=MOST_DAYS,
        required=False,
        initial=7,
        help_text=lazy("0 asks about the same day alone. Empty: it is not asked about."),
    )
    waits_for_onboarding = forms.BooleanField(
        label=lazy("Hold it while paying waits for the supplier’s onboarding"),
        required=False,
        initial=True,
        help_text=lazy("It goes on by itself when the steps are done. Credit notes always go on."),
    )
    level = forms.ChoiceField(
        label=lazy("Written for"),
        choices=[(level.value, words) for level, words in LEVEL_WORDS.items()],
        help_text=lazy(
            "The narrowest policy counts: one for an item takes the place of one for its supplier."
        ),
    )
    segment = forms.ChoiceField(label=lazy("Segment"), required=False, choices=[NO_CHOICE, *Segment.choices])
    supplier = forms.ChoiceField(
        label=lazy("Supplier"), required=False, error_messages={"invalid_choice": NO_SUPPLIER}
    )
    item_group = forms.ChoiceField(label=lazy("Item group"), required=False)
    item = forms.CharField(label=lazy("Item number"), required=False, max_length=60)
    order = forms.CharField(label=lazy("Order number"), required=False, max_length=60)
    line = forms.CharField(label=lazy("Line"), required=False, max_length=10)
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
        self._choose("supplier", suppliers_named())
        self._choose("item_group", item_groups())

    def _choose(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field: Any = self.fields[name]
        field.choices = [NO_CHOICE, *choices]

    @classmethod
    def of(cls, policy: MatchPolicy) -> Self:
        """The form as it stands for a draft that is written already."""
        scope = policy.scope
        return cls(
            initial={
                "company": policy.company.code,
                "name": policy.name,
                "way": policy.way,
                "approves_alone": policy.approves_alone,
                "duplicate_days": policy.duplicate_days,
                "waits_for_onboarding": policy.waits_for_onboarding,
                "level": policy.level,
                **{name: getattr(scope, name) for name in NAMES},
                "valid_from": day_text(policy.valid_from),
                "valid_to": day_text(policy.valid_to),
                "note": policy.note,
            }
        )

    def command(self, draft: MatchPolicy | None = None, version: int = 0) -> WriteMatchPolicy:
        """The policy as it is written here; what is wrong with it is the service's to tell."""
        said = self.cleaned_data
        return WriteMatchPolicy(
            company=said["company"].pk,
            name=said["name"],
            way=said["way"],
            approves_alone=said["approves_alone"],
            duplicate_days=said["duplicate_days"],
            waits_for_onboarding=said["waits_for_onboarding"],
            scope=Scope(Level(said["level"]), **{name: said[name].strip() for name in NAMES}),
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
