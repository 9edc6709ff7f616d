"""Reading mails and drafts; who somebody is by their address; what the reader of promises must know of an order."""

import uuid
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor, Channel, Side
from portal.kernel.errors import NotFound, Refusal
from procurement.acknowledgments.forms import asked_pieces
from procurement.acknowledgments.queries import rules_of
from procurement.changes.messages import terms_from_json
from procurement.changes.models import OrderChange
from procurement.changes.queries import agreed_terms, current_round, with_rounds
from procurement.changes.states import OPEN
from procurement.links.messages import ReplyTo
from procurement.links.queries import read_reply_address
from procurement.mailroom.messages import Opened
from procurement.mailroom.models import InboundMail, Mailbox, MailDraft
from procurement.mailroom.policies.drafting import ANSWER, CHANGE, REPLY, Known, Standing, Talk
from procurement.mailroom.policies.sorting import possible_numbers
from procurement.mailroom.states import WAITS, DraftKind, DraftState, MailState, Why
from procurement.notifications.models import Notice
from procurement.orders.models import OrderRevision, PurchaseOrder, PurchaseOrderLine
from procurement.orders.queries import lines_of, live_promises_by_line, schedules_by_line, visible_orders
from procurement.orders.states import Agreement, OrderState, Turn
from procurement.reading.context import MailContext, OpenLine, OpenOrder
from suppliers.models import Membership, Supplier, User
from suppliers.roles import COMPANY_ROLES, SUPPLIER_ROLES, Permission

MAILROOM = Actor.system("Mailroom", Channel.MAIL)

MOST_ORDERS = 10  # of one mail
MOST_LINES = 2_000  # of one mail's orders
BELIEVED_BEFORE, BELIEVED_AFTER = timedelta(days=14), timedelta(hours=1)

# Who writes to a reply address of a supplier without an account there may read the order and write in its thread.
BY_ADDRESS = frozenset({Permission.ORDER_VIEW, Permission.THREAD_WRITE})


NEEDED = {
    DraftKind.ACKNOWLEDGMENT: Permission.ORDER_ACKNOWLEDGE,
    DraftKind.SHEET: Permission.ORDER_ACKNOWLEDGE,
    DraftKind.CHANGE: Permission.CHANGE_NEGOTIATE,
    DraftKind.REPLY: Permission.CHANGE_NEGOTIATE,
}


# --- mails and drafts ---------------------------------------------------------------------------------------


def visible_mails(actor: Actor) -> QuerySet[InboundMail]:
    """The mails this actor may see, without their bytes: those of the buying side alone."""
    mails = InboundMail.objects.visible_to(actor)
    return (mails.none() if actor.is_supplier else mails).defer("raw").select_related("supplier", "order")


def mails_waiting(actor: Actor) -> QuerySet[InboundMail]:
    """The mails that need a person."""
    return visible_mails(actor).filter(state__in=WAITS)


def failing_mailboxes() -> list[Mailbox]:
    """The mailboxes that cannot be read, longest first."""
    return list(Mailbox.objects.filter(failing_since__isnull=False).order_by("failing_since", "id"))


def find_mail(key: uuid.UUID, *, actor: Actor, hold: bool = False) -> InboundMail:
    """One mail, held for whoever is about to do something with it. Raises `NotFound`."""
    mails = visible_mails(actor).filter(key=key)
    found: InboundMail | None = (mails.select_for_update(of=("self",)) if hold else mails).first()
    if found is None:
        raise NotFound(_("There is no such mail."))
    return found


class KeptBack(Refusal):
    """The bytes of a mail are given to nobody."""

    code = "kept_back"


def why_kept_back(mail: InboundMail) -> str:
    """Why the mail as it came cannot be saved; an empty text where it can.

    The scanner refused a file in it, or has not looked at its files although there is a scanner: it waits to be sorted,
    or cannot be taken apart.
    """
    if mail.forgotten_at is not None:
        return _("Of this mail only its head and text were kept.")
    if mail.told.get("infected"):
        return _("The virus scanner refused a file of this mail. The mail as it came is given to nobody.")
    unseen = mail.state == MailState.RECEIVED or mail.why in (Why.TOO_DEEP, Why.MALFORMED)
    if unseen and settings.CLAMD_URL is not None:
        return _(
            "The virus scanner has not seen the files of this mail. The mail as it came is given to nobody."
        )
    return ""


