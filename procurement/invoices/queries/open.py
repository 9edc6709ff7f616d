"""What is left to be claimed of order lines, and at which price."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db.models import Case, F, QuerySet, When
from django.db.models.functions import Greatest

from portal.kernel.actors import Actor
from procurement.invoices.queries.claims import claimed_by_line
from procurement.invoices.queries.companies import profile_of
from procurement.orders.models import Promise, PurchaseOrderLine
from procurement.orders.queries import visible_lines
from procurement.orders.states import OrderState, PromiseKind, PromiseState

ZERO = Decimal(0)


def invoiceable_lines(actor: Actor) -> QuerySet[PurchaseOrderLine]:
    """The order lines of which something is left to be claimed, as far as this actor may see, each with what is `left`
    of what was ordered (of what was received, once it is closed). One query.
    """
    basis = Case(
        When(closed=True, then=F("received_quantity")),
        default=Greatest(F("quantity"), F("received_quantity")),
    )
    left = basis - Greatest(F("claimed_quantity"), F("invoiced_quantity"))
    lines = visible_lines(actor).filter(cancelled=False).exclude(order__state=OrderState.CANCELLED)
    return (
        lines.annotate(left=left)
        .filter(left__gt=0)
        .select_related("order__company", "order__supplier", "order")
    )


def left_to_claim(lines: Sequence[PurchaseOrderLine], *, alone: bool = False) -> dict[int, Decimal]:
    """What a draft begins with of each order line, by id, where nobody says how much: see Note [What a draft begins
    with] in `services.start`. The lines of an order go together; `alone`: each for itself. Three queries at most, and
    one for each company.
    """
    claimed = claimed_by_line(line.pk for line in lines)
    profiles = {company.pk: profile_of(company) for company in {line.order.company for line in lines}}
    groups: dict[int, list[PurchaseOrderLine]] = defaultdict(list)
    for line in lines:
        groups[line.pk if alone else line.order_id].append(line)
    found: dict[int, Decimal] = {}
    for theirs in groups.values():
        ordered = {line.pk: _ordered_of(line) - claimed[line.pk].quantity for line in theirs}
        shipped = {
            line.pk: max(line.shipped_quantity, line.received_quantity) - claimed[line.pk].quantity
            for line in theirs
        }
        received = {line.pk: line.received_quantity - claimed[line.pk].quantity for line in theirs}
        ways = [shipped, ordered]
        if profiles[theirs[0].order.company_id].claims_received:
            ways.insert(0, received)
        chosen = next((way for way in ways if any(left > ZERO for left in way.values())), ordered)
        found |= {pk: max(ZERO, left) for pk, left in chosen.items()}
    return found


def _ordered_of(line: PurchaseOrderLine) -> Decimal:
    return line.received_quantity if line.closed else max(line.quantity, line.received_quantity)


def agreed_prices(line_ids: Iterable[int]) -> dict[int, tuple[Decimal, Decimal]]:
    """The price that was agreed on each line and for how many units, by line id; the highest, where its deliveries have
    several. Lines on which nothing is agreed are left out. One query.
    """
    agreed = Promise.objects.filter(line__in=list(line_ids), state=PromiseState.AGREED)
    found: dict[int, tuple[Decimal, Decimal]] = {}
    for line_id, price, per in agreed.exclude(kind=PromiseKind.REFUSE).values_list(
        "line_id", "price", "price_per"
    ):
        before = found.get(line_id)
        if before is None or price * before[1] > before[0] * per:
            found[line_id] = (price, per)
    return found
