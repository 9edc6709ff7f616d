"""Telling one order: from the ERP's first paper through answers, decisions and receipts to where it stands.

Everything happens before `now`, in the working hours of whoever does it; what comes too late is squeezed in.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from procurement.calendars.policies import (
    WorkingCalendar,
    add_working_days,
    add_working_time,
    default_calendar,
)
from procurement.catalogue.messages import CompanyPaper, SitePaper
from procurement.clocks.messages import ORDER_ANSWER, Subject
from procurement.clocks.policies import BUILT_IN, allowed_time
from procurement.demo import phrases
from procurement.demo.goods import CENT, Offer, step_of
from procurement.demo.partners import Partner
from procurement.demo.people import BRITTA, Person
from procurement.demo.story import (
    Answered,
    CarriedOver,
    Decided,
    Drafted,
    Event,
    LineAnswer,
    OrderStory,
    Piece,
    Sent,
    Wrote,
)
from procurement.orders.messages import LinePaper, OrderPaper, SchedulePaper

ERP_RUNS = (time(5, 30), time(9, 30), time(13, 30), time(16, 30))
# What suppliers say that was not asked, in turn: days slip more often than anything else.
TROUBLES = ("late", "refused", "price", "short", "late", "split", "several", "substitute")


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part in one order, and where."""

    company: CompanyPaper
    site: SitePaper
    partner: Partner
    offers: tuple[Offer, ...]
    seller: Person
    buyer: Person

    def step(self, line: LinePaper) -> Decimal:
        """The smallest step in which the line's quantity can be cut."""
        good = next(offer.good for offer in self.offers if offer.paper.item == line.item_number)
        return step_of(good)

    @property
    def calendar(self) -> WorkingCalendar:
        """When the supplier works."""
        return default_calendar(self.partner.paper.country, self.partner.paper.time_zone)

    @property
    def buyer_calendar(self) -> WorkingCalendar:
        """When the buyer works."""
        return default_calendar(self.company.country, self.company.time_zone)

    @property
    def gate(self) -> WorkingCalendar:
        """When the receiving site takes goods in."""
        return default_calendar(self.site.country, self.site.time_zone)


