"""What the address of the list of all suppliers' documents asks for, and its views and filters as links."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from suppliers.documents.models import DocumentKind
from suppliers.documents.presenters import kind_name
from suppliers.documents.queries import HOLDINGS, HoldingSearch

WORDS = {
    "missing": lazy("Missing"),
    "ending": lazy("Ends soon, or has ended"),
    "late": lazy("Overdue"),
    "held": lazy("In force"),
}
ENDS_WITHIN = (30, 90, 180)
FIRST = "missing"


def search_of(asked: QueryDict, kinds: Sequence[DocumentKind], today: date) -> HoldingSearch:
    """What is asked; words that are none of the list are passed over."""
    view, kind, ends = asked.get("view", ""), asked.get("kind", ""), asked.get("ends", "")
    within = int(ends) if ends in {str(days) for days in ENDS_WITHIN} else 0
    return HoldingSearch(
        view if view in HOLDINGS else FIRST,
        kind if kind in {one.code for one in kinds} else "",
        asked.get("q", "").strip()[:100],
        today + timedelta(days=within) if within else None,
    )


def list_views(asked: QueryDict, search: HoldingSearch, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """What `components/views.html` takes."""
    return [
        {
            "url": _address(asked, view=name),
            "label": label,
            "count": counts[name],
            "hot": name == "late",
            "current": search.holding == name,
        }
        for name, label in WORDS.items()
    ]


def list_filters(asked: QueryDict, search: HoldingSearch, kinds: Sequence[DocumentKind]) -> dict[str, Any]:
    """What `components/filter_bar.html` takes."""
    names = {one.code: kind_name(one.code, one.name) for one in kinds}
    days = {str(n): _("%(n)d days") % {"n": n} for n in ENDS_WITHIN}
    chosen = {"kind": search.kind, "ends": asked.get("ends", "") if search.ends_by else ""}
    active, filters = [], []
    for name, label, words in (("kind", _("Kind"), names), ("ends", _("Ends within"), days)):
        if chosen[name]:
            remove = _address(asked, **{name: ""})
            active.append({"label": label, "text": words[chosen[name]], "remove_url": remove})
        else:
            options = [
                {"label": word, "url": _address(asked, **{name: code})} for code, word in words.items()
            ]
            filters.append({"label": label, "options": options})
    return {
        "q": search.text,
        "active": active,
        "filters": filters,
        "clear_url": _address(QueryDict(), view=search.holding),
    }


def _address(asked: QueryDict, **changed: str) -> str:
    new = asked.copy()
    new.pop("cursor", None)
    for name, value in changed.items():
        if value:
            new[name] = value
        else:
            new.pop(name, None)
    return f"?{new.urlencode()}"
