"""By what the trail is narrowed, as it stands in an address; and the chips that say it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.kernel.actors import Actor
from portal.kernel.templatetags.portal_ui import day_text
from portal.kernel.typed import DayField
from procurement.trail.presenters.rows import kinds_of
from procurement.trail.presenters.words import KINDS
from procurement.trail.queries import Wish, names_of, people_named, streams_named, suppliers_named
from procurement.trail.states import Matter, Way

LONGEST = 200
NAMES = ("matter", "kind", "way", "supplier", "person", "paper", "q", "since", "until")
SCIM_KINDS = tuple(sorted(kind for kind in KINDS if kind.startswith("scim_")))


class TrailFilter(forms.Form):
    """Which events. What cannot be read is said, and passed over."""

    supplier = forms.CharField(
        label=lazy("Supplier"),
        required=False,
        max_length=LONGEST,
        help_text=lazy("Number or a part of the name."),
    )
    person = forms.CharField(
        label=lazy("Person"),
        required=False,
        max_length=254,
        help_text=lazy("A part of the name, or the whole mail address. Also of somebody who has left."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    since = DayField(
        label=lazy("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = DayField(
        label=lazy("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    matter = forms.ChoiceField(label=lazy("What it is about"), required=False, choices=Matter.choices)
    way = forms.ChoiceField(label=lazy("By which door"), required=False, choices=Way.choices)
    kind = forms.CharField(label=lazy("Kind of event"), required=False, max_length=60)
    paper = forms.CharField(label=lazy("Paper"), required=False, max_length=120)
    q = forms.CharField(label=lazy("Number"), required=False, max_length=LONGEST)

    def __init__(self, data: QueryDict, *, actor: Actor) -> None:
        super().__init__(data, auto_id="trail_%s")
        if actor.is_supplier:
            del self.fields["supplier"]
            self.fields["person"].help_text = _("A part of the name. Also of somebody who has left.")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for: the wish, what of it is on as words by field, and what could not be read."""

    wish: Wish
    words: Mapping[str, str] = field(default_factory=dict)
    not_understood: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What the trail is narrowed by, in one line: for the event that says that it was exported."""
        return "; ".join(f"{name}: {text}" for name, text in self.words.items())


def understand(form: TrailFilter, *, actor: Actor) -> Asked:
    """What is wanted, with names looked up as far as the reader may see them. At most four queries."""
    form.is_valid()
    values = {name: value for name, value in form.cleaned_data.items() if value}
    bad = tuple(str(form.fields[name].label) for name in form.errors if name in form.fields)
    words: dict[str, str] = {}
    wish: dict[str, Any] = {}
    _narrow_to_kinds(values, wish, words)
    if supplier := values.get("supplier"):
        found = suppliers_named(supplier, actor=actor)
        wish["suppliers"] = tuple(one.pk for one in found)
        words["supplier"] = found[0].name if len(found) == 1 else supplier
    if person := values.get("person"):
        _narrow_to_person(person, wish, words, actor)
    if "paper" in values or "q" in values:
        streams = streams_named(values["q"], actor=actor) if "q" in values else [values["paper"]]
        if "q" in values and "paper" in values:
            streams = [one for one in streams if one == values["paper"]]
        wish["streams"] = tuple(streams)
        words |= {name: values[name] for name in ("paper", "q") if name in values}
    for name, days in (("since", 0), ("until", 1)):
        if name in values:
            wish[name] = moment_of(values[name] + timedelta(days=days))
            words[name] = day_text(values[name])
    return Asked(Wish(**wish), words, bad)


def moment_of(day: date) -> datetime:
    """The first moment of a day where the reader is."""
    return datetime.combine(day, time(), timezone.get_current_timezone())


def _narrow_to_kinds(values: Mapping[str, Any], wish: dict[str, Any], words: dict[str, str]) -> None:
    kinds: set[str] | None = None
    if matter := values.get("matter"):
        kinds = set(kinds_of(matter))
        words["matter"] = str(Matter(matter).label)
    if kind := values.get("kind"):
        kinds = {kind} if kinds is None else kinds & {kind}
        words["kind"] = kind
    if way := values.get("way"):
        words["way"] = str(Way(way).label)
        if way == Way.SCIM:
            kinds = set(SCIM_KINDS) if kinds is None else kinds & set(SCIM_KINDS)
        wish["channel"] = Way.API if way == Way.SCIM else way
    if kinds is not None:
        wish["kinds"] = tuple(sorted(kinds))


def _narrow_to_person(person: str, wish: dict[str, Any], words: dict[str, str], actor: Actor) -> None:
    words["person"] = person
    if not actor.is_supplier:
        found = people_named(person)
        wish["people"] = tuple(one.pk for one in found)
        if len(found) == 1:
            words["person"] = found[0].name
    elif person.isascii() and person.isdecimal() and len(person) < 10:
        # Who has left is no colleague any more: the name stands on the events alone.
        wish["people"] = (int(person),)
        words["person"] = names_of([int(person)]).get(int(person), person)
    else:
        wish["name"] = person


@dataclass(frozen=True, slots=True)
class Bar:
    """The filter bar: chips that are on, menus of what could be, and where everything is off."""

    active: list[dict[str, str]]
    menus: list[dict[str, Any]]
    clear_url: str
    not_understood: tuple[str, ...]


def bar_of(query: QueryDict, form: TrailFilter, asked: Asked) -> Bar:
    """The bar over the trail, for the address it stands at."""
    return Bar(
        active=list(_active(query, form, asked)),
        menus=[
            _menu(query, form, "matter", Matter.choices),
            _menu(query, form, "way", Way.choices),
        ],
        clear_url=address_with(query, **dict.fromkeys(NAMES, "")),
        not_understood=asked.not_understood,
    )


def address_with(query: QueryDict, **changed: str) -> str:
    """The address of the list with some filters changed, from its first page."""
    copied = query.copy()
    copied.pop("cursor", None)
    for name, value in changed.items():
        copied.pop(name, None)
        if value:
            copied[name] = value
    return f"?{copied.urlencode()}"


def _active(query: QueryDict, form: TrailFilter, asked: Asked) -> Iterator[dict[str, str]]:
    for name in NAMES:
        if name in asked.words and name in form.fields:
            label = str(form.fields[name].label)
            yield {"label": label, "text": asked.words[name], "remove_url": address_with(query, **{name: ""})}


def _menu(query: QueryDict, form: TrailFilter, name: str, choices: Any) -> dict[str, Any]:
    chosen = form.cleaned_data.get(name, "")
    options = [
        {
            "label": label,
            "url": address_with(query, **{name: "" if value == chosen else str(value)}),
            "current": value == chosen,
        }
        for value, label in choices
    ]
    return {"label": str(form.fields[name].label), "options": options}
