"""Writing formulas, letting another one count, and seeing beforehand what it would do.

Note [Two pairs of eyes]: a formula decides what two dozen people look at first. As with tolerances, nobody lets one
count that they have written themselves; whoever changed anything of it is one of its authors for good.
"""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, Problem, StaleDocument
from portal.kernel.scope import requires_scope
from procurement.inbox.messages import WriteFormula
from procurement.inbox.models import ExceptionCase, PriorityFormula
from procurement.inbox.policies.scoring import (
    DEFAULT_PARTS,
    DEFAULT_URGENCY,
    MOST_PARTS,
    Formula,
    default_formula,
    faults_of,
)
from procurement.inbox.queries.cases import with_papers
from procurement.inbox.queries.formulas import as_formula, find_formula
from procurement.inbox.services.ranking import rank_all_by, scores_by
from procurement.inbox.states import FORMULA_LIFECYCLE, FormulaState
from suppliers.roles import Permission

LONGEST_NAME = 100
MOST_SHOWN = 50
CURRENCY = re.compile("[A-Z]{3}")
SMALLEST_RATE, LARGEST_RATE = Decimal("0.000001"), Decimal(10) ** 6


class OwnWork(NotAllowed):
    """Somebody wants to approve what they wrote themselves."""

    code = "own_work"


def _require_editor(actor: Actor) -> None:
    if actor.is_supplier or not actor.may(Permission.CASE_MANAGE):
        raise NotAllowed(_("An administrator or a manager writes the formula."))


def _held(key: uuid.UUID, version: int) -> PriorityFormula:
    formula = find_formula(key, hold=True)
    if formula.version != version:
        message = _("Somebody changed this formula since you opened it. Look at what stands now.")
        raise StaleDocument(message, details={"version": formula.version})
    return formula


def _record(
    kind: str, formula: PriorityFormula, facts: dict[str, Any], *, actor: Actor, at: datetime
) -> None:
    told = {"name": formula.name, **facts}
    record(kind, formula.stream, actor=actor, at=at, supplier_id=None, facts=told, internal=True)


@requires_scope
def start_formula(
    name: str, *, copy_of: uuid.UUID | None = None, actor: Actor, at: datetime
) -> PriorityFormula:
    """Begin a draft: with the parts of another formula, or those that come with the program."""
    _require_editor(actor)
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        message = _("Give it a name of at most %(most)d characters.") % {"most": LONGEST_NAME}
        raise Invalid(message, [Problem("name", message, name[:100], "required" if not name else "too_long")])
    before = find_formula(copy_of) if copy_of else None
    parts = (
        before.parts
        if before
        else [{"name": part.name, "expression": part.expression} for part in DEFAULT_PARTS]
    )
    formula = PriorityFormula.objects.create(
        name=name,
        parts=parts,
        urgency=before.urgency if before else DEFAULT_URGENCY,
        rates=before.rates if before else {},
        authors=[actor.user_id] if actor.user_id is not None else [],
        created_at=at,
        created_by=actor.label,
    )
    _record("formula.drafted", formula, {"copy_of": before.name if before else ""}, actor=actor, at=at)
    return formula


@requires_scope
def write_formula(command: WriteFormula, *, actor: Actor, at: datetime) -> PriorityFormula:
    """Write a draft anew. Raises `Invalid` with everything that cannot be read, field by field."""
    _require_editor(actor)
    formula = _held(command.key, command.version)
    if formula.state != FormulaState.DRAFT:
        raise IllegalTransition(
            _("This is no draft any more. Begin a new draft from it to change its parts.")
        )
    problems = problems_of(command)
    if problems:
        raise Invalid(problems[0].message, problems)
    before = {"parts": formula.parts, "urgency": formula.urgency, "rates": formula.rates}
    formula.name = command.name.strip()
    formula.parts = [{"name": part.name, "expression": part.expression} for part in command.parts]
    formula.urgency, formula.rates = command.urgency.strip(), dict(command.rates)
    formula.version += 1
    formula.authors = _with_author(formula.authors, actor)
    formula.save(update_fields=["name", "parts", "urgency", "rates", "version", "authors"])
    after = {"parts": formula.parts, "urgency": formula.urgency, "rates": formula.rates}
    _record("formula.changed", formula, {"before": before, "after": after}, actor=actor, at=at)
    return formula


def problems_of(command: WriteFormula) -> list[Problem]:
    """Everything wrong with a formula as it was typed, by field."""
    problems = []
    if not command.name.strip() or len(command.name) > LONGEST_NAME:
        message = _("Give it a name of at most %(most)d characters.") % {"most": LONGEST_NAME}
        problems.append(Problem("name", message, command.name[:100], "required"))
    if not command.parts:
        problems.append(Problem("part.0", _("A formula has one part at least."), "", "required"))
    if len(command.parts) > MOST_PARTS:
        message = _("A formula has at most %(most)d parts.") % {"most": MOST_PARTS}
        problems.append(Problem("part.0", message, str(len(command.parts)), "too_many"))
    for place, part in enumerate(command.parts):
        if not part.name.strip() or len(part.name) > LONGEST_NAME:
            message = _("Name the part: people read it beside its points.")
            problems.append(Problem(f"name.{place}", message, part.name[:100], "required"))
    typed = {f"part.{place}": part.expression for place, part in enumerate(command.parts)}
    typed["urgency"] = command.urgency
    problems += [
        Problem(name, sentence, typed[name][:400])
        for name, sentence in faults_of(command.parts, command.urgency)
    ]
    for currency, rate in command.rates.items():
        try:
            is_good = bool(CURRENCY.fullmatch(currency)) and SMALLEST_RATE <= Decimal(rate) < LARGEST_RATE
        except InvalidOperation:
            is_good = False
        if not is_good:
            message = _("Write what one unit is worth in the company’s currency, such as 0.92 for USD.")
            problems.append(Problem(f"rate.{currency}", message, rate))
    return problems


