"""The sentences of the workbench, without a database: what happens when this is sent, and whose turn it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.dateformat import format as dateformat
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.errors import Problem
from portal.kernel.templatetags.portal_ui import day_text, figure, money_text
from procurement.acknowledgments.policies import LineRules, difference
from procurement.orders.policies import Asked, NewPiece, Piece, is_as_asked
from procurement.orders.states import OrderState, PromiseKind
from procurement.tolerances.messages import Outcome
from procurement.tolerances.messages import Verdict as Judged
from procurement.tolerances.presenters.sentences import deciding, lateness, why_all

HOUR = timedelta(hours=1)


def given_name(name: str) -> str:
    """How one speaks of a person on the other side: by the first name where it is clear which that is."""
    words = name.split()
    return words[0] if len(words) > 1 and "," not in name and not words[0].endswith(".") else name


# --- what happens when a line is sent -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verdict:
    """What will come of a line: its tone and glyph, the result in bold, and why."""

    kind: str
    tone: str
    glyph: str
    result: str
    reason: str = ""

    @property
    def is_quiet(self) -> bool:
        return self.kind == AS_ASKED


AS_ASKED, TO_BUYER, REFUSED, NOT_YET = "as_asked", "to_buyer", "refused", "not_yet"
BY_RULE = "by_rule"


def as_asked_verdict() -> Verdict:
    """A line nobody touched."""
    return Verdict(AS_ASKED, "quiet", "full", "", _("As asked"))


def says_as_asked(rules: LineRules, pieces: Sequence[NewPiece]) -> bool:
    """Whether these pieces say what is asked, in whatever order."""
    asked = Asked(
        item_number="",
        quantity=rules.quantity,
        unit=rules.unit,
        price=rules.price,
        price_per=rules.price_per,
        ship_to="",
        deliveries=tuple((one.quantity, one.delivery_on) for one in rules.deliveries),
    )
    return is_as_asked(
        asked, [Piece(one.kind, one.quantity, one.delivery_on, one.price, one.price_per) for one in pieces]
    )


def verdict_of(
    rules: LineRules,
    pieces: Sequence[NewPiece],
    problems: Sequence[Problem],
    *,
    buyer: str,
    currency: str,
    judged: Judged | None = None,
) -> Verdict:
    """What happens when a line is sent as typed: agreed at once, or whom it goes to and why, or what stops it.

    `judged` is what the company's tolerances say of it; None where none act.
    """
    if problems:
        count = len(problems)
        result = ngettext("Cannot be sent yet", "%(n)d things to mend first", count) % {"n": count}
        return Verdict(NOT_YET, "stop", "alert", result)
    if says_as_asked(rules, pieces):
        return Verdict(AS_ASKED, "done", "full", _("Agreed at once"), _("as asked"))
    if judged and judged.outcome < Outcome.ASK:
        reason = why_all(deciding(judged.apart), currency=currency, unit=rules.unit)
        return Verdict(BY_RULE, "done", "full", _("Agreed at once"), reason)
    if all(piece.kind == PromiseKind.REFUSE for piece in pieces):
        return Verdict(REFUSED, "stop", "stop", _("Refused: goes to %(buyer)s") % {"buyer": buyer})
    reason = asking_of(rules, pieces, currency, judged)
    return Verdict(TO_BUYER, "wait", "talk", _("Goes to %(buyer)s") % {"buyer": buyer}, reason)


def asking_of(rules: LineRules, pieces: Sequence[NewPiece], currency: str, judged: Judged | None) -> str:
    """Why an answer goes to the buyer: how it differs, and what the rules would have allowed."""
    if judged is None:
        return "; ".join(reasons_of(rules, pieces, currency))
    reason = why_all(deciding(judged.apart), currency=currency, unit=rules.unit)
    agreed = sum(judged.outcome_of(piece) < Outcome.ASK for piece in range(1, len(pieces) + 1))
    if not agreed:
        return reason
    values = {"n": agreed, "count": len(pieces), "reason": reason}
    return _("%(n)d of %(count)d pieces agreed at once; %(reason)s") % values


def reasons_of(rules: LineRules, pieces: Sequence[NewPiece], currency: str) -> list[str]:
    """How an answer differs from what is asked, each in a few words."""
    told = difference(rules, pieces)
    found: list[str] = []
    if told.days_late:
        found.append(lateness(told.days_late))
    if told.price_change:
        amount = money_text(abs(told.price_change), currency)
        words = _("%(amount)s more each") if told.price_change > 0 else _("%(amount)s less each")
        found.append(words % {"amount": amount})
    if told.split:
        found.append(_("a split needs a buyer"))
    if told.substitute:
        found.append(_("another item"))
    if told.backorder:
        open_day = any(one.kind == PromiseKind.BACKORDER and not one.delivery_on for one in pieces)
        found.append(_("a backorder without a day") if open_day else _("a backorder"))
    if told.refused:
        values = {"quantity": figure(told.refused), "unit": rules.unit}
        found.append(_("%(quantity)s %(unit)s refused") % values)
    return found or [_("other quantities on these days")]


# --- whose turn it is ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Headline:
    """The one sentence on top of a paper: whose turn, what is asked, by when, and the time that is left."""

    tone: str
    glyph: str
    turn: str
    yours: bool
    sentence: str
    left: str = ""
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Deadline:
    """When an answer is due, in the supplier's own time, and the working time until then (negative: since)."""

    at: datetime
    now: datetime
    zone: str
    is_readers_zone: bool
    left: timedelta
    whole: timedelta

    @property
    def is_over(self) -> bool:
        return self.now > self.at


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What the headline of an order is made of. `typed` counts the verdicts of what is typed and not sent."""

    state: str
    revision: int
    buyer: str
    line_count: int
    agreed: int
    for_supplier: int
    for_buyer: int
    disputed: int = 0
    received: bool = False
    deadline: Deadline | None = None
    next_delivery: str = ""
    typed: tuple[tuple[str, int], ...] = ()
    may_answer: bool = True
    on_behalf_of: str = ""


def due_text(deadline: Deadline) -> str:
    """The moment an answer is due, as one says it: tomorrow, Fri 13 Mar 2026, 17:00."""
    zone = ZoneInfo(deadline.zone)
    due, now = deadline.at.astimezone(zone), deadline.now.astimezone(zone)
    days = (due.date() - now.date()).days
    exact = f"{dateformat(due, 'D')} {day_text(due)}, {due:%H:%M}"
    near = {0: _("today"), 1: _("tomorrow"), -1: _("yesterday")}.get(days)
    return f"{near}, {exact}" if near else exact


def whose_time(deadline: Deadline) -> str:
    """In whose time that is."""
    if deadline.is_readers_zone:
        return _("your time")
    return _("%(place)s time") % {"place": deadline.zone.rpartition("/")[2].replace("_", " ")}


def working_text(span: timedelta) -> str:
    """Working time in words: hours up to two days, minutes below one hour."""
    hours = int(span / HOUR)
    if hours >= 1:
        return ngettext("%(n)d working hour", "%(n)d working hours", hours) % {"n": hours}
    minutes = max(1, int(span / timedelta(minutes=1)))
    return ngettext("%(n)d working minute", "%(n)d working minutes", minutes) % {"n": minutes}


def time_left(deadline: Deadline) -> str:
    """How much working time is left, or gone since."""
    if deadline.is_over:
        if abs(deadline.left) < HOUR:
            return _("just past")
        return _("%(time)s late") % {"time": working_text(-deadline.left)}
    if deadline.left <= timedelta(0):
        return _("no working time left")
    return _("%(time)s left") % {"time": working_text(deadline.left)}


def share_left(deadline: Deadline) -> float:
    """The part of the answering time that is left, between 0 and 1."""
    if deadline.whole <= timedelta(0):
        return 0.0
    return max(0.0, min(1.0, deadline.left / deadline.whole))


def headline_for_supplier(facts: OrderFacts) -> Headline:
    """Where an order stands, said to the supplier's side (or to a buyer who answers for it)."""
    if facts.state == OrderState.CANCELLED:
        text = _("The buyer cancelled this order. There is nothing to do.")
        return Headline("quiet", "stop", _("Cancelled"), False, text)
    if facts.state == OrderState.CLOSED:
        text = _("This order is closed. There is nothing to do.")
        return Headline("quiet", "full", _("Closed"), False, text)
    if facts.for_supplier:
        return _your_turn(facts)
    if facts.for_buyer:
        return _their_turn(facts)
    if facts.received:
        return Headline("done", "full", _("Received"), False, _("Everything of this order has arrived."))
    if not facts.agreed:
        text = _("No line of this order is open. There is nothing to do.")
        return Headline("quiet", "full", _("Settled"), False, text)
    agreed = ngettext(
        "%(agreed)d of %(count)d line is agreed.",
        "%(agreed)d of %(count)d lines are agreed.",
        facts.line_count,
    ) % {"agreed": facts.agreed, "count": facts.line_count}
    if facts.agreed == facts.line_count:
        agreed = _("Everything is agreed.")
    if not facts.next_delivery:
        return Headline("done", "full", _("Agreed"), False, agreed)
    text = format_html("{} {} <b>{}</b>.", agreed, _("Next delivery:"), facts.next_delivery)
    return Headline("done", "full", _("Agreed"), False, text)


