"""The doors of the mails that came in: the list, one mail shown safely, where it belongs; and a provider's call."""

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from portal.kernel.access import DoorRequest, door, public
from portal.kernel.audit.queries import timeline_of
from portal.kernel.errors import Invalid, Problem, Refusal
from portal.kernel.files import NOTHING_RUNS
from portal.kernel.signing import is_signed
from portal.kernel.web import paginate, see_other, whole_number
from procurement.mailroom.messages import DismissMail, PlaceMail
from procurement.mailroom.models import InboundMail
from procurement.mailroom.presenters import unsure_shown, why_text
from procurement.mailroom.queries import (
    bytes_to_save,
    failing_mailboxes,
    find_mail,
    mails_waiting,
    orders_numbered,
    visible_drafts,
    visible_mails,
    why_kept_back,
)
from procurement.mailroom.services import dismiss_mail, place_mail, take_mail
from procurement.mailroom.states import MAIL_LIFECYCLE, PLACEABLE, Door, MailState
from procurement.orders.models import PurchaseOrder
from suppliers.roles import Permission

P = Permission
PAGE_SIZE = 50
LIST, ONE = "procurement/mailroom/list.html", "procurement/mailroom/mail.html"


# --- the list -----------------------------------------------------------------------------------------------


@door(P.MAIL_VIEW)
def mail_list(request: DoorRequest) -> HttpResponse:
    """What came in: what needs a person first, then everything, what machines wrote, and what was not delivered."""
    actor = request.actor
    seen = visible_mails(actor)
    parts = {
        "waiting": (_("Needs you"), mails_waiting(actor)),
        "all": (_("All"), seen),
        "drafts": (_("With a draft"), seen.filter(state=MailState.DRAFTED)),
        "bounced": (_("Not delivered"), seen.filter(state=MailState.BOUNCED)),
        "automatic": (_("Set aside"), seen.filter(state__in=[MailState.AUTOMATIC, MailState.DISMISSED])),
    }
    view = request.GET.get("view", "waiting")
    view = view if view in parts else "waiting"
    page = paginate(
        parts[view][1], request.GET.get("cursor", ""), order=("-received_at", "-id"), size=PAGE_SIZE
    )
    context = {
        "page": page,
        "rows": [{"mail": mail, "why": why_text(mail.why)} for mail in page.rows],
        "failing": failing_mailboxes(),
        "view": view,
        "views": [
            {
                "url": f"?view={name}",
                "label": label,
                "count": mails.count() if name == "waiting" else "",
                "hot": name == "waiting",
                "current": name == view,
            }
            for name, (label, mails) in parts.items()
        ],
    }
    return render(request, LIST, context)


# --- one mail -----------------------------------------------------------------------------------------------


@door(P.MAIL_VIEW)
def mail(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One mail: its head, what was written this time as plain text, and what was made of it."""
    return _show(request, find_mail(key, actor=request.actor))


def _show(
    request: DoorRequest,
    found: InboundMail,
    *,
    number: str = "",
    reason: str = "",
    refusal: Refusal | None = None,
) -> HttpResponse:
    verbs = MAIL_LIFECYCLE.verbs_for(request.actor, found.state)
    problems = refusal.problems if isinstance(refusal, Invalid) else ()
    context: dict[str, Any] = {
        "mail": found,
        "kept_back": why_kept_back(found),
        "why": why_text(found.why),
        "unsure": unsure_shown(found.told.get("unsure", ())),
        "failures": found.told.get("failures", ()),
        "drafts": list(visible_drafts(request.actor).filter(mail=found).order_by("id")),
        "events": list(timeline_of(found.stream, actor=request.actor, limit=20)),
        "may_place": "place" in verbs and found.state in PLACEABLE and found.forgotten_at is None,
        "may_dismiss": "dismiss" in verbs,
        "number": number or (found.order.number if found.order else ""),
        "reason": reason,
        "refusal": refusal,
        "problems": [problem.message for problem in problems],
    }
    return render(request, ONE, context, status=refusal.status if refusal else 200)


@door(P.MAIL_VIEW)
def mail_raw(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """The mail as it came, to be saved and never to be shown inside our pages."""
    found = find_mail(key, actor=request.actor)
    response = HttpResponse(
        bytes_to_save(found, actor=request.actor), content_type="application/octet-stream"
    )
    response["Content-Disposition"] = f'attachment; filename="mail-{found.key}.eml"'
    response["Content-Security-Policy"] = NOTHING_RUNS
    response["X-Content-Type-Options"] = "nosniff"
    return response


@door(P.MAIL_PLACE, methods=["POST"])
def mail_place(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Say which order a mail belongs to; it is sorted again."""
    found = find_mail(key, actor=request.actor)
    number = request.POST.get("order", "").strip()
    try:
        order = _order_named(request, number)
        command = PlaceMail(key, whole_number(request.POST.get("version")) or 0, order.key)
        place_mail(command, actor=request.actor, at=request.at)
    except Invalid as refusal:
        return _show(request, found, number=number, refusal=refusal)
    messages.success(request, _("It goes to order %(number)s in a moment.") % {"number": order.number})
    return see_other("mail", key=key)


def _order_named(request: DoorRequest, number: str) -> PurchaseOrder:
    orders = orders_numbered(number, actor=request.actor) if number else []
    if len(orders) == 1:
        return orders[0]
    message = _("Type the number of an order, as it stands in the list of orders.")
    if number and not orders:
        message = _("There is no order “%(number)s”. Type its number as it stands in the list of orders.")
    elif orders:
        message = _(
            "Two companies have an order “%(number)s”: open the order and write in its thread instead."
        )
    message = message % {"number": number[:60]} if number else message
    raise Invalid(message, [Problem("order", message, number[:60])])


@door(P.MAIL_PLACE, methods=["POST"])
def mail_dismiss(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Say that nothing is to be done with a mail, and why."""
    found = find_mail(key, actor=request.actor)
    reason = request.POST.get("reason", "")
    command = DismissMail(key, whole_number(request.POST.get("version")) or 0, reason)
    try:
        dismiss_mail(command, actor=request.actor, at=request.at)
    except Invalid as refusal:
        return _show(request, found, reason=reason, refusal=refusal)
    messages.success(request, _("The mail is dismissed."))
    return see_other("mail-list")


# --- a provider's call --------------------------------------------------------------------------------------


@public
@csrf_exempt
def mail_in(request: HttpRequest) -> HttpResponse:
    """Take in one raw mail from whoever holds the secret: see Note [Signed calls] in portal/kernel/signing.py."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if not settings.MAIL_IN_WEBHOOK_SECRET:
        return _said("not_found", "No mail is taken in here.", 404)
    length = whole_number(request.META.get("CONTENT_LENGTH")) or 0
    if not length:
        return _said("malformed", "The body is the mail, and its length stands in Content-Length.", 400)
    if length > settings.MAIL_IN_MAX_BYTES:
        return _said("too_large", "The mail is larger than is taken in here.", 413)
    at = timezone.now()
    body = request.read(settings.MAIL_IN_MAX_BYTES)
    stamp = request.headers.get("Quayside-Timestamp", "")
    signature = request.headers.get("Quayside-Signature", "")
    if not is_signed(body, stamp, signature, secret=settings.MAIL_IN_WEBHOOK_SECRET, at=at):
        return _said("unsigned", "The signature or the time stamp is not right.", 401)
    kept = take_mail(body, door=Door.WEBHOOK, at=at)
    return JsonResponse({"mail": str(kept.key)}, status=202)


def _said(code: str, detail: str, status: int) -> HttpResponse:
    return JsonResponse({"code": code, "detail": detail}, status=status)
