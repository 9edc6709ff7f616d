"""A ship notice is sent, corrected by a new version, and taken back.

Note [Orders first]: whoever lets the quantities of notices move holds all orders of the notice, in the order of their
ids, and then the notice. So two people who ship the last ten of a line come one after the other, and the second reads
that nothing is left.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import Fact, record_all
from portal.kernel.errors import Duplicate, IllegalTransition, Invalid, Problem, Refusal
from portal.kernel.scope import requires_scope
from procurement.changes.messages import ProposeChange, Wish
from procurement.changes.services import propose_on_order
from procurement.findings.policies import Finding, stops
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.policies import plain
from procurement.orders.queries import lock_orders
from procurement.orders.services import Shipped, note_shipped
from procurement.shipments.messages import NoticeCommand, NoticeCommandLine, NoticeNamed, notice_to_json
from procurement.shipments.models import Package, PackedQuantity, ShipNotice, ShipNoticeLine
from procurement.shipments.policies import ZERO, check_notice
from procurement.shipments.queries import (
    Written,
    checked,
    counted_by_line,
    find_notice,
    hold_notice,
    lines_in,
    order_ids_of,
    shipped_by_line,
    way_by_line,
    written,
)
from procurement.shipments.services.holding import hold_draft, require_as_seen, require_may_ship
from procurement.shipments.states import NOTICE_LIFECYCLE, NoticeState, Remainder

MOST_TOLD = 50


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of sending: the notice, what else there was to say, and the wishes that could not be asked for."""

    notice: ShipNotice
    findings: Sequence[Finding] = ()
    not_asked: Mapping[int, str] | None = None


@requires_scope
def send_notice(named: NoticeNamed, *, actor: Actor, at: datetime) -> Sent:
    """Tell the buying side what has left, or is about to: from now on it counts against the orders.

    A correction takes the place of the version that it replaces, in the same moment. Raises `Invalid` with every
    finding that must be mended first, `Duplicate` for a number that another consignment has.
    """
    notice, orders = _hold_with_orders(named, actor=actor)
    before = _hold_replaced(notice)
    draft = written(notice)
    findings = check_notice(checked(draft, at=at, hold=True))
    if bad := stops(findings):
        raise Invalid(bad[0].message, [_problem_of(one) for one in bad])
    stood = before.state if before is not None else ""
    with _numbers_once(notice):
        if before is not None:
            _end(before, "replace", "", actor=actor, at=at)
        _drop_empty(draft)
        _note_what_came_before(draft, before)
        fields = {
            "sent_at": at,
            "sent_by": actor.label,
            "sent_by_user_id": actor.user_id,
            "channel": actor.channel,
            "updated_at": at,
            "expected_on": _expected_day(notice, before),
        }
        told = _command_of(draft, before)
        facts = _facts_of(draft)
        NOTICE_LIFECYCLE.move(notice, "send", actor=actor, at=at, facts=facts, payload=told, fields=fields)
        notice.packages.update(is_live=True)
    _go_on_from(notice, before, stood, actor=actor, at=at)
    touched = {one.line_id for one in draft.lines} | _line_ids(before)
    refresh_lines(orders, touched, at=at)
    _tell_orders(orders, notice, draft.lines, "order.shipment_sent", actor=actor, at=at)
    if before is not None:
        still = {one.order_id for one in draft.lines if one.quantity}
        left_out = [order for order in orders if order.pk not in still]
        _tell_orders(left_out, before, lines_in(before), "order.shipment_cancelled", actor=actor, at=at)
    not_asked = _ask_for_less(orders, draft, actor=actor, at=at)
    return Sent(notice, findings, not_asked)


def _expected_day(notice: ShipNotice, before: ShipNotice | None) -> date | None:
    """When planning is to expect it: as announced. A correction that leaves the announced day alone takes nothing back
    of what was told of the way since.
    """
    if before is not None and before.delivery_on == notice.delivery_on:
        return before.expected_on
    return notice.delivery_on


