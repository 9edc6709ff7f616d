"""What warehouse and bookkeeping enter in the ERP: a booking for all that was received, an invoice, and its payment.

Note [Since the first day]: orders that were done before the portal was there have neither here, as an ERP tells only
what moves from the day it is connected; their own paper says that they were received and invoiced.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from portal.kernel.values import line_amount, minor_units, rounded
from procurement.bills.messages import BillLinePaper, BillPaper
from procurement.calendars.policies import add_working_days
from procurement.demo.story import Booked
from procurement.demo.telling import ERP_RUNS, Telling
from procurement.invoices.policies.terms import discount_until, due_day, read_terms
from procurement.orders.messages import LinePaper, OrderPaper
from procurement.receipts.messages import ReceiptPaper

SALES_TAX = {"GB": Decimal("0.20"), "DE": Decimal("0.19")}
AFTER_THE_ORDER = timedelta(minutes=20)
IN_TWO = 0.3  # so many lines come on two days
FORGOTTEN = 0.07  # so many invoices are not paid when they are due
IN_PART = 0.08  # and so many only in part


def book_receipts(telling: Telling, before: OrderPaper) -> None:
    """The bookings behind what the order was just said to have received."""
    rng = _rng(telling, "receipts")
    came = _more_of(telling.paper, before, "received_quantity")
    day, at = telling.at.date(), _just_after(telling)
    note = f"{telling.cast.partner.number[-2:]}{rng.randrange(10_000, 99_999)}"
    receipts: list[ReceiptPaper] = []
    for line, quantity in came:
        parts = [(quantity, day, note)]
        first = quantity // 2 // telling.cast.step(line) * telling.cast.step(line)
        if first and rng.random() < IN_TWO:
            earlier = add_working_days(day - timedelta(days=4), 0, telling.cast.gate)
            parts = [(first, min(earlier, day), f"{note}/1"), (quantity - first, day, f"{note}/2")]
        for some, on, reference in parts:
            receipts.append(
                ReceiptPaper(
                    company=telling.paper.company,
                    order=telling.number,
                    line_key=line.key,
                    key=f"50{telling.number[2:]}-{len(receipts) + 1}",
                    quantity=some,
                    unit=line.unit,
                    received_on=on,
                    reference=reference,
                    stamp=at,
                )
            )
    telling.at = at
    telling.events.append(Booked(at, telling.number, receipts=tuple(receipts)))


def bill(telling: Telling, before: OrderPaper) -> None:
    """The invoice behind what the order was just said to have been invoiced, and what becomes of it by today."""
    rng = _rng(telling, "invoices")
    at = _just_after(telling)
    entered = _invoice(telling, before, rng, at)
    _tell(telling, at, entered)
    approved = replace(entered, number=f"RE-{telling.number[-6:]}", state="approved")
    _tell(telling, _run_of(telling, at.date() + timedelta(days=2)), approved)
    assert entered.due_on is not None
    terms, sooner = read_terms(telling.cast.partner.payment_terms), timedelta(days=rng.randrange(5))
    # Who gives a discount is paid while it can still be had.
    pay_by = discount_until(entered.invoiced_on, terms.discount_days) or entered.due_on
    paid_on = add_working_days(pay_by - sooner, 0, telling.cast.gate)
    luck = rng.random()
    if luck < FORGOTTEN:
        return
    if luck < FORGOTTEN + IN_PART:
        some = rounded(approved.total * Decimal("0.6"), minor_units(approved.currency))
        part = replace(approved, state="partly_paid", open_amount=approved.total - some)
        _tell(telling, _run_of(telling, paid_on), part)
        return
    paid = replace(approved, state="paid", open_amount=Decimal(0), paid_on=paid_on)
    _tell(telling, _run_of(telling, paid_on), paid)


def _invoice(telling: Telling, before: OrderPaper, rng: Random, at: datetime) -> BillPaper:
    paper, partner, company = telling.paper, telling.cast.partner, telling.cast.company
    lines = tuple(
        BillLinePaper(
            telling.number, line.key, some, line_amount(some, line.price, line.price_per, paper.currency)
        )
        for line, some in _more_of(paper, before, "invoiced_quantity")
    )
    net = sum((line.amount for line in lines), Decimal(0))
    is_home = partner.paper.country == company.country
    tax = SALES_TAX.get(company.country, Decimal(0)) if is_home else Decimal(0)
    total = net + rounded(net * tax, minor_units(paper.currency))
    days = read_terms(partner.payment_terms).days
    return BillPaper(
        company=paper.company,
        supplier=paper.supplier,
        key=f"51{telling.number[2:]}",
        invoiced_on=at.date(),
        due_on=due_day(at.date(), days),
        currency=paper.currency,
        total=total,
        open_amount=total,
        state="entered",
        reference=f"{partner.paper.name[:2].upper()}{rng.randrange(100_000, 999_999)}",
        lines=lines,
        stamp=at,
    )


def _more_of(paper: OrderPaper, before: OrderPaper, name: str) -> list[tuple[LinePaper, Decimal]]:
    """How much more of each line the ERP counts than it did before."""
    then: Mapping[str, Decimal] = {line.key: getattr(line, name) for line in before.lines}
    more = ((line, getattr(line, name) - then.get(line.key, Decimal(0))) for line in paper.lines)
    return [(line, some) for line, some in more if some > 0]


def _tell(telling: Telling, at: datetime, invoice: BillPaper) -> None:
    """The ERP tells how the invoice stands, if that day has come already."""
    if at < telling.now and (at > telling.at or invoice.state == "entered"):
        telling.at = at
        telling.events.append(Booked(at, telling.number, invoices=(replace(invoice, stamp=at),)))


def _just_after(telling: Telling) -> datetime:
    moment = telling.at + AFTER_THE_ORDER
    return moment if moment < telling.now else telling.at + (telling.now - telling.at) / 2


def _run_of(telling: Telling, day: date) -> datetime:
    at = datetime.combine(add_working_days(day, 0, telling.cast.gate), _BOOKS_CLOSE, UTC)
    return at if at > telling.at else telling.at + AFTER_THE_ORDER


def _rng(telling: Telling, what: str) -> Random:
    # Of its own, so that what is booked does not change the orders of a seed.
    return Random(f"{what} {telling.number}")  # noqa: S311 -- invents a company; no secret


_BOOKS_CLOSE = time(ERP_RUNS[-1].hour, ERP_RUNS[-1].minute + 25)
