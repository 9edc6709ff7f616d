"""The connection to the ERP: may we call, what came of it, paused and resumed by people, and what was found there.

Note [Connection last]: whoever needs a connection's row together with an order's or a command's holds it last. Outcomes
are written in a transaction of their own. A call begins in the transaction that has looked, under a shared lock,
whether the connection runs: once a pause is committed, no call begins any more; one that is under way ends by itself.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_noop

from portal.kernel.actors import Actor, Channel
from portal.kernel.audit.services import record
from portal.kernel.scope import acting, require_no_transaction, requires_scope
from procurement.erp.circuit import Circuit
from procurement.erp.models import ErpConnection, FeedCursor
from procurement.erp.ports import (
    Capabilities,
    Discovery,
    ErpConnector,
    ErpError,
    ExpiredCredentials,
    Transient,
)
from procurement.erp.states import CONNECTION_LIFECYCLE

logger = logging.getLogger(__name__)

ERP = Actor.system("ERP connection", Channel.ERP)
# How stale `heard_at` may be before an answer is worth a write.
HEARD_WITHIN = timedelta(seconds=30)
AT_LEAST = timedelta(seconds=60)
# Kept in English and translated where it is shown.
PAUSED = gettext_noop("The connection to the ERP is paused.")


class Shut(Exception):
    """Nothing may be called now: a person has paused the connection, or the ERP is left alone for a while."""


@requires_scope
def the_connection() -> ErpConnection:
    """The connection of this installation, as it stands."""
    found = ErpConnection.objects.filter(key=settings.ERP_CONNECTOR).first()
    return found or ErpConnection.objects.get_or_create(key=settings.ERP_CONNECTOR)[0]


def _held(connection: ErpConnection) -> ErpConnection:
    """The row, held until the transaction ends, as it stands now."""
    return ErpConnection.objects.select_for_update().get(pk=connection.pk)


# --- may we call? -------------------------------------------------------------------------------------------


def may_go(at: datetime) -> bool:
    """The gate of the outbox: whether anything for the ERP may go at all."""
    with acting(ERP):
        connection = the_connection()
    return not connection.is_paused and connection.circuit.may_call(at)


@requires_scope
def begin_calling(capabilities: Capabilities, *, at: datetime, by_hand: bool = False) -> ErpConnection:
    """Look whether a call may begin, in the transaction that notes its beginning. Raises `Shut`.

    While the circuit is open one caller goes to ask; a person who asks by hand need not wait until it is time.
    """
    # Shared where the circuit is closed, so that workers do not wait for each other; never first shared and then alone,
    # which two of them could not have of one row.
    closed = ErpConnection.objects.raw(
        "SELECT * FROM procurement_erpconnection WHERE key = %s AND opened_at IS NULL FOR SHARE",
        [settings.ERP_CONNECTOR],
    )
    connection = next(iter(closed), None) or _held(the_connection())
    if connection.is_paused or not (by_hand or connection.circuit.may_call(at)):
        raise Shut
    if connection.circuit.is_open:
        _set_circuit(connection, connection.circuit.being_asked(at, capabilities.slowest_call + AT_LEAST))
    return connection


@requires_scope
def is_paused() -> bool:
    """Whether a person holds everything back."""
    return the_connection().is_paused


def stop_if_paused() -> None:
    """What takes many calls looks before each of them: a pause lets the one under way come to its end, and no more."""
    require_no_transaction()
    with acting(ERP):
        paused = is_paused()
    if paused:
        raise Transient(PAUSED)


@requires_scope
def is_left_alone() -> bool:
    """Whether calls are held back because nobody answered."""
    return the_connection().circuit.is_open


# --- what came of it ----------------------------------------------------------------------------------------


def note_answer(before: ErpConnection, *, at: datetime) -> None:
    """The ERP answered, whatever it said: the door is open. Costs nothing while it was."""
    is_fresh = before.heard_at is not None and timedelta(0) <= at - before.heard_at < HEARD_WITHIN
    if is_fresh and not before.failures and not before.circuit.is_open and before.refused_since is None:
        return
    with acting(ERP):
        connection = _held(before)
        opened_at, trouble = connection.opened_at, connection.trouble
        connection.heard_at = at
        connection.refused_since = None
        connection.trouble = ""
        connection.flowing_since = at if opened_at else connection.flowing_since
        connection.save(update_fields=["heard_at", "refused_since", "trouble", "flowing_since"])
        _set_circuit(connection, Circuit())
        if opened_at is not None:
            # What rested because nobody answered need not rest any longer.
            FeedCursor.objects.filter(retry_at__isnull=False).update(retry_at=None)
            facts = {"since": opened_at.isoformat(), "reason": trouble}
            _record("connection.answered", connection, facts, actor=ERP, at=at)


def note_error(before: ErpConnection, error: ErpError, *, at: datetime) -> None:
    """The ERP, or the way to it, failed: at its door, which counts, or on one thing, which shows that it is open."""
    if not error.at_the_door:
        note_answer(before, at=at)
        return
    with acting(ERP):
        connection = _held(before)
        was_open = connection.circuit.is_open
        circuit = connection.circuit.failed(
            at, limit=settings.ERP_FAILURES_BEFORE_REST, retry_after=error.retry_after
        )
        connection.trouble = error.reason
        if isinstance(error, ExpiredCredentials):
            connection.refused_since = connection.refused_since or at
            connection.refused_at = at
        connection.save(update_fields=["trouble", "refused_since", "refused_at"])
        _set_circuit(connection, circuit)
        if circuit.is_open and not was_open:
            facts = {"reason": error.reason, "failures": circuit.failures}
            _record("connection.lost", connection, facts, actor=ERP, at=at)


def note_nothing(before: ErpConnection, *, at: datetime) -> None:
    """Whoever was to call did not come to it, by a fault of ours or because another was at it."""
    if before.asking_until is not None:
        with acting(ERP):
            connection = _held(before)
            _set_circuit(connection, connection.circuit.not_asked(at))


def _set_circuit(connection: ErpConnection, circuit: Circuit) -> None:
    connection.failures, connection.asked = circuit.failures, circuit.asked
    connection.opened_at, connection.ask_at = circuit.opened_at, circuit.ask_at
    connection.asking_until = circuit.asking_until
    connection.save(update_fields=["failures", "asked", "opened_at", "ask_at", "asking_until"])


def _record(
    kind: str, connection: ErpConnection, facts: Mapping[str, Any], *, actor: Actor, at: datetime
) -> None:
    record(kind, connection.stream, actor=actor, at=at, supplier_id=None, facts=facts, internal=True)


# --- what people do -----------------------------------------------------------------------------------------


@requires_scope
def pause_connection(reason: str, *, actor: Actor, at: datetime) -> None:
    """Hold back every reading and writing until a person resumes: what is agreed meanwhile waits in order."""
    connection = _held(the_connection())
    fields = {"paused_at": at, "paused_by": actor.label, "paused_reason": reason}
    CONNECTION_LIFECYCLE.move(
        connection, "pause", actor=actor, at=at, facts={"reason": reason}, fields=fields
    )


@requires_scope
def resume_connection(reason: str, *, actor: Actor, at: datetime) -> None:
    """Let everything go again, the oldest first."""
    connection = _held(the_connection())
    facts = {"reason": reason, "since": connection.paused_at.isoformat() if connection.paused_at else ""}
    fields = {"paused_at": None, "paused_by": "", "paused_reason": "", "flowing_since": at}
    CONNECTION_LIFECYCLE.move(connection, "resume", actor=actor, at=at, facts=facts, fields=fields)


@requires_scope
def ask_to_look(*, actor: Actor, at: datetime) -> None:
    """A person wants the ERP looked at now; a worker does it."""
    connection = _held(the_connection())
    connection.look_asked_at = at
    connection.save(update_fields=["look_asked_at"])
    _record("connection.look_asked", connection, {}, actor=actor, at=at)


@requires_scope
def take_note_of_change(*, actor: Actor, at: datetime) -> None:
    """A person has seen what is new in the ERP."""
    connection = _held(the_connection())
    if connection.change:
        _record("connection.change_noted", connection, {"changes": connection.change}, actor=actor, at=at)
        connection.change = []
        connection.save(update_fields=["change"])


# --- looking at the ERP -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not as it was when the ERP was last looked at."""

    what: str
    before: str
    after: str


