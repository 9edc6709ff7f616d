"""The dry run of a first sync: everything is read as if for the first time and handed to the same services, and each
handful is rolled back again.

Papers refer to papers before them, which after a rollback are not there. So the master data that was read is kept for
as long as the dry run goes on, and whatever a handful refers to is stored before it and rolled back with it. No
transaction lasts longer than a handful takes.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db import DataError, IntegrityError, transaction

from portal.kernel.actors import Actor, Channel
from portal.kernel.audit.services import record
from portal.kernel.scope import acting, require_no_transaction
from procurement.erp.connectors import connect
from procurement.erp.inbound import take_papers
from procurement.erp.ports import ErpConnector, ErpError, Feed, Page, Paper, Sighting, key_of
from procurement.erp.problems import Problem, Severity, shown
from procurement.erp.reconciliation.mirror import BOOKS, Key, held_here
from procurement.erp.reconciliation.models import Rehearsal
from procurement.erp.reconciliation.policies import differences_between
from procurement.erp.states import RunState
from procurement.orders.messages import OrderPaper

logger = logging.getLogger(__name__)

REHEARSER = Actor.system("Dry run of a first sync", Channel.ERP)
EXAMPLES = 5
SENTENCES = 20


@dataclass(slots=True)
class Sentence:
    """Why some records would be refused: the rule with its facts, how many it is about, and the first of them."""

    rule: str
    column: str = ""
    value: str = ""
    facts: Mapping[str, str | int] = field(default_factory=dict)
    count: int = 0
    records: list[str] = field(default_factory=list)


@dataclass(slots=True)
class FeedReport:
    """What a first sync of one feed would do. `examples` are the first records of each outcome."""

    feed: str
    papers: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    examples: dict[str, list[str]] = field(default_factory=dict)
    sentences: list[Sentence] = field(default_factory=list)
    unlisted: int = 0
    note: str = ""

    def count(self, outcome: str, records: Iterable[str]) -> None:
        """Count records of an outcome and keep the first few names."""
        names = list(records)
        if not names:
            return
        setattr(self, outcome, getattr(self, outcome) + len(names))
        kept = self.examples.setdefault(outcome, [])
        kept += names[: max(EXAMPLES - len(kept), 0)]

    def refuse(self, problem: Problem) -> None:
        """Note one refusal under its sentence; of very many different ones only their number is kept."""
        record = shown(problem.record, 300)
        text = problem.explain()
        found = next((one for one in self.sentences if as_problem(asdict(one)).explain() == text), None)
        if found is None and len(self.sentences) >= SENTENCES:
            self.unlisted += 1
            return
        if found is None:
            facts = {name: shown(one) if isinstance(one, str) else one for name, one in problem.facts.items()}
            found = Sentence(problem.rule, shown(problem.column, 100), shown(problem.value), facts)
            self.sentences.append(found)
        found.count += 1
        if len(found.records) < EXAMPLES and record not in found.records:
            found.records.append(record)


def as_problem(sentence: Mapping[str, Any]) -> Problem:
    """A sentence of a report, to be told in the reader's language."""
    names = ("rule", "column", "value", "facts")
    return Problem(**{name: sentence[name] for name in names})


def rehearse_configured(rehearsal: Rehearsal, *, clock: Callable[[], datetime]) -> Rehearsal:
    """Rehearse with the ERP that this installation is connected to."""
    with connect() as connector:
        return rehearse(connector, rehearsal, clock=clock)


def rehearse(connector: ErpConnector, rehearsal: Rehearsal, *, clock: Callable[[], datetime]) -> Rehearsal:
    """Read all feeds as a first sync would, and say what would come of it. Neither side is changed."""
    require_no_transaction()
    state, reason = RunState.DONE, ""
    reports: list[FeedReport] = []
    earlier: dict[Feed, dict[Key, Paper]] = {}
    try:
        for feed in BOOKS:
            if feed not in connector.capabilities.reads:
                continue
            report = FeedReport(feed.value)
            reports.append(report)
            for page in connector.peek(feed):
                _rehearse_page(page, earlier, report, clock())
                _keep(rehearsal, reports)
    except ErpError as error:
        state, reason = RunState.FAILED, error.reason
    except Exception as error:
        # A fault of ours: whoever waits for the report has to see that it did not come to its end.
        logger.exception("dry run failed")
        state, reason = RunState.FAILED, f"{type(error).__name__}: {error}"
    rehearsal.state, rehearsal.reason, rehearsal.finished_at = state, reason, clock()
    _keep(rehearsal, reports)
    return rehearsal


