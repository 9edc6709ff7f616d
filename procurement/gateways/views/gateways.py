"""The integration owner's pages of gateways: all of them, one with its secrets and messages, a new one, an upload."""

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Duplicate, Invalid, NotFound, Refusal
from portal.kernel.files import NOTHING_RUNS
from portal.kernel.idempotency.services import recall, remember
from portal.kernel.web import paginate, see_other
from procurement.gateways.forms import FileForm, GatewayForm
from procurement.gateways.messages import Arrived, ReadMessage
from procurement.gateways.models import Gateway
from procurement.gateways.policies import MOST_SECRETS
from procurement.gateways.presenters import event_row, problem_text
from procurement.gateways.queries import (
    events_of,
    events_waiting,
    failed,
    find_gateway,
    find_message,
    live_secrets,
    raw_of,
    visible_gateways,
    visible_messages,
    with_counts,
    with_traffic,
)
from procurement.gateways.services import (
    end_secret,
    keep_message,
    make_gateway,
    make_secret,
    replay_message,
    require_is_on,
    switch_gateway,
)
from procurement.gateways.services.administering import MadeSecret
from procurement.gateways.states import Way
from procurement.gateways.ways.arriving import known_gateway, read_again, read_for, takes_files
from procurement.gateways.ways.rows import COLUMNS
from suppliers.roles import Permission

P = Permission
PAGE_SIZE = 50
HOME = "procurement/gateways"


@door(P.ERP_VIEW)
def gateway_list(request: DoorRequest) -> HttpResponse:
    """Who talks to us: when each was heard last, and what of it needs a person."""
    gateways = with_traffic(visible_gateways(request.actor))
    page = paginate(gateways, request.GET.get("cursor", ""), order=("name", "id"), size=PAGE_SIZE)
    context = {
        "page": page,
        "waiting": events_waiting(request.actor).count(),
        "may_manage": request.actor.may(P.ERP_MANAGE),
    }
    return render(request, f"{HOME}/list.html", context)


@door(P.ERP_MANAGE, methods=["GET", "POST"])
def gateway_new(request: DoorRequest) -> HttpResponse:
    """Make a gateway. Its secret is in this answer and nowhere else."""
    if request.method != "POST":
        return render(request, f"{HOME}/new.html", {"form": GatewayForm(actor=request.actor)})
    form = GatewayForm(request.POST, actor=request.actor)
    if form.is_valid():
        key = f"gateway-new:{form.cleaned_data['once']}"
        if recall(key, "gateway-new", actor=request.actor):
            raise Duplicate(
                _("This gateway was made already, and its secret is shown only once. Make another secret.")
            )
        try:
            gateway, made = make_gateway(form.command(), actor=request.actor, at=request.at)
        except Invalid as refusal:
            form.add_problems(refusal)
        else:
            told = {"gateway": str(gateway.key)}
            remember(key, "gateway-new", 201, told, actor=request.actor, at=request.at)
            return _show_secret(request, gateway, made)
    return render(request, f"{HOME}/new.html", {"form": form}, status=422)


def _show_secret(request: DoorRequest, gateway: Gateway, made: MadeSecret) -> HttpResponse:
    context = {"gateway": gateway, "secret": made.words, "address": address_of(gateway)}
    return render(request, f"{HOME}/made.html", context, status=201)


def address_of(gateway: Gateway) -> str:
    """Where its messages are sent."""
    return f"{settings.PUBLIC_URL}{reverse('gateway-in', args=[gateway.key])}"


