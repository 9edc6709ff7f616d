"""What suppliers claim on the demo's morning: one matches, one is dearer than agreed, one waits for its goods, one came
back, and one is still being written.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby

from django.db.models import F

from portal.kernel.actors import Actor
from portal.kernel.scope import acting
from procurement.catalogue.models import Company
from procurement.demo.loading import SET_UP
from procurement.demo.people import ANA, HELEN, MEI
from procurement.invoices.messages import (
    ChargeEntry,
    InvoiceNamed,
    LineChoice,
    SaveDraft,
    SaveProfile,
    TaxOffered,
)
from procurement.invoices.models import Invoice, InvoicingProfile
from procurement.invoices.queries import invoiceable_lines
from procurement.invoices.services import (
    entries_of,
    header_of,
    reject_invoice,
    save_draft,
    save_profile,
    send_invoice,
    start_from_notices,
    start_from_orders,
)
from procurement.matching.services import match_invoices
from procurement.matching.states import Trigger
from procurement.orders.models import PurchaseOrderLine
from procurement.shipments.models import ShipNotice
from procurement.shipments.states import NoticeState
from suppliers.models import User
from suppliers.queries import actor_of

FIONA = "fiona@castellanpumps.example"
LINES_EACH = 4
FREIGHT = Decimal(180)
TAXES = (
    TaxOffered("S", Decimal(20), "VAT 20 %", is_usual=True),
    TaxOffered("S", Decimal(5), "VAT 5 %"),
    TaxOffered("Z", Decimal(0), "Zero rated"),
    TaxOffered(
        "AE", Decimal(0), "Reverse charge", exemption_reason="Reverse charge: the customer owes the VAT."
    ),
    TaxOffered("G", Decimal(0), "Export, no VAT", exemption_reason="Export: VAT is due on import."),
)


@dataclass(frozen=True, slots=True)
class Seller:
    """Who invoices: under which tax number, and how it is taxed."""

    email: str
    prefix: str
    tax_id: str
    category: str
    rate: Decimal = Decimal(0)


SELLERS = (
    Seller(MEI.email, "LF", "CN91330108", "G"),
    Seller(FIONA, "CP", "GB293447102", "S", Decimal(20)),
)


def invoice_some(*, at: datetime) -> int:
    """Let some suppliers have invoiced what they delivered; returns how many invoices there are."""
    with acting(SET_UP):
        wanted = [ANA.email, HELEN.email, *(seller.email for seller in SELLERS)]
        users = {user.email: user for user in User.objects.filter(email__in=wanted)}
        actors = {email: actor for email, user in users.items() if (actor := actor_of(user))}
    if HELEN.email not in actors or ANA.email not in actors:
        return 0
    _take_taxes(actors[HELEN.email], at - timedelta(days=60))
    count = 0
    for seller in SELLERS:
        if actor := actors.get(seller.email):
            count += _invoiced_by(seller, actor, actors[ANA.email], at)
    return count


def _take_taxes(helen: Actor, at: datetime) -> None:
    """How each company takes invoices."""
    with acting(helen):
        for company in Company.objects.order_by("id"):
            profile = InvoicingProfile.objects.filter(company=company).first()
            command = SaveProfile(
                company.code,
                profile.version if profile else 0,
                einvoice_formats=("ubl", "cii", "facturx"),
                company_tax_id="GB 714 2280 51",
                name=company.name,
                country=company.country,
                taxes=TAXES,
            )
            save_profile(command, actor=helen, at=at)


def _invoiced_by(seller: Seller, actor: Actor, ana: Actor, at: datetime) -> int:
    """Orders of which something came and is not invoiced, one after the other, each with its own story."""
    with acting(actor):
        ready = _received(actor)
        coming = (
            ShipNotice.objects.visible_to(actor).filter(state=NoticeState.IN_TRANSIT).order_by("id").first()
        )
    stories = [_clean, _dear, _came_back, _being_written][: 4 if seller.email == MEI.email else 1]
    count = 0
    for number, (story, lines) in enumerate(zip(stories, ready, strict=False), start=1):
        with acting(actor):
            begun = at - timedelta(days=3 * (5 - number), hours=2)
            choices = [LineChoice(line.order.key, line.key) for line in lines]
            (draft,) = start_from_orders(choices=choices, actor=actor, at=begun)
        story(seller, draft, f"{seller.prefix}-{begun:%y%m}-{180 + number}", actor, ana, begun)
        count += 1
    if coming is not None:
        begun = at - timedelta(days=1, hours=3)
        with acting(actor):
            (draft,) = start_from_notices([coming.key], actor=actor, at=begun)
        _clean(seller, draft, f"{seller.prefix}-{begun:%y%m}-{190}", actor, ana, begun)
        count += 1
    return count


def _received(actor: Actor) -> list[list[PurchaseOrderLine]]:
    """Lines of which more has come than anybody has claimed, order by order."""
    lines = invoiceable_lines(actor).filter(
        received_quantity__gt=F("claimed_quantity"), invoiced_quantity__lt=F("received_quantity")
    )
    by_order = groupby(lines.order_by("-order_id", "number"), lambda line: line.order_id)
    return [list(group)[:LINES_EACH] for _order, group in by_order]


def _clean(seller: Seller, draft: Invoice, number: str, actor: Actor, _ana: Actor, at: datetime) -> None:
    """As it was agreed."""
    _sent(_written(seller, draft, number, actor, at), actor, at)


def _dear(seller: Seller, draft: Invoice, number: str, actor: Actor, _ana: Actor, at: datetime) -> None:
    """The first line costs three percent more than was agreed."""
    _sent(_written(seller, draft, number, actor, at, dearer=Decimal("1.03")), actor, at)


def _came_back(seller: Seller, draft: Invoice, number: str, actor: Actor, ana: Actor, at: datetime) -> None:
    """With freight that nobody agreed to; Ana has sent it back."""
    sent = _sent(_written(seller, draft, number, actor, at, freight=FREIGHT), actor, at)
    with acting(ana):
        reason = "Freight is included in your prices. Please take it out, and send it again."
        reject_invoice(sent.key, reason, actor=ana, at=at + timedelta(hours=20))


def _being_written(
    seller: Seller, draft: Invoice, number: str, actor: Actor, _ana: Actor, at: datetime
) -> None:
    """Not sent yet."""
    _written(seller, draft, number, actor, at, dearer=Decimal("1.03"))


def _written(
    seller: Seller,
    draft: Invoice,
    number: str,
    actor: Actor,
    at: datetime,
    *,
    dearer: Decimal = Decimal(1),
    freight: Decimal | None = None,
) -> Invoice:
    with acting(actor):
        entries = [replace(one, category=seller.category, tax_rate=seller.rate) for one in entries_of(draft)]
        entries[0] = replace(entries[0], unit_price=round(entries[0].unit_price * dearer, 2))
        charges: Sequence[ChargeEntry] = ()
        if freight is not None:
            charges = (
                ChargeEntry(
                    code="FC",
                    reason="Sea freight",
                    amount=freight,
                    category=seller.category,
                    tax_rate=seller.rate,
                ),
            )
        header = replace(
            header_of(draft),
            number=number,
            supplier_tax_id=seller.tax_id,
            payment_days=30,
            discount_percent=Decimal(2),
            discount_days=10,
        )
        command = SaveDraft(draft.key, draft.version, header, tuple(entries), tuple(charges))
        return save_draft(command, actor=actor, at=at)


def _sent(draft: Invoice, actor: Actor, at: datetime) -> Invoice:
    """Out it goes, and is matched."""
    with acting(actor):
        sent = send_invoice(InvoiceNamed(draft.key, draft.version), actor=actor, at=at).invoice
    with acting(SET_UP):
        match_invoices([sent.pk], trigger=Trigger.SENT, at=at + timedelta(seconds=4))
    return sent