def look_at(connector: ErpConnector, *, clock: Callable[[], datetime]) -> bool:
    """Look who is there and what they can do, if it is time or a person asked; keep it and compare.

    A person's wish is granted while the connection is paused or left alone: how else would one know whether to resume.
    """
    require_no_transaction()
    at = clock()
    with acting(ERP):
        connection = _held(the_connection())
        is_asked = connection.look_asked_at is not None
        is_due = connection.looked_at is None or at - connection.looked_at >= settings.ERP_LOOK_EVERY
        is_shut = connection.is_paused or not connection.circuit.may_call(at)
        if not is_asked and (not is_due or is_shut):
            return False
        # Noted before the call: two workers do not look at once, and who answers nothing is not asked on and on.
        connection.looked_at, connection.look_asked_at = at, None
        connection.save(update_fields=["looked_at", "look_asked_at"])
        if connection.circuit.is_open:
            patience = connector.capabilities.slowest_call + AT_LEAST
            _set_circuit(connection, connection.circuit.being_asked(at, patience))
    try:
        found = connector.discover()
    except ErpError as error:
        logger.warning("looking at the ERP failed", extra={"kind": type(error).__name__})
        _note_look_failed(connection, error.reason)
        note_error(connection, error, at=clock())
    except Exception as error:
        # A fault of ours: the owner sees that nothing can be said about the ERP.
        logger.exception("looking at the ERP failed")
        _note_look_failed(connection, f"{type(error).__name__}: {error}")
        note_nothing(connection, at=clock())
    else:
        with acting(ERP):
            keep_what_was_found(found, at=clock())
        note_answer(connection, at=clock())
    return True