class Telling:
    """One order being told. Keeps the order as the ERP holds it and the moment of the last event.

    `turn` is how many orders of its plot were told before.
    """

    def __init__(
        self, cast: Cast, number: str, sent_at: datetime, now: datetime, rng: Random, *, turn: int = 0
    ) -> None:
        self.cast = cast
        self.number = number
        self.now = now
        self.rng = rng
        self.turn = turn
        self.events: list[Event] = []
        self.at = sent_at
        self.changes: tuple[LineAnswer, ...] = ()
        self.reference = ""

    # --- the ERP -------------------------------------------------------------------------------------------

    def send(
        self,
        lines: tuple[LinePaper, ...],
        *,
        kind: str = "standard",
        note: str = "",
        status: str = "open",
        ordered_on: date | None = None,
    ) -> None:
        """The ERP sends the order for the first time."""
        cast = self.cast
        self.paper = OrderPaper(
            company=cast.company.code,
            number=self.number,
            supplier=cast.partner.number,
            currency=cast.partner.paper.currency,
            ordered_on=ordered_on or self.at.date(),
            lines=lines,
            ship_to=cast.site.code,
            revision="1",
            kind=kind,
            status=status,
            payment_terms=cast.partner.payment_terms,
            incoterm=cast.partner.incoterm,
            incoterm_place=cast.site.city if cast.partner.incoterm == "DAP" else cast.partner.incoterm_place,
            buyer_code="".join(part[0] for part in cast.buyer.name.split()),
            buyer_name=cast.buyer.name,
            buyer_email=cast.buyer.email,
            note=note,
            stamp=self.at,
        )
        self.events.append(Sent(self.at, self.number, self.paper))

    def send_again(self, at: datetime | None = None, **changes: object) -> None:
        """The ERP sends the order again, changed."""
        self.at = self._before_now(at) if at else self._next_run()
        revision = str(int(self.paper.revision) + 1)
        extra = {"x_supplier_reference": self.reference} if self.reference else {}
        self.paper = replace(
            self.paper,
            revision=revision,
            stamp=self.at,
            extra=extra,
            **changes,  # type: ignore[arg-type]  # fields of the paper
        )
        self.events.append(Sent(self.at, self.number, self.paper))

    def change_lines(
        self, change: Callable[[LinePaper], LinePaper], keys: Sequence[str] | None = None
    ) -> tuple[LinePaper, ...]:
        """The lines with some of them changed."""
        return tuple(change(line) if keys is None or line.key in keys else line for line in self.paper.lines)

    # --- the supplier --------------------------------------------------------------------------------------

    def answer(
        self, changes: tuple[LineAnswer, ...] = (), *, note: str = "", pace: float | None = None
    ) -> None:
        """The supplier answers, mostly in time; now and then the buyer does it for him on the phone."""
        share = pace if pace is not None else self.rng.choice((0.1, 0.25, 0.4, 0.6, 0.8, 0.95, 1.4))
        self._advance(timedelta(hours=_hours(self.answer_within()) * share), self.cast.calendar)
        phoned = not changes and self.rng.random() < 0.02
        by = self.cast.buyer if phoned else self.cast.seller
        self.reference = f"{self.cast.partner.paper.name[:2].upper()}-{self.rng.randrange(10000, 99999)}"
        text = phrases.ON_BEHALF if phoned else note or self.rng.choice(phrases.THANKS)
        self.events.append(Answered(self.at, self.number, by.email, changes, self.reference, text))
        self.changes = changes

    def draft(self, changes: tuple[LineAnswer, ...], note: str = "") -> None:
        """The supplier types and is called away."""
        self._advance(timedelta(hours=self.rng.uniform(0.5, 3)), self.cast.calendar)
        self.events.append(Drafted(self.at, self.number, self.cast.seller.email, changes, note))

    def answer_within(self) -> timedelta:
        """The working time this order leaves its supplier for an answer."""
        lead = min(line.delivery_on for line in self.paper.lines) - self.paper.ordered_on
        value = sum((line.quantity * line.price / line.price_per for line in self.paper.lines), Decimal(0))
        partner = self.cast.partner.paper
        asked = Subject(ORDER_ANSWER, partner.number, partner.segment, self.paper.kind, lead.days, value)
        return allowed_time(BUILT_IN, asked, self.cast.calendar)

    # --- the buyer -----------------------------------------------------------------------------------------

    def carry_over(self) -> None:
        """On the first day a buyer takes over what was agreed by mail: many orders with one press."""
        self.at += timedelta(hours=3)
        self.events.append(CarriedOver(self.at, self.number, BRITTA.email))

    def decide(self, *, accepts: bool, keys: tuple[str, ...] = ()) -> None:
        """The buyer takes or declines what waits."""
        self._advance(timedelta(hours=self.rng.uniform(0.3, 14)), self.cast.buyer_calendar)
        reason = self.rng.choice(phrases.ACCEPTED if accepts else phrases.DECLINED)
        self.events.append(Decided(self.at, self.number, self.cast.buyer.email, accepts, keys, reason))

    def talk(self) -> None:
        """The buyer asks something, and perhaps gets an answer, and tells colleagues what he thinks."""
        self.ask(phrases.QUESTIONS)
        if self.rng.random() < 0.6:
            self._write(self.cast.seller, phrases.REPLIES, self.cast.calendar)
        if self.rng.random() < 0.3:
            self._write(self.cast.buyer, phrases.INTERNAL, self.cast.buyer_calendar, internal=True)

    def ask(self, texts: tuple[str, ...]) -> None:
        """The buyer writes to the supplier."""
        self._write(self.cast.buyer, texts, self.cast.buyer_calendar)

    def _write(
        self, person: Person, texts: tuple[str, ...], calendar: WorkingCalendar, *, internal: bool = False
    ) -> None:
        self._advance(timedelta(hours=self.rng.uniform(0.3, 4)), calendar)
        self.events.append(Wrote(self.at, self.number, person.email, self.rng.choice(texts), internal))

    def echo(self) -> None:
        """The ERP comes back with what was agreed, and with the supplier's own number."""
        agreed = {change.line_key: change for change in self.changes}
        lines = self.change_lines(lambda line: as_agreed(line, agreed[line.key]), tuple(agreed))
        self.send_again(lines=lines)
        self.changes = ()

    def told(self, plot: str) -> OrderStory:
        """The story so far, under the name of its plot."""
        return OrderStory(plot, self.number, self.cast.partner.number, tuple(self.events))

    # --- time ----------------------------------------------------------------------------------------------

    def _advance(self, working: timedelta, calendar: WorkingCalendar) -> None:
        self.at = self._before_now(add_working_time(self.at, working, calendar))

    def _next_run(self) -> datetime:
        for days in range(6):
            day = self.at.date() + timedelta(days=days)
            for run in erp_runs(self.now, day):
                moment = datetime.combine(day, run, UTC)
                if moment > self.at and day.weekday() < 5:
                    return self._before_now(moment)
        raise AssertionError("unreachable: there is a working day in any six")

    def _before_now(self, moment: datetime) -> datetime:
        # Somebody worked late, or on a Sunday: time is squeezed, but its order stays.
        if self.at < moment < self.now:
            return moment
        return self.at + (self.now - self.at) * self.rng.uniform(0.2, 0.6)


