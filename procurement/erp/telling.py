"""What the ERP is told whole, on its way there: carried, and what came of it written down.

Note [Told whole]: a message says how something is to stand in the ERP, and a connector looks before it makes anything.
So a call that may or may not have happened is simply made again, once the first can no longer be at work; and a later
telling takes the place of all that was told of the same thing before it, whatever became of that.

Note [Not all at once]: a promise, ship notices, counts and invoices may write to one order in the ERP. Each looks, with
its orders held, whether another is at it, and waits; they hold their orders in the order of their ids.
"""

import logging
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import IllegalTransition, NotFound
from portal.kernel.outbox.models import DeliveryAttempt, MessageState, OutboxMessage
from portal.kernel.outbox.services import PutBack, RetryLater, replay_message
from portal.kernel.scope import acting, requires_scope
from procurement.erp.advice import fault_of
from procurement.erp.connection import ERP, Shut, begin_calling, note_answer, note_error, note_nothing
from procurement.erp.models import (
    EarlyPaymentWrite,
    ErpCommand,
    InvoiceWrite,
    NoticeWrite,
    ReceiptWrite,
)
from procurement.erp.ports import Capabilities, ErpConnector, ErpError, Fate, Outcome, WriteResult
from procurement.erp.states import IN_FLIGHT, TO_CARRY, TOLD_TO_A_PERSON, Fault
from procurement.shipments.models import ShipNotice, ShipNoticeLine

logger = logging.getLogger(__name__)

REST_AFTER_ALERT = timedelta(minutes=5)
A_MOMENT = timedelta(seconds=10)
# A call that began longer ago is at work no more, whatever became of its worker.
AT_IT = timedelta(hours=1)

Write = NoticeWrite | ReceiptWrite | InvoiceWrite | EarlyPaymentWrite
EVERY: tuple[type[Write], ...] = (NoticeWrite, ReceiptWrite, InvoiceWrite, EarlyPaymentWrite)
OF_INVOICES = (InvoiceWrite, EarlyPaymentWrite)


@dataclass(frozen=True, slots=True)
class Kind:
    """What differs between the papers that are told whole.

    `take_up` finds or makes the record of a message, with its orders held, and says which they are; `wait` raises
    `RetryLater` where something else must come first; `ask` is the call. `not_by_machine` is what a person reads and
    does where the ERP cannot be told.
    """

    take_up: Callable[[OutboxMessage], tuple[Any, list[int]]]
    is_taken: Callable[[Capabilities, Any], bool]
    ask: Callable[[ErpConnector, Any], WriteResult]
    not_by_machine: Callable[[Any], str]
    wait: Callable[[Any], None] = lambda _write: None


def carry_telling(
    kind: Kind, message: OutboxMessage, connector: ErpConnector, clock: Callable[[], datetime]
) -> str:
    """Bring it to the ERP. Returns how it stands; raises `RetryLater` where it has to be tried again."""
    at = clock()
    with acting(ERP):
        write, orders = kind.take_up(message)
        if write.state not in TO_CARRY:
            return str(write.state)
        if not kind.is_taken(connector.capabilities, write):
            move(write, "hand_over", at=at, reason=kind.not_by_machine(write), fault=Fault.UNSUPPORTED)
            return str(write.state)
        _let_rest(write, connector.capabilities, at)
        _wait_for_others(write, orders, at)
        kind.wait(write)
        try:
            connection = begin_calling(connector.capabilities, at=at)
        except Shut as shut:
            raise PutBack from shut
        write.calling_since, write.attempts = at, write.attempts + 1
        write.save(update_fields=["calling_since", "attempts"])
    try:
        result = kind.ask(connector, write)
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
        write = held(write)
        record_telling_result(write, result, at=at)
    return str(write.state)


def held(write: Write) -> Write:
    """The telling as it stands now, held."""
    found: Write = type(write).objects.select_for_update(of=("self",)).get(pk=write.pk)
    return found


