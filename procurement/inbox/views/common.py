"""What the list and the case share: which cases are wanted, and the list beside a case."""

from datetime import datetime, timedelta
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kernel.access import DoorRequest
from portal.kernel.web import Page, whole_number
from procurement.inbox.models import ExceptionCase
from procurement.inbox.presenters.rows import Row, rows_of
from procurement.inbox.queries.cases import (
    VIEWS,
    Wanted,
    counts_of,
    page_of_cases,
    queues_for,
    wanted_cases,
)
from procurement.inbox.queries.people import name_of
from procurement.inbox.states import CaseKind
from suppliers.roles import CompanyRole, Permission

VIEW_WORDS = {
    "mine": gettext_lazy("Mine"),
    "stock": gettext_lazy("Stock-out"),
    "team": gettext_lazy("Team"),
    "nobody": gettext_lazy("Nobody’s"),
    "snoozed": gettext_lazy("Snoozed"),
    "closed": gettext_lazy("Closed"),
}
FILTERS = ("kind", "supplier", "site", "group", "owner", "least", "due")
FILTER_WORDS = {
    "kind": gettext_lazy("Kind"),
    "supplier": gettext_lazy("Supplier"),
    "site": gettext_lazy("Site"),
    "group": gettext_lazy("Item group"),
    "owner": gettext_lazy("Who has it"),
    "least": gettext_lazy("Score from"),
    "due": gettext_lazy("Due"),
}
DUE_WORDS = {
    "over": gettext_lazy("overdue"),
    "day": gettext_lazy("within a day"),
    "week": gettext_lazy("within a week"),
}
WITHIN = {"over": timedelta(0), "day": timedelta(days=1), "week": timedelta(days=7)}


def wanted_of(request: DoorRequest) -> Wanted:
    """Which cases: a buyer begins with its own, everybody else with all."""
    usual = "mine" if request.actor.role == CompanyRole.BUYER else "team"
    given = request.GET
    kind = given.get("kind", "")
    due = given.get("due", "")
    return Wanted(
        view=given.get("view", usual) if given.get("view", usual) in VIEWS else usual,
        kind=kind if kind in CaseKind.values else "",
        supplier=given.get("supplier", ""),
        site=given.get("site", ""),
        group=given.get("group", ""),
        owner=given.get("owner", ""),
        least=min(100, whole_number(given.get("least")) or 0),
        due=due if due in WITHIN else "",
    )


def cases_wanted(request: DoorRequest, wanted: Wanted) -> Any:
    """The cases of the list as it is narrowed."""
    cases = wanted_cases(request.actor, wanted)
    return cases.filter(due_at__lt=request.at + WITHIN[wanted.due]) if wanted.due else cases


def address(request: DoorRequest, page: str = "inbox", key: Any = None, drop: str = "") -> str:
    """The address of the list, or of a case in it, as it is narrowed."""
    query = QueryDict(mutable=True)
    for name in ("view", *FILTERS, "cursor"):
        if value := request.GET.get(name):
            query[name] = value
    if drop:
        query.pop(drop, None)
        query.pop("cursor", None)
    text = query.urlencode()
    path = reverse(page, kwargs={"key": key}) if key else reverse(page)
    return path + (f"?{text}" if text else "")


def list_context(request: DoorRequest, case: ExceptionCase | None = None) -> dict[str, Any]:
    """The list: its rows, its views with their counts, what it is narrowed by. Four queries."""
    wanted = wanted_of(request)
    latest = wanted.view == "closed"
    page: Page = page_of_cases(cases_wanted(request, wanted), request.GET.get("cursor", ""), latest=latest)
    rows: list[Row] = rows_of(page.rows, request.at, case.key if case else None)
    place = next((index for index, row in enumerate(rows) if row.is_current), None)
    return {
        "page": page,
        "rows": [
            (row, address(request, "inbox-case", row.case.key), _key(rows, index, place))
            for index, row in enumerate(rows)
        ],
        "active": _active(request, wanted),
        "bulk_url": address(request, "inbox-bulk"),
        "filter_url": address(request, "inbox-filter"),
        "queue_url": address(request, "inbox-queue"),
        "clear_url": reverse("inbox") + f"?view={wanted.view}",
        "may_decide": request.actor.may(Permission.ORDER_DECIDE),
        "loaded": request.at.isoformat(),
        "since": request.at.isoformat(),
        **views_context(request, wanted),
    }


def views_context(request: DoorRequest, wanted: Wanted) -> dict[str, Any]:
    """The views with their counts, and what every part of the list must know: two queries."""
    counts = counts_of(request.actor)
    return {
        "wanted": wanted,
        "counts": counts,
        "views": _views(request, wanted, counts),
        "list_url": address(request),
        "poll_url": address(request, "inbox-poll"),
        "may_work": request.actor.may(Permission.CASE_WORK),
        "show_holder": wanted.view not in ("mine", "nobody"),
    }


def _key(rows: list[Row], index: int, place: int | None) -> str:
    """The key that opens a row: the one after the open case, and the one before it; without one, the first."""
    if place is None:
        return "j" if index == 0 else ""
    return {place + 1: "j", place - 1: "k"}.get(index, "")


def _views(request: DoorRequest, wanted: Wanted, counts: dict[str, int]) -> list[dict[str, Any]]:
    found = [
        {
            "url": reverse("inbox") + f"?view={name}",
            "label": VIEW_WORDS[name],
            "count": _count(counts[name]) if name in counts else "",
            "hot": name == "mine",
            "current": wanted.view == name and not wanted.is_narrowed,
        }
        for name in VIEWS
    ]
    here = _query_of(request)
    for queue in queues_for(request.actor):
        found.append(
            {
                "url": f"{reverse('inbox')}?{queue.query}",
                "label": queue.name,
                "count": "",
                "hot": False,
                "current": bool(queue.query) and here == _sorted(queue.query),
            }
        )
    return found


def _count(count: int) -> str:
    return "999+" if count > 999 else str(count)


def _query_of(request: DoorRequest) -> str:
    query = request.GET.copy()
    query.pop("cursor", None)
    return _sorted(query.urlencode())


def _sorted(query: str) -> str:
    return "&".join(sorted(query.split("&")))


def _active(request: DoorRequest, wanted: Wanted) -> list[dict[str, Any]]:
    found = []
    for name in FILTERS:
        value = getattr(wanted, name)
        if not value:
            continue
        text = str(value)
        if name == "kind":
            text = str(CaseKind(value).label)
        elif name == "due":
            text = str(DUE_WORDS[value])
        elif name == "owner":
            text = name_of(value) or text
        found.append(
            {
                "label": FILTER_WORDS[name],
                "text": text,
                "remove_url": address(request, drop=name),
            }
        )
    return found


def since_of(text: str, fallback: datetime) -> datetime:
    """A moment as a page sends it back."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return fallback
    return found if found.tzinfo else fallback


def said_of(verb: str, count: int) -> str:
    """What is said when something was done to so many cases."""
    words = {
        "accept": _("Accepted: %(n)d. The ERP is told."),
        "decline": _("Declined: %(n)d. The suppliers answer again."),
        "assign": _("Given: %(n)d."),
        "snooze": _("Asleep: %(n)d."),
        "settle": _("Closed: %(n)d."),
    }
    return words[verb] % {"n": count}
