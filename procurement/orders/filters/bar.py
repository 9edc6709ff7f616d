"""The bar over a list: what is filtered now, each with a way to take it off, and what else can be."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from portal.kernel.looks import look_of
from portal.kernel.templatetags.portal_ui import day_text
from procurement.orders.filters.asked import ALL, ENDED, FLAGS, ListFilters, Reader, Wanted
from procurement.orders.states import Agreement, Logistics

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bar:
    """Chips that are on, menus of chips that could be, the form for the rest, and what was not understood."""

    active: list[Row]
    menus: list[Row]
    form: ListFilters
    not_understood: list[str]
    clear_url: str


def bar_of(query: QueryDict, form: ListFilters, wanted: Wanted, reader: Reader) -> Bar:
    """The filter bar of a list, for the address it stands at."""
    labels = {name: str(field.label) for name, field in form.fields.items()}
    return Bar(
        active=list(_active(query, wanted, labels, reader)),
        menus=[_menu(query, wanted, name, labels[name], words) for name, words in _menus(reader)],
        form=form,
        not_understood=[labels.get(name, name) for name in wanted.bad],
        clear_url=_address(query, **dict.fromkeys((*FILTERS, "q"))),
    )


FILTERS = ("agreement", "logistics", "flag", "state", "supplier", "company", "site", "since", "until")


def _address(query: QueryDict, **changed: Any) -> str:
    changed_query = query.copy()
    changed_query.pop("cursor", None)
    for name, value in changed.items():
        if not value:
            changed_query.pop(name, None)
        else:
            changed_query.setlist(name, value if isinstance(value, list) else [value])
    return f"?{changed_query.urlencode()}"


def _menus(reader: Reader) -> Iterable[tuple[str, list[tuple[str, str]]]]:
    side = str(reader.actor.side)
    yield "agreement", [(value, str(look_of("agreement", value, side).word)) for value in Agreement.values]
    yield "logistics", [(value, str(look_of("logistics", value, side).word)) for value in Logistics.values]
    yield "flag", [(value, str(word)) for value, word in FLAGS if value != "mine" or reader.actor.is_company]
    yield "state", [(value, str(word)) for value, word in ENDED]


def _menu(query: QueryDict, wanted: Wanted, name: str, label: str, words: list[tuple[str, str]]) -> Row:
    chosen = list(wanted.get(name))
    # What has ended, has arrived, or is agreed, is in none of the working views.
    show = {"show": ALL} if name in ("state", "logistics", "agreement") else {}
    options = []
    for value, word in words:
        current = value in chosen
        kept = [each for each in chosen if each != value] if current else [*chosen, value]
        options.append({"label": word, "url": _address(query, **{name: kept}, **show), "current": current})
    return {"label": label, "options": options}


def _active(query: QueryDict, wanted: Wanted, labels: dict[str, str], reader: Reader) -> Iterable[Row]:
    for name, words in _menus(reader):
        chosen = list(wanted.get(name))
        for value, word in words:
            if value in chosen:
                rest = [each for each in chosen if each != value]
                yield {"label": labels[name], "text": word, "remove_url": _address(query, **{name: rest})}
    for name, code in (("supplier", "number"), ("company", "code"), ("site", "code")):
        chosen = list(wanted.get(name))
        for record in chosen:
            rest = [getattr(each, code) for each in chosen if each != record]
            yield {
                "label": labels[name],
                "text": record.name,
                "remove_url": _address(query, **{name: rest}),
            }
    for name in ("since", "until"):
        if day := wanted.get(name):
            yield {
                "label": labels[name],
                "text": day_text(day),
                "remove_url": _address(query, **{name: None}),
            }
    if searched := wanted.values.get("q"):
        remove = _address(query, q=None)
        yield {"label": _("Search"), "text": f"“{searched}”", "remove_url": remove}
