"""What rules decided, as a list and one by one, each with where its line stands now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet

from portal.kernel.actors import Actor
from portal.kernel.web import Page, paginate
from procurement.orders.models import Promise, PurchaseOrderLine
from procurement.orders.queries import visible_lines
from procurement.orders.states import PromiseState, Turn
from procurement.tolerances.messages import check_from_json
from procurement.tolerances.models import ToleranceDecision
from procurement.tolerances.presenters.sentences import (
    CheckRow,
    check_row,
    deciding,
    rule_ref,
    why_all,
)
from procurement.tolerances.queries import visible_decisions
from procurement.tolerances.states import JudgedOutcome
from suppliers.roles import Permission

SHOWS = ("accepted", "unseen", "reopened", "asked")
PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class RuledRow:
    """One decision: what was agreed to, why, by which rules, and whether it can still be opened again."""

    decision: ToleranceDecision
    line: PurchaseOrderLine | None
    why: str
    rules: tuple[str, ...]
    may_reopen: bool

    @property
    def is_new(self) -> bool:
        """Whether a rule wants somebody to know of it, and nobody has said so yet."""
        return self.decision.notify and self.decision.seen_at is None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of them: agreed, to be looked at, opened again or sent to the buyer; of one order, supplier or policy."""

    show: str = ""
    order: str = ""
    supplier: str = ""
    policy: str = ""


def ruled(actor: Actor, wanted: Wanted) -> QuerySet[ToleranceDecision]:
    """The decisions that an address asks for."""
    found = visible_decisions(actor)
    same = {"order_number": wanted.order, "supplier__number": wanted.supplier, "policy_name": wanted.policy}
    found = found.filter(**{name: text for name, text in same.items() if text})
    kinds: dict[str, Any] = {
        "accepted": {"outcome__in": [JudgedOutcome.ACCEPTED, JudgedOutcome.PARTLY]},
        "unseen": {"notify": True, "seen_at": None},
        "reopened": {"reopened_at__isnull": False},
        "asked": {"outcome": JudgedOutcome.ASKED},
    }
    return found.filter(**kinds.get(wanted.show, {}))


def page_of_ruled(actor: Actor, wanted: Wanted, cursor: str) -> tuple[Page, list[RuledRow]]:
    """One page of what rules decided, newest first: three queries however many rows."""
    found = ruled(actor, wanted).select_related("supplier")
    page = paginate(found, cursor, order=["-decided_at", "-id"], size=PAGE_SIZE)
    return page, ruled_rows(page.rows, actor)


def ruled_rows(decisions: Sequence[ToleranceDecision], actor: Actor) -> list[RuledRow]:
    """Decisions with where their lines stand now."""
    lines = {
        (line.order.key, line.key): line
        for line in visible_lines(actor)
        .filter(order__key__in={one.order_key for one in decisions})
        .filter(key__in={one.line_key for one in decisions})
        .select_related("order")
    }
    agreed = Promise.objects.visible_to(actor).filter(
        origin__in={one.origin for one in decisions}, state=PromiseState.AGREED
    )
    standing = set(agreed.values_list("origin", "line_id"))
    return [_row(one, lines.get((one.order_key, one.line_key)), standing, actor) for one in decisions]


def _row(
    decision: ToleranceDecision, line: PurchaseOrderLine | None, standing: set[Any], actor: Actor
) -> RuledRow:
    checks = [check_from_json(told) for told in decision.checks]
    told = deciding(checks)
    rules = (rule_ref(decision.policy_name, check) for check in told if check.rule)
    stands = line is not None and (decision.origin, line.pk) in standing
    may = (
        actor.is_company
        and actor.may(Permission.ORDER_DECIDE)
        and decision.outcome != JudgedOutcome.ASKED
        and decision.reopened_at is None
        and stands
        and line is not None
        and line.is_open
        and line.turn != Turn.BUYER
    )
    return RuledRow(
        decision=decision,
        line=line,
        why=why_all(told, currency=decision.currency, unit=decision.unit),
        rules=tuple(dict.fromkeys(rules)),
        may_reopen=may,
    )


def check_rows(decision: ToleranceDecision, actor: Actor) -> list[CheckRow]:
    """A decision figure by figure, the gravest first. In which segment a supplier is seen is not told to it."""
    checks = [check_from_json(told) for told in decision.checks]
    checks.sort(key=lambda check: (-check.outcome, check.measured.piece))
    shown = {"currency": decision.currency, "unit": decision.unit}
    rows = [check_row(check, whom=actor.is_company, **shown) for check in checks]
    # The one piece of a line is the line.
    return rows if any(row.piece > 1 for row in rows) else [replace(row, piece=0) for row in rows]
