"""The verbs of a comparison and of a drift: asked for, found, repaired, ignored, gone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from portal.kernel.actors import Actor
from portal.kernel.audit.services import Fact, record, record_all
from portal.kernel.errors import Refusal
from portal.kernel.outbox.services import enqueue
from portal.kernel.scope import requires_scope
from procurement.changes.services import overtake_changes
from procurement.erp.content import content_hash
from procurement.erp.inbound import take_papers
from procurement.erp.models import ErpCommand
from procurement.erp.ports import Feed, Paper, Sighting
from procurement.erp.queries import TOPIC
from procurement.erp.reconciliation.mirror import Held, Key, held_here
from procurement.erp.reconciliation.models import Drift, ReconciliationRun, Rehearsal
from procurement.erp.reconciliation.policies import (
    Finding,
    differences_between,
    find_in_order,
    rebased_on,
    repairs_for,
)
from procurement.erp.reconciliation.queries import (
    drift_of_kind,
    hold_orders_of,
    live_drift,
    lock_drift,
    not_seen_in,
    running_comparison,
    running_rehearsal,
)
from procurement.erp.reconciliation.states import DRIFT_LIFECYCLE, DriftKind, DriftState, Repair
from procurement.erp.services import PROMISE_AGREED, give_up_command
from procurement.erp.states import IN_FLIGHT, STUCK, CommandState
from procurement.orders.messages import OrderPaper, PromiseCommand, command_to_json
from procurement.orders.models import PurchaseOrder
from procurement.orders.queries import lines_of, live_promises_by_line, schedules_by_line
from procurement.orders.services import cancel_order, promise_command
from procurement.orders.states import PromiseState
from suppliers.messages import SupplierPaper
from suppliers.services import receive_suppliers

# Our own reasons are kept in English and translated where they are shown.
GONE_MEANWHILE = gettext_noop("The ERP no longer has it.")
THERE_AGAIN = gettext_noop("The ERP has it again.")
STILL_DIFFERS = gettext_noop("The ERP’s values were taken, and both sides still differ.")
NOTHING_AGREED = gettext_noop("Nothing of it is agreed any more, so there was nothing to send.")
STILL_NOT_THERE = gettext_noop("The promise was sent again, and still does not stand in the ERP.")
DELETED_THERE = gettext_noop("The order was deleted in the ERP.")
MOVED_SINCE = gettext_noop("It has changed since the ERP’s complete export was made. Compare again.")
BULK = 1000


class ComparisonUnderWay(Refusal):
    """Both sides are being compared already."""

    code = "comparison_under_way"


class RehearsalUnderWay(Refusal):
    """A dry run is going on already."""

    code = "rehearsal_under_way"


class NoSuchRepair(Refusal):
    """This drift cannot be put right in this way."""

    code = "no_such_repair"


# --- asking -------------------------------------------------------------------------------------------------


@requires_scope
def ask_comparison(*, actor: Actor, at: datetime) -> ReconciliationRun:
    """Have both sides compared as soon as a worker is free."""
    if running_comparison() is not None:
        raise ComparisonUnderWay(_("Both sides are being compared already."))
    run = ReconciliationRun.objects.create(asked_by=actor.label, started_at=at)
    record("comparison.asked", f"comparison:{run.key}", actor=actor, at=at, supplier_id=None, internal=True)
    return run


@requires_scope
def ask_rehearsal(*, actor: Actor, at: datetime) -> Rehearsal:
    """Have a dry run of a first sync made as soon as a worker is free."""
    if running_rehearsal() is not None:
        raise RehearsalUnderWay(_("A dry run is going on already."))
    rehearsal = Rehearsal.objects.create(asked_by=actor.label, started_at=at)
    stream = f"rehearsal:{rehearsal.key}"
    record("rehearsal.asked", stream, actor=actor, at=at, supplier_id=None, internal=True)
    return rehearsal


# --- what a look found --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Look:
    """What looking at one record came to. With `is_moving` nobody can say yet: what is known of it stays as it is."""

    key: Key
    held: Held | None
    findings: Sequence[Finding] = ()
    is_moving: bool = False


def findings_in(held: Held | None, paper: Paper) -> list[Finding]:
    """What is not the same on a record that the ERP has."""
    if held is None:
        return [Finding(DriftKind.MISSING_HERE)]
    if isinstance(held.paper, OrderPaper) and isinstance(paper, OrderPaper):
        return find_in_order(held.paper, paper, held.confirmed)
    differences = differences_between(held.paper, paper)
    return [Finding(DriftKind.FIELDS, tuple(differences))] if differences else []


@requires_scope
def note_looks(
    feed: Feed, looks: Sequence[Look], run: ReconciliationRun, *, actor: Actor, at: datetime
) -> None:
    """Write down what looking at some records came to: new drift, drift that is still there, drift that has gone."""
    known = live_drift(feed, [look.key for look in looks])
    found: list[Drift] = []
    for look in looks:
        before = {drift.kind: drift for drift in known.get(look.key, ())}
        if look.is_moving:
            Drift.objects.filter(pk__in=[drift.pk for drift in before.values()]).update(seen_in=run)
            continue
        for finding in look.findings:
            drift = before.pop(finding.kind, None)
            if drift is None:
                found.append(_drift(feed, look, finding, run, at))
            else:
                _meet_again(drift, finding, run, actor=actor, at=at)
        for drift in before.values():
            _fade(drift, actor=actor, at=at)
    Drift.objects.bulk_create(found, batch_size=500)
    facts = [
        Fact("drift.found", one.stream, one.supplier_id, {"kind": one.kind, "record": list(one.record)}, True)
        for one in found
    ]
    record_all(facts, actor=actor, at=at)


def _drift(feed: Feed, look: Look, finding: Finding, run: ReconciliationRun, at: datetime) -> Drift:
    held = look.held
    command = ErpCommand.objects.filter(origin=finding.command).first() if finding.command else None
    return Drift(
        feed=feed,
        owner=look.key[0] if len(look.key) > 1 else "",
        number=look.key[-1],
        kind=finding.kind,
        supplier_id=held.supplier_id if held else None,
        order=held.order if held else None,
        command=command,
        differences=[asdict(one) for one in finding.differences],
        fingerprint=finding.fingerprint,
        run=run,
        seen_in=run,
        found_at=at,
    )


def _meet_again(
    drift: Drift, finding: Finding, run: ReconciliationRun, *, actor: Actor, at: datetime
) -> None:
    moved = drift.fingerprint != finding.fingerprint
    drift.seen_in = run
    drift.differences = [asdict(one) for one in finding.differences]
    drift.fingerprint = finding.fingerprint
    drift.save(update_fields=["seen_in", "differences", "fingerprint"])
    if drift.state == DriftState.IGNORED and moved:
        _move(drift, "reopen", actor=actor, at=at, fields={"reason": ""})
    elif drift.state == DriftState.UNDER_WAY:
        # Nothing is on its way any more, or nobody would have been asked.
        _move(drift, "hand_back", actor=actor, at=at, fields={"reason": STILL_NOT_THERE})


@requires_scope
def fade_unseen(feed: Feed, run: ReconciliationRun, *, actor: Actor, at: datetime) -> int:
    """Close the drift of a feed that a comparison did not meet again: it has gone by itself."""
    gone = list(not_seen_in(feed, run)[:BULK])
    hold_orders_of(gone)
    for drift in gone:
        _fade(lock_drift(drift), actor=actor, at=at)
    return len(gone)


def _fade(drift: Drift, *, actor: Actor, at: datetime) -> None:
    # What was sent again and stands now did not go by itself.
    verb = "repair" if drift.state == DriftState.UNDER_WAY else "fade"
    if drift.state in DRIFT_LIFECYCLE.sources(verb):
        _move(drift, verb, actor=actor, at=at, fields={"closed_at": at})


# --- what a person decides ----------------------------------------------------------------------------------


@requires_scope
def ask_repair(drift: Drift, repair: str, *, actor: Actor, at: datetime) -> None:
    """A person has chosen how a drift is put right; a worker asks the ERP once more and does it."""
    drift = lock_drift(drift)
    if repair not in repairs_for(drift.kind, drift.feed):
        raise NoSuchRepair(_("It cannot be put right in this way."))
    fields = {"repair": repair, "repair_by": actor.label, "repair_user_id": actor.user_id, "reason": ""}
    _move(drift, "ask", actor=actor, at=at, facts={"repair": repair}, fields=fields)


@requires_scope
def ask_repairs(kind: str, repair: str, *, actor: Actor, at: datetime) -> int:
    """The same for all open drift of a kind that can be put right in this way. Returns how many that is."""
    asked = [drift for drift in drift_of_kind(actor, kind) if repair in repairs_for(drift.kind, drift.feed)]
    hold_orders_of(asked)
    for drift in asked:
        ask_repair(drift, repair, actor=actor, at=at)
    return len(asked)


@requires_scope
def ignore_drift(drift: Drift, reason: str, *, actor: Actor, at: datetime) -> None:
    """A person has decided that both sides may differ here, and why. It holds until either side says something else."""
    drift = lock_drift(drift)
    _move(drift, "ignore", actor=actor, at=at, facts={"reason": reason}, fields={"reason": reason})


@requires_scope
def reopen_drift(drift: Drift, *, actor: Actor, at: datetime) -> None:
    """It is not to be ignored after all."""
    _move(lock_drift(drift), "reopen", actor=actor, at=at, fields={"reason": ""})


# --- carrying a repair out ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Now:
    """What the ERP holds for a record at the moment of its repair: its paper, or nothing; of which moment that tells,
    where it is an earlier one; and when it was asked, where others may have come in between."""

    paper: Paper | None
    as_of: datetime | None = None
    asked_at: datetime | None = None


@requires_scope
def carry_out_repair(drift: Drift, now: Now, *, actor: Actor, at: datetime) -> None:
    """Put a drift right as a person chose, on what the ERP holds now: one transaction for all of it.

    A repair that is no longer what it was chosen for is not carried out: the drift is handed back, with the reason.
    """
    drift = lock_drift(drift)
    if drift.state != DriftState.ASKED:
        return
    feed = Feed(drift.feed)
    held = held_here(feed, [drift.record]).get(drift.record)
    if held is not None and held.under_way:
        return  # its turn comes when that is through
    if held is not None and has_moved_since(held, now.asked_at):
        return  # a feed or a person came in between: the ERP is asked anew
    if held is not None and has_moved_since(held, now.as_of):
        _hand_back(drift, MOVED_SINCE, actor=actor, at=at)
        return
    match drift.repair:
        case Repair.TAKE_ERP:
            _take_erp(drift, now, actor=actor, at=at)
        case Repair.SEND_AGAIN:
            _send_again(drift, now, actor=actor, at=at)
        case Repair.CANCEL | Repair.BLOCK if now.paper is not None:
            _move(drift, "fade", actor=actor, at=at, fields={"closed_at": at, "reason": THERE_AGAIN})
        case Repair.CANCEL:
            _cancel(drift, actor=actor, at=at)
        case Repair.BLOCK:
            assert held is not None
            assert isinstance(held.paper, SupplierPaper)
            receive_suppliers([replace(held.paper, blocked=True)])
            _repaired(drift, actor=actor, at=at)


def has_moved_since(held: Held, moment: datetime | None) -> bool:
    """Whether an order moved here after the moment of which the ERP tells: then the two cannot be compared."""
    if moment is None or held.order is None:
        return False
    told = ErpCommand.objects.filter(order=held.order, confirmed_at__gt=moment)
    return held.order.updated_at > moment or told.exists()


def _take_erp(drift: Drift, now: Now, *, actor: Actor, at: datetime) -> None:
    feed = Feed(drift.feed)
    if now.paper is None:
        _hand_back(drift, GONE_MEANWHILE, actor=actor, at=at)
        return
    if drift.order_id:
        # What it last said no longer counts: it is read as if for the first time.
        PurchaseOrder.objects.filter(pk=drift.order_id).update(content_hash="", erp_stamp=None)
    taken = take_papers(feed, [Sighting(now.paper, content_hash(now.paper))], at)
    if taken.refused:
        reason = "; ".join(str(one.facts.get("reason", "")) for one in taken.refused)
        _hand_back(drift, reason, actor=actor, at=at)
        return
    held = held_here(feed, [drift.record]).get(drift.record)
    left = {finding.kind for finding in findings_in(held, now.paper)}
    for one in live_drift(feed, [drift.record]).get(drift.record, ()):
        if one.kind in left and one.pk == drift.pk:
            _hand_back(one, STILL_DIFFERS, actor=actor, at=at)
        elif one.kind not in left and one.pk == drift.pk:
            if held is not None and held.order is not None:
                one.order = held.order
            _repaired(one, actor=actor, at=at)
        elif one.kind not in left:
            _fade(one, actor=actor, at=at)


def _send_again(drift: Drift, now: Now, *, actor: Actor, at: datetime) -> None:
    if not isinstance(now.paper, OrderPaper) or drift.order is None:
        _hand_back(drift, GONE_MEANWHILE, actor=actor, at=at)
        return
    order = drift.order
    command = rebased_on(_still_agreed(order, {one["line"] for one in drift.differences}), now.paper)
    if not command.lines:
        _hand_back(drift, NOTHING_AGREED, actor=actor, at=at)
        return
    payload = command_to_json(command)
    message = enqueue(
        TOPIC, order.stream, PROMISE_AGREED, payload, actor=actor, at=at, supplier_id=order.supplier_id
    )
    _move(drift, "send", actor=actor, at=at, fields={"sent_by": message.key})
    _tell_order(drift, actor=actor, at=at)


def _still_agreed(order: PurchaseOrder, keys: Iterable[str]) -> PromiseCommand:
    """What is agreed today on those of these lines that both sides are through with."""
    wanted = set(keys)
    lines = [line for line in lines_of(order) if line.key in wanted and line.is_open and line.is_settled]
    pks = [line.pk for line in lines]
    promises = live_promises_by_line(pks)
    agreed = [
        line
        for line in lines
        if promises[line.pk] and all(one.state == PromiseState.AGREED for one in promises[line.pk])
    ]
    return promise_command(order, agreed, promises, schedules_by_line(pks))


def _cancel(drift: Drift, *, actor: Actor, at: datetime) -> None:
    order = drift.order
    assert order is not None
    stuck = ErpCommand.objects.filter(order=order, state__in=STUCK).select_related("order").order_by("id")
    for command in stuck:
        give_up_command(command, DELETED_THERE, actor=actor, at=at)
    order.refresh_from_db()
    cancel_order(order, DELETED_THERE, actor=actor, at=at)
    overtake_changes([order.pk], actor=actor, at=at)
    _repaired(drift, actor=actor, at=at)


def _repaired(drift: Drift, *, actor: Actor, at: datetime) -> None:
    fields: dict[str, Any] = {"closed_at": at, "reason": "", "order": drift.order}
    if drift.order is not None:
        fields["supplier"] = drift.order.supplier
    _move(drift, "repair", actor=actor, at=at, facts=_choice(drift), fields=fields)
    _tell_order(drift, actor=actor, at=at)


@requires_scope
def settle_sent_again(drift: Drift, *, actor: Actor, at: datetime) -> None:
    """See what became of a promise that was sent again: it stands, or a person has to look once more."""
    drift = lock_drift(drift)
    if drift.state != DriftState.UNDER_WAY or drift.sent_by is None:
        return
    command = ErpCommand.objects.filter(origin=drift.sent_by).first()
    if command is None:
        return  # not taken up yet
    if command.state == CommandState.CONFIRMED:
        _move(drift, "repair", actor=actor, at=at, facts=_choice(drift), fields={"closed_at": at})
    elif command.state not in IN_FLIGHT:
        _hand_back(drift, command.reason or STILL_NOT_THERE, actor=actor, at=at)


@requires_scope
def hand_back_all(drifts: Iterable[Drift], reason: str, *, actor: Actor, at: datetime) -> None:
    """The repair that was chosen for these cannot be carried out at all."""
    drifts = list(drifts)
    hold_orders_of(drifts)
    for one in drifts:
        drift = lock_drift(one)
        if drift.state == DriftState.ASKED:
            _hand_back(drift, reason, actor=actor, at=at)


def _hand_back(drift: Drift, reason: str, *, actor: Actor, at: datetime) -> None:
    facts = _choice(drift) | {"reason": reason}
    _move(drift, "hand_back", actor=actor, at=at, facts=facts, fields={"reason": reason})


def _choice(drift: Drift) -> dict[str, Any]:
    return {"repair": drift.repair, "asked_by": drift.repair_by, "user": drift.repair_user_id}


def _tell_order(drift: Drift, *, actor: Actor, at: datetime) -> None:
    """A repair is part of its order's story, on the buying side."""
    if drift.order is not None:
        facts = _choice(drift) | {"kind": drift.kind, "drift": str(drift.key)}
        stream, supplier = drift.order.stream, drift.order.supplier_id
        record(
            "erp.drift_repaired", stream, actor=actor, at=at, supplier_id=supplier, facts=facts, internal=True
        )


def _move(
    drift: Drift,
    verb: str,
    *,
    actor: Actor,
    at: datetime,
    facts: Mapping[str, Any] | None = None,
    fields: Mapping[str, Any] | None = None,
) -> None:
    told = {"kind": drift.kind, "record": list(drift.record), **(facts or {})}
    DRIFT_LIFECYCLE.move(drift, verb, actor=actor, at=at, facts=told, fields=fields)
