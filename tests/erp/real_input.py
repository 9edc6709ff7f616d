"""Public data, turned into the documented columns. The data itself stays outside the repository."""

import csv
import gzip
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from procurement.catalogue.messages import CompanyPaper, ItemPaper, SitePaper, SupplierItemPaper, UnitPaper
from procurement.erp.connectors.files.formats import ORDERS
from procurement.erp.connectors.files.writing import to_csv
from procurement.erp.ports import Feed, Paper
from suppliers.messages import SupplierPaper

PROJECT = Path(__file__).resolve().parents[2]


def shared_data(name: str) -> Path:
    """A folder of public data, or a skip that says where it would have to be."""
    place = Path(os.environ.get("QUAYSIDE_SHARED", PROJECT.parent / "shared")) / "data" / name
    if not place.is_dir():
        pytest.skip(f"{name} is not there: set QUAYSIDE_SHARED to the folder that holds data/{name}")
    return place


def _rows(path: Path) -> Iterator[dict[str, str]]:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    yield from csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))


@dataclass(frozen=True)
class AdventureWorks:
    """4,012 orders with 8,845 lines of an invented bicycle maker, with everything they refer to."""

    place: Path

    def orders_csv(self) -> str:
        """The orders as one orders file, rows in the order of the source."""
        return to_csv(ORDERS, self.order_rows())

    def order_rows(self) -> Iterator[dict[str, Any]]:
        """One row per line: the source's own columns under the documented names."""
        heads = {row["PurchaseOrderID"]: row for row in _rows(self.place / "PurchaseOrderHeader.csv")}
        products = {row["ProductID"]: row for row in _rows(self.place / "Product.csv")}
        units = self._units_by_item()
        totals: dict[str, int] = {}
        for line in self.source_lines():
            totals[line["PurchaseOrderID"]] = totals.get(line["PurchaseOrderID"], 0) + 1
        for line in self.source_lines():
            head, product = heads[line["PurchaseOrderID"]], products[line["ProductID"]]
            yield {
                "company": "AW",
                "order_number": head["PurchaseOrderID"],
                "supplier": head["VendorID"],
                "currency": "USD",
                "ordered_on": head["OrderDate"][:10],
                "ship_to": "AW-MAIN",
                "revision": head["RevisionNumber"],
                "buyer_code": head["EmployeeID"],
                "lines_total": totals[head["PurchaseOrderID"]],
                "line_key": line["PurchaseOrderDetailID"],
                "line_number": line["PurchaseOrderDetailID"],
                "item_number": product["ProductNumber"],
                "description": product["Name"],
                "quantity": line["OrderQty"],
                "unit": units.get(line["ProductID"], "EA"),
                "price": line["UnitPrice"] if line["UnitPrice"][0] != "." else "0" + line["UnitPrice"],
                "delivery_on": line["DueDate"][:10],
                "received_quantity": _plain(line["ReceivedQty"]),
            }

    def source_lines(self) -> Iterator[dict[str, str]]:
        """The lines as they stand in the source."""
        return _rows(self.place / "PurchaseOrderDetail.csv.gz")

    def master_data(self) -> dict[Feed, list[Paper]]:
        """Company, site, units, suppliers, items: what the orders refer to."""
        products = {row["ProductID"]: row for row in _rows(self.place / "Product.csv")}
        units = sorted(
            {row["UnitMeasureCode"].strip() for row in _rows(self.place / "UnitMeasure.csv")} | {"EA"}
        )
        by_item = self._units_by_item()
        return {
            Feed.COMPANIES: [
                CompanyPaper("AW", "Adventure Works Cycles", "USD", "US", "America/Los_Angeles")
            ],
            Feed.UNITS: [UnitPaper(code, code) for code in units],
            Feed.SITES: [SitePaper("AW-MAIN", "AW", "Bothell")],
            Feed.SUPPLIERS: [
                SupplierPaper(row["BusinessEntityID"], row["Name"], currency="USD")
                for row in _rows(self.place / "Vendor.csv")
            ],
            Feed.ITEMS: [
                ItemPaper(row["ProductNumber"], row["Name"], by_item.get(key, "EA"))
                for key, row in products.items()
            ],
            Feed.SUPPLIER_ITEMS: [
                SupplierItemPaper(
                    row["BusinessEntityID"],
                    products[row["ProductID"]]["ProductNumber"],
                    minimum_quantity=Decimal(row["MinOrderQty"]),
                    lead_time_days=int(row["AverageLeadTime"]),
                )
                for row in _rows(self.place / "ProductVendor.csv")
            ],
        }

    def _units_by_item(self) -> dict[str, str]:
        return {
            row["ProductID"]: row["UnitMeasureCode"].strip()
            for row in _rows(self.place / "ProductVendor.csv")
        }

    def sums(self) -> tuple[int, int, Decimal, Decimal, date]:
        """Orders, lines, quantity, value and last due date, counted in the source itself."""
        lines = list(self.source_lines())
        return (
            len({line["PurchaseOrderID"] for line in lines}),
            len(lines),
            sum((Decimal(line["OrderQty"]) for line in lines), Decimal(0)),
            sum((Decimal(line["LineTotal"]) for line in lines), Decimal(0)),
            max(date.fromisoformat(line["DueDate"][:10]) for line in lines),
        )


def _plain(number: str) -> str:
    return "0" + number if number.startswith(".") else number


def scms_rows(place: Path) -> Iterator[dict[str, str]]:
    """7,110 deliveries of health commodities, as published."""
    return _rows(place / "scms_delivery_history_scheduled_before_2013-07-01.csv")
