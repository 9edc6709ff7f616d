"""Reading ship notices, what can be shipped, and what is on its way."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Prefetch, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import NotFound
from procurement.acknowledgments.queries import company_day, subjects_of
from procurement.catalogue.models import Site
from procurement.orders.models import Promise, PurchaseOrder, PurchaseOrderLine
from procurement.orders.queries import visible_lines
from procurement.orders.states import Agreement, OrderState, PromiseKind, PromiseState
from procurement.shipments.models import (
    Milestone,
    Package,
    PackageNumbering,
    PackedQuantity,
    ShipNotice,
    ShipNoticeLine,
    UploadedNotices,
)
from procurement.shipments.policies import (
    ZERO,
    Announced,
    CheckedContent,
    CheckedLine,
    CheckedNotice,
    CheckedPackage,
    number_key,
    shipped_of,
)
from procurement.shipments.states import LIVE, ON_THE_WAY, NoticeState
from procurement.tolerances.messages import DocumentKind, Measure, Measured, Outcome
from procurement.tolerances.queries import LivePolicy, live_policy, live_policy_held
from suppliers.details.models import IN_FORCE, Identifier
from suppliers.details.states import IdentifierKind
from suppliers.models import Supplier, SupplierSite

# --- notices ------------------------------------------------------------------------------------------------


def visible_notices(actor: Actor) -> QuerySet[ShipNotice]:
    """The ship notices this actor may see: all that were sent, and the drafts of its own side."""
    theirs = Q(state__in=[NoticeState.DRAFT, NoticeState.DISCARDED], on_behalf=actor.is_supplier)
    notices = ShipNotice.objects.visible_to(actor).exclude(theirs)
    return notices.select_related("company", "supplier", "ship_to", "ship_from")


def with_lines(notices: QuerySet[ShipNotice]) -> QuerySet[ShipNotice]:
    """The same with their lines under `told_lines`, each with order and order line: one query more."""
    lines = ShipNoticeLine.objects.select_related("line__order").order_by("notice_id", "position")
    return notices.prefetch_related(Prefetch("lines", queryset=lines, to_attr="told_lines"))


def with_packages(notices: QuerySet[ShipNotice]) -> QuerySet[ShipNotice]:
    """The same with their packages under `told_packages`, what is in each under `told_contents`: two more queries."""
    contents = PackedQuantity.objects.select_related("notice_line").order_by("package_id", "id")
    packages = Package.objects.select_related("parent").order_by("position")
    inside = Prefetch("contents", queryset=contents, to_attr="told_contents")
    whole = Prefetch("packages", queryset=packages.prefetch_related(inside), to_attr="told_packages")
    return notices.prefetch_related(whole)


def with_order_numbered(notices: QuerySet[ShipNotice], number: str) -> QuerySet[ShipNotice]:
    """Those of them in which lines of the order of this number are."""
    inside = ShipNoticeLine.objects.filter(order__number=number).values("notice")
    return notices.filter(pk__in=inside)


def find_notice(key: uuid.UUID, *, actor: Actor) -> ShipNotice:
    """One notice. Raises `NotFound` for what is not there or not yours."""
    found: ShipNotice | None = visible_notices(actor).filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such ship notice."))
    return found


def hold_notice(key: uuid.UUID, *, actor: Actor) -> ShipNotice:
    """One notice, held until the transaction ends. Where its orders are to move, they are held before it."""
    found: ShipNotice | None = visible_notices(actor).filter(key=key).select_for_update(of=("self",)).first()
    if found is None:
        raise NotFound(_("There is no such ship notice."))
    return found


def order_ids_of(notice_ids: Iterable[int]) -> list[int]:
    """The orders whose lines are in these notices."""
    lines = ShipNoticeLine.objects.filter(notice__in=list(notice_ids))
    return sorted(set(lines.values_list("order_id", flat=True)))


def lines_in(notice: ShipNotice) -> list[ShipNoticeLine]:
    """The lines of a notice in their order, each with its order line and order."""
    return list(
        notice.lines.select_related("line__order__ship_to", "line__ship_to").order_by("position", "id")
    )


def packages_in(notice: ShipNotice) -> list[Package]:
    """The packages of a notice, each with its contents under `packed_here`: two queries."""
    packages = list(notice.packages.order_by("position", "id"))
    by_package: dict[int | None, list[PackedQuantity]] = defaultdict(list)
    packed = PackedQuantity.objects.filter(notice_line__notice=notice).select_related("notice_line")
    for one in packed.order_by("id"):
        by_package[one.package_id].append(one)
    for package in packages:
        package.packed_here = by_package[package.pk]
    return packages


def milestones_of(notice: ShipNotice) -> list[Milestone]:
    """What was told of its way, of all versions of the consignment, in the order in which it happened."""
    told = Milestone.objects.filter(notice__consignment=notice.consignment)
    return list(told.order_by("happened_at", "id"))


def versions_of(notice: ShipNotice, *, actor: Actor) -> list[ShipNotice]:
    """All versions of a consignment that were ever sent, the newest first."""
    found = visible_notices(actor).filter(consignment=notice.consignment)
    return list(found.exclude(state__in=[NoticeState.DRAFT, NoticeState.DISCARDED]).order_by("-issue"))


def notices_of_order(order: PurchaseOrder, *, actor: Actor) -> list[ShipNotice]:
    """The notices in which lines of an order are, the newest first; those that were replaced stay away."""
    found = visible_notices(actor).filter(lines__order=order).exclude(state=NoticeState.REPLACED).distinct()
    return list(found.order_by("-drafted_at", "-id")[:50])


@dataclass(frozen=True, slots=True)
class Summary:
    """What a list says of a notice: its orders by number, each with its key, and how many lines and packages it has."""

    orders: Mapping[str, uuid.UUID]
    lines: int
    packages: int


def summaries(notices: Sequence[ShipNotice]) -> dict[int, Summary]:
    """What a list says of each of these notices, by id: two queries."""
    ids = [notice.pk for notice in notices]
    orders: dict[int, dict[str, uuid.UUID]] = {pk: {} for pk in ids}
    lines = dict.fromkeys(ids, 0)
    told = ShipNoticeLine.objects.filter(notice__in=ids).order_by("position", "id")
    for pk, key, number in told.values_list("notice_id", "order__key", "order__number"):
        orders[pk][number] = key
        lines[pk] += 1
    counted = Package.objects.filter(notice__in=ids).order_by().values_list("notice_id")
    packages = dict(counted.annotate(count=Count("pk")))
    return {pk: Summary(orders[pk], lines[pk], packages.get(pk, 0)) for pk in ids}


def receiving_sites() -> list[tuple[str, str]]:
    """The places that goods go to, by name, each with its code."""
    return list(Site.objects.order_by("name", "id").values_list("code", "name")[:100])


def ship_froms_of(notice: ShipNotice) -> list[SupplierSite]:
    """The places that the supplier of a notice ships from."""
    return list(SupplierSite.objects.filter(supplier=notice.supplier_id).order_by("name", "id"))


def late_notices(notices: QuerySet[ShipNotice], *, on: date) -> QuerySet[ShipNotice]:
    """Of these notices, those that should have arrived before this day and have not."""
    return notices.filter(state__in=[NoticeState.SENT, NoticeState.IN_TRANSIT], expected_on__lt=on)


def matching_notices(notices: QuerySet[ShipNotice], text: str) -> QuerySet[ShipNotice]:
    """Of these notices, those in which somebody finds a text: a number, a carrier, an order, a label, a supplier."""
    bare = text.replace(" ", "")
    of_order = ShipNoticeLine.objects.filter(order__number__icontains=text).values("notice")
    labelled = Package.objects.filter(Q(sscc=bare) | Q(carton_number__iexact=bare)).values("notice")
    found = Q(number__icontains=text) | Q(carrier__icontains=text) | Q(supplier__name__icontains=text)
    if key := number_key(text):
        found |= Q(number_key=key)
    return notices.filter(
        found | Q(tracking_numbers__contains=[text]) | Q(pk__in=of_order) | Q(pk__in=labelled)
    )


def is_number_taken(notice: ShipNotice, number: str) -> bool:
    """Whether the supplier has sent another consignment of this number to the company."""
    live = ShipNotice.objects.filter(
        supplier=notice.supplier_id, company=notice.company_id, number_key=number_key(number), state__in=LIVE
    )
    return live.exclude(consignment=notice.consignment).exists()


def numbering_of(supplier: Supplier) -> PackageNumbering:
    """From where a supplier's packages get their numbers; one that was never set up counts from one, behind the prefix
    of its company data."""
    found: PackageNumbering | None = PackageNumbering.objects.filter(supplier=supplier).first()
    numbering = found or PackageNumbering(supplier=supplier)
    if numbering.is_untouched:
        numbering.gs1_prefix = company_prefix(supplier.pk)
    return numbering


def company_prefix(supplier_id: int) -> str:
    """The GS1 company prefix that a supplier's company data has in force; empty where it has none."""
    found = Identifier.objects.filter(IN_FORCE, supplier=supplier_id, kind=IdentifierKind.GS1_PREFIX)
    return found.values_list("value", flat=True).first() or ""


