"""The pages of company data: a supplier's own, ours for any supplier, changes that wait, and the list of suppliers."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, Refusal
from portal.kernel.web import paginate, see_other, whole_number
from suppliers.details.filters import list_filters, search_of
from suppliers.details.forms import (
    FORMS,
    AddressPartForm,
    CategoriesForm,
    CategoryForm,
    ClassifyForm,
    ContactForm,
    NumberForm,
    PartForm,
    RefuseForm,
    RulesForm,
)
from suppliers.details.messages import ChangeDetail, ClassifySuppliers, kind_of
from suppliers.details.policies.changes import ADDRESSES, MAY_END, part_of_number
from suppliers.details.policies.countries import country_choices, is_country
from suppliers.details.policies.identifiers import identifier_text
from suppliers.details.presenters import (
    ChangeText,
    change_text,
    company_sections,
    number_name,
    supplier_rows,
    what_follows,
)
from suppliers.details.queries import (
    categories,
    changes_waiting,
    company_sheet,
    find_company,
    find_detail_change,
    fingerprint,
    others_with_new,
    own_company,
    present,
    rules_asked,
    suppliers_like,
    visible_changes,
    ways,
)
from suppliers.details.services import (
    approve_detail_change,
    change_detail,
    classify_suppliers,
    refuse_detail_change,
    retire_category,
    withdraw_detail_change,
    write_category,
    write_detail_rule,
)
from suppliers.details.states import DETAIL_LIFECYCLE, ChangeState, Part, Way
from suppliers.details.ways import require_factor_to_change
from suppliers.models import Supplier
from suppliers.people.ways import require_own_factor
from suppliers.roles import Permission
from suppliers.signin.step_up import require_fresh_factor

VIEW, EDIT, APPROVE = Permission.DETAIL_VIEW, Permission.DETAIL_EDIT, Permission.DETAIL_APPROVE
MANAGE = Permission.SUPPLIER_MANAGE
# The page that leads a supplier from step to step; what is kept on the way leads back there.
START = "getting-started"


# --- one supplier --------------------------------------------------------------------------------------------


@door(VIEW)
def company(request: DoorRequest) -> HttpResponse:
    """The supplier's own company data; who is on the buying side chooses whose."""
    supplier = own_company(request.actor)
    return _show_company(request, supplier) if supplier else see_other("supplier-list")


