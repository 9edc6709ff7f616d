"""What a batch of orders refers to, looked up once, and what is wrong with a paper by it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from portal.kernel.errors import Problem
from portal.kernel.values import decimals_of
from procurement.catalogue.models import Company, Site, Unit
from procurement.clocks.queries import ServiceBook
from procurement.orders.messages import LinePaper, OrderPaper
from procurement.orders.models import Promise, PurchaseOrder, PurchaseOrderLine, ScheduleLine
from procurement.orders.queries import agreed_before_by_line, live_promises_by_line, schedules_by_line
from procurement.orders.states import OrderState
from suppliers.models import Supplier

LARGEST = Decimal(10) ** 12

STATE_OF = {"open": OrderState.ISSUED, "cancelled": OrderState.CANCELLED, "closed": OrderState.CLOSED}


@dataclass(slots=True)
class Known:
    """What the batch refers to, looked up once."""

    companies: dict[str, Company]
    suppliers: dict[str, Supplier]
    sites: dict[str, Site]
    units: dict[str, Unit]
    orders: dict[tuple[int, str], PurchaseOrder]
    lines: dict[int, list[PurchaseOrderLine]]
    schedules: dict[int, list[ScheduleLine]]
    promises: dict[int, list[Promise]]
    agreed_before: dict[int, list[list[Promise]]]
    book: ServiceBook = field(default_factory=ServiceBook)


def look_up(papers: Iterable[OrderPaper]) -> Known:
    papers = list(papers)
    companies = {company.code: company for company in Company.objects.all()}
    numbers = [paper.number for paper in papers]
    # One order of locking for everybody: by id.
    orders = {
        (order.company_id, order.number): order
        for order in PurchaseOrder.objects.filter(number__in=numbers).order_by("id").select_for_update()
    }
    lines: dict[int, list[PurchaseOrderLine]] = {}
    line_rows = PurchaseOrderLine.objects.filter(order__in=[order.pk for order in orders.values()])
    for line in line_rows.order_by("order_id", "number", "id"):
        lines.setdefault(line.order_id, []).append(line)
    line_ids = [line.pk for found in lines.values() for line in found]
    site_codes = {paper.ship_to for paper in papers} | {
        line.ship_to for paper in papers for line in paper.lines
    }
    return Known(
        companies=companies,
        suppliers={
            supplier.number: supplier
            for supplier in Supplier.objects.filter(number__in={paper.supplier for paper in papers})
        },
        sites={site.code: site for site in Site.objects.filter(code__in=site_codes)},
        units={unit.code: unit for unit in Unit.objects.all()},
        orders=orders,
        lines=lines,
        schedules=schedules_by_line(line_ids),
        promises=live_promises_by_line(line_ids),
        agreed_before=agreed_before_by_line(line_ids),
    )


def problems_in(paper: OrderPaper, known: Known) -> list[Problem]:
    found: list[Problem] = []

    def say(field_name: str, value: object, message: str, line: LinePaper | None = None) -> None:
        found.append(Problem(field_name, message, str(value), line=str(line.number) if line else ""))

    unknown = _("%(value)s is not known here. Send its master data first, or correct the code.")
    if paper.company not in known.companies:
        say("company", paper.company, unknown % {"value": paper.company or "''"})
    if paper.supplier not in known.suppliers:
        say("supplier", paper.supplier, unknown % {"value": paper.supplier or "''"})
    if paper.ship_to and paper.ship_to not in known.sites:
        say("ship_to", paper.ship_to, unknown % {"value": paper.ship_to})
    if paper.status not in STATE_OF:
        say("status", paper.status, _("The status is open, cancelled or closed."))
    if len(paper.currency) != 3 or not paper.currency.isalpha():
        say("currency", paper.currency, _("A currency has three letters (ISO 4217), such as EUR."))
    if not paper.lines:
        say("lines", "", _("An order needs at least one line."))
    keys = [line.key for line in paper.lines]
    for key in sorted({key for key in keys if keys.count(key) > 1}) if len(set(keys)) < len(keys) else ():
        say("line_key", key, _("Two lines have this key. A line's key must be its own."))
    for line in paper.lines:
        if line.unit not in known.units:
            say("unit", line.unit, unknown % {"value": line.unit or "''"}, line)
        elif not line.cancelled and decimals_of(line.quantity) > known.units[line.unit].decimals:
            message = _("A quantity in %(unit)s has at most %(count)d decimals.")
            values = {"unit": line.unit, "count": known.units[line.unit].decimals}
            say("quantity", line.quantity, message % values, line)
        if not line.cancelled and not 0 < line.quantity < LARGEST:
            say("quantity", line.quantity, _("A quantity must be more than zero."), line)
        if not 0 <= line.price < LARGEST:
            say("price", line.price, _("A price cannot be negative."), line)
        if not 0 < line.price_per < LARGEST:
            say("price_per", line.price_per, _("A price is for more than zero units."), line)
        if line.ship_to and line.ship_to not in known.sites:
            say("ship_to", line.ship_to, unknown % {"value": line.ship_to}, line)
        if line.schedules and sum(one.quantity for one in line.schedules) != line.quantity:
            say("schedules", line.quantity, _("The deliveries of a line must add up to its quantity."), line)
        if any(one.quantity <= 0 for one in line.schedules):
            say("schedules", line.quantity, _("Each delivery must be of more than zero."), line)
    return found
