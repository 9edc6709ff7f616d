"""From the ERP's feeds to the same services that the pages use; and from what was read, to the commands it
confirms."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import DataError, IntegrityError
from django.db.models import Q
from django.utils.translation import gettext_noop

from portal.kernel.actors import Actor, Channel
from portal.kernel.audit.services import record
from portal.kernel.errors import Intake
from portal.kernel.errors import Problem as PortalProblem
from portal.kernel.mirror import Mirrored
from portal.kernel.scope import acting, require_no_transaction
from portal.kernel.values import read_key
from procurement.bills.services import attach_bills, receive_bills
from procurement.catalogue.messages import CustomerDemandPaper
from procurement.catalogue.services import (
    forget_unsaid,
    receive_companies,
    receive_customer_demand,
    receive_items,
    receive_sites,
    receive_stock,
    receive_supplier_items,
    receive_units,
)
from procurement.changes.services import overtake_changes
from procurement.erp.circuit import rest_after
from procurement.erp.connection import (
    PAUSED,
    Shut,
    begin_calling,
    is_left_alone,
    is_paused,
    note_answer,
    note_error,
    note_nothing,
)
from procurement.erp.connectors import connect
from procurement.erp.invoicing import follow_bills, hold_what_is_billed, join_booked
from procurement.erp.models import (
    ErpCommand,
    ErpConnection,
    FeedCursor,
    FeedProblem,
    FeedRun,
    InvoiceWrite,
)
from procurement.erp.policies import held_by_paper
from procurement.erp.ports import (
    Busy,
    CommandResult,
    Cursor,
    ErpConnector,
    ErpError,
    Feed,
    Outcome,
    Page,
    ReadBack,
    Sighting,
    Transient,
    WriteResult,
)
from procurement.erp.problems import Problem, Severity, shown
from procurement.erp.queries import confirmable_commands, is_being_written, lock_orders
from procurement.erp.services import confirm_by_reading, record_result
from procurement.erp.states import RunState, TellingState
from procurement.erp.telling import OF_INVOICES, find_telling, held, record_telling_result
from procurement.orders.messages import OrderPaper
from procurement.orders.services import newest_papers, receive_orders
from procurement.receipts.services import attach_receipts, receive_receipts
from suppliers.banking.services import hear_of_erp
from suppliers.services import receive_supplier_sites, receive_suppliers

logger = logging.getLogger(__name__)

__all__ = ["FEED_ACTOR", "read_configured_feeds", "read_feeds", "rest_after", "take_page"]

FEED_ACTOR = Actor.system("ERP feed", Channel.ERP)
BEING_WRITTEN = gettext_noop(
    "Something is being written to this order. Wait until it is through, then look again."
)
Clock = Callable[[], datetime]


@dataclass(slots=True)
class Taken:
    """What the portal made of a page."""

    stored: int = 0
    unchanged: int = 0
    refused: list[Problem] = field(default_factory=list)
    noticed: list[Problem] = field(default_factory=list)


def read_configured_feeds(
    *, clock: Clock, feeds: Iterable[Feed] = tuple(Feed), rested: bool = False
) -> list[FeedRun]:
    """Read the feeds of the ERP that this installation is connected to."""
    with connect() as connector:
        return read_feeds(connector, clock=clock, feeds=feeds, rested=rested)


def read_feeds(
    connector: ErpConnector, *, clock: Clock, feeds: Iterable[Feed] = tuple(Feed), rested: bool = False
) -> list[FeedRun]:
    """Read every feed the ERP has, in the order in which papers refer to each other.

    A feed that fails is written down and does not keep the others from being read; one that another process is
    reading is left to it. With `rested`, a feed that failed a moment ago is left alone for a while; a person who asks
    by hand is not made to wait. Nothing is read while the connection is paused, nor while nobody answers at the ERP's
    door, except by the one who goes to ask.
    """
    require_no_transaction()
    runs: list[FeedRun] = []
    for feed in feeds:
        if feed not in connector.capabilities.reads or (rested and _is_resting(feed, clock())):
            continue
        try:
            with acting(FEED_ACTOR):
                connection = begin_calling(connector.capabilities, at=clock(), by_hand=not rested)
        except Shut:
            break
        try:
            runs += _read_feed(connector, connection, feed, clock)
        except Busy:
            logger.info("feed is being read by another process", extra={"feed": feed})
            note_nothing(connection, at=clock())
    if runs:
        _join_what_waits(clock())
    return runs


def _join_what_waits(at: datetime) -> None:
    """Orders and what happened to them may be read by two processes at once, neither of which sees what the other is
    about to commit: after a round in which anything came, nothing is left waiting for an order that is here."""
    with acting(FEED_ACTOR):
        attach_receipts(actor=FEED_ACTOR, at=at)
        attach_bills(actor=FEED_ACTOR, at=at)


class _Stopped(Exception):
    """A person paused the connection, or set the feed back, while it was being read."""


def _read_feed(
    connector: ErpConnector, connection: ErpConnection, feed: Feed, clock: Clock
) -> Iterator[FeedRun]:
    run: FeedRun | None = None
    failure = ""
    try:
        place = _place_in(connector, feed, clock)
        for page in connector.read(feed, place.cursor):
            if run is not None and _is_stopped():
                break
            run = run or _start_run(feed, place.again_since, clock())
            refused = take_page(run, page, at=clock(), rewinds=place.rewinds)
            connector.settle(page, refused)
        note_answer(connection, at=clock())
    except Busy:
        raise
    except _Stopped:
        note_answer(connection, at=clock())
    except ErpError as error:
        logger.warning("feed failed", extra={"feed": feed, "kind": type(error).__name__})
        failure = error.reason
        note_error(connection, error, at=clock())
    except Exception as error:
        # A fault of ours: the page stays unread and is tried again, and the owner sees that it does not get through.
        logger.exception("feed failed", extra={"feed": feed})
        failure = f"{type(error).__name__}: {error}"
        note_nothing(connection, at=clock())
    if failure:
        yield _fail_run(run or _start_run(feed, None, clock()), failure, clock())
    else:
        _forget_failures(feed)
        if run is not None:
            yield _finish_run(run, clock())


@dataclass(frozen=True, slots=True)
class _Place:
    """From where a feed is read, and how often it had been set back by then."""

    cursor: Cursor | None
    rewinds: int
    again_since: datetime | None = None


def _place_in(connector: ErpConnector, feed: Feed, clock: Clock) -> _Place:
    """Where to begin; where a person wants the feed read again, it is set back first.

    Note [Read again]: the wish stands in the cursor's row until the connector has granted it, outside any transaction.
    A crash in between grants it once more, which is harmless.
    """
    with acting(FEED_ACTOR):
        found = FeedCursor.objects.filter(feed=feed).first()
    if found is None:
        return _Place(None, 0)
    cursor = Cursor(feed, found.position) if found.position else None
    if found.again_since is None:
        return _Place(cursor, found.rewinds)
    back = connector.rewind(feed, cursor, found.again_since)
    with acting(FEED_ACTOR):
        wish = FeedCursor.objects.select_for_update().get(pk=found.pk)
        if wish.again_since == found.again_since:
            wish.again_since = None
        wish.position = dict(back.position) if back else {}
        wish.rewinds += 1
        wish.retry_at = None
        wish.save(update_fields=["again_since", "position", "rewinds", "retry_at"])
        facts = {"feed": feed.value, "since": found.again_since.isoformat()}
        record("feed.rewound", f"feed:{feed}", actor=FEED_ACTOR, at=clock(), supplier_id=None, facts=facts)
    return _Place(back, wish.rewinds, found.again_since)


def _is_stopped() -> bool:
    with acting(FEED_ACTOR):
        return is_paused()


def _start_run(feed: Feed, again_since: datetime | None, at: datetime) -> FeedRun:
    with acting(FEED_ACTOR):
        return FeedRun.objects.create(feed=feed, started_at=at, again_since=again_since)


def _finish_run(run: FeedRun, at: datetime) -> FeedRun:
    run.state, run.finished_at = RunState.DONE, at
    with acting(FEED_ACTOR):
        run.save(update_fields=["state", "finished_at"])
    return run


def _forget_failures(feed: Feed) -> None:
    """A reading that went through ends a row of failures, also where there was nothing to read."""
    with acting(FEED_ACTOR):
        FeedCursor.objects.filter(feed=feed, failures__gt=0).update(
            failures=0, failing_since=None, retry_at=None
        )


def _fail_run(run: FeedRun, failure: str, at: datetime) -> FeedRun:
    """Write the failure down, once for as long as it stays the same, and let the feed rest."""
    with acting(FEED_ACTOR):
        cursor, _made = FeedCursor.objects.get_or_create(feed=run.feed, defaults={"moved_at": at})
        cursor.failures += 1
        cursor.failing_since = cursor.failing_since or at
        cursor.retry_at = at + rest_after(cursor.failures)
        cursor.save(update_fields=["failures", "failing_since", "retry_at"])
        before = (
            FeedRun.objects.filter(feed=run.feed).exclude(pk=run.pk).order_by("-started_at", "-id").first()
        )
        if (
            before is not None
            and not run.papers
            and (before.state, before.reason) == (RunState.FAILED, failure)
        ):
            run.delete()
            run = before
        run.state, run.reason, run.finished_at = RunState.FAILED, failure, at
        run.save(update_fields=["state", "reason", "finished_at"])
    return run


def _is_resting(feed: Feed, at: datetime) -> bool:
    """Whether a feed is left alone for a trouble of its own; while nobody answers at all, the door says who asks."""
    with acting(FEED_ACTOR):
        if is_left_alone():
            return False
        return FeedCursor.objects.filter(feed=feed, retry_at__gt=at).exists()


def read_one_order(company: str, number: str, *, clock: Clock) -> bool:
    """Read one order back from the ERP this moment and take it in, as a feed would. Returns whether it is still there.

    Raises `Unsupported` where an ERP tells of its orders by feed alone, and the errors of the way to it; `Transient`
    while the connection is paused, and while the order is being written, for then the ERP may hold half of it.
    """
    require_no_transaction()
    began = clock()
    with connect() as connector:
        try:
            with acting(FEED_ACTOR):
                connection = begin_calling(connector.capabilities, at=began, by_hand=True)
        except Shut as shut:
            raise Transient(PAUSED) from shut
        try:
            paper = connector.read_back(company, number)
        except ErpError as error:
            note_error(connection, error, at=clock())
            raise
        except Exception:
            note_nothing(connection, at=clock())
            raise
        note_answer(connection, at=clock())
    if paper is None:
        return False
    with acting(FEED_ACTOR):
        if is_being_written(company, number, since=began):
            raise Transient(BEING_WRITTEN)
        _take(Feed.ORDERS, [Sighting(paper, "")], clock())
    return True


def can_read_one_order() -> bool:
    """Whether the ERP can be asked for one order this moment."""
    try:
        with connect() as connector:
            return connector.capabilities.read_back is ReadBack.IMMEDIATE
    except (ImproperlyConfigured, LookupError):
        return False


def take_page(run: FeedRun, page: Page, *, at: datetime, rewinds: int = 0) -> list[Problem]:
    """Store a page, its cursor and its problems in one transaction; returns what the portal refused of it.

    `rewinds` is how often the feed had been set back when this reading began.
    """
    try:
        with acting(FEED_ACTOR):
            taken = _take(page.feed, page.sightings, at)
            _forget_unsaid(page, at)
            _note_page(run, page, taken, at, rewinds)
    except (DataError, IntegrityError):
        # One paper that the database will not have must not cost the others: take them one by one.
        logger.exception("a page was refused by the database; taking its papers one by one")
        taken = _take_one_by_one(page, at)
        with acting(FEED_ACTOR):
            _forget_unsaid(page, at)
            _note_page(run, page, taken, at, rewinds)
    return taken.refused


def _forget_unsaid(page: Page, at: datetime) -> None:
    """The last page of all there is: what was not told is not there any more."""
    if page.whole_as_of is not None:
        forget_unsaid(page.feed.value, page.whole_as_of, at=at)


def _take_one_by_one(page: Page, at: datetime) -> Taken:
    sum_up = Taken()
    for sighting in page.sightings:
        try:
            with acting(FEED_ACTOR):
                one = _take(page.feed, [sighting], at)
        except (DataError, IntegrityError) as error:
            reason = str(error).splitlines()[0]
            one = Taken(refused=[_refusal(sighting, PortalProblem("", reason), _name_of(sighting.paper))])
        sum_up.stored += one.stored
        sum_up.unchanged += one.unchanged
        sum_up.refused += one.refused
        sum_up.noticed += one.noticed
    return sum_up


def _note_page(run: FeedRun, page: Page, taken: Taken, at: datetime, rewinds: int) -> None:
    cursor, _made = FeedCursor.objects.select_for_update().get_or_create(
        feed=page.feed, defaults={"moved_at": at}
    )
    if cursor.rewinds != rewinds:
        raise _Stopped  # set back meanwhile: this reading must not set it forward
    cursor.position, cursor.moved_at = dict(page.next.position), at
    cursor.save(update_fields=["position", "moved_at"])
    problems = [*page.problems, *taken.refused, *taken.noticed]
    FeedProblem.objects.bulk_create([_row(run, problem) for problem in problems], batch_size=1000)
    run.papers += len(page.sightings)
    run.taken += taken.stored
    run.unchanged += taken.unchanged
    run.refused += sum(1 for problem in problems if problem.severity is Severity.REFUSED)
    run.noticed += sum(1 for problem in problems if problem.severity is Severity.NOTICED)
    if page.source and page.source not in run.sources:
        run.sources = [*run.sources, page.source][-20:]
    run.told_until = max(filter(None, (run.told_until, _told_until(page))), default=None)
    run.save(update_fields=["papers", "taken", "unchanged", "refused", "noticed", "sources", "told_until"])


def _told_until(page: Page) -> datetime | None:
    """The newest moment of the ERP's time that a page tells of."""
    if page.window is not None:
        return page.window.until
    return max(filter(None, (getattr(one.paper, "stamp", None) for one in page.sightings)), default=None)


