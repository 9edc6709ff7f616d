"""A command as a page: what the ERP holds, who must act, and the decision; and the list of what is to be keyed in."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import IllegalTransition, Invalid, Refusal
from portal.kernel.scope import acting
from portal.kernel.web import paginate, panel_or_page, see_other, whole_number
from procurement.erp.advice import advice_for
from procurement.erp.case_presenters import case_rows, keying_rows, moved_sentences, ways_out_words
from procurement.erp.cases import keying_of, mark_of
from procurement.erp.deciding import (
    CaseMoved,
    ask_supplier,
    assign_task,
    keep_theirs,
    leave_it,
    ways_out,
    write_ours,
)
from procurement.erp.inbound import can_read_one_order, read_one_order
from procurement.erp.models import ErpCommand
from procurement.erp.ports import ErpError, WriteField
from procurement.erp.presenters import command_row, reason_text, story_of, words_of_fields
from procurement.erp.queries import (
    case_of,
    find_command,
    known_since,
    next_try_at,
    people_who_key,
    tasks_to_key,
    tries_of,
)
from procurement.erp.states import IN_FLIGHT, STUCK, CommandState
from suppliers.roles import Permission

LOOKS = (Permission.ERP_VIEW, Permission.ORDER_DECIDE)
DECIDES = (Permission.ERP_MANAGE, Permission.ORDER_DECIDE)
LONGEST = 2000


@door(*LOOKS)
def command(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One command: decided on, in the ERP now, wanted; who must act, the ways out, and every attempt."""
    return _show(request, find_command(key, actor=request.actor))


