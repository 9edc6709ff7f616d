"""The invoices of the demo's morning, and what accounts payable has done with them.

Most of them match and are approved by rule alone. The others show one reason each why an invoice waits for somebody.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from portal.kernel.actors import Actor
from portal.kernel.outbox.models import MessageState, OutboxMessage
from portal.kernel.scope import acting
from procurement.bills.models import Bill
from procurement.bills.states import BillKind, PaymentState
from procurement.demo.claiming import (
    A_MOMENT,
    Goods,
    Said,
    begin,
    claim,
    dearer,
    half_of_the_first,
    moments,
    number_of,
    of_the_first,
    only_the_first,
    send,
    unclaimed_goods,
    write,
)
from procurement.demo.erp_past import CONNECTION, UNDER_WAY, deliver_past
from procurement.demo.loading import ERP, SET_UP
from procurement.demo.members import actors_who
from procurement.demo.people import ANA, LIAN_FENG
from procurement.demo.settling import offer_early_payment, state_account
from procurement.demo.taxes import ALONE, open_the_books
from procurement.discounting.messages import AgreeEarly
from procurement.discounting.queries import offered_for
from procurement.discounting.services import agree_early
from procurement.erp.invoicing import take_up_invoice
from procurement.erp.queries import TOPIC
from procurement.erp.states import TellingState
from procurement.erp.telling import move
from procurement.invoices.messages import InvoiceHeader, InvoiceNamed, LineChoice, LineEntry
from procurement.invoices.models import Invoice
from procurement.invoices.services import (
    follow_bill,
    revise_invoice,
    start_credit_for_count,
    start_from_notices,
    start_without_order,
)
from procurement.orders.models import PurchaseOrder
from procurement.payables.messages import AnswerQuestion, AskAbout, InvoiceSaid, PayShort, ShortLine
from procurement.payables.services.approvals import accept_invoice
from procurement.payables.services.asking import answer_question, ask_about
from procurement.payables.services.deciding import pay_short, send_back
from procurement.payables.states import Asked
from procurement.receipts.models import ReceivingSheet
from procurement.receipts.states import SheetState
from procurement.shipments.models import ShipNotice
from procurement.shipments.states import NoticeState
from suppliers.models import Supplier, User
from suppliers.queries import actor_of
from suppliers.roles import Permission

SET_UP_AGO = timedelta(days=141)
PAYS_EARLY_SINCE = timedelta(days=20)
PAID = 3
SCHEDULED = 2
CASTELLAN = "Castellan Pumps"
COLNEBROOK = "Colnebrook Fixings"
MORNING = time(8, 40)


def invoice_some(*, at: datetime) -> int:
    """Let suppliers invoice and accounts payable work, over the last weeks; returns how many invoices there are."""
    open_the_books(at=at - SET_UP_AGO)
    offer_early_payment(at=at - PAYS_EARLY_SINCE)
    with acting(SET_UP):
        ana = actor_of(User.objects.get(email=ANA.email))
        by = actors_who(Permission.INVOICE_WRITE)
    assert ana is not None  # she is of Northmoor
    desk = _Desk(at, ana, by, unclaimed_goods(by))
    for tale in TALES:
        tale(desk)
    with acting(SET_UP):
        return Invoice.objects.count()


@dataclass(slots=True)
class _Desk:
    """The day, who is there, and the goods that are not claimed yet."""

    at: datetime
    ana: Actor
    sellers: dict[int, Actor]
    goods: list[Goods]
    written: int = field(default=0)

    def take(
        self, fits: Callable[[Goods], bool] = lambda _goods: True, best: str = LIAN_FENG
    ) -> Goods | None:
        """The next goods that fit and that nobody has claimed; those of one supplier before all others."""
        found = sorted((one for one in self.goods if fits(one)), key=lambda one: one.of != best)
        if not found:
            return None
        taken = found[0]
        # One of each supplier, so that many have some; Lian Feng's are the visitor's own.
        self.goods = [one for one in self.goods if one.of == LIAN_FENG or one.of != taken.of]
        self.goods = [one for one in self.goods if one is not taken]
        return taken

    def number(self, supplier: Supplier, at: datetime) -> str:
        """The next number of a supplier."""
        self.written += 1
        return number_of(supplier, at, self.written)

    def said(self, goods: Goods, at: datetime, **more: object) -> Said:
        """What an invoice of goods says, under the next number."""
        return Said(self.number(goods.order.supplier, at), **more)  # type: ignore[arg-type]  # words of ours

    def since(self, goods: Goods, days: float, count: int) -> Iterator[datetime]:
        """So many moments of the last days, none before the goods had come."""
        return moments(max(goods.came_at, self.at - timedelta(days=days)), self.at, count)


# --- what went through ------------------------------------------------------------------------------------------


def _paid(desk: _Desk) -> None:
    """Matched, approved by rule, booked and paid: nobody has touched them."""
    _booked(desk, PaymentState.PAID, PAID, of=LIAN_FENG)


def _scheduled(desk: _Desk) -> None:
    """The same, and they are not due yet."""
    _booked(desk, PaymentState.APPROVED, SCHEDULED)


def _booked(desk: _Desk, state: str, count: int, *, of: str = "") -> None:
    """Invoices behind what the ERP has booked of them, the newest."""
    with acting(SET_UP):
        bills = Bill.objects.filter(
            state=state, kind=BillKind.INVOICE, supplier__in=desk.sellers, lines__line__isnull=False
        )
        if of:
            bills = bills.filter(supplier__name=of)
        newest = bills.order_by("-invoiced_on", "-id").distinct()[:count]
        found = [(bill, _billed(bill)) for bill in newest]
    for bill, choices in reversed(found):
        seller, at = desk.sellers[bill.supplier_id], _on(bill.invoiced_on)
        invoice = send(begin(choices, seller, at=at), Said(bill.reference), seller, at=at)
        _tell_of_booking(invoice, bill, desk)


def _billed(bill: Bill) -> list[LineChoice]:
    """What a bill is for, as its supplier would choose it."""
    lines = bill.lines.filter(line__isnull=False).select_related("line__order").order_by("id")
    return [LineChoice(one.line.order.key, one.line.key, one.quantity) for one in lines if one.line]


def _tell_of_booking(invoice: Invoice, bill: Bill, desk: _Desk) -> None:
    """The ERP was told of the approval, and has told what it made of it; as far as it is approved."""
    with acting(SET_UP):
        waiting = OutboxMessage.objects.filter(topic=TOPIC, stream=invoice.stream, state=MessageState.WAITING)
        for message in waiting.order_by("id"):
            told, _orders = take_up_invoice(message)
            move(told, "confirm", at=message.created_at + UNDER_WAY, actor=CONNECTION, reference=bill.key)
            deliver_past([message], TellingState.CONFIRMED)
    with acting(ERP):
        day = bill.paid_on or bill.invoiced_on + timedelta(days=2)
        follow_bill(bill, actor=ERP, at=min(_on(day, time(18)), desk.at - A_MOMENT))


def _on(day: date, hour: time = MORNING) -> datetime:
    return datetime.combine(day, hour, UTC)


def _with_a_discount(desk: _Desk) -> None:
    """Approved this morning, and the ERP is just told: two percent can be had for some days."""
    for supplier in (LIAN_FENG, "Ostrava Fittings"):
        if goods := desk.take(best=supplier):
            (at,) = desk.since(goods, 2, 1)
            terms = InvoiceHeader(payment_days=60, discount_percent=Decimal(2), discount_days=14)
            claim(goods, desk.said(goods, at, header=terms), at=at)


def _paid_early(desk: _Desk) -> None:
    """A supplier has agreed to have it paid in about ten days, for less."""
    if goods := desk.take(lambda one: one.of != LIAN_FENG and one.order.currency == "EUR"):
        claimed_at, agreed_at = desk.since(goods, 2, 2)
        invoice = claim(goods, desk.said(goods, claimed_at), at=claimed_at)
        with acting(goods.seller):
            offered = offered_for([invoice], agreed_at).get(invoice.pk)
            if offered is None:
                return
            wanted = agreed_at.date() + timedelta(days=10)
            offer = next((one for one in offered.offers if one.pay_on >= wanted), offered.offers[-1])
            agreed = AgreeEarly(invoice.key, offer.pay_on, offer.discount)
            agree_early(agreed, actor=goods.seller, at=agreed_at)


def _in_part(desk: _Desk) -> None:
    """Ten are claimed above the order's price; Ana pays eight, and a credit note takes two off."""
    if goods := desk.take(_ten_are_few):
        claimed_at, paid_at = desk.since(goods, 2, 2)
        ten = of_the_first(Decimal(10), Decimal(4))
        invoice = claim(goods, desk.said(goods, claimed_at, lines=ten), at=claimed_at)
        with acting(desk.ana):
            reason = "Two of the ten were broken and went back with your driver. Your new price is agreed."
            short = PayShort(invoice.key, invoice.version, (ShortLine(1, quantity=Decimal(8)),), reason)
            pay_short(short, actor=desk.ana, at=paid_at)


