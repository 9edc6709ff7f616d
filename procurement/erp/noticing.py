"""A ship notice on its way to the ERP: sent, corrected, taken back, or expected on another day (`telling` carries it).

Note [One number]: a number that was taken back may be given to another consignment, and an ERP may know a shipment by
its number alone. The two are told in streams of their own, so the new one waits until the ERP has heard of the old one.

Note [Estimates]: a later estimate moves the day on which a consignment is expected. Whether the ERP is to plan with it
is a policy (`ERP_TELL_ESTIMATES`). The notice is then told once more as it stands; only until it arrives, and only
where the day is not the one that was told last.
"""

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_noop

from portal.kernel.audit.models import AuditEvent
from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.outbox.services import RetryLater, enqueue
from portal.kernel.scope import acting, require_no_transaction, requires_scope
from procurement.erp.connection import ERP
from procurement.erp.models import NoticeWrite
from procurement.erp.ports import ErpConnector, WriteResult
from procurement.erp.queries import TOPIC
from procurement.erp.states import TellingState
from procurement.erp.telling import A_MOMENT, Kind, carry_telling, supersede_older
from procurement.orders.queries import lock_orders
from procurement.shipments.messages import NoticeCommand, notice_from_json
from procurement.shipments.models import ShipNotice
from procurement.shipments.queries import order_ids_of
from procurement.shipments.services import told_of
from procurement.shipments.states import NoticeState

EXPECTED_ANEW = "shipment.expected_anew"
KINDS = frozenset({"shipment.sent", "shipment.cancelled", EXPECTED_ANEW})
NOT_BY_MACHINE = gettext_noop(
    "This ERP cannot be told of goods on their way by machine. Key in the ship notice."
)
# The facts after which a consignment may be expected on another day.
HEARS = frozenset({"shipment.milestone_told", "shipment.departed"})
COMING = (NoticeState.SENT, NoticeState.IN_TRANSIT)


def carry_notice(message: OutboxMessage, connector: ErpConnector, clock: Callable[[], datetime]) -> str:
    """Bring one ship notice to the ERP. Returns how it stands; raises `RetryLater` where it has to be tried again."""
    return carry_telling(_NOTICES, message, connector, clock)


@requires_scope
def take_up_notice(message: OutboxMessage) -> tuple[NoticeWrite, list[int]]:
    """What a message is about, held, and its orders, held too; the first time it is heard of it gets a record, and what
    was told of the consignment before is superseded.
    """
    consignment = uuid.UUID(message.stream.removeprefix("shipment:"))
    notice = ShipNotice.objects.get(consignment=consignment, issue=message.payload["issue"])
    orders = order_ids_of([notice.pk])
    lock_orders(orders)
    NoticeWrite.objects.bulk_create(
        [
            NoticeWrite(
                key=message.key,
                supplier_id=notice.supplier_id,
                notice=notice,
                order_id=orders[0],
                consignment=consignment,
                withdrawn=bool(message.payload["withdrawn"]),
                payload=message.payload,
                queued_at=message.created_at,
                updated_at=message.created_at,
            )
        ],
        ignore_conflicts=True,  # delivered before: at least once is the outbox's promise
    )
    write = NoticeWrite.objects.select_for_update(of=("self",)).get(key=message.key)
    supersede_older(write, {"consignment": consignment}, at=message.created_at)
    return write, orders


def command_of(write: NoticeWrite) -> NoticeCommand:
    """The notice as the connectors get it."""
    return notice_from_json(write.payload, key=str(write.key))


def _ask(connector: ErpConnector, write: NoticeWrite) -> WriteResult:
    return connector.write_notice(command_of(write))


def _wait_for_the_number(write: NoticeWrite) -> None:
    """See Note [One number]."""
    notice = write.notice
    if write.withdrawn:
        return
    ended = NoticeWrite.objects.exclude(state__in=(TellingState.QUEUED, TellingState.UNKNOWN)).filter(
        Q(notice__issue__gt=OuterRef("issue")) | Q(withdrawn=True), consignment=OuterRef("consignment")
    )
    before = ShipNotice.objects.filter(
        ~Exists(ended),
        supplier=notice.supplier_id,
        company=notice.company_id,
        number_key=notice.number_key,
        state__in=(NoticeState.CANCELLED, NoticeState.REPLACED),
    )
    if before.exclude(consignment=write.consignment).exists():
        raise RetryLater("The ERP is to be told first that its number is free again.", A_MOMENT)


_NOTICES = Kind(
    take_up=take_up_notice,
    is_taken=lambda capabilities, _write: capabilities.takes_notices,
    ask=_ask,
    not_by_machine=lambda _write: NOT_BY_MACHINE,
    wait=_wait_for_the_number,
)


# --- expected on another day --------------------------------------------------------------------------------


def tell_estimates(events: Sequence[AuditEvent], at: datetime) -> str:
    """The reaction: let the ERP hear of the days on which the consignments of these facts are expected now."""
    require_no_transaction()
    if not settings.ERP_TELL_ESTIMATES:
        return "not told"
    told = 0
    for stream in sorted({event.stream for event in events}):
        with acting(ERP):
            told += _tell_estimate(uuid.UUID(stream.removeprefix("shipment:")), at=at)
    return f"told {told}" if told else "unchanged"


@requires_scope
def _tell_estimate(consignment: uuid.UUID, *, at: datetime) -> bool:
    """Promise that the ERP hears of the day; see Note [Estimates]. Whether there was anything to tell."""
    seen = ShipNotice.objects.filter(consignment=consignment, state__in=COMING).first()
    if seen is None:
        return False
    lock_orders(order_ids_of([seen.pk]))
    notice = ShipNotice.objects.select_for_update(of=("self",)).get(pk=seen.pk)
    messages = OutboxMessage.objects.filter(topic=TOPIC, stream=notice.stream, kind__in=KINDS)
    last = messages.order_by("-id").first()
    day = notice.expected_on.isoformat() if notice.expected_on else ""
    if notice.state not in COMING or last is None or last.payload["expected_on"] == day:
        return False
    content = told_of(notice)
    enqueue(TOPIC, notice.stream, EXPECTED_ANEW, content, actor=ERP, at=at, supplier_id=notice.supplier_id)
    return True
