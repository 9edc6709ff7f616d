"""The doors of a thread: its panel, a message or a file posted to it, a file fetched from it."""

import json
import uuid
from dataclasses import replace

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid
from portal.kernel.files import as_download
from portal.kernel.web import panel_or_page
from procurement.orders.models import PurchaseOrder
from procurement.orders.queries import find_order
from procurement.threads.forms import read_files, read_message
from procurement.threads.queries import find_file, thread_of
from procurement.threads.services import add_files, send_message
from suppliers.roles import Permission

P = Permission


@door(P.ORDER_VIEW)
def thread(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """The whole thread of an order, on a page of its own."""
    return _show(request, find_order(key, actor=request.actor))


@door(P.THREAD_WRITE, P.THREAD_NOTE, methods=["POST"])
def message_send(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Say something about an order. Who may not write to the other side writes an internal note, nothing else."""
    order = find_order(key, actor=request.actor)
    command = read_message(request, key)
    if not request.actor.may(P.THREAD_WRITE):
        command = replace(command, internal=True)
    try:
        send_message(command, actor=request.actor, at=request.at)
    except Invalid as refusal:
        return _show(request, order, body=command.body, refusal=refusal)
    return _done(request, order)


@door(P.THREAD_WRITE, P.THREAD_NOTE, methods=["POST"])
def file_add(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Hang files on an order without a message."""
    order = find_order(key, actor=request.actor)
    internal = bool(request.POST.get("internal")) or not request.actor.may(P.THREAD_WRITE)
    try:
        add_files(key, read_files(request), internal=internal, actor=request.actor, at=request.at)
    except Invalid as refusal:
        return _show(request, order, refusal=refusal)
    return _done(request, order)


@door(P.ORDER_VIEW)
def file(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One file, to be saved and never to be shown inside our pages.

    Whatever it holds, it comes as a download, is not guessed at (nosniff, of SecurityMiddleware) and could run nothing.
    """
    found = find_file(key, actor=request.actor)
    return as_download(bytes(found.content), found.name, found.content_type)


def _show(
    request: DoorRequest,
    order: PurchaseOrder,
    *,
    body: str = "",
    refusal: Invalid | None = None,
    sent: bool = False,
) -> HttpResponse:
    problems = tuple(problem.message for problem in refusal.problems) if refusal else ()
    said = thread_of(order, request.actor, body=body, problems=problems, whole=not sent)
    context = {"thread": said, "order": order, "sent": sent}
    status = refusal.status if refusal else 200
    return panel_or_page(request, "procurement/threads/thread.html", "thread-panel", context, status)


def _done(request: DoorRequest, order: PurchaseOrder) -> HttpResponse:
    if getattr(request, "htmx", False):
        shown = _show(request, order, sent=True)
        shown["HX-Trigger"] = json.dumps({"announce": gettext("Added to the thread.")})
        return shown
    response = HttpResponse(status=303)
    response["Location"] = f"{reverse('order', args=[order.key])}#thread"
    return response