@requires_scope
def find_telling(key: uuid.UUID) -> Write | None:
    """The telling of this key, whatever it tells; None where there is none."""
    for kind in EVERY:
        found: Write | None = kind.objects.select_related("order").filter(key=key).first()
        if found is not None:
            return found
    return None


def supersede_older(write: Write, same: dict[str, Any], *, at: datetime) -> None:
    """What was told of the same thing before is history; and so is this, where a person had an old message delivered
    again."""
    rows = type(write).objects.filter(**same)
    sources = write.lifecycle.sources("supersede")
    for before in rows.filter(id__lt=write.pk, state__in=sources).select_for_update(of=("self",)):
        move(before, "supersede", at=at)
    if write.state in TO_CARRY and rows.filter(id__gt=write.pk).exists():
        move(write, "supersede", at=at)


def _let_rest(write: Write, capabilities: Capabilities, at: datetime) -> None:
    """See Note [Told whole]: a call that never came back may still be at work."""
    if write.calling_since is None:
        return
    rested_at = write.calling_since + capabilities.slowest_call
    if at < rested_at:
        raise RetryLater("The last call may still be at work in the ERP.", rested_at - at)


def _wait_for_others(write: Write, orders: Iterable[int], at: datetime) -> None:
    """See Note [Not all at once]."""
    busy = ErpCommand.objects.filter(order__in=orders, state__in=IN_FLIGHT, calling_since__isnull=False)
    if busy.exists():
        raise RetryLater("A promise is being written to one of its orders.", A_MOMENT)
    if set(orders) & _being_told(at, besides=write):
        raise RetryLater("Another paper on one of its orders is being written.", A_MOMENT)


@requires_scope
def is_being_told(order_id: int, *, at: datetime) -> bool:
    """Whether a ship notice, a count or an invoice of this order, which is held, is on its way into the ERP now."""
    return order_id in _being_told(at)


def _being_told(at: datetime, *, besides: Write | None = None) -> set[int]:
    """The orders of all that is being told this moment."""
    now = {kind: kind.objects.filter(state__in=TO_CARRY, calling_since__gt=at - AT_IT) for kind in EVERY}
    if besides is not None:
        now[type(besides)] = now[type(besides)].exclude(pk=besides.pk)
    found = set(
        ShipNoticeLine.objects.filter(notice__in=now[NoticeWrite].values("notice_id")).values_list(
            "order_id", flat=True
        )
    )
    others = (now[kind].values_list("order_ids", flat=True) for kind in (ReceiptWrite, *OF_INVOICES))
    return found.union(*(orders for some in others for orders in some))


@requires_scope
def record_telling_result(write: Write, result: WriteResult, *, at: datetime) -> None:
    """Write down what the ERP made of it. What has ended or was superseded meanwhile stays as it is."""
    verb = {
        Outcome.CONFIRMED: "confirm",
        Outcome.SENT: "send",
        Outcome.REFUSED: "refuse",
        Outcome.CONFLICT: "refuse",
    }[result.outcome]
    fault = Fault.VALIDATION if verb == "refuse" else Fault.NONE
    reference = result.reference or write.reference
    move(write, verb, at=at, reason=result.reason, fault=fault, reference=reference)


def _record_error(write: Write, error: ErpError, capabilities: Capabilities, at: datetime) -> str:
    logger.warning("ERP said no", extra={"kind": type(error).__name__, "telling": str(write.key)})
    wait = error.retry_after
    with acting(ERP):
        write = held(write)
        if error.fate in (Fate.PERSON, Fate.CONFLICT):
            move(write, "refuse", at=at, reason=error.reason, fault=fault_of(error))
        elif error.fate is Fate.SEARCH:
            since = write.calling_since
            move(write, "lose_sight", at=at, reason=error.reason, fault=Fault.UNKNOWN)
            write.calling_since = since  # it may still be at work
            write.save(update_fields=["calling_since"])
            wait = wait or capabilities.slowest_call + timedelta(seconds=1)
        else:
            write.calling_since, write.reason, write.fault = None, error.reason, fault_of(error)
            write.save(update_fields=["calling_since", "reason", "fault"])
            wait = wait or (REST_AFTER_ALERT if error.fate is Fate.ALERT else None)
    if error.fate in (Fate.RETRY, Fate.ALERT, Fate.SEARCH):
        raise RetryLater(error.reason, wait) from error
    return str(write.state)