def _ten_are_few(goods: Goods) -> bool:
    """Whether ten of the first line came, for more than cents, and accounts payable decides on so much alone."""
    return goods.quantity >= 10 and goods.price >= 2 and 15 * goods.price <= ALONE[goods.order.currency]


def _more_than_cents(goods: Goods) -> bool:
    """Whether some percent of the price are not rounded away."""
    return goods.price >= 1


# --- what waits for somebody ------------------------------------------------------------------------------------


def _too_dear(desk: _Desk) -> None:
    """A price three percent above what was agreed."""
    if goods := desk.take(_more_than_cents):
        (at,) = desk.since(goods, 1, 1)
        claim(goods, desk.said(goods, at, lines=dearer(Decimal(3))), at=at)


def _under_an_old_tax_number(desk: _Desk) -> None:
    """The tax number of a company that Northmoor took over: its supplier has to write it anew."""
    if goods := desk.take():
        (at,) = desk.since(goods, 1, 1)
        old = InvoiceHeader(company_tax_id=f"{goods.order.company.country}999999111")
        claim(goods, desk.said(goods, at, header=old), at=at)


def _disputed(desk: _Desk) -> None:
    """Ana asked about a price, and the supplier has answered."""
    if goods := desk.take(_more_than_cents):
        claimed_at, asked_at, answered_at = desk.since(goods, 3, 3)
        invoice = claim(goods, desk.said(goods, claimed_at, lines=dearer(Decimal(5))), at=claimed_at)
        question = "The first line is five percent above the order. Did we agree to a new price?"
        with acting(desk.ana):
            command = AskAbout(invoice.key, invoice.version, Asked.SUPPLIER, question)
            asked = ask_about(command, actor=desk.ana, at=asked_at)
        with acting(goods.seller):
            answer = "It is the price of our new list. Josh has had it since last month; the order is older."
            answered = AnswerQuestion(asked.key, asked.version, answer)
            answer_question(answered, actor=goods.seller, at=answered_at)


