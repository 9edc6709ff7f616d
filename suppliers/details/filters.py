"""What the address of the list of suppliers asks for, and its filters as links."""

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from suppliers.details.policies.countries import country_choices, country_name, is_country
from suppliers.details.queries import SupplierSearch
from suppliers.states import Segment, SupplierState, TradeChannel

MOST_TYPED = 100


def search_of(asked: QueryDict) -> SupplierSearch:
    """What is asked; words that are none of the list are passed over."""
    country = asked.get("country", "")
    return SupplierSearch(
        text=asked.get("q", "")[:MOST_TYPED],
        segment=_known(asked, "segment", Segment),
        channel=_known(asked, "channel", TradeChannel),
        state=_known(asked, "state", SupplierState),
        country=country if is_country(country) else "",
    )


def _known(asked: QueryDict, name: str, words: Any) -> str:
    value = asked.get(name, "")
    return value if value in words.values else ""


def list_filters(asked: QueryDict, search: SupplierSearch) -> Mapping[str, Any]:
    """What `components/filter_bar.html` takes."""
    labels = {"segment": _("Segment"), "channel": _("Channel"), "state": _("State"), "country": _("Country")}
    choices = {
        "segment": Segment.choices,
        "channel": TradeChannel.choices,
        "state": SupplierState.choices,
        "country": country_choices(),
    }
    active, filters = [], []
    for name, label in labels.items():
        value = getattr(search, name)
        if value:
            text = country_name(value) if name == "country" else str(dict(choices[name])[value])
            active.append({"label": label, "text": text, "remove_url": _address(asked, **{name: ""})})
        else:
            options = [
                {"label": word, "url": _address(asked, **{name: code})} for code, word in choices[name]
            ]
            filters.append({"label": label, "options": options})
    return {"q": search.text, "active": active, "filters": filters, "clear_url": "?"}


def _address(asked: QueryDict, **changed: str) -> str:
    new = asked.copy()
    new.pop("cursor", None)
    for name, value in changed.items():
        if value:
            new[name] = value
        else:
            new.pop(name, None)
    return f"?{new.urlencode()}"
