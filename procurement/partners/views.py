"""A supplier on one page, and the end of the business with it. For the buying side."""

import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, Refusal
from portal.kernel.replica import reading_apart
from portal.kernel.web import paginate, panel_or_page, see_other, whole_number
from procurement.orders.views.exports import as_download
from procurement.partners.files import export_onboardings, export_suppliers
from procurement.partners.forms import BeginForm, DayForm, EndForm, WhyForm
from procurement.partners.policies import score_of
from procurement.partners.presenters import (
    contact_rows,
    document_rows,
    ending_rows,
    health_days,
    health_figures,
    leaving_text,
    left_rows,
    matter_rows,
    onboarding_text,
    score_figure,
    score_rows,
    score_text,
    stopped_rows,
    trail_entries,
    work_rows,
)
from procurement.partners.queries import (
    ends_with_it,
    glance_at,
    health_of,
    open_matters,
    orders_since,
    work_with,
)
from procurement.partners.services import end_business
from suppliers.details.filters import search_of as suppliers_asked
from suppliers.details.policies.countries import country_name
from suppliers.details.queries import find_company, suppliers_like
from suppliers.merging.queries import joined_to
from suppliers.models import Supplier
from suppliers.offboarding.queries import (
    find_offboarding,
    history_of,
    offboardings,
    offboardings_by_state,
    standing_for,
)
from suppliers.offboarding.services import (
    begin_offboarding,
    call_off_offboarding,
    move_last_day,
    reopen_business,
)
from suppliers.offboarding.states import OffboardingState
from suppliers.onboarding.filters import list_search
from suppliers.onboarding.filters import search_of as onboardings_asked
from suppliers.onboarding.queries import funnel, runs
from suppliers.people.ways import require_own_factor
from suppliers.roles import Permission

VIEW, MANAGE = Permission.SUPPLIER_VIEW, Permission.SUPPLIER_MANAGE
PAGE = "procurement/partners/"


# --- at a glance ---------------------------------------------------------------------------------------------