def _sent_twice(desk: _Desk) -> None:
    """Half of a line is approved; then comes an invoice of the same amount for the same line."""
    if goods := desk.take(lambda one: one.quantity % 2 == 0):
        first_at, again_at = desk.since(goods, 3, 2)
        claim(goods, desk.said(goods, first_at, lines=half_of_the_first), at=first_at)
        # What is left of the line is the other half.
        claim(goods, desk.said(goods, again_at, lines=only_the_first), at=again_at)


def _sent_back(desk: _Desk) -> None:
    """With freight that nobody had agreed to; Ana sent it back, and it came again without, under its own number."""
    if goods := desk.take():
        claimed_at, back_at, again_at = desk.since(goods, 3, 3)
        said = desk.said(goods, claimed_at, freight=Decimal(85))
        invoice = claim(goods, said, at=claimed_at)
        with acting(desk.ana):
            reason = "Your prices include the freight. Please send it again without."
            back = send_back(InvoiceSaid(invoice.key, invoice.version, reason), actor=desk.ana, at=back_at)
        with acting(goods.seller):
            named = InvoiceNamed(back.key, back.version)
            draft = revise_invoice(named, actor=goods.seller, at=again_at)
        send(draft, Said(said.number), goods.seller, at=again_at)


def _before_a_manager(desk: _Desk) -> None:
    """Freight that was agreed by phone: Ana would pay it, and it is more than she may decide alone."""
    if goods := desk.take(lambda one: one.amount > ALONE[one.order.currency]):
        claimed_at, asked_at = desk.since(goods, 2, 2)
        invoice = claim(goods, desk.said(goods, claimed_at, freight=Decimal(240)), at=claimed_at)
        with acting(desk.ana):
            reason = "We needed it on Thursday; Omar agreed to the express freight by phone."
            accept_invoice(InvoiceSaid(invoice.key, invoice.version, reason), actor=desk.ana, at=asked_at)


