"""A supplier's answer to an order, from whichever door it comes."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, Problem, StaleDocument
from portal.kernel.scope import requires_scope
from procurement.acknowledgments.messages import AcknowledgeOrder, LineAnswer
from procurement.acknowledgments.models import OrderAcknowledgment
from procurement.acknowledgments.policies import LineRules, check_header, difference, read_answer
from procurement.acknowledgments.queries import find_answer, rules_of, travel_days
from procurement.acknowledgments.services.draft import forget_drafts
from procurement.acknowledgments.services.judging import judge_answers, write_down
from procurement.acknowledgments.states import ACKNOWLEDGMENT_LIFECYCLE
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.policies import NewPiece, plain
from procurement.orders.queries import lines_of, lock_order
from procurement.orders.services import Settled, make_promises, withdraw_promises
from procurement.orders.states import OrderState, Turn
from suppliers.models import SupplierSite
from suppliers.roles import Permission
from suppliers.services import require_business


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """An answer as it was taken: the paper, and what came of each line."""

    paper: OrderAcknowledgment
    settled: Settled


def require_may_answer(order: PurchaseOrder, actor: Actor) -> bool:
    """Whether the answer is given on the supplier's behalf. Raises `NotAllowed` for who may not answer at all."""
    if actor.is_supplier:
        if not actor.may(Permission.ORDER_ACKNOWLEDGE):
            raise NotAllowed(
                _("Your role reads orders. Ask your administrator for the right to answer them.")
            )
        if order.supplier.only_reads:
            raise NotAllowed(_("Your company is blocked for new promises. Ask the buyer why."))
        return False
    if actor.is_company and not actor.may(Permission.ORDER_ANSWER_FOR):
        raise NotAllowed(_("Only a buyer answers for a supplier."))
    return actor.is_company


@requires_scope
def acknowledge_order(command: AcknowledgeOrder, *, actor: Actor, at: datetime) -> Acknowledged:
    """Answer an order: as asked or otherwise, some lines or all (domain.md §5).

    Lines promised as asked, and what the company's tolerances agree to, are agreed at once and told to the ERP; the
    others wait for the buyer. Raises `Invalid` with every problem found, `StaleDocument` when an answered line moved
    since `command.version`, `BusinessEnded` for a supplier that has left.
    """
    order = lock_order(command.order, actor=actor)
    require_business(order.supplier_id, actor=actor)
    on_behalf = require_may_answer(order, actor)
    if order.state != OrderState.ISSUED:
        raise IllegalTransition(
            _("Order %(number)s is %(state)s and takes no answers.")
            % {"number": order.number, "state": order.get_state_display().lower()}
        )
    lines = {line.key: line for line in lines_of(order)}
    # First whether somebody was quicker: what they settled is news to this person, not a mistake of theirs.
    require_fresh(order, command.version, [lines[a.line_key] for a in command.answers if a.line_key in lines])
    answers = _answers(command, lines)
    require_fresh(order, command.version, [lines[answer.line_key] for answer in answers])
    if problems := check_header(command.supplier_reference, command.note):
        raise Invalid(problems[0].message, problems)
    ship_from = _ship_from(order, command.ship_from)
    places = [ship_from] if ship_from else SupplierSite.objects.filter(supplier_id=order.supplier_id)
    pieces, rules = _read(order, answers, lines, at, travel_days(places))
    judged = judge_answers(order, list(lines.values()), pieces, rules, actor=actor, at=at)
    paper = OrderAcknowledgment(
        key=uuid.uuid4(),
        supplier_id=order.supplier_id,
        order=order,
        revision=order.revision,
        supplier_reference=command.supplier_reference.strip(),
        ship_from=ship_from,
        note=command.note.strip(),
        sent_at=at,
        due_at=order.acknowledge_by_at,
        sent_by=actor.label,
        sent_by_user_id=actor.user_id,
        channel=actor.channel,
        on_behalf=on_behalf,
    )
    if paper.supplier_reference:
        order.supplier_reference = paper.supplier_reference
    settled = make_promises(order, pieces, origin=paper.key, ruled=judged.ruled, actor=actor, at=at)
    paper.lines_as_asked = len(settled.as_asked)
    paper.lines_by_rule = len(settled.by_rule)
    paper.lines_refused = len(settled.refused)
    paper.lines_changed = len(settled.waiting)
    paper.save(force_insert=True)
    forget_drafts(order, [answer.line_key for answer in answers])
    record(
        "order.acknowledged",
        order.stream,
        actor=actor,
        at=at,
        supplier_id=order.supplier_id,
        facts={
            "acknowledgment": str(paper.key),
            "revision": order.revision,
            "on_behalf": on_behalf,
            "as_asked": list(settled.as_asked),
            "by_rule": list(settled.by_rule),
            "waiting": _waiting_facts(settled, rules, pieces),
            "refused": list(settled.refused),
        },
    )
    write_down(judged, order, list(lines.values()), pieces, paper.key, at=at)
    return Acknowledged(paper, settled)


