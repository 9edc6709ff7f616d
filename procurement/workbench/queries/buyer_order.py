"""An order as its buyer reads it: both sides' figures line by line, what waits, and what became of it in the ERP."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.actors import Actor
from portal.kernel.templatetags.portal_ui import day_text
from procurement.acknowledgments.models import OrderAcknowledgment
from procurement.acknowledgments.queries import answers_of
from procurement.erp.presenters import reason_text
from procurement.erp.queries import LineErpState, erp_state_of_lines
from procurement.erp.states import CommandState
from procurement.orders.models import OrderRevision, PurchaseOrder, PurchaseOrderLine
from procurement.orders.queries import lines_of, live_promises_by_line, schedules_by_line
from procurement.orders.states import Agreement, Logistics, OrderState, Turn
from procurement.workbench.policies import Headline, due_text, share_left, time_left, whose_time
from procurement.workbench.presenters import lines_text
from procurement.workbench.queries.answer import deadline_of
from procurement.workbench.queries.compare import DID_WORDS, Compared, Moved, compare, moved_of

NEEDS, CHANGED, ALL = "needs", "changed", "all"
WINDOW = 50
MOST_NAMED = 4
MOST_CHANGES = 50
# What a person must look at first.
ERP_ORDER = (
    "conflict",
    "person",
    "to_key",
    "unknown",
    "queued",
    "sent",
    "given_up",
    "yielded",
    "confirmed",
)


@dataclass(frozen=True, slots=True)
class ErpGroup:
    """The lines that stand alike in the ERP."""

    state: str
    numbers: tuple[int, ...]
    since: datetime
    reasons: tuple[str, ...]
    origins: tuple[str, ...] = ()

    @property
    def lines(self) -> str:
        return lines_text(self.numbers)


@dataclass(frozen=True, slots=True)
class Change:
    """One row of a revision's comparison with the one before."""

    line: str
    moved: Moved
    did: str


@dataclass(frozen=True, slots=True)
class BuyerOrder:
    """Everything of the page but the timeline and the thread."""

    order: PurchaseOrder
    lines: tuple[PurchaseOrderLine, ...]
    rows: tuple[Compared, ...]
    show: str
    counts: Mapping[str, int]
    next_after: int | None
    first: int | None
    open_line: int | None
    headline: Headline
    waiting: tuple[PurchaseOrderLine, ...]
    dims: Mapping[str, Mapping[str, str]]
    revision: OrderRevision | None
    changes: tuple[Change, ...]
    more_changes: int
    answers: tuple[OrderAcknowledgment, ...]
    erp: tuple[ErpGroup, ...]
    agreed_amount: Decimal

    @property
    def untouched(self) -> int:
        """How many lines the newest revision left alone."""
        return self.order.line_count - len({one.line for one in self.changes if one.line})


def buyer_order(
    order: PurchaseOrder,
    *,
    actor: Actor,
    at: datetime,
    show: str = "",
    after: int | None = None,
    open_line: int | None = None,
    may_decide: bool = False,
) -> BuyerOrder:
    """Gather the page: a fixed number of queries. Long orders are shown in windows, from the line `after` on; the
    window holds `open_line` (a line number) where one is named."""
    lines = lines_of(order)
    revision = OrderRevision.objects.filter(order=order).order_by("-number").defer("paper").first()
    changed = _changed_lines(revision)
    waiting = tuple(line for line in lines if line.turn == Turn.BUYER)
    counts = {NEEDS: len(waiting), CHANGED: sum(line.number in changed for line in lines), ALL: len(lines)}
    show = _shown(show, counts, waiting, open_line)
    wanted = [line for line in lines if _belongs(line, show, changed)]
    window, next_after = _window(wanted, after, open_line)
    ids = {line.pk for line in (*window, *waiting[:MOST_NAMED])}
    schedules, promises = schedules_by_line(ids), live_promises_by_line(ids)
    changes = revision.changes if revision and revision.number > 1 else []
    moves = moved_of(changes)
    erp = erp_state_of_lines(order)

    def row(line: PurchaseOrderLine) -> Compared:
        return compare(
            line,
            order,
            schedules[line.pk],
            promises[line.pk],
            moved=moves.get(str(line.number), ()),
            erp=erp.get(line.key),
        )

    groups = _erp_groups(lines, erp)
    named = [row(line) for line in waiting[:MOST_NAMED]]
    return BuyerOrder(
        order=order,
        lines=tuple(lines),
        rows=tuple(row(line) for line in window),
        show=show,
        counts=counts,
        next_after=next_after,
        first=window[0].number if window and window[0] is not wanted[0] else None,
        open_line=open_line,
        headline=_headline(order, waiting, named, groups, at, may_decide=may_decide),
        waiting=waiting,
        dims=_dims(order, lines, revision),
        revision=revision,
        changes=changes_of(changes[:MOST_CHANGES]),
        more_changes=max(0, len(changes) - MOST_CHANGES),
        answers=tuple(answers_of(order, actor=actor)),
        erp=groups,
        agreed_amount=sum(
            (line.amount for line in lines if line.agreement == Agreement.AGREED and not line.cancelled),
            start=Decimal(0),
        ),
    )


