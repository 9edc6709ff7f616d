"""Northmoor Supply as a whole: the same for a seed and a run of its ERP, and alive at any hour, as all follows that."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from procurement.calendars.policies import add_working_days, add_working_time
from procurement.catalogue.messages import (
    CompanyPaper,
    ItemPaper,
    SitePaper,
    SupplierItemPaper,
    UnitPaper,
)
from procurement.demo import phrases
from procurement.demo.booking import bill, book_receipts
from procurement.demo.goods import UNITS, Offer, all_goods, offers_of, step_of
from procurement.demo.partners import COMPANIES, SITES, Partner, all_partners
from procurement.demo.people import BRITTA, JOSH, LIAN_FENG, OMAR, Person, all_people
from procurement.demo.stock import Warehouse, stock_up
from procurement.demo.story import Event, OrderStory
from procurement.demo.telling import (
    ERP_RUNS,
    TROUBLES,
    Cast,
    Telling,
    deliveries_of,
    erp_runs,
    in_deliveries,
    last_run,
    moved,
    order_line,
    order_lines,
    trouble,
)
from procurement.orders.messages import LinePaper
from suppliers.messages import SupplierPaper, SupplierSitePaper

DEFAULT_SEED = 1846

# Where the two thousand orders stand today, and how many of them are Lian Feng's.
PLOTS = {
    "history": (1120, 40),
    "closed": (260, 20),
    "received": (110, 3),
    "partly_received": (70, 3),
    "late": (5, 1),
    "agreed": (237, 13),
    "awaiting": (74, 6),
    "overdue": (5, 2),
    "draft": (8, 2),
    "draft_outdated": (5, 1),
    "answered": (12, 3),
    "disputed": (14, 3),
    "stale": (18, 2),
    "cancelled": (50, 4),
    "bad_news_agreed": (2, 1),
    "slipped": (2, 0),
    "surplus": (1, 0),
    "crossed": (2, 1),
    "locked_in_erp": (2, 0),
    "not_getting_through": (1, 0),
    "kitting": (1, 1),
    "framework": (1, 1),
}

# How often a supplier of each segment is ordered from.
WEIGHTS = {"strategic": 60, "core": 34, "long_tail": 14}
# Strategic suppliers have a working day for an answer: what waits for them in the morning is overdue in the evening.
WEIGHTS_WHILE_WAITING = {"strategic": 0, "core": 20, "long_tail": 30}
WAITS_FOR_SUPPLIER = frozenset({"awaiting", "draft", "draft_outdated", "disputed", "stale"})

# Before this the orders went by mail; those that were done by then were carried over on the first day.
LIVE_FOR = timedelta(days=140)

KITS = 125
LINES_PER_KIT = 8


@dataclass(frozen=True, slots=True)
class DemoCompany:
    """Everything the demo is made of, as the papers and events that the real services take in."""

    now: datetime
    companies: tuple[CompanyPaper, ...]
    sites: tuple[SitePaper, ...]
    units: tuple[UnitPaper, ...]
    items: tuple[ItemPaper, ...]
    suppliers: tuple[SupplierPaper, ...]
    supplier_sites: tuple[SupplierSitePaper, ...]
    supplier_items: tuple[SupplierItemPaper, ...]
    people: tuple[Person, ...]
    orders: tuple[OrderStory, ...]
    warehouse: Warehouse

    @property
    def today(self) -> date:
        """The day on which it stands as it does (UTC)."""
        return self.now.date()

    def events(self) -> tuple[Event, ...]:
        """Everything that happened, in the order in which it did."""
        return tuple(
            sorted((event for story in self.orders for event in story.events), key=lambda event: event.at)
        )


@dataclass(frozen=True, slots=True)
class _Plan:
    plot: str
    partner: Partner
    sent_at: datetime


def make_company(moment: datetime, seed: int = DEFAULT_SEED) -> DemoCompany:
    """The demo company as it stood when its ERP last spoke on the day of a moment, or at that day's first minute (UTC).

    Not as in the morning: what a strategic supplier has a working day for would be overdue to who comes in the evening.
    """
    midnight = datetime.combine(moment.date(), time(0), UTC)
    now = max(midnight, last_run(moment))
    rng = Random(seed)  # noqa: S311 -- invents a company; no secret
    partners, goods = all_partners(), all_goods()
    offers = offers_of(partners, goods, rng)
    people = all_people(partners)
    orders = _stories(now, partners, offers, people, rng)
    return DemoCompany(
        now=now,
        companies=COMPANIES,
        sites=SITES,
        units=UNITS,
        items=tuple(good.paper for good in goods),
        suppliers=tuple(partner.paper for partner in partners),
        supplier_sites=tuple(site for partner in partners for site in partner.sites),
        supplier_items=tuple(offer.paper for offer in offers),
        people=people,
        orders=orders,
        warehouse=stock_up(now.date(), goods, orders, seed),
    )


def few_of(company: DemoCompany, tales: int = 2) -> DemoCompany:
    """The same company with a few orders of each plot, without the one of a thousand lines: there in seconds."""
    told = [
        [one for one in company.orders if one.plot == plot][-tales:] for plot in PLOTS if plot != "kitting"
    ]
    return replace(company, orders=tuple(story for some in told for story in some))


def _stories(
    now: datetime,
    partners: tuple[Partner, ...],
    offers: tuple[Offer, ...],
    people: tuple[Person, ...],
    rng: Random,
) -> tuple[OrderStory, ...]:
    by_supplier: dict[str, tuple[Offer, ...]] = {}
    for offer in offers:
        by_supplier[offer.paper.supplier] = (*by_supplier.get(offer.paper.supplier, ()), offer)
    sellers = {name: person for person in reversed(people) for name in person.acts_for}
    plans = sorted(_plans(now, partners, by_supplier, rng), key=lambda plan: plan.sent_at)
    numbers = {"NMUK": 4500030000, "NMDE": 4510012000}
    stories = []
    turns = dict.fromkeys(PLOTS, 0)
    for plan in plans:
        cast = _cast(plan.partner, by_supplier[plan.partner.number], sellers[plan.partner.paper.name], rng)
        if plan.plot == "late":  # each buyer waits for some
            cast = replace(cast, buyer=(OMAR, JOSH, OMAR, BRITTA, OMAR)[turns[plan.plot] % 5])
        numbers[cast.company.code] += rng.choice((1, 1, 1, 2, 3))
        telling = Telling(
            cast, str(numbers[cast.company.code]), plan.sent_at, now, rng, turn=turns[plan.plot]
        )
        turns[plan.plot] += 1
        _TELLERS[plan.plot](telling)
        stories.append(telling.told(plan.plot))
    return tuple(stories)


def _plans(
    now: datetime, partners: tuple[Partner, ...], offers: dict[str, tuple[Offer, ...]], rng: Random
) -> list[_Plan]:
    lian_feng = next(partner for partner in partners if partner.paper.name == LIAN_FENG)
    others = [partner for partner in partners if partner.number in offers and partner is not lian_feng]
    plans = []
    for plot, (count, of_lian_feng) in PLOTS.items():
        weights = WEIGHTS_WHILE_WAITING if plot in WAITS_FOR_SUPPLIER else WEIGHTS
        rest = rng.choices(
            others, [weights[partner.paper.segment] for partner in others], k=count - of_lian_feng
        )
        for partner in (*[lian_feng] * of_lian_feng, *rest):
            leads = [offer.paper.lead_time_days or 0 for offer in offers[partner.number]]
            plans.append(_Plan(plot, partner, _sent_at(plot, min(leads), max(leads), now, rng)))
    return plans


def _sent_at(plot: str, soonest: int, lead: int, now: datetime, rng: Random) -> datetime:
    """When the ERP sent the order, so that its plot can have come this far by now.

    What is still to come was ordered less than its supplier's shortest lead time ago: nothing of it is overdue. What
    nobody has answered came last, and what somebody has begun to answer the time before.
    """
    if plot == "awaiting":
        return last_run(now)
    if plot == "draft":
        return last_run(now - timedelta(hours=1))
    latest = max(6, soonest - 4)
    choices: dict[str, Callable[[], int]] = {
        "history": lambda: LIVE_FOR.days + lead + rng.randrange(8, 100),
        "closed": lambda: rng.randrange(lead + 28, LIVE_FOR.days - 1),
        "received": lambda: lead + rng.randrange(26, 40),
        "partly_received": lambda: max(7, soonest - rng.randrange(6)),
        "late": lambda: lead + rng.randrange(18, 28),
        "agreed": lambda: rng.randrange(4, latest),
        "overdue": lambda: rng.randrange(4, 9),
        "draft_outdated": lambda: rng.randrange(2, 4),
        "answered": lambda: rng.randrange(4, 9),
        "disputed": lambda: rng.randrange(5, min(12, latest)),
        "stale": lambda: rng.randrange(5, min(24, latest)),
        "cancelled": lambda: rng.randrange(20, LIVE_FOR.days - 1),
        "bad_news_agreed": lambda: rng.randrange(5, min(20, latest)),
        "slipped": lambda: rng.randrange(9, 12),
        "surplus": lambda: lead + rng.randrange(16, 20),
        "crossed": lambda: rng.randrange(3, 6),
        "locked_in_erp": lambda: rng.randrange(3, 5),
        "not_getting_through": lambda: 3,
        "kitting": lambda: 1,
        "framework": lambda: 6,
    }
    ago = choices[plot]()
    day = now.date() - timedelta(days=1 + ago)
    while day.weekday() >= 5:
        day -= timedelta(days=1)
    runs = erp_runs(now, day)
    return datetime.combine(day, rng.choice(runs[-1:] if plot in WAITS_FOR_SUPPLIER else runs), UTC)


def _cast(partner: Partner, offers: tuple[Offer, ...], seller: Person, rng: Random) -> Cast:
    """A British or a German company buys, by where the supplier is; valves are Omar's everywhere."""
    british = rng.random() < (0.85 if partner.paper.country == "GB" else 0.45)
    company = COMPANIES[0 if british else 1]
    site = rng.choice([site for site in SITES if site.company == company.code])
    buyer = rng.choice((OMAR, JOSH)) if british else BRITTA
    if "valves" in partner.groups:
        buyer = OMAR
    return Cast(company, site, partner, offers, seller, buyer)