def move(write: Write, verb: str, *, at: datetime, actor: Actor = ERP, **fields: object) -> None:
    """Move a telling, with its fact; one that has ended, or is not there yet, stays as it is."""
    if write.state not in write.lifecycle.sources(verb):
        return
    facts = {**write.facts, "reason": fields.get("reason", "")}
    values = {"updated_at": at, "calling_since": None, **fields}
    write.lifecycle.move(write, verb, actor=actor, at=at, facts=facts, fields=values)


# --- what people see and do ---------------------------------------------------------------------------------

KINDS_OF: dict[str, type[Write]] = {
    "notices": NoticeWrite,
    "counts": ReceiptWrite,
    "invoices": InvoiceWrite,
    "early": EarlyPaymentWrite,
}


def visible_tellings(what: str, actor: Actor) -> QuerySet[Any]:
    """The ship notices ("notices"), counts ("counts"), invoices ("invoices") or early payments ("early") that the ERP
    was told of, as far as this actor may see."""
    found: QuerySet[Any] = KINDS_OF[what].objects.visible_to(actor)
    return found.select_related("supplier", "order")


def stuck_tellings(actor: Actor) -> dict[str, int]:
    """How many ship notices, counts, invoices and early payments wait for a person."""
    return {
        what: visible_tellings(what, actor).filter(state__in=TOLD_TO_A_PERSON).count() for what in KINDS_OF
    }


def find_visible_telling(key: uuid.UUID, *, actor: Actor) -> Write:
    """One of them by its key. Raises `NotFound`."""
    for what in KINDS_OF:
        found: Write | None = visible_tellings(what, actor).filter(key=key).first()
        if found is not None:
            return found
    raise NotFound(_("The ERP was told nothing of this key."))


def notice_behind(write: Write, *, actor: Actor) -> ShipNotice | None:
    """The newest version of the ship notice that it is about, if there is one."""
    if isinstance(write, OF_INVOICES) or write.consignment is None:
        return None
    notices = ShipNotice.objects.visible_to(actor).filter(consignment=write.consignment)
    found: ShipNotice | None = notices.exclude(sent_at__isnull=True).order_by("-issue").first()
    return found


def tries_of_telling(write: Write) -> list[DeliveryAttempt]:
    """Every attempt to tell it, newest first."""
    return list(DeliveryAttempt.objects.filter(message__key=write.key).order_by("-started_at")[:50])


def next_try_of(write: Write) -> datetime | None:
    """When the ERP is called next for it."""
    waiting = OutboxMessage.objects.filter(key=write.key, state=MessageState.WAITING)
    found: datetime | None = waiting.values_list("due_at", flat=True).first()
    return found


@requires_scope
def tell_again(write: Write, *, actor: Actor, at: datetime) -> None:
    """A person has looked and wants the ERP told once more. Raises `IllegalTransition` where it waits for nobody."""
    _require_waiting(write, "tell_again")
    replay_message(OutboxMessage.objects.get(key=write.key), actor=actor, at=at)


@requires_scope
def call_it_keyed(write: Write, *, actor: Actor, at: datetime) -> None:
    """A person says that it stands in the ERP. Raises `IllegalTransition` where it waits for nobody."""
    write = held(write)
    _require_waiting(write, "key_in")
    move(write, "key_in", at=at, actor=actor, reason="", fault=Fault.NONE)


def _require_waiting(write: Write, verb: str) -> None:
    if write.state in TOLD_TO_A_PERSON:
        return
    message = _("This is %(state)s and waits for nobody. Look at how it stands now.")
    values = {"state": write.get_state_display().lower()}
    raise IllegalTransition(message % values, details={"verb": verb, "state": write.state})