def _your_turn(facts: OrderFacts) -> Headline:
    deadline = facts.deadline
    turn = _("Your turn") if facts.may_answer else _("Waits for an answer")
    if facts.on_behalf_of:
        turn = _("Their turn")
    tail = _typed_text(facts)
    if facts.disputed:
        head = ngettext(
            "%(buyer)s did not accept one line: look at the reason and answer it again",
            "%(buyer)s did not accept %(count)d lines: look at the reasons and answer them again",
            facts.disputed,
        ) % {"buyer": facts.buyer, "count": facts.disputed}
        tone, glyph = "talk", "talk"
    else:
        head = (
            _("Answer revision %(number)d") % {"number": facts.revision}
            if facts.revision > 1
            else _("Answer")
        )
        tone, glyph = "wait", "wait"
    if deadline is None:
        return Headline(tone, glyph, turn, facts.may_answer, format_html("{}. {}", head, tail))
    when = format_html("<b>{}</b> {}", due_text(deadline), whose_time(deadline))
    if deadline.is_over:
        text = format_html("{} {}. {}. {}", _("The answer was due"), when, head, tail)
        return Headline("stop", "alert", turn, facts.may_answer, text, time_left(deadline), 0.0)
    text = format_html("{} {} {}. {}", head, _("by"), when, tail)
    return Headline(tone, glyph, turn, facts.may_answer, text, time_left(deadline), share_left(deadline))