# --- uploaded sheets ----------------------------------------------------------------------------------------


def find_upload(key: object, *, actor: Actor, hold: bool = False) -> UploadedNotices:
    """One uploaded sheet of ship notices, held for whoever is about to make them. Raises `NotFound`."""
    uploads = UploadedNotices.objects.visible_to(actor).filter(key=key)
    upload: UploadedNotices | None = (uploads.select_for_update() if hold else uploads).first()
    if upload is None:
        raise NotFound(_("There is no such file."))
    return upload


def recent_uploads(*, actor: Actor, count: int = 5) -> list[UploadedNotices]:
    """The sheets this person uploaded last, without what is in them."""
    mine = UploadedNotices.objects.visible_to(actor).filter(created_by_user_id=actor.user_id)
    return list(mine.defer("table", "rows", "plan", "result").order_by("-created_at", "-id")[:count])


def same_uploads(digest: str, *, actor: Actor) -> list[UploadedNotices]:
    """The same file, as this side has uploaded it before; the newest first. Their tables are left where they are."""
    found = UploadedNotices.objects.visible_to(actor).filter(digest=digest)
    if actor.is_company:
        found = found.filter(supplier=None)
    return list(found.defer("table", "rows", "plan").order_by("-created_at", "-id")[:20])


def still_stand(keys: Iterable[str], *, actor: Actor) -> bool:
    """Whether any of these notices is still there: drafted, or sent and not taken back."""
    gone = [NoticeState.DISCARDED, NoticeState.CANCELLED]
    return visible_notices(actor).filter(key__in=list(keys)).exclude(state__in=gone).exists()


