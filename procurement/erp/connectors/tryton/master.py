"""Companies, units, sites, suppliers and items: read whole, page by page, when anything of them has moved.

They are few and change seldom. A cursor keeps the newest stamp of the models a feed stands on and how many records
there are; only when either moved is the feed read again, and then the portal's upsert makes what is equal harmless.

Note [Sellers]: a Tryton party is customer, supplier or both, and says so nowhere. A supplier is who sells a product
(`purchase.product_supplier`) or has been ordered from; both are followed by id, so that no look starts from the first.

Note [Broken off]: a reading that goes on where another broke off keeps the marks of that one. What moved in between may
be among what was told already: the look after sees that the marks are others, and reads the feed again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from procurement.catalogue.messages import CompanyPaper, ItemPaper, SitePaper, SupplierItemPaper, UnitPaper
from procurement.erp.connectors.tryton.records import TRADE_ITEM, _of, exact
from procurement.erp.connectors.tryton.wire import Rpc
from procurement.erp.content import content_hash
from procurement.erp.ports import Cursor, Feed, Page, Paper, Sighting
from suppliers.messages import SupplierPaper, SupplierSitePaper

SIZE = 500


@dataclass(frozen=True, slots=True)
class Source:
    """Where a feed's papers come from: the model that is read, how, and the models whose stamps tell of a change."""

    model: str
    domain: Sequence[Any]
    fields: Sequence[str]
    papers: Callable[[Mapping[str, Any]], Iterator[Paper]]
    stamps: Sequence[str]
    of_sellers: bool = False


def _company(record: Mapping[str, Any]) -> Iterator[Paper]:
    party = record["party."]
    country = next((_of(one, "country", "code") for one in party["addresses."] or ()), "")
    yield CompanyPaper(
        code=party["code"],
        name=party["name"],
        currency=_of(record, "currency", "code"),
        country=country,
        time_zone=record["timezone"] or "UTC",
    )


def _unit(record: Mapping[str, Any]) -> Iterator[Paper]:
    yield UnitPaper(record["symbol"], record["name"], record["digits"])


def _site(company: str) -> Callable[[Mapping[str, Any]], Iterator[Paper]]:
    def papers(record: Mapping[str, Any]) -> Iterator[Paper]:
        if record["code"]:
            yield SitePaper(
                code=record["code"],
                company=company,
                name=record["name"],
                street=_of(record, "address", "street"),
                postal_code=_of(record, "address", "postal_code"),
                city=_of(record, "address", "city"),
                country=_of(record, "address", "country", "code"),
            )

    return papers


def _supplier(record: Mapping[str, Any]) -> Iterator[Paper]:
    country = next((_of(one, "country", "code") for one in record["addresses."] or ()), "")
    yield SupplierPaper(
        number=record["code"],
        name=record["name"] or record["code"],
        country=country,
        currency=_of(record, "supplier_currency", "code"),
        language=(_of(record, "lang", "code") or "en")[:2],
        email=record["email"] or "",
        blocked=not record["active"],
    )


def _supplier_sites(record: Mapping[str, Any]) -> Iterator[Paper]:
    for address in record["addresses."] or ():
        yield SupplierSitePaper(
            supplier=record["code"],
            code=str(address["id"]),
            name=address["party_name"] or address["city"] or record["name"] or record["code"],
            street=address["street"] or "",
            postal_code=address["postal_code"] or "",
            city=address["city"] or "",
            country=_of(address, "country", "code"),
        )


def _item(record: Mapping[str, Any]) -> Iterator[Paper]:
    if record["code"]:
        gtin = next((one["code"] for one in record["identifiers."] or () if one["type"] in TRADE_ITEM), "")
        yield ItemPaper(
            number=record["code"],
            description=_of(record, "template", "name"),
            unit=_of(record, "purchase_uom", "symbol") or _of(record, "default_uom", "symbol"),
            gtin=gtin,
            group=_of(record, "account_category", "name"),
        )


def _supplier_item(record: Mapping[str, Any]) -> Iterator[Paper]:
    products = [record["product."]] if record["product."] else record["template."]["products."]
    smallest = min((exact(one["quantity"]) for one in record["prices."] or ()), default=None)
    for product in products or ():
        if product["code"]:
            yield SupplierItemPaper(
                supplier=_of(record, "party", "code"),
                item=product["code"],
                supplier_part_number=record["code"] or "",
                minimum_quantity=smallest or None,
                lead_time_days=record["lead_time"].days if record["lead_time"] is not None else None,
            )