def _changed_lines(revision: OrderRevision | None) -> set[int]:
    if revision is None or revision.number == 1:
        return set()
    numbers = {one["line"] for one in revision.changes if one["did"] not in ("noted", "kept")}
    return {int(number) for number in numbers if number.isdecimal()}


def _shown(
    show: str, counts: Mapping[str, int], waiting: Sequence[PurchaseOrderLine], open_line: int | None
) -> str:
    if show in (CHANGED, ALL) or (show == NEEDS and counts[NEEDS]):
        return show
    if open_line is not None and all(line.number != open_line for line in waiting):
        return ALL
    return NEEDS if counts[NEEDS] else ALL


def _belongs(line: PurchaseOrderLine, show: str, changed: set[int]) -> bool:
    if show == NEEDS:
        return line.turn == Turn.BUYER
    return show == ALL or line.number in changed


def _window(
    lines: Sequence[PurchaseOrderLine], after: int | None, open_line: int | None
) -> tuple[list[PurchaseOrderLine], int | None]:
    """At most so many lines at once, and the line number after which the next ones come."""
    start = 0
    if after is not None:
        start = next((place for place, line in enumerate(lines) if line.number > after), len(lines))
    elif open_line is not None:
        place = next((place for place, line in enumerate(lines) if line.number == open_line), 0)
        start = place // WINDOW * WINDOW
    window = list(lines[start : start + WINDOW])
    return window, window[-1].number if start + WINDOW < len(lines) else None


# --- revisions ----------------------------------------------------------------------------------------------


def changes_of(changes: Sequence[Mapping[str, str]]) -> tuple[Change, ...]:
    """What a revision changed, as rows of a table."""
    return tuple(
        Change(one["line"], moved, str(DID_WORDS.get(one["did"], one["did"])))
        for one, moved in zip(changes, (Moved.of(one) for one in changes), strict=True)
    )


def revisions_of(order: PurchaseOrder, actor: Actor) -> list[OrderRevision]:
    """Every revision of an order, newest first."""
    revisions = OrderRevision.objects.visible_to(actor).filter(order=order)
    return list(revisions.defer("paper").order_by("-number"))


# --- the ERP ------------------------------------------------------------------------------------------------


def _erp_groups(
    lines: Sequence[PurchaseOrderLine], states: Mapping[str, LineErpState]
) -> tuple[ErpGroup, ...]:
    found: dict[str, list[tuple[int, LineErpState]]] = defaultdict(list)
    for line in lines:
        if state := states.get(line.key):
            found[str(state.state)].append((line.number, state))
    return tuple(
        ErpGroup(
            state=state,
            numbers=tuple(number for number, _state in found[state]),
            since=max(one.since for _number, one in found[state]),
            reasons=tuple(dict.fromkeys(reason_text(one.reason) for _n, one in found[state] if one.reason)),
            origins=tuple(dict.fromkeys(one.origin for _number, one in found[state] if one.origin)),
        )
        for state in ERP_ORDER
        if state in found
    )


# --- the four statuses --------------------------------------------------------------------------------------


def _dims(
    order: PurchaseOrder, lines: Sequence[PurchaseOrderLine], revision: OrderRevision | None
) -> dict[str, dict[str, str]]:
    return {
        "agreement": {
            "value": order.agreement,
            "word": _("%(agreed)d of %(count)d agreed")
            % {"agreed": order.lines_agreed, "count": order.line_count},
            "note": _agreement_note(lines),
        },
        "revision": {
            "value": order.revision_status,
            "word": _revision_word(order),
            "note": _revision_note(revision),
        },
        "logistics": {
            "value": order.logistics,
            "note": _("next due %(day)s") % {"day": day_text(order.next_delivery_on)}
            if order.next_delivery_on
            else "",
        },
        "finance": {"value": order.finance, "note": order.payment_terms},
    }


def _agreement_note(lines: Sequence[PurchaseOrderLine]) -> str:
    live = [line for line in lines if not line.cancelled]

    counts = {
        "yours": sum(line.turn == Turn.BUYER for line in live),
        "awaiting": sum(line.agreement == Agreement.AWAITING for line in live),
        "disputed": sum(line.agreement == Agreement.DISPUTED for line in live),
        "refused": sum(line.agreement == Agreement.REFUSED and line.turn != Turn.BUYER for line in live),
    }
    words = {
        "yours": ngettext("one to decide", "%(n)d to decide", counts["yours"]),
        "awaiting": ngettext("one awaits an answer", "%(n)d await an answer", counts["awaiting"]),
        "disputed": ngettext("one disputed", "%(n)d disputed", counts["disputed"]),
        "refused": ngettext("one refused", "%(n)d refused", counts["refused"]),
    }
    parts = [words[name] % {"n": count} for name, count in counts.items() if count]
    return ", ".join(parts)


