"""What a person fills in about a supplier's company data. What is right is said by `policies`, through the services."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.kernel.errors import Invalid
from portal.kernel.typed import WholeField
from suppliers.details.messages import ChangeDetail
from suppliers.details.models import DetailRule, SupplierCategory
from suppliers.details.policies.addresses import FIELDS as ADDRESS_FIELDS
from suppliers.details.policies.addresses import address_form
from suppliers.details.policies.changes import LONGEST_REASON
from suppliers.details.policies.countries import country_choices
from suppliers.details.policies.phones import phone_text
from suppliers.details.presenters import language_name
from suppliers.details.states import ContactRole, IdentifierKind, Part, Way
from suppliers.forms import time_zones
from suppliers.models import Supplier
from suppliers.states import Segment, TradeChannel

NO_CHOICE = ("", lazy("Choose"))
KEEP = ("", lazy("As it is"))


def _typed(label: Any, *, hint: Any = "", **attrs: str) -> forms.CharField:
    """A line of text. Nothing is judged here: the service names everything wrong at once."""
    return forms.CharField(
        label=label,
        required=False,
        help_text=hint,
        widget=forms.TextInput(attrs={"autocomplete": "off", **attrs}),
    )


def _chosen(label: Any, choices: Any, *, hint: Any = "") -> forms.CharField:
    return forms.CharField(label=label, required=False, help_text=hint, widget=forms.Select(choices=choices))


class PartForm(forms.Form):
    """One part of the company data. `seen` is what of it the page showed."""

    part = ""
    seen = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=lazy("Why it changes"),
        required=False,
        max_length=LONGEST_REASON,
        help_text=lazy("For who approves it."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, data: Any = None, *, waits: bool = False, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.order_fields([*(name for name in self.fields if name != "reason"), "reason"])
        if not waits:
            del self.fields["reason"]

    def choose_language(self) -> None:
        """The languages we speak, and the one that stands, whichever it is."""
        present = str(self.initial.get("language", "") or "")
        known = dict(settings.LANGUAGES)
        more = [(present, language_name(present))] if present and present not in known else []
        self.fields["language"].widget.choices = [*known.items(), *more]

    def values(self) -> dict[str, Any]:
        """What was typed, by field of the part."""
        return {name: value for name, value in self.cleaned_data.items() if name not in ("seen", "reason")}

    def command(self, supplier: Supplier, part: str, subject: str) -> ChangeDetail:
        """What the service is asked."""
        said = self.cleaned_data
        return ChangeDetail(
            supplier.key, part, self.values(), subject, said.get("reason", ""), said["seen"] or None
        )

    def add_problems(self, refusal: Invalid) -> None:
        """Show what the service would not take beside its field."""
        for problem in refusal.problems:
            self.add_error(problem.field if problem.field in self.fields else None, problem.message)
        if not refusal.problems:
            self.add_error(None, refusal.message)


class LegalForm(PartForm):
    """The company before the law."""

    legal_name = _typed(
        lazy("Legal name"), hint=lazy("As the register of companies has it."), autocomplete="organization"
    )
    legal_form = _typed(
        lazy("Legal form"), hint=lazy("Such as GmbH, Ltd, Inc., if it is not part of the name.")
    )
    country = _chosen(lazy("Country of the registered seat"), [])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].widget.choices = [NO_CHOICE, *country_choices()]


class NamesForm(PartForm):
    """What the company calls itself in trade."""

    trading_name = _typed(lazy("Trading name"), hint=lazy("If it differs from the legal name."))
    website = _typed(lazy("Website"), inputmode="url")


class CompanyPreferencesForm(PartForm):
    """In which language, and when, the company is written to."""

    language = _chosen(lazy("Language"), [], hint=lazy("Of mails to the company."))
    time_zone = _chosen(lazy("Time zone"), [], hint=lazy("Working hours and days are counted in it."))
    email = _typed(
        lazy("Mail address of the company"),
        hint=lazy("Used where nobody of yours is named."),
        inputmode="email",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choose_language()
        zones = time_zones()
        present = str(self.initial.get("time_zone", ""))
        named = [*zones, *([present] if present and present not in zones else [])]
        self.fields["time_zone"].widget.choices = [(one, one.replace("_", " ")) for one in named]


class ChannelForm(PartForm):
    """How orders reach the company."""

    channel = forms.CharField(
        label=lazy("How do your orders reach you?"),
        required=False,
        widget=forms.RadioSelect(choices=TradeChannel.choices),
    )


class NumberForm(PartForm):
    """A number. Which one is asked for a new one alone."""

    kind = _chosen(lazy("Which number"), [NO_CHOICE, *IdentifierKind.choices])
    country = _chosen(
        lazy("Country"), [], hint=lazy("For tax, VAT and register numbers: the country that gave it out.")
    )
    value = _typed(lazy("Number"), hint=lazy("With or without spaces and hyphens."), spellcheck="false")

    def __init__(self, *args: Any, subject: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if subject:
            del self.fields["kind"], self.fields["country"]
        else:
            self.fields["country"].widget.choices = [NO_CHOICE, *country_choices()]


class AddressPartForm(PartForm):
    """An address with the fields of its country, in their order."""

    country = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, country: str, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.initial["country"] = country
        form = address_form(country)
        reason = self.fields.pop("reason", None)
        for name in form.fields:
            hint = lazy("Such as %(example)s.") if name == "postal_code" and form.example else ""
            field = _typed(form.label(name), autocomplete=AUTOCOMPLETE[name])
            field.help_text = str(hint) % {"example": form.example} if hint else ""
            self.fields[name] = field
        if reason is not None:
            self.fields["reason"] = reason
        self.optional = frozenset(form.fields) - form.needed

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data.get(name, "") for name in (*ADDRESS_FIELDS, "country")}


AUTOCOMPLETE: Mapping[str, str] = {
    "name": "organization",
    "line1": "address-line1",
    "line2": "address-line2",
    "district": "address-level3",
    "city": "address-level2",
    "region": "address-level1",
    "postal_code": "postal-code",
}


class ContactForm(PartForm):
    """Somebody who can be reached."""

    name = _typed(lazy("Name"), hint=lazy("Of a person, or of a desk."))
    roles = forms.MultipleChoiceField(
        label=lazy("For which matters"),
        required=False,
        choices=ContactRole.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    email = _typed(lazy("Mail"), inputmode="email")
    telephone = _typed(
        lazy("Telephone"),
        hint=lazy("As you dial it; from abroad with + and the country’s code."),
        inputmode="tel",
    )
    language = _chosen(lazy("Language"), [])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choose_language()

    @staticmethod
    def shown(values: Mapping[str, Any], country: str) -> dict[str, Any]:
        """The values of a contact as a person types them."""
        return {**values, "telephone": phone_text(str(values.get("telephone", "")), country)}


FORMS: Mapping[str, type[PartForm]] = {
    Part.LEGAL: LegalForm,
    Part.NAMES: NamesForm,
    Part.PREFERENCES: CompanyPreferencesForm,
    Part.CHANNEL: ChannelForm,
    Part.CONTACT: ContactForm,
}


class RefuseForm(forms.Form):
    """Why a change is refused."""

    reason = forms.CharField(
        label=lazy("Why"),
        required=False,
        max_length=LONGEST_REASON,
        help_text=lazy("Whoever asked for it reads this."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    version = WholeField(required=False, min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)


class ClassifyForm(forms.Form):
    """What is said of the suppliers that are ticked."""

    supplier = forms.TypedMultipleChoiceField(required=False)
    segment = _chosen(lazy("Segment"), [KEEP, *Segment.choices])
    channel = _chosen(lazy("Channel"), [KEEP, *TradeChannel.choices])


class CategoryForm(forms.Form):
    """A category."""

    code = _typed(
        lazy("Code"),
        hint=lazy("Short, for sheets and programs: letters, digits, hyphens."),
        spellcheck="false",
    )
    name = _typed(lazy("Name"))

    def add_problems(self, refusal: Invalid) -> None:
        """Show what the service would not take beside its field."""
        for problem in refusal.problems:
            self.add_error(problem.field if problem.field in self.fields else None, problem.message)


class CategoriesForm(forms.Form):
    """The categories of one supplier."""

    categories = forms.MultipleChoiceField(
        label=lazy("Categories"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: Any = None, *, known: list[SupplierCategory], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        field: Any = self.fields["categories"]
        field.choices = [(one.code, one.name) for one in known]


class RulesForm(forms.Form):
    """How changes of these parts come into force; of those of which somebody asks it, whether at once."""

    def __init__(
        self,
        data: Any = None,
        *,
        parts: Iterable[Part],
        ways: Mapping[str, Way],
        asked: Mapping[str, DetailRule],
        **kwargs: Any,
    ) -> None:
        super().__init__(data, **kwargs)
        for part in parts:
            choices: list[tuple[str, Any]] = [*Way.choices]
            initial: str = ways[part.value]
            if rule := asked.get(part.value):
                said = _("%(name)s asks: at once. Not decided") % {"name": rule.asked_by}
                choices, initial = [("", said), *choices], ""
            self.fields[part.value] = forms.ChoiceField(
                label=part.label, choices=choices, initial=initial, required=False
            )
