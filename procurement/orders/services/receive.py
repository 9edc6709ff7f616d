"""Orders as the ERP sends them: new ones, revisions, and what happened, a whole batch at a time.

Reading the same paper twice changes nothing (content hash). A revision reopens only the lines on which something
that matters moved (domain.md §5.4); one that says what was agreed closes silently (§5.5).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Problem
from portal.kernel.mirror import is_older, newest_of
from portal.kernel.scope import requires_scope
from procurement.orders.messages import OrderPaper, content_hash
from procurement.orders.queries import live_promises_by_line, schedules_by_line
from procurement.orders.services.promise import tell_erp
from procurement.orders.services.receive_known import Known, look_up, problems_in
from procurement.orders.services.receive_new import new_order
from procurement.orders.services.receive_revision import Revising
from procurement.orders.services.receive_writing import Batch, write_batch


@dataclass(frozen=True, slots=True)
class OrderResult:
    """What came of one paper: stored, revised, updated (only what happened moved), unchanged, older or refused."""

    company: str
    number: str
    outcome: str
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderIntake:
    """What came of a batch, and which orders of it (by id) moved."""

    results: tuple[OrderResult, ...] = ()
    moved: tuple[int, ...] = ()

    def count(self, outcome: str) -> int:
        return sum(result.outcome == outcome for result in self.results)

    @property
    def refused(self) -> tuple[OrderResult, ...]:
        return tuple(result for result in self.results if result.outcome == "refused")


@requires_scope
def receive_orders(papers: Sequence[OrderPaper], *, actor: Actor, at: datetime) -> OrderIntake:
    """Take in orders as the ERP holds them now. Bad papers never sink good ones; each says what is wrong with it."""
    newest = newest_papers(papers)
    known = look_up(newest)
    batch = Batch()
    batch.remember(known.orders.values(), (line for lines in known.lines.values() for line in lines))
    results = [_receive(paper, known, batch, at) for paper in newest]
    write_batch(batch, actor, at)
    for order, lines in batch.forgotten:
        ids = [line.pk for line in lines]
        tell_erp(
            order, lines, live_promises_by_line(ids), schedules_by_line(ids), actor=actor, at=at, again=True
        )
    return OrderIntake(tuple(results), tuple(order.pk for order in batch.moved_orders))


def newest_papers(papers: Iterable[OrderPaper]) -> list[OrderPaper]:
    """One paper of each order: the one with the newest stamp; without stamps, or of one moment, the last."""
    return newest_of(papers, lambda paper: (paper.company, paper.number))


def _receive(paper: OrderPaper, known: Known, batch: Batch, at: datetime) -> OrderResult:
    problems = problems_in(paper, known)
    company = known.companies.get(paper.company)
    order = known.orders.get((company.pk, paper.number)) if company else None
    if order and not problems and order.supplier_id != known.suppliers[paper.supplier].pk:
        message = _("This order was sent to another supplier. Cancel it and issue a new one.")
        problems.append(Problem("supplier", message, paper.supplier))
    if problems:
        return OrderResult(paper.company, paper.number, "refused", tuple(problems))
    digest = content_hash(paper)
    if order is None:
        new_order(paper, digest, known, batch, at)
        return OrderResult(paper.company, paper.number, "stored")
    if order.content_hash == digest:
        if paper.stamp and (order.erp_stamp is None or order.erp_stamp < paper.stamp):
            # Still so at that moment: a paper from in between that comes late is older than what we know.
            order.erp_stamp = paper.stamp
            batch.stamped_orders.append(order)
        return OrderResult(paper.company, paper.number, "unchanged")
    if is_older(paper.stamp, order.erp_stamp):
        return OrderResult(paper.company, paper.number, "older")
    outcome = Revising(paper, digest, order, known, batch, at).run()
    return OrderResult(paper.company, paper.number, outcome)