def _row(run: FeedRun, problem: Problem) -> FeedProblem:
    return FeedProblem(
        run=run,
        rule=problem.rule,
        severity=problem.severity.value,
        source=shown(problem.source, 300),
        row=problem.row,
        record=shown(problem.record, 300),
        column=shown(problem.column, 100),
        value=shown(problem.value),
        facts={name: shown(fact) if isinstance(fact, str) else fact for name, fact in problem.facts.items()},
    )


# --- the services
# ---------------------------------------------------------------------------------------------

INTAKES: dict[Feed, Callable[[Sequence[Any]], Intake]] = {
    Feed.COMPANIES: receive_companies,
    Feed.UNITS: receive_units,
    Feed.SITES: receive_sites,
    Feed.SUPPLIERS: receive_suppliers,
    Feed.SUPPLIER_SITES: receive_supplier_sites,
    Feed.ITEMS: receive_items,
    Feed.SUPPLIER_ITEMS: receive_supplier_items,
}


def _take(feed: Feed, sightings: Sequence[Sighting], at: datetime) -> Taken:
    if not sightings:
        return Taken()
    if feed is Feed.ORDERS:
        return _take_orders(sightings, at)
    if feed is Feed.RECEIPTS:
        return _take_facts(sightings, receive_receipts, at)
    if feed is Feed.INVOICES:
        hold_what_is_billed([one.paper for one in sightings])  # type: ignore[misc]  # papers of this feed
        taken = _take_facts(sightings, receive_bills, at)
        told = {(one.paper.company, one.paper.key) for one in sightings}  # type: ignore[union-attr]  # of this feed
        follow_bills(told, actor=FEED_ACTOR, at=at)
        return taken
    if feed is Feed.COMMAND_RESULTS:
        return _take_results(sightings, at)
    if feed is Feed.STOCK:
        intake = receive_stock([one.paper for one in sightings], at=at)  # type: ignore[misc]  # papers of this feed
    elif feed is Feed.CUSTOMER_DEMAND:
        intake = receive_customer_demand([one.paper for one in sightings], at=at)  # type: ignore[misc]  # papers of this feed
    elif feed is Feed.BANK_ACCOUNTS:
        intake = hear_of_erp([one.paper for one in sightings], actor=FEED_ACTOR, at=at)  # type: ignore[misc]  # papers of this feed
    else:
        intake = INTAKES[feed]([sighting.paper for sighting in sightings])
    refused = [
        _refusal(_sighting_of(problem, sightings), problem, problem.line) for problem in intake.problems
    ]
    return Taken(intake.stored, intake.unchanged, refused)


