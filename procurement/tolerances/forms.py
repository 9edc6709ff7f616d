"""What a person fills in about a policy and its rules."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, Self

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.kernel.errors import Invalid
from portal.kernel.templatetags.portal_ui import day_text, plain_figure
from portal.kernel.values import Unreadable, read_date, read_decimal
from procurement.catalogue.models import Company, Item
from procurement.einvoices.rules.codes import CURRENCIES, codes
from procurement.tolerances.messages import (
    Direction,
    DocumentKind,
    Inside,
    Joined,
    Level,
    Limit,
    Measure,
    Outside,
    Rule,
    Scope,
)
from procurement.tolerances.models import ToleranceRule
from procurement.tolerances.policies import MEASURES, NAMED
from procurement.tolerances.presenters.words import (
    DIRECTION_WORDS,
    INSIDE_WORDS,
    JOINED_WORDS,
    KIND_WORDS,
    LEVEL_WORDS,
    MEASURE_WORDS,
    OUTSIDE_WORDS,
)
from suppliers.models import Supplier
from suppliers.states import Segment

# Kinds of paper that are held against rules, and all that is compared on any of them.
OFFERED = (DocumentKind.PROMISE, DocumentKind.CHANGE, DocumentKind.SHIPMENT, DocumentKind.INVOICE)
COMPARED = tuple(dict.fromkeys(measure for kind in OFFERED for measure in MEASURES[kind]))
NONE, UP_TO, ANY = "none", "up_to", "any"
NO_CHOICE = ("", lazy("– none –"))


class Figure(forms.CharField):
    """A number as its reader writes numbers; empty is not zero."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"inputmode": "decimal", "autocomplete": "off", "class": "num"}
        super().__init__(required=False, max_length=30, widget=forms.TextInput(attrs=attrs), **kwargs)

    def to_python(self, value: Any) -> Any:
        """The number typed, or None where nothing was."""
        text = str(super().to_python(value) or "")
        if not text:
            return None
        try:
            return read_decimal(text, get_language() or "en")
        except Unreadable as error:
            message = _("“%(text)s” is not a number. Write it like %(example)s.")
            raise forms.ValidationError(message % {"text": text, "example": "2.5"}) from error

    def clean(self, value: Any) -> Any:
        """What fits the column: as many digits as the database keeps."""
        amount = self.to_python(value)
        if amount is not None and (abs(amount) >= Decimal(10) ** 12 or amount != round(amount, 6)):
            raise forms.ValidationError(_("At most twelve digits before the decimal sign and six after it."))
        return amount


class DayTyped(forms.CharField):
    """A day as its reader writes days."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"autocomplete": "off", "class": "q-day"}
        super().__init__(required=False, max_length=30, widget=forms.TextInput(attrs=attrs), **kwargs)

    def clean(self, value: Any) -> Any:
        """The day typed, or None where nothing was."""
        text = str(self.to_python(value) or "")
        if not text:
            return None
        try:
            return read_date(text)
        except Unreadable as error:
            message = _("“%(text)s” is not a day that is clear. Write it like %(example)s.")
            values = {"text": text, "example": day_text(date(2026, 3, 12))}
            raise forms.ValidationError(message % values) from error


def _currencies() -> list[tuple[Any, Any]]:
    ours = sorted(set(Company.objects.values_list("currency", flat=True)))
    others = sorted(codes(CURRENCIES) - set(ours))
    return [
        ("", _("Choose")),
        (_("Of our companies"), [(one, one) for one in ours]),
        (_("All others"), [(one, one) for one in others]),
    ]


class CurrencyChosen(forms.ChoiceField):
    """A currency of ISO 4217, those of our companies first."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=_currencies, **kwargs)
        self.error_messages["invalid_choice"] = _NO_CURRENCY

    def to_python(self, value: Any) -> str:
        """The code in capital letters."""
        return str(super().to_python(value)).strip().upper()


_NO_CURRENCY = lazy("“%(value)s” is no currency of ISO 4217. Choose one of the list.")
NO_SUPPLIER = lazy("“%(value)s” is no supplier that is known here. Choose one of the list.")