# --- what is open -------------------------------------------------------------------------------------------


def announced_by_line(
    line_ids: Iterable[int], *, besides: uuid.UUID | None = None
) -> dict[int, list[Announced]]:
    """What live notices say of these lines, by line id; those of one consignment can be left out. One query."""
    found: dict[int, list[Announced]] = defaultdict(list)
    told = ShipNoticeLine.objects.filter(line__in=list(line_ids), notice__state__in=LIVE)
    if besides is not None:
        told = told.exclude(notice__consignment=besides)
    for line_id, quantity, received, state in told.values_list(
        "line_id", "quantity", "received_quantity", "notice__state"
    ):
        is_over = state in (NoticeState.CLOSED, NoticeState.RECEIVED)
        found[line_id].append(Announced(quantity, received, is_over))
    return found


def counted_by_line(line_ids: Iterable[int]) -> dict[int, Decimal]:
    """How much of each line was counted for live notices, by line id. One query."""
    told = ShipNoticeLine.objects.filter(line__in=list(line_ids), notice__state__in=LIVE).order_by()
    return dict(told.values_list("line_id").annotate(counted=Sum("received_quantity")))


def live_lines_of(order_ids: Iterable[int]) -> list[ShipNoticeLine]:
    """The lines of live notices that are of these orders, each with notice and order line; the first sent first."""
    found = ShipNoticeLine.objects.filter(order__in=list(order_ids), notice__state__in=LIVE)
    return list(found.select_related("notice", "line__order").order_by("notice__sent_at", "notice_id", "id"))


def lines_gone(order_ids: Iterable[int]) -> set[int]:
    """The lines of these orders, by id, that say that something of them has left. One query."""
    lines = PurchaseOrderLine.objects.filter(order__in=list(order_ids), shipped_quantity__gt=ZERO)
    return set(lines.values_list("pk", flat=True))


def way_by_line(line_ids: Iterable[int]) -> dict[int, list[tuple[Decimal, date]]]:
    """What of these lines is on its way and not counted yet, by line id, with the day it is expected on. One query."""
    found: dict[int, list[tuple[Decimal, date]]] = defaultdict(list)
    told = ShipNoticeLine.objects.filter(line__in=list(line_ids), notice__state__in=ON_THE_WAY)
    told = told.filter(quantity__gt=F("received_quantity")).order_by("notice__expected_on", "id")
    for line_id, quantity, received, day in told.values_list(
        "line_id", "quantity", "received_quantity", "notice__expected_on"
    ):
        found[line_id].append((quantity - received, day))
    return found