def _show(
    request: DoorRequest,
    found: ErpCommand,
    *,
    refusal: Refusal | None = None,
    typed: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    case = case_of(found)
    currency = found.order.currency
    reference = found.payload.get("supplier_reference", "")
    is_task = found.state == CommandState.TO_KEY
    keying = keying_of(case.lines, reference=reference if _keys_reference(found) else "") if is_task else []
    context: dict[str, Any] = {
        "command": found,
        "row": command_row(found),
        "reason": reason_text(found.reason),
        "advice": advice_for(found.state, found.fault, found.reason),
        "lines": case_rows(case.lines, currency),
        "known_since": known_since(found),
        "can_read": found.state in (*STUCK, CommandState.SENT) and can_read_one_order(),
        "missing": words_of_fields(found.missing),
        "keying": keying_rows(keying, currency),
        "keying_left": sum(not one.is_done for one in keying),
        "people": people_who_key() if is_task else (),
        "next_try": next_try_at(found) if found.state in IN_FLIGHT else None,
        "ways": ways_out_words(ways_out(case, request.actor), found.state),
        "mark": mark_of(case),
        "story": story_of(found, tries_of(found)),
        "may_decide": any(request.actor.may(permission) for permission in DECIDES),
        "may_see_monitor": request.actor.may(Permission.ERP_VIEW),
        "refusal": refusal,
        "moved": moved_sentences(refusal.details.get("moved", ())) if refusal else [],
        "typed": typed or {},
    }
    return render(request, "procurement/erp/command.html", context, status=status)


def _keys_reference(found: ErpCommand) -> bool:
    return WriteField.SUPPLIER_REFERENCE in found.missing


# --- deciding


def _decide(
    request: DoorRequest, key: uuid.UUID, decide: Callable[[ErpCommand, str], str], *, field: str = ""
) -> HttpResponse:
    """Take a decision on what the page showed, or show the page again with what moved and what was typed."""
    found = find_command(key, actor=request.actor)
    typed = {field: request.POST.get(field, "")[:LONGEST]} if field else {}
    try:
        with transaction.atomic():
            said = decide(found, typed.get(field, "").strip())
    except (CaseMoved, Invalid, IllegalTransition) as refusal:
        fresh = find_command(key, actor=request.actor)
        return _show(request, fresh, refusal=refusal, typed=typed, status=refusal.status)
    messages.success(request, said)
    return see_other("integration-command", found.origin)


def _mark(request: DoorRequest) -> str:
    return request.POST.get("mark", "")


@door(*DECIDES, methods=["POST"])
def command_retry(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Write ours: send the agreed values again, on what the ERP holds now."""

    def decide(found: ErpCommand, _typed: str) -> str:
        if write_ours(found, mark=_mark(request), actor=request.actor, at=request.at):
            return _("The command is on its way again.")
        return _("Nothing of it is agreed any more, so there was nothing to write.")

    return _decide(request, key, decide)


@door(Permission.ORDER_DECIDE, methods=["POST"])
def command_keep(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Keep the ERP's values: the agreement is reopened, and the supplier is asked about them."""

    def decide(found: ErpCommand, _typed: str) -> str:
        numbers = keep_theirs(found, mark=_mark(request), actor=request.actor, at=request.at)
        if not numbers:
            return _("The ERP’s values are kept. Nothing is left to promise, so nobody is asked.")
        return _said(numbers, _("The ERP’s values are kept."))

    return _decide(request, key, decide)


@door(Permission.ORDER_DECIDE, methods=["POST"])
def command_ask(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Ask the supplier again, with a message."""

    def decide(found: ErpCommand, words: str) -> str:
        mark = _mark(request)
        return _said(ask_supplier(found, words, mark=mark, actor=request.actor, at=request.at))

    return _decide(request, key, decide, field="words")


def _said(numbers: tuple[int, ...], head: str = "") -> str:
    text = ngettext(
        "The supplier is asked again about line %(lines)s.",
        "The supplier is asked again about lines %(lines)s.",
        len(numbers),
    )
    return f"{head} {text % {'lines': ', '.join(str(number) for number in numbers)}}".strip()


@door(*DECIDES, methods=["POST"])
def command_give_up(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Leave the ERP as it is, with a reason: what was agreed stands in the portal alone."""

    def decide(found: ErpCommand, reason: str) -> str:
        if not reason:
            raise Invalid(_("Say why: your reason stays in the order’s story."))
        leave_it(found, reason, mark=_mark(request), actor=request.actor, at=request.at)
        return _("Given up. What waited behind it goes on.")

    return _decide(request, key, decide, field="reason")


@door(*DECIDES, methods=["POST"])
def command_assign(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Say who keys it in."""

    def decide(found: ErpCommand, _typed: str) -> str:
        person = whole_number(request.POST.get("person"))
        assign_task(found, person, actor=request.actor, at=request.at)
        return _("It is with them now.") if person else _("It is in the queue of all who may key it in.")

    return _decide(request, key, decide)


# --- reading it back


def _read_back(request: DoorRequest) -> None:
    """Ask the ERP for the order, before the door opens its transaction."""
    key = request.resolver_match.kwargs["key"]  # type: ignore[union-attr]  # a resolved request
    with acting(request.actor):
        order = find_command(key, actor=request.actor).order
        company, number = order.company.code, order.number
    if not can_read_one_order():
        request.said = _("This ERP tells of its orders by feed alone.")  # type: ignore[attr-defined]
        return
    try:
        there = read_one_order(company, number, clock=timezone.now)
        request.said = "" if there else _("The ERP has no order of this number any more.")  # type: ignore[attr-defined]
    except ErpError as error:
        request.said = _("The ERP could not be asked: %(reason)s") % {  # type: ignore[attr-defined]
            "reason": reason_text(error.reason)
        }


@door(*LOOKS, methods=["POST"], before=_read_back)
def command_read(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Show what the ERP holds this moment, where it can be asked."""
    found = find_command(key, actor=request.actor)
    said: str = request.said  # type: ignore[attr-defined]  # by _read_back
    if said:
        messages.warning(request, said)
    else:
        messages.success(request, _("Read from the ERP just now."))
    return see_other("integration-command", found.origin)


# --- what is to be keyed in


@door(*LOOKS)
def keying_list(request: DoorRequest) -> HttpResponse:
    """What a person has to key into the ERP: one's own first to look at, or all of it."""
    whose = "mine" if request.GET.get("view") == "mine" else "all"
    tasks = tasks_to_key(request.actor)
    mine = tasks.filter(assigned_to_id=request.actor.user_id)
    page = paginate(
        mine if whose == "mine" else tasks, request.GET.get("cursor", ""), order=["queued_at", "id"]
    )
    tabs = [
        {"url": "?", "label": _("All"), "current": whose == "all", "count": tasks.count()},
        {"url": "?view=mine", "label": _("Mine"), "current": whose == "mine", "count": mine.count()},
    ]
    context = {"page": page, "rows": [command_row(one) for one in page.rows], "views": tabs, "whose": whose}
    return panel_or_page(request, "procurement/erp/keying_list.html", "keying", context)
