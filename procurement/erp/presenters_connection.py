"""What the monitor shows of the connection: in words."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.audit.models import AuditEvent
from portal.kernel.looks import STATES
from portal.kernel.outbox.models import MessageState
from portal.kernel.templatetags.portal_ui import figure, moment_text
from procurement.erp.alerts.words import Said, said
from procurement.erp.connection import ERP
from procurement.erp.failures import Group, Kind, may_retry_at_once
from procurement.erp.models import Alert, ErpConnection
from procurement.erp.ports import Deletions, Feed, InvoicePart, ReadBack
from procurement.erp.presenters import feed_word, reason_text, span_text, words_of_fields
from procurement.erp.problems import RULES, explain_in_general
from procurement.erp.queries import AGES, QueueRow
from procurement.erp.states import CommandState


@dataclass(frozen=True, slots=True)
class Standing:
    """How the connection stands, in one sentence: tone and glyph, the word, and what is to be known about it."""

    tone: str
    glyph: str
    word: str
    text: str


def standing_of(connection: ErpConnection, at: datetime) -> Standing:
    """Paused, left alone, or running: since when, why, and what happens next."""
    if connection.is_paused and connection.paused_at:
        text = _("%(by)s paused it at %(since)s: %(reason)s") % {
            "by": connection.paused_by,
            "since": moment_text(connection.paused_at),
            "reason": connection.paused_reason,
        }
        return Standing("wait", "stop", _("Paused"), text)
    if connection.opened_at:
        return Standing("stop", "alert", _("Left alone"), " ".join(_why_shut(connection, at)))
    if connection.failures:
        text = ngettext(
            "%(count)s call in a row failed. %(reason)s",
            "%(count)s calls in a row failed. %(reason)s",
            connection.failures,
        ) % {"count": figure(connection.failures), "reason": reason_text(connection.trouble)}
        return Standing("wait", "wait", _("Trouble"), text)
    if connection.heard_at:
        return Standing("done", "full", _("Running"), "")
    return Standing("quiet", "none", _("Not heard from yet"), "")


def _why_shut(connection: ErpConnection, at: datetime) -> Iterable[str]:
    assert connection.opened_at is not None
    yield _("Nothing is read or written since %(since)s.") % {"since": moment_text(connection.opened_at)}
    if connection.trouble:
        yield reason_text(connection.trouble)
    if connection.asking_until and at < connection.asking_until:
        yield _("It is being asked right now.")
    elif connection.ask_at and connection.ask_at > at:
        yield _("It is asked again in %(span)s.") % {"span": span_text(connection.ask_at - at)}
    else:
        yield _("It is asked again in a moment.")


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the record."""

    label: str
    value: str
    tone: str = ""


def facts_of(connection: ErpConnection) -> list[Fact]:
    """Who is at the other end and what they can do, as it was last found."""
    found = connection.found
    if not found:
        return []
    return [
        Fact(_("System"), _system(found)),
        Fact(_("Signed in as"), found["user"] or _("nobody: a folder asks for no name")),
        Fact(_("Reads"), ", ".join(feed_word(feed) for feed in Feed if feed in found["reads"])),
        Fact(_("Writes"), words_of_fields(found["writes"]) or _("nothing")),
        Fact(_("Ship notices"), _told_or_keyed(found, "ship_notices")),
        Fact(_("Counted goods"), _told_or_keyed(found, "counts")),
        Fact(_("Invoices"), _booked_or_keyed(found)),
        Fact(_("Early payments"), _told_or_keyed(found, "early_payments")),
        Fact(_("Confirms"), _read_back(found)),
        Fact(_("Deletions"), _deletions(found)),
        _clock(connection.clock_skew),
        _credentials(connection),
    ]


def _system(found: Mapping[str, Any]) -> str:
    """Which program is there, by the name people know it by."""
    if found["kind"] == "tryton":
        return _("Tryton %(version)s, database %(name)s") % {
            "version": found["version"],
            "name": found["system"],
        }
    if found["kind"] == "files":
        return _("drop folder %(name)s") % {"name": found["system"].removeprefix("drop folder ")}
    return " ".join(filter(None, (found["system"], found["version"])))


