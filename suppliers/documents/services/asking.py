"""What the clock brings: suppliers are asked in time and reminded, a person of ours hears when it is late, and what has
ended is said to have ended. Each once, however often and by however many workers one looks."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db.models import Q

from portal.kernel.actors import Actor
from portal.kernel.audit.services import Fact, record_all
from portal.kernel.scope import acting, requires_scope
from suppliers.documents.models import Document, DocumentVersion
from suppliers.documents.policies import Cover, Need, Step, cover_of, due_of, late_from, step_of
from suppliers.documents.queries import (
    Joint,
    ended_by,
    held_of,
    hold_document,
    joint_of,
    suppliers_after,
    today_of,
    versions_of,
)
from suppliers.documents.services.supplying import said_of
from suppliers.documents.states import DOCUMENT_LIFECYCLE, PENDING, AskedFor, DocumentState
from suppliers.models import Supplier
from suppliers.states import SupplierState

CLERK = Actor.system("Documents")
MOST_AT_ONCE = 500
ASKS = ["asked_for", "asked_on", "due_on", "reminded_on", "late_at"]
# Where the day is the furthest ahead, it is fourteen hours later than in UTC.
FURTHEST_AHEAD = timedelta(hours=14)
# Of what was late and is asked for no more hears who had to see to it, and nobody else.
EXCUSED = "document.excused"
_EVENTS = {Step.ASK: "document.asked", Step.REMIND: "document.reminded", Step.MISS: "document.missed"}


def keep_asking(at: datetime) -> int:
    """Do for every supplier what is due today; returns how many were asked, reminded or told of. Opens transactions."""
    with acting(CLERK):
        excuse_blocked(at=at)
    done = after = 0
    while True:
        with acting(CLERK):
            suppliers = suppliers_after(after, MOST_AT_ONCE)
            done += ask_suppliers(suppliers, at=at)
        if len(suppliers) < MOST_AT_ONCE:
            return done
        after = suppliers[-1].pk


@requires_scope
def ask_suppliers(suppliers: Sequence[Supplier], *, at: datetime) -> int:
    """Do for these suppliers what is due today, each in its own time zone. As many queries for 500 as for one.

    Whose step it seems to be is looked up first without a lock, and looked up again under one: a second worker, or a
    supplier who supplies at this moment, changes what is found, and nothing is said twice.
    """
    due = [
        (one, step)
        for some in held_of(suppliers, at, actor=CLERK).values()
        for one in some
        if (
            step := step_of(
                one.need,
                one.cover,
                one.document.asked if one.document else None,
                today_of(one.supplier, at),
                is_pending=one.is_pending,
            )
        )
        is not Step.NONE
    ]
    if not due:
        return 0
    fresh = [
        Document(supplier=one.supplier, kind_id=one.kind_id) for one, _step in due if one.document is None
    ]
    Document.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=500)
    needs = {(one.supplier.pk, one.kind_id): one.need for one, _step in due}
    wanted = Document.objects.filter(
        supplier__in={supplier for supplier, _kind in needs}, kind__in={kind for _supplier, kind in needs}
    )
    held = [
        one
        for one in wanted.select_related("supplier", "kind").select_for_update(of=("self",)).order_by("id")
        if (one.supplier_id, one.kind_id) in needs
    ]
    versions = versions_of([one.pk for one in held], actor=CLERK)
    joint = joint_of([one.supplier for one in held])
    moved, facts = [], []
    for document in held:
        need = needs[document.supplier_id, document.kind_id]
        theirs = versions.get(document.pk, [])
        today = today_of(document.supplier, at)
        others = joint.get((document.supplier_id, document.kind_id), ())
        cover = _cover(theirs, others, today)
        is_pending = any(one.state in PENDING for one in theirs) or any(one.is_pending for one in others)
        step = step_of(need, cover, document.asked, today, is_pending=is_pending)
        if step is Step.NONE:
            continue
        if step is Step.REST and document.late_at is not None:
            facts.append(_excused(document))
        _take(step, document, need, cover, today, at)
        moved.append(document)
        if step in _EVENTS and need is not None:
            facts.append(_fact(step, document, need, cover))
    Document.objects.bulk_update(moved, ASKS, batch_size=500)
    record_all(facts, actor=CLERK, at=at)
    return sum(one.kind != EXCUSED for one in facts)


@requires_scope
def excuse_blocked(*, at: datetime) -> int:
    """Let rest what is late of suppliers that are blocked, with which the business has ended, or whose record is merged
    into another: nothing is asked of them, so none of ours has to see to it. Once it is, it is asked anew."""
    gone = (
        Q(supplier__state=SupplierState.BLOCKED)
        | Q(supplier__left_at__isnull=False)
        | Q(supplier__merged_into__isnull=False)
    )
    late = Document.objects.filter(gone, late_at__isnull=False)
    held = list(late.select_related("kind").select_for_update(of=("self",)).order_by("id")[:MOST_AT_ONCE])
    facts = [_excused(one) for one in held]
    for one in held:
        _rest(one)
    Document.objects.bulk_update(held, ASKS, batch_size=500)
    record_all(facts, actor=CLERK, at=at)
    return len(held)


def _excused(document: Document) -> Fact:
    told = {"document": str(document.key), "kind": document.kind.code}
    return Fact(EXCUSED, document.stream, document.supplier_id, told, internal=True)


def _rest(document: Document) -> None:
    document.asked_for = AskedFor.NOTHING
    document.asked_on = document.due_on = document.reminded_on = document.late_at = None


def _cover(versions: Sequence[DocumentVersion], joint: Sequence[Joint], today: date) -> Cover:
    return cover_of([span for one in (*versions, *joint) if (span := one.span)], today)


def _take(step: Step, document: Document, need: Need | None, cover: Cover, today: date, at: datetime) -> None:
    if step is Step.REST or need is None:
        _rest(document)
        return
    if step is Step.ASK:
        has_one = cover.is_covered or cover.ended_on
        document.asked_for = AskedFor.ENDING if has_one else AskedFor.MISSING
        document.asked_on, document.late_at = today, None
        document.due_on = due_of(need, cover, None, today)
    if step is Step.MISS:
        document.late_at = at
    document.reminded_on = today


def _fact(step: Step, document: Document, need: Need, cover: Cover) -> Fact:
    assert document.due_on is not None  # it is asked for
    until = cover.until or cover.ended_on
    facts = {
        "document": str(document.key),
        "kind": document.kind.code,
        "kind_name": document.kind.name,
        "why": document.asked_for,
        "due_on": document.due_on.isoformat(),
        "until": until.isoformat() if until else "",
        "has_ended": not cover.is_covered and bool(cover.ended_on),
        "late_from": late_from(need, cover, document.due_on).isoformat(),
        "compulsory": need.compulsory,
        "supplier": document.supplier.name,
    }
    return Fact(_EVENTS[step], document.stream, document.supplier_id, facts)


@requires_scope
def rest_where_covered(document: Document, need: Need | None, *, at: datetime) -> None:
    """Ask no more for a document that is there now; whoever calls holds it."""
    today = today_of(document.supplier, at)
    joint = joint_of([document.supplier]).get((document.supplier_id, document.kind_id), ())
    cover = _cover(versions_of([document.pk], actor=CLERK).get(document.pk, []), joint, today)
    if step_of(need, cover, document.asked, today, is_pending=False) is Step.REST:
        _take(Step.REST, document, need, cover, today, at)
        document.save(update_fields=ASKS)


def expire_ended(at: datetime) -> int:
    """Say of accepted versions whose last day is over where their supplier is that they have ended. Opens transactions,
    one for each: what somebody decides on at the moment is left alone for that long only."""
    with acting(CLERK):
        found = ended_by((at + FURTHEST_AHEAD).date(), MOST_AT_ONCE)
    done = 0
    for one in found:
        if one.valid_until is None or one.valid_until >= today_of(one.supplier, at):
            continue
        with acting(CLERK):
            done += _expire(one, at)
    return done


def _expire(found: DocumentVersion, at: datetime) -> int:
    hold_document(found.document_id)
    version = DocumentVersion.objects.select_related("document__kind").get(pk=found.pk)
    if version.state != DocumentState.ACCEPTED:
        return 0
    facts = said_of(version, version.document.kind)
    DOCUMENT_LIFECYCLE.move(version, "expire", actor=CLERK, at=at, facts=facts, fields={"ended_at": at})
    return 1
