"""The post of the demo's morning: what suppliers wrote by mail, and what the portal has to tell them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, formataddr

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from procurement.demo.loading import SET_UP
from procurement.demo.members import members_who
from procurement.demo.people import LIAN_FENG
from procurement.links.messages import Person as Addressee
from procurement.links.services import reply_address_of
from procurement.mailroom.queries import MAILROOM
from procurement.mailroom.services import sort_mail, take_mail
from procurement.mailroom.states import Door
from procurement.notifications.services import send_due
from procurement.notifications.services.gathering import POSTMAN, gather
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.states import Agreement, OrderState
from suppliers.models import Membership, User
from suppliers.roles import Permission

NORTHMOOR = "orders@northmoor.example"
# So many suppliers have a mail about their new orders in the mailbox when a visitor comes.
TOLD = 6


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as it comes in. `to` is the reply address of an order, or a general one."""

    sender: str
    subject: str
    text: str
    to: str = NORTHMOOR
    automatic: bool = False


Tell = Callable[[PurchaseOrder, User, datetime], Letter]


# --- what suppliers wrote ----------------------------------------------------------------------------------


def take_in_letters(*, at: datetime) -> int:
    """What came in by mail this morning is kept and sorted; returns how many there were."""
    letters = list(_letters(at))
    for place, letter in enumerate(letters):
        came_at = at - timedelta(minutes=11 * (len(letters) - place))
        mail = take_mail(_in_bytes(letter, place, came_at), door=Door.DEMO, at=came_at)
        with acting(MAILROOM):
            sort_mail(mail.key, at=came_at + timedelta(seconds=5))
    return len(letters)


def _letters(at: datetime) -> Sequence[Letter]:
    found: list[Letter] = []
    waiting, agreed = _answerable(Agreement.AWAITING), _answerable(Agreement.AGREED)
    tellers: tuple[tuple[list[tuple[PurchaseOrder, User]], str, Tell], ...] = (
        (waiting, "en", _partly_later),
        (waiting, "de", _ein_liefertag),
        (agreed, "en", _slower_than_agreed),
        (waiting, "en", _asks_something),
    )
    taken: set[int] = set()
    for orders, language, tell in tellers:
        for order, user in orders:
            if order.supplier_id not in taken and user.language == language:
                taken.add(order.supplier_id)
                found.append(tell(order, user, at))
                break
    others = [one for one in waiting if one[0].supplier_id not in taken]
    strangers: tuple[Tell, ...] = (_from_home, _from_elsewhere, _away)
    found += [tell(order, user, at) for (order, user), tell in zip(others, strangers, strict=False)]
    return found


def _answerable(agreement: str) -> list[tuple[PurchaseOrder, User]]:
    """Orders of two lines or more that stand so, the newest first, with who sells them; Lian Feng signs in instead."""
    with acting(SET_UP):
        orders = PurchaseOrder.objects.filter(
            state=OrderState.ISSUED, agreement=agreement, line_count__range=(2, 8)
        ).exclude(supplier__name=LIAN_FENG)
        sellers = members_who(Permission.ORDER_ACKNOWLEDGE)
        found = orders.select_related("supplier").order_by("-ordered_on", "number")
        return [(order, sellers[order.supplier_id]) for order in found if order.supplier_id in sellers]


def _lines(order: PurchaseOrder) -> list[PurchaseOrderLine]:
    with acting(SET_UP):
        return list(order.lines.filter(cancelled=False, received_quantity=0).order_by("number"))


def _reply(order: PurchaseOrder, user: User, text: str, at: datetime) -> Letter:
    """An answer to a mail of ours: it comes to the address that was in it."""
    reader = Addressee(user.email, user.name, user.pk, user.language, user.time_zone)
    with acting(POSTMAN):
        address = reply_address_of(
            order.stream, supplier_id=order.supplier_id, person=reader, order_id=order.pk, at=at
        )
    return Letter(formataddr((user.name, user.email)), f"Re: {order.number}", text, address)


