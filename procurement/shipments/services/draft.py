"""A ship notice is begun, written and thrown away. A draft is nobody's promise: only its own side sees it."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Invalid, Problem
from portal.kernel.scope import requires_scope
from procurement.catalogue.models import Site
from procurement.orders.models import PurchaseOrderLine
from procurement.orders.policies import plain
from procurement.orders.queries import lock_orders, visible_orders
from procurement.shipments.messages import (
    HEADER_FIELDS,
    LineChoice,
    LineEntry,
    NoticeHeader,
    NoticeNamed,
    SaveNotice,
)
from procurement.shipments.models import ShipNotice, ShipNoticeLine
from procurement.shipments.policies import MOST_LINES, ZERO, number_key
from procurement.shipments.queries import (
    find_notice,
    lines_in,
    order_ids_of,
    places_of,
    shippable_lines,
    shipped_by_line,
)
from procurement.shipments.services.holding import hold_draft, require_may_ship, touch
from procurement.shipments.states import NOTICE_LIFECYCLE, FreightTerms, Remainder
from suppliers.models import SupplierSite

LARGEST = Decimal(10) ** 12
LENGTHS = {
    "number": 60,
    "carrier": 100,
    "service": 100,
    "bill_of_lading": 60,
    "seal": 60,
    "note": 4000,
}
MOST_TRACKED = 50


@requires_scope
def start_notices(choices: Sequence[LineChoice], *, actor: Actor, at: datetime) -> list[ShipNotice]:
    """Begin ship notices for these order lines: one for each place that they go to, of each company and supplier.

    A dock, a label and an ERP's receipt have one place each, so a consignment has (ADR 0022). Raises `Invalid` for a
    line of which nothing can be shipped (any more).
    """
    require_may_ship(actor)
    lines = _chosen(choices, actor)
    gone = shipped_by_line([line for line, _quantity in lines])
    places = places_of([line for line, _quantity in lines])
    by_place: dict[tuple[int, int, Site | None], list[tuple[PurchaseOrderLine, Decimal]]] = {}
    for line, quantity in lines:
        place = places[line.pk]
        left = max(ZERO, line.quantity - gone[line.pk])
        by_place.setdefault((line.supplier_id, line.order.company_id, place), []).append(
            (line, left if quantity is None else quantity)
        )
    notices = []
    for (supplier_id, company_id, place), theirs in by_place.items():
        notice = ShipNotice(
            supplier_id=supplier_id,
            company_id=company_id,
            ship_to=place,
            on_behalf=not actor.is_supplier,
            drafted_at=at,
            updated_at=at,
            written_by=actor.label,
            **_first_days(theirs, at),
        )
        notice.save(force_insert=True)
        _insert_lines(notice, theirs)
        notices.append(notice)
    return notices


def _chosen(
    choices: Sequence[LineChoice], actor: Actor, besides: ShipNotice | None = None
) -> list[tuple[PurchaseOrderLine, Decimal | None]]:
    if not choices:
        raise Invalid(_("Choose at least one order line that is to be shipped."))
    if len(choices) > MOST_LINES:
        message = _("At most %(most)d lines go into ship notices at once. Choose fewer.")
        raise Invalid(message % {"most": MOST_LINES})
    wanted = {(choice.order, choice.line_key): choice.quantity for choice in choices}
    found = shippable_lines(actor, besides=besides).filter(
        order__key__in={order for order, _key in wanted}, key__in={key for _order, key in wanted}
    )
    lines = {(line.order.key, line.key): line for line in found.order_by("order_id", "number", "id")}
    problems = [
        Problem(
            "lines",
            _("Nothing of line %(line)s can be shipped (any more). Take it out of your choice.")
            % {"line": key},
            key,
            "not_shippable",
        )
        for order, key in wanted
        if (order, key) not in lines
    ]
    if problems:
        raise Invalid(problems[0].message, problems)
    return [(line, wanted[name]) for name, line in lines.items() if name in wanted]


def _first_days(lines: Sequence[tuple[PurchaseOrderLine, Any]], at: datetime) -> dict[str, date]:
    """What a new notice begins with: today at the supplier's, and the day that its lines are expected on."""
    supplier = lines[0][0].order.supplier
    today = at.astimezone(ZoneInfo(supplier.time_zone)).date()
    days = [line.next_delivery_on or line.expected_on for line, _quantity in lines]
    return {"ship_on": today, "delivery_on": max(today, *days)}


