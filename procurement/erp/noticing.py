"""A ship notice on its way to the ERP: taken up from the outbox, carried, and what came of it written down.

Note [Told whole]: a message says how a consignment is to stand in the ERP, and a connector looks before it makes
anything. So a call that may or may not have happened is simply made again, once the first can no longer be at work; and
a later version of a notice takes the place of all that was told before it, whatever became of that.

Note [One number]: a number that was taken back may be given to another consignment, and an ERP may know a shipment by
its number alone. The two are told in streams of their own, so the new one waits until the ERP has heard of the old one.

Note [Not both at once]: a promise and a ship notice may write to one order in the ERP. Each looks, with the order held,
whether the other is at it, and waits; they hold their orders in the order of their ids.
"""

import logging
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_noop

from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.outbox.services import PutBack, RetryLater
from portal.kernel.scope import acting, requires_scope
from procurement.erp.advice import fault_of
from procurement.erp.connection import ERP, Shut, begin_calling, note_answer, note_error, note_nothing
from procurement.erp.models import ErpCommand, NoticeWrite
from procurement.erp.ports import Capabilities, ErpConnector, ErpError, Fate, Outcome, WriteResult
from procurement.erp.states import (
    IN_FLIGHT,
    NOTICE_TO_CARRY,
    NOTICE_WRITE_LIFECYCLE,
    Fault,
    NoticeWriteState,
)
from procurement.orders.models import PurchaseOrder
from procurement.orders.queries import lock_orders
from procurement.shipments.messages import NoticeCommand, notice_from_json
from procurement.shipments.models import ShipNotice, ShipNoticeLine
from procurement.shipments.queries import order_ids_of
from procurement.shipments.states import NoticeState

logger = logging.getLogger(__name__)

KINDS = frozenset({"shipment.sent", "shipment.cancelled"})
NOT_BY_MACHINE = gettext_noop(
    "This ERP cannot be told of goods on their way by machine. Key in the ship notice."
)
REST_AFTER_ALERT = timedelta(minutes=5)
A_MOMENT = timedelta(seconds=10)


def carry_notice(message: OutboxMessage, connector: ErpConnector, clock: Callable[[], datetime]) -> str:
    """Bring one ship notice to the ERP. Returns how it stands; raises `RetryLater` where it has to be tried again."""
    at = clock()
    with acting(ERP):
        write = take_up_notice(message)
        if write.state not in NOTICE_TO_CARRY:
            return write.state
        if not connector.capabilities.takes_notices:
            _move(write, "hand_over", at=at, reason=NOT_BY_MACHINE, fault=Fault.UNSUPPORTED)
            return write.state
        _let_rest(write, connector.capabilities, at)
        _wait_for_promises(write)
        _wait_for_the_number(write)
        try:
            connection = begin_calling(connector.capabilities, at=at)
        except Shut as shut:
            raise PutBack from shut
        write.calling_since, write.attempts = at, write.attempts + 1
        write.save(update_fields=["calling_since", "attempts"])
    try:
        result = connector.write_notice(command_of(write))
    except ErpError as error:
        at = clock()
        note_error(connection, error, at=at)
        return _record_error(write, error, connector.capabilities, at)
    except Exception:
        note_nothing(connection, at=clock())
        raise
    at = clock()
    note_answer(connection, at=at)
    with acting(ERP):
        write = _hold(write.key)
        record_notice_result(write, result, at=at)
    return write.state


@requires_scope
def take_up_notice(message: OutboxMessage) -> NoticeWrite:
    """What a message is about, held; the first time it is heard of it gets a record, and what was told of the
    consignment before is superseded.
    """
    consignment = uuid.UUID(message.stream.removeprefix("shipment:"))
    withdrawn = bool(message.payload["withdrawn"])
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
                withdrawn=withdrawn,
                payload=message.payload,
                queued_at=message.created_at,
                updated_at=message.created_at,
            )
        ],
        ignore_conflicts=True,  # delivered before: at least once is the outbox's promise
    )
    write = _hold(message.key)
    older = NoticeWrite.objects.filter(consignment=consignment, id__lt=write.pk)
    for before in older.filter(state__in=NOTICE_WRITE_LIFECYCLE.sources("supersede")).select_for_update():
        _move(before, "supersede", at=message.created_at)
    if NoticeWrite.objects.filter(consignment=consignment, id__gt=write.pk).exists() and write.state in (
        NOTICE_TO_CARRY
    ):
        _move(write, "supersede", at=message.created_at)  # an old message that a person had delivered again
    return write


