"""Electronic invoices with honest defaults, and where the public samples lie."""

import os
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from procurement.einvoices.terms import (
    Address,
    AllowanceCharge,
    Contact,
    Delivery,
    EInvoice,
    Identifier,
    ItemAttribute,
    Line,
    Note,
    Party,
    Payment,
    Period,
    Preceding,
    SupportingDocument,
    TaxBreakdown,
    Totals,
)
from procurement.einvoices.writing import PEPPOL, PEPPOL_PROCESS

PROJECT = Path(__file__).resolve().parents[2]


def standards(name: str) -> Path:
    """A folder of public samples, or a skip that says where it would have to be."""
    place = Path(os.environ.get("QUAYSIDE_SHARED", PROJECT.parent / "shared")) / "standards" / name
    if not place.is_dir():
        pytest.skip(f"{name} is not there: set QUAYSIDE_SHARED to the folder that holds standards/{name}")
    return place


def invoices_in(*folders: str) -> Iterator[Path]:
    """The sample invoices of these folders."""
    for folder in folders:
        yield from sorted(
            one for one in standards(folder).iterdir() if one.suffix.lower() in (".xml", ".pdf")
        )


def an_einvoice(**changes: Any) -> EInvoice:
    """What Acme sends Nordkai for an order of 2 × 40 bearings: nothing is wrong with it, by Peppol either."""
    said: dict[str, Any] = {
        "specification": PEPPOL,
        "process": PEPPOL_PROCESS,
        "number": "INV-0042",
        "issued_on": date(2026, 4, 9),
        "type_code": "380",
        "currency": "EUR",
        "due_on": date(2026, 5, 9),
        "order": "4500012345",
        "seller": Party(
            name="Acme Ltd",
            identifiers=[Identifier(value="ACME")],
            vat_id="IE6388047V",
            endpoint=Identifier(value="IE6388047V", scheme="9935"),
            address=Address(line_1="1 Mill Lane", city="Dublin", postcode="D02", country="IE"),
        ),
        "buyer": Party(
            name="Nordkai GmbH",
            vat_id="DE136695976",
            endpoint=Identifier(value="4012345000009", scheme="0088"),
            address=Address(line_1="Kaistraße 7", city="Hamburg", postcode="20457", country="DE"),
        ),
        "payments": [Payment(means="58", account="IE29AIBK93115212345678", bank="AIBKIE2D")],
        "payment_terms": "2 % within 10 days, net 30 days",
        "totals": Totals(
            lines=Decimal("800.00"),
            net=Decimal("800.00"),
            tax=Decimal("184.00"),
            gross=Decimal("984.00"),
            due=Decimal("984.00"),
        ),
        "taxes": [
            TaxBreakdown(
                base=Decimal("800.00"), amount=Decimal("184.00"), category="S", rate=Decimal(23), scheme="VAT"
            )
        ],
        "lines": [a_line("1"), a_line("2")],
    }
    return EInvoice(**said | changes)


def a_line(identifier: str, **changes: Any) -> Line:
    """40 bearings at 10.00."""
    said: dict[str, Any] = {
        "identifier": identifier,
        "quantity": Decimal(40),
        "unit": "C62",
        "amount": Decimal("400.00"),
        "order_line": f"{identifier}0",
        "price": Decimal("10.00"),
        "category": "S",
        "rate": Decimal(23),
        "scheme": "VAT",
        "name": "Bearing 6204",
        "seller_item": "6204-2RS",
    }
    return Line(**said | changes)