# --- Plots ------------------------------------------------------------------------------------------------


def _open_order(
    telling: Telling, *, lines: int = 0, due_on: date | None = None, at_once: bool = False
) -> None:
    """The order comes; with so many lines, asked for on one day or each line at once, where the plot wants it so."""
    rng = telling.rng
    note = rng.choice(phrases.ORDER_NOTES) if rng.random() < 0.18 else ""
    told = order_lines(telling.cast, lines or _how_many_lines(rng), telling.at.date(), rng)
    if due_on:
        told = tuple(replace(line, delivery_on=due_on) for line in told)
    if due_on or at_once:
        told = tuple(replace(line, schedules=()) for line in told)
    telling.send(told, kind="rush" if rng.random() < 0.03 else "standard", note=note)


def _how_many_lines(rng: Random) -> int:
    return rng.choices((1, 2, 3, 4, 5, 6, 8, 12, 18), (14, 19, 19, 15, 11, 8, 7, 4, 3))[0]


def _awaiting(telling: Telling) -> None:
    _open_order(telling)


def _overdue(telling: Telling) -> None:
    _open_order(telling)
    if telling.rng.random() < 0.4:
        telling.at = min(
            add_working_time(telling.at, telling.answer_within(), telling.cast.calendar),
            telling.now - timedelta(hours=20),
        )
        telling.ask(phrases.REMINDERS)


