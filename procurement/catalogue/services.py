"""Taking in companies, sites, units, items, stock and demand from the ERP: one upsert statement for a whole batch.

Note [Told whole]: stock and open customer orders are told whole, of one moment, in as many batches as it takes. Each
paper carries that moment; what is older than what is here changes nothing. Once the last of them is in,
`forget_unsaid` takes away what was told of an earlier moment and not again, and notes the moment: a telling that was
delayed on its way then brings nothing back that is gone.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Model

from portal.kernel.errors import Intake, Problem
from portal.kernel.scope import requires_scope
from procurement.catalogue.messages import (
    CompanyPaper,
    CustomerDemandPaper,
    ItemPaper,
    SitePaper,
    StockPaper,
    SupplierItemPaper,
    UnitPaper,
)
from procurement.catalogue.models import (
    Company,
    CustomerDemand,
    Item,
    Site,
    StockPosition,
    SupplierItem,
    SupplyTold,
    Unit,
)
from procurement.catalogue.policies import problems_of_demand, problems_of_stock, unknown
from suppliers.models import Supplier

STOCK, DEMAND = "stock", "customer_demand"
# What is told of a later moment than this would keep everything out that comes after it.
CLOCKS_DIFFER_BY = timedelta(hours=1)

Told = TypeVar("Told", StockPaper, CustomerDemandPaper)


def _upsert(model: type[Model], rows: Sequence[Model], unique: list[str], fields: list[str]) -> int:
    # The last of two papers with one key is the ERP's newest word; one statement may touch a row only once.
    newest = {tuple(getattr(row, name) for name in unique): row for row in rows}
    model._default_manager.bulk_create(
        newest.values(), update_conflicts=True, unique_fields=unique, update_fields=fields, batch_size=1000
    )
    return len(newest)


def _values(paper: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(paper, name) for name in names}


@requires_scope
def receive_companies(papers: Sequence[CompanyPaper]) -> Intake:
    """Store the companies of the buying group as the ERP has them."""
    fields = ["name", "currency", "country", "time_zone"]
    rows = [Company(code=paper.code, **_values(paper, fields)) for paper in papers]
    return Intake(stored=_upsert(Company, rows, ["code"], fields))


@requires_scope
def receive_sites(papers: Sequence[SitePaper]) -> Intake:
    """Store the places that receive goods; one of an unknown company is a problem of its own."""
    companies = dict(Company.objects.values_list("code", "id"))
    fields = ["name", "street", "postal_code", "city", "country", "time_zone", "gln"]
    rows: list[Site] = []
    problems: list[Problem] = []
    for paper in papers:
        if paper.company in companies:
            rows.append(Site(code=paper.code, company_id=companies[paper.company], **_values(paper, fields)))
        else:
            problems.append(unknown("company", paper.company, paper.code))
    return Intake(stored=_upsert(Site, rows, ["code"], ["company", *fields]), problems=tuple(problems))


@requires_scope
def receive_units(papers: Sequence[UnitPaper]) -> Intake:
    """Store units of measure with the decimals their quantities may have."""
    fields = ["name", "decimals", "rec20"]
    rows = [Unit(code=paper.code, **_values(paper, fields)) for paper in papers]
    return Intake(stored=_upsert(Unit, rows, ["code"], fields))


@requires_scope
def receive_items(papers: Sequence[ItemPaper]) -> Intake:
    """Store items of the buying group."""
    fields = ["description", "unit", "gtin", "group"]
    rows = [Item(number=paper.number, **_values(paper, fields)) for paper in papers]
    return Intake(stored=_upsert(Item, rows, ["number"], fields))


@requires_scope
def receive_supplier_items(papers: Sequence[SupplierItemPaper]) -> Intake:
    """Store what suppliers call items and on which terms they sell them."""
    numbers = {paper.supplier for paper in papers}
    suppliers = dict(Supplier.objects.filter(number__in=numbers).values_list("number", "id"))
    items = dict(Item.objects.filter(number__in={paper.item for paper in papers}).values_list("number", "id"))
    fields = ["supplier_part_number", "minimum_quantity", "pack_quantity", "lead_time_days"]
    rows: list[SupplierItem] = []
    problems: list[Problem] = []
    for paper in papers:
        if paper.supplier not in suppliers:
            problems.append(unknown("supplier", paper.supplier, paper.item))
        elif paper.item not in items:
            problems.append(unknown("item", paper.item, paper.item))
        else:
            rows.append(
                SupplierItem(
                    supplier_id=suppliers[paper.supplier],
                    item_id=items[paper.item],
                    **_values(paper, fields),
                )
            )
    stored = _upsert(SupplierItem, rows, ["supplier_id", "item_id"], fields)
    return Intake(stored=stored, problems=tuple(problems))


# --- stock and demand ---------------------------------------------------------------------------------------

POSITION_FIELDS = ("unit", "on_hand", "safety_stock", "daily_demand")
DEMAND_FIELDS = ("item_id", "site_id", "customer", "reference", "quantity", "unit", "needed_on")


@requires_scope
def receive_stock(papers: Sequence[StockPaper], *, at: datetime) -> Intake:
    """Take in what lies where, of the moment each paper names. See Note [Told whole].

    A paper of an unknown item, site or unit is a problem of its own; one that is older than what is here is passed
    over.
    """
    told = _hold(STOCK)
    known = _Known.of(papers)
    good, problems = _sorted_out(
        _newest(papers, lambda one: (one.item, one.site)), problems_of_stock, known, at
    )
    rows = {
        (known.items[paper.item], known.sites[paper.site]): StockPosition(
            item_id=known.items[paper.item],
            site_id=known.sites[paper.site],
            **_values(paper, (*POSITION_FIELDS, "as_of")),
        )
        for paper in good
        if not _is_over(paper.as_of, told)
    }
    here = StockPosition.objects.filter(
        item_id__in={item for item, _site in rows}, site_id__in={site for _item, site in rows}
    )
    before = {(one.item_id, one.site_id): one for one in here}
    fresh = [row for key, row in rows.items() if key not in before or row.as_of >= before[key].as_of]
    _upsert(StockPosition, fresh, ["item_id", "site_id"], [*POSITION_FIELDS, "as_of"])
    moved = sum(_moved(row, before.get((row.item_id, row.site_id)), POSITION_FIELDS) for row in fresh)
    return Intake(stored=moved, unchanged=len(good) - moved, problems=problems)


@requires_scope
def receive_customer_demand(papers: Sequence[CustomerDemandPaper], *, at: datetime) -> Intake:
    """Take in open lines of customers' orders, of the moment each paper names. See Note [Told whole]."""
    told = _hold(DEMAND)
    known = _Known.of(papers)
    good, problems = _sorted_out(_newest(papers, lambda one: one.key), problems_of_demand, known, at)
    rows = {
        paper.key: CustomerDemand(
            item_id=known.items[paper.item],
            site_id=known.sites[paper.site],
            **_values(paper, ("key", "customer", "reference", "quantity", "unit", "needed_on", "as_of")),
        )
        for paper in good
        if not _is_over(paper.as_of, told)
    }
    before = {one.key: one for one in CustomerDemand.objects.filter(key__in=rows)}
    fresh = [row for key, row in rows.items() if key not in before or row.as_of >= before[key].as_of]
    _upsert(CustomerDemand, fresh, ["key"], [*DEMAND_FIELDS, "as_of"])
    moved = sum(_moved(row, before.get(row.key), DEMAND_FIELDS) for row in fresh)
    return Intake(stored=moved, unchanged=len(good) - moved, problems=problems)