def _go_on_from(
    notice: ShipNotice, before: ShipNotice | None, stood: str, *, actor: Actor, at: datetime
) -> None:
    """The goods are where they were when only the paper is another: on their way, or there."""
    verb = {NoticeState.IN_TRANSIT.value: "depart", NoticeState.ARRIVED.value: "arrive"}.get(stood)
    if before is None or verb is None:
        return
    fields = {"departed_at": before.departed_at, "arrived_at": before.arrived_at}
    facts = {
        "notice": str(notice.key),
        "number": notice.number,
        "issue": notice.issue,
        "happened_at": (before.arrived_at or before.departed_at or at).isoformat(),
    }
    NOTICE_LIFECYCLE.move(notice, verb, actor=actor, at=at, facts=facts, fields=fields)


def _hold_with_orders(named: NoticeNamed, *, actor: Actor) -> tuple[ShipNotice, list[PurchaseOrder]]:
    """A draft with all orders that it moves, held in the order of Note [Orders first]."""
    require_may_ship(actor)
    seen = find_notice(named.notice, actor=actor)
    ids = [seen.pk, *([seen.replaces_id] if seen.replaces_id else [])]
    orders = lock_orders(order_ids_of(ids))
    notice = hold_draft(named.notice, named.version, actor=actor)
    _require_all_held(ids, orders)
    return notice, orders


def _require_all_held(notice_ids: Sequence[int], orders: Sequence[PurchaseOrder]) -> None:
    """Nobody adds a line to a draft without making its version another, so this holds where the version did."""
    if set(order_ids_of(notice_ids)) - {order.pk for order in orders}:
        raise RuntimeError(f"the lines of notices {list(notice_ids)} moved though nobody may move them")


def _hold_replaced(notice: ShipNotice) -> ShipNotice | None:
    """The version that this one takes the place of, held. Raises `IllegalTransition` where it cannot any more."""
    if notice.replaces_id is None:
        return None
    before: ShipNotice = ShipNotice.objects.select_for_update(of=("self",)).get(pk=notice.replaces_id)
    require_untouched(before, "replace")
    return before


def require_untouched(notice: ShipNotice, verb: str) -> None:
    """Raise `IllegalTransition` with its reason where a notice cannot be taken back any more."""
    is_here = notice.state in (NoticeState.PARTLY_RECEIVED, NoticeState.RECEIVED, NoticeState.CLOSED)
    if notice.state in NOTICE_LIFECYCLE.sources(verb) and notice.counted_at is None:
        return
    if is_here or notice.counted_at is not None:
        message = _("Something of this ship notice has been received. What was counted cannot be taken back.")
    else:
        message = _("This ship notice is %(state)s. It cannot be changed any more.")
        message %= {"state": notice.get_state_display().lower()}
    raise IllegalTransition(message, details={"verb": verb, "state": notice.state})


