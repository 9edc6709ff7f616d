"""The navigation of every page: where one may go, what waits there, and for whom one acts.

Pages ask inside their door's transaction and scope, and get counts; pages outside a door (accounts, refusals) get the
ways alone. Everything is lazy: a partial that shows no navigation asks the database nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from portal.kernel.actors import Actor
from portal.kernel.scope import acting, in_scope
from portal.navigation.company import COMPANY, GROUPS, SETUP
from portal.navigation.counts import Mine, counted, mine_of
from portal.navigation.supplier import SUPPLIER
from portal.navigation.ways import Place, Side, Way
from procurement.catalogue.models import Company
from procurement.erp.connection import the_connection
from procurement.erp.presenters_connection import standing_of
from suppliers.queries import suppliers_of
from suppliers.roles import CompanyRole, Permission
from suppliers.signin.middleware import is_locked, owed_notice, session_told

P = Permission
FACTOR_DUE_SOON = timedelta(days=3)
BAR = 5


def navigation(request: HttpRequest) -> dict[str, Any]:
    """For templates/base.html: nav, tabs, way_back, party, acting_for, erp_notice, home_url, search_url, session.

    And `for_nobody`, of whoever is signed in and acts for nobody (any more), for templates/403.html.
    """
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None or actor.is_anonymous:
        signed_in = request.user.is_authenticated if actor else False
        for_nobody = signed_in and not is_locked(request)
        return {"nav": [], "acting_for": [], "for_nobody": for_nobody, "session": session_told(request)}
    mine = cast("Mine", SimpleLazyObject(lambda: mine_of(actor)))
    rail = cast("Rail", SimpleLazyObject(lambda: _rail(request, actor, mine)))
    return {
        "nav": SimpleLazyObject(lambda: rail.lines),
        "tabs": SimpleLazyObject(lambda: rail.tabs),
        "way_back": _way_back(request, actor),
        "party": SimpleLazyObject(lambda: _party(actor, mine)),
        "acting_for": SimpleLazyObject(lambda: _acting_for(actor)),
        "erp_notice": SimpleLazyObject(lambda: _erp_notice(request, actor)),
        "stands_in": _stands_in(request),
        "factor_due": _factor_due(request),
        "session": session_told(request),
        "home_url": reverse("home"),
        "search_url": reverse("order-list"),
    }


def side_of(actor: Actor) -> Side:
    """The ways of the side that the actor is on."""
    return SUPPLIER if actor.is_supplier else COMPANY


# --- the rail -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rail:
    """The lines of the rail, and the tabs of the place one is in: none where one may go only one of its ways, and
    none on pages behind a tab, which lead back by themselves.
    """

    lines: list[dict[str, Any]]
    tabs: dict[str, Any]


def _rail(request: HttpRequest, actor: Actor, mine: Mine) -> Rail:
    here = _here(request)
    side = side_of(actor)
    places = [(place, ways) for place in side.places if (ways := place.open_to(actor))]
    tabbed = next(((p, ways) for p, ways in places if len(ways) > 1 and here in {w.name for w in ways}), None)
    wanted = {way.count for _place, ways in places for way in ways if not way.far}
    wanted |= {way.count for way in tabbed[1]} if tabbed else set()
    counts = counted(wanted, request, actor, mine)
    bar = _bar(side, actor, places)
    lines = [
        {
            "url": reverse(ways[0].name),
            "icon": place.icon,
            "label": place.label,
            "current": any(way.holds(here) for way in ways),
            "section": place.section,
            "phone": ways[0].name in bar,
        }
        | _waiting([way for way in ways if not way.far], counts)
        for place, ways in places
    ]
    return Rail(lines, _tabs(*tabbed, here, counts) if tabbed else {})


def _waiting(ways: Sequence[Way], counts: Mapping[str, int]) -> dict[str, Any]:
    """How much waits in a place: of what waits for a person, or else of what does not."""
    hot = sum(counts.get(way.count, 0) for way in ways if way.hot)
    return {"count": hot or sum(counts.get(way.count, 0) for way in ways), "hot": hot > 0}


def _tabs(place: Place, ways: Sequence[Way], here: str, counts: Mapping[str, int]) -> dict[str, Any]:
    rows = [
        {
            "url": reverse(way.name),
            "label": way.label,
            "count": counts.get(way.count, 0),
            "hot": way.hot,
            "current": way.name == here,
        }
        for way in ways
    ]
    return {"label": place.label, "ways": rows}


def _bar(side: Side, actor: Actor, places: Sequence[tuple[Place, Sequence[Way]]]) -> frozenset[str]:
    """Which lines of the rail a phone has at its bottom, by where they lead."""
    there = {ways[0].name for _place, ways in places}
    wanted = dict.fromkeys(name for name, permission in side.bar if name in there and actor.may(permission))
    return frozenset(list(wanted)[:BAR])


def _way_back(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    """From something that is set up once back to its card's page, and from a page behind it to the first of its own.

    `here` is said on that first page only: what lies behind has crumbs of its own.
    """
    here = _here(request)
    if not actor.is_company or here == SETUP.name or not SETUP.holds(here):
        return {}
    way = next(way for group in GROUPS for way in group.ways if here in way.pages)
    if here == way.name:
        return {"url": reverse(SETUP.name), "label": SETUP.label, "here": way.label}
    return {"url": reverse(way.name), "label": way.label, "here": ""}


def _here(request: HttpRequest) -> str:
    return (request.resolver_match.view_name or "") if request.resolver_match else ""


# --- notices ------------------------------------------------------------------------------------------------


def _stands_in(request: HttpRequest) -> dict[str, Any]:
    """In whose place the reader acts, until when; for the banner of every page."""
    taken = getattr(request, "stands_in", None)
    return {"name": taken["name"], "until": datetime.fromtimestamp(taken["ends"], UTC)} if taken else {}


def _factor_due(request: HttpRequest) -> dict[str, Any]:
    """Until when the reader must have set up a second factor, if at all. Said on the first page, and on all at last."""
    if getattr(request, "stands_in", None):
        return {}
    due = owed_notice(request)
    if due is None:
        return {}
    left = due - timezone.now()
    is_said = left.total_seconds() > 0 and (_here(request) in ("home", "inbox") or left <= FACTOR_DUE_SOON)
    return {"at": due, "is_over": left.total_seconds() <= 0, "is_said": is_said}


def _erp_notice(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    """That the connection to the ERP is paused or left alone, for those who may see the integration."""
    if not in_scope() or not actor.may(P.ERP_VIEW):
        return {}
    connection = the_connection()
    if not connection.is_paused and not connection.circuit.is_open:
        return {}
    standing = standing_of(connection, request.at)  # type: ignore[attr-defined]  # by the door
    return {"connection": connection, "standing": standing, "may_manage": actor.may(P.ERP_MANAGE)}


# --- for whom one acts --------------------------------------------------------------------------------------


def _party(actor: Actor, mine: Mine) -> str:
    """For whom: the supplier acted for, or the company and what one does there."""
    if actor.is_company:
        role = str(CompanyRole(actor.role).label)
        names = list(Company.objects.order_by("id").values_list("name", flat=True)[:2]) if in_scope() else []
        return f"{names[0]}, {role}" if len(names) == 1 else role
    return mine.name


def _acting_for(actor: Actor) -> list[dict[str, Any]]:
    if len(actor.all_supplier_ids) < 2 or not in_scope():
        return []
    # The page's scope holds only the supplier acted for now; the names of the others need all of mine for a moment.
    with acting(replace(actor, supplier_ids=actor.all_supplier_ids)):
        mine = list(suppliers_of(actor))
    return [
        {"key": supplier.key, "name": supplier.name, "current": supplier.pk in actor.supplier_ids}
        for supplier in mine
    ]
