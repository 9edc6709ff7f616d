"""A person says where a mail belongs, or that nothing is to be done with it."""

from datetime import datetime

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Invalid, NotAllowed, Problem, Refusal, StaleDocument
from portal.kernel.scope import requires_scope
from procurement.mailroom.messages import DismissMail, PlaceMail
from procurement.mailroom.models import InboundMail
from procurement.mailroom.queries import find_mail, find_sender
from procurement.mailroom.services.taking import promise_to_sort
from procurement.mailroom.states import MAIL_LIFECYCLE, Why
from procurement.orders.queries import find_order
from suppliers.roles import Permission

UNREADABLE = frozenset({Why.TOO_LARGE, Why.TOO_DEEP, Why.MALFORMED})
LONGEST_REASON = 500


class BelongsElsewhere(Refusal):
    """The address is another supplier's."""

    code = "belongs_elsewhere"


@requires_scope
def place_mail(command: PlaceMail, *, actor: Actor, at: datetime) -> InboundMail:
    """Say that a mail belongs to an order: it is sorted again, and goes to that thread as its sender's word.

    Raises `BelongsElsewhere` where the address is known to be another supplier's: one supplier's words never get into
    another one's thread, not even by a slip of the hand.
    """
    mail = _hold(command.mail, command.version, actor)
    order = find_order(command.order, actor=actor)
    if mail.why in UNREADABLE:
        raise Refusal(_("This mail cannot be read. Ask its sender to write again."))
    if mail.forgotten_at is not None:
        raise Refusal(
            _("This mail is too old: only its head and text were kept. Ask its sender to write again.")
        )
    sender = find_sender(mail.sender)
    if sender.supplier_ids and order.supplier_id not in sender.supplier_ids:
        message = _("%(address)s belongs to another supplier than order %(number)s.")
        raise BelongsElsewhere(message % {"address": mail.sender, "number": order.number})
    if sender.company_role:
        message = _("%(address)s is one of your own people: write in the thread of order %(number)s instead.")
        raise Refusal(message % {"address": mail.sender, "number": order.number})
    facts = {"order": str(order.key), "number": order.number, "supplier": order.supplier.number}
    fields = {
        "why": "",
        "sorted_at": None,
        "supplier_id": order.supplier_id,
        "order_id": order.pk,
        "placed_at": at,
        "placed_by": actor.label,
    }
    MAIL_LIFECYCLE.move(mail, "place", actor=actor, at=at, facts=facts, fields=fields)
    promise_to_sort(mail, at=at)
    return mail


@requires_scope
def dismiss_mail(command: DismissMail, *, actor: Actor, at: datetime) -> InboundMail:
    """Say that nothing is to be done with a mail, and why. It stays where it is, and stops waiting."""
    mail = _hold(command.mail, command.version, actor)
    reason = " ".join(command.reason.split())
    if not reason:
        message = _("Say why nothing is to be done with it.")
        raise Invalid(message, [Problem("reason", message, "", "required")])
    if len(reason) > LONGEST_REASON:
        message = _("At most %(most)d characters fit here. Shorten it.") % {"most": LONGEST_REASON}
        raise Invalid(message, [Problem("reason", message, reason[:40], "too_long")])
    told = {**mail.told, "dismissed_by": actor.label, "reason": reason}
    MAIL_LIFECYCLE.move(mail, "dismiss", actor=actor, at=at, facts={"reason": reason}, fields={"told": told})
    return mail


def _hold(key: object, version: int, actor: Actor) -> InboundMail:
    if not actor.may(Permission.MAIL_PLACE):
        raise NotAllowed(_("Your role reads mails. Ask a buyer to say where this one belongs."))
    mail = find_mail(key, actor=actor, hold=True)  # type: ignore[arg-type]  # a key as it came
    if mail.version != version:
        raise StaleDocument(
            _("Somebody said something about this mail meanwhile. Look at how it stands now.")
        )
    return mail
