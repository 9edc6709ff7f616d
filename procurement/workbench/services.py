"""Deciding on many orders at once: each order for itself, so that one that moved does not stop the others."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.actors import Actor
from portal.kernel.errors import Invalid, Problem, Refusal
from portal.kernel.scope import requires_scope
from procurement.acknowledgments.messages import DECLINE, DecideAnswer
from procurement.acknowledgments.services import decide_answer
from procurement.orders.models import PurchaseOrderLine
from procurement.orders.queries import visible_lines
from procurement.orders.states import Turn

MOST_LINES = 500


@dataclass(frozen=True, slots=True)
class Choice:
    """One line chosen in a list, with the order's version that was on the screen."""

    line: int
    version: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one order: the numbers of the lines decided, or why those chosen (by id) were not."""

    key: uuid.UUID
    number: str
    lines: tuple[int, ...]
    chosen: tuple[int, ...] = ()
    refusal: str = ""


@requires_scope
def decide_lines(
    choices: Sequence[Choice], verdict: str, reason: str, *, actor: Actor, at: datetime
) -> list[Outcome]:
    """Accept or decline the answers to lines of many orders with one reason; tells of each order what came of it.

    Raises `Invalid` before anything is done when nothing is chosen, too much, or a decline says no reason.
    """
    _require_readable(choices, verdict, reason)
    versions = {choice.line: choice.version for choice in choices}
    by_order: dict[int, list[PurchaseOrderLine]] = defaultdict(list)
    lines = visible_lines(actor).filter(pk__in=versions).select_related("order")
    for line in lines.order_by("order_id", "number"):  # everybody locks orders in this order
        by_order[line.order_id].append(line)
    outcomes: list[Outcome] = []
    for found in by_order.values():
        stale = [line for line in found if _is_stale(line, versions[line.pk])]
        fresh = [line for line in found if line not in stale]
        if fresh:
            outcomes.append(_decide(fresh, versions, verdict, reason, actor, at))
        if stale:
            outcomes.append(_told_stale(stale))
    return outcomes


def _is_stale(line: PurchaseOrderLine, seen: int) -> bool:
    return line.turn != Turn.BUYER or line.touched_version > seen


def _told_stale(lines: Sequence[PurchaseOrderLine]) -> Outcome:
    numbers = ", ".join(str(line.number) for line in lines)
    message = ngettext(
        "Line %(lines)s changed, or was decided, since you opened this page. Look at what stands now.",
        "Lines %(lines)s changed, or were decided, since you opened this page. Look at what stands now.",
        len(lines),
    )
    order = lines[0].order
    return Outcome(
        order.key, order.number, (), tuple(line.pk for line in lines), message % {"lines": numbers}
    )


def _require_readable(choices: Sequence[Choice], verdict: str, reason: str) -> None:
    if not choices:
        message = _("Choose lines first: tick them, or open one.")
        raise Invalid(message, [Problem("pick", message, "", "required")])
    if len(choices) > MOST_LINES:
        message = _("Choose at most %(count)d lines at a time.") % {"count": MOST_LINES}
        raise Invalid(message, [Problem("pick", message, str(len(choices)), "too_many")])
    if verdict == DECLINE and not reason.strip():
        message = _("Say why: the supplier can answer better when it knows what is needed.")
        raise Invalid(message, [Problem("reason", message, "", "required")])


def _decide(
    lines: Sequence[PurchaseOrderLine],
    versions: dict[int, int],
    verdict: str,
    reason: str,
    actor: Actor,
    at: datetime,
) -> Outcome:
    order = lines[0].order
    chosen = tuple(line.pk for line in lines)
    command = DecideAnswer(
        order=order.key,
        version=min(versions[line.pk] for line in lines),
        verdict=verdict,
        lines=frozenset(line.key for line in lines),
        reason=reason,
    )
    try:
        with transaction.atomic():
            decide_answer(command, actor=actor, at=at)
    except Refusal as refusal:
        return Outcome(order.key, order.number, (), chosen, refusal.message)
    return Outcome(order.key, order.number, tuple(line.number for line in lines), chosen)