def take_papers(feed: Feed, sightings: Sequence[Sighting], at: datetime) -> Taken:
    """Hand papers to their services in the transaction of whoever asks: what a page does, without its run."""
    return _take(feed, sightings, at)


def _sighting_of(problem: PortalProblem, sightings: Sequence[Sighting]) -> Sighting:
    """The paper that a service's finding is about: the one that carries the key and the value it names."""
    for sighting in sightings:
        name = _name_of(sighting.paper)
        if (
            problem.line in (name, *name.split(" / "))
            and str(getattr(sighting.paper, problem.field, "")) == problem.value
        ):
            return sighting
    return Sighting(sightings[0].paper, "", sightings[0].source)


def _name_of(paper: object) -> str:
    """How people call the record: its key, as its file has it."""
    names = ("company", "supplier", "order", "number", "code", "item", "site")
    if isinstance(paper, CustomerDemandPaper):
        return paper.key
    keys = [str(getattr(paper, name)) for name in names if getattr(paper, name, "")]
    return " / ".join(keys) or str(getattr(paper, "key", ""))


def _refusal(sighting: Sighting, problem: PortalProblem, record: str) -> Problem:
    column = f"{problem.field} ({problem.line})" if problem.line and problem.line != record else problem.field
    facts = {"reason": problem.message}
    return Problem("refused_by_portal", sighting.source, sighting.row, column, problem.value, record, facts)


