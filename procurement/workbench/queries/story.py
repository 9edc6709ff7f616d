"""One order's whole story across both systems: papers read, promises, commands and every call, decisions, messages."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, OuterRef, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.audit.queries import timeline_of
from portal.kernel.looks import look_of
from portal.kernel.outbox.models import UNDONE, DeliveryAttempt, MessageState, OutboxMessage
from portal.kernel.templatetags.portal_ui import day_text, figure, moment_text
from procurement.erp.models import ErpCommand, FeedRun
from procurement.erp.ports import Feed
from procurement.erp.presenters import TRIES, outcome_word, reason_text
from procurement.erp.states import CommandState
from procurement.orders.models import OrderRevision, Promise, PurchaseOrder
from procurement.orders.states import PromiseKind
from procurement.workbench.presenters import Entry, entry_of, field_word, lines_text, shown_value

MOST = 300
MOST_CHANGES = 8
# Told by the papers themselves, with what they changed.
TOLD_BY_PAPERS = frozenset({"order.received", "order.revised"})


@dataclass(frozen=True, slots=True)
class Story:
    """The entries, newest first, and whether there were more than are shown."""

    entries: tuple[Entry, ...]
    is_cut: bool


def story_of_order(order: PurchaseOrder, *, actor: Actor, sees_runs: bool) -> Story:
    """Gather the story of one order: one query for each kind of record."""
    origins = {str(one) for one in ErpCommand.objects.filter(order=order).values_list("origin", flat=True)}
    parts: list[list[Entry]] = [
        # Causes before what they cause, for what happened in one moment.
        list(_papers(order, sees_runs=sees_runs)),
        list(_promises(order)),
        list(_events(order, actor)),
        list(_messages(order, origins)),
        list(_attempts(order, origins)),
        list(_read_backs(order)),
    ]
    entries = [entry for part in parts for entry in reversed(part)]
    entries.sort(key=lambda one: one.at.timestamp() if one.at else 0.0)
    return Story(tuple(reversed(entries)), any(len(part) >= MOST for part in parts))


# --- from the ERP -------------------------------------------------------------------------------------------


def _papers(order: PurchaseOrder, *, sees_runs: bool) -> Iterator[Entry]:
    reading = FeedRun.objects.filter(feed=Feed.ORDERS, started_at__lte=OuterRef("received_at"))
    reading = reading.exclude(finished_at__lt=OuterRef("received_at")).order_by("-started_at", "-id")
    found = OrderRevision.objects.filter(order=order).defer("paper")
    found = found.annotate(
        run=Subquery(reading.values("key")[:1]), sources=Subquery(reading.values("sources")[:1])
    )
    for revision in found.order_by("-number")[:MOST]:
        head = _("Read from the ERP: revision %(number)d") % {"number": revision.number}
        changes = [_change(one) for one in revision.changes[:MOST_CHANGES]]
        if len(revision.changes) > MOST_CHANGES:
            changes.append("…")
        text = f"{head}: {'; '.join(changes)}" if changes else head
        files = ", ".join(str(source).rsplit("/", 1)[-1] for source in (revision.sources or [])[:2])
        note = " · ".join(part for part in (_("ERP → portal"), files) if part)
        url = reverse("integration-run", args=[revision.run]) if sees_runs and revision.run else ""
        yield Entry(
            "talk" if revision.number > 1 else "quiet", "stale", text, revision.received_at, note, url=url
        )


def _change(change: Mapping[str, str]) -> str:
    name = change["field"]
    old, new = (shown_value(name, change[when]) or "–" for when in ("old", "new"))
    where = _("line %(line)s") % {"line": change["line"]} if change["line"] else _("order")
    return f"{where}, {field_word(name)} {old} → {new}"


def _events(order: PurchaseOrder, actor: Actor) -> Iterator[Entry]:
    for event in timeline_of(order.stream, actor=actor, limit=MOST):
        if event.kind not in TOLD_BY_PAPERS:
            entry = entry_of(event, reader_id=actor.user_id, side=actor.side, linked=True)
            yield entry if not event.facts.get("reason") else _with_reason(entry, event)


def _with_reason(entry: Entry, event: AuditEvent) -> Entry:
    note = " · ".join(part for part in (entry.note, f"“{event.facts['reason']}”") if part)
    return Entry(entry.tone, entry.glyph, entry.text, entry.at, note, url=entry.url)


# --- from the supplier --------------------------------------------------------------------------------------


def _promises(order: PurchaseOrder) -> Iterator[Entry]:
    found = Promise.objects.filter(line__order=order).annotate(number=F("line__number"))
    answers: dict[tuple[datetime, Any], dict[int, list[Promise]]] = {}
    for promise in found.order_by("-promised_at", "line__number", "piece")[: MOST * 4]:
        lines = answers.setdefault((promise.promised_at, promise.origin), {})
        lines.setdefault(promise.number, []).append(promise)
    for (at, _origin), lines in list(answers.items())[:MOST]:
        words = [f"{number}: {' + '.join(_piece(one) for one in pieces)}" for number, pieces in lines.items()]
        more = ["…"] if len(words) > MOST_CHANGES else []
        text = _("Promised on line %(pieces)s") % {"pieces": "; ".join(words[:MOST_CHANGES] + more)}
        yield Entry("move", "most", text, at)


def _piece(promise: Promise) -> str:
    if promise.kind == PromiseKind.REFUSE:
        return _("%(n)s will not come") % {"n": figure(promise.quantity)}
    day = day_text(promise.delivery_on) if promise.delivery_on else _("no day yet")
    return f"{figure(promise.quantity)} · {day} · {figure(promise.price, 2)}"


# --- to the ERP ---------------------------------------------------------------------------------------------


def _origin_of(message: OutboxMessage) -> str:
    return str(message.payload.get("origin") or message.key)


def _command_url(origin: str, origins: Iterable[str]) -> str:
    return reverse("integration-command", args=[origin]) if origin in origins else ""


def _messages(order: PurchaseOrder, origins: Iterable[str]) -> Iterator[Entry]:
    found = OutboxMessage.objects.filter(stream=order.stream).order_by("-id")[:MOST]
    for message in found:
        numbers = [line["number"] for line in message.payload.get("lines", ())]
        head = _("Queued for the ERP: %(lines)s") % {"lines": lines_text(numbers)}
        if message.kind == "erp.command_released":
            head = _("Let go to the ERP again")
        elif message.topic != "erp":
            head = _("Message queued: %(topic)s") % {"topic": message.topic}
        word = str(look_of("outbox", message.state).word)
        state = [word]
        if message.state == MessageState.WAITING:
            state.append(_("next attempt %(at)s") % {"at": moment_text(message.due_at)})
        if message.state in UNDONE and message.last_error:
            state.append(reason_text(message.last_error))
        note = " · ".join(filter(None, (message.actor_label, _("portal → ERP"), *state)))
        tone = "wait" if message.state in UNDONE else "quiet"
        url = _command_url(_origin_of(message), origins)
        yield Entry(tone, "wait", head, message.created_at, note, url=url)


def _attempts(order: PurchaseOrder, origins: Iterable[str]) -> Iterator[Entry]:
    found = DeliveryAttempt.objects.filter(message__stream=order.stream).select_related("message")
    for attempt in found.order_by("-id")[:MOST]:
        tone, glyph = TRIES.get(attempt.outcome, ("quiet", "half"))
        values = {"number": attempt.number, "outcome": outcome_word(attempt.outcome)}
        text = _("Attempt %(number)d: %(outcome)s") % values
        took = (attempt.finished_at - attempt.started_at).total_seconds()
        took_words = ngettext("took %(n)s second", "took %(n)s seconds", int(took)) % {"n": figure(int(took))}
        error = reason_text(attempt.error)
        note = " · ".join(filter(None, (_("portal → ERP"), took_words if took >= 1 else "", error)))
        url = _command_url(_origin_of(attempt.message), origins)
        yield Entry(tone, glyph, text, attempt.started_at, note, url=url)


def _read_backs(order: PurchaseOrder) -> Iterator[Entry]:
    """What is held by a command right now and no event tells: values read while it waits for a person."""
    found = ErpCommand.objects.filter(order=order, current_at__isnull=False)
    found = found.filter(state__in=[CommandState.CONFLICT, CommandState.TO_KEY, CommandState.NEEDS_PERSON])
    for command in found.order_by("-id")[:MOST]:
        numbers = [line["number"] for line in command.payload["lines"]]
        text = _("Seen in the ERP, other than wanted: %(lines)s") % {"lines": lines_text(numbers)}
        url = reverse("integration-command", args=[command.origin])
        yield Entry("quiet", "half", text, command.current_at, _("ERP → portal"), url=url)