def _draft(telling: Telling) -> None:
    _open_order(telling)
    changes, note = trouble(telling, telling.rng.choice(("late", "split", "price")), telling.paper.lines)
    telling.draft(changes, note)


def _draft_outdated(telling: Telling) -> None:
    _draft(telling)
    this_night = telling.now - timedelta(hours=telling.rng.randrange(2, 9))
    telling.send_again(this_night, lines=_sooner(telling, telling.paper.lines[:1]))


def _answered(telling: Telling) -> None:
    _open_order(telling)
    rng = telling.rng
    kind = TROUBLES[telling.turn % len(TROUBLES)]
    changes, note = trouble(telling, kind, telling.paper.lines)
    # Most of it came in since yesterday; the buyer sits on the rest for days.
    hours = (9, 4, 76, 13, 6, 20, 11, 52)[telling.turn % 8]
    telling.at = max(telling.at, telling.now - timedelta(hours=hours))
    telling.answer(changes, note=note, pace=0.05)
    if rng.random() < 0.3:
        telling.talk()


def _disputed(telling: Telling) -> None:
    _open_order(telling)
    changes, note = trouble(telling, telling.rng.choice(("late", "price", "short")), telling.paper.lines)
    telling.answer(changes, note=note, pace=0.5)
    # Said yesterday: the supplier has some time left to answer anew.
    telling.at = max(telling.at, telling.now - timedelta(hours=telling.rng.randrange(8, 20)))
    telling.decide(accepts=False, keys=tuple(change.line_key for change in changes))
    if telling.rng.random() < 0.6:
        telling.talk()