def _take_orders(sightings: Sequence[Sighting], at: datetime) -> Taken:
    orders = newest_papers(one.paper for one in sightings if isinstance(one.paper, OrderPaper))
    newest = {id(paper) for paper in orders}
    papers = {
        (paper.company, paper.number): one
        for one in sightings
        if isinstance(paper := one.paper, OrderPaper) and id(paper) in newest
    }
    intake = receive_orders(orders, actor=FEED_ACTOR, at=at)
    taken = Taken()
    standing: dict[tuple[str, str], OrderPaper] = {}
    for result in intake.results:
        key = (result.company, result.number)
        if result.outcome == "refused":
            record = " / ".join(key)
            taken.refused += [_refusal(papers[key], problem, record) for problem in result.problems]
            continue
        if result.outcome == "unchanged":
            taken.unchanged += 1
        else:
            taken.stored += 1
        if result.outcome != "older":
            paper = papers[key].paper
            assert isinstance(paper, OrderPaper)
            standing[key] = paper
    _confirm_commands(standing, at)
    overtake_changes(intake.moved, actor=FEED_ACTOR, at=at)
    numbers = {number for _company, number in standing}
    attach_receipts(numbers, actor=FEED_ACTOR, at=at)
    attach_bills(numbers, actor=FEED_ACTOR, at=at)
    return taken