def _typed_text(facts: OrderFacts) -> str | SafeString:
    counts = dict(facts.typed)
    changed = sum(count for kind, count in facts.typed)
    if not changed:
        if facts.for_supplier == facts.line_count:
            return ""
        waiting = ngettext("One line waits.", "%(count)d lines wait.", facts.for_supplier)
        return waiting % {"count": facts.for_supplier}
    parts: list[str] = []
    at_once = counts.get(AS_ASKED, 0) + counts.get(BY_RULE, 0)
    if at_once:
        parts.append(ngettext("one agreed at once", "%(n)d agreed at once", at_once) % {"n": at_once})
    refused = counts.get(REFUSED, 0)
    if count := counts.get(TO_BUYER, 0) + refused:
        parts.append(going_text(count, refused, facts.buyer))
    if count := counts.get(NOT_YET, 0):
        parts.append(ngettext("one to mend first", "%(n)d to mend first", count) % {"n": count})
    head = ngettext("One line differs:", "%(n)d lines differ:", changed) % {"n": changed}
    return format_html("{} {}.", head, format_html_join(", ", "{}", ((part,) for part in parts)))


def going_text(count: int, refused: int, buyer: str) -> str:
    """How many lines the buyer decides on, what is refused among them: the same before and after sending."""
    values = {"n": count, "buyer": buyer}
    text = ngettext("one goes to %(buyer)s", "%(n)d go to %(buyer)s", count) % values
    if not refused:
        return text
    inside = ngettext("one of them refused", "%(n)d of them refused", refused) % {"n": refused}
    return f"{text} ({_('refused') if count == 1 else inside})"


def _their_turn(facts: OrderFacts) -> Headline:
    if facts.on_behalf_of:
        text = ngettext(
            "One line answered otherwise than asked waits for a decision.",
            "%(count)d lines answered otherwise than asked wait for a decision.",
            facts.for_buyer,
        ) % {"count": facts.for_buyer}
        return Headline("wait", "wait", _("Your turn"), True, text)
    text = ngettext(
        "%(buyer)s decides on one line that you answered otherwise than asked.",
        "%(buyer)s decides on %(count)d lines that you answered otherwise than asked.",
        facts.for_buyer,
    ) % {"buyer": facts.buyer, "count": facts.for_buyer}
    if facts.agreed:
        agreed = ngettext("One other line is agreed.", "The other %(n)d are agreed.", facts.agreed)
        text = f"{text} {agreed % {'n': facts.agreed}}"
    turn = _("%(buyer)s’s turn") % {"buyer": facts.buyer}
    rest = _("There is nothing to do until then.")
    return Headline("move", "most", turn, False, f"{text} {rest}")


def amount_share(part: Decimal, whole: Decimal) -> float:
    """A part of a whole as a number between 0 and 100, for a bar."""
    return float(round(max(Decimal(0), min(Decimal(1), part / whole)) * 100, 1)) if whole else 0.0