def _without_an_order(desk: _Desk) -> None:
    """What somebody has asked for by phone: the British company takes it, and a person looks at it."""
    with acting(SET_UP):
        orders = PurchaseOrder.objects.filter(supplier__name=COLNEBROOK, company__code="NMUK")
        supplier = Supplier.objects.filter(pk__in=orders.values("supplier")).first()
    seller = desk.sellers.get(supplier.pk) if supplier else None
    if supplier is None or seller is None:
        return
    at = desk.at - timedelta(hours=30)
    with acting(seller):
        draft = start_without_order("NMUK", "GBP", actor=seller, at=at)
    line = LineEntry(
        Decimal(4), Decimal("118.50"), description="Sample cases for the Leeds trade counter", unit="PCS"
    )
    said = Said(desk.number(supplier, at), InvoiceHeader(payment_days=30), lambda _lines: (line,))
    send(draft, said, seller, at=at)


# --- what is on its way, or came broken -------------------------------------------------------------------------


def _before_its_goods(desk: _Desk) -> None:
    """For what is at sea: it goes on by itself when the goods are booked."""
    notice = _notice(LIAN_FENG, NoticeState.IN_TRANSIT)
    if notice is not None:
        _claim_notice(notice, desk)


def _for_broken_goods(desk: _Desk) -> None:
    """Castellan's count found a broken one: its invoice waits for the booking, the credit note for it is there."""
    with acting(SET_UP):
        posted = ReceivingSheet.objects.filter(state=SheetState.POSTED, supplier__name=CASTELLAN)
        sheet = posted.select_related("notice", "supplier").first()
    if sheet is None or sheet.notice is None:
        return
    _claim_notice(sheet.notice, desk)
    seller, at = desk.sellers[sheet.supplier_id], desk.at - timedelta(minutes=30)
    with acting(seller):
        draft = start_credit_for_count(sheet.key, actor=seller, at=at)
    send(draft, Said(desk.number(sheet.supplier, at), lines=only_the_first), seller, at=at)


def _begun(desk: _Desk) -> None:
    """Mei Lin has begun one for what stands at the dock."""
    notice = _notice(LIAN_FENG, NoticeState.ARRIVED)
    if notice is None:
        return
    seller, at = desk.sellers[notice.supplier_id], desk.at - timedelta(minutes=25)
    with acting(seller):
        (draft, *_others) = start_from_notices([notice.key], actor=seller, at=at)
        write(draft, Said(""), seller, at=at + A_MOMENT)


def _notice(supplier: str, state: str) -> ShipNotice | None:
    with acting(SET_UP):
        notices = ShipNotice.objects.filter(supplier__name=supplier, state=state)
        found: ShipNotice | None = notices.order_by("sent_at", "id").last()
    return found


def _claim_notice(notice: ShipNotice, desk: _Desk) -> None:
    seller, sent_at = desk.sellers[notice.supplier_id], notice.sent_at
    assert sent_at is not None  # it has left
    at = sent_at + timedelta(hours=2)
    with acting(seller):
        drafts = start_from_notices([notice.key], actor=seller, at=at)
    for draft in drafts[:1]:
        send(draft, Said(desk.number(draft.supplier, at)), seller, at=at)


def _stated(desk: _Desk) -> None:
    """Mei Lin has uploaded this morning what is open in her books."""
    with acting(SET_UP):
        supplier = Supplier.objects.filter(name=LIAN_FENG).first()
    if supplier is not None and supplier.pk in desk.sellers:
        state_account(LIAN_FENG, desk.sellers[supplier.pk], at=desk.at - timedelta(minutes=15))


TALES: Sequence[Callable[[_Desk], None]] = (
    _paid,
    _scheduled,
    _with_a_discount,
    _too_dear,
    _before_a_manager,
    _sent_twice,
    _disputed,
    _sent_back,
    _under_an_old_tax_number,
    _without_an_order,
    _before_its_goods,
    _for_broken_goods,
    _begun,
    _paid_early,
    _in_part,
    _stated,
)
