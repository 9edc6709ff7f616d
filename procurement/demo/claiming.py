"""How suppliers invoice in the demo: what they claim of which goods, under their own numbers."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from portal.kernel.actors import Actor
from portal.kernel.scope import acting
from procurement.demo.loading import SET_UP
from procurement.demo.taxes import tax_id_of, tax_of
from procurement.invoices.messages import (
    ChargeEntry,
    InvoiceHeader,
    InvoiceNamed,
    LineChoice,
    LineEntry,
    SaveDraft,
)
from procurement.invoices.models import Invoice
from procurement.invoices.services import entries_of, header_of, save_draft, send_invoice, start_from_orders
from procurement.matching.queries import MATCHER
from procurement.matching.services import match_invoices
from procurement.matching.states import Trigger
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.states import OrderState
from suppliers.models import Supplier
from suppliers.states import SupplierState

ZERO = Decimal(0)
A_MOMENT = timedelta(minutes=1)
NOTHING_ELSE = InvoiceHeader()
Change = Callable[[Sequence[LineEntry]], Sequence[LineEntry]]


@dataclass(frozen=True, slots=True)
class Goods:
    """An order of which something came and nobody has claimed it, who sells it, and when it was booked in.

    `quantity` and `price` (of one unit) are of the first line, `amount` of all.
    """

    order: PurchaseOrder
    seller: Actor
    came_at: datetime
    quantity: Decimal
    price: Decimal
    amount: Decimal

    @property
    def of(self) -> str:
        """The supplier's name."""
        return str(self.order.supplier.name)


@dataclass(frozen=True, slots=True)
class Said:
    """What an invoice says besides what its draft began with."""

    number: str
    header: InvoiceHeader = NOTHING_ELSE
    lines: Change = tuple
    freight: Decimal = ZERO


def unclaimed_goods(by: dict[int, Actor]) -> list[Goods]:
    """What was booked in of open orders and is on no invoice of the ERP; what came first is first."""
    with acting(SET_UP):
        billed = PurchaseOrderLine.objects.filter(invoiced_quantity__gt=0).values("order_id")
        lines = (
            PurchaseOrderLine.objects.filter(
                order__state=OrderState.ISSUED, received_quantity__gt=0, order__supplier__in=by
            )
            .exclude(order__in=billed)
            .exclude(order__supplier__state=SupplierState.BLOCKED)
            .select_related("order__supplier", "order__company")
            .order_by("order__revised_at", "order_id", "number")
        )
        by_order: dict[int, list[PurchaseOrderLine]] = {}
        for line in lines:
            by_order.setdefault(line.order_id, []).append(line)
    return [
        Goods(
            order := theirs[0].order,
            by[order.supplier_id],
            order.revised_at,
            theirs[0].received_quantity,
            theirs[0].price / theirs[0].price_per,
            sum((line.received_quantity * line.price / line.price_per for line in theirs), ZERO),
        )
        for theirs in by_order.values()
        if all(line.received_quantity <= line.quantity for line in theirs)
    ]


def moments(since: datetime, until: datetime, count: int) -> Iterator[datetime]:
    """So many moments from one on, about evenly before another."""
    return (since + (until - since) * place / (count + 1) for place in range(1, count + 1))


def claim(goods: Goods, said: Said, *, at: datetime) -> Invoice:
    """The supplier invoices all that came of an order, and it is matched."""
    with acting(goods.seller):
        draft = start_from_orders([goods.order.key], actor=goods.seller, at=at)[0]
    return send(draft, said, goods.seller, at=at)


def begin(choices: Sequence[LineChoice], seller: Actor, *, at: datetime) -> Invoice:
    """The supplier begins an invoice of some lines."""
    with acting(seller):
        return start_from_orders(choices=choices, actor=seller, at=at)[0]


def send(draft: Invoice, said: Said, seller: Actor, *, at: datetime) -> Invoice:
    """A draft is written to its end and sent, and matched within the minute. Returns it as it stands then."""
    with acting(seller):
        draft = write(draft, said, seller, at=at)
        sent = send_invoice(InvoiceNamed(draft.key, draft.version), actor=seller, at=at).invoice
    return matched(sent, at=at + A_MOMENT)


def write(draft: Invoice, said: Said, seller: Actor, *, at: datetime) -> Invoice:
    """What a draft says is saved, with the tax that is due on it; in the seller's scope."""
    tax = tax_of(draft.supplier, draft.company)
    lines = tuple(
        replace(one, category=tax.category, tax_rate=tax.rate) for one in said.lines(entries_of(draft))
    )
    freight = ChargeEntry(
        code="FC", reason="Express freight", amount=said.freight, category=tax.category, tax_rate=tax.rate
    )
    begun = header_of(draft)
    more: dict[str, Any] = {name: value for name in _HEADER if (value := getattr(said.header, name))}
    header = replace(
        begun,
        **{
            "supplied_on": begun.invoiced_on,
            **more,
            "number": said.number,
            "supplier_tax_id": tax_id_of(draft.supplier),
        },
    )
    command = SaveDraft(draft.key, draft.version, header, lines, (freight,) if said.freight else ())
    return save_draft(command, actor=seller, at=at)


def matched(invoice: Invoice, *, at: datetime) -> Invoice:
    """What the match says of an invoice that was sent; returns it as it stands then."""
    with acting(MATCHER):
        match_invoices([invoice.pk], trigger=Trigger.SENT, at=at)
    return fresh(invoice)


def fresh(invoice: Invoice) -> Invoice:
    """An invoice as it stands now."""
    with acting(SET_UP):
        found: Invoice = Invoice.objects.select_related("supplier", "company").get(pk=invoice.pk)
    return found


def number_of(supplier: Supplier, at: datetime, place: int) -> str:
    """A number as a supplier gives them: its initials, the month, and the next one."""
    initials = "".join(word[0] for word in supplier.name.split() if word[0].isalnum())
    return f"{initials.upper()}-{at:%y%m}-{400 + 7 * place}"


def dearer(percent: Decimal) -> Change:
    """The first line at a price so many percent above what was agreed."""

    def change(lines: Iterable[LineEntry]) -> Sequence[LineEntry]:
        first, *rest = lines
        price = (first.unit_price * (1 + percent / 100)).quantize(Decimal("0.01"))
        return (replace(first, unit_price=price), *rest)

    return change


def half_of_the_first(lines: Iterable[LineEntry]) -> Sequence[LineEntry]:
    """Half of the first line, and nothing else."""
    first, *_rest = lines
    return (replace(first, quantity=first.quantity / 2),)


def of_the_first(quantity: Decimal, percent: Decimal) -> Change:
    """So much of the first line, so many percent above its price, and nothing else."""

    def change(lines: Iterable[LineEntry]) -> Sequence[LineEntry]:
        first, *_rest = dearer(percent)(tuple(lines))
        return (replace(first, quantity=quantity),)

    return change


def only_the_first(lines: Iterable[LineEntry]) -> Sequence[LineEntry]:
    """The first line alone."""
    return tuple(lines)[:1]


_HEADER = InvoiceHeader.__dataclass_fields__
