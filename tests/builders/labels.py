"""Labels and delivery papers of a valve maker in Wenzhou for a distributor in Hamburg."""

from datetime import date
from decimal import Decimal
from typing import Any

from procurement.labels.numbers import build_sscc
from procurement.labels.papers import DeliveryPaper, Label, PackedItem, PaperLine, PaperPackage, Party

PREFIX = "4012345"
HENGDA = Party(
    name="Wenzhou Hengda Valve Manufacturing Co., Ltd.",
    street="88 Binhai 5th Road\nEconomic Development Zone",
    postal_code="325025",
    city="Wenzhou",
    country="CN",
)
NORDKAI = Party(
    name="Nordkai Industriebedarf GmbH",
    street="Am Sandtorkai 77",
    postal_code="20457",
    city="Hamburg",
    country="DE",
    gln="4012345000009",
)


def sscc(serial: int = 7) -> str:
    return build_sscc(PREFIX, serial, extension=3)


def a_label(serial: int = 7, **changes: Any) -> Label:
    """A carton with 24 ball valves, one of forty."""
    said = {
        "sscc": sscc(serial),
        "orders": ("4500012345",),
        "notice": "ASN-2026-00117",
        "carrier": "DB Schenker",
        "tracking": "00340434161094042557",
        "item": "KH-DN50-PN16",
        "buyer_item": "100-4711",
        "description": "Ball valve DN 50, PN 16, stainless steel 1.4408, full bore",
        "quantity": Decimal(24),
        "unit": "pcs",
        "lot": "LOT-7A",
        "expires_on": date(2031, 3, 31),
        "gross_kg": Decimal("18.4"),
        "position": 7,
        "total": 40,
    }
    return Label(HENGDA, NORDKAI, **(said | changes))


def a_carton(serial: int, pieces: int = 12) -> PaperPackage:
    content = PackedItem("100-4711", Decimal(pieces), "pcs", "Ball valve DN 50", order="4500012345", line="1")
    return PaperPackage("Carton", sscc(serial), (content,), gross_kg=Decimal("18.4"), size="40 × 30 × 25 cm")


def a_line(number: int = 1, **changes: Any) -> PaperLine:
    said = {
        "order": "4500012345",
        "line": str(number),
        "item": f"100-{4710 + number}",
        "supplier_item": "KH-DN50-PN16",
        "description": "Ball valve DN 50, PN 16",
        "quantity": Decimal(96),
        "ordered": Decimal(120),
        "follows": Decimal(24),
        "unit": "pcs",
        "lots": ("LOT-7A",),
    }
    return PaperLine(**(said | changes))


def a_delivery(**changes: Any) -> DeliveryPaper:
    """One line in eight cartons on a pallet."""
    pallet = PaperPackage("Pallet", sscc(9000), inner=tuple(a_carton(serial) for serial in range(1, 9)))
    said = {
        "number": "LS-2026-0815",
        "ship_from": HENGDA,
        "ship_to": NORDKAI,
        "lines": (a_line(),),
        "packages": (pallet,),
        "notice": "ASN-2026-00117",
        "shipped_on": date(2026, 11, 28),
        "carrier": "DB Schenker",
    }
    return DeliveryPaper(**(said | changes))
