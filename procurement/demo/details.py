"""Company data in the demo: what Lian Feng filled in, what of it was approved, and what waits."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from portal.kernel.actors import Actor
from portal.kernel.scope import acting
from procurement.demo.loading import SET_UP
from procurement.demo.numbers import own_gln
from procurement.demo.people import HELEN, KOFI, LIAN_FENG, MEI
from suppliers.details.messages import ChangeDetail, ClassifySuppliers
from suppliers.details.services import (
    approve_detail_change,
    change_detail,
    classify_suppliers,
    write_category,
)
from suppliers.models import Supplier, User
from suppliers.queries import actor_of

CATEGORIES = {"valves": "Valves and fittings", "seals": "Seals", "fasteners": "Fasteners"}
_PLACE = {
    "line1": "Binhai Road 88",
    "city": "Wenzhou",
    "region": "Zhejiang",
    "postal_code": "325024",
    "country": "CN",
}
_LEGAL = {"legal_name": "Wenzhou Lian Feng Valve Co., Ltd.", "legal_form": "", "country": "CN"}
_SAID: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("names", {"trading_name": "Lian Feng", "website": "https://www.lianfeng.example"}),
    ("registered", {"name": "Wenzhou Lian Feng Valve Co., Ltd.", **_PLACE}),
    ("number", {"kind": "gln", "value": own_gln(88)}),
    (
        "contact",
        {
            "name": "Mei Lin",
            "roles": ["orders", "shipping"],
            "email": MEI.email,
            "telephone": "+86 577 8555 0142",
            "language": "en",
        },
    ),
    (
        "contact",
        {
            "name": "Wu Jian",
            "roles": ["invoices", "management", "emergency"],
            "email": "accounts@lianfeng.example",
            "telephone": "+86 577 8555 0101",
            "language": "en",
        },
    ),
)


def fill_in_company_data(*, at: datetime) -> None:
    """Mei Lin filled in her company's page weeks ago, and Helen Marsh approved its legal name. Since this week a new
    remit-to address waits for somebody of Northmoor."""
    with acting(SET_UP):
        mei, kofi, helen = (actor_of(User.objects.get(email=one.email)) for one in (MEI, KOFI, HELEN))
        supplier = Supplier.objects.get(name=LIAN_FENG)
    assert mei is not None  # all three have accounts
    assert kofi is not None
    assert helen is not None
    begun = at - timedelta(days=40)
    with acting(kofi):
        for code, name in CATEGORIES.items():
            write_category(code, name, actor=kofi, at=begun)
        classify_suppliers(ClassifySuppliers([supplier.key], categories=["valves"]), actor=kofi, at=begun)
    for part, values in _SAID:
        _say(mei, supplier, part, values, at=begun)
    asked = _say(mei, supplier, "legal", _LEGAL, at=begun, reason="As on our business licence.")
    with acting(helen):
        approve_detail_change(asked.key, asked.version, actor=helen, at=begun + timedelta(hours=5))
    new = {**_PLACE, "name": "Lian Feng Trading", "line1": "Ouhai Avenue 12", "postal_code": "325014"}
    _say(mei, supplier, "remit_to", new, at=at - timedelta(days=2), reason="Our finance office has moved.")


def _say(
    actor: Actor, supplier: Supplier, part: str, values: Mapping[str, Any], *, at: datetime, reason: str = ""
) -> Any:
    with acting(actor):
        return change_detail(ChangeDetail(supplier.key, part, values, reason=reason), actor=actor, at=at)
