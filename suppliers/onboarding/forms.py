"""What a person fills in about onboarding."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.kernel.errors import Invalid
from portal.kernel.typed import DayField
from suppliers.details.policies.countries import country_choices
from suppliers.onboarding.messages import (
    ExcludeSuppliers,
    Question,
    Step,
    Target,
    WriteInvitationText,
    WriteTemplate,
    WriteTerms,
)
from suppliers.onboarding.models import OnboardingTemplate, Terms
from suppliers.onboarding.policies import (
    LONGEST_COMPANY,
    LONGEST_NAME,
    LONGEST_REASON,
    LONGEST_TERMS,
    LONGEST_TEXT,
    USUAL_STEPS,
)
from suppliers.onboarding.states import AnswerKind, ExclusionReason, StepKind
from suppliers.states import Segment

PLAIN = {"autocomplete": "off", "spellcheck": "false"}
NOT_ASKED, ASKED, COMPULSORY = "", "asked", "compulsory"
# Steps of which a template says what in particular is wanted, in a field of their name.
NARROWED = (StepKind.TAX, StepKind.IDENTIFIERS, StepKind.CONTACTS, StepKind.DOCUMENTS, StepKind.TERMS)


class _Checked(forms.Form):
    def add_problems(self, refusal: Invalid) -> None:
        """Show what the service would not take beside its field."""
        for problem in refusal.problems:
            self.add_error(problem.field if problem.field in self.fields else None, problem.message)
        if not refusal.problems:
            self.add_error(None, refusal.message)


def _words(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.replace(";", ",").replace("\n", ",").split(",") if one.strip())


class InviteSupplierForm(_Checked):
    """One supplier to be invited."""

    supplier = forms.CharField(
        label=lazy("Number of the supplier"), max_length=40, widget=forms.TextInput(attrs=PLAIN)
    )
    address = forms.EmailField(
        label=lazy("Mail address"),
        required=False,
        help_text=lazy("Empty: the one that the ERP has."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    name = forms.CharField(
        label=lazy("Name of the person"),
        required=False,
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def target(self) -> Target:
        """The supplier as it is named here."""
        said = self.cleaned_data
        return Target(said["supplier"].strip(), said["address"], said["name"].strip())


class InviteProspectForm(_Checked):
    """A supplier that is being won, to be invited by its name."""

    company = forms.CharField(
        label=lazy("Name of the company"),
        max_length=LONGEST_COMPANY,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    country = forms.ChoiceField(label=lazy("Country"))
    address = forms.EmailField(
        label=lazy("Mail address"), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    name = forms.CharField(
        label=lazy("Name of the person"),
        required=False,
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        chooser: Any = self.fields["country"]
        chooser.choices = [("", "–"), *country_choices()]

    def target(self) -> Target:
        """The prospect as it is named here."""
        said = self.cleaned_data
        return Target(
            "", said["address"], said["name"].strip(), company=said["company"], country=said["country"]
        )


class NumberForm(_Checked):
    """The number that the ERP has for a prospect."""

    number = forms.CharField(
        label=lazy("Number in the ERP"),
        max_length=40,
        help_text=lazy("It is known by it from now on."),
        widget=forms.TextInput(attrs=PLAIN),
    )
    is_same = forms.BooleanField(
        label=lazy("It is the same company"),
        required=False,
        help_text=lazy(
            "Only where the ERP's reading has brought the number already: it takes over that record."
        ),
    )


class ReassignForm(_Checked):
    """Somebody else is invited."""

    address = forms.EmailField(
        label=lazy("Mail address"), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    name = forms.CharField(
        label=lazy("Name of the person"),
        required=False,
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class DecideForm(_Checked):
    """Why an onboarding is handed back, refused, taken back or ended."""

    reason = forms.CharField(
        label=lazy("Reason"),
        max_length=LONGEST_REASON,
        required=False,
        help_text=lazy("The supplier reads it. Not needed to approve."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class ChaseForm(_Checked):
    """What the mails to those who are marked say besides their own words."""

    words = forms.CharField(
        label=lazy("A sentence of your own"),
        max_length=LONGEST_REASON,
        required=False,
        help_text=lazy("It stands in each mail, with your name, as you write it here. It may be left empty."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ExclusionForm(_Checked):
    """Whom not to invite."""

    suppliers = forms.CharField(
        label=lazy("Numbers of suppliers"),
        max_length=20_000,
        help_text=lazy("One to a line, or separated by commas."),
        widget=forms.Textarea(attrs={"rows": 3, **PLAIN}),
    )
    reason = forms.ChoiceField(label=lazy("Reason"), choices=ExclusionReason.choices)
    words = forms.CharField(
        label=lazy("In a sentence"),
        required=False,
        max_length=LONGEST_REASON,
        help_text=lazy("Needed for another reason. Suppliers never read it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    until_on = DayField(
        label=lazy("Until"),
        required=False,
        help_text=lazy("The last day. Empty: until somebody ends it."),
    )

    def command(self) -> ExcludeSuppliers:
        """The exclusion as it is written here."""
        said = self.cleaned_data
        return ExcludeSuppliers(_words(said["suppliers"]), said["reason"], said["words"], said["until_on"])


class TemplateForm(_Checked):
    """A template: whom it is for, its steps in their order, and its questions, one to a line."""

    name = forms.CharField(
        label=lazy("Name"), max_length=LONGEST_NAME, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    code = forms.CharField(
        label=lazy("Code"),
        max_length=40,
        help_text=lazy("Small letters, digits and hyphens. It stays the same from version to version."),
        widget=forms.TextInput(attrs=PLAIN),
    )
    countries = forms.CharField(
        label=lazy("Countries"),
        required=False,
        max_length=800,
        help_text=lazy("Two letters each, separated by commas: DE, AT. Empty: every country."),
        widget=forms.TextInput(attrs=PLAIN),
    )
    categories = forms.CharField(
        label=lazy("Categories"),
        required=False,
        max_length=800,
        help_text=lazy("Separated by commas. Empty: every category."),
        widget=forms.TextInput(attrs=PLAIN),
    )
    segments = forms.MultipleChoiceField(
        label=lazy("Segments"),
        required=False,
        choices=Segment.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=lazy("None chosen: every segment."),
    )
    languages = forms.MultipleChoiceField(
        label=lazy("Languages"),
        required=False,
        choices=settings.LANGUAGES,
        widget=forms.CheckboxSelectMultiple,
        help_text=lazy("None chosen: every language."),
    )
    questions = forms.CharField(
        label=lazy("Questions"),
        required=False,
        max_length=20_000,
        help_text=lazy(
            "One to a line: code | question | kind | choices. Kinds: text, yes_no, choice, number, date. "
            "A code that ends in ? need not be answered."
        ),
        widget=forms.Textarea(attrs={"rows": 5, **PLAIN}),
    )
    asks_done = forms.BooleanField(
        label=lazy("Ask for its terms whoever is done, too"),
        required=False,
        initial=True,
        help_text=lazy(
            "Of suppliers whom this template is for and whose onboarding is done or in review. They are mailed now "
            "about terms that nobody asked them for; nothing else is asked of them."
        ),
    )

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        choices = [
            (NOT_ASKED, _("Not asked")),
            (ASKED, _("Asked, not compulsory")),
            (COMPULSORY, _("Compulsory")),
            ("paying", _("Compulsory, and paying waits")),
        ]
        for place, (kind, label) in enumerate(StepKind.choices, start=1):
            self.fields[f"step_{kind}"] = forms.ChoiceField(label=label, required=False, choices=choices)
            self.fields[f"place_{kind}"] = forms.IntegerField(
                label=_("Place of “%(step)s”") % {"step": label},
                min_value=1,
                max_value=99,
                required=False,
                initial=place,
            )
        narrowed = (
            (
                "tax",
                _("Tax numbers of these kinds"),
                _("vat, tax. Each that you name is needed. Empty: any one."),
            ),
            (
                "identifiers",
                _("Other numbers of these kinds"),
                _("gln, duns, lei, gs1_prefix, register. Each that you name is needed. Empty: any one."),
            ),
            (
                "contacts",
                _("Contacts for"),
                _("orders, shipping, invoices, quality, management, emergency. Empty: any."),
            ),
            (
                "documents",
                _("Documents of these kinds"),
                _(
                    "Codes of kinds, such as iso-9001. The step is done when those of them that are compulsory for the "
                    "supplier are accepted. Empty: all that are."
                ),
            ),
        )
        for name, called, help_text in narrowed:
            self.fields[name] = forms.CharField(
                label=called,
                required=False,
                max_length=400,
                help_text=help_text,
                widget=forms.TextInput(attrs=PLAIN),
            )
        self.fields["terms"] = forms.CharField(
            label=_("Codes of the terms"),
            required=False,
            max_length=400,
            widget=forms.TextInput(attrs=PLAIN),
        )
        last = ["questions", "asks_done"]
        self.order_fields([name for name in self.fields if name not in last] + last)

    @property
    def steps(self) -> list[tuple[Any, Any]]:
        """The two fields of each step: how it is asked, and its place."""
        return [(self[f"step_{kind}"], self[f"place_{kind}"]) for kind in StepKind.values]

    @property
    def others(self) -> list[Any]:
        """All fields that are no step's, those about whom it is for first."""
        return [field for field in self if not field.name.startswith(("step_", "place_"))]

    @staticmethod
    def initial_of(template: OnboardingTemplate | None) -> dict[str, Any]:
        """What the form begins with: what stands, or what is usual."""
        steps = template.as_steps() if template else USUAL_STEPS
        first: dict[str, Any] = {}
        for place, one in enumerate(steps, start=1):
            how = "paying" if one.paying_waits else COMPULSORY if one.compulsory else ASKED
            first |= {f"step_{one.kind}": how, f"place_{one.kind}": place}
            if one.kind in NARROWED:
                first[one.kind] = ", ".join(one.wants)
        rest = [kind for kind in StepKind.values if f"step_{kind}" not in first]
        first |= {f"place_{kind}": place for place, kind in enumerate(rest, start=len(steps) + 1)}
        if template is None:
            return first
        first |= {
            "name": template.name,
            "code": template.code,
            "countries": ", ".join(template.countries),
            "categories": ", ".join(template.categories),
            "segments": template.segments,
            "languages": template.languages,
            "questions": "\n".join(_line_of(one) for one in template.as_questions()),
        }
        return first

    def command(self) -> WriteTemplate:
        """The template as it is written here."""
        said = self.cleaned_data
        wants = {kind: _words(said[kind]) for kind in NARROWED}
        asked = sorted(
            (said[f"place_{kind}"] or 99, place, kind)
            for place, kind in enumerate(StepKind.values)
            if said[f"step_{kind}"] != NOT_ASKED
        )
        steps = tuple(
            Step(
                kind,
                compulsory=said[f"step_{kind}"] != ASKED,
                paying_waits=said[f"step_{kind}"] == "paying",
                wants=wants.get(StepKind(kind), ()),
            )
            for _wanted, _place, kind in asked
        )
        return WriteTemplate(
            code=said["code"].strip(),
            name=said["name"].strip(),
            steps=steps,
            questions=tuple(_question_of(line) for line in said["questions"].splitlines() if line.strip()),
            countries=_words(said["countries"]),
            categories=_words(said["categories"]),
            segments=tuple(said["segments"]),
            languages=tuple(said["languages"]),
            asks_done=said["asks_done"],
        )