@contextmanager
def _numbers_once(notice: ShipNotice) -> Iterator[None]:
    """Turn the database's word on a number that is there twice into a sentence."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        text = str(error)
        if "ship_notice_number_once" in text:
            message = _(
                "You have sent a ship notice with the number %(number)s already. Give this one its own number."
            )
            raise Duplicate(message % {"number": notice.number}) from error
        if "package_sscc_once" in text or "package_carton_once" in text:
            message = _(
                "A package of another shipment has one of these SSCCs. Each package has its own, for ever."
            )
            raise Duplicate(message) from error
        raise


def _problem_of(finding: Finding) -> Problem:
    where = finding.line if finding.line is not None else finding.package
    return Problem(finding.field or "notice", finding.message, "", finding.code, str(where or ""))


def _drop_empty(draft: Written) -> None:
    """Lines of which nothing goes are no part of what is sent, unless they say that nothing will."""
    idle = [one.pk for one in draft.lines if not one.quantity and one.remainder == Remainder.FOLLOWS]
    ShipNoticeLine.objects.filter(pk__in=idle).delete()


def _note_what_came_before(draft: Written, before: ShipNotice | None) -> None:
    """What has come of the lines and was counted for no notice came without this one. A correction keeps what the
    version before it has noted: the goods are the same.
    """
    ids = [one.line_id for one in draft.lines]
    kept = dict(before.lines.values_list("line_id", "came_before")) if before is not None else {}
    counted = counted_by_line(ids)
    for one in draft.lines:
        here = max(ZERO, one.line.received_quantity - counted.get(one.line_id, ZERO))
        one.came_before = kept.get(one.line_id, here)
    ShipNoticeLine.objects.bulk_update(draft.lines, ["came_before"], batch_size=500)


def _facts_of(draft: Written) -> dict[str, Any]:
    notice = draft.notice
    lines = [
        {
            "order": one.line.order.number,
            "line": one.line.number,
            "quantity": plain(one.quantity),
            "unit": one.line.unit,
        }
        for one in draft.lines
        if one.quantity
    ]
    return {
        "number": notice.number,
        "issue": notice.issue,
        "notice": str(notice.key),
        "ship_on": notice.ship_on.isoformat() if notice.ship_on else "",
        "delivery_on": notice.delivery_on.isoformat() if notice.delivery_on else "",
        "carrier": notice.carrier,
        "packages": len(draft.packages),
        "lines": lines[:MOST_TOLD],
        "count": len(lines),
    }


def _command_of(draft: Written, before: ShipNotice | None, *, withdrawn: bool = False) -> dict[str, Any]:
    """What the ERP is told: the consignment as it is to be held from now on. The days are those of the notice."""
    notice = draft.notice
    assert notice.ship_on is not None  # nothing is sent without
    assert notice.delivery_on is not None
    lines = tuple(
        NoticeCommandLine(one.line.order.number, one.line.key, one.line.number, one.quantity, one.line.unit)
        for one in draft.lines
        if one.quantity
    )
    command = NoticeCommand(
        key="",
        consignment=str(notice.consignment),
        issue=notice.issue,
        company=notice.company.code,
        supplier=notice.supplier.number,
        number=notice.number,
        ship_on=notice.ship_on,
        expected_on=notice.expected_on or notice.delivery_on,
        lines=lines,
        ship_to=notice.ship_to.code if notice.ship_to else "",
        earlier_number=before.number if before is not None and before.number != notice.number else "",
        carrier=notice.carrier,
        tracking=" ".join(notice.tracking_numbers),
        bill_of_lading=notice.bill_of_lading,
        packages=sum(package.parent_id is None for package in draft.packages),
        gross_kg=notice.gross_kg,
        withdrawn=withdrawn,
    )
    return notice_to_json(command)


@requires_scope
def told_of(notice: ShipNotice) -> dict[str, Any]:
    """What the ERP is to hold of a notice that is on its way, as it stands now: the content of a message to it."""
    return _command_of(written(notice), notice.replaces)


def _tell_orders(
    orders: Sequence[PurchaseOrder],
    notice: ShipNotice,
    inside: Sequence[ShipNoticeLine],
    kind: str,
    *,
    actor: Actor,
    at: datetime,
) -> None:
    """One fact for each order's own story; `inside` are the lines of the notice."""
    facts = []
    for order in orders:
        lines = [
            {"line": one.line.number, "quantity": plain(one.quantity), "unit": one.line.unit}
            for one in inside
            if one.order_id == order.pk and one.quantity
        ]
        said = {
            "notice": str(notice.key),
            "number": notice.number,
            "issue": notice.issue,
            "delivery_on": notice.delivery_on.isoformat() if notice.delivery_on else "",
            "lines": lines[:MOST_TOLD],
            "count": len(lines),
        }
        if lines:
            facts.append(Fact(kind, order.stream, order.supplier_id, said))
    record_all(facts, actor=actor, at=at)


def _line_ids(notice: ShipNotice | None) -> set[int]:
    if notice is None:
        return set()
    return set(ShipNoticeLine.objects.filter(notice=notice).values_list("line_id", flat=True))


@requires_scope
def refresh_lines(orders: Iterable[PurchaseOrder], line_ids: Iterable[int], *, at: datetime) -> None:
    """Let the lines of these orders, which are held, agree with what live notices say of them. Told twice it changes
    nothing: it looks at how things stand, and an order whose lines say so already is left alone.
    """
    wanted = set(line_ids)
    lines = list(PurchaseOrderLine.objects.filter(pk__in=wanted))
    gone = shipped_by_line(lines)
    way = way_by_line(wanted)
    by_order: dict[int, dict[int, Shipped]] = {}
    for line in lines:
        if line.shipped_quantity != gone[line.pk] or line.way != way[line.pk]:
            by_order.setdefault(line.order_id, {})[line.pk] = Shipped(gone[line.pk], way[line.pk])
    for order in orders:
        if theirs := by_order.get(order.pk):
            note_shipped(order, theirs, at=at)