def _read_back(found: Mapping[str, Any]) -> str:
    words = {
        ReadBack.IMMEDIATE: _("at once, by looking"),
        ReadBack.BY_FEED: _("by the next reading"),
    }
    text = words[ReadBack(found["read_back"])]
    return text + ("; " + _("a change in between is noticed") if found["optimistic_lock"] else "")


def _deletions(found: Mapping[str, Any]) -> str:
    words = {
        Deletions.STATED: _("are said by the ERP"),
        Deletions.BY_SWEEP: _("are found by comparing everything"),
        Deletions.REPORTED: _("are listed by the ERP"),
    }
    return words[Deletions(found["deletions"])]


def _clock(skew: timedelta | None) -> Fact:
    label = _("Its clock")
    if skew is None or abs(skew) < timedelta(seconds=1):
        return Fact(label, _("as ours"))
    words = _("%(span)s ahead of ours") if skew > timedelta(0) else _("%(span)s behind ours")
    return Fact(
        label, words % {"span": span_text(abs(skew))}, "stop" if abs(skew) >= timedelta(minutes=1) else ""
    )


def _credentials(connection: ErpConnection) -> Fact:
    label = _("Key or password")
    if connection.refused_since:
        text = _("refused since %(at)s") % {"at": moment_text(connection.refused_since)}
        return Fact(label, text, "stop")
    parts = []
    if connection.credentials_expire_at:
        parts.append(_("good until %(at)s") % {"at": moment_text(connection.credentials_expire_at)})
    else:
        asked = connection.found.get("user")
        parts.append(_("this ERP does not say until when it is good") if asked else _("none is needed"))
    if connection.refused_at:
        parts.append(_("last refused %(at)s") % {"at": moment_text(connection.refused_at)})
    return Fact(label, "; ".join(parts))


def _told_or_keyed(found: Mapping[str, Any], name: str) -> str:
    return _("are told to it") if found.get(name) == "yes" else _("are keyed in by hand")


def _booked_or_keyed(found: Mapping[str, Any]) -> str:
    """What of invoices it books by machine; what is missing a person keys in."""
    takes = found.get("invoices_out", "no")
    if takes == "no":
        return _("are keyed in by hand")
    words = {
        InvoicePart.INVOICE: _("invoices"),
        InvoicePart.CREDIT_NOTE: _("credit notes"),
        InvoicePart.DEBIT_NOTE: _("debit notes"),
        InvoicePart.CHARGES: _("charges"),
        InvoicePart.WITHOUT_ORDER: _("without an order"),
        InvoicePart.ATTACHMENT: _("with the supplier’s document"),
        InvoicePart.VOID: _("taken out again"),
    }
    return ", ".join(word for part, word in words.items() if part in takes.split(", "))


