"""Documents as pages: what is asked and what is there for a supplier; the queue, the review and the set-up for us."""

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Duplicate, Invalid, Refusal
from portal.kernel.files import as_download, as_picture
from portal.kernel.scanning import keeps_unscanned
from portal.kernel.web import ask_files_again, paginate, see_other, whole_number
from suppliers.documents.files import holders_csv
from suppliers.documents.filters import list_filters, list_views, search_of
from suppliers.documents.forms import AcceptForm, KindForm, RefuseForm, RequirementForm, SupplyForm
from suppliers.documents.messages import AcceptDocument
from suppliers.documents.models import DocumentVersion
from suppliers.documents.presenters import (
    held_rows,
    holder_rows,
    kind_hint,
    kind_name,
    requirement_rows,
    version_row,
)
from suppliers.documents.queries import (
    HOLDINGS,
    document_kinds,
    find_kind,
    find_supplier,
    find_version,
    held_of,
    holdings,
    how_many_hold,
    own_supplier,
    require_served,
    requirements,
    today_of,
    versions_of,
    visible_versions,
)
from suppliers.documents.services import (
    accept_document,
    refuse_document,
    retire_kind,
    retire_requirement,
    supply_document,
    write_kind,
    write_requirement,
)
from suppliers.documents.services.reviewing import may_review
from suppliers.documents.states import DocumentState, Place
from suppliers.documents.store import DATABASE, StoreUnavailable, fetch
from suppliers.models import Supplier
from suppliers.roles import Permission

P = Permission
ROWS_AT_ONCE = 1000
MOST_ROWS = 50_000  # of a file, as of every other list
VIEWS = {"": DocumentState.IN_REVIEW, "accepted": DocumentState.ACCEPTED, "refused": DocumentState.REFUSED}


class Fetched(HttpResponse):
    """A file that comes from an object store: Django renders it once the door has closed its transaction."""

    def __init__(self, version: DocumentVersion, wrap: Callable[[bytes], HttpResponse]) -> None:
        super().__init__()
        self.place, self.stored_as, self.sha256 = version.place, version.stored_as, version.sha256
        self.wrap = wrap

    def render(self) -> HttpResponse:
        """The file, or that its store does not answer."""
        try:
            return self.wrap(fetch(self.place, self.stored_as, self.sha256))
        except StoreUnavailable:
            text = _("The file cannot be fetched at the moment. Try again in a few minutes.")
            return HttpResponse(text, status=503, content_type="text/plain; charset=utf-8")


# --- both sides ----------------------------------------------------------------------------------------------


@door(P.DOCUMENT_VIEW)
def document_list(request: DoorRequest) -> HttpResponse:
    """A supplier's own documents; for the buying side, what waits for a reviewer, the oldest first."""
    if request.actor.is_supplier:
        return _show_supplier(request, own_supplier(request.actor))
    view = request.GET.get("view", "")
    state = VIEWS.get(view, DocumentState.IN_REVIEW)
    order = ("supplied_at", "id") if state == DocumentState.IN_REVIEW else ("-supplied_at", "-id")
    found = visible_versions(request.actor).filter(state=state)
    page = paginate(found, request.GET.get("cursor", ""), order=order)
    words = {"": _("To review"), "accepted": _("Accepted"), "refused": _("Refused")}
    context = {
        "page": page,
        "rows": [version_row(one, one.document.kind) for one in page.rows],
        "is_queue": state == DocumentState.IN_REVIEW,
        "views": [
            {"url": f"?view={name}" if name else "?", "label": label, "current": VIEWS[name] == state}
            for name, label in words.items()
        ],
        "may_set_up": request.actor.may(P.SUPPLIER_MANAGE),
    }
    return render(request, "suppliers/documents/queue.html", context)


@door(P.DOCUMENT_VIEW)
def document_holders(request: DoorRequest) -> HttpResponse:
    """Of all suppliers: who lacks what, what ends, what is overdue, what is there."""
    if request.actor.is_supplier:
        return see_other("document-list")
    kinds = document_kinds()
    asked = search_of(request.GET, kinds, timezone.localdate(request.at))
    every = holdings(asked, actor=request.actor)
    page = paginate(
        every.filter(HOLDINGS[asked.holding]),
        request.GET.get("cursor", ""),
        order=("supplier__name", "id"),
    )
    context = {
        "page": page,
        "rows": holder_rows(page.rows, request.at, actor=request.actor),
        "views": list_views(request.GET, asked, how_many_hold(every)),
        "bar": list_filters(request.GET, asked, kinds),
        "query": request.GET.urlencode(),
    }
    return render(request, "suppliers/documents/holders.html", context)