def _answers(command: AcknowledgeOrder, lines: dict[str, PurchaseOrderLine]) -> list[LineAnswer]:
    named = [answer.line_key for answer in command.answers]
    problems = [
        Problem("line", _("This order has no line %(key)s.") % {"key": key}, key, "unknown", key)
        for key in named
        if key not in lines
    ]
    problems += [
        Problem("line", _("Line %(key)s is answered twice.") % {"key": key}, key, "duplicate", key)
        for key in sorted({key for key in named if named.count(key) > 1})
    ]
    for key in named:
        if (line := lines.get(key)) and not line.is_open:
            message = _("Line %(number)s is cancelled, closed or received: nothing is left to promise.")
            problems.append(
                Problem("line", message % {"number": line.number}, key, "closed", str(line.number))
            )
        elif line and line.is_settled:
            message = _("Line %(number)s is agreed already. What was agreed is changed by asking the buyer.")
            problems.append(
                Problem("line", message % {"number": line.number}, key, "agreed", str(line.number))
            )
    if problems:
        raise Invalid(problems[0].message, problems)
    answers = list(command.answers)
    if command.rest_as_asked:
        rest = [line for line in lines.values() if line.turn == Turn.SUPPLIER and line.key not in set(named)]
        answers += [LineAnswer(line.key) for line in rest]
    if not answers:
        raise StaleDocument(_("No line of this order waits for an answer any more."))
    return answers


def require_fresh(order: PurchaseOrder, version: int, lines: Sequence[PurchaseOrderLine]) -> None:
    """Raise `StaleDocument` when one of these lines moved since this version of the order, or it never had it."""
    require_known(order, version)
    moved = [line.number for line in lines if line.touched_version > version]
    if not moved:
        return
    raise StaleDocument(
        ngettext(
            "Line %(lines)s changed since you opened this order. Nothing you typed is lost: look at the "
            "difference and send again.",
            "Lines %(lines)s changed since you opened this order. Nothing you typed is lost: look at the "
            "differences and send again.",
            len(moved),
        )
        % {"lines": ", ".join(str(number) for number in sorted(moved))},
        details={"lines": sorted(moved), "version": order.version, "revision": order.revision},
    )


def require_known(order: PurchaseOrder, version: int) -> None:
    """Raise `StaleDocument` for a version that the order has not come to: who names it has seen nothing of it."""
    if version > order.version:
        message = _(
            "Order %(number)s has no version %(version)d yet. Read it again, and answer what it says."
        )
        raise StaleDocument(
            message % {"number": order.number, "version": version},
            details={"version": order.version, "revision": order.revision},
        )


def _read(
    order: PurchaseOrder,
    answers: Sequence[LineAnswer],
    lines: dict[str, PurchaseOrderLine],
    at: datetime,
    transit_days: int | None,
) -> tuple[dict[int, tuple[NewPiece, ...]], dict[int, LineRules]]:
    rules = rules_of(order, [lines[answer.line_key] for answer in answers])
    today = at.astimezone(ZoneInfo(order.supplier.time_zone)).date()
    pieces: dict[int, tuple[NewPiece, ...]] = {}
    problems: list[Problem] = []
    for answer in answers:
        line = lines[answer.line_key]
        pieces[line.pk], found = read_answer(
            rules[line.pk], answer.pieces, today=today, transit_days=transit_days
        )
        problems += found
    if problems:
        summary = ngettext(
            "One thing must be mended before this answer can be sent.",
            "%(count)d things must be mended before this answer can be sent.",
            len(problems),
        )
        raise Invalid(summary % {"count": len(problems)}, problems)
    return pieces, rules


def _ship_from(order: PurchaseOrder, code: str) -> SupplierSite | None:
    if not code:
        return None
    site: SupplierSite | None = SupplierSite.objects.filter(supplier_id=order.supplier_id, code=code).first()
    if site is None:
        message = _("There is no ship-from place %(code)s. Choose one from the list.") % {"code": code}
        raise Invalid(message, [Problem("ship_from", message, code)])
    return site


def _waiting_facts(
    settled: Settled, rules: dict[int, LineRules], pieces: dict[int, tuple[NewPiece, ...]]
) -> list[dict[str, object]]:
    waiting = set(settled.waiting)
    facts: list[dict[str, object]] = []
    for line_id, rule in rules.items():
        if rule.number not in waiting or len(facts) >= 50:
            continue
        told = difference(rule, pieces[line_id])
        facts.append(
            {
                "line": rule.number,
                "days_late": told.days_late,
                "price_change": plain(told.price_change),
                "split": told.split,
                "substitute": told.substitute,
                "backorder": told.backorder,
                "refused": plain(told.refused),
            }
        )
    return facts


@requires_scope
def withdraw_acknowledgment(key: uuid.UUID, *, actor: Actor, at: datetime) -> tuple[int, ...]:
    """Take an answer back while the buyer has not acted on it; returns the lines that await an answer again.

    Lines agreed at once stay agreed. Raises `StaleDocument` when nothing of it is undecided.
    """
    paper = find_answer(key, actor=actor)
    order = lock_order(paper.order.key, actor=actor)
    require_may_answer(order, actor)
    lines = withdraw_promises(order, paper.key, at=at)
    if not lines and not (paper.lines_changed or paper.lines_refused):
        raise StaleDocument(
            _(
                "Every line of this answer was agreed at once, and what is agreed stays agreed. To change it, ask the "
                "buyer."
            )
        )
    if not lines:
        raise StaleDocument(_("The buyer has acted on all of this answer; it cannot be taken back any more."))
    ACKNOWLEDGMENT_LIFECYCLE.move(paper, "withdraw", actor=actor, at=at, facts={"lines": list(lines)})
    record(
        "order.answer_withdrawn",
        order.stream,
        actor=actor,
        at=at,
        supplier_id=order.supplier_id,
        facts={"acknowledgment": str(paper.key), "lines": list(lines)},
    )
    return lines