def _keep(rehearsal: Rehearsal, reports: Sequence[FeedReport]) -> None:
    rehearsal.report = [asdict(report) for report in reports]
    with acting(REHEARSER):
        rehearsal.save(update_fields=["report", "state", "reason", "finished_at"])
        if rehearsal.finished_at is not None:
            stream = f"rehearsal:{rehearsal.key}"
            at = rehearsal.finished_at
            record("rehearsal.ended", stream, actor=REHEARSER, at=at, supplier_id=None, internal=True)


def _rehearse_page(
    page: Page, earlier: dict[Feed, dict[Key, Paper]], report: FeedReport, at: datetime
) -> None:
    unread = [one for one in page.problems if one.severity is Severity.REFUSED]
    unreadable = list(dict.fromkeys(shown(one.record, 300) for one in unread))
    report.papers += len(page.sightings) + len(unreadable)
    report.count("refused", unreadable)
    for problem in unread:
        report.refuse(problem)
    papers = [sighting.paper for sighting in page.sightings]
    if page.feed is not Feed.ORDERS:
        earlier.setdefault(page.feed, {}).update((key_of(paper), paper) for paper in papers)
    if not papers:
        return
    try:
        with acting(REHEARSER):
            _take_and_forget(page.feed, page.sightings, earlier, report, at)
    except (DataError, IntegrityError):
        logger.exception("a page was refused by the database; trying its papers one by one")
        for sighting in page.sightings:
            _rehearse_one(page.feed, sighting, earlier, report, at)


def _rehearse_one(
    feed: Feed,
    sighting: Sighting,
    earlier: Mapping[Feed, Mapping[Key, Paper]],
    report: FeedReport,
    at: datetime,
) -> None:
    try:
        with acting(REHEARSER):
            _take_and_forget(feed, [sighting], earlier, report, at)
    except (DataError, IntegrityError) as error:
        name = _name(key_of(sighting.paper))
        reason = {"reason": str(error).splitlines()[0]}
        report.count("refused", [name])
        report.refuse(Problem("refused_by_portal", record=name, facts=reason))


def _take_and_forget(
    feed: Feed,
    sightings: Sequence[Sighting],
    earlier: Mapping[Feed, Mapping[Key, Paper]],
    report: FeedReport,
    at: datetime,
) -> None:
    papers = {key_of(one.paper): one.paper for one in sightings}
    before = held_here(feed, list(papers))
    for other, needed in _referred_to(list(papers.values()), earlier).items():
        take_papers(other, [Sighting(paper, "") for paper in needed], at)
    taken = take_papers(feed, sightings, at)
    after = held_here(feed, list(papers))
    transaction.set_rollback(True)
    for problem in taken.refused:
        report.refuse(problem)
    by_name = {problem.record for problem in taken.refused}
    for key, paper in papers.items():
        held = before.get(key)
        if _name(key) in by_name or (held is None and key not in after):
            outcome = "refused"
        elif held is None:
            outcome = "new"
        else:
            outcome = "changed" if differences_between(held.paper, paper) else "unchanged"
        report.count(outcome, [_name(key)])


def _name(key: Key) -> str:
    return " / ".join(key)


def _referred_to(
    papers: Sequence[Paper], earlier: Mapping[Feed, Mapping[Key, Paper]]
) -> dict[Feed, list[Paper]]:
    """The master data that these papers refer to, in the order in which it has to be stored."""
    wanted: dict[Feed, set[str]] = {feed: set() for feed in REFERRED}
    for paper in papers:
        for feed, names in REFERRED.items():
            lines = paper.lines if isinstance(paper, OrderPaper) else ()
            for one in (paper, *lines):
                wanted[feed] |= {str(getattr(one, name)) for name in names if getattr(one, name, "")}
    found: dict[Feed, list[Paper]] = {}
    for feed, codes in wanted.items():
        known = earlier.get(feed, {})
        found[feed] = [known[code,] for code in sorted(codes) if (code,) in known]
    sites = [getattr(site, "company", "") for site in found[Feed.SITES]]
    companies = set(found[Feed.COMPANIES])
    for code in sites:
        company = earlier.get(Feed.COMPANIES, {}).get((code,))
        if company is not None and company not in companies:
            found[Feed.COMPANIES].append(company)
            companies.add(company)
    return {feed: needed for feed, needed in found.items() if needed}


# By which names papers refer to which master data.
REFERRED: Mapping[Feed, tuple[str, ...]] = {
    Feed.COMPANIES: ("company",),
    Feed.UNITS: ("unit",),
    Feed.SITES: ("ship_to",),
    Feed.SUPPLIERS: ("supplier",),
    Feed.ITEMS: ("item",),
}