def _ask_for_less(
    orders: Sequence[PurchaseOrder], draft: Written, *, actor: Actor, at: datetime
) -> dict[int, str]:
    """Ask the buyer to agree that the rest of some lines does not come; tells by position what could not be asked."""
    refused: dict[int, str] = {}
    for order in orders:
        commands: list[ProposeChange] = []
        positions: list[int] = []
        for one in draft.lines:
            ends = one.remainder == Remainder.NOT_COMING and one.quantity < draft.open_of(one)
            if one.order_id == order.pk and ends:
                note = _("The rest does not come: ship notice %(number)s.") % {"number": draft.notice.number}
                wish = Wish(cancel=True)
                commands.append(ProposeChange(order.key, order.version, one.line.key, wish, note=note))
                positions.append(one.position)
        if not commands:
            continue
        try:
            proposed = propose_on_order(order, commands, actor=actor, at=at)
        except Refusal as refusal:  # who may ship and not negotiate
            refused |= dict.fromkeys(positions, refusal.message)
            continue
        for position, answer in zip(positions, proposed, strict=True):
            if answer.refusal is not None:
                refused[position] = answer.refusal.message
    return refused


# --- a correction -------------------------------------------------------------------------------------------


@requires_scope
def correct_notice(named: NoticeNamed, *, actor: Actor, at: datetime) -> ShipNotice:
    """Begin the next version of a notice that was sent: a draft with all that it says, packages and their numbers too.

    The old one counts until the new one is sent. A correction that was begun already is gone on with. Raises
    `IllegalTransition` once something of it was received, and while the other side is correcting it.
    """
    require_may_ship(actor)
    seen = find_notice(named.notice, actor=actor)
    lock_orders(order_ids_of([seen.pk]))  # its lines name them, and so would wait for them when all is done
    before = hold_notice(named.notice, actor=actor)
    begun: ShipNotice | None = ShipNotice.objects.filter(replaces=before, state=NoticeState.DRAFT).first()
    if begun is not None:
        _require_own_side(begun, actor)
        return begun
    require_as_seen(before, named.version)
    require_untouched(before, "replace")
    return _copy(before, actor=actor, at=at)


def _require_own_side(begun: ShipNotice, actor: Actor) -> None:
    """Raise `IllegalTransition` where the other side has begun one: it is not to be seen, and there is one at most."""
    if begun.on_behalf != actor.is_supplier:
        return
    message = _(
        "%(name)s is correcting this ship notice already. Ask them to send the new version, or to throw it away."
    )
    name = begun.company.name if actor.is_supplier else begun.supplier.name
    raise IllegalTransition(message % {"name": name}, details={"verb": "replace"})


_COPIED = (
    "supplier_id",
    "company_id",
    "ship_to_id",
    "ship_from_id",
    "consignment",
    "number",
    "number_key",
    "ship_on",
    "delivery_on",
    "carrier",
    "service",
    "tracking_numbers",
    "bill_of_lading",
    "freight_terms",
    "seal",
    "pieces",
    "gross_kg",
    "note",
)


def _copy(before: ShipNotice, *, actor: Actor, at: datetime) -> ShipNotice:
    # A discarded correction keeps its issue; the next one has the next.
    last = ShipNotice.objects.filter(consignment=before.consignment).order_by("-issue").first()
    ShipNotice.objects.filter(replaces=before, state=NoticeState.DISCARDED).update(replaces=None)
    notice = ShipNotice(
        **{name: getattr(before, name) for name in _COPIED},
        issue=(last.issue if last else before.issue) + 1,
        replaces=before,
        on_behalf=not actor.is_supplier,
        drafted_at=at,
        updated_at=at,
        written_by=actor.label,
    )
    notice.save(force_insert=True)
    lines = list(before.lines.order_by("position"))
    new_lines: dict[int, ShipNoticeLine] = {}
    for one in lines:
        new_lines[one.pk] = ShipNoticeLine(
            supplier_id=one.supplier_id,
            notice=notice,
            order_id=one.order_id,
            line_id=one.line_id,
            position=one.position,
            quantity=one.quantity,
            remainder=one.remainder,
            follows_on=one.follows_on,
        )
    ShipNoticeLine.objects.bulk_create(new_lines.values())
    _copy_packages(before, notice, new_lines)
    return notice