def everything() -> EInvoice:
    """An invoice that says every term there is."""
    address = Address(
        line_1="1 Mill Lane",
        line_2="Unit 4",
        line_3="Rear",
        city="Dublin",
        postcode="D02",
        region="Leinster",
        country="IE",
    )
    seller = Party(
        name="Acme Ltd",
        trade_name="Acme",
        identifiers=[Identifier(value="ACME"), Identifier(value="5012345000008", scheme="0088")],
        registration=Identifier(value="IE-77", scheme="0002"),
        vat_id="IE6388047V",
        tax_id="77/88",
        legal_note="Private limited company",
        endpoint=Identifier(value="IE6388047V", scheme="9935"),
        address=address,
        contact=Contact(name="Asha", phone="+353 1", mail="asha@acme.example"),
    )
    line = a_line(
        "1",
        amount=Decimal("395.00"),
        note="As agreed",
        object=Identifier(value="Meter 7", scheme="AAG"),
        order="4500012345",
        accounting="4711",
        period=Period(start_on=date(2026, 4, 1), end_on=date(2026, 4, 2)),
        adjustments=[
            AllowanceCharge(
                amount=Decimal("10.00"),
                base=Decimal("400.00"),
                percent=Decimal("2.5"),
                reason="Loyal",
                code="95",
            ),
            AllowanceCharge(is_charge=True, amount=Decimal("5.00"), reason="Packing", code="PC"),
        ],
        discount=Decimal("2.00"),
        gross_price=Decimal("12.00"),
        price_quantity=Decimal(1),
        price_unit="C62",
        description="Deep groove ball bearing",
        buyer_item="100-4711",
        standard_item=Identifier(value="05012345000015", scheme="0160"),
        classes=[
            Identifier(value="31171504", scheme="TST", version="19.05"),
            Identifier(value="8482", scheme="HS"),
        ],
        origin="SE",
        attributes=[ItemAttribute(name="Bore", value="20 mm"), ItemAttribute(name="Seal", value="2RS")],
    )
    exempt = a_line("2", category="E", rate=Decimal(0), amount=Decimal("100.00"), quantity=Decimal(10))
    return an_einvoice(
        tax_currency="GBP",
        tax_point_code="35",
        buyer_reference="Dock 4",
        project="P-1",
        contract="C-1",
        sales_order="SO-1",
        receipt="R-1",
        despatch="D-1",
        tender="T-1",
        object=Identifier(value="Site 9", scheme="AAB"),
        accounting="0815",
        notes=[Note(subject="AAI", text="Thank you"), Note(text="Second note")],
        preceding=[Preceding(number="INV-0041", issued_on=date(2026, 3, 9)), Preceding(number="INV-0040")],
        seller=seller,
        payee=Party(name="Factor plc", identifiers=[Identifier(value="F1")], creditor="IE99ZZZ123456"),
        representative=Party(name="Agent", vat_id="DE136695976", address=Address(country="DE")),
        delivery=Delivery(
            name="Nordkai Dock",
            location=Identifier(value="4012345000009", scheme="0088"),
            delivered_on=date(2026, 4, 8),
            address=Address(city="Hamburg", country="DE"),
        ),
        period=Period(start_on=date(2026, 4, 1), end_on=date(2026, 4, 30)),
        payments=[
            Payment(
                means="59",
                means_name="SEPA direct debit",
                account="IE29AIBK93115212345678",
                account_name="Factor",
                bank="AIBKIE2D",
                debited="DE89370400440532013000",
            )
        ],
        remittance="INV-0042",
        mandate="M-1",
        adjustments=[
            AllowanceCharge(
                amount=Decimal("10.00"),
                reason="Rebate",
                code="95",
                category="S",
                rate=Decimal(23),
                scheme="VAT",
            ),
            AllowanceCharge(
                is_charge=True,
                amount=Decimal("15.00"),
                reason="Freight",
                code="FC",
                category="S",
                rate=Decimal(23),
                scheme="VAT",
            ),
        ],
        totals=Totals(
            lines=Decimal("495.00"),
            allowances=Decimal("10.00"),
            charges=Decimal("15.00"),
            net=Decimal("500.00"),
            tax=Decimal("92.00"),
            accounting_tax=Decimal("78.20"),
            gross=Decimal("592.00"),
            paid=Decimal("100.00"),
            rounding=Decimal("-0.50"),
            due=Decimal("491.50"),
        ),
        taxes=[
            TaxBreakdown(
                base=Decimal("400.00"), amount=Decimal("92.00"), category="S", rate=Decimal(23), scheme="VAT"
            ),
            TaxBreakdown(
                base=Decimal("100.00"),
                amount=Decimal("0.00"),
                category="E",
                rate=Decimal(0),
                scheme="VAT",
                reason="Exempt",
                code="VATEX-EU-132",
            ),
        ],
        documents=[
            SupportingDocument(reference="PL-1", description="Packing list", url="https://acme.example/pl-1"),
            SupportingDocument(
                reference="PL-2", content=b"a,b\n", mime="text/csv", filename="lines.csv", description="Lines"
            ),
        ],
        lines=[line, exempt],
    )