def _revision_word(order: PurchaseOrder) -> str:
    if order.revision_status == "stale":
        return _("Agreed on an older revision")
    return _("Current, revision %(number)d") % {"number": order.revision}


def _revision_note(revision: OrderRevision | None) -> str:
    if revision is None or revision.number == 1:
        return _("as it came first")
    reopened = len({one["line"] for one in revision.changes if one["did"] in ("reopened", "added")})
    if not reopened:
        return _("nothing reopened by it")
    return ngettext("one line reopened by it", "%(n)d lines reopened by it", reopened) % {"n": reopened}


# --- the headline -------------------------------------------------------------------------------------------


def _headline(
    order: PurchaseOrder,
    waiting: Sequence[PurchaseOrderLine],
    named: Sequence[Compared],
    erp: Sequence[ErpGroup],
    at: datetime,
    *,
    may_decide: bool,
) -> Headline:
    """Whose turn it is, said to the buying side."""
    if order.state == OrderState.CANCELLED:
        return Headline(
            "quiet", "stop", _("Cancelled"), False, _("Cancelled in the ERP. Nothing is to be done.")
        )
    if order.state == OrderState.CLOSED:
        return Headline("quiet", "full", _("Closed"), False, _("Closed in the ERP. Nothing is to be done."))
    if waiting:
        return _your_turn(order, waiting, named, may_decide=may_decide)
    if order.lines_for_supplier:
        return _their_turn(order, at)
    trouble = next(
        (one for one in erp if one.state in (CommandState.CONFLICT, CommandState.NEEDS_PERSON)), None
    )
    if trouble:
        text = _("What was agreed on %(lines)s is not in the ERP.") % {"lines": trouble.lines}
        return Headline("stop", "alert", _("ERP"), False, text)
    if to_key := next((one for one in erp if one.state == CommandState.TO_KEY), None):
        text = _("What was agreed on %(lines)s is to be keyed into the ERP.") % {"lines": to_key.lines}
        return Headline("wait", "wait", _("ERP"), False, text)
    if order.logistics == Logistics.RECEIVED:
        return Headline("done", "full", _("Received"), False, _("Everything of this order has arrived."))
    if not order.lines_agreed:
        return Headline("quiet", "full", _("Settled"), False, _("No line of this order is open."))
    text = _agreed(order)
    if order.next_delivery_on:
        text = format_html("{} {} <b>{}</b>.", text, _("Next delivery:"), day_text(order.next_delivery_on))
    return Headline("done", "full", _("Agreed"), False, text)


def _agreed(order: PurchaseOrder) -> str:
    if order.lines_agreed == order.line_count:
        return _("Everything is agreed.")
    text = ngettext(
        "%(agreed)d of %(count)d line is agreed.",
        "%(agreed)d of %(count)d lines are agreed.",
        order.line_count,
    )
    return text % {"agreed": order.lines_agreed, "count": order.line_count}


def _your_turn(
    order: PurchaseOrder, waiting: Sequence[PurchaseOrderLine], named: Sequence[Compared], *, may_decide: bool
) -> Headline:
    which = ", ".join(_named(one) for one in named)
    if len(waiting) > len(named):
        more = len(waiting) - len(named)
        which = _("%(lines)s and %(n)d more") % {"lines": which, "n": more}
    count = ngettext("%(n)d line", "%(n)d lines", len(waiting)) % {"n": len(waiting)}
    if may_decide:
        text = format_html("{} {} <b>{}</b>: {}.", _agreed(order), _("Decide on"), count, which)
        return Headline("wait", "wait", _("Your turn"), True, text)
    whose = order.buyer_name or order.company.name
    text = format_html("{} <b>{}</b>: {}.", _("A buyer decides on"), count, which)
    return Headline("move", "most", _("%(buyer)s’s turn") % {"buyer": whose}, False, text)


def _named(one: Compared) -> str:
    words = one.words[0] if one.words else _("differs")
    return f"{one.line.number} ({words})"


def _their_turn(order: PurchaseOrder, at: datetime) -> Headline:
    turn = _("%(supplier)s’s turn") % {"supplier": order.supplier.name}
    count = order.lines_for_supplier
    deadline = deadline_of(order, at)
    tone, glyph = "move", "wait"
    what = ngettext(
        "One line awaits an answer to revision %(number)d",
        "%(n)d lines await an answer to revision %(number)d",
        count,
    )
    if order.agreement == Agreement.DISPUTED:
        tone, glyph = "talk", "talk"
        what = ngettext("One line is to be answered again", "%(n)d lines are to be answered again", count)
    what %= {"n": count, "number": order.revision}
    if deadline is None:
        return Headline(tone, glyph, turn, False, f"{what}.")
    when = format_html("<b>{}</b> {}", due_text(deadline), whose_time(deadline))
    if deadline.is_over:
        text = format_html("{}. {} {}.", what, _("It was due"), when)
        return Headline("stop", "alert", turn, False, text, time_left(deadline), 0.0)
    text = format_html("{}, {} {}.", what, _("due"), when)
    return Headline(tone, glyph, turn, False, text, time_left(deadline), share_left(deadline))
