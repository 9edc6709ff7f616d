"""What can be counted: ship notices that are awaited, open lines, cartons by their numbers."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, When

from portal.kernel.actors import Actor
from procurement.catalogue.models import Company, Site
from procurement.orders.models import PurchaseOrderLine
from procurement.orders.queries import visible_lines
from procurement.orders.states import OrderState
from procurement.receipts.models import PackageSeen, ReceivingSheet, SheetLine
from procurement.receipts.states import Rest, SheetState
from procurement.shipments.models import Package, PackedQuantity, ShipNotice
from procurement.shipments.queries import visible_notices
from procurement.shipments.states import ON_THE_WAY, NoticeState
from suppliers.models import Supplier


def awaited_notices(actor: Actor) -> QuerySet[ShipNotice]:
    """The notices whose goods can be counted: on their way, or there and not counted whole."""
    return visible_notices(actor).filter(state__in=ON_THE_WAY)


def due_notices(notices: QuerySet[ShipNotice], *, on: date) -> QuerySet[ShipNotice]:
    """Of these notices, those whose goods are at the dock, or should be by this day; none of which the last count says
    that nothing more comes.
    """
    here = [NoticeState.ARRIVED, NoticeState.PARTLY_RECEIVED]
    posted = ReceivingSheet.objects.filter(
        consignment=OuterRef("consignment"), state=SheetState.POSTED
    ).order_by("-posted_at", "-id")
    counting = ReceivingSheet.objects.filter(consignment=OuterRef("consignment"), state=SheetState.COUNTING)
    follows = SheetLine.objects.filter(sheet=OuterRef("last_count"), rest=Rest.FOLLOWS)
    due = notices.filter(Q(state__in=here) | Q(expected_on__lte=on))
    return due.annotate(last_count=Subquery(posted.values("pk")[:1])).filter(
        Q(last_count=None) | Exists(follows) | Exists(counting)
    )


def suppliers_with_open_lines(actor: Actor) -> list[tuple[str, str]]:
    """The suppliers of whom goods may come, by name, each with its number."""
    open_lines = visible_lines(actor).filter(
        supplier=OuterRef("pk"), order__state=OrderState.ISSUED, cancelled=False, closed=False
    )
    found = Supplier.objects.filter(Exists(open_lines)).order_by("name", "id")
    return list(found.values_list("number", "name")[:2000])


def companies_here() -> list[tuple[str, str]]:
    """The companies of the group, by name, each with its code."""
    return list(Company.objects.order_by("name", "id").values_list("code", "name"))


def sites_here() -> list[tuple[str, str]]:
    """The places that goods go to, by name, each with its code."""
    return list(Site.objects.order_by("name", "id").values_list("code", "name")[:200])


def countable_lines(sheet: ReceivingSheet, *, actor: Actor) -> QuerySet[PurchaseOrderLine]:
    """The order lines of the sheet's supplier for which goods may come unannounced: those with something to come first,
    the one that is expected first before the others. More may come even of a line that is here in full.
    """
    lines = visible_lines(actor).filter(
        supplier=sheet.supplier_id,
        order__company=sheet.company_id,
        order__state=OrderState.ISSUED,
        cancelled=False,
        closed=False,
    )
    is_whole = Case(When(received_quantity__gte=F("quantity"), then=True), default=False)
    return lines.select_related("order").order_by(is_whole, "expected_on", "order_id", "number")


def supplier_numbered(number: str) -> Supplier | None:
    """The supplier of this number."""
    return Supplier.objects.filter(number=number).first()


def company_coded(code: str) -> Company | None:
    """The company of this code; where there is only one, no code will do."""
    if code:
        return Company.objects.filter(code=code).first()
    found = list(Company.objects.order_by("id")[:2])
    return found[0] if len(found) == 1 else None


def site_coded(company: Company, code: str) -> Site | None:
    """The site of this code in a company."""
    return Site.objects.filter(company=company, code=code).first()


def order_lines_named(
    company: int, supplier: int, names: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], PurchaseOrderLine]:
    """The lines of a supplier's orders, by order number and the ERP's key of the line. One query."""
    wanted = set(names)
    found = PurchaseOrderLine.objects.filter(
        supplier=supplier,
        order__company=company,
        order__number__in={order for order, _key in wanted},
        key__in={key for _order, key in wanted},
    ).select_related("order")
    named = {(line.order.number, line.key): line for line in found}
    return {name: line for name, line in named.items() if name in wanted}


@dataclass(frozen=True, slots=True)
class Carton:
    """A package of a notice as the dock ticks it off: by its number, with what lies in it and how deep it stands."""

    package: Package
    number: str
    contents: Sequence[PackedQuantity]
    inner: Sequence[str]


def cartons_of(notice: ShipNotice | None) -> dict[str, Carton]:
    """The packages of a notice by number (one without a number by its place, #7), the outer ones before those in them:
    two queries.
    """
    if notice is None:
        return {}
    packages = list(notice.packages.order_by("position", "id"))
    inside: dict[int, list[PackedQuantity]] = defaultdict(list)
    packed = PackedQuantity.objects.filter(package__in=[one.pk for one in packages]).order_by("id")
    for content in packed.select_related("notice_line"):
        inside[content.package_id or 0].append(content)
    numbers = {one.pk: one.sscc or one.carton_number or f"#{one.position}" for one in packages}
    children: dict[int, list[int]] = defaultdict(list)
    for one in packages:
        if one.parent_id:
            children[one.parent_id].append(one.pk)

    def below(pk: int) -> list[str]:
        return [number for child in children[pk] for number in (numbers[child], *below(child))]

    return {numbers[one.pk]: Carton(one, numbers[one.pk], inside[one.pk], below(one.pk)) for one in packages}


def seen_before(sheet: ReceivingSheet, numbers: Iterable[str]) -> dict[str, PackageSeen]:
    """Of these packages, those that a posted sheet of the consignment has seen, by number. One query."""
    if sheet.consignment is None:
        return {}
    found = PackageSeen.objects.filter(
        number__in=list(numbers), sheet__consignment=sheet.consignment, sheet__state=SheetState.POSTED
    ).exclude(sheet=sheet)
    return {one.number: one for one in found}
