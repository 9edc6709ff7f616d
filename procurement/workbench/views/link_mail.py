"""What mails promise, on the page behind a signed link: confirmed, opened for correction or discarded by a press."""

import uuid

from django.db import transaction
from django.http import HttpResponse
from django.utils.translation import gettext as _

from portal.kernel.errors import Invalid, NotFound
from portal.kernel.web import whole_number
from procurement.links.services import hold_link, spend_link
from procurement.mailroom.messages import DecideDraft
from procurement.mailroom.queries import find_draft
from procurement.mailroom.services import confirm_draft, correct_draft, discard_draft
from procurement.mailroom.states import DraftKind
from procurement.orders.queries import lock_order
from procurement.workbench.queries.link import ANSWER, order_of
from procurement.workbench.views.link import refused_page, require_no_sign_in, to_page
from procurement.workbench.views.link_door import LinkRequest, link_door


@link_door(methods=["POST"], refused=refused_page)
def link_draft(request: LinkRequest, key: uuid.UUID) -> HttpResponse:
    """Say what was read in a mail, correct it first, or throw it away. An answer is given once with a link."""
    order = order_of(request.link, request.actor)
    require_no_sign_in(order)
    draft = find_draft(key, actor=request.actor)
    if draft.order_id != order.pk:
        raise NotFound(_("There is no such draft."))
    lock_order(order.key, actor=request.actor)
    command = DecideDraft(key, whole_number(request.POST.get("version")) or 0, request.POST.get("reason", ""))
    verb = request.POST.get("verb", "")
    if verb == "discard":
        discard_draft(command, actor=request.actor, at=request.at)
        return to_page(request, "discarded")
    act = ANSWER if draft.kind == DraftKind.ACKNOWLEDGMENT else str(key)
    held = hold_link(request.link, act, at=request.at)
    if verb == "correct":
        correct_draft(command, actor=request.actor, at=request.at)
        return to_page(request, "kept", "#lines")
    if verb != "confirm":
        raise Invalid(_("Press one of the buttons: confirm, correct or discard."))
    with transaction.atomic():
        confirm_draft(command, actor=request.actor, at=request.at)
    spend_link(held, act, at=request.at)
    done = "replied" if draft.kind == DraftKind.REPLY else "asked"
    return to_page(request, "answered" if act == ANSWER else done)