def _take_facts(
    sightings: Sequence[Sighting], receive: Callable[..., tuple[Mirrored, ...]], at: datetime
) -> Taken:
    """What happened to orders. A paper that names an order which is not here yet is kept, and noticed."""
    seen = {(one.paper.company, one.paper.key): one for one in sightings}  # type: ignore[union-attr]
    taken = Taken()
    for result in receive([one.paper for one in sightings], actor=FEED_ACTOR, at=at):
        sighting, record = seen[result.key], " / ".join(result.key)  # type: ignore[index]
        if result.outcome == "refused":
            taken.refused += [_refusal(sighting, problem, record) for problem in result.problems]
        elif result.outcome in ("unchanged", "older"):
            taken.unchanged += 1
        else:
            taken.stored += 1
        if result.outcome == "waits":
            notice = Problem("waits_for_order", sighting.source, sighting.row, record=record)
            taken.noticed.append(notice)
    return taken


def _confirm_commands(orders: dict[tuple[str, str], OrderPaper], at: datetime) -> None:
    """Read-back by feed: what the ERP was just seen to hold confirms or contradicts what it was asked to
    hold."""
    for command in confirmable_commands(orders):
        paper = orders.get((command.order.company.code, command.order.number))
        if paper is not None:
            confirm_by_reading(command, held_by_paper(paper), actor=FEED_ACTOR, at=at)