def _insert_lines(
    notice: ShipNotice, lines: Sequence[tuple[PurchaseOrderLine, Decimal]], after: int = 0
) -> None:
    ShipNoticeLine.objects.bulk_create(
        ShipNoticeLine(
            supplier_id=notice.supplier_id,
            notice=notice,
            order_id=line.order_id,
            line=line,
            position=position,
            quantity=quantity,
        )
        for position, (line, quantity) in enumerate(lines, start=after + 1)
    )


@requires_scope
def add_lines(named: NoticeNamed, choices: Sequence[LineChoice], *, actor: Actor, at: datetime) -> ShipNotice:
    """Put more order lines into a draft. Raises `Invalid` where one goes to another place, or is in it already."""
    require_may_ship(actor)
    seen = find_notice(named.notice, actor=actor)
    chosen = visible_orders(actor).filter(key__in={one.order for one in choices})
    # Orders first, as always: the new lines name them, and so would wait for them when all is done.
    lock_orders({*order_ids_of([seen.pk]), *chosen.values_list("pk", flat=True)})
    notice = hold_draft(named.notice, named.version, actor=actor)
    lines = _chosen(choices, actor, notice)
    here = {one.line_id: one.position for one in notice.lines.all()}
    gone = shipped_by_line([line for line, _quantity in lines], besides=notice.consignment)
    places = places_of([line for line, _quantity in lines])
    problems = []
    for line, _quantity in lines:
        place = (line.supplier_id, line.order.company_id, places[line.pk])
        values = {"order": line.order.number, "line": line.number}
        if place != (notice.supplier_id, notice.company_id, notice.ship_to):
            message = _(
                "Order %(order)s line %(line)s goes to another place. It needs a ship notice of its own."
            )
            problems.append(Problem("lines", message % values, line.key, "other_place"))
        elif line.pk in here:
            message = _("Order %(order)s line %(line)s is in this ship notice already.")
            problems.append(Problem("lines", message % values, line.key, "in_already"))
    if len(here) + len(lines) > MOST_LINES:
        message = _("A ship notice has at most %(most)d lines. Begin another one.") % {"most": MOST_LINES}
        problems.append(Problem("lines", message, str(len(here) + len(lines)), "too_many"))
    if problems:
        raise Invalid(problems[0].message, problems)
    amounts = [
        (line, max(ZERO, line.quantity - gone[line.pk]) if quantity is None else quantity)
        for line, quantity in lines
    ]
    _insert_lines(notice, amounts, after=max(here.values(), default=0))
    touch(notice, {}, actor=actor, at=at)
    return notice


@requires_scope
def drop_line(named: NoticeNamed, line_id: int, *, actor: Actor, at: datetime) -> ShipNotice:
    """Take a line, and what was packed of it, out of a draft. One that is gone already stays gone."""
    notice = hold_draft(named.notice, named.version, actor=actor)
    notice.lines.filter(pk=line_id).delete()
    touch(notice, {}, actor=actor, at=at)
    return notice


@requires_scope
def save_notice(command: SaveNotice, *, actor: Actor, at: datetime) -> ShipNotice:
    """Keep a draft as it is typed: nothing has to be whole yet, but what is there must be readable.

    Raises `Invalid` with every problem found; then nothing of it is kept. See `policies.check_notice` for what must
    be mended before it can be sent.
    """
    notice = hold_draft(command.notice, command.version, actor=actor)
    problems: list[Problem] = []
    fields: dict[str, Any] = {}
    if command.header is not None:
        problems += list(_header_problems(command.header))
        place = _ship_from(notice, command.header.ship_from, problems)
        fields = {name: getattr(command.header, name) for name in HEADER_FIELDS if name not in READ_APART} | {
            "number": command.header.number.strip(),
            "number_key": number_key(command.header.number),
            "tracking_numbers": list(command.header.tracking_numbers),
            "ship_from": place,
        }
    lines = list(notice.lines.all()) if command.lines is not None else []
    changed = _entered(lines, command.lines or (), problems)
    if problems:
        raise Invalid(problems[0].message, problems)
    ShipNoticeLine.objects.bulk_update(changed, ["quantity", "remainder", "follows_on"], batch_size=500)
    touch(notice, fields, actor=actor, at=at)
    return notice


# What a head says in other words than its notice keeps.
READ_APART = ("number", "tracking_numbers", "ship_from")