def suppliers_named() -> list[tuple[str, str]]:
    """Every supplier to choose from: its number, and its name with it. One query."""
    rows = Supplier.objects.order_by("name", "id").values_list("number", "name")
    return [(number, f"{name} ({number})") for number, name in rows]


def item_groups() -> list[tuple[str, str]]:
    """Every item group to choose from. One query."""
    rows = Item.objects.exclude(group="").order_by("group").values_list("group", flat=True).distinct()
    return [(group, group) for group in rows]


def _words(words: dict[Any, Any], values: Iterable[Any] | None = None) -> list[tuple[str, Any]]:
    return [(value.value, words[value]) for value in (values or words)]


def _code(label: Any, most: int) -> forms.CharField:
    attrs = {"autocomplete": "off", "spellcheck": "false"}
    return forms.CharField(label=label, required=False, max_length=most, widget=forms.TextInput(attrs=attrs))


class PolicyForm(forms.Form):
    """The name of a new policy, and whose it is."""

    company = forms.ModelChoiceField(
        label=lazy("Company"), queryset=Company.objects.none(), empty_label=None, to_field_name="code"
    )
    name = forms.CharField(
        label=lazy("Name"),
        max_length=100,
        help_text=lazy("Both sides read it beside what its rules decide, for instance “Promises 2026”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        chooser: Any = self.fields["company"]
        chooser.queryset = Company.objects.order_by("name", "id")


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=lazy("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}), strip=True
    )


class RuleForm(forms.Form):
    """One rule. How far is chosen in words first, so that zero and not checked can never be taken for each other."""

    kind = forms.ChoiceField(label=lazy("Kind of paper"), choices=_words(KIND_WORDS, OFFERED))
    measure = forms.ChoiceField(label=lazy("What is compared"), choices=_words(MEASURE_WORDS, COMPARED))
    code = _code(lazy("Code of the charge"), 40)
    direction = forms.ChoiceField(
        label=lazy("Which way"), choices=_words(DIRECTION_WORDS), widget=forms.RadioSelect, initial="over"
    )
    far = forms.ChoiceField(
        label=lazy("What is still inside"),
        choices=[
            (UP_TO, lazy("Up to a limit")),
            (NONE, lazy("0: none allowed")),
            (ANY, lazy("Not checked: any deviation is inside")),
        ],
        widget=forms.RadioSelect,
        initial=UP_TO,
    )
    absolute = Figure(
        label=lazy("Limit"), help_text=lazy("In days, deliveries, the unit, or the currency below.")
    )
    unit = _code(lazy("Currency or unit of the limit"), 20)
    percent = Figure(label=lazy("Limit in percent"), help_text=lazy("Of what is expected. Not for days."))
    joined = forms.ChoiceField(
        label=lazy("Where both limits are given"),
        choices=_words(JOINED_WORDS),
        widget=forms.RadioSelect,
        initial="and",
    )
    level = forms.ChoiceField(
        label=lazy("Written for"),
        choices=_words(LEVEL_WORDS),
        help_text=lazy("The narrowest rule counts: one for an item takes the place of one for its supplier."),
    )
    segment = forms.ChoiceField(label=lazy("Segment"), required=False, choices=[NO_CHOICE, *Segment.choices])
    supplier = forms.ChoiceField(label=lazy("Supplier"), required=False)
    item_group = forms.ChoiceField(label=lazy("Item group"), required=False)
    item = _code(lazy("Item number"), 60)
    order = _code(lazy("Order number"), 60)
    line = _code(lazy("Line"), 10)
    inside = forms.ChoiceField(
        label=lazy("Inside"), choices=_words(INSIDE_WORDS), widget=forms.RadioSelect, initial="accept"
    )
    outside = forms.ChoiceField(
        label=lazy("Outside"), choices=_words(OUTSIDE_WORDS), widget=forms.RadioSelect, initial="ask"
    )
    valid_from = DayTyped(label=lazy("First day"))
    valid_to = DayTyped(label=lazy("Last day"), help_text=lazy("Both days are included. Empty: open."))
    note = forms.CharField(
        label=lazy("Note"),
        required=False,
        max_length=2000,
        help_text=lazy("Why the rule is so. Suppliers never see it."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    LIMIT = ("absolute", "unit", "percent", "joined")
    WHOM = ("level", "segment", "supplier", "item_group", "item", "order", "line")
    WHAT_HAPPENS = ("inside", "outside")
    WHEN = ("valid_from", "valid_to", "note")

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        suppliers = Supplier.objects.order_by("name", "id").values_list("number", "name")
        groups = Item.objects.exclude(group="").order_by("group").values_list("group", flat=True).distinct()
        self._choose("supplier", [(number, f"{name} ({number})") for number, name in suppliers])
        self._choose("item_group", [(group, group) for group in groups])

    def _choose(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field: Any = self.fields[name]
        field.choices = [NO_CHOICE, *choices]

    @classmethod
    def of(cls, rule: ToleranceRule) -> Self:
        """The form as it stands for a rule that is written already."""
        far = UP_TO if rule.absolute or rule.percent else NONE
        if rule.absolute is None and rule.percent is None:
            far = ANY
        figures = {"absolute": rule.absolute, "percent": rule.percent} if far == UP_TO else {}
        return cls(
            initial={
                "kind": rule.kind,
                "measure": rule.measure,
                "code": rule.code,
                "direction": rule.direction,
                "far": far,
                **{name: "" if amount is None else plain_figure(amount) for name, amount in figures.items()},
                "unit": rule.unit,
                "joined": rule.joined,
                "level": rule.level,
                "segment": rule.segment,
                "supplier": rule.supplier_number,
                "item_group": rule.item_group,
                "item": rule.item_number,
                "order": rule.order_number,
                "line": rule.line_number,
                "inside": rule.inside,
                "outside": rule.outside,
                "valid_from": day_text(rule.valid_from),
                "valid_to": day_text(rule.valid_to),
                "note": rule.note,
            }
        )

    def clean(self) -> dict[str, Any]:
        """How far, as chosen in words, must go with the figures that are typed."""
        super().clean()
        found = self.cleaned_data
        typed = [name for name in ("absolute", "percent") if found.get(name) is not None]
        far = found.get("far")
        if far == UP_TO and not typed and not {"absolute", "percent"} & set(self.errors):
            self.add_error("absolute", _("Give a limit here or in percent, or choose another way above."))
        elif far in (NONE, ANY):
            for name in typed:
                message = _("You chose “%(choice)s”: empty this field, or choose “Up to a limit”.")
                chosen = dict(self.fields["far"].choices)[far]  # type: ignore[attr-defined]  # a choice field
                self.add_error(name, message % {"choice": chosen})
        elif far == UP_TO and len(typed) == 1 and found[typed[0]] == 0:
            self.add_error(
                typed[0], _("Zero allows nothing: choose “0: none allowed”, so that everybody sees it.")
            )
        return found

    def rule(self) -> Rule:
        """The rule as it is written here; its faults are the service's to tell."""
        said = self.cleaned_data
        limit = Limit(said["absolute"], said["percent"], Joined(said["joined"]))
        if said["far"] == NONE:
            limit = Limit(Decimal(0))
        return Rule(
            key="",
            kind=DocumentKind(said["kind"]),
            measure=Measure(said["measure"]),
            direction=Direction(said["direction"]),
            limit=limit,
            scope=Scope(Level(said["level"]), **{name: said[name].strip() for name in _SCOPED}),
            inside=Inside(said["inside"]),
            outside=Outside(said["outside"]),
            unit=said["unit"].strip(),
            code=said["code"].strip(),
            valid_from=said["valid_from"],
            valid_to=said["valid_to"],
        )

    def add_problems(self, refusal: Invalid) -> None:
        """Show what the service would not take beside its field."""
        for problem in refusal.problems:
            self.add_error(problem.field if problem.field in self.fields else None, problem.message)
        if not refusal.problems:
            self.add_error(None, refusal.message)

    def groups(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The fields by what they are about, as the page shows them."""
        found: list[tuple[Any, tuple[str, ...]]] = [
            (_("Comparison"), ("kind", "measure", "code", "direction")),
            (_("How far"), ("far", *self.LIMIT)),
            (_("For whom"), self.WHOM),
            (_("What happens"), self.WHAT_HAPPENS),
            (_("When, and why"), self.WHEN),
        ]
        return [(title, [self[name] for name in names]) for title, names in found]


_SCOPED = tuple(dict.fromkeys(name for names in NAMED.values() for name in names))
