"""What the monitor shows of a command: in words, and side by side."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from portal.kernel.outbox.models import DeliveryAttempt
from portal.kernel.templatetags.portal_ui import day_text, figure
from procurement.erp.models import ErpCommand, FeedRun
from procurement.erp.policies import standing_pieces
from procurement.erp.ports import Feed, WriteField, fields_asked_for
from procurement.erp.queries import command_of
from procurement.erp.states import COMMAND_LIFECYCLE, STUCK, CommandState
from procurement.orders.messages import CommandLine, CommandPiece


def words_of_fields(fields: Iterable[str]) -> str:
    """What a command changes in the ERP: "date, quantity"."""
    words = {
        WriteField.PROMISE_DATE: _("delivery date"),
        WriteField.QUANTITY: _("quantity"),
        WriteField.PRICE: _("price"),
        WriteField.SPLIT: _("split into deliveries"),
        WriteField.REFUSAL: _("what will not come"),
        WriteField.SUBSTITUTE: _("substitute item"),
        WriteField.SHIP_TO: _("ship-to place"),
        WriteField.SUPPLIER_REFERENCE: _("supplier's order number"),
    }
    return ", ".join(word for field, word in words.items() if field in set(fields))


@dataclass(frozen=True, slots=True)
class CommandRow:
    """One command in a list."""

    command: ErpCommand
    what: str
    lines: str
    erp_has: Sequence[str]
    wanted: Sequence[str]
    reason: str
    since: datetime
    line_count: int = 1


def reason_text(reason: str) -> str:
    """Why, in the reader's language where the words are ours; an ERP's own words stay as they are."""
    if found := _WITHIN.fullmatch(reason):
        return _("Tryton did not answer within %(n)s s.") % {"n": found[1]}
    return _(reason) if reason else ""


# What our own connector says in many words for many numbers, or from where nobody's language is known.
_WITHIN = re.compile(r"Tryton did not answer within ([\d.]+) s\.")
_SAID = (gettext_noop("Tryton does not answer."),)


def command_row(command: ErpCommand) -> CommandRow:
    """A command as one row: what it changes, what the ERP has instead, what we wanted."""
    paper = command_of(command)
    asked = fields_asked_for(paper) - {WriteField.SUPPLIER_REFERENCE}
    numbers = [str(line.number) for line in paper.lines]
    by_key = {line.key: line for line in paper.lines}
    differing = [by_key[line["key"]] for line in command.current if line["key"] in by_key]
    return CommandRow(
        command=command,
        what=words_of_fields(asked) or _("as asked"),
        lines=", ".join(numbers[:4]) + (" …" if len(numbers) > 4 else ""),
        erp_has=[current_text(line, by_key.get(line["key"])) for line in command.current[:2]],
        wanted=[text for line in (differing or paper.lines)[:2] for text in wanted_texts(line)][:4],
        reason=reason_text(command.reason),
        since=command.sent_at or command.calling_since or command.queued_at,
        line_count=len(numbers),
    )


def current_text(line: Mapping[str, Any], decided: CommandLine | None = None) -> str:
    """What the ERP said it holds for a line; the price only where it is not the one that was decided on."""
    if line.get("gone"):
        return _("line is gone")
    quantity, price, day = (line.get(name) or "" for name in ("quantity", "price", "delivery_on"))
    other_price = price and (decided is None or Decimal(price) != decided.base_price)
    parts = [
        figure(Decimal(quantity)) if quantity else "",
        day_text(date.fromisoformat(day)) if day else "",
        _("at %(price)s") % {"price": figure(Decimal(price))} if other_price else "",
    ]
    return ", ".join(part for part in parts if part)


def wanted_texts(line: CommandLine) -> list[str]:
    """What was agreed on a line, piece by piece."""
    return [_piece_text(piece, line) for piece in standing_pieces(line)] or [_("will not come")]


def _piece_text(piece: CommandPiece, line: CommandLine) -> str:
    parts = [figure(piece.quantity)]
    if piece.delivery_on:
        parts.append(day_text(piece.delivery_on))
    if piece.price * line.base_price_per != line.base_price * piece.price_per:
        parts.append(_("at %(price)s") % {"price": figure(piece.price)})
    return ", ".join(parts)


# --- the story of one command
# ---------------------------------------------------------------------------------


def story_of(command: ErpCommand, tries: Iterable[DeliveryAttempt]) -> list[dict[str, Any]]:
    """What happened to a command, newest first, as entries of components/timeline.html."""
    entries: list[dict[str, Any]] = []
    if command.confirmed_at:
        entries.append(_entry("done", "full", _("Seen in the ERP"), command.confirmed_at))
    if command.state in (*STUCK, CommandState.GIVEN_UP, CommandState.YIELDED):
        tone, glyph = ("stop", "alert") if command.state != CommandState.TO_KEY else ("wait", "wait")
        label = str(CommandState(command.state).label)
        entries.append(_entry(tone, glyph, label, None, reason_text(command.reason)))
    for attempt in sorted(tries, key=lambda one: one.started_at, reverse=True):
        tone, glyph = TRIES.get(attempt.outcome, ("quiet", "half"))
        text = _("Attempt %(number)d: %(outcome)s") % {
            "number": attempt.number,
            "outcome": outcome_word(attempt.outcome),
        }
        entries.append(_entry(tone, glyph, text, attempt.started_at, attempt.error))
    entries.append(_entry("quiet", "none", _("Agreed, and promised to the ERP"), command.queued_at))
    return entries


TRIES = {
    "sent": ("move", "half"),
    "confirmed": ("done", "full"),
    "conflict": ("stop", "alert"),
    "person": ("stop", "stop"),
    "retry": ("wait", "wait"),
    "parked": ("stop", "alert"),
    "behind": ("quiet", "wait"),
    "died": ("stop", "alert"),
    "given_up": ("quiet", "stop"),
    "to_key": ("wait", "wait"),
    "unknown": ("wait", "stale"),
}


def outcome_word(outcome: str) -> str:
    """How an attempt ended, in words."""
    words = {
        "sent": _("sent, waits for the read-back"),
        "confirmed": _("confirmed by read-back"),
        "conflict": _("the ERP had moved"),
        "person": _("refused"),
        "retry": _("did not get through"),
        "parked": _("given up, needs a person"),
        "behind": _("waits for the command before it"),
        "unknown": _("no answer"),
        "died": _("the worker ended in it"),
        "given_up": _("given up by a person"),
        "to_key": _("not by machine, to key by hand"),
        "superseded": _("replaced by a newer one"),
    }
    return words.get(outcome, outcome)


def _entry(tone: str, glyph: str, text: str, at: datetime | None, note: str = "") -> dict[str, Any]:
    return {"tone": tone, "glyph": glyph, "text": text, "at": at, "note": note, "now": False}


# --- the flow between both sides
# ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lane:
    """One direction of the flow: what it carried, in words and as shares of a bar."""

    text: str
    strong: str
    note: str
    lag: str
    bars: Sequence[tuple[str, str, str]]


def reads_lane(sums: Mapping[str, int], by_feed: Mapping[str, int], lag: str) -> Lane:
    """What came from the ERP."""
    seen, changed = sums.get("papers", 0), sums.get("taken", 0)
    refused = sums.get("refused", 0)
    note = " · ".join(f"{feed_word(feed)} {figure(count)}" for feed, count in by_feed.items())
    if refused:
        note += " · " + ngettext("%(count)s finding", "%(count)s findings", refused) % {
            "count": figure(refused)
        }
    return Lane(
        text=ngettext("%(count)s record seen,", "%(count)s records seen,", seen) % {"count": figure(seen)},
        strong=ngettext("%(count)s changed", "%(count)s changed", changed) % {"count": figure(changed)},
        note=note or _("nothing yet"),
        lag=lag,
        bars=shares([("done", seen), ("stop", refused)]),
    )


def writes_lane(counts: Mapping[str, int], oldest: str) -> Lane:
    """What went to the ERP."""
    total, confirmed = sum(counts.values()), counts.get(CommandState.CONFIRMED, 0)
    open_states = [state for state in CommandState if state not in COMMAND_LIFECYCLE.terminal]
    note = " · ".join(
        f"{figure(counts.get(state, 0))} {state.label}" for state in open_states if counts.get(state)
    )
    waiting = counts.get(CommandState.QUEUED, 0) + counts.get(CommandState.SENT, 0)
    stuck = sum(counts.get(state, 0) for state in NEEDS_YOU)
    return Lane(
        text=ngettext("%(count)s command,", "%(count)s commands,", total) % {"count": figure(total)},
        strong=ngettext("%(count)s confirmed", "%(count)s confirmed", confirmed)
        % {"count": figure(confirmed)},
        note=note or _("nothing on the way"),
        lag=oldest,
        bars=shares([("done", confirmed), ("wait", waiting), ("stop", stuck)]),
    )


NEEDS_YOU = (*sorted(STUCK), CommandState.UNKNOWN)


def shares(parts: Sequence[tuple[str, int]]) -> list[tuple[str, str, str]]:
    """Parts of a bar of 100: tone, start, width; what exists is never thinner than can be seen."""
    total = sum(count for _tone, count in parts)
    bars: list[tuple[str, str, str]] = []
    start = Decimal(0)
    for tone, count in parts:
        if count:
            width = max(Decimal(count) * 100 / total, Decimal(1))
            bars.append((tone, f"{min(start, 100 - width):.2f}", f"{width:.2f}"))
            start += width
    return bars


def feed_word(feed: str) -> str:
    """A feed as people call it."""
    words = {
        Feed.COMPANIES: _("companies"),
        Feed.UNITS: _("units"),
        Feed.SITES: _("sites"),
        Feed.SUPPLIERS: _("suppliers"),
        Feed.SUPPLIER_SITES: _("suppliers' sites"),
        Feed.ITEMS: _("items"),
        Feed.SUPPLIER_ITEMS: _("suppliers' items"),
        Feed.ORDERS: _("orders"),
        Feed.RECEIPTS: _("receipts"),
        Feed.INVOICES: _("invoices"),
        Feed.COMMAND_RESULTS: _("answers to commands"),
        Feed.STOCK: _("stock"),
        Feed.CUSTOMER_DEMAND: _("customers' orders"),
        Feed.BANK_ACCOUNTS: _("suppliers' bank accounts"),
    }
    return words.get(Feed(feed), feed)


@dataclass(frozen=True, slots=True)
class RunRow:
    """One reading in a list."""

    run: FeedRun
    feed: str
    sources: str
    took: str
    behind: str
    reason: str = ""


def run_row(run: FeedRun) -> RunRow:
    """A reading with its feed and its files in words, how long it took, and how old the newest of it was."""
    names = [source.rsplit("/", 1)[-1] or source for source in run.sources]
    return RunRow(
        run,
        feed_word(run.feed),
        ", ".join(names[:3]) + (" …" if len(names) > 3 else ""),
        span_text(run.finished_at - run.started_at) if run.finished_at else "",
        _age(run.told_until, run.started_at) if run.told_until else "",
        reason_text(run.reason),
    )


def _age(newest: datetime, read_at: datetime) -> str:
    """How old the newest record of a reading was: while things change, how far behind the ERP we are."""
    # Clocks differ a little: what was told from our future is new.
    return _("%(span)s old") % {"span": span_text(max(read_at - newest, timedelta(0)))}


def span_text(span: timedelta) -> str:
    """How long: 0.4 s, 12 s, 5 min, 3 h, 2 days."""
    seconds = span.total_seconds()
    if seconds < 10:
        return _("%(n)s s") % {"n": figure(Decimal(str(round(seconds, 1))), 1 if seconds % 1 else 0)}
    for size, text in ((86_400, _("%(n)s days")), (3_600, _("%(n)s h")), (60, _("%(n)s min"))):
        if seconds >= 2 * size or (size < 86_400 and seconds >= size):
            return text % {"n": figure(int(seconds // size))}
    return _("%(n)s s") % {"n": figure(int(seconds))}