def _note_look_failed(connection: ErpConnection, reason: str) -> None:
    with acting(ERP):
        connection = _held(connection)
        connection.look_trouble = reason
        connection.save(update_fields=["look_trouble"])


@requires_scope
def keep_what_was_found(found: Discovery, *, at: datetime) -> None:
    """Keep what a look has found; what is not as it was before is noticed, and stays noticed until a person saw it."""
    connection = _held(the_connection())
    if connection.fingerprint != found.fingerprint:
        now = as_found(found)
        if connection.fingerprint:
            changes = [_change_as_json(change) for change in changes_between(connection.found, now)]
            connection.change = [*connection.change, *changes][-200:]
            connection.changed_at = at
            _record("connection.changed", connection, {"changes": changes[:50]}, actor=ERP, at=at)
        else:
            facts = {"system": found.identity.system, "version": found.identity.version}
            _record("connection.found", connection, facts, actor=ERP, at=at)
        connection.found_since = at
        connection.fingerprint = found.fingerprint
    connection.found = as_found(found)
    connection.look_trouble = ""
    connection.clock_skew = found.clock_skew
    connection.credentials_expire_at = found.credentials_expire_at or _told_by_owner()
    connection.save(
        update_fields=[
            "found",
            "fingerprint",
            "found_since",
            "change",
            "changed_at",
            "look_trouble",
            "clock_skew",
            "credentials_expire_at",
        ]
    )


def _told_by_owner() -> datetime | None:
    """Few ERPs say when a key ends; its owner knows."""
    day = settings.ERP_CREDENTIALS_EXPIRE_ON
    return datetime.combine(day, time(), UTC) if day else None


def as_found(found: Discovery) -> dict[str, Any]:
    """A discovery as it is kept."""
    can = found.capabilities
    return {
        "kind": found.identity.kind,
        "system": found.identity.system,
        "version": found.identity.version,
        "user": found.identity.user,
        "reads": sorted(can.reads),
        "writes": sorted(can.writes),
        "ship_notices": "yes" if can.takes_notices else "no",
        "counts": "yes" if can.books_receipts else "no",
        "invoices_out": ", ".join(sorted(can.invoices_out)) or "no",
        "early_payments": "yes" if can.plans_early_payments else "no",
        "read_back": can.read_back.value,
        "optimistic_lock": can.optimistic_lock,
        "deletions": can.deletions.value,
        "overlap": can.overlap.total_seconds(),
        "slowest_call": can.slowest_call.total_seconds(),
        "facts": dict(found.facts),
        "warnings": list(found.warnings),
    }


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What differs between two finds, by name; warnings and clocks come and go and are no change of the ERP."""
    old, new = dict(_flat(before)), dict(_flat(after))
    names = [*old, *(name for name in new if name not in old)]
    return [
        Change(name, old.get(name, ""), new.get(name, ""))
        for name in names
        if old.get(name, "") != new.get(name, "")
    ]


def _flat(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in found.items():
        if name == "facts":
            yield from ((fact, str(told)) for fact, told in value.items())
        elif name != "warnings":
            yield name, ", ".join(value) if isinstance(value, list) else str(value)


def _change_as_json(change: Change) -> dict[str, str]:
    return {"what": change.what, "before": change.before, "after": change.after}