@door(VIEW)
def supplier_page(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One supplier: who it is, what is open with it, whom one calls, what was changed. How it does comes after."""
    actor, supplier = request.actor, find_company(key, actor=request.actor)
    glance = glance_at(supplier, actor=actor, at=request.at)
    documents, more_documents = document_rows(supplier, glance, request.at)
    context = {
        "supplier": supplier,
        "country": country_name(supplier.country) if supplier.country else "",
        "glance": glance,
        "leaving": leaving_text(glance.leaving, glance.orders_since) if glance.leaving else "",
        "onboarding": onboarding_text(glance),
        "work": work_rows(supplier, work_with(supplier, actor=actor, at=request.at), actor),
        "contacts": contact_rows(glance.contacts),
        "documents": documents,
        "more_documents": more_documents,
        "joined": joined_to([supplier.pk]).get(supplier.pk, []),
        "more_people": max(0, glance.member_count - len(glance.members)),
        "trail": trail_entries(supplier, glance, actor=actor),
        "may_bank": actor.may(Permission.BANK_VIEW),
        "may_documents": actor.may(Permission.DOCUMENT_VIEW),
        "may_people": actor.may(Permission.PEOPLE_VIEW),
        "may_manage": actor.may(MANAGE),
    }
    return render(request, PAGE + "supplier.html", context)


@door(VIEW)
def supplier_health(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """How a supplier has done over ninety days: read by itself, since it is dear."""
    supplier = find_company(key, actor=request.actor)
    shares = health_of(supplier, actor=request.actor, at=request.at)
    score = score_of(shares, settings.SCORE_WEIGHTS, least=settings.SCORE_LEAST_PAPERS)
    context = {
        "supplier": supplier,
        "figures": [score_figure(supplier, score), *health_figures(supplier, shares)],
        "days": health_days(),
        "score": score_text(score),
        "parts": score_rows(score),
    }
    return panel_or_page(request, PAGE + "health.html", "figures", context)


# --- the end of the business ---------------------------------------------------------------------------------


@door(VIEW)
def offboarding_list(request: DoorRequest) -> HttpResponse:
    """With whom the business ends, by the last day; and with whom it has ended."""
    state = request.GET.get("state", "")
    state = state if state in OffboardingState.values else OffboardingState.BEGUN
    counts = offboardings_by_state(request.actor)
    is_going = state == OffboardingState.BEGUN
    page = paginate(
        offboardings(request.actor).filter(state=state),
        request.GET.get("cursor", ""),
        order=("last_on", "id") if is_going else ("-last_on", "-id"),
        size=50,
    )
    context = {
        "page": page,
        "views": [
            {
                "url": f"?state={word}",
                "label": label,
                "count": counts.get(word, 0) if word == OffboardingState.BEGUN else "",
                "hot": True,
                "current": word == state,
            }
            for word, label in OffboardingState.choices
        ],
    }
    return render(request, PAGE + "offboardings.html", context)


@door(VIEW)
def supplier_offboarding(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """The end of the business with a supplier: what is open still, what ends by itself, and the ways on."""
    return _show(request, find_company(key, actor=request.actor))


def _show(
    request: DoorRequest,
    supplier: Supplier,
    *,
    forms: dict[str, Any] | None = None,
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    actor = request.actor
    row = standing_for(supplier)
    state = row.state if row else ""
    is_over = state == OffboardingState.ENDED
    counts = {} if is_over else open_matters(supplier, actor=actor)
    given = forms or {}
    may = actor.may(MANAGE)
    end = given.get("end") or EndForm(counts=counts)
    if row is not None:
        row.supplier = supplier
    context: dict[str, Any] = {
        "supplier": supplier,
        "row": row,
        "is_going": state == OffboardingState.BEGUN,
        "is_over": is_over,
        "text": leaving_text(row, orders_since(row, actor=actor)) if row else "",
        "matters": matter_rows(supplier, counts, actor, {name: end[name] for name in end.fields}),
        "end": end,
        "ends": [] if is_over else ending_rows(ends_with_it(supplier, actor=actor, at=request.at)),
        "left": left_rows(row) if row and is_over else [],
        "stopped": stopped_rows(row) if row and is_over else [],
        "history": [one for one in history_of(supplier, actor=actor) if row is None or one.pk != row.pk],
        "begin": given.get("begin") or BeginForm(),
        "move": given.get("move")
        or DayForm(initial={"last_on": row.last_on if row else None}, prefix="move"),
        "call_off": given.get("call_off") or WhyForm(prefix="off"),
        "reopen": given.get("reopen") or WhyForm(prefix="again"),
        "refusal": refusal,
        "may_manage": may,
    }
    return render(request, PAGE + "offboarding.html", context, status=status)


@door(MANAGE, methods=["POST"])
def offboarding_begin(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """The business with a supplier is to end: its people are told the last day."""
    supplier, form = find_company(key, actor=request.actor), BeginForm(request.POST)
    done = _("Begun. The supplier’s people are told the last day.")
    return _tried(
        request,
        supplier,
        form,
        "begin",
        lambda: begin_offboarding(form.command(key), actor=request.actor, at=request.at),
        done,
    )


@door(MANAGE, methods=["POST"])
def offboarding_move(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Another last day."""
    row, form = find_offboarding(key, actor=request.actor), DayForm(request.POST, prefix="move")
    return _tried(
        request,
        row.supplier,
        form,
        "move",
        lambda: move_last_day(
            key, _seen(request), form.cleaned_data["last_on"], actor=request.actor, at=request.at
        ),
        _("The last day is moved. The supplier’s people are told."),
    )


@door(MANAGE, methods=["POST"])
def offboarding_call_off(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """The business goes on after all."""
    row, form = find_offboarding(key, actor=request.actor), WhyForm(request.POST, prefix="off")
    return _tried(
        request,
        row.supplier,
        form,
        "call_off",
        lambda: call_off_offboarding(
            key, _seen(request), form.cleaned_data["why"], actor=request.actor, at=request.at
        ),
        _("Called off. The supplier’s people are told that the business goes on."),
    )


@door(MANAGE, methods=["POST"])
def offboarding_end(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """End the business: nothing is open, or it is said why each thing may be left."""
    require_own_factor(request)  # it takes everybody's access
    row = find_offboarding(key, actor=request.actor)
    form = EndForm(request.POST, counts=open_matters(row.supplier, actor=request.actor))
    return _tried(
        request,
        row.supplier,
        form,
        "end",
        lambda: end_business(form.command(key, _seen(request)), actor=request.actor, at=request.at),
        _("The business has ended. Nobody acts for this supplier any more."),
    )


@door(MANAGE, methods=["POST"])
def offboarding_reopen(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Business is done again. Nobody gets access back by it."""
    row, form = find_offboarding(key, actor=request.actor), WhyForm(request.POST, prefix="again")
    return _tried(
        request,
        row.supplier,
        form,
        "reopen",
        lambda: reopen_business(
            key, _seen(request), form.cleaned_data["why"], actor=request.actor, at=request.at
        ),
        _("Taken up again. Invite its people anew: nobody got access back."),
    )


def _seen(request: DoorRequest) -> int | None:
    return whole_number(request.POST.get("version"))


def _tried(
    request: DoorRequest, supplier: Supplier, form: Any, name: str, verb: Callable[[], object], done: str
) -> HttpResponse:
    """Try a verb; what it will not take is shown beside its form."""
    if not form.is_valid():
        return _show(request, supplier, forms={name: form}, status=422)
    try:
        with transaction.atomic():
            verb()
    except Invalid as refusal:
        form.add_problems(refusal)
        return _show(request, supplier, forms={name: form}, status=422)
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        return _show(
            request, find_company(supplier.key, actor=request.actor), refusal=refusal, status=refusal.status
        )
    messages.success(request, done)
    return see_other("supplier-offboarding", supplier.key)


# --- lists as files ------------------------------------------------------------------------------------------


@door(VIEW)
def export_supplier_list(request: DoorRequest, kind: str) -> HttpResponse:
    """The suppliers that the list shows, all of them, as a file."""
    found = suppliers_like(suppliers_asked(request.GET), actor=request.actor)
    with reading_apart(request.actor):
        file = export_suppliers(found.order_by("name", "id"), kind)
    return as_download(file, f"suppliers.{kind}", request)


@door(VIEW)
def export_onboarding_list(request: DoorRequest, kind: str) -> HttpResponse:
    """Who stands where, of all that the list shows, as a file."""
    asked = onboardings_asked(request.GET)
    how_far = funnel(request.actor, request.at)
    found = list_search(runs(request.actor), asked, how_far, request.at)
    with reading_apart(request.actor):
        file = export_onboardings(found.order_by("invited_at", "id"), kind, at=request.at)
    return as_download(file, f"onboardings.{kind}", request)