def _with_author(authors: Sequence[int], actor: Actor) -> list[int]:
    return sorted({*authors, actor.user_id} if actor.user_id is not None else authors)


@requires_scope
def ask_for_formula(key: uuid.UUID, version: int, *, actor: Actor, at: datetime) -> PriorityFormula:
    """Ask somebody else to look at a draft and let it count. Who asks is one of its authors."""
    _require_editor(actor)
    formula = _held(key, version)
    fields = {"asked_at": at, "asked_by": actor.label, "authors": _with_author(formula.authors, actor)}
    _move(formula, "ask", fields, actor=actor, at=at)
    return formula


@requires_scope
def hand_back_formula(
    key: uuid.UUID, version: int, reason: str, *, actor: Actor, at: datetime
) -> PriorityFormula:
    """Make it a draft again, with the reason."""
    _require_editor(actor)
    formula = _held(key, version)
    _move(formula, "hand_back", {}, actor=actor, at=at, reason=_a_reason(reason))
    return formula


@requires_scope
def approve_formula(key: uuid.UUID, version: int, *, actor: Actor, at: datetime) -> PriorityFormula:
    """Let a formula count from now on: every open case is ranked by it at once. See Note [Two pairs of eyes].

    Raises `OwnWork` for who wrote anything of it.
    """
    _require_editor(actor)
    # All of them, in order: of two who let another one count at once, the second sees what the first did.
    held = list(PriorityFormula.objects.select_for_update().order_by("id"))
    before = next((one for one in held if one.state == FormulaState.ACTIVE), None)
    formula = _held(key, version)
    if actor.user_id is None or actor.user_id in formula.authors:
        raise OwnWork(_("You wrote part of it yourself: somebody else looks at it and lets it count."))
    if before is not None:
        fields = {"retired_at": at, "retired_by": actor.label}
        _move(before, "retire", fields, actor=actor, at=at)
    _move(formula, "approve", {"approved_at": at, "approved_by": actor.label}, actor=actor, at=at)
    rank_all_by(as_formula(formula), at=at)
    return formula


@requires_scope
def retire_formula(
    key: uuid.UUID, version: int, reason: str, *, actor: Actor, at: datetime
) -> PriorityFormula:
    """End a formula, or throw a draft away. Without an active one, that of the program counts again."""
    _require_editor(actor)
    formula = _held(key, version)
    was_active = formula.state == FormulaState.ACTIVE
    fields = {"retired_at": at, "retired_by": actor.label}
    _move(formula, "retire", fields, actor=actor, at=at, reason=_a_reason(reason))
    if was_active:
        rank_all_by(default_formula(), at=at)
    return formula


def _move(
    formula: PriorityFormula,
    verb: str,
    fields: dict[str, Any],
    *,
    actor: Actor,
    at: datetime,
    reason: str = "",
) -> None:
    facts = {"name": formula.name} | ({"reason": reason} if reason else {})
    FORMULA_LIFECYCLE.move(formula, verb, actor=actor, at=at, facts=facts, fields=fields)


def _a_reason(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        message = _("Say why: others read it later.")
        raise Invalid(message, [Problem("reason", message, "", "required")])
    return reason[:2000]


# --- beforehand ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Moved:
    """One case and how it would stand."""

    case: ExceptionCase
    score: int
    then: int
    place: int
    place_then: int

    @property
    def by(self) -> int:
        """How many places it would rise (positive) or fall."""
        return self.place - self.place_then


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a formula would do to the cases that are open now."""

    cases: int = 0
    moved: int = 0
    rises: tuple[Moved, ...] = ()
    falls: tuple[Moved, ...] = ()
    first: tuple[Moved, ...] = field(default=())


@requires_scope
def try_formula(formula: Formula) -> DryRun:
    """Rank all live cases by a formula without writing anything: which move how far."""
    rows = list(scores_by(formula))
    now = _places(rows, 1)
    then = _places(rows, 2)
    by_move = sorted(rows, key=lambda row: then[row[0]] - now[row[0]])
    rises = [row for row in by_move[:MOST_SHOWN] if then[row[0]] < now[row[0]]]
    falls = [row for row in by_move[::-1][:MOST_SHOWN] if then[row[0]] > now[row[0]]]
    first = sorted(rows, key=lambda row: then[row[0]])[:10]
    wanted = {row[0] for row in (*rises, *falls, *first)}
    cases = {case.pk: case for case in with_papers(ExceptionCase.objects.filter(pk__in=wanted))}

    def told(found: Sequence[tuple[int, int, int]]) -> tuple[Moved, ...]:
        return tuple(
            Moved(cases[pk], score, new, now[pk], then[pk]) for pk, score, new in found if pk in cases
        )

    return DryRun(
        len(rows), sum(now[row[0]] != then[row[0]] for row in rows), told(rises), told(falls), told(first)
    )


def _places(rows: Sequence[tuple[int, int, int]], by: int) -> dict[int, int]:
    ranked = sorted(rows, key=lambda row: (-row[by], row[0]))
    return {row[0]: place for place, row in enumerate(ranked, start=1)}