@requires_scope
def forget_unsaid(kind: str, as_of: datetime, *, at: datetime) -> int:
    """Everything of this moment has been told: take away what was not told again. Says how many rows went.

    `kind` is `STOCK` or `DEMAND`. A moment that is older than the last whole telling, or has not come yet, takes
    nothing away.
    """
    told = _hold(kind)
    if _is_over(as_of, told) or as_of > at + CLOCKS_DIFFER_BY:
        return 0
    told.whole_as_of = as_of
    told.save(update_fields=["whole_as_of"])
    model = StockPosition if kind == STOCK else CustomerDemand
    gone, _by_model = model._default_manager.filter(as_of__lt=as_of).delete()
    return gone


def _hold(kind: str) -> SupplyTold:
    """The row of a kind, held until the transaction ends: two tellings are taken in one after the other."""
    SupplyTold.objects.bulk_create([SupplyTold(kind=kind)], ignore_conflicts=True)
    return SupplyTold.objects.select_for_update().get(kind=kind)


def _is_over(as_of: datetime, told: SupplyTold) -> bool:
    return told.whole_as_of is not None and as_of < told.whole_as_of


def _newest(papers: Sequence[Told], key_of: Callable[[Told], Hashable]) -> list[Told]:
    """One paper of each record: the one of the latest moment, the last of several."""
    newest: dict[Hashable, Told] = {}
    for paper in papers:
        before = newest.get(key_of(paper))
        if before is None or paper.as_of >= before.as_of:
            newest[key_of(paper)] = paper
    return list(newest.values())


def _sorted_out(
    papers: Sequence[Told], problems_of: Callable[..., Iterator[Problem]], known: "_Known", at: datetime
) -> tuple[list[Told], tuple[Problem, ...]]:
    """The papers that can be taken, and what is wrong with the others."""
    good: list[Told] = []
    problems: list[Problem] = []
    for paper in papers:
        found = tuple(
            problems_of(paper, known.items, known.sites, known.units, not_after=at + CLOCKS_DIFFER_BY)
        )
        problems += found
        if not found:
            good.append(paper)
    return good, tuple(problems)


def _moved(row: Model, before: Model | None, names: Iterable[str]) -> bool:
    return before is None or any(getattr(row, name) != getattr(before, name) for name in names)


class _Known:
    """The items, sites and units that a batch of papers names: their ids, and their decimals."""

    def __init__(self, items: Mapping[str, int], sites: Mapping[str, int], units: Mapping[str, int]) -> None:
        self.items, self.sites, self.units = items, sites, units

    @classmethod
    def of(cls, papers: Sequence[StockPaper] | Sequence[CustomerDemandPaper]) -> "_Known":
        numbers = {paper.item for paper in papers}
        return cls(
            dict(Item.objects.filter(number__in=numbers).values_list("number", "id")),
            dict(Site.objects.values_list("code", "id")),
            dict(Unit.objects.values_list("code", "decimals")),
        )
