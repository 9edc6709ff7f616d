"""The outbox's topic "erp": each message goes to the connector, outside any transaction, and what it said is
written down.

Note [One call]: before a call, `calling_since` is committed. If we find it set, an earlier attempt never
came back, and nobody knows how it ended: it is treated exactly like an answer that never arrived. Such a
command rests until the slowest call could have ended, is searched for by its key, and is sent again only if
the ERP never saw it. While the ERP cannot be asked, the doubt stays: `calling_since` is then still the earlier call's.

While the connection is paused or its circuit is open (Note [Circuit]), messages are put back and wait: no attempt is
counted for a call that was not made.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from django.utils import timezone
from django.utils.translation import gettext_noop

from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.outbox.services import PutBack, RetryLater
from portal.kernel.scope import acting, require_no_transaction
from procurement.erp.advice import fault_of
from procurement.erp.booking import KINDS as COUNT_KINDS
from procurement.erp.booking import carry_booking
from procurement.erp.connection import (
    ERP,
    Shut,
    begin_calling,
    may_go,
    note_answer,
    note_error,
    note_nothing,
)
from procurement.erp.connectors import connect
from procurement.erp.early import KINDS as EARLY_KINDS
from procurement.erp.early import carry_early_payment
from procurement.erp.invoicing import KINDS as INVOICE_KINDS
from procurement.erp.invoicing import carry_invoice
from procurement.erp.models import ErpCommand, ErpConnection
from procurement.erp.noticing import KINDS as NOTICE_KINDS
from procurement.erp.noticing import carry_notice
from procurement.erp.ports import Capabilities, Conflict, ErpConnector, ErpError, Fate
from procurement.erp.queries import command_of, lock_command
from procurement.erp.services import (
    begin_call,
    end_call_without_effect,
    hand_over,
    record_conflict,
    record_refusal,
    record_result,
    record_unknown,
    take_up_command,
    wait_behind_older,
)
from procurement.erp.states import IN_FLIGHT, CommandState
from procurement.erp.telling import A_MOMENT, is_being_told

logger = logging.getLogger(__name__)

__all__ = ["carry", "deliver", "may_go"]

NOT_BY_MACHINE = gettext_noop(
    "This ERP cannot take it by machine. Key in what was agreed; the next reading closes this."
)
REST_AFTER_ALERT = timedelta(minutes=5)


def deliver(message: OutboxMessage) -> str:
    """Bring one command to the ERP. Returns how it stands; raises `RetryLater` where it has to be tried
    again."""
    require_no_transaction()
    with connect() as connector:
        return carry(message, connector, timezone.now)


def carry(message: OutboxMessage, connector: ErpConnector, clock: Callable[[], datetime]) -> str:
    """The same with a given connector and clock. What the ERP said is noted for when it said it: calls take long."""
    if message.kind in NOTICE_KINDS:
        return carry_notice(message, connector, clock)
    if message.kind in COUNT_KINDS:
        return carry_booking(message, connector, clock)
    if message.kind in INVOICE_KINDS:
        return carry_invoice(message, connector, clock)
    if message.kind in EARLY_KINDS:
        return carry_early_payment(message, connector, clock)
    at = clock()
    with acting(ERP):
        command = take_up_command(message)
        if command.state not in IN_FLIGHT or command.state == CommandState.SENT:
            return command.state
        if wait_behind_older(command):
            return "behind"
        missing = connector.capabilities.cannot_write(command_of(command))
        if missing:
            hand_over(command, missing, NOT_BY_MACHINE, actor=ERP, at=at)
            return command.state
        doubt = Doubt.of(command)
        if is_being_told(command.order_id, at=at):
            raise RetryLater("A ship notice, a count or an invoice of this order is being written.", A_MOMENT)
        if doubt.since is not None:
            _let_rest(doubt.since, connector.capabilities, at)
        try:
            connection = begin_calling(connector.capabilities, at=at)
        except Shut as shut:
            raise PutBack from shut
        begin_call(command, at=at)
    return _call(command, connector, connection, clock, doubt)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Whether an earlier call may have reached the ERP, and since when it may be at work there, if it can be still."""

    search_first: bool
    since: datetime | None = None

    @classmethod
    def of(cls, command: ErpCommand) -> Self:
        """What is not known of a command before it is called again."""
        unknown = command.state == CommandState.UNKNOWN
        return cls(unknown or command.calling_since is not None, command.calling_since)


def _let_rest(since: datetime, capabilities: Capabilities, at: datetime) -> None:
    rested_at = since + capabilities.slowest_call
    if at < rested_at:
        raise RetryLater("The last call may still be at work in the ERP.", rested_at - at)


def _call(
    command: ErpCommand,
    connector: ErpConnector,
    connection: ErpConnection,
    clock: Callable[[], datetime],
    doubt: Doubt,
) -> str:
    left_since = doubt.since
    try:
        result = connector.find_command(str(command.key)) if doubt.search_first else None
        left_since = None  # found or not, the earlier call is heard of
        if result is None:
            result = connector.write_promise(command_of(command))
    except ErpError as error:
        at = clock()
        note_error(connection, error, at=at)
        return _record_error(command, error, connector.capabilities, left_since, at)
    except Exception:
        note_nothing(connection, at=clock())
        raise
    at = clock()
    note_answer(connection, at=at)
    with acting(ERP):
        command = lock_command(command.origin)  # a feed may have seen the outcome before we heard of it
        record_result(command, result, actor=ERP, at=at)
    return command.state


def _record_error(
    command: ErpCommand,
    error: ErpError,
    capabilities: Capabilities,
    left_since: datetime | None,
    at: datetime,
) -> str:
    """`left_since` is an earlier call of which the ERP could not be asked."""
    logger.warning("ERP said no", extra={"kind": type(error).__name__, "command": str(command.key)})
    wait = error.retry_after
    with acting(ERP):
        command = lock_command(command.origin)
        if isinstance(error, Conflict):
            record_conflict(command, error.reason, error.current, actor=ERP, at=at)
        elif error.fate is Fate.PERSON:
            record_refusal(command, error.reason, fault_of(error), actor=ERP, at=at)
        elif error.fate is Fate.SEARCH:
            record_unknown(command, error.reason, actor=ERP, at=at)
            wait = wait or capabilities.slowest_call + timedelta(seconds=1)
        else:
            end_call_without_effect(command, error.reason, fault_of(error), left_since=left_since)
            wait = wait or (REST_AFTER_ALERT if error.fate is Fate.ALERT else None)
    if error.fate in (Fate.RETRY, Fate.ALERT, Fate.SEARCH):
        raise RetryLater(error.reason, wait) from error
    return command.state