def _header_problems(header: NoticeHeader) -> Iterable[Problem]:
    for name, most in LENGTHS.items():
        text = getattr(header, name)
        if len(text) > most:
            message = _("This has %(length)d characters; there is room for %(most)d.")
            yield Problem(name, message % {"length": len(text), "most": most}, text[:80], "too_long")
    if header.freight_terms and header.freight_terms not in FreightTerms.values:
        message = _("“%(value)s” is not one of the freight terms: %(known)s.")
        values = {"value": header.freight_terms, "known": ", ".join(FreightTerms.values)}
        yield Problem("freight_terms", message % values, header.freight_terms, "unknown")
    if header.ship_on and header.delivery_on and header.delivery_on < header.ship_on:
        message = _("The goods cannot arrive before they leave. Change one of the days.")
        yield Problem("delivery_on", message, header.delivery_on.isoformat(), "arrives_before")
    if header.pieces is not None and not 0 < header.pieces < 100_000:
        message = _("The number of pieces lies between 1 and 99,999.")
        yield Problem("pieces", message, str(header.pieces), "out_of_range")
    if header.gross_kg is not None and not ZERO < header.gross_kg < Decimal(10) ** 8:
        message = _("The gross weight is more than zero, in kilograms.")
        yield Problem("gross_kg", message, str(header.gross_kg), "out_of_range")
    if len(header.tracking_numbers) > MOST_TRACKED:
        message = _("At most %(most)d tracking numbers fit here. Give each package its own.")
        yield Problem("tracking_numbers", message % {"most": MOST_TRACKED}, "", "too_many")
    for number in header.tracking_numbers:
        if len(number) > 60:
            message = _("A tracking number has at most 60 characters.")
            yield Problem("tracking_numbers", message, number[:80], "too_long")


def _ship_from(notice: ShipNotice, code: str, problems: list[Problem]) -> SupplierSite | None:
    if not code:
        return None
    place = SupplierSite.objects.filter(supplier=notice.supplier_id, code=code).first()
    if place is None:
        message = _("There is no place %(code)s of yours. Choose one of the list.")
        problems.append(Problem("ship_from", message % {"code": code}, code, "unknown"))
    return place


def _entered(
    lines: Sequence[ShipNoticeLine], entries: Sequence[LineEntry], problems: list[Problem]
) -> list[ShipNoticeLine]:
    by_id = {one.pk: one for one in lines}
    changed: list[ShipNoticeLine] = []
    for entry in entries:
        one = by_id.get(entry.line_id)
        if one is None:
            message = _(
                "One of the lines was taken out of this ship notice meanwhile. Look at it, then go on."
            )
            problems.append(Problem("lines", message, str(entry.line_id), "gone"))
            continue
        where = str(one.position)
        if not ZERO <= entry.quantity < LARGEST:
            message = _("A quantity is zero or more.")
            problems.append(Problem("quantity", message, plain(entry.quantity), "out_of_range", where))
        if entry.remainder not in Remainder.values:
            message = _("The rest either follows or does not come.")
            problems.append(Problem("remainder", message, entry.remainder, "unknown", where))
        one.quantity, one.remainder, one.follows_on = entry.quantity, entry.remainder, entry.follows_on
        changed.append(one)
    return changed


@requires_scope
def repeat_notice(key: uuid.UUID, *, actor: Actor, at: datetime) -> list[ShipNotice]:
    """Begin a notice like an earlier one: the same carrier and terms, and what is open now of the same lines.

    Raises `Invalid` where nothing of them is open any more.
    """
    earlier = find_notice(key, actor=actor)
    wanted = [one.line for one in lines_in(earlier)]
    still = shippable_lines(actor).filter(pk__in=[line.pk for line in wanted])
    choices = [LineChoice(line.order.key, line.key) for line in still.order_by("order_id", "number")]
    if not choices:
        raise Invalid(_("Nothing is open any more of the lines in that ship notice."))
    notices = start_notices(choices, actor=actor, at=at)
    same = ("ship_from", "carrier", "service", "freight_terms")
    took = _days_taken(earlier)
    for notice in notices:
        fields: dict[str, Any] = {name: getattr(earlier, name) for name in same}
        if took is not None and notice.ship_on is not None:
            fields["delivery_on"] = notice.ship_on + took
        touch(notice, fields, actor=actor, at=at)
    return notices


def _days_taken(notice: ShipNotice) -> timedelta | None:
    if notice.ship_on is None or notice.delivery_on is None:
        return None
    return notice.delivery_on - notice.ship_on


@requires_scope
def discard_notice(named: NoticeNamed, *, actor: Actor, at: datetime) -> ShipNotice:
    """Throw a draft away. It is kept as discarded: the numbers of its packages are never given again."""
    notice = hold_draft(named.notice, named.version, actor=actor)
    NOTICE_LIFECYCLE.move(notice, "discard", actor=actor, at=at, fields={"ended_at": at, "updated_at": at})
    return notice
