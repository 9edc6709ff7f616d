"""What a person fills in on the desk: reasons, amounts, rules, limits, and how a company takes invoices."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.kernel.errors import Invalid, Problem
from portal.kernel.templatetags.portal_ui import plain_figure
from portal.kernel.values import Unreadable, read_date, read_decimal
from procurement.catalogue.models import Company
from procurement.invoices.messages import SaveProfile, TaxOffered
from procurement.invoices.models import InvoiceTaxChoice
from procurement.payables.messages import ShortCharge, ShortLine, WriteLimit, WriteRule
from procurement.payables.policies import MOST_STEPS
from procurement.payables.presenters.sentences import role_text
from procurement.payables.queries.approvals import approvers, approving_roles
from procurement.payables.states import Why
from procurement.tolerances.forms import NO_SUPPLIER, CurrencyChosen, item_groups, suppliers_named

FIGURES = ("quantity", "price", "short")


def read_amount(field: str, text: str) -> Decimal | None:
    """An amount as it was typed, 1,250.50 or 1.250,50; None for nothing. Raises `Invalid` for what is none."""
    if not text.strip():
        return None
    try:
        amount = read_decimal(text, get_language() or "en")
    except Unreadable:
        amount = Decimal("NaN")
    if not amount.is_finite() or abs(amount) >= 10**12:
        message = _("“%(text)s” is no amount.") % {"text": text.strip()[:40]}
        raise Invalid(message, [Problem(field, message, text[:40], "unreadable")])
    return amount


def day_or_none(text: str) -> date | None:
    """A day as it was typed; None for nothing. Raises `Unreadable`."""
    return read_date(text) if text.strip() else None


def read_part(
    post: Mapping[str, Any],
) -> tuple[tuple[ShortLine, ...], tuple[ShortCharge, ...]]:
    """What of each line and charge is paid, where that is not all: fields `quantity-`, `price-`, `short-` and `why-`,
    and `charge-`, each with the position. Raises `Invalid` with every bad one.
    """
    read: dict[tuple[str, int], Decimal] = {}
    problems: list[Problem] = []
    for name, text in post.items():
        what, _dash, position = name.partition("-")
        if what not in (*FIGURES, "charge") or not position.isdecimal() or len(position) > 6:
            continue
        try:
            figure = read_amount(name, str(text))
        except Invalid as refusal:
            problems += refusal.problems
            continue
        if figure is not None:
            read[what, int(position)] = figure
    if problems:
        raise Invalid(problems[0].message, problems)
    positions = sorted({position for what, position in read if what != "charge"})
    lines = tuple(
        ShortLine(
            position,
            read.get(("short", position), Decimal(0)),
            read.get(("quantity", position)),
            read.get(("price", position)),
            str(post.get(f"why-{position}", "")).replace("\r\n", " ").strip(),
        )
        for position in positions
    )
    charges = tuple(
        ShortCharge(position, amount) for (what, position), amount in read.items() if what == "charge"
    )
    return lines, charges


class _Approver(forms.Form):
    """A role or a person, in one field."""

    approver = forms.ChoiceField(label=lazy("Who"), choices=())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = [(f"role:{role}", role_text(role)) for role in approving_roles()]
        people = [(f"person:{one.pk}", one.name) for one in approvers()]
        field = self.fields["approver"]
        field.choices = [("", _("Choose")), (_("Roles"), roles), (_("People"), people)]  # type: ignore[attr-defined]
        field.error_messages["required"] = _("Choose a role or a person.")

    def role(self) -> str:
        kind, _colon, value = self.cleaned_data["approver"].partition(":")
        return value if kind == "role" else ""

    def person(self) -> int | None:
        kind, _colon, value = self.cleaned_data["approver"].partition(":")
        return int(value) if kind == "person" else None

    def add_problems(self, refusal: Invalid) -> None:
        """Show what the service would not take beside its field."""
        for problem in refusal.problems:
            name = "approver" if problem.field in ("role", "person") else problem.field
            self.add_error(name if name in self.fields else None, problem.message)


def _amount(label: Any, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )


class RuleForm(_Approver):
    """Who approves what."""

    field_order = ("step", "approver")
    step = forms.TypedChoiceField(
        label=lazy("Step"),
        help_text=lazy("Step 2 is asked when all of step 1 have approved."),
        choices=[(number, number) for number in range(1, MOST_STEPS + 1)],
        coerce=int,
    )
    amount_from = _amount(
        lazy("From and with this amount"),
        lazy("It speaks of an invoice of exactly this amount, too. What is claimed, taxes and all."),
    )
    amount_below = _amount(
        lazy("Below this amount"), lazy("It does not speak of an invoice of exactly this amount.")
    )
    currency = CurrencyChosen(
        label=lazy("Currency"), help_text=lazy("An amount in euros says nothing of dollars."), required=False
    )
    company = forms.ChoiceField(label=lazy("Company"), required=False, choices=())
    supplier = forms.ChoiceField(
        label=lazy("Supplier"), required=False, error_messages={"invalid_choice": NO_SUPPLIER}
    )
    item_group = forms.ChoiceField(label=lazy("Item group"), required=False)
    why = forms.ChoiceField(
        label=lazy("Held because of"), required=False, choices=[("", lazy("Anything")), *Why.choices]
    )
    valid_from = forms.CharField(label=lazy("From day"), required=False, max_length=20)
    valid_to = forms.CharField(label=lazy("To day"), required=False, max_length=20)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        companies = [(one.code, one.name) for one in Company.objects.order_by("name")]
        found = {"company": companies, "supplier": suppliers_named(), "item_group": item_groups()}
        for name, choices in found.items():
            self.fields[name].choices = [("", _("All")), *choices]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for name in ("amount_from", "amount_below"):
            try:
                data[name] = read_amount(name, data.get(name) or "")
            except Invalid as refusal:
                self.add_error(name, refusal.message)
        for name in ("valid_from", "valid_to"):
            try:
                data[name] = day_or_none(data.get(name) or "")
            except Unreadable:
                self.add_error(name, _("Write a day like 2026-04-01."))
        return data

    def command(self) -> WriteRule:
        """The rule as it was filled in."""
        data = self.cleaned_data
        return WriteRule(
            data["step"],
            self.role(),
            self.person(),
            data["currency"] or "",
            data["amount_from"],
            data["amount_below"],
            data["company"],
            data["supplier"],
            data["item_group"],
            data["why"],
            data["valid_from"],
            data["valid_to"],
        )


class LimitForm(_Approver):
    """Up to how much somebody accepts alone."""

    amount = _amount(
        lazy("Up to and with"),
        lazy("An invoice of exactly this amount is accepted alone, too. What is claimed, taxes and all."),
    )
    currency = CurrencyChosen(label=lazy("Currency"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        try:
            data["amount"] = read_amount("amount", data.get("amount") or "")
        except Invalid as refusal:
            self.add_error("amount", refusal.message)
        else:
            if data["amount"] is None:
                self.add_error("amount", _("Write an amount."))
        return data

    def command(self) -> WriteLimit:
        """The limit as it was filled in."""
        data = self.cleaned_data
        return WriteLimit(data["currency"], data["amount"], self.role(), self.person())


# --- how a company takes invoices ---------------------------------------------------------------------------

EMPTY_ROWS = 2
TAX_FIELDS = ("category", "rate", "label", "jurisdiction", "exemption_reason")


def tax_rows_of(post: Any, taxes: Sequence[InvoiceTaxChoice]) -> list[dict[str, Any]]:
    """The rows of taxes for the page, with empty ones to add to: as they were typed, else as they are kept."""
    if post is not None:
        rows = _typed_taxes(post)
    else:
        rows = [
            {
                "category": one.category,
                "rate": plain_figure(one.rate),
                "label": one.label,
                "jurisdiction": one.jurisdiction,
                "exemption_reason": one.exemption_reason,
                "is_usual": one.is_usual,
            }
            for one in taxes
        ]
    empty: dict[str, Any] = {**dict.fromkeys(TAX_FIELDS, ""), "is_usual": False}
    rows = [*rows, *(dict(empty) for _number in range(EMPTY_ROWS))]
    return [{**row, "number": number} for number, row in enumerate(rows)]


def _typed_taxes(post: Any) -> list[dict[str, Any]]:
    usual = post.get("usual", "")
    rows = []
    for number in range(120):
        if f"tax-{number}-label" not in post and f"tax-{number}-rate" not in post:
            break
        row = {name: post.get(f"tax-{number}-{name}", "").strip() for name in TAX_FIELDS}
        if row["label"] or row["rate"]:
            rows.append({**row, "is_usual": usual == str(number)})
    return rows


def profile_in(post: Any, company: str, version: int) -> SaveProfile:
    """How a company takes invoices, as it was filled in. Raises `Invalid` for rates that are no figures."""
    taxes: list[TaxOffered] = []
    problems: list[Problem] = []
    for number, row in enumerate(_typed_taxes(post)):
        try:
            rate = read_decimal(row["rate"] or "0", get_language() or "en")
        except Unreadable:
            message = _("“%(text)s” is no rate.") % {"text": row["rate"][:40]}
            problems.append(Problem(f"tax-{number}-rate", message, row["rate"][:40], "unreadable"))
            continue
        taxes.append(
            TaxOffered(
                row["category"],
                rate,
                row["label"],
                row["jurisdiction"],
                row["exemption_reason"],
                row["is_usual"],
            )
        )
    if problems:
        raise Invalid(problems[0].message, problems)
    return SaveProfile(
        company=company,
        version=version,
        allow_without_order=bool(post.get("allow_without_order")),
        claims_received=bool(post.get("claims_received")),
        einvoice_formats=tuple(post.getlist("format")),
        company_tax_id=post.get("company_tax_id", "").strip(),
        name=post.get("name", "").strip(),
        address=post.get("address", "").replace("\r\n", "\n").strip(),
        country=post.get("country", "").strip().upper(),
        taxes=tuple(taxes),
    )