def _agree(telling: Telling) -> None:
    """Answered, sometimes after some bargaining, and agreed."""
    rng = telling.rng
    if rng.random() < 0.78:
        telling.answer()
        return
    changes, note = trouble(telling, rng.choice(("late", "late", "split", "price")), telling.paper.lines)
    keys = tuple(change.line_key for change in changes)
    telling.answer(changes, note=note)
    if rng.random() < 0.2:
        telling.decide(accepts=False, keys=keys)
        telling.answer(pace=0.4)  # the second answer promises what was asked
        return
    telling.decide(accepts=True, keys=keys)
    telling.echo()


def _agreed(telling: Telling) -> None:
    """Agreed, and in the ERP unless that was a moment ago."""
    _open_order(telling)
    _agree(telling)
    if telling.paper.extra == {} and telling.rng.random() < 0.97:
        telling.echo()


def _slipped(telling: Telling) -> None:
    """Agreed for later than asked; asked to come sooner after all, and now it is to come later still."""
    _open_order(telling, lines=2, at_once=True)
    line = telling.paper.lines[0]
    words = phrases.in_words_of(telling.cast.partner.paper.country, phrases.LATE)
    telling.answer((moved(line, telling.cast, 5),), note=telling.rng.choice(words), pace=0.2)
    telling.decide(accepts=True, keys=(line.key,))
    telling.echo()
    sooner = telling.change_lines(lambda one: replace(one, delivery_on=line.delivery_on), (line.key,))
    telling.send_again(lines=sooner)
    telling.answer((moved(line, telling.cast, 14),), note=telling.rng.choice(words), pace=0.4)


def _surplus(telling: Telling) -> None:
    """One pack more came than was ordered, and the ERP has counted it in."""
    _open_order(telling, lines=1)
    telling.answer(pace=0.3)
    telling.echo()
    before = telling.paper
    more = telling.change_lines(
        lambda line: replace(line, received_quantity=line.quantity + telling.cast.step(line))
    )
    telling.send_again(_came_early(telling), lines=more)
    book_receipts(telling, before)


def _bad_news_agreed(telling: Telling) -> None:
    """A refusal the buyer took: the ERP cancels the line."""
    _open_order(telling)
    changes, note = trouble(telling, "refused", telling.paper.lines[:1])
    telling.answer(changes, note=note)
    telling.decide(accepts=True, keys=(changes[0].line_key,))
    telling.echo()


def _stale(telling: Telling) -> None:
    """Agreed, and then the ERP wants something else on a line or two."""
    _open_order(telling)
    telling.answer(pace=0.5)
    touched = telling.rng.sample(
        telling.paper.lines, min(len(telling.paper.lines), telling.rng.choice((1, 1, 2)))
    )
    late = telling.now - timedelta(hours=telling.rng.randrange(3, 20))
    telling.send_again(late, lines=_sooner(telling, touched))
    if telling.rng.random() < 0.5:
        telling.talk()


def _crossed(telling: Telling) -> None:
    """The answer and a change in the ERP cross: what was agreed no longer fits what the ERP holds."""
    _open_order(telling)
    telling.answer(pace=0.4)
    telling.send_again(telling.at + timedelta(minutes=7), lines=_sooner(telling, telling.paper.lines[:1]))


def _locked_in_erp(telling: Telling) -> None:
    """Agreed, but the ERP will not take it: somebody has the order open there."""
    _open_order(telling)
    changes, note = trouble(telling, "late", telling.paper.lines[:2])
    telling.answer(changes, note=note, pace=0.3)
    telling.decide(accepts=True, keys=tuple(change.line_key for change in changes))


