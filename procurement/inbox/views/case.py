"""One case: everything to decide it on one page, and what can be done to it."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, NotFound, Refusal
from portal.kernel.web import whole_number
from procurement.changes.messages import WantedPiece, Wish, terms_from_json
from procurement.inbox.forms import (
    AssignForm,
    CaseForm,
    CounterForm,
    DeclineForm,
    ReasonForm,
    SnoozeForm,
    TaskForm,
    WhyForm,
)
from procurement.inbox.messages import ActOnCase, Seen
from procurement.inbox.models import ExceptionCase
from procurement.inbox.policies.kinds import look_of
from procurement.inbox.presenters.pages import (
    accept_text,
    ball_of,
    compared,
    mail_trouble,
    own_page,
    presence_text,
    story_of,
    why_of,
)
from procurement.inbox.presenters.rows import returned_text, score_tone, title_of
from procurement.inbox.queries.cases import (
    awaited_of,
    events_of,
    find_case,
    neighbours,
    notes_of,
    others_looking,
    others_of_order,
    tasks_of,
)
from procurement.inbox.queries.people import workers
from procurement.inbox.services.acting import act_on_case, counter_on_case, verbs_for
from procurement.inbox.services.tasking import AskTask, ask_task
from procurement.inbox.services.working import (
    assign_case,
    look_at,
    reopen_case,
    settle_case,
    snooze_case,
    this_day,
    wake_case,
    write_note,
)
from procurement.inbox.states import Cause, OwnedBy
from procurement.inbox.views.common import address, cases_wanted, list_context, wanted_of
from procurement.payables.queries.approvals import asks_me
from procurement.supply.presenters import panels_of_line, record_panel
from procurement.threads.messages import NewMessage
from procurement.threads.queries import thread_of
from procurement.threads.services import send_message
from suppliers.roles import Permission

TEMPLATE = "procurement/inbox/inbox.html"


@door(Permission.CASE_VIEW)
def inbox_case(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """A case beside the list; for htmx, the case alone."""
    case = find_case(key, actor=request.actor)
    return show_case(request, case)


def show_case(
    request: DoorRequest,
    case: ExceptionCase,
    *,
    refusal: Refusal | None = None,
    note: str = "",
    kept: Sequence[tuple[str, str]] = (),
    status: int = 200,
) -> HttpResponse:
    """The page of a case, with what could not be done on it, and what was typed for that."""
    look_at(case, actor=request.actor, at=request.at)
    narrow = getattr(request, "htmx", False) and request.htmx.target == "inbox-case"
    context = case_context(request, case) | {"refusal": refusal, "note_typed": note, "kept": kept}
    if not narrow:
        context |= list_context(request, case)
        if context["may_work"]:
            context["people"] = list(workers())
    return render(request, f"{TEMPLATE}#case" if narrow else TEMPLATE, context, status=status)


def case_context(request: DoorRequest, case: ExceptionCase) -> dict[str, Any]:
    """Everything a page tells of a case."""
    verbs = verbs_for(case, request.actor)
    previous, following = neighbours(cases_wanted(request, wanted_of(request)), case)
    columns, rows = compared(case)
    page_url, page_word = own_page(case)
    look = look_of(case.kind)
    events = events_of(case)
    asked = awaited_of(case, actor=request.actor)
    is_mine = case.holder_id == request.actor.user_id
    if asked:
        is_mine = asks_me(asked, actor=request.actor, at=request.at)
    context: dict[str, Any] = {
        "case": case,
        "title": title_of(case, request.at),
        "returned": returned_text(case),
        "look": look,
        "score_tone": score_tone(case.score),
        "is_mine": case.holder_id == request.actor.user_id,
        "is_stood_in": case.owner_id is not None and case.holder_id != case.owner_id,
        "owned_by": OwnedBy(case.owned_by).label
        if case.owned_by in (OwnedBy.RULE, OwnedBy.BUYER, OwnedBy.ASKED)
        else "",
        "ball": ball_of(case, request.at, is_mine=is_mine, may_decide=bool(verbs), asked=asked),
        "presence": presence_text(others_looking(case, request.actor, request.at)),
        "verbs": verbs,
        "accept_word": accept_text(case),
        "columns": columns,
        "compared": rows,
        "why": why_of(case),
        "own_url": page_url,
        "own_word": page_word,
        "notes": notes_of(case),
        "tasks": [(task, mail_trouble(task, events)) for task in tasks_of(case)],
        "entries": story_of(events),
        "others": [
            (one, title_of(one, request.at), address(request, "inbox-case", one.key))
            for one in others_of_order(case, request.actor)
        ],
        "thread": thread_of(case.order, request.actor) if case.order else None,
        "previous_url": address(request, "inbox-case", previous) if previous else "",
        "next_url": address(request, "inbox-case", following) if following else "",
        "here": address(request, "inbox-case", case.key),
        "note_url": address(request, "inbox-note", case.key),
        "list_url": address(request),
        "poll_url": address(request, "inbox-poll"),
        "do": {verb: _do_url(request, case, verb, seen=case.version) for verb in VERBS},
        "may_work": request.actor.may(Permission.CASE_WORK),
        "loaded": request.at.isoformat(),
        "since": request.at.isoformat(),
    }
    if case.line and case.order:
        case.line.order, case.line.supplier = case.order, case.order.supplier
        context["panels"] = panels_of_line(case.line, at=request.at)
        context["record"] = context["panels"].record
    elif case.supplier:
        context["record"] = record_panel(case.supplier, at=request.at)
    return context


def _do_url(request: DoorRequest, case: ExceptionCase, verb: str, *, seen: int | None = None) -> str:
    """Where something is done to a case; a form asked for there is about the version that was `seen`."""
    path, _mark, query = address(request, "inbox-case", case.key).partition("?")
    more = "&".join(part for part in (query, f"version={seen}" if seen is not None else "") if part)
    return f"{path}{verb}/" + (f"?{more}" if more else "")


# --- doing something ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verb:
    """Something that is done to a case: what its form is called, what the button says, what is said when it is done.

    `moves_on` leads to the next case: this one needs nothing more for now.
    """

    title: str | Lazy
    text: str | Lazy
    button: str | Lazy
    done: str | Lazy
    form: Callable[..., CaseForm] | None = None
    moves_on: bool = True
    danger: bool = False


VERBS: dict[str, Verb] = {
    "accept": Verb(
        gettext_lazy("Accept it?"),
        gettext_lazy("It is agreed then, and the ERP is told."),
        gettext_lazy("Accept"),
        gettext_lazy("Accepted; the ERP is told."),
    ),
    "decline": Verb(
        gettext_lazy("Decline"),
        gettext_lazy("The supplier reads why, and answers again."),
        gettext_lazy("Decline"),
        gettext_lazy("Declined; the supplier reads why."),
        DeclineForm,
        danger=True,
    ),
    "counter": Verb(
        gettext_lazy("Counter-offer"),
        gettext_lazy("What you leave empty stays as the supplier wants it."),
        gettext_lazy("Put it on the table"),
        gettext_lazy("Your counter-offer is on the table."),
        CounterForm,
    ),
    "snooze": Verb(
        gettext_lazy("Let it sleep"),
        gettext_lazy("It wakes on that day, or before if anything about it changes."),
        gettext_lazy("Snooze"),
        gettext_lazy("It sleeps."),
        SnoozeForm,
    ),
    "wake": Verb(
        gettext_lazy("Wake it?"), "", gettext_lazy("Wake"), gettext_lazy("It is awake."), moves_on=False
    ),
    "take": Verb(
        gettext_lazy("Take it?"), "", gettext_lazy("Take it"), gettext_lazy("It is yours."), moves_on=False
    ),
    "assign": Verb(
        gettext_lazy("Give it to somebody"),
        gettext_lazy("Who stands in for them has it while they are away."),
        gettext_lazy("Give"),
        gettext_lazy("It has changed hands."),
        AssignForm,
        moves_on=False,
    ),
    "ask": Verb(
        gettext_lazy("Ask somebody else"),
        gettext_lazy("They see your question and nothing else of the case."),
        gettext_lazy("Ask"),
        gettext_lazy("The question is put."),
        TaskForm,
        moves_on=False,
    ),
    "settle": Verb(
        gettext_lazy("Close it"),
        gettext_lazy("It comes back by itself when its cause changes."),
        gettext_lazy("Close the case"),
        gettext_lazy("Closed."),
        ReasonForm,
    ),
    "reopen": Verb(
        gettext_lazy("Open it again"),
        gettext_lazy("It then waits for a person to close it."),
        gettext_lazy("Open again"),
        gettext_lazy("It is open again."),
        WhyForm,
        moves_on=False,
    ),
}


@door(Permission.CASE_WORK, methods=["GET", "POST"])
def inbox_do(request: DoorRequest, key: uuid.UUID, verb: str) -> HttpResponse:
    """Do something to a case: its form, and the doing. What cannot be done says what happened meanwhile."""
    known = VERBS.get(verb)
    if known is None:
        raise NotFound(_("There is no such page."))
    case = find_case(key, actor=request.actor)
    if request.method == "GET":
        return _ask(request, case, verb, _form(request, case, verb, None))
    form = _form(request, case, verb, request.POST)
    if form is not None and not form.is_valid():
        return _ask(request, case, verb, form, status=422)
    following = neighbours(cases_wanted(request, wanted_of(request)), case)[1]
    seen = Seen(key, whole_number(request.POST.get("version")) or 0)
    try:
        with transaction.atomic():
            _carry_out(request, verb, case, seen, form.cleaned_data if form else {})
    except Invalid as refusal:
        if form is None:
            return show_case(request, find_case(key, actor=request.actor), refusal=refusal, status=422)
        form.add_refusal(refusal)
        return _ask(request, case, verb, form, status=422)
    except Refusal as refusal:
        case = find_case(key, actor=request.actor)
        return show_case(request, case, refusal=refusal, kept=_typed(form), status=refusal.status)
    messages.success(request, str(known.done))
    to = following if known.moves_on and following else None if known.moves_on else key
    url = address(request, "inbox-case", to) if to else address(request)
    response = HttpResponseRedirect(url)
    response.status_code = 303
    return response


def _looked_at(request: DoorRequest, case: ExceptionCase) -> int:
    """The version that the reader has seen: of the page it comes from, not of the question it is asked."""
    return whole_number(request.POST.get("version", request.GET.get("version"))) or case.version


def _form(request: DoorRequest, case: ExceptionCase, verb: str, data: Any) -> CaseForm | None:
    kind = VERBS[verb].form
    if kind is None:
        return None
    more: dict[str, Any] = {}
    if kind is SnoozeForm:
        more["tomorrow"] = this_day(request.at) + timedelta(days=1)
    if kind in (DeclineForm, CounterForm):
        more["case"] = case
    if kind is AssignForm:
        more["initial"] = {"owner": case.owner_id}
    return kind(data, **more)


def _typed(form: CaseForm | None) -> list[tuple[str, str]]:
    """What was typed into a form that came to nothing, by the names of its fields."""
    if form is None:
        return []
    words = ((str(field.label), form.data.get(field.html_name, "").strip()) for field in form)
    return [(label, text) for label, text in words if text]


def _ask(
    request: DoorRequest, case: ExceptionCase, verb: str, form: CaseForm | None, status: int = 200
) -> HttpResponse:
    known = VERBS[verb]
    context = {
        "title": known.title,
        "text": known.text,
        "action": _do_url(request, case, verb),
        "verb": known.button,
        "keep": _("Cancel"),
        "danger": known.danger,
        "back": address(request, "inbox-case", case.key),
        "hidden": {"version": _looked_at(request, case)},
        "form": form,
    }
    template = "layouts/confirm.html#confirm" if request.htmx else "layouts/confirm.html"
    return render(request, template, context, status=status)


def _carry_out(
    request: DoorRequest, verb: str, case: ExceptionCase, seen: Seen, data: dict[str, Any]
) -> None:
    who: dict[str, Any] = {"actor": request.actor, "at": request.at}
    match verb:
        case "accept":
            act_on_case(ActOnCase(seen, "accept"), **who)
        case "decline":
            act_on_case(ActOnCase(seen, "decline", data["reason"], data["note"]), **who)
        case "counter":
            counter_on_case(seen, _wish(case, data), reason=data["reason"], note=data["note"], **who)
        case "snooze":
            snooze_case(seen, data["until"], data["reason"], **who)
        case "wake":
            wake_case(seen, **who)
        case "take":
            assign_case(seen, request.actor.user_id, **who)
        case "assign":
            owner = data["owner"]
            assign_case(seen, owner.pk if owner else None, **who)
        case "settle":
            settle_case(seen, data["reason"], **who)
        case "reopen":
            reopen_case(seen, data["reason"], **who)
        case "ask":
            person = data["person"]
            ask_task(
                AskTask(
                    case.key,
                    data["question"],
                    person.pk if person else None,
                    data["email"],
                    data["due_on"],
                    data["language"],
                ),
                **who,
            )


def _wish(case: ExceptionCase, data: dict[str, Any]) -> Wish:
    """The supplier's wish with what the buyer would have otherwise: one delivery, as a rule."""
    wanted = terms_from_json(case.facts["wanted"]) if case.cause == Cause.CHANGE else None
    if wanted is None or len(wanted.pieces) > 1:
        raise Invalid(_("This wish has several deliveries. Open the change request to counter it."))
    before = wanted.pieces[0] if wanted.pieces else None
    piece = WantedPiece(
        quantity=data["quantity"] if data["quantity"] is not None else before.quantity if before else None,
        delivery_on=data["delivery_on"] or (before.delivery_on if before else None),
        price=data["price"] if data["price"] is not None else before.price if before else None,
        price_per=before.price_per if before else None,
    )
    return Wish(pieces=(piece,), ship_to=wanted.ship_to)


@door(Permission.CASE_WORK, methods=["POST"])
def inbox_note(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Write on a case: a note for colleagues alone, or a message to the supplier in the order's thread."""
    case = find_case(key, actor=request.actor)
    text = request.POST.get("text", "").replace("\r\n", "\n")
    try:
        with transaction.atomic():
            if request.POST.get("to") == "supplier" and case.order:
                send_message(NewMessage(case.order.key, text), actor=request.actor, at=request.at)
                messages.success(request, _("Sent to the supplier."))
            else:
                write_note(key, text, actor=request.actor, at=request.at)
                messages.success(request, _("Noted, for colleagues alone."))
    except Refusal as refusal:
        return show_case(request, case, refusal=refusal, note=text, status=refusal.status)
    response = HttpResponseRedirect(address(request, "inbox-case", key))
    response.status_code = 303
    return response
