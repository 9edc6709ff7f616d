"""Loading by several processes at once, all of which commit or none.

Note [Crew]: an answer costs some twenty statements and most of the work is Python's, so a second core nearly
halves the waiting. Each process plays the orders of its own suppliers in one transaction, says that it is
ready, and commits only when told that all the others are ready too.
"""

import contextlib
import gc
import multiprocessing
import os
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection

from django.db import connections, transaction

from procurement.demo.company import DemoCompany
from procurement.demo.story import Booked, CarriedOver, Sent

Work = Callable[[DemoCompany], None]
MOST = 4
READY, COMMIT, ROLL_BACK, DONE = "ready", "commit", "roll back", "done"


class CrewFailed(RuntimeError):
    """One process could not do its share; nobody committed."""


def crew_size() -> int:
    """How many processes this machine can use. Forking is safe to build on under Linux only."""
    return min(MOST, os.cpu_count() or 1) if sys.platform == "linux" else 1


def shares_of(company: DemoCompany, count: int) -> list[DemoCompany]:
    """The company cut by supplier into shares of about the same work: papers come in batches, answers do not."""
    weights = Counter[str]()
    for story in company.orders:
        for event in story.events:
            weights[story.supplier] += 1 if isinstance(event, Sent | Booked | CarriedOver) else 10
    loads = [0] * count
    place: dict[str, int] = {}
    for supplier, weight in sorted(weights.items(), key=lambda found: (-found[1], found[0])):
        lightest = loads.index(min(loads))
        loads[lightest] += weight
        place[supplier] = lightest
    return [
        replace(company, orders=tuple(story for story in company.orders if place[story.supplier] == one))
        for one in range(count)
    ]


def work_together(
    company: DemoCompany, work: Work, *, crew: int, meanwhile: Callable[[], None] = lambda: None
) -> None:
    """Let each process of the crew do its share of the work, in transactions that are committed together.

    `meanwhile` is what this process does while the others work; if it fails, nobody commits.
    """
    if crew == 1:
        with transaction.atomic():
            work(company)
            meanwhile()
        return
    connections.close_all()  # a forked process must not speak through our connection
    gc.freeze()  # nor copy our memory only to find that nothing in it is garbage
    context = multiprocessing.get_context("fork")
    hired = []
    for share in shares_of(company, crew):
        ours, theirs = context.Pipe()
        process = context.Process(target=_do_share, args=(theirs, share, work), daemon=True)
        process.start()
        theirs.close()
        hired.append((process, ours))
    complaints = _complaint_of(meanwhile)
    complaints += [said for _process, pipe in hired if (said := _hear(pipe)) != READY]
    for _process, pipe in hired:
        _tell(pipe, ROLL_BACK if complaints else COMMIT)
    if not complaints:
        complaints = [said for _process, pipe in hired if (said := _hear(pipe)) != DONE]
    for process, pipe in hired:
        process.join()
        pipe.close()
    if complaints:
        raise CrewFailed("\n".join(complaints))


def _complaint_of(work: Callable[[], None]) -> list[str]:
    try:
        work()
    except Exception:
        return [traceback.format_exc()]
    return []


def _tell(pipe: Connection, word: str) -> None:
    with contextlib.suppress(BrokenPipeError):  # it failed already, and said so
        pipe.send(word)


def _hear(pipe: Connection) -> str:
    try:
        return str(pipe.recv())
    except EOFError:
        return "A process ended without a word."


# Connections of the parent, kept here so that nothing ends them: they are spoken through by it alone.
_inherited: list[object] = []


def _forget_inherited_connections() -> None:
    """Begin with none. Under a running event loop Django keeps connections apart from those outside of it, so that the
    parent may have closed others than a forked process, which has no loop, finds."""
    for one in connections.all(initialized_only=True):
        _inherited.append(one)
        del connections[one.alias]


def _do_share(pipe: Connection, share: DemoCompany, work: Work) -> None:
    _forget_inherited_connections()
    try:
        with transaction.atomic():
            work(share)
            pipe.send(READY)
            if pipe.recv() != COMMIT:  # raises where the parent is gone, and so rolls back
                transaction.set_rollback(True)
        pipe.send(DONE)
    except BaseException:
        _tell(pipe, traceback.format_exc())
    finally:
        pipe.close()
        connections.close_all()