@door(P.DOCUMENT_VIEW)
def document_holders_csv(request: DoorRequest) -> HttpResponse:
    """What the list shows, all of it, as CSV; a longer list than `MOST_ROWS` is refused."""
    if request.actor.is_supplier:
        return see_other("document-list")
    asked = search_of(request.GET, document_kinds(), timezone.localdate(request.at))
    found = holdings(asked, actor=request.actor).filter(HOLDINGS[asked.holding])
    every = list(found.order_by("supplier__name", "id")[: MOST_ROWS + 1])
    if len(every) > MOST_ROWS:
        message = _("These are more than %(most)d rows. Narrow the list, and save it again.")
        raise Refusal(message % {"most": MOST_ROWS})
    rows = (
        row
        for first in range(0, len(every), ROWS_AT_ONCE)
        for row in holder_rows(every[first : first + ROWS_AT_ONCE], request.at, actor=request.actor)
    )
    content = holders_csv(rows).encode("utf-8-sig")
    name = f"documents-{asked.holding}-{timezone.localdate(request.at)}.csv"
    return as_download(content, name, "text/csv; charset=utf-8")


@door(P.DOCUMENT_VIEW)
def supplier_documents(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """The documents of one supplier: what is asked, what is there, until when."""
    return _show_supplier(request, find_supplier(key, actor=request.actor))


def _show_supplier(request: DoorRequest, supplier: Supplier) -> HttpResponse:
    today = today_of(supplier, request.at)
    kinds = {one.pk: one for one in document_kinds(with_retired=True)}
    rows = held_rows(held_of([supplier], request.at, actor=request.actor)[supplier.pk], kinds, today)
    shown = {row.kind.pk for row in rows}
    context = {
        "supplier": supplier,
        "rows": rows,
        "others": [
            {"code": one.code, "name": kind_name(one.code, one.name)}
            for one in kinds.values()
            if one.retired_at is None and one.pk not in shown
        ],
        "waiting": sum(row.waits_for_supplier for row in rows),
        "may_supply": request.actor.may(P.DOCUMENT_SUPPLY),
        "is_own": request.actor.is_supplier,
    }
    return render(request, "suppliers/documents/list.html", context)


@keeps_unscanned
@door(P.DOCUMENT_SUPPLY, methods=["GET", "POST"])
def document_supply(request: DoorRequest, key: uuid.UUID, code: str) -> HttpResponse:
    """Give the next version of a document: a file, or a picture taken with a phone."""
    supplier = find_supplier(key, actor=request.actor)
    kind = find_kind(code)
    form = SupplyForm()
    if request.method == "POST":
        form = SupplyForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                with transaction.atomic():
                    made = supply_document(form.command(supplier, code), actor=request.actor, at=request.at)
            except Invalid as refusal:
                form.add_problems(refusal)
            else:
                messages.success(request, _supplied_text(made))
                return see_other("document-version", made.key)
        ask_files_again(form, request.FILES)
    context = {
        "form": form,
        "supplier": supplier,
        "kind": kind,
        "name": kind_name(kind.code, kind.name),
        "hint": kind_hint(kind),
        "is_own": request.actor.is_supplier,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "suppliers/documents/supply.html", context, status=status)


def _supplied_text(version: DocumentVersion) -> str:
    if version.state == DocumentState.SUPPLIED:
        return _("Thank you. It is looked at for malware first, then by a reviewer.")
    return _("Thank you. It is in review now.")


@door(P.DOCUMENT_VIEW)
def document_version(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One version: the picture beside the data; for a reviewer, the two words that can be said of it."""
    return _show_version(request, find_version(key, actor=request.actor))


def _show_version(
    request: DoorRequest,
    version: DocumentVersion,
    *,
    accept: AcceptForm | None = None,
    refuse: RefuseForm | None = None,
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    kind = version.document.kind
    others = versions_of([version.document_id], actor=request.actor).get(version.document_id, [])
    reviews = version.state == DocumentState.IN_REVIEW and may_review(version, request.actor)
    days = {"valid_from": version.valid_from, "valid_until": version.valid_until}
    context = {
        "version": version,
        "row": version_row(version, kind),
        "others": [version_row(one, kind) for one in others if one.pk != version.pk],
        "supplier": version.supplier,
        "kind": kind,
        "is_own": request.actor.is_supplier,
        "reviews": reviews,
        "is_mine": version.on_behalf and version.supplied_by_user_id == request.actor.user_id,
        "accept": accept or AcceptForm(initial=days),
        "refuse": refuse or RefuseForm(auto_id="refuse_%s"),
        "refusal": refusal,
        "may_supply": request.actor.may(P.DOCUMENT_SUPPLY) and kind.retired_at is None,
        "is_refused": version.state == DocumentState.REFUSED,
        "is_waiting": version.state == DocumentState.SUPPLIED,
    }
    return render(request, "suppliers/documents/version.html", context, status=status)


@door(P.DOCUMENT_VIEW)
def document_file(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """A file, to be saved and never to be shown inside our pages."""
    found = find_version(key, actor=request.actor)
    return _served(found, lambda content: as_download(content, found.name, found.content_type))


@door(P.DOCUMENT_VIEW)
def document_picture(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """A picture, for the page that shows it; whatever is none is saved."""
    found = find_version(key, actor=request.actor)
    if not found.is_picture:
        return _served(found, lambda content: as_download(content, found.name, found.content_type))
    return _served(found, lambda content: as_picture(content, found.content_type))


def _served(version: DocumentVersion, wrap: Callable[[bytes], HttpResponse]) -> HttpResponse:
    require_served(version)
    if version.place != Place.DATABASE:
        return Fetched(version, wrap)
    return wrap(DATABASE.get(version.stored_as))


# --- the reviewer's ------------------------------------------------------------------------------------------


@door(P.DOCUMENT_REVIEW, methods=["POST"])
def document_accept(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """A version counts."""
    version = find_version(key, actor=request.actor)
    form = AcceptForm(request.POST)
    if not form.is_valid():
        return _show_version(request, version, accept=form, status=422)
    seen = whole_number(request.POST.get("version", "")) or 0
    command = AcceptDocument(key, seen, form.cleaned_data["valid_from"], form.cleaned_data["valid_until"])
    try:
        with transaction.atomic():
            accept_document(command, actor=request.actor, at=request.at)
    except Invalid as refusal:
        form.add_problems(refusal)
        return _show_version(request, version, accept=form, status=422)
    except Refusal as refusal:
        return _refused(request, key, refusal)
    messages.success(request, _("Accepted."))
    return see_other("document-list")


@door(P.DOCUMENT_REVIEW, methods=["POST"])
def document_refuse(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """A version does not count, and why."""
    version = find_version(key, actor=request.actor)
    form = RefuseForm(request.POST, auto_id="refuse_%s")
    if not form.is_valid():
        return _show_version(request, version, refuse=form, status=422)
    seen = whole_number(request.POST.get("version", "")) or 0
    reason = form.cleaned_data["reason"].replace("\r\n", "\n")
    try:
        with transaction.atomic():
            refuse_document(key, seen, reason, actor=request.actor, at=request.at)
    except Refusal as refusal:
        return _refused(request, key, refusal)
    messages.success(request, _("Refused. The supplier is told why."))
    return see_other("document-list")


def _refused(request: DoorRequest, key: uuid.UUID, refusal: Refusal) -> HttpResponse:
    if refusal.status in (403, 404):
        raise refusal
    version = find_version(key, actor=request.actor)
    return _show_version(request, version, refusal=refusal, status=refusal.status)


# --- set-up --------------------------------------------------------------------------------------------------


@door(P.SUPPLIER_MANAGE)
def document_setup(request: DoorRequest) -> HttpResponse:
    """Which kinds there are, and of whom each is required."""
    return _show_setup(request)


@door(P.SUPPLIER_MANAGE, methods=["POST"])
def document_kind_new(request: DoorRequest) -> HttpResponse:
    """Add a kind."""
    form = KindForm(request.POST, auto_id="kind_%s")
    if form.is_valid():
        try:
            with transaction.atomic():
                write_kind(form.command(), actor=request.actor, at=request.at)
        except Invalid as refusal:
            form.add_problems(refusal)
        except Duplicate as refusal:
            form.add_error(None, refusal.message)
        else:
            return see_other("document-setup")
    return _show_setup(request, kind=form, status=422)


@door(P.SUPPLIER_MANAGE, methods=["POST"])
def document_kind_retire(request: DoorRequest, code: str) -> HttpResponse:
    """Use a kind no more."""
    retire_kind(code, actor=request.actor, at=request.at)
    messages.success(request, _("It is not asked for any more. What was supplied stays."))
    return see_other("document-setup")


@door(P.SUPPLIER_MANAGE, methods=["POST"])
def requirement_new(request: DoorRequest) -> HttpResponse:
    """Require a kind of some suppliers."""
    form = RequirementForm(request.POST, kinds=document_kinds(), auto_id="requirement_%s")
    if form.is_valid():
        try:
            with transaction.atomic():
                write_requirement(form.command(), actor=request.actor, at=request.at)
        except Invalid as refusal:
            form.add_problems(refusal)
        except Duplicate as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(
                request, _("Required. Suppliers are asked within the hour once the day has come.")
            )
            return see_other("document-setup")
    return _show_setup(request, requirement=form, status=422)


@door(P.SUPPLIER_MANAGE, methods=["POST"])
def requirement_retire(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Require it no more."""
    retire_requirement(key, actor=request.actor, at=request.at)
    messages.success(request, _("It is not required any more. Nobody is reminded of it."))
    return see_other("document-setup")


def _show_setup(
    request: DoorRequest,
    *,
    kind: KindForm | None = None,
    requirement: RequirementForm | None = None,
    status: int = 200,
) -> HttpResponse:
    kinds = document_kinds()
    today = request.at.date().isoformat()
    form = requirement or RequirementForm(kinds=kinds, auto_id="requirement_%s", initial={"from_on": today})
    context = {
        "kinds": [
            {"kind": one, "name": kind_name(one.code, one.name), "hint": kind_hint(one)} for one in kinds
        ],
        "rows": requirement_rows(requirements()),
        "kind_form": kind or KindForm(auto_id="kind_%s"),
        "requirement_form": form,
    }
    return render(request, "suppliers/documents/setup.html", context, status=status)