def bytes_to_save(mail: InboundMail, *, actor: Actor) -> bytes:
    """The mail as it came, for a person to save. Raises `NotFound` for one that was forgotten, `KeptBack`."""
    if why := why_kept_back(mail):
        raise NotFound(why) if mail.forgotten_at is not None else KeptBack(why)
    return raw_of(mail, actor=actor)


def raw_of(mail: InboundMail, *, actor: Actor) -> bytes:
    """A mail's bytes as they came."""
    raw = InboundMail.objects.visible_to(actor).values_list("raw", flat=True).get(pk=mail.pk)
    return bytes(raw)


def visible_drafts(actor: Actor) -> QuerySet[MailDraft]:
    """The drafts this actor may see, each with its order."""
    drafts = MailDraft.objects.visible_to(actor)
    return drafts.select_related("order__company", "order__supplier", "order__ship_to")


def find_draft(key: uuid.UUID, *, actor: Actor) -> MailDraft:
    """One draft with its order. Raises `NotFound` for what is not there or not yours."""
    found: MailDraft | None = visible_drafts(actor).filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such draft."))
    return found


def open_drafts(order: PurchaseOrder, *, actor: Actor) -> list[MailDraft]:
    """The drafts on an order that wait for a press, the newest first."""
    drafts = MailDraft.objects.visible_to(actor).filter(order=order, state=DraftState.OPEN)
    return list(drafts.order_by("-id"))


def may_decide(kind: str, actor: Actor) -> bool:
    """Whether this actor may press on a draft of this kind: for itself, or for the supplier."""
    if actor.is_supplier:
        return actor.may(NEEDED[DraftKind(kind)])
    return actor.is_company and actor.may(Permission.ORDER_ANSWER_FOR)


def drafted_lines(order: PurchaseOrder, drafts: Iterable[MailDraft]) -> dict[str, PurchaseOrderLine]:
    """The lines that these drafts speak of, by key: one query."""
    keys = {line["key"] for draft in drafts for line in draft.lines}
    return {line.key: line for line in order.lines.filter(key__in=keys)} if keys else {}


# --- who it is ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sender:
    """Somebody as their address makes them known: a user with roles, an address a supplier is reached at, or nobody."""

    address: str = ""
    name: str = ""
    user_id: int | None = None
    company_role: str = ""
    roles: Mapping[int, str] = field(default_factory=dict)
    addresses_of: frozenset[int] = frozenset()

    @property
    def supplier_ids(self) -> frozenset[int]:
        """The suppliers this address may speak for."""
        return frozenset(self.roles) | self.addresses_of

    @property
    def is_known(self) -> bool:
        return bool(self.company_role or self.supplier_ids)

    def actor(self, supplier_id: int) -> Actor:
        """Who says something by mail for this supplier: in the role they have there, else as one we wrote to."""
        role = self.roles.get(supplier_id)
        label = self.name or self.address or "–"
        if self.name and supplier_id not in self.supplier_ids:
            label = (
                f"{self.name} ({self.address})"  # a name that anybody can write is none without its address
            )
        return Actor(
            label=label[:200],
            channel=Channel.MAIL,
            side=Side.SUPPLIER,
            user_id=self.user_id if role else None,
            role=role or "",
            supplier_ids=(supplier_id,),
            all_supplier_ids=(supplier_id,),
            permissions=frozenset(SUPPLIER_ROLES[role] if role else BY_ADDRESS),
        )


def find_sender(address: str, name: str = "") -> Sender:
    """Who is known at an address: two or three queries. Of a supplier with which the business has ended nobody is."""
    if not address:
        return Sender(name=name)
    user = User.objects.filter(email=address, is_active=True).first()
    reached = Supplier.objects.filter(email__iexact=address, left_at=None).values_list("pk", flat=True)
    memberships = Membership.objects.filter(user=user).values_list("supplier_id", "role") if user else ()
    return Sender(
        address=address,
        name=(user.name if user else "") or name,
        user_id=user.pk if user else None,
        company_role=user.company_role if user else "",
        roles=dict(memberships),
        addresses_of=frozenset(reached),
    )