def _copy_packages(before: ShipNotice, notice: ShipNotice, new_lines: Mapping[int, ShipNoticeLine]) -> None:
    old = list(before.packages.order_by("position"))
    measures = (
        "kind",
        "sscc",
        "carton_number",
        "gross_kg",
        "length_cm",
        "width_cm",
        "height_cm",
        "tracking_number",
    )
    new = {
        package.pk: Package(
            supplier_id=package.supplier_id,
            notice=notice,
            position=package.position,
            **{name: getattr(package, name) for name in measures},
        )
        for package in old
    }
    Package.objects.bulk_create(new.values())
    nested = [package for package in old if package.parent_id]
    for package in nested:
        new[package.pk].parent = new[package.parent_id]
    Package.objects.bulk_update([new[package.pk] for package in nested], ["parent"], batch_size=1000)
    said = ("quantity", "lot", "serials", "expires_on", "origin", "dangerous_goods")
    PackedQuantity.objects.bulk_create(
        PackedQuantity(
            supplier_id=one.supplier_id,
            notice_line=new_lines[one.notice_line_id],
            package=new[one.package_id] if one.package_id else None,
            **{name: getattr(one, name) for name in said},
        )
        for one in PackedQuantity.objects.filter(notice_line__notice=before).order_by("id")
    )


# --- taken back ---------------------------------------------------------------------------------------------


@requires_scope
def cancel_notice(named: NoticeNamed, reason: str, *, actor: Actor, at: datetime) -> ShipNotice:
    """Take a ship notice back, and say why: its quantities are open again. A correction of it that was begun goes too.

    Raises `Invalid` without a reason, `IllegalTransition` once something of it was received.
    """
    require_may_ship(actor)
    why = reason.strip()
    if not why:
        message = _("Say why the ship notice is taken back: the dock has planned with it.")
        raise Invalid(message, [Problem("reason", message, "", "required")])
    if len(why) > 2000:
        message = _("This has %(length)d characters; there is room for %(most)d.")
        values = {"length": len(why), "most": 2000}
        raise Invalid(message % values, [Problem("reason", message % values, why[:80], "too_long")])
    seen = find_notice(named.notice, actor=actor)
    orders = lock_orders(order_ids_of([seen.pk]))
    notice = hold_notice(named.notice, actor=actor)
    require_untouched(notice, "cancel")
    require_as_seen(notice, named.version)
    begun = ShipNotice.objects.select_for_update(of=("self",)).filter(
        replaces=notice, state=NoticeState.DRAFT
    )
    for draft in begun:
        NOTICE_LIFECYCLE.move(draft, "discard", actor=actor, at=at, fields={"ended_at": at, "updated_at": at})
    told = written(notice)
    _end(notice, "cancel", why, actor=actor, at=at, payload=_command_of(told, None, withdrawn=True))
    refresh_lines(orders, _line_ids(notice), at=at)
    _tell_orders(orders, notice, told.lines, "order.shipment_cancelled", actor=actor, at=at)
    return notice


def _end(
    notice: ShipNotice,
    verb: str,
    why: str,
    *,
    actor: Actor,
    at: datetime,
    payload: Mapping[str, Any] | None = None,
) -> None:
    notice.packages.update(is_live=False)
    fields = {"ended_at": at, "updated_at": at, "end_reason": why}
    facts = {"number": notice.number, "issue": notice.issue, "why": why}
    NOTICE_LIFECYCLE.move(notice, verb, actor=actor, at=at, facts=facts, payload=payload, fields=fields)