def shipped_by_line(
    lines: Sequence[PurchaseOrderLine], *, besides: uuid.UUID | None = None
) -> dict[int, Decimal]:
    """How much of each line has left in all, by line id; one consignment can be left out. One query."""
    announced = announced_by_line((line.pk for line in lines), besides=besides)
    return {line.pk: shipped_of(announced[line.pk], line.received_quantity) for line in lines}


def shippable_lines(actor: Actor, *, besides: ShipNotice | None = None) -> QuerySet[PurchaseOrderLine]:
    """The order lines of which something is still to be shipped, as far as this actor may see.

    Those of the notice that `besides` takes the place of are among them: what left with it is open to its correction.
    """
    left = Q(shipped_quantity__lt=F("quantity"))
    if besides is not None and besides.replaces_id:
        left |= Q(ship_notice_lines__notice=besides.replaces_id)
    lines = visible_lines(actor).filter(
        left,
        order__state=OrderState.ISSUED,
        cancelled=False,
        closed=False,
        received_quantity__lt=F("quantity"),
    )
    if besides is not None:
        lines = lines.distinct()
    return lines.select_related("order__company", "order__supplier", "order__ship_to", "ship_to")


def matching_lines(lines: QuerySet[PurchaseOrderLine], text: str) -> QuerySet[PurchaseOrderLine]:
    """Of these order lines, those in which somebody finds a text: an order, an item, a part number, a description."""
    return lines.filter(
        Q(order__number__icontains=text)
        | Q(item_number__icontains=text)
        | Q(supplier_part_number__icontains=text)
        | Q(description__icontains=text)
        | Q(gtin=text)
    )


def refusal_of(line: PurchaseOrderLine, order: PurchaseOrder) -> str:
    """Why nothing of a line can be shipped; empty where it can."""
    values = {"order": order.number, "line": line.number}
    if order.state != OrderState.ISSUED:
        return _("Order %(order)s is not open any more. Take its lines out of this ship notice.") % values
    if line.cancelled:
        return _("Order %(order)s line %(line)s was cancelled. Take it out of this ship notice.") % values
    if line.closed:
        return _("Order %(order)s line %(line)s is closed: the buyer waits for nothing more.") % values
    if line.agreement == Agreement.REFUSED:
        return _("You have refused order %(order)s line %(line)s. Ask the buyer before you ship it.") % values
    return ""


def last_promised(line_ids: Iterable[int]) -> dict[int, date]:
    """The last day agreed on each line, by line id. One query."""
    agreed = Promise.objects.filter(
        line__in=list(line_ids), state=PromiseState.AGREED, delivery_on__isnull=False
    ).exclude(kind=PromiseKind.REFUSE)
    found: dict[int, date] = {}
    for line_id, day in agreed.values_list("line_id", "delivery_on"):
        found[line_id] = max(day, found.get(line_id, day))
    return found


def places_of(lines: Iterable[PurchaseOrderLine]) -> dict[int, Site | None]:
    """Where each line goes, by line id: to the place that was agreed for it, else to the one asked for. One query.

    A change of place is agreed before the ERP has taken it over, and the goods follow what was agreed.
    """
    known = {line.pk: line for line in lines}
    agreed = Promise.objects.filter(line__in=known, state=PromiseState.AGREED, ship_to__isnull=False)
    agreed = agreed.exclude(kind=PromiseKind.REFUSE).select_related("ship_to").order_by("line_id", "-piece")
    elsewhere = {promise.line_id: promise.ship_to for promise in agreed}
    return {pk: elsewhere.get(pk) or line.ship_to or line.order.ship_to for pk, line in known.items()}


# --- for the checks -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Written:
    """A notice as it stands, with all that its checks need: read once, used by the page, the API and the sender.

    `gone` is what has left of each line without it, by line id.
    """

    notice: ShipNotice
    lines: Sequence[ShipNoticeLine]
    packages: Sequence[Package]
    gone: Mapping[int, Decimal] = field(default_factory=dict)

    def open_of(self, one: ShipNoticeLine) -> Decimal:
        """What can still be shipped of its line, without this notice."""
        return max(ZERO, one.line.quantity - self.gone[one.line_id])


def written(notice: ShipNotice) -> Written:
    """A notice with its lines and packages, and what has left of each line without it. A fixed number of queries."""
    lines = lines_in(notice)
    gone = shipped_by_line([one.line for one in lines], besides=notice.consignment)
    return Written(notice, lines, packages_in(notice), gone)