def command_of(write: NoticeWrite) -> NoticeCommand:
    """The notice as the connectors get it."""
    return notice_from_json(write.payload, key=str(write.key))


def _hold(key: uuid.UUID) -> NoticeWrite:
    found: NoticeWrite = NoticeWrite.objects.select_for_update().get(key=key)
    return found


def find_notice_write(key: uuid.UUID) -> NoticeWrite | None:
    """The telling of this key, held; None where there is none."""
    found: NoticeWrite | None = NoticeWrite.objects.select_for_update().filter(key=key).first()
    return found


def _let_rest(write: NoticeWrite, capabilities: Capabilities, at: datetime) -> None:
    """See Note [Told whole]: a call that never came back may still be at work."""
    if write.calling_since is None:
        return
    rested_at = write.calling_since + capabilities.slowest_call
    if at < rested_at:
        raise RetryLater("The last call may still be at work in the ERP.", rested_at - at)


def _wait_for_promises(write: NoticeWrite) -> None:
    """See Note [Not both at once]."""
    orders = ShipNoticeLine.objects.filter(notice=write.notice_id).values("order_id")
    busy = ErpCommand.objects.filter(order__in=orders, state__in=IN_FLIGHT, calling_since__isnull=False)
    if busy.exists():
        raise RetryLater("A promise is being written to one of its orders.", A_MOMENT)


def _wait_for_the_number(write: NoticeWrite) -> None:
    """See Note [One number]."""
    notice = write.notice
    if write.withdrawn:
        return
    ended = NoticeWrite.objects.exclude(state__in=(NoticeWriteState.QUEUED, NoticeWriteState.UNKNOWN)).filter(
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


@requires_scope
def is_notice_being_written(order: PurchaseOrder) -> bool:
    """Whether a ship notice with lines of this order, which is held, is on its way into the ERP this moment."""
    notices = ShipNoticeLine.objects.filter(order=order).values("notice_id")
    writes = NoticeWrite.objects.filter(notice__in=notices, state__in=NOTICE_TO_CARRY)
    return bool(writes.filter(calling_since__isnull=False).exists())


@requires_scope
def record_notice_result(write: NoticeWrite, result: WriteResult, *, at: datetime) -> None:
    """Write down what the ERP made of it. What has ended or was superseded meanwhile stays as it is."""
    verb = {
        Outcome.CONFIRMED: "confirm",
        Outcome.SENT: "send",
        Outcome.REFUSED: "refuse",
        Outcome.CONFLICT: "refuse",
    }[result.outcome]
    if write.state not in NOTICE_WRITE_LIFECYCLE.sources(verb):
        return
    fault = Fault.VALIDATION if verb == "refuse" else Fault.NONE
    _move(
        write, verb, at=at, reason=result.reason, fault=fault, reference=result.reference or write.reference
    )


def _record_error(write: NoticeWrite, error: ErpError, capabilities: Capabilities, at: datetime) -> str:
    logger.warning("ERP said no", extra={"kind": type(error).__name__, "notice": str(write.key)})
    wait = error.retry_after
    with acting(ERP):
        write = _hold(write.key)
        if error.fate in (Fate.PERSON, Fate.CONFLICT):
            _move(write, "refuse", at=at, reason=error.reason, fault=fault_of(error))
        elif error.fate is Fate.SEARCH:
            since = write.calling_since
            _move(write, "lose_sight", at=at, reason=error.reason, fault=Fault.UNKNOWN)
            write.calling_since = since  # it may still be at work
            write.save(update_fields=["calling_since"])
            wait = wait or capabilities.slowest_call + timedelta(seconds=1)
        else:
            write.calling_since, write.reason, write.fault = None, error.reason, fault_of(error)
            write.save(update_fields=["calling_since", "reason", "fault"])
            wait = wait or (REST_AFTER_ALERT if error.fate is Fate.ALERT else None)
    if error.fate in (Fate.RETRY, Fate.ALERT, Fate.SEARCH):
        raise RetryLater(error.reason, wait) from error
    return write.state


def _move(write: NoticeWrite, verb: str, *, at: datetime, **fields: object) -> None:
    if write.state not in NOTICE_WRITE_LIFECYCLE.sources(verb):
        return
    facts = {
        "number": write.payload["number"],
        "issue": write.payload["issue"],
        "withdrawn": write.withdrawn,
        "reason": fields.get("reason", ""),
    }
    values = {"updated_at": at, "calling_since": None, **fields}
    NOTICE_WRITE_LIFECYCLE.move(write, verb, actor=ERP, at=at, facts=facts, fields=values)