def _partly_later(order: PurchaseOrder, user: User, at: datetime) -> Letter:
    first, second = _lines(order)[:2]
    text = (
        f"Good morning,\n\nthank you for the order.\nLine {first.number} will ship on "
        f"{_told(first.delivery_on + timedelta(days=7))}, the castings are late.\n"
        f"Line {second.number} is confirmed for {_told(second.delivery_on)}.\n\nKind regards\n{user.name}\n"
    )
    return _reply(order, user, text, at)


def _ein_liefertag(order: PurchaseOrder, user: User, at: datetime) -> Letter:
    first = _lines(order)[0]
    day = first.delivery_on + timedelta(days=5)
    text = (
        f"Guten Morgen,\n\nPosition {first.number} liefern wir am {day:%d.%m.%Y}.\n"
        f"Der Rest folgt, sobald ich Rückmeldung aus der Fertigung habe.\n\nMit freundlichen Grüßen\n{user.name}\n"
    )
    return _reply(order, user, text, at)


def _slower_than_agreed(order: PurchaseOrder, user: User, at: datetime) -> Letter:
    last = _lines(order)[-1]
    day = (last.expected_on or last.delivery_on) + timedelta(days=10)
    text = (
        f"Hello,\n\nbad news from the plating shop: line {last.number} will be delivered on {_told(day)}.\n"
        f"Sorry about that.\n\n{user.name}\n"
    )
    return _reply(order, user, text, at)


def _asks_something(order: PurchaseOrder, user: User, at: datetime) -> Letter:
    text = (
        "Hello,\n\nis your goods-in open between Christmas and New Year, or shall we ship in January?\n\n"
        f"Thanks\n{user.name}\n"
    )
    return _reply(order, user, text, at)


def _from_home(order: PurchaseOrder, _user: User, _at: datetime) -> Letter:
    return Letter(
        "Sales <sales.desk@postbox.example>",
        f"Your order {order.number}",
        "Dear customer,\n\nwe will ship everything next week. Please pay to our new account, details follow.\n",
    )


def _from_elsewhere(_order: PurchaseOrder, user: User, _at: datetime) -> Letter:
    return Letter(
        formataddr((user.name, user.email)),
        "Delivery",
        "Hi, the second pallet leaves on Thursday. I write from my phone, the reply button did not work.\n",
    )


def _away(order: PurchaseOrder, user: User, at: datetime) -> Letter:
    back = at.date() + timedelta(days=9)
    letter = _reply(order, user, f"I am out of the office until {_told(back)}.\n", at)
    return Letter(letter.sender, f"Automatic reply: {order.number}", letter.text, letter.to, automatic=True)


def _told(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _in_bytes(letter: Letter, place: int, at: datetime) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = letter.sender, letter.to, letter.subject
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{at:%Y%m%d%H%M}.{place}@mail.example>"
    if letter.automatic:
        mail["Auto-Submitted"] = "auto-replied"
    mail.set_content(letter.text)
    return mail.as_bytes()


# --- what they are told ------------------------------------------------------------------------------------


def tell_of_new_orders(*, at: datetime) -> int:
    """Some suppliers are mailed of the orders that came last: Lian Feng, and some that have only mail.

    Returns how many mails leave. Everybody would be more than a visitor reads: the others know already.
    """
    with acting(POSTMAN):
        orders = PurchaseOrder.objects.filter(
            state=OrderState.ISSUED, agreement=Agreement.AWAITING, acknowledge_by_at__gt=at
        ).select_related("supplier")
        streams: dict[str, list[str]] = {}
        people = Membership.objects.filter(user__is_active=True)
        reached = set(people.values_list("supplier_id", flat=True))
        for order in sorted(
            orders,
            key=lambda one: (
                one.supplier.name != LIAN_FENG,
                one.supplier_id in reached,
                one.supplier.number,
                one.number,
            ),
        ):
            streams.setdefault(order.supplier.number, []).append(order.stream)
        told = [stream for number in list(streams)[:TOLD] for stream in streams[number]]
        kinds = ("order.received", "order.asked_again")
        events = list(AuditEvent.objects.filter(stream__in=told, kind__in=kinds).order_by("at", "id"))
        if events:  # told when they came: over a weekend they would be no news any more
            gather(events, at=events[-1].at + timedelta(minutes=5))
        return send_due(at=at)