def scanned_package(draft: Written, text: str) -> Package | None:
    """The package of a notice whose number was scanned or typed."""
    bare = text.replace(" ", "")
    if not bare:
        return None
    return next((one for one in draft.packages if bare in (one.sscc, one.carton_number)), None)


def scanned_line(draft: Written, text: str) -> ShipNoticeLine | None:
    """The line of a notice whose item was scanned or typed: by our number, the supplier's own, or its GTIN.

    Where several lines have the item it is the first of which less is packed than goes, else the first.
    """
    wanted = text.strip().casefold()
    packed: dict[int, Decimal] = defaultdict(Decimal)
    for package in draft.packages:
        for content in package.packed_here:
            packed[content.notice_line_id] += content.quantity
    found = [
        one
        for one in draft.lines
        if wanted
        and (
            wanted in (one.line.item_number.casefold(), one.line.supplier_part_number.casefold())
            or (one.line.gtin and wanted.lstrip("0") == one.line.gtin.lstrip("0"))
        )
    ]
    short = [one for one in found if packed[one.pk] < one.quantity]
    return next(iter(short or found), None)


def checked(draft: Written, *, at: datetime, hold: bool = False) -> CheckedNotice:
    """A notice as its checks see it. With `hold` the rules on more than was ordered stay until the transaction ends."""
    notice, lines = draft.notice, draft.lines
    promised = last_promised(one.line_id for one in lines)
    allowed = _allowed(draft, at=at, hold=hold)
    places = places_of([one.line for one in lines])
    positions = {package.pk: package.position for package in draft.packages}
    line_positions = {one.pk: one.position for one in lines}
    return CheckedNotice(
        today=at.astimezone(ZoneInfo(notice.supplier.time_zone)).date(),
        number=notice.number,
        ship_on=notice.ship_on,
        delivery_on=notice.delivery_on,
        pieces=notice.pieces,
        gross_kg=notice.gross_kg,
        carrier=notice.carrier,
        tracking_numbers=notice.tracking_numbers,
        number_taken=is_number_taken(notice, notice.number),
        lines=[
            CheckedLine(
                position=one.position,
                order=one.line.order.number,
                number=one.line.number,
                quantity=one.quantity,
                unit=one.line.unit,
                decimals=one.line.unit_decimals,
                open=draft.open_of(one),
                allowed=allowed[one.line_id],
                remainder=one.remainder,
                follows_on=one.follows_on,
                promised_on=promised.get(one.line_id),
                is_agreed=one.line.agreement == Agreement.AGREED,
                goes_elsewhere=places[one.line_id] != notice.ship_to,
                refusal=refusal_of(one.line, one.line.order),
            )
            for one in lines
        ],
        packages=[
            CheckedPackage(
                position=package.position,
                kind=package.kind,
                parent=positions.get(package.parent_id) if package.parent_id else None,
                sscc=package.sscc,
                gross_kg=package.gross_kg,
                contents=[
                    CheckedContent(
                        line_positions[one.notice_line_id], one.quantity, one.serials, one.expires_on
                    )
                    for one in package.packed_here
                ],
            )
            for package in draft.packages
        ],
    )


def _allowed(draft: Written, *, at: datetime, hold: bool) -> dict[int, Decimal]:
    """How much of each line may go now, by line id: what is open, or what is written where the rules let it pass."""
    found = {one.line_id: draft.open_of(one) for one in draft.lines}
    over = [one for one in draft.lines if one.quantity > found[one.line_id]]
    if not over:
        return found
    look = live_policy_held if hold else live_policy
    policy = look(draft.notice.company_id, DocumentKind.SHIPMENT)
    if policy is None:
        return found
    for one in over:
        if _passes(policy, one, draft.gone[one.line_id], at):
            found[one.line_id] = one.quantity
    return found


def _passes(policy: LivePolicy, one: ShipNoticeLine, gone: Decimal, at: datetime) -> bool:
    """Whether the rules let more go than was ordered: all that was shipped, with this, against the whole line."""
    order = one.line.order
    (subject,) = subjects_of(
        policy, order, [one.line], DocumentKind.SHIPMENT, on=company_day(order, at)
    ).values()
    whole = Fraction(one.line.quantity)
    check = policy.book.check(subject, Measured(Measure.QUANTITY, whole, Fraction(gone + one.quantity)))
    return check.outcome < Outcome.ASK