def erp_runs(now: datetime, day: date) -> tuple[time, ...]:
    """When the ERP spoke on a day: lately four times; long ago, one run a day is enough to tell the tale."""
    return ERP_RUNS if now.date() - day <= timedelta(days=13) else ERP_RUNS[-1:]


def last_run(moment: datetime) -> datetime:
    """When the ERP spoke last, at a moment or before; it is silent at weekends."""
    day = moment.date()
    while True:
        runs = [datetime.combine(day, run, UTC) for run in ERP_RUNS] if day.weekday() < 5 else []
        if past := [run for run in runs if run <= moment]:
            return past[-1]
        day -= timedelta(days=1)


def _hours(duration: timedelta) -> float:
    return duration / timedelta(hours=1)


def order_lines(cast: Cast, count: int, ordered_on: date, rng: Random) -> tuple[LinePaper, ...]:
    """Lines for items the supplier sells, wanted once its lead time is over."""
    chosen = rng.sample(cast.offers, min(count, len(cast.offers)))
    lead = max(offer.paper.lead_time_days or 0 for offer in chosen) + rng.randrange(3, 15)
    base = ordered_on + timedelta(days=lead)
    lines = []
    for place, offer in enumerate(chosen, start=1):
        wanted = base + timedelta(days=rng.choice((0, 0, 0, 0, 2, 7)))
        line = order_line(offer, 10 * place, add_working_days(wanted, 0, cast.gate), rng)
        if rng.random() < 0.05:
            line = replace(line, note=rng.choice(phrases.LINE_NOTES))
        if rng.random() < 0.04 and line.quantity >= 4 * step_of(offer.good):
            line = replace(line, schedules=in_deliveries(line, 2, step_of(offer.good), cast.gate))
        lines.append(line)
    return tuple(lines)


