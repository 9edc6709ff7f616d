"""Statements of account as a list: those that differ most first."""

from typing import Any
from urllib.parse import urlencode

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.db.models.functions import Abs
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.web import paginate
from procurement.statements.presenters import sides_for
from procurement.statements.queries import balances_by_statement, visible_statements
from procurement.statements.states import StatementState
from suppliers.roles import Permission

LIST = "procurement/statements/list.html"
PAGE_SIZE = 50
WIDEST = ("-width", "-id")
NEWEST = ("-came_at", "-id")
S = StatementState
OPEN, AGREE, SETTLED, ALL = "open", "agree", "settled", "all"


@door(Permission.INVOICE_VIEW)
def statement_list(request: DoorRequest) -> HttpResponse:
    """The statements that differ, those furthest apart first; those that agree, that are settled, and all."""
    actor = request.actor
    seen = visible_statements(actor).exclude(state=S.DISCARDED)
    parts: dict[str, tuple[str, QuerySet[Any]]] = {
        OPEN: (_("Differ"), seen.filter(state=S.COMPARED, differing__gt=0).annotate(width=Abs("gap"))),
        AGREE: (_("Without difference"), seen.filter(state=S.COMPARED, differing=0)),
        SETTLED: (_("Settled"), seen.filter(state=S.SETTLED)),
        ALL: (_("All"), seen),
    }
    view = request.GET.get("view", "")
    q = "" if actor.is_supplier else request.GET.get("q", "").strip()[:60]
    if view not in parts:
        view = OPEN if not q and parts[OPEN][1].exists() else ALL
    found = parts[view][1]
    if q:
        found = found.filter(Q(supplier__name__icontains=q) | Q(supplier__number__iexact=q))
    left_out = Q(bad__contains=[{"is_left": True}])
    found = found.annotate(is_partly_read=ExpressionWrapper(left_out, output_field=BooleanField()))
    order = WIDEST if view == OPEN else NEWEST
    page = paginate(found, request.GET.get("cursor", ""), order=order, size=PAGE_SIZE)
    balances = balances_by_statement(page.rows)
    context = {
        "page": page,
        "rows": [{"statement": one, "balances": balances[one.pk]} for one in page.rows],
        "views": [
            {
                "url": "?" + urlencode({"view": name, **({"q": q} if q else {})}),
                "label": label,
                "count": statements.count() if name == OPEN else "",
                "hot": True,
                "current": name == view,
            }
            for name, (label, statements) in parts.items()
        ],
        "q": q,
        "sides": sides_for(is_supplier=actor.is_supplier),
        "may_write": actor.may(Permission.INVOICE_WRITE),
    }
    return render(request, LIST, context)