@door(P.ERP_VIEW)
def gateway(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One gateway: where it sends, its secrets, and what came through it, newest first."""
    found = find_gateway(key, actor=request.actor)
    view = request.GET.get("view", "all")
    theirs = visible_messages(request.actor).filter(gateway=found)
    theirs = with_counts(failed(theirs) if view == "failed" else theirs)
    page = paginate(theirs, request.GET.get("cursor", ""), order=("-received_at", "-id"), size=PAGE_SIZE)
    secrets = live_secrets(found)
    context = {
        "gateway": found,
        "address": address_of(found),
        "secrets": secrets,
        "may_add": len(secrets) < MOST_SECRETS,
        "page": page,
        "view": view,
        "views": [
            {"url": f"?view={name}", "label": label, "count": "", "hot": False, "current": name == view}
            for name, label in (("all", _("All")), ("failed", _("With failures")))
        ],
        "takes_files": found.active and takes_files(found),
        "may_manage": request.actor.may(P.ERP_MANAGE),
    }
    return render(request, f"{HOME}/gateway.html", context)


@door(P.ERP_MANAGE, methods=["POST"])
def gateway_secret(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Make another secret beside the one in use. It is in this answer and nowhere else."""
    made = make_secret(key, actor=request.actor, at=request.at)
    return _show_secret(request, find_gateway(key, actor=request.actor), made)


@door(P.ERP_MANAGE, methods=["GET", "POST"])
def gateway_secret_end(request: DoorRequest, key: uuid.UUID, secret: uuid.UUID) -> HttpResponse:
    """End a secret: one last look, then nothing that is signed with it is taken any more."""
    found = find_gateway(key, actor=request.actor)
    if request.method == "POST":
        end_secret(key, secret, actor=request.actor, at=request.at)
        messages.success(request, _("The secret is ended. Nothing that is signed with it is taken any more."))
        return see_other("integration-gateway", key=key)
    others = [one for one in live_secrets(found) if one.key != secret]
    text = _(
        "What is signed with it is refused from now on. This cannot be undone; make a new secret instead."
    )
    if not others:
        text = _(
            "It is the only one in use: nothing of this gateway is taken by webhook until you make another."
        )
    context = {
        "title": _("End this secret of %(name)s?") % {"name": found.name},
        "text": text,
        "action": reverse("integration-gateway-secret-end", args=[key, secret]),
        "verb": _("End it"),
        "danger": True,
        "back": reverse("integration-gateway", args=[key]),
    }
    template = "layouts/confirm.html#confirm" if getattr(request, "htmx", False) else "layouts/confirm.html"
    return render(request, template, context)


@door(P.ERP_MANAGE, methods=["POST"])
def gateway_switch(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Switch a gateway off, or on again."""
    active = request.POST.get("active") == "on"
    switch_gateway(key, active=active, actor=request.actor, at=request.at)
    messages.success(
        request, _("It is switched on.") if active else _("It is switched off. Nothing of it is taken.")
    )
    return see_other("integration-gateway", key=key)


class UploadRequest(DoorRequest):
    """A request with the form that was posted to it, the bytes of its file, and what is read in them."""

    form: FileForm
    raw: bytes
    read_message: ReadMessage


def read_upload(request: UploadRequest) -> None:
    """Read a posted file while no transaction is open: one with thousands of rows takes seconds."""
    posted = request.method == "POST"
    request.form = form = FileForm(request.POST, request.FILES) if posted else FileForm()
    match = request.resolver_match
    known = known_gateway(match.kwargs["key"]) if match and form.is_valid() else None
    if known is None or not takes_files(known[0]):
        return
    file = form.cleaned_data["file"]
    if file.size > settings.GATEWAY_MAX_BYTES:
        most = settings.GATEWAY_MAX_BYTES // 1024
        form.add_error(
            "file", _("This file is larger than %(most)d KB. Split it into several.") % {"most": most}
        )
        return
    request.raw = file.read()
    request.read_message = read_for(known[0], request.raw, Way.UPLOAD)
    for problem in request.read_message.problems:
        form.add_error("file", problem.message)


@door(P.ERP_MANAGE, methods=["GET", "POST"], before=read_upload)
def gateway_upload(request: UploadRequest, key: uuid.UUID) -> HttpResponse:
    """Take in a carrier's file; a worker deals with its rows in a moment."""
    found = find_gateway(key, actor=request.actor)
    require_is_on(found)
    if not takes_files(found):
        raise Refusal(_("A warehouse system tells its counts by webhook: they have many lines each."))
    if request.form.is_valid():
        name = request.form.cleaned_data["file"].name
        arrived = Arrived(Way.UPLOAD, request.raw, brought_by=request.actor.label, file_name=name)
        kept = keep_message(found, request.read_message, arrived, at=request.at)
        if kept.is_new:
            messages.success(
                request, _("The file is kept. What becomes of each row shows below in a moment.")
            )
        else:
            messages.info(
                request, _("This file was taken in before. It counts once; this is what came of it.")
            )
        return see_other("integration-gateway-message", key=kept.message.key)
    context: dict[str, Any] = {"gateway": found, "form": request.form, "columns": COLUMNS}
    return render(request, f"{HOME}/upload.html", context, status=422 if request.form.errors else 200)


# --- one message --------------------------------------------------------------------------------------------


@door(P.ERP_VIEW)
def gateway_message(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One message: what became of each of its events."""
    found = find_message(key, actor=request.actor)
    page = paginate(events_of(found), request.GET.get("cursor", ""), order=("position", "id"), size=100)
    rows = [event_row(event) for event in page.rows]
    context = {
        "message": found,
        "gateway": found.gateway,
        "page": page,
        "rows": rows,
        "problems": [problem_text(one) for one in found.problems],
        "may_replay": request.actor.may(P.ERP_MANAGE)
        and found.forgotten_at is None
        and found.gateway.active
        and events_waiting(request.actor).filter(message=found).exists(),
    }
    return render(request, f"{HOME}/message.html", context)


@door(P.ERP_VIEW)
def gateway_message_raw(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """The message as it came, to be saved and never to be shown inside our pages."""
    found = find_message(key, actor=request.actor)
    if found.forgotten_at is not None:
        raise NotFound(_("Of this message only its events were kept."))
    kind = "json" if found.way == Way.WEBHOOK else "csv"
    response = HttpResponse(raw_of(found), content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="message-{found.key}.{kind}"'
    response["Content-Security-Policy"] = NOTHING_RUNS
    response["X-Content-Type-Options"] = "nosniff"
    return response


@door(P.ERP_MANAGE, methods=["POST"])
def gateway_message_replay(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Deal anew with what was refused or not placed."""
    found = find_message(key, actor=request.actor)
    replay_message(key, read_again(found), actor=request.actor, at=request.at)
    messages.success(request, _("It is dealt with anew. What becomes of it shows below in a moment."))
    return see_other("integration-gateway-message", key=key)
