"""From the ERP's feeds to the same services that the pages use; and from what was read, to the commands it
confirms."""

import logging
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import DataError, IntegrityError
from django.db.models import Q

from portal.kernel.actors import Actor, Channel
from portal.kernel.errors import Intake
from portal.kernel.errors import Problem as PortalProblem
from portal.kernel.mirror import Mirrored
from portal.kernel.scope import acting, require_no_transaction
from procurement.catalogue.services import (
    receive_companies,
    receive_items,
    receive_sites,
    receive_supplier_items,
    receive_units,
)
from procurement.erp.connectors import connect
from procurement.erp.models import ErpCommand, FeedCursor, FeedProblem, FeedRun
from procurement.erp.policies import held_by_paper
from procurement.erp.ports import (
    Busy,
    CommandResult,
    Cursor,
    ErpConnector,
    ErpError,
    Feed,
    Page,
    Sighting,
    WriteResult,
)
from procurement.erp.problems import Problem, Severity, shown
from procurement.erp.queries import confirmable_commands, lock_orders
from procurement.erp.services import confirm_by_reading, record_result
from procurement.erp.states import RunState
from procurement.invoices.services import attach_invoices, receive_invoices
from procurement.orders.messages import OrderPaper
from procurement.orders.services import newest_papers, receive_orders
from procurement.receipts.services import attach_receipts, receive_receipts
from suppliers.services import receive_supplier_sites, receive_suppliers

logger = logging.getLogger(__name__)

