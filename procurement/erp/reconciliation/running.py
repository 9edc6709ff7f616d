"""One comparison of both sides, feed by feed: list what exists, look at each record, look at the suspects again.

Note [Two looks]: between a change in the ERP and its paper here lies a moment in which both sides differ and nothing is
wrong. So the first look decides nothing. Its suspects wait until the feeds have been read through once more in the
ordinary way, and are then asked of the ERP again. A record that says something else than at the first look, on which a
command is on its way, or that moved here since, is *moving*: the next comparison will tell.

Note [Bounded]: what exists in the ERP is kept in a table of ours, not in memory, and missing records are found by
joining it. Papers are compared a few hundred at a time. After each handful the place is written down with what it came
to, so that a worker that dies is followed by one that goes on there; only a listing begins anew.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_noop

from portal.kernel.actors import Actor, Channel
from portal.kernel.audit.services import record
from portal.kernel.scope import acting, require_no_transaction
from procurement.erp.connection import stop_if_paused
from procurement.erp.content import content_hash
from procurement.erp.inbound import read_feeds
from procurement.erp.models import FeedCursor
from procurement.erp.ports import (
    ErpConnector,
    ErpError,
    Fate,
    Feed,
    Paper,
    RecordMark,
    Transient,
    Unsupported,
    key_of,
)
from procurement.erp.queries import lock_orders
from procurement.erp.reconciliation.mirror import BOOKS, Held, Key, held_here, not_listed
from procurement.erp.reconciliation.models import Drift, ReconciliationRun, SweptRecord
from procurement.erp.reconciliation.policies import Finding
from procurement.erp.reconciliation.services import (
    Look,
    fade_unseen,
    findings_in,
    has_moved_since,
    note_looks,
)
from procurement.erp.reconciliation.states import LIVE, DriftKind, Phase
from procurement.erp.states import RunState
from procurement.orders.messages import OrderPaper
from procurement.orders.messages import content_hash as order_hash
from procurement.orders.models import ORDER_IS_OPEN, PurchaseOrder

logger = logging.getLogger(__name__)

COMPARER = Actor.system("Comparison with the ERP", Channel.ERP)
CHUNK = 500
LATELY = timedelta(days=14)
MOST_TRIES = 30
LONGEST_REST = timedelta(minutes=10)

Clock = Callable[[], datetime]
T = TypeVar("T")


@dataclass(slots=True)
class Figures:
    """What the comparison of one feed came to. `note` says why it was not made; `as_of` of which moment the ERP told,
    where it is an earlier one."""

    here: int = 0
    there: int = 0
    compared: int = 0
    equal: int = 0
    moving: int = 0
    missing_here: int = 0
    missing_there: int = 0
    fields: int = 0
    promise_lost: int = 0
    command_untrue: int = 0
    note: str = ""
    as_of: str = ""

    @classmethod
    def of(cls, run: ReconciliationRun, feed: str) -> "Figures":
        """The figures of a feed so far."""
        known = {one.name for one in fields(cls)}
        return cls(**{name: value for name, value in run.counts.get(feed, {}).items() if name in known})


# Our own reasons are kept in English and translated where they are shown.
NO_SUCH_FEED = gettext_noop("The ERP has no such feed.")
NOTHING_LISTED = gettext_noop("The ERP lists no such record at all, which is taken for a fault of the list.")
READ_SINCE = gettext_noop("Files of this feed were read after the complete export was made.")


class NotComparable(Exception):
    """A feed cannot be compared this time, and why."""


def carry_on(connector: ErpConnector, run: ReconciliationRun, *, clock: Clock) -> ReconciliationRun:
    """Go on with a comparison until it is done; what keeps it from going on is written down for the next try."""
    require_no_transaction()
    try:
        _Comparison(connector, run, clock).go_on()
    except ErpError as error:
        logger.warning("comparison stopped", extra={"kind": type(error).__name__, "reason": error.reason})
        if error.fate in (Fate.RETRY, Fate.ALERT) and run.tries < MOST_TRIES:
            _rest(run, error.reason, clock())
        else:
            _finish(run, RunState.FAILED, error.reason, clock())
    except Exception as error:
        # A fault of ours: the owner sees that nothing was compared, and why.
        logger.exception("comparison failed")
        _finish(run, RunState.FAILED, f"{type(error).__name__}: {error}", clock())
    return run


def _rest(run: ReconciliationRun, reason: str, at: datetime) -> None:
    run.tries += 1
    run.reason = reason
    run.retry_at = at + min(timedelta(seconds=30 * run.tries), LONGEST_REST)
    with acting(COMPARER):
        run.save(update_fields=["tries", "reason", "retry_at"])


def _finish(run: ReconciliationRun, state: RunState, reason: str, at: datetime) -> None:
    run.state, run.reason, run.finished_at = state, reason, at
    with acting(COMPARER):
        run.save(update_fields=["state", "reason", "finished_at"])
        SweptRecord.objects.filter(run=run).delete()
        facts = {"state": state.value, "counts": run.counts}
        stream = f"comparison:{run.key}"
        record(
            "comparison.ended", stream, actor=COMPARER, at=at, supplier_id=None, facts=facts, internal=True
        )


class _Comparison:
    """One comparison at work: a small machine because its steps share connector, run and clock."""

    def __init__(self, connector: ErpConnector, run: ReconciliationRun, clock: Clock) -> None:
        self.connector, self.run, self.clock = connector, run, clock

    def go_on(self) -> None:
        feeds = list(BOOKS)
        self._read_the_feeds()
        if not self.run.feed:
            self._turn_to(feeds[0])
        for feed in feeds[feeds.index(Feed(self.run.feed)) :]:
            if self.run.feed != feed:
                self._turn_to(feed)
            try:
                self._compare(feed)
            except (Unsupported, NotComparable) as error:
                figures = Figures.of(self.run, feed)
                figures.note = str(error)
                self._save(feed, figures)
        _finish(self.run, RunState.DONE, "", self.clock())

    def _compare(self, feed: Feed) -> None:
        if feed not in self.connector.capabilities.reads:
            raise NotComparable(NO_SUCH_FEED)
        if self.run.phase == Phase.LISTING:
            self._list(feed)
        if self.run.phase == Phase.LOOKING:
            self._look(feed)
        self._check(feed)
        self._fade(feed)

    def _read_the_feeds(self) -> None:
        """Bring in what is on its way. Where that does not get through, nobody can tell drift from delay."""
        stop_if_paused()
        runs = read_feeds(self.connector, clock=self.clock, feeds=list(BOOKS))
        failed = [run for run in runs if run.state == RunState.FAILED]
        if failed:
            raise Transient(failed[0].reason)
        stop_if_paused()  # paused meanwhile, not all of it was read
        self.run.looked_at = self.clock()

    # --- the place, written down

    def _turn_to(self, feed: Feed) -> None:
        self.run.feed, self.run.phase, self.run.after = feed, Phase.LISTING, 0
        with acting(COMPARER):
            self.run.save(update_fields=["feed", "phase", "after", "looked_at"])

    def _save(self, feed: Feed, figures: Figures) -> None:
        self.run.counts = {**self.run.counts, feed.value: asdict(figures)}
        self.run.tries, self.run.reason, self.run.retry_at = 0, "", None
        with acting(COMPARER):
            self.run.save(
                update_fields=["counts", "phase", "after", "looked_at", "tries", "reason", "retry_at"]
            )

    # --- the first look

    def _list(self, feed: Feed) -> None:
        figures = Figures()
        stop_if_paused()
        as_of = self.connector.seen_as_of(feed)
        if as_of is not None:
            figures.as_of = as_of.isoformat()
            self._refuse_if_read_since(feed, as_of)
        with acting(COMPARER):
            SweptRecord.objects.filter(run=self.run, feed=feed).delete()
        for marks in in_handfuls(self.connector.sweep(feed), CHUNK):
            with acting(COMPARER):
                self._stage(feed, marks, figures)
            stop_if_paused()
        with acting(COMPARER):
            # One key twice is one record.
            figures.there = SweptRecord.objects.filter(run=self.run, feed=feed).count()
            figures.here = BOOKS[feed].rows.count()
            if figures.here and not figures.there:
                raise NotComparable(NOTHING_LISTED)
            measure_swept_records()
            self._suspect_the_missing(feed)
            self.run.phase, self.run.after = Phase.LOOKING, 0
            self._save(feed, figures)

    def _refuse_if_read_since(self, feed: Feed, as_of: datetime) -> None:
        """Orders say when they moved here; master data does not, so that all of it might be newer than the export."""
        with acting(COMPARER):
            read = FeedCursor.objects.filter(feed=feed, moved_at__gt=as_of).exists()
        if read and feed is not Feed.ORDERS:
            raise NotComparable(READ_SINCE)

    def _stage(self, feed: Feed, marks: Sequence[RecordMark], figures: Figures) -> None:
        """Keep a handful of marks, and look at those that brought their paper at once."""
        papers = {mark.key: mark.paper for mark in marks if mark.paper is not None}
        quiet = self._equal_by_hash(feed, [mark for mark in marks if mark.content_hash])
        suspects = self._suspects(feed, {key: one for key, one in papers.items() if key not in quiet})
        rows = [
            SweptRecord(
                run=self.run,
                feed=feed,
                owner=mark.key[0] if len(mark.key) > 1 else "",
                number=mark.key[-1],
                content_hash=mark.content_hash,
                stamp=mark.stamp,
                suspect=mark.key in suspects,
                digest=digest(mark.paper) if mark.paper is not None else "",
            )
            for mark in marks
        ]
        SweptRecord.objects.bulk_create(rows, ignore_conflicts=True)
        figures.compared += len(papers)
        figures.equal += len(papers) - len(suspects)

    def _equal_by_hash(self, feed: Feed, marks: Sequence[RecordMark]) -> set[Key]:
        """The orders that say what they said when they were last read, and of which nothing is expected any more."""
        if feed is not Feed.ORDERS or not marks:
            return set()
        book, hashes = BOOKS[feed], {mark.key: mark.content_hash for mark in marks}
        rows = book.rows.filter(book.matching(hashes)).exclude(self._interesting())
        found = rows.values_list(book.owner, book.number, "content_hash")
        return {(owner, number) for owner, number, known in found if hashes.get((owner, number)) == known}

    def _interesting(self) -> Q:
        """Orders that are always compared field by field: open, moved lately on either side, or known to differ."""
        drifting = Drift.objects.filter(order=OuterRef("pk"), state__in=LIVE)
        touched = SweptRecord.objects.filter(
            run=self.run,
            feed=Feed.ORDERS,
            owner=OuterRef("company__code"),
            number=OuterRef("number"),
            stamp__gt=OuterRef("erp_stamp"),
        )
        lately = Q(updated_at__gte=self.run.started_at - LATELY)
        return ORDER_IS_OPEN | lately | Q(Exists(drifting)) | Q(Exists(touched))

    def _suspects(self, feed: Feed, papers: Mapping[Key, Paper]) -> set[Key]:
        held = held_here(feed, list(papers))
        return {key for key, paper in papers.items() if findings_in(held.get(key), paper)}

    def _suspect_the_missing(self, feed: Feed) -> None:
        """Records that one side has and the other has not, by one join each way."""
        book = BOOKS[feed]
        here = book.rows.filter(**{book.number: OuterRef("number")})
        if book.owner:
            here = here.filter(**{book.owner: OuterRef("owner")})
        listed = SweptRecord.objects.filter(run=self.run, feed=feed, listed=True)
        listed.filter(~Exists(here)).update(suspect=True)
        unlisted = not_listed(feed, self.run).order_by("pk").iterator(chunk_size=CHUNK)
        for rows in in_handfuls(unlisted, CHUNK):
            SweptRecord.objects.bulk_create(
                [
                    SweptRecord(
                        run=self.run,
                        feed=feed,
                        owner=key[0] if len(key) > 1 else "",
                        number=key[-1],
                        listed=False,
                        suspect=True,
                    )
                    for key in (book.key(row) for row in rows)
                ],
                ignore_conflicts=True,
            )

    def _look(self, feed: Feed) -> None:
        """Look at those orders of which the list only said that they exist."""
        figures = Figures.of(self.run, feed)
        while feed is Feed.ORDERS:
            with acting(COMPARER):
                pks, keys = self._next_to_look_at()
            if not keys:
                break
            papers = self._ask(feed, keys)
            with acting(COMPARER):
                suspects = self._suspects(feed, papers)
                self._note_first_look(papers, suspects)
                self.run.after = pks[-1]
                figures.compared += len(papers)
                figures.equal += len(papers) - len(suspects)
                self._save(feed, figures)
        with acting(COMPARER):
            doubtful = SweptRecord.objects.filter(run=self.run, feed=feed, suspect=True).exists()
        if doubtful:
            self._read_the_feeds()
        self.run.phase, self.run.after = Phase.CHECKING, 0
        self._save(feed, figures)

    def _next_to_look_at(self) -> tuple[list[int], list[Key]]:
        listed = SweptRecord.objects.filter(
            run=self.run,
            feed=Feed.ORDERS,
            owner=OuterRef("company__code"),
            number=OuterRef("number"),
            listed=True,
            digest="",
        )
        rows = PurchaseOrder.objects.filter(self._interesting(), Exists(listed), pk__gt=self.run.after)
        found = list(rows.order_by("pk").values_list("pk", "company__code", "number")[:CHUNK])
        return [pk for pk, _company, _number in found], [(company, number) for _pk, company, number in found]

    def _note_first_look(self, papers: Mapping[Key, Paper], suspects: set[Key]) -> None:
        rows = list(
            SweptRecord.objects.filter(
                run=self.run, feed=Feed.ORDERS, number__in=[key[-1] for key in papers], listed=True
            )
        )
        seen = [row for row in rows if (row.owner, row.number) in papers]
        for row in seen:
            key = (row.owner, row.number)
            row.digest, row.suspect = digest(papers[key]), key in suspects
        SweptRecord.objects.bulk_update(seen, ["digest", "suspect"], batch_size=CHUNK)

    def _ask(self, feed: Feed, keys: Sequence[Key]) -> dict[Key, Paper]:
        stop_if_paused()
        return {key_of(paper): paper for paper in self.connector.look_up(feed, keys)}

    def _hold(self, feed: Feed, keys: Sequence[Key]) -> None:
        """Hold these orders before their drift, as everybody does; nothing moves while they are judged."""
        if feed is Feed.ORDERS:
            book = BOOKS[feed]
            lock_orders(book.rows.filter(book.matching(keys)).values_list("pk", flat=True))

    # --- the second look

    def _check(self, feed: Feed) -> None:
        """Ask the ERP for the suspects again, and write down what still differs."""
        figures = Figures.of(self.run, feed)
        while True:
            with acting(COMPARER):
                suspects = list(
                    SweptRecord.objects.filter(
                        run=self.run, feed=feed, suspect=True, pk__gt=self.run.after
                    ).order_by("pk")[:CHUNK]
                )
            if not suspects:
                break
            papers = self._ask(feed, [_key(one) for one in suspects])
            as_of = self.connector.seen_as_of(feed)
            with acting(COMPARER):
                self._hold(feed, [_key(one) for one in suspects])
                held = held_here(feed, [_key(one) for one in suspects])
                looks = [
                    self._judge(one, held.get(_key(one)), papers.get(_key(one)), as_of) for one in suspects
                ]
                note_looks(feed, looks, self.run, actor=COMPARER, at=self.clock())
                self.run.after = suspects[-1].pk
                _add_up(looks, figures)
                self._save(feed, figures)

    def _judge(
        self, suspect: SweptRecord, held: Held | None, paper: Paper | None, as_of: datetime | None
    ) -> Look:
        key = _key(suspect)
        moving = Look(key, held, is_moving=True)
        if held is not None and (held.under_way or has_moved_since(held, as_of or self.run.looked_at)):
            return moving
        if paper is None:
            if suspect.listed:
                return moving  # deleted a moment ago, or the export's rows cannot be read
            gone = [Finding(DriftKind.MISSING_THERE)] if held is not None else []
            return Look(key, held, gone)
        if not suspect.listed or (suspect.digest and suspect.digest != digest(paper)):
            return moving
        return Look(key, held, findings_in(held, paper))

    def _fade(self, feed: Feed) -> None:
        while True:
            with acting(COMPARER):
                if not fade_unseen(feed, self.run, actor=COMPARER, at=self.clock()):
                    return


def measure_swept_records() -> None:
    """Tell PostgreSQL how long the list has become: it is joined next, and nothing has counted it yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT procurement_measure_swept_records()")


def _key(row: SweptRecord) -> Key:
    return (row.owner, row.number) if row.owner else (row.number,)


def _add_up(looks: Iterable[Look], figures: Figures) -> None:
    for look in looks:
        if look.is_moving:
            figures.moving += 1
        elif not look.findings:
            figures.equal += 1
        for finding in look.findings:
            setattr(figures, finding.kind.value, getattr(figures, finding.kind.value) + 1)


def digest(paper: Paper) -> str:
    """What a paper says, as the portal remembers it."""
    return order_hash(paper) if isinstance(paper, OrderPaper) else content_hash(paper)


def in_handfuls(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """The same things, a few at a time."""
    waiting = iter(things)
    while handful := list(islice(waiting, size)):
        yield handful


# --- one at a time ------------------------------------------------------------------------------------------
