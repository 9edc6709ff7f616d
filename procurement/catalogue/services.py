"""Taking in companies, sites, units and items from the ERP: one upsert statement for a whole batch."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _

from portal.kernel.errors import Intake, Problem
from portal.kernel.scope import requires_scope
from procurement.catalogue.messages import CompanyPaper, ItemPaper, SitePaper, SupplierItemPaper, UnitPaper
from procurement.catalogue.models import Company, Item, Site, SupplierItem, Unit
from suppliers.models import Supplier


def _upsert(model: type[Model], rows: Sequence[Model], unique: list[str], fields: list[str]) -> int:
    # The last of two papers with one key is the ERP's newest word; one statement may touch a row only once.
    newest = {tuple(getattr(row, name) for name in unique): row for row in rows}
    model._default_manager.bulk_create(
        newest.values(), update_conflicts=True, unique_fields=unique, update_fields=fields, batch_size=1000
    )
    return len(newest)


def _values(paper: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(paper, name) for name in names}


def _unknown(field: str, value: str, line: str) -> Problem:
    return Problem(
        field=field,
        value=value,
        line=line,
        code="unknown",
        message=_("%(field)s %(value)s is not known. Send its master data first, or correct the code.")
        % {"field": field, "value": value or "''"},
    )


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
            problems.append(_unknown("company", paper.company, paper.code))
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
            problems.append(_unknown("supplier", paper.supplier, paper.item))
        elif paper.item not in items:
            problems.append(_unknown("item", paper.item, paper.item))
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