@door(VIEW)
def supplier_company(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """A supplier's company data."""
    return _show_company(request, find_company(key, actor=request.actor))


def _show_company(request: DoorRequest, supplier: Supplier) -> HttpResponse:
    sheet = company_sheet(supplier, actor=request.actor)
    context = {
        "supplier": supplier,
        "sections": company_sections(sheet, request.actor),
        "waiting": len(sheet.waiting),
        "categories": sheet.categories,
        "follows": what_follows(supplier.segment, supplier.channel) if request.actor.is_company else [],
        "may_manage": request.actor.is_company and request.actor.may(MANAGE),
    }
    return render(request, "suppliers/details/company.html", context)


@door(EDIT, methods=["GET", "POST"])
def company_part(request: DoorRequest, key: uuid.UUID, part: str) -> HttpResponse:
    """One part of the company data: its form, and keeping it. `of` names which, where there are several."""
    supplier = find_company(key, actor=request.actor)
    subject = request.GET.get("of", "")[:40]
    if part not in (*Part.values, "number"):
        raise Http404
    entity = part_of_number(kind_of(subject)[0]) if part == "number" else Part(part)
    standing = present(supplier, entity, subject)
    if subject and not standing:
        raise Http404
    require_factor_to_change(request, supplier, entity if subject else part)
    waits = ways()[entity] == Way.APPROVE
    form = _form(
        request, part, supplier, standing, subject, waits=waits or (part == "number" and not subject)
    )
    context = {
        "supplier": supplier,
        "part": part,
        "entity": entity,
        "subject": subject,
        "form": form,
        "waits": waits,
        "then": START if START in (request.GET.get("then"), request.POST.get("then")) else "",
    }
    context["some_wait"] = part == Part.NUMBER and not subject and ways()[Part.TAX_ID] == Way.APPROVE
    context["may_end"] = entity in MAY_END and bool(standing)
    if request.method != "POST":
        return _show_part(request, context)
    form.is_valid()
    if part == "number" and not subject:
        entity = part_of_number(str(form.cleaned_data.get("kind", "")))
    require_factor_to_change(request, supplier, entity, form.cleaned_data)
    command = form.command(supplier, entity, subject)
    if "end" in request.POST:
        command = ChangeDetail(supplier.key, entity, {}, subject, command.reason, command.seen, ends=True)
    try:
        with transaction.atomic():
            change = change_detail(command, actor=request.actor, at=request.at)
    except Invalid as refusal:
        form.add_problems(refusal)
        return _show_part(request, context, status=422)
    messages.success(request, _said(change))
    if context["then"] and request.actor.is_supplier:
        return see_other(START)
    return _to_company(request, supplier)


def _said(change: Any) -> str:
    if change is None:
        return _("It stands so already.")
    if change.state == ChangeState.IN_FORCE:
        return _("Saved.")
    return _("It waits for approval. What stood stands until then.")


def _to_company(request: DoorRequest, supplier: Supplier) -> HttpResponse:
    return see_other("company") if request.actor.is_supplier else see_other("supplier-company", supplier.key)


def _form(
    request: DoorRequest,
    part: str,
    supplier: Supplier,
    standing: dict[str, Any],
    subject: str,
    *,
    waits: bool,
) -> PartForm:
    data = request.POST if request.method == "POST" else None
    initial: dict[str, Any] = {**standing, "seen": fingerprint(standing)}
    if part in ADDRESSES:
        wanted = (request.POST if data else request.GET).get("country", "")
        country = wanted if is_country(wanted) else standing.get("country") or supplier.country
        initial.setdefault("name", supplier.name)
        return AddressPartForm(data, initial=initial, waits=waits, country=country)
    if part in ("number", Part.TAX_ID, Part.NUMBER):
        if standing:
            initial["value"] = identifier_text(*kind_of(subject), standing["value"])
        else:
            initial |= {"country": supplier.country, "seen": ""}
        return NumberForm(data, initial=initial, waits=waits, subject=subject)
    if part == Part.CONTACT:
        initial.setdefault("language", supplier.language)
        if not standing:
            initial["seen"] = ""
        return ContactForm(data, initial=ContactForm.shown(initial, supplier.country), waits=waits)
    return FORMS[part](data, initial=initial, waits=waits)


def _show_part(request: DoorRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    part, subject, entity = context["part"], context["subject"], context["entity"]
    title = str(entity.label)
    if part in ("number", Part.TAX_ID, Part.NUMBER):
        title = number_name(*kind_of(subject)) if subject else _("A number")
    elif part == Part.CONTACT:
        title = context["form"].initial.get("name") or _("A new contact")
    context |= {
        "title": title,
        "back": "company" if request.actor.is_supplier else "supplier-company",
        "country": context["form"].initial.get("country", "") if part in ADDRESSES else "",
        "countries": country_choices() if part in ADDRESSES else (),
    }
    return render(request, "suppliers/details/part.html", context, status=status)


@door(VIEW)
def company_history(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Every change of a supplier's company data, the newest first."""
    supplier = find_company(key, actor=request.actor)
    found = visible_changes(request.actor).filter(supplier=supplier)
    page = paginate(found, request.GET.get("cursor", ""), order=("-requested_at", "-id"), size=30)
    context = {
        "supplier": supplier,
        "page": page,
        "rows": [change_text(one, request.actor) for one in page.rows],
    }
    return render(request, "suppliers/details/history.html", context)


# --- changes that wait ---------------------------------------------------------------------------------------


@door(APPROVE)
def detail_change_list(request: DoorRequest) -> HttpResponse:
    """The changes that wait for the reader, the oldest first; those he or she asked for wait for somebody else."""
    waiting = visible_changes(request.actor).filter(state=ChangeState.WAITING)
    own = waiting.filter(requested_by_user_id=request.actor.user_id)
    page = paginate(
        changes_waiting(request.actor), request.GET.get("cursor", ""), order=("requested_at", "id"), size=30
    )
    context = {
        "page": page,
        "rows": [change_text(one, request.actor) for one in page.rows],
        "own": [change_text(one, request.actor) for one in own.order_by("requested_at", "id")[:30]],
        "may_manage": request.actor.may(MANAGE),
        "rules_asked": len(rules_asked()),
    }
    return render(request, "suppliers/details/changes.html", context)


@door(VIEW)
def detail_change(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One change: what stands and what shall stand, side by side."""
    return _show_change(request, key)


def _show_change(
    request: DoorRequest, key: uuid.UUID, *, form: RefuseForm | None = None, refusal: Refusal | None = None
) -> HttpResponse:
    actor = request.actor
    change = find_detail_change(key, actor=actor)
    is_own = change.requested_by_user_id is not None and change.requested_by_user_id == actor.user_id
    verbs = DETAIL_LIFECYCLE.verbs_for(actor, change.state)
    told: ChangeText = change_text(change, actor, others=others_with_new(change) if actor.is_company else ())
    context = {
        "told": told,
        "change": change,
        "is_own": is_own,
        "may_decide": "approve" in verbs and not is_own and actor.is_company,
        "may_withdraw": "withdraw" in verbs and change.requested_side == actor.side,
        "form": form or RefuseForm(initial={"version": change.version}),
        "refusal": refusal,
    }
    status = refusal.status if refusal else 422 if form else 200
    return render(request, "suppliers/details/change.html", context, status=status)


@door(APPROVE, methods=["POST"])
def detail_change_approve(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Bring a change into force."""
    find_detail_change(key, actor=request.actor)
    require_own_factor(request)
    version = whole_number(request.POST.get("version", ""))
    try:
        with transaction.atomic():
            approve_detail_change(key, version or 0, actor=request.actor, at=request.at)
    except Refusal as refusal:
        return _refused(request, key, refusal)
    messages.success(request, _("In force."))
    return see_other("detail-change-list")


@door(APPROVE, methods=["POST"])
def detail_change_refuse(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Let the old stand, and say why."""
    find_detail_change(key, actor=request.actor)
    form = RefuseForm(request.POST)
    form.is_valid()
    try:
        with transaction.atomic():
            refuse_detail_change(
                key,
                form.cleaned_data.get("version") or 0,
                form.cleaned_data.get("reason", ""),
                actor=request.actor,
                at=request.at,
            )
    except Invalid as refusal:
        form.add_error("reason", refusal.message)
        return _show_change(request, key, form=form)
    except Refusal as refusal:
        return _refused(request, key, refusal)
    messages.success(request, _("Refused. Whoever asked is told why."))
    return see_other("detail-change-list")


@door(EDIT, methods=["POST"])
def detail_change_withdraw(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Ask for it no more."""
    change = find_detail_change(key, actor=request.actor)
    version = whole_number(request.POST.get("version", ""))
    try:
        with transaction.atomic():
            withdraw_detail_change(key, version or 0, actor=request.actor, at=request.at)
    except Refusal as refusal:
        return _refused(request, key, refusal)
    messages.success(request, _("Withdrawn. What stood stands."))
    return _to_company(request, change.supplier)


def _refused(request: DoorRequest, key: uuid.UUID, refusal: Refusal) -> HttpResponse:
    if refusal.status == 404:
        raise refusal
    return _show_change(request, key, refusal=refusal)


# --- all suppliers -------------------------------------------------------------------------------------------


@door(Permission.SUPPLIER_VIEW)
def supplier_list(request: DoorRequest) -> HttpResponse:
    """The suppliers by name, found by number or name, segment, channel, state and country."""
    return _show_list(request)


def _show_list(request: DoorRequest, *, refusal: Invalid | None = None) -> HttpResponse:
    asked = search_of(request.GET)
    found = suppliers_like(asked, actor=request.actor).select_related("names")
    page = paginate(found, request.GET.get("cursor", ""), order=("name", "id"), size=50)
    context = {
        "page": page,
        "rows": supplier_rows(page.rows),
        "may_manage": request.actor.may(MANAGE),
        "form": ClassifyForm(),
        "refusal": refusal,
        **list_filters(request.GET, asked),
    }
    return render(request, "suppliers/details/list.html", context, status=refusal.status if refusal else 200)


@door(MANAGE, methods=["POST"])
def supplier_classify(request: DoorRequest) -> HttpResponse:
    """Put the suppliers that are ticked into a segment, or onto a channel."""
    try:
        keys = [uuid.UUID(one) for one in request.POST.getlist("supplier")]
    except ValueError as error:
        raise Http404 from error
    said = {name: request.POST.get(name, "") or None for name in ("segment", "channel")}
    try:
        with transaction.atomic():
            command = ClassifySuppliers(keys, said["segment"], said["channel"])
            changed = classify_suppliers(command, actor=request.actor, at=request.at)
    except Invalid as refusal:
        return _show_list(request, refusal=refusal)
    text = ngettext("%(n)d supplier is classified anew.", "%(n)d suppliers are classified anew.", changed)
    messages.success(request, text % {"n": changed})
    if len(keys) == 1 and request.POST.get("page") == "company":
        return see_other("supplier-company", keys[0])
    return see_other("supplier-list")


@door(MANAGE, methods=["GET", "POST"])
def supplier_categories(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """The categories of one supplier, its segment and its channel."""
    supplier = find_company(key, actor=request.actor)
    sheet = company_sheet(supplier, actor=request.actor)
    known = [one for one in categories() if one.retired_at is None]
    of_it = [one.code for one in sheet.categories]
    form = CategoriesForm(
        request.POST if request.method == "POST" else None, known=known, initial={"categories": of_it}
    )
    classify = ClassifyForm(
        request.POST if request.method == "POST" else None,
        initial={"segment": supplier.segment, "channel": supplier.channel},
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and classify.is_valid():
            command = ClassifySuppliers(
                [supplier.key],
                classify.cleaned_data["segment"] or None,
                classify.cleaned_data["channel"] or None,
                form.cleaned_data["categories"],
            )
            try:
                with transaction.atomic():
                    classify_suppliers(command, actor=request.actor, at=request.at)
            except Invalid as refusal:
                classify.add_error(None, refusal.message)
            else:
                messages.success(request, _("Saved."))
                return see_other("supplier-company", supplier.key)
    context = {"supplier": supplier, "form": form, "classify": classify, "known": known}
    return render(request, "suppliers/details/classify.html", context, status=status)


# --- set-up --------------------------------------------------------------------------------------------------


@door(MANAGE, APPROVE, methods=["GET", "POST"])
def detail_rules(request: DoorRequest) -> HttpResponse:
    """Which changes wait for a second pair of eyes. Who decides on changes but manages no suppliers says here only
    whether those come into force at once of which somebody asks it."""
    standing, asked = ways(), rules_asked()
    form = RulesForm(
        request.POST if request.method == "POST" else None,
        parts=list(Part) if request.actor.may(MANAGE) else [Part(one) for one in asked],
        ways=standing,
        asked=asked,
    )
    if request.method == "POST" and form.is_valid():
        chosen = {
            part: way
            for part, way in form.cleaned_data.items()
            if way and (part in asked or way != standing[part])
        }
        if Way.AT_ONCE in chosen.values():
            require_fresh_factor(request)
        for part, way in chosen.items():
            write_detail_rule(part, way, actor=request.actor, at=request.at)
        messages.success(request, _said_of_rules(chosen))
        return see_other("detail-rules")
    status = 422 if request.method == "POST" else 200
    return render(request, "suppliers/details/rules.html", {"form": form}, status=status)


def _said_of_rules(chosen: Mapping[str, str]) -> str:
    waiting = rules_asked()
    if any(way == Way.AT_ONCE and part in waiting for part, way in chosen.items()):
        return _(
            "Saved. What is to come into force at once waits until somebody else of yours says it as well."
        )
    return _("Saved.")


@door(MANAGE, methods=["GET", "POST"])
def category_list(request: DoorRequest) -> HttpResponse:
    """What our buyers call groups of suppliers."""
    form = CategoryForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        form.is_valid()
        try:
            with transaction.atomic():
                write_category(**form.cleaned_data, actor=request.actor, at=request.at)
        except Invalid as refusal:
            form.add_problems(refusal)
            status = 422
        else:
            return see_other("category-list")
    return render(
        request,
        "suppliers/details/categories.html",
        {"form": form, "rows": list(categories())},
        status=status,
    )


@door(MANAGE, methods=["POST"])
def category_retire(request: DoorRequest) -> HttpResponse:
    """Put no more suppliers into a category."""
    retire_category(request.POST.get("code", "")[:40], actor=request.actor, at=request.at)
    return see_other("category-list")