def _question_of(line: str) -> Question:
    code, text, holds, choices = ([one.strip() for one in line.split("|", 3)] + [""] * 4)[:4]
    return Question(code.rstrip("? "), text, holds, not code.endswith("?"), _words(choices))


def _line_of(one: Question) -> str:
    parts = [one.code + ("" if one.compulsory else "?"), one.text, one.holds]
    return " | ".join([*parts, ", ".join(one.choices)] if one.choices else parts)


class TermsForm(_Checked):
    """Terms, or their next version."""

    title = forms.CharField(
        label=lazy("Title"), max_length=LONGEST_NAME, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    code = forms.CharField(
        label=lazy("Code"),
        max_length=40,
        help_text=lazy("A code that is there already gets its next version, which is to be accepted anew."),
        widget=forms.TextInput(attrs=PLAIN),
    )
    from_on = DayField(
        label=lazy("Counts from"),
        required=False,
        help_text=lazy(
            "Suppliers are asked at once; before this day nothing waits for their word, and the version before counts. "
            "Empty: at once."
        ),
    )

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        for code, label in settings.LANGUAGES:
            self.fields[f"text_{code}"] = forms.CharField(
                label=_("Text (%(language)s)") % {"language": label},
                required=False,
                max_length=LONGEST_TERMS,
                widget=forms.Textarea(attrs={"rows": 6}),
            )

    def add_problems(self, refusal: Invalid) -> None:
        """Texts have a field in each language: what is wrong with them stands above."""
        super().add_problems(refusal)

    def command(self) -> WriteTerms:
        """The terms as they are written here."""
        said = self.cleaned_data
        texts = {code: said[f"text_{code}"].replace("\r\n", "\n") for code, _label in settings.LANGUAGES}
        return WriteTerms(said["code"].strip(), said["title"].strip(), texts, said["from_on"])

    @staticmethod
    def initial_of(terms: Terms | None) -> dict[str, str]:
        """What the form begins with."""
        if terms is None:
            return {}
        return {"title": terms.title, "code": terms.code, **{f"text_{k}": v for k, v in terms.texts.items()}}


class TextForm(_Checked):
    """What invitations say."""

    segment = forms.ChoiceField(label=lazy("Segment"), required=False)
    language = forms.ChoiceField(label=lazy("Language"), choices=settings.LANGUAGES)
    text = forms.CharField(
        label=lazy("Text"),
        required=False,
        max_length=LONGEST_TEXT,
        help_text=lazy(
            "Stands in the mail besides who invites to what. {supplier}, {number} and {person} are filled in. "
            "Empty: no text."
        ),
        widget=forms.Textarea(attrs={"rows": 6}),
    )

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        chooser: Any = self.fields["segment"]
        chooser.choices = [("", _("Every segment")), *Segment.choices]

    def command(self) -> WriteInvitationText:
        """The text as it is written here."""
        said = self.cleaned_data
        return WriteInvitationText(said["segment"], said["language"], said["text"])


class QuestionsForm(_Checked):
    """The questions of a supplier's template."""

    def __init__(
        self, data: Any = None, *, questions: Sequence[Question], answers: Mapping[str, str], **kwargs: Any
    ) -> None:
        super().__init__(data, initial=dict(answers), **kwargs)
        for one in questions:
            self.fields[one.code] = _field_of(one)

    def typed(self) -> dict[str, str]:
        """What was answered, by the question's code."""
        return {name: str(value or "") for name, value in self.cleaned_data.items()}


def _field_of(one: Question) -> forms.Field:
    """Every field may be left empty: one answers what one knows, and goes on later."""
    common: dict[str, Any] = {"label": one.text, "required": False}
    if not one.compulsory:
        common["help_text"] = _("Not compulsory.")
    if one.holds == AnswerKind.YES_NO:
        return forms.ChoiceField(choices=[("", "–"), ("yes", _("Yes")), ("no", _("No"))], **common)
    if one.holds == AnswerKind.CHOICE:
        return forms.ChoiceField(choices=[("", "–"), *_pairs(one.choices)], **common)
    if one.holds == AnswerKind.DATE:
        return forms.CharField(widget=forms.DateInput(attrs={"type": "date"}), **common)
    if one.holds == AnswerKind.NUMBER:
        return forms.CharField(widget=forms.TextInput(attrs={"inputmode": "decimal", **PLAIN}), **common)
    return forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), **common)


def _pairs(words: Iterable[str]) -> list[tuple[str, str]]:
    return [(one, one) for one in words]