FEED_ACTOR = Actor.system("ERP feed", Channel.ERP)
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
    by hand is not made to wait.
    """
    require_no_transaction()
    runs: list[FeedRun] = []
    for feed in feeds:
        if feed not in connector.capabilities.reads or (rested and _is_resting(feed, clock())):
            continue
        try:
            runs += _read_feed(connector, feed, clock)
        except Busy:
            logger.info("feed is being read by another process", extra={"feed": feed})
    if runs:
        _join_what_waits(clock())
    return runs


def _join_what_waits(at: datetime) -> None:
    """Orders and what happened to them may be read by two processes at once, neither of which sees what the other is
    about to commit: after a round in which anything came, nothing is left waiting for an order that is here."""
    with acting(FEED_ACTOR):
        attach_receipts(actor=FEED_ACTOR, at=at)
        attach_invoices(actor=FEED_ACTOR, at=at)


def _read_feed(connector: ErpConnector, feed: Feed, clock: Clock) -> Iterator[FeedRun]:
    run: FeedRun | None = None
    failure = ""
    try:
        for page in connector.read(feed, _cursor_of(feed)):
            run = run or _start_run(feed, clock())
            refused = take_page(run, page, at=clock())
            connector.settle(page, refused)
    except Busy:
        raise
    except ErpError as error:
        logger.warning("feed failed", extra={"feed": feed, "kind": type(error).__name__})
        failure = error.reason
    except Exception as error:
        # A fault of ours: the page stays unread and is tried again, and the owner sees that it does not get through.
        logger.exception("feed failed", extra={"feed": feed})
        failure = f"{type(error).__name__}: {error}"
    if failure:
        yield _fail_run(run or _start_run(feed, clock()), failure, clock())
    else:
        _forget_failures(feed)
        if run is not None:
            yield _finish_run(run, clock())


def _cursor_of(feed: Feed) -> Cursor | None:
    with acting(FEED_ACTOR):
        found = FeedCursor.objects.filter(feed=feed).first()
    return Cursor(feed, found.position) if found else None


def _start_run(feed: Feed, at: datetime) -> FeedRun:
    with acting(FEED_ACTOR):
        return FeedRun.objects.create(feed=feed, started_at=at)


def _finish_run(run: FeedRun, at: datetime) -> FeedRun:
    run.state, run.finished_at = RunState.DONE, at
    with acting(FEED_ACTOR):
        run.save(update_fields=["state", "finished_at"])
    return run


def _forget_failures(feed: Feed) -> None:
    """A reading that went through ends a row of failures, also where there was nothing to read."""
    with acting(FEED_ACTOR):
        FeedCursor.objects.filter(feed=feed, failures__gt=0).update(failures=0, retry_at=None)


def _fail_run(run: FeedRun, failure: str, at: datetime) -> FeedRun:
    """Write the failure down, once for as long as it stays the same, and let the feed rest."""
    with acting(FEED_ACTOR):
        cursor, _made = FeedCursor.objects.get_or_create(feed=run.feed, defaults={"moved_at": at})
        cursor.failures += 1
        cursor.retry_at = at + rest_after(cursor.failures)
        cursor.save(update_fields=["failures", "retry_at"])
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
    with acting(FEED_ACTOR):
        return FeedCursor.objects.filter(feed=feed, retry_at__gt=at).exists()


def rest_after(failures: int) -> timedelta:
    """How long a feed rests after so many failures in a row: from five seconds, doubling, to ten minutes."""
    return min(timedelta(seconds=5 * 2 ** min(failures - 1, 10)), timedelta(minutes=10))


def take_page(run: FeedRun, page: Page, *, at: datetime) -> list[Problem]:
    """Store a page, its cursor and its problems in one transaction; returns what the portal refused of it."""
    try:
        with acting(FEED_ACTOR):
            taken = _take(page.feed, page.sightings, at)
            _note_page(run, page, taken, at)
    except (DataError, IntegrityError):
        # One paper that the database will not have must not cost the others: take them one by one.
        logger.exception("a page was refused by the database; taking its papers one by one")
        taken = _take_one_by_one(page, at)
        with acting(FEED_ACTOR):
            _note_page(run, page, taken, at)
    return taken.refused


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


def _note_page(run: FeedRun, page: Page, taken: Taken, at: datetime) -> None:
    problems = [*page.problems, *taken.refused, *taken.noticed]
    FeedProblem.objects.bulk_create([_row(run, problem) for problem in problems], batch_size=1000)
    run.papers += len(page.sightings)
    run.taken += taken.stored
    run.unchanged += taken.unchanged
    run.refused += sum(1 for problem in problems if problem.severity is Severity.REFUSED)
    run.noticed += sum(1 for problem in problems if problem.severity is Severity.NOTICED)
    if page.source and page.source not in run.sources:
        run.sources = [*run.sources, page.source][-20:]
    run.save(update_fields=["papers", "taken", "unchanged", "refused", "noticed", "sources"])
    position = dict(page.next.position)
    FeedCursor.objects.update_or_create(feed=page.feed, defaults={"position": position, "moved_at": at})


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
        return _take_facts(sightings, receive_invoices, at)
    if feed is Feed.COMMAND_RESULTS:
        return _take_results(sightings, at)
    intake = INTAKES[feed]([sighting.paper for sighting in sightings])
    refused = [
        _refusal(_sighting_of(problem, sightings), problem, problem.line) for problem in intake.problems
    ]
    return Taken(intake.stored, intake.unchanged, refused)


def _sighting_of(problem: PortalProblem, sightings: Sequence[Sighting]) -> Sighting:
    """The paper that a service's finding is about: the one that carries the key and the value it names."""
    for sighting in sightings:
        named = _name_of(sighting.paper).split(" / ")
        if problem.line in named and str(getattr(sighting.paper, problem.field, "")) == problem.value:
            return sighting
    return Sighting(sightings[0].paper, "", sightings[0].source)


def _name_of(paper: object) -> str:
    """How people call the record: its key, as its file has it."""
    names = ("company", "supplier", "order", "number", "code", "item")
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
    numbers = {number for _company, number in standing}
    attach_receipts(numbers, actor=FEED_ACTOR, at=at)
    attach_invoices(numbers, actor=FEED_ACTOR, at=at)
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


def _commands_by_key(sightings: Sequence[Sighting]) -> dict[str, ErpCommand]:
    """The commands that were answered, by the key in the answer, each held with its order (Note [One document])."""
    keys = [key for one in sightings if (key := _as_key(getattr(one.paper, "key", "")))]
    wanted = Q(key__in=keys) | Q(origin__in=keys)
    lock_orders(ErpCommand.objects.filter(wanted).values_list("order_id", flat=True))
    found = ErpCommand.objects.filter(wanted).select_related("order").select_for_update(of=("self",))
    by_key: dict[str, ErpCommand] = {}
    for command in found.order_by("id"):
        by_key[str(command.origin)] = command
        by_key[str(command.key)] = command
    return by_key


def _as_key(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