def changed_name(name: str) -> str:
    """What changed, as people call it; modules and the like keep the name that the ERP gave them."""
    words = {
        "kind": _("Kind"),
        "system": _("System"),
        "version": _("Version"),
        "user": _("Signed in as"),
        "reads": _("Reads"),
        "writes": _("Writes"),
        "ship_notices": _("Ship notices"),
        "counts": _("Counted goods"),
        "invoices_out": _("Invoices"),
        "early_payments": _("Early payments"),
        "read_back": _("Confirms"),
        "deletions": _("Deletions"),
    }
    return words.get(name, name)


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One thing that is new in the ERP."""

    what: str
    before: str
    after: str


def change_rows(connection: ErpConnection) -> list[ChangeRow]:
    """What is new in the ERP and nobody has seen yet."""
    return [ChangeRow(changed_name(one["what"]), one["before"], one["after"]) for one in connection.change]


# --- its story


def story_of_connection(events: Iterable[AuditEvent]) -> list[dict[str, Any]]:
    """What happened to the connection, newest first, as entries of components/timeline.html."""
    return [_entry(event) for event in events]


def _entry(event: AuditEvent) -> dict[str, Any]:
    looks = _EVENTS.get(event.kind)
    tone, glyph, text = looks(event) if looks else ("quiet", "half", event.kind)
    who = event.actor_label if event.actor_label != ERP.label else ""  # what it found out by itself
    note = " · ".join(filter(None, (who, reason_text(event.facts.get("reason", "")))))
    return {"tone": tone, "glyph": glyph, "text": text, "at": event.at, "note": note}


def _changed(event: AuditEvent) -> tuple[str, str, str]:
    parts = [
        f"{changed_name(one['what'])}: {one['before'] or '–'} → {one['after'] or '–'}"
        for one in event.facts.get("changes", [])[:5]
    ]
    return "wait", "stale", _("The ERP is not what it was.") + " " + "; ".join(parts)


_EVENTS: dict[str, Callable[[AuditEvent], tuple[str, str, str]]] = {
    "connection.paused": lambda _event: ("wait", "stop", _("Paused")),
    "connection.resumed": lambda _event: ("done", "full", _("Resumed")),
    "connection.lost": lambda _event: ("stop", "alert", _("Nobody answers: left alone")),
    "connection.answered": lambda _event: ("done", "full", _("It answers again")),
    "connection.found": lambda _event: ("move", "full", _("Seen for the first time")),
    "connection.changed": _changed,
    "connection.change_noted": lambda _event: ("quiet", "full", _("What is new was taken note of")),
    "connection.look_asked": lambda _event: ("quiet", "half", _("Asked to look again")),
}


# --- alerts, groups and the queue


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One alert in a list."""

    alert: Alert
    said: Said


def alert_row(alert: Alert) -> AlertRow:
    """An alert in the reader's language."""
    return AlertRow(alert, said(alert.cause, alert.subject, alert.facts))


@dataclass(frozen=True, slots=True)
class GroupRow:
    """Failures of one reason in a list."""

    group: Group
    what: str
    reason: str
    may_retry: bool


_RULES_BY_WORDS = {"".join("#" if one.isdigit() else one for one in name): name for name in RULES}


def group_row(group: Group) -> GroupRow:
    """A group in words: what failed, and why."""
    what = {
        Kind.COMMANDS: lambda: str(CommandState(group.state).label),
        Kind.MESSAGES: lambda: _("Parked alerts") if group.state == "alerts" else _("Parked messages"),
        Kind.RECORDS: lambda: _("Not taken: %(feed)s") % {"feed": feed_word(group.state)},
    }[group.kind]()
    return GroupRow(group, what, _reason_of(group), may_retry_at_once(group))


def _reason_of(group: Group) -> str:
    rule = _RULES_BY_WORDS.get(group.words) if group.kind is Kind.RECORDS else None
    if rule is not None:
        return explain_in_general(rule)
    return reason_text(group.sample) if group.count == 1 else reason_text(group.words).replace("#", "…")


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """One state of the queue in a list: its name, and how many have waited how long."""

    word: str
    tone: str
    glyph: str
    cells: Sequence[tuple[int, str]]
    total: int
    oldest: datetime


def age_labels() -> list[str]:
    """The heads of the columns: up to a minute, up to a quarter of an hour, and so on."""
    spans = [span_text(age) for age in (*AGES[:-1], timedelta(hours=24))]
    return [*(_("up to %(span)s") % {"span": span} for span in spans), _("longer")]


def waiting_row(row: QueueRow) -> WaitingRow:
    """A state of the queue in words."""
    is_message = row.state in (MessageState.WAITING, MessageState.LEASED, MessageState.PARKED)
    look = STATES["outbox" if is_message else "erp"][row.state]
    cells = list(zip(row.counts, age_labels(), strict=True))
    return WaitingRow(str(look.word), look.tone, look.glyph, cells, row.total, row.oldest)
