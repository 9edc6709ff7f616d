"""What the address of a list asks for: view, filters, search and order of rows.

Every filter is a parameter of the address, so that each chip is a link and a list can be sent to a colleague.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import forms
from django.forms.models import ModelChoiceIterator
from django.forms.utils import flatatt
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from portal.kernel.actors import Actor
from portal.kernel.typed import DayField
from procurement.catalogue.models import Company, Site
from procurement.orders.states import Agreement, Logistics, Turn
from suppliers.models import Supplier
from suppliers.roles import Permission

LONGEST_SEARCH = 100
MOST_WORDS = 6

# --- what an address may say --------------------------------------------------------------------------------

NEEDS, WAITING, LATE, OPEN, ALL = "needs", "waiting", "late", "open", "all"
SHOWS = (NEEDS, WAITING, LATE, OPEN, ALL)

FLAGS = [
    ("stale", _("Changed after agreement")),
    ("overdue", _("Answer overdue")),
    ("late", _("Late")),
    ("mine", _("My orders")),
]
ENDED = [("cancelled", _("Cancelled")), ("closed", _("Closed"))]


class Lenient(forms.MultipleChoiceField):
    """Several values of a list, as links make them."""

    def __init__(self, choices: Sequence[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(choices=choices, required=False, **kwargs)


class ReadAtOnce(ModelChoiceIterator):
    """The choices of a list in one query; Django's own opens a cursor, which takes four."""

    def __iter__(self) -> Iterator[tuple[Any, str]]:
        return (self.choice(record) for record in self.queryset)


class PlainSelect(forms.SelectMultiple):
    """A list of choices as Django writes it, without a template for each of hundreds of suppliers."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen = {str(one) for one in value or ()}
        options = (
            (str(option), mark_safe(" selected") if str(option) in chosen else "", label)
            for option, label in self.choices
        )
        whole = self.build_attrs(self.attrs, {**(attrs or {}), "name": name})
        return format_html(
            "<select{} multiple>{}</select>",
            flatatt(whole),
            format_html_join("", '<option value="{}"{}>{}</option>', options),
        )


class Records(forms.ModelMultipleChoiceField):
    """Records chosen from many."""

    iterator = ReadAtOnce
    widget = PlainSelect


class ListFilters(forms.Form):
    """What an address asks of a list. A value that is not understood is left out, and the page says so."""

    show = forms.ChoiceField(choices=[(show, show) for show in SHOWS], required=False)
    q = forms.CharField(max_length=LONGEST_SEARCH, required=False, label=_("Search"))
    agreement = Lenient(Agreement.choices, label=_("Agreement"))
    logistics = Lenient(Logistics.choices, label=_("Logistics"))
    flag = Lenient(FLAGS, label=_("Marked"))
    state = Lenient(ENDED, label=_("Ended"))
    supplier = Records(Supplier.objects.none(), to_field_name="number", required=False, label=_("Supplier"))
    company = Records(Company.objects.none(), to_field_name="code", required=False, label=_("Company"))
    site = Records(Site.objects.none(), to_field_name="code", required=False, label=_("Deliver to"))
    since = DayField(label=_("Delivery from"), required=False)
    until = DayField(label=_("Delivery to"), required=False)
    sort = forms.CharField(required=False, max_length=20)

    def __init__(self, data: Mapping[str, Any], *, actor: Actor) -> None:
        super().__init__(data, auto_id="filter_%s")
        self.actor = actor
        self.fields["supplier"].queryset = Supplier.objects.visible_to(actor).order_by("name")  # type: ignore[attr-defined]
        self.fields["company"].queryset = Company.objects.order_by("name")  # type: ignore[attr-defined]
        self.fields["site"].queryset = Site.objects.order_by("name")  # type: ignore[attr-defined]


def holds_the_ball(actor: Actor) -> bool:
    """Whether this actor may do what a list says is to be done: answer, or decide."""
    return actor.may(Permission.ORDER_ACKNOWLEDGE if actor.is_supplier else Permission.ORDER_DECIDE)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks at a list, and when: what "needs me", "mine" and "late" mean depends on both."""

    actor: Actor
    at: datetime
    email: str = ""

    @property
    def today(self) -> date:
        return timezone.localdate(self.at)

    @property
    def holds_the_ball(self) -> bool:
        """Whether what waits for the reader's side waits for the reader."""
        return holds_the_ball(self.actor)

    @property
    def turn(self) -> str:
        return Turn.SUPPLIER if self.actor.is_supplier else Turn.BUYER

    @property
    def other_turn(self) -> str:
        return Turn.BUYER if self.actor.is_supplier else Turn.SUPPLIER


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters of an address, understood: `bad` names the parameters that were not."""

    values: dict[str, Any]
    bad: dict[str, str]
    first: str = NEEDS

    @property
    def show(self) -> str:
        # Who searches looks for one thing wherever it stands; who opens the list wants what waits for them.
        return self.values.get("show") or (ALL if self.values.get("q") else self.first)

    @property
    def words(self) -> list[str]:
        return str(self.values.get("q") or "").lower().split()[:MOST_WORDS]

    def get(self, name: str) -> Any:
        return self.values.get(name) or ()


def understand(form: ListFilters) -> Wanted:
    """Read the form; keeps what is valid."""
    form.is_valid()
    bad = {name: " ".join(map(str, errors)) for name, errors in form.errors.items()}
    return Wanted(dict(form.cleaned_data), bad, NEEDS if holds_the_ball(form.actor) else OPEN)
