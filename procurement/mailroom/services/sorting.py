"""A mail is sorted: whose word it is, about which order, and what becomes of it."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.utils import translation

from portal.kernel.actors import Actor, Side
from portal.kernel.audit.services import record
from portal.kernel.errors import NotAllowed
from portal.kernel.scope import acting, requires_scope
from procurement.links.messages import ReplyTo
from procurement.mailroom.messages import Opened
from procurement.mailroom.models import InboundMail
from procurement.mailroom.policies.opening import open_mail
from procurement.mailroom.policies.sorting import machine_why, may_be_answered
from procurement.mailroom.policies.trust import Proof, proof_of
from procurement.mailroom.queries import (
    MAILROOM,
    Sender,
    answered_orders,
    company_actor,
    find_mail,
    find_sender,
    orders_named,
    raw_of,
    reply_addressed,
    side_of_holder,
)
from procurement.mailroom.services.drafting import About, hold_orders, language_of, make_drafts
from procurement.mailroom.services.looking import LostFile, without
from procurement.mailroom.services.saying import say_in_thread, written_now
from procurement.mailroom.services.taking import promise_answer
from procurement.mailroom.states import MAIL_LIFECYCLE, MailState, Why
from procurement.orders.models import PurchaseOrder
from procurement.orders.queries import visible_orders

SET_ASIDE, BOUNCE, QUESTION, HOLD, REFUSE, THREAD = (
    "set_aside",
    "bounce",
    "question",
    "hold",
    "refuse",
    "thread",
)


@dataclass(frozen=True, slots=True)
class Judged:
    """What is to become of a mail: the verb, why, and whom and what it is about as far as that is known.

    `is_known`: its author is somebody of ours or the supplier's. A stranger is heard on the one paper, no further.
    """

    verb: str
    why: str = ""
    supplier_id: int | None = None
    order: PurchaseOrder | None = None
    author: Actor | None = None
    is_known: bool = True
    told: Mapping[str, Any] = field(default_factory=dict)


@requires_scope
def sort_mail(key: uuid.UUID, *, at: datetime, infected: Mapping[str, str] | None = None) -> InboundMail:
    """Make of a mail what it is: a message with drafts, or something that is set aside or waits for a person.

    One that was sorted already stays as it is. Called in the mailroom's own scope. `infected` are its files that the
    scanner refused (`infected_files`): they are read by nobody, and why is told where the others are.
    """
    mail = find_mail(key, actor=MAILROOM, hold=True)
    if mail.state != MailState.RECEIVED:
        return mail
    opened, lost = without(open_mail(raw_of(mail, actor=MAILROOM)), infected or {})
    judged = _judge(mail, opened)
    if judged.verb == THREAD:
        _thread(mail, opened, judged, lost, at=at)
    else:
        _leave(mail, opened, judged, lost, at=at)
    return mail


# --- whose word, about what ---------------------------------------------------------------------------------


def _judge(mail: InboundMail, opened: Opened) -> Judged:
    if not mail.is_whole:
        return Judged(REFUSE, Why.TOO_LARGE)
    if opened.problem:
        return Judged(REFUSE, opened.problem)
    reply = reply_addressed(opened)
    if mail.placed_at is not None:
        return _placed(mail, opened)
    supplier_id, order = (reply.supplier_id, _order(reply.order_id)) if reply else (None, None)
    own_address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    if why := machine_why(opened, own_address=own_address, is_signed=reply is not None):
        return Judged(SET_ASIDE, why, supplier_id, order)
    if opened.is_bounce:
        return Judged(BOUNCE, Why.UNDELIVERED, supplier_id, order, told=_undelivered(opened))
    proof = proof_of(opened, settings.MAIL_IN_TRUSTED_HOST)
    if proof is Proof.FAILED:
        return Judged(QUESTION, Why.FORGED)
    sender = find_sender(opened.sender if opened.senders == 1 else "", opened.sender_name)
    if reply:
        return _replied(opened, reply, sender)
    return _unsigned(opened, sender, is_proven=proof is Proof.PASSED)


def _undelivered(opened: Opened) -> dict[str, Any]:
    finals = [failure for failure in opened.failures if failure.is_final]
    return {
        "address": finals[0].address,
        "message_id": finals[0].message_id.strip("<>"),
        "failures": [
            {
                "address": failure.address,
                "message_id": failure.message_id.strip("<>"),
                "status": failure.status,
                "diagnosis": failure.diagnosis,
            }
            for failure in finals
        ],
    }


def _placed(mail: InboundMail, opened: Opened) -> Judged:
    """A person has said where it belongs, and that is proof enough."""
    sender = find_sender(opened.sender, opened.sender_name)
    order = _order(mail.order_id)
    assert order is not None  # a mail is placed on an order
    author = sender.actor(order.supplier_id)
    return Judged(THREAD, "", order.supplier_id, order, author, is_known=sender.is_known)


def _replied(opened: Opened, reply: ReplyTo, sender: Sender) -> Judged:
    """It came to an address that we signed, for one person, about one paper: who has it was written to by us.

    A stranger who has it stands in for that person, and only as long as that person acts for the supplier: what was
    written to one of ours, or to somebody who left, is in the wrong hands.
    """
    order = _order(reply.order_id)
    if order is None and sender.is_known:  # a digest: which order is meant must stand in the mail
        reader = sender.actor(reply.supplier_id)
        with acting(reader):
            order = next(iter(orders_named([opened.subject, written_now(opened)], actor=reader)), None)
    supplier_id = reply.supplier_id
    if sender.company_role and sender.user_id != reply.person.user_id:
        return Judged(HOLD, Why.OWN_PEOPLE, supplier_id, order)
    if not sender.company_role and sender.is_known and supplier_id not in sender.supplier_ids:
        return Judged(REFUSE, Why.NOT_THEIRS, told={"supplier": supplier_id})
    if not sender.is_known and (side := side_of_holder(reply)) != Side.SUPPLIER:
        if side is None:
            return Judged(REFUSE, Why.GONE, supplier_id, order)
        return Judged(QUESTION, Why.UNKNOWN_SENDER, supplier_id, order)
    if order is None:
        return Judged(HOLD, Why.NO_ORDER, supplier_id)
    author = company_actor(sender) if sender.company_role else sender.actor(supplier_id)
    return Judged(THREAD, "", supplier_id, order, author, is_known=sender.is_known)


def _unsigned(opened: Opened, sender: Sender, *, is_proven: bool) -> Judged:
    """No reply address of ours: the sender must be known, and proven, and name an order of theirs."""
    if sender.company_role:
        return Judged(HOLD, Why.OWN_PEOPLE)
    if not sender.is_known:
        return Judged(QUESTION, Why.UNKNOWN_SENDER)
    answered = answered_orders(opened)
    theirs = [order for order in answered if order.supplier_id in sender.supplier_ids]
    if answered and not theirs:
        return Judged(REFUSE, Why.NOT_THEIRS)
    order = theirs[0] if len(theirs) == 1 else _named(opened, sender, theirs)
    supplier_id = order.supplier_id if order else _only(sender)
    if not is_proven:
        return Judged(QUESTION, Why.UNPROVEN, supplier_id, order)
    if order is None:
        return Judged(HOLD, Why.NO_ORDER, supplier_id)
    return Judged(THREAD, "", supplier_id, order, sender.actor(order.supplier_id))


def _named(opened: Opened, sender: Sender, among: list[PurchaseOrder]) -> PurchaseOrder | None:
    """The first order that the subject names, else the text: of a supplier this sender speaks for."""
    found: list[PurchaseOrder] = []
    texts = [opened.subject, written_now(opened)]
    for supplier_id in sorted(sender.supplier_ids):
        reader = sender.actor(supplier_id)
        with acting(reader):
            found += orders_named(texts, actor=reader)
    if among:
        found = [order for order in found if order in among]
    in_subject = [order for order in found if order.number in opened.subject]
    return next(iter(in_subject or found), None)


def _only(sender: Sender) -> int | None:
    return next(iter(sender.supplier_ids)) if len(sender.supplier_ids) == 1 else None


def _order(order_id: int | None) -> PurchaseOrder | None:
    orders = visible_orders(MAILROOM).select_related("company", "supplier", "ship_to")
    return orders.filter(pk=order_id).first() if order_id is not None else None


# --- what becomes of it -------------------------------------------------------------------------------------


def _leave(
    mail: InboundMail, opened: Opened, judged: Judged, lost: Sequence[LostFile], *, at: datetime
) -> None:
    """Nothing is done with it: it is set aside, or waits for a person."""
    told = dict(judged.told)
    facts = {"why": judged.why, "sender": mail.sender, "subject": mail.subject, **told}
    fields = {
        "why": judged.why,
        "sorted_at": at,
        "supplier_id": judged.supplier_id,
        "order_id": judged.order.pk if judged.order else None,
        "text": written_now(opened),
        "files": [
            *({"name": file.name, "size": len(file.content)} for file in opened.files),
            *(asdict(one) for one in lost),
        ],
        "told": told | _infected(lost),
    }
    MAIL_LIFECYCLE.move(mail, judged.verb, actor=MAILROOM, at=at, facts=facts, fields=fields)
    if judged.verb in (QUESTION, REFUSE):
        # Whoever keeps cases hears of it; nothing else ever comes of such a mail by itself.
        order = {"order": str(judged.order.key)} if judged.order else {}
        record(
            "mail.sender_unknown",
            mail.stream,
            actor=MAILROOM,
            at=at,
            supplier_id=judged.supplier_id,
            facts=facts | {"mail": str(mail.key), **order},
            internal=True,
        )


def _thread(
    mail: InboundMail, opened: Opened, judged: Judged, lost: Sequence[LostFile], *, at: datetime
) -> None:
    """What was written goes to the order's thread, by who wrote it; what it promises becomes drafts."""
    order, author = judged.order, judged.author
    assert order is not None
    assert author is not None
    text = written_now(opened)
    if not text.strip() and not opened.files and not lost:
        _leave(mail, opened, Judged(SET_ASIDE, Why.EMPTY, judged.supplier_id, order), lost, at=at)
        return
    orders = hold_orders(order, opened, author=author, alone=not judged.is_known)
    order = orders[0]
    language = language_of(author, order)
    try:
        with translation.override(language), acting(author):
            said = say_in_thread(order, text, opened.files, lost=lost, author=author, at=at)
    except NotAllowed:
        _leave(mail, opened, Judged(REFUSE, Why.MAY_NOT_WRITE, judged.supplier_id, order), lost, at=at)
        return
    reasons = [one["why"] for one in said.files if one["why"]]
    if reasons and mail.placed_at is None and judged.is_known and may_be_answered(opened):
        promise_answer(mail, order, reasons, language=language, at=at)
    about = About(mail, order, said.message, opened, orders, judged.is_known)
    drafts, unsure = ([], []) if author.is_company else make_drafts(about, author=author, at=at)
    verb = "draft" if drafts else "thread"
    facts = {
        "sender": mail.sender,
        "author": author.label,
        "order": str(order.key),
        "drafts": [str(draft.key) for draft in drafts],
    }
    fields = {
        "why": "",
        "sorted_at": at,
        "supplier_id": order.supplier_id,
        "order_id": order.pk,
        "said_id": said.message.pk,
        "text": text,
        "files": said.files,
        "told": ({"unsure": [one.as_json() for one in unsure]} if unsure else {}) | _infected(lost),
    }
    MAIL_LIFECYCLE.move(mail, verb, actor=MAILROOM, at=at, facts=facts, fields=fields)


def _infected(lost: Sequence[LostFile]) -> dict[str, Any]:
    """With what a mail is marked whose bytes are given to nobody (`bytes_to_save`)."""
    return {"infected": [one.name for one in lost]} if lost else {}