def _take_results(sightings: Sequence[Sighting], at: datetime) -> Taken:
    taken = Taken()
    commands = _commands_by_key(sightings)
    for sighting in sightings:
        result = sighting.paper
        assert isinstance(result, CommandResult)
        command = commands.get(result.key)
        if command is None and _take_telling_result(result, at):
            taken.stored += 1
            continue
        if command is None:
            reason = "There is no command of this key."
            taken.refused.append(
                _refusal(sighting, PortalProblem("command_key", reason, result.key), result.key)
            )
            continue
        outcome = WriteResult(result.outcome, command.reference, result.reason, result.lines)
        # An answer to a key that was given up when a person sent the command again is history.
        if str(command.key) == result.key:
            record_result(command, outcome, actor=FEED_ACTOR, at=at)
        taken.stored += 1
    return taken


def _take_telling_result(result: CommandResult, at: datetime) -> bool:
    """What an ERP made of a ship notice, count, invoice or early payment that it was told of; whether it was one."""
    key = read_key(result.key)
    write = find_telling(key) if key else None
    if write is None:
        return False
    # That it was taken is all that an ERP without a feed of its shipments will ever say.
    outcome = Outcome.CONFIRMED if result.outcome is Outcome.SENT else result.outcome
    if isinstance(write, OF_INVOICES):
        lock_orders(write.order_ids)  # what follows a booking holds them, and everybody holds orders first
    write = held(write)
    record_telling_result(write, WriteResult(outcome, reason=result.reason), at=at)
    if isinstance(write, InvoiceWrite) and write.state == TellingState.CONFIRMED:
        join_booked(write, actor=FEED_ACTOR, at=at)
    return True


def _commands_by_key(sightings: Sequence[Sighting]) -> dict[str, ErpCommand]:
    """The commands that were answered, by the key in the answer, each held with its order (Note [One document])."""
    keys = [key for one in sightings if (key := read_key(getattr(one.paper, "key", "")))]
    wanted = Q(key__in=keys) | Q(origin__in=keys)
    lock_orders(ErpCommand.objects.filter(wanted).values_list("order_id", flat=True))
    found = ErpCommand.objects.filter(wanted).select_related("order").select_for_update(of=("self",))
    by_key: dict[str, ErpCommand] = {}
    for command in found.order_by("id"):
        by_key[str(command.origin)] = command
        by_key[str(command.key)] = command
    return by_key