def sources(rpc: Rpc) -> dict[Feed, Source]:
    """Where each feed comes from in this database."""
    company = _own_company_code(rpc)
    address = ("addresses.street", "addresses.postal_code", "addresses.city", "addresses.party_name")
    country = "addresses.country.code"
    parties = ("party.party", "party.address")
    return {
        Feed.COMPANIES: Source(
            "company.company",
            [],
            ("party.code", "party.name", f"party.{country}", "currency.code", "timezone"),
            _company,
            ("company.company",),
        ),
        Feed.UNITS: Source("product.uom", [], ("symbol", "name", "digits"), _unit, ("product.uom",)),
        Feed.SITES: Source(
            "stock.location",
            [["type", "=", "warehouse"]],
            ("code", "name", "address.street", "address.postal_code", "address.city", "address.country.code"),
            _site(company),
            ("stock.location",),
        ),
        Feed.SUPPLIERS: Source(
            "party.party",
            [["code", "!=", None], ["active", "in", [True, False]]],
            ("code", "name", "active", "email", "lang.code", "supplier_currency.code", country),
            _supplier,
            parties,
            of_sellers=True,
        ),
        Feed.SUPPLIER_SITES: Source(
            "party.party",
            [["code", "!=", None]],
            ("code", "name", country, *address),
            _supplier_sites,
            parties,
            of_sellers=True,
        ),
        Feed.ITEMS: Source(
            "product.product",
            [["code", "!=", None], ["template.purchasable", "=", True]],
            (
                "code",
                "template.name",
                "default_uom.symbol",
                "purchase_uom.symbol",
                "identifiers.type",
                "identifiers.code",
                "account_category.name",
            ),
            _item,
            ("product.product", "product.template"),
        ),
        Feed.SUPPLIER_ITEMS: Source(
            "purchase.product_supplier",
            [],
            (
                "party.code",
                "code",
                "lead_time",
                "product.code",
                "template.products.code",
                "prices.quantity",
            ),
            _supplier_item,
            ("purchase.product_supplier", "purchase.product_supplier.price"),
        ),
    }


def _own_company_code(rpc: Rpc) -> str:
    (found,) = rpc.read("company.company.read", [rpc.context["company"]], ["party.code"])
    return _of(found, "party", "code")


def read_master(rpc: Rpc, feed: Feed, since: Cursor | None, *, size: int = SIZE) -> Iterator[Page]:
    """All papers of a feed if anything of it moved since the cursor, in pages; nothing otherwise."""
    source = sources(rpc)[feed]
    before: dict[str, Any] = dict(since.position) if since else {}

    def look() -> dict[str, Any]:
        marks: dict[str, Any] = {"marks": marks_of(rpc, source.stamps)}
        return marks | sellers_of(rpc, before) if source.of_sellers else marks

    marks = marks_to_read_with(before, look)
    if marks is None:
        return
    domain = [*source.domain, *([["id", "in", marks["sellers"]]] if source.of_sellers else [])]
    after = int(before.get("after", 0))
    while True:
        wanted = [*domain, ["id", ">", after]]
        rows = rpc.read(f"{source.model}.search_read", wanted, 0, size, [["id", "ASC"]], list(source.fields))
        papers = [paper for row in rows for paper in source.papers(row)]
        sightings = tuple(Sighting(paper, content_hash(paper), source.model) for paper in papers)
        is_last = len(rows) < size
        after = 0 if is_last else rows[-1]["id"]
        yield Page(feed, sightings, Cursor(feed, marks | {"after": after}), source=source.model)
        if is_last:
            return


def marks_to_read_with(
    before: Mapping[str, Any], look: Callable[[], dict[str, Any]]
) -> dict[str, Any] | None:
    """The marks of the reading that is to be begun or gone on with; none where nothing moved. Note [Broken off]."""
    standing = {name: value for name, value in before.items() if name != "after"}
    if before.get("after"):
        return standing
    marks = look()
    return None if standing == marks else marks


def sellers_of(rpc: Rpc, before: Mapping[str, Any]) -> dict[str, Any]:
    """The sellers that there are, by id, and how far both places that name one were read. See Note [Sellers]."""
    sellers = set(before.get("sellers", ()))
    seen: dict[str, int] = dict(before.get("seen", {}))
    for model in ("purchase.product_supplier", "purchase.purchase"):
        while True:
            wanted = [["id", ">", seen.get(model, 0)]]
            rows = rpc.read(f"{model}.search_read", wanted, 0, 5000, [["id", "ASC"]], ["party"])
            sellers |= {row["party"] for row in rows}
            if rows:
                seen[model] = rows[-1]["id"]
            if len(rows) < 5000:
                break
    return {"sellers": sorted(sellers), "seen": seen}


def marks_of(rpc: Rpc, models: Sequence[str]) -> list[Any]:
    """Of each model the newest stamp, and how many records there are: what moves when anything does."""
    marks: list[Any] = []
    for model in models:
        newest = rpc.read(
            f"{model}.search_read", [], 0, 1, [["last_modified_at", "DESC"]], ["last_modified_at"]
        )
        stamp = newest[0]["last_modified_at"].isoformat() if newest else ""
        marks.append([model, stamp, rpc.read(f"{model}.search_count", [])])
    return marks