def order_line(offer: Offer, number: int, delivery_on: date, rng: Random) -> LinePaper:
    """One line, its quantity in whole packs and not below the supplier's minimum."""
    good, step = offer.good, step_of(offer.good)
    usual = Decimal(good.usual) * Decimal(rng.choice((25, 50, 75, 100, 100, 150, 200))) / 100
    quantity = max(usual // step * step, offer.paper.minimum_quantity or step, step)
    if good.pack is None and step < 1 and rng.random() < 0.4:
        quantity += step
    return LinePaper(
        key=f"{number:05d}",
        number=number,
        item_number=good.paper.number,
        description=good.paper.description,
        quantity=quantity,
        unit=good.paper.unit,
        price=offer.price,
        delivery_on=delivery_on,
        price_per=good.price_per,
        gtin=good.paper.gtin,
        supplier_part_number=offer.paper.supplier_part_number,
    )


def in_deliveries(
    line: LinePaper, count: int, step: Decimal, gate: WorkingCalendar, days: int = 14
) -> tuple[SchedulePaper, ...]:
    """The line's quantity in so many deliveries, the first on its day."""
    each = line.quantity / count // step * step
    rest = line.quantity - each * (count - 1)
    return tuple(
        SchedulePaper(
            each if place else rest,
            add_working_days(line.delivery_on + timedelta(days=days * place), 0, gate),
        )
        for place in range(count)
    )


def deliveries_of(line: LinePaper) -> tuple[SchedulePaper, ...]:
    """The deliveries asked for: the line itself where it has no schedule."""
    return line.schedules or (SchedulePaper(line.quantity, line.delivery_on),)


def as_agreed(line: LinePaper, answer: LineAnswer) -> LinePaper:
    """The line as the ERP holds it once the buyer took the answer."""
    taken = [piece for piece in answer.pieces if piece.kind != "refuse"]
    if not taken:
        return replace(line, cancelled=True)
    if len(taken) == 1:
        (piece,) = taken
        price = line.price if piece.price is None else piece.price
        assert piece.delivery_on is not None  # only refusals have no day in the demo
        return replace(line, quantity=piece.quantity, delivery_on=piece.delivery_on, price=price)
    dated = tuple(SchedulePaper(piece.quantity, piece.delivery_on) for piece in taken if piece.delivery_on)
    quantity = sum((delivery.quantity for delivery in dated), Decimal(0))
    price = line.price if taken[0].price is None else taken[0].price
    return replace(line, quantity=quantity, delivery_on=dated[0].delivery_on, schedules=dated, price=price)


def trouble(telling: Telling, kind: str, lines: Sequence[LinePaper]) -> tuple[tuple[LineAnswer, ...], str]:
    """What a supplier says that is not what was asked, and the note with it."""
    rng, cast = telling.rng, telling.cast
    country = cast.partner.paper.country
    picked = rng.sample(list(lines), min(len(lines), rng.choice((1, 1, 2)) if kind != "several" else 2))
    if kind == "several":
        answers = (_late(picked[0], cast, rng), *(_price(line, rng) for line in picked[1:]))
        return answers, rng.choice(phrases.in_words_of(country, phrases.SEVERAL))
    if kind == "substitute":
        return (_substitute(picked[0], rng),), rng.choice(phrases.in_words_of(country, phrases.SUBSTITUTE))
    tellers: dict[str, Callable[[LinePaper], LineAnswer]] = {
        "late": lambda line: _late(line, cast, rng),
        "split": lambda line: _split(line, cast, rng),
        "price": lambda line: _price(line, rng),
        "short": lambda line: _short(line, cast, rng),
        "refused": lambda line: _refused(line, rng),
    }
    words = {
        "late": phrases.LATE,
        "split": phrases.SPLIT,
        "price": phrases.PRICE,
        "short": phrases.SHORT,
        "refused": phrases.REFUSED,
    }
    note = rng.choice(phrases.in_words_of(country, words[kind]))
    return tuple(tellers[kind](line) for line in picked), note


def _later(day: date, cast: Cast, days: int) -> date:
    return add_working_days(day + timedelta(days=days), 0, cast.gate)


def _late(line: LinePaper, cast: Cast, rng: Random) -> LineAnswer:
    days = rng.choice((2, 3, 5, 7, 7, 10, 14, 21))
    return moved(
        line, cast, days, rng.choice(("material_shortage", "capacity", "transport", "holiday_shutdown"))
    )


def moved(line: LinePaper, cast: Cast, days: int, reason: str = "capacity") -> LineAnswer:
    """All deliveries of a line, so many days later."""
    return LineAnswer(
        line.key,
        tuple(
            Piece(asked.quantity, _later(asked.delivery_on, cast, days), schedule=place, reason=reason)
            for place, asked in enumerate(deliveries_of(line))
        ),
    )


def _parts(quantity: Decimal, share: int, step: Decimal) -> tuple[Decimal, Decimal]:
    """The quantity in two parts of whole packs; the second is nothing where one pack is all."""
    first = max(step, quantity * share / 100 // step * step)
    return first, quantity - first


def _split(line: LinePaper, cast: Cast, rng: Random) -> LineAnswer:
    pieces: list[Piece] = []
    for place, asked in enumerate(deliveries_of(line)):
        first, rest = _parts(asked.quantity, rng.choice((40, 50, 60)), cast.step(line))
        pieces.append(Piece(first, asked.delivery_on, schedule=place))
        if rest > 0:
            later = _later(asked.delivery_on, cast, rng.choice((7, 10, 14)))
            pieces.append(Piece(rest, later, schedule=place, reason="capacity"))
    return _unless_too_small_to_cut(line, pieces, cast, rng)


def _price(line: LinePaper, rng: Random) -> LineAnswer:
    price = (line.price * rng.randrange(102, 109) / 100).quantize(CENT)
    price = max(price, line.price + CENT)
    return LineAnswer(
        line.key,
        tuple(
            Piece(asked.quantity, asked.delivery_on, schedule=place, price=price, reason="price_list_change")
            for place, asked in enumerate(deliveries_of(line))
        ),
    )


def _short(line: LinePaper, cast: Cast, rng: Random) -> LineAnswer:
    pieces: list[Piece] = []
    for place, asked in enumerate(deliveries_of(line)):
        first, rest = _parts(asked.quantity, rng.choice((30, 50, 70)), cast.step(line))
        pieces.append(Piece(first, asked.delivery_on, schedule=place))
        if rest > 0:
            later = _later(asked.delivery_on, cast, rng.choice((21, 28, 35)))
            pieces.append(Piece(rest, later, "backorder", place, reason="material_shortage"))
    return _unless_too_small_to_cut(line, pieces, cast, rng)


def _unless_too_small_to_cut(line: LinePaper, pieces: list[Piece], cast: Cast, rng: Random) -> LineAnswer:
    if len(pieces) == len(deliveries_of(line)):
        return _late(line, cast, rng)
    return LineAnswer(line.key, tuple(pieces))


def _substitute(line: LinePaper, rng: Random) -> LineAnswer:
    part = f"{line.supplier_part_number}-{rng.choice('BRX')}"
    return LineAnswer(
        line.key,
        tuple(
            Piece(
                asked.quantity,
                asked.delivery_on,
                "substitute",
                place,
                reason="obsolete_item",
                item_number=part,
                item_description=f"{line.description}, new version",
            )
            for place, asked in enumerate(deliveries_of(line))
        ),
    )


def _refused(line: LinePaper, rng: Random) -> LineAnswer:
    reason = rng.choice(("obsolete_item", "minimum_quantity", "capacity"))
    return LineAnswer(
        line.key,
        tuple(
            Piece(asked.quantity, None, "refuse", place, reason=reason)
            for place, asked in enumerate(deliveries_of(line))
        ),
    )