def _sooner(telling: Telling, touched: tuple[LinePaper, ...] | list[LinePaper]) -> tuple[LinePaper, ...]:
    """The lines, with those touched wanted a week sooner or half as much again."""
    more, keys = telling.rng.random() < 0.4, tuple(line.key for line in touched)

    def change(line: LinePaper) -> LinePaper:
        if more:
            step = telling.cast.step(line)
            quantity = line.quantity + max(step, line.quantity / 2 // step * step)
            return replace(line, quantity=quantity, schedules=())
        gate, earliest = telling.cast.gate, telling.now.date() + timedelta(days=4)
        sooner = add_working_days(max(line.delivery_on - timedelta(days=7), earliest), 0, gate)
        if sooner >= line.delivery_on:
            return replace(line, quantity=line.quantity + telling.cast.step(line), schedules=())
        return replace(line, delivery_on=sooner, schedules=())

    return telling.change_lines(change, keys)


def _late(telling: Telling) -> None:
    """Agreed, due, and not there: since yesterday or for weeks."""
    due_on = telling.now.date() - timedelta(days=(2, 15, 1, 8, 4)[telling.turn % 5])
    while due_on.weekday() >= 5:
        due_on -= timedelta(days=1)
    _open_order(telling, lines=1 + telling.turn % 2, due_on=due_on)
    telling.answer(pace=0.6)
    telling.echo()
    if telling.rng.random() < 0.3:
        telling.at = max(telling.at, telling.now - timedelta(days=2))
        telling.ask(phrases.WHERE_IS_IT)


def _receive(telling: Telling, line: LinePaper, share: Decimal = Decimal(1)) -> LinePaper:
    step = telling.cast.step(line)
    counted = line.quantity if share == 1 else max(step, line.quantity * share // step * step)
    return replace(line, received_quantity=min(counted, line.quantity))


def _received_at(telling: Telling) -> datetime:
    """The warehouse counts about when the first of the goods are due; what was wanted later comes along."""
    due = min(line.delivery_on for line in telling.paper.lines if not line.cancelled)
    day = add_working_days(
        due + timedelta(days=telling.rng.choice((-1, 0, 0, 0, 1, 3))), 0, telling.cast.gate
    )
    return datetime.combine(day, ERP_RUNS[-1], UTC)


def _partly_received(telling: Telling) -> None:
    _open_order(telling)
    _agree(telling)
    lines = telling.paper.lines
    first = telling.rng.choice(lines)
    share = Decimal(telling.rng.choice((30, 50, 60, 80))) / 100

    def change(line: LinePaper) -> LinePaper:
        if line.cancelled:
            return line
        if line is first:
            return _receive(telling, line, share)
        return _receive(telling, line) if telling.rng.random() < 0.4 else line

    before = telling.paper
    telling.send_again(_came_early(telling), lines=telling.change_lines(change))
    book_receipts(telling, before)
    # Lian Feng's are left for the invoices of the morning.
    if int(telling.number) % 2 and telling.cast.partner.paper.name != LIAN_FENG:
        _invoice_what_came(telling)


def _came_early(telling: Telling) -> datetime:
    """What was ready came ahead of its day, in the last days; the rest is still on time."""
    day = telling.now.date() - timedelta(days=telling.rng.randrange(1, 7))
    while day.weekday() >= 5:
        day -= timedelta(days=1)
    return datetime.combine(day, ERP_RUNS[-1], UTC)


def _received(telling: Telling) -> None:
    _open_order(telling)
    _agree(telling)

    def change(line: LinePaper) -> LinePaper:
        return line if line.cancelled else _receive(telling, line)

    before = telling.paper
    telling.send_again(_received_at(telling), lines=telling.change_lines(change))
    book_receipts(telling, before)
    _invoice_what_came(telling)


def _invoice_what_came(telling: Telling) -> None:
    """The supplier's invoice comes a few days after the goods; it is on its way where those days are not over."""
    day = add_working_days(telling.at.date() + timedelta(days=4), 0, telling.cast.gate)
    at = datetime.combine(day, ERP_RUNS[-1], UTC)
    if at >= telling.now:
        return
    before = telling.paper
    invoiced = telling.change_lines(lambda line: replace(line, invoiced_quantity=line.received_quantity))
    telling.send_again(at, lines=invoiced)
    bill(telling, before)


def _history(telling: Telling) -> None:
    """Agreed by mail and done before the portal was there: carried over on the first day, and closed."""
    ordered_on = telling.at.date()
    lines = order_lines(telling.cast, _how_many_lines(telling.rng), ordered_on, telling.rng)
    first_day = telling.now.date() - LIVE_FOR
    telling.at = datetime.combine(first_day, ERP_RUNS[0], UTC)
    telling.send(lines, ordered_on=ordered_on)
    telling.carry_over()
    done = telling.change_lines(
        lambda line: replace(
            line, received_quantity=line.quantity, invoiced_quantity=line.quantity, closed=True
        )
    )
    telling.send_again(datetime.combine(first_day, ERP_RUNS[-1], UTC), lines=done, status="closed")


def _closed(telling: Telling) -> None:
    """Received, invoiced and done; a few a little short."""
    _open_order(telling)
    _agree(telling)
    short = telling.rng.random() < 0.04

    def change(line: LinePaper) -> LinePaper:
        if line.cancelled:
            return line
        done = _receive(telling, line, Decimal("0.95") if short else Decimal(1))
        return replace(done, invoiced_quantity=done.received_quantity, closed=True)

    before = telling.paper
    telling.send_again(_received_at(telling), lines=telling.change_lines(change), status="closed")
    book_receipts(telling, before)
    bill(telling, before)


def _cancelled(telling: Telling) -> None:
    _open_order(telling)
    if telling.rng.random() < 0.5:
        telling.answer()
    telling.send_again(telling.at + timedelta(days=telling.rng.randrange(1, 12)), status="cancelled")


def _kitting(telling: Telling) -> None:
    """A thousand lines: what is needed for so many pump skids, kit by kit."""
    rng, cast = telling.rng, telling.cast
    first_day = telling.at.date() + timedelta(days=95)
    kit = rng.sample(cast.offers, LINES_PER_KIT * 3)
    lines: list[LinePaper] = []
    for number in range(KITS):
        parts = kit[number % 3 * LINES_PER_KIT :][:LINES_PER_KIT]
        day = add_working_days(first_day + timedelta(days=number // 5 * 7), 0, cast.gate)
        for offer in parts:
            line = order_line(offer, 10 * (len(lines) + 1), day, rng)
            step = step_of(offer.good)
            quantity = max(offer.paper.minimum_quantity or step, step) * rng.choice((1, 1, 2))
            lines.append(
                replace(line, quantity=quantity, note=f"Kit {number + 1:03d}, skid SK-{440 + number // 5}")
            )
    telling.send(tuple(lines), kind="framework", note="Kitting for 25 pump skids: keep each kit together.")


def _framework(telling: Telling) -> None:
    """A year's quantities, called off month by month; two of the deliveries come late."""
    cast = telling.cast
    first_day = add_working_days(telling.at.date() + timedelta(days=90), 0, cast.gate)
    lines: list[LinePaper] = []
    for offer in telling.rng.sample(cast.offers, 10):
        line = order_line(offer, 10 * (len(lines) + 1), first_day, telling.rng)
        line = replace(line, quantity=max(line.quantity, step_of(offer.good) * 12) * 12)
        lines.append(
            replace(line, schedules=in_deliveries(line, 12, step_of(offer.good), cast.gate, days=30))
        )
    telling.send(tuple(lines), kind="framework", note="Yearly quantity, called off month by month.")
    changes, note = trouble(telling, "late", telling.paper.lines[:1])
    (answer,) = changes
    asked = deliveries_of(telling.paper.lines[0])
    pieces = tuple(
        piece if place in (2, 3) else replace(piece, delivery_on=asked[place].delivery_on, reason="")
        for place, piece in enumerate(answer.pieces)
    )
    telling.answer((replace(answer, pieces=pieces),), note=note, pace=0.5)


_TELLERS: dict[str, Callable[[Telling], None]] = {
    "history": _history,
    "closed": _closed,
    "received": _received,
    "partly_received": _partly_received,
    "late": _late,
    "agreed": _agreed,
    "awaiting": _awaiting,
    "overdue": _overdue,
    "draft": _draft,
    "draft_outdated": _draft_outdated,
    "answered": _answered,
    "disputed": _disputed,
    "stale": _stale,
    "cancelled": _cancelled,
    "bad_news_agreed": _bad_news_agreed,
    "slipped": _slipped,
    "surplus": _surplus,
    "crossed": _crossed,
    "locked_in_erp": _locked_in_erp,
    "not_getting_through": _locked_in_erp,
    "kitting": _kitting,
    "framework": _framework,
}