def company_actor(sender: Sender) -> Actor:
    """A person of the buying side who answers a notice by mail."""
    return Actor(
        label=sender.name,
        channel=Channel.MAIL,
        side=Side.COMPANY,
        user_id=sender.user_id,
        role=sender.company_role,
        permissions=frozenset(COMPANY_ROLES[sender.company_role]),
    )


def side_of_holder(reply: ReplyTo) -> Side | None:
    """On which side whom we wrote to at a reply address stands today; None for a user who left. Two queries.

    An address without a user is one at which a supplier's people are reached, until the business with it ends.
    """
    if reply.person.user_id is None:
        has_left = Supplier.objects.filter(pk=reply.supplier_id, left_at__isnull=False).exists()
        return None if has_left else Side.SUPPLIER
    user = User.objects.filter(pk=reply.person.user_id, is_active=True).first()
    if user is not None and user.company_role:
        return Side.COMPANY
    acts = user and Membership.objects.filter(user=user, supplier_id=reply.supplier_id).exists()
    return Side.SUPPLIER if acts else None


# --- what it is about ---------------------------------------------------------------------------------------


def reply_addressed(mail: Opened) -> ReplyTo | None:
    """What the first reply address of ours among a mail's recipients says."""
    for address in mail.recipients:
        if told := read_reply_address(address):
            return told
    return None


def answered_orders(mail: Opened) -> list[PurchaseOrder]:
    """The orders of our own mails that this one answers, by the Message-IDs it names."""
    named = [one.strip("<>") for one in mail.references]
    if not named:
        return []
    orders = Notice.objects.filter(mail__message_id__in=named, order__isnull=False).values("order")
    found = PurchaseOrder.objects.filter(pk__in=orders).select_related("company", "supplier", "ship_to")
    return list(found.order_by("id")[:MOST_ORDERS])


def orders_numbered(number: str, *, actor: Actor) -> list[PurchaseOrder]:
    """The orders of exactly this number: one for each company that has one."""
    found = visible_orders(actor).filter(number=number.strip()).select_related("company", "supplier")
    return list(found.order_by("id")[:MOST_ORDERS])


def orders_named(texts: Sequence[str], *, actor: Actor) -> list[PurchaseOrder]:
    """The orders whose numbers stand in these texts, in their order: of this actor's suppliers, never of others."""
    numbers = possible_numbers(*texts)
    orders = visible_orders(actor).filter(number__in=numbers).select_related("company", "supplier", "ship_to")
    place = {number: index for index, number in enumerate(numbers)}
    return sorted(orders[: 5 * MOST_ORDERS], key=lambda order: (place[order.number], order.pk))[:MOST_ORDERS]


# --- what the reader must know ------------------------------------------------------------------------------


def believed_moment(mail: InboundMail) -> datetime:
    """When a mail was written: its own clock where that can be, else when it came."""
    written: datetime | None = mail.written_at
    if written and mail.received_at - BELIEVED_BEFORE <= written <= mail.received_at + BELIEVED_AFTER:
        return written
    return mail.received_at


def context_of(
    orders: Iterable[PurchaseOrder], *, written_at: datetime, writer: str, language: str
) -> MailContext:
    """What is known when a mail about these orders of one supplier arrives: one query for each order."""
    found = list(orders)
    supplier, first = found[0].supplier, found[0]
    zone = ZoneInfo(supplier.time_zone)
    return MailContext(
        orders=tuple(_open_order(order) for order in found),
        mail_date=written_at.astimezone(zone),
        time_zone=supplier.time_zone,
        sender_locale="-".join(filter(None, (language, supplier.country))),
        supplier_name=supplier.name,
        supplier_contact=writer,
        buyer_name=first.buyer_name,
        buyer_company=first.company.name,
        supplier_zone=supplier.time_zone,
    )


def _open_order(order: PurchaseOrder) -> OpenOrder:
    return OpenOrder(
        number=order.number,
        currency=order.currency,
        order_date=order.ordered_on,
        lines=tuple(
            OpenLine(
                order=order.number,
                line=line.number,
                item=line.item_number,
                supplier_part=line.supplier_part_number,
                description=line.description,
                quantity=line.quantity,
                unit=line.unit,
                price=line.price,
                per=line.price_per,
                requested_date=line.expected_on if line.agreement == Agreement.AGREED else line.delivery_on,
            )
            for line in lines_of(order)[:MOST_LINES]
            if line.is_open
        ),
    )


def known_lines(order: PurchaseOrder, *, written_at: datetime) -> list[Known]:
    """The open lines of an order as a word on them meets them: what it would become, or why it cannot.

    Seven queries.
    """
    lines = [line for line in lines_of(order) if line.is_open]
    schedules = schedules_by_line(line.pk for line in lines)
    rules = rules_of(order, lines, schedules)
    promises = live_promises_by_line(line.pk for line in lines)
    # Of the first revision nobody can have written before it came.
    revisions = OrderRevision.objects.filter(order=order, number__gt=1, received_at__gt=written_at)
    newer = set(revisions.values_list("number", flat=True))
    talked_of = {
        change.line_id: change
        for change in with_rounds(OrderChange.objects.filter(order=order, state__in=OPEN))
    }
    found = []
    for line in lines:
        shut = _shut(order, line, newer, talked_of)
        if line.agreement == Agreement.AGREED:
            pieces = agreed_terms(line, order, promises[line.pk]).pieces
            prices = {(piece.price, piece.price_per) for piece in pieces}
            if len(prices) != 1 or any(piece.item_number or piece.delivery_on is None for piece in pieces):
                shut = shut or "several"
            price, per = next(iter(prices), (line.price, line.price_per))
            standing = tuple(
                Standing(piece.quantity, piece.delivery_on) for piece in pieces if piece.delivery_on
            )
            becomes, talk = "" if shut else CHANGE, None
            if shut == "talked_of" and (talk := _talk(talked_of[line.pk], per, written_at)):
                becomes, shut = REPLY, ""
            known = Known(line.key, line.number, standing, price, per, becomes, shut, talk=talk)
        else:
            rule = rules[line.pk]
            keys = [piece.schedule_key for piece in asked_pieces(rule)]
            standing = tuple(
                Standing(one.quantity, one.delivery_on, key)
                for one, key in zip(rule.deliveries, keys, strict=True)
            )
            becomes = "" if shut or line.is_settled else ANSWER
            shut = shut or ("closed" if line.is_settled else "")
            waits = line.turn == Turn.SUPPLIER
            known = Known(line.key, line.number, standing, rule.price, rule.price_per, becomes, shut, waits)
        found.append(known)
    return found


def _talk(change: OrderChange, per: Decimal, written_at: datetime) -> Talk | None:
    """A change request that a mail may plainly answer: the supplier's turn, whole deliveries with days, at one price.

    What was put on the table after the mail was written is not what it answers.
    """
    asked = current_round(change)
    terms = terms_from_json(asked.terms)
    prices = {(piece.price, piece.price_per) for piece in terms.pieces}
    is_plain = (
        change.turn == "supplier"
        and not terms.cancel
        and not terms.ship_to
        and len(prices) == 1
        and (asked.edited_at or asked.written_at) <= written_at
        and not any(piece.item_number or piece.delivery_on is None for piece in terms.pieces)
    )
    if not is_plain:
        return None
    price, price_per = next(iter(prices))
    if price_per != per:
        return None
    wanted = tuple(Standing(piece.quantity, piece.delivery_on) for piece in terms.pieces if piece.delivery_on)
    return Talk(str(change.key), change.version, wanted, price)


def _shut(order: PurchaseOrder, line: PurchaseOrderLine, newer: set[int], talked_of: Container[int]) -> str:
    if order.state != OrderState.ISSUED:
        return "closed"
    if line.asked_revision in newer:
        return "revised"
    return "talked_of" if line.pk in talked_of else ""
