"""What a comparison, a drift and a dry run look like: in words, and side by side."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.audit.models import AuditEvent
from portal.kernel.templatetags.portal_ui import day_text, figure
from procurement.erp.ports import Feed
from procurement.erp.presenters import feed_word, reason_text
from procurement.erp.reconciliation.mirror import BOOKS
from procurement.erp.reconciliation.models import Drift, ReconciliationRun, Rehearsal
from procurement.erp.reconciliation.policies import repairs_for
from procurement.erp.reconciliation.rehearsing import as_problem
from procurement.erp.reconciliation.running import Figures
from procurement.erp.reconciliation.states import DRIFT_LIFECYCLE, DriftKind, DriftState, Repair

SHOWN_DIFFERENCES = 200


def field_word(name: str) -> str:
    """A field of a record as people call it."""
    words = {
        "supplier": _("supplier"),
        "status": _("status"),
        "currency": _("currency"),
        "ordered_on": _("ordered on"),
        "ship_to": _("ship to"),
        "revision": _("revision in the ERP"),
        "kind": _("kind of order"),
        "payment_terms": _("payment terms"),
        "incoterm": _("Incoterm"),
        "incoterm_place": _("Incoterm place"),
        "buyer_code": _("buyer’s code"),
        "buyer_name": _("buyer"),
        "buyer_email": _("buyer’s mail"),
        "note": _("note"),
        "number": _("line number"),
        "item_number": _("item"),
        "description": _("description"),
        "gtin": _("GTIN"),
        "supplier_part_number": _("supplier’s item number"),
        "quantity": _("quantity"),
        "unit": _("unit"),
        "price": _("price"),
        "price_per": _("price for so many"),
        "closed": _("closed"),
        "received_quantity": _("received"),
        "invoiced_quantity": _("invoiced"),
        "deliveries": _("deliveries"),
        "line": _("the line itself"),
        "name": _("name"),
        "country": _("country"),
        "time_zone": _("time zone"),
        "decimals": _("decimals"),
        "rec20": _("UN/ECE code"),
        "company": _("company"),
        "street": _("street"),
        "postal_code": _("postal code"),
        "city": _("city"),
        "gln": _("GLN"),
        "language": _("language"),
        "segment": _("segment"),
        "email": _("mail"),
        "blocked": _("blocked"),
        "transit_days": _("transit days"),
        "group": _("item group"),
        "minimum_quantity": _("minimum quantity"),
        "pack_quantity": _("pack quantity"),
        "lead_time_days": _("lead time in days"),
    }
    return words.get(name, name)


_NUMBERS = frozenset(
    {
        "quantity",
        "price",
        "price_per",
        "received_quantity",
        "invoiced_quantity",
        "minimum_quantity",
        "pack_quantity",
    }
)
_DAYS = frozenset({"ordered_on"})


def value_texts(name: str, value: Any) -> list[str]:
    """A value of one side as it is shown, one text for each delivery; nothing where that side says nothing."""
    if isinstance(value, bool):
        return [_("yes") if value else _("no")]
    if isinstance(value, Mapping):
        return [
            _("%(quantity)s on %(day)s")
            % {"quantity": figure(Decimal(quantity)), "day": day_text(date.fromisoformat(day))}
            for day, quantity in value.items()
        ]
    if value in ("", None):
        return []
    if name in _NUMBERS:
        return [figure(Decimal(value))]
    if name in _DAYS:
        return [day_text(date.fromisoformat(value))]
    return [str(value)]


@dataclass(frozen=True, slots=True)
class ComparedValue:
    """One value in two columns."""

    where: str
    field: str
    here: Sequence[str]
    there: Sequence[str]


def compared_values(drift: Drift) -> list[ComparedValue]:
    """What a drift is about, value by value."""
    return [
        ComparedValue(
            where=_("Line %(number)s") % {"number": one["number"]} if one["line"] else _("The record itself"),
            field=field_word(one["field"]),
            here=value_texts(one["field"], one["here"]),
            there=value_texts(one["field"], one["there"]),
        )
        for one in drift.differences[:SHOWN_DIFFERENCES]
    ]


@dataclass(frozen=True, slots=True)
class DriftRow:
    """One drift in a list."""

    drift: Drift
    record: str
    feed: str
    kind: str
    what: str
    reason: str


def drift_row(drift: Drift) -> DriftRow:
    """A drift as one row: which record, what is not the same, and why a repair did not work."""
    return DriftRow(
        drift=drift,
        record=record_text(drift),
        feed=feed_word(drift.feed),
        kind=str(DriftKind(drift.kind).label),
        what=_what(drift),
        reason=reason_text(drift.reason),
    )


def record_text(drift: Drift) -> str:
    """How people call the record: an order by its number, what belongs to somebody by both."""
    return drift.number if drift.feed == Feed.ORDERS else " / ".join(drift.record)


def _what(drift: Drift) -> str:
    match drift.kind:
        case DriftKind.MISSING_HERE:
            return _("The ERP has it, the portal does not.")
        case DriftKind.MISSING_THERE:
            return _("The portal has it, the ERP does not.")
    words = list(dict.fromkeys(field_word(one["field"]) for one in drift.differences))
    lines = list(dict.fromkeys(str(one["number"]) for one in drift.differences if one["line"]))
    text = ", ".join(words[:4]) + (" …" if len(words) > 4 else "")
    if not lines:
        return text
    numbers = ", ".join(lines[:5]) + (" …" if len(lines) > 5 else "")
    said = ngettext("line %(lines)s: %(fields)s", "lines %(lines)s: %(fields)s", len(lines))
    return said % {"lines": numbers, "fields": text}


def explain(kind: str) -> str:
    """What a kind of drift means, and how it comes about."""
    words = {
        DriftKind.MISSING_HERE: _(
            "The ERP has this record and no reading brought it. Taking it reads it now; if the portal refuses it, the "
            "reason is shown here."
        ),
        DriftKind.MISSING_THERE: _(
            "The ERP no longer has this record: it was deleted there, and nothing said so."
        ),
        DriftKind.FIELDS: _("Both sides have the record, and it does not say the same."),
        DriftKind.PROMISE_LOST: _(
            "This was agreed, written to the ERP and seen there. Somebody or something has changed it since."
        ),
        DriftKind.COMMAND_UNTRUE: _(
            "The ERP confirmed that it holds what was agreed, and it does not. No reading has shown it either."
        ),
    }
    return words[DriftKind(kind)]


def repair_says(repair: str) -> str:
    """What a repair will do, before it is chosen."""
    words = {
        Repair.TAKE_ERP: _(
            "The record is read from the ERP once more and taken over, as if it had been changed there now. Lines on "
            "which something that matters moved are asked of the supplier again."
        ),
        Repair.SEND_AGAIN: _(
            "What is agreed is written to the ERP again, on what it holds now. Whoever changed it there will be "
            "overwritten."
        ),
        Repair.CANCEL: _("The order is cancelled here, and the supplier sees it cancelled."),
        Repair.BLOCK: _("The supplier is blocked here. It still sees its orders and cannot answer them."),
    }
    return words[Repair(repair)]


@dataclass(frozen=True, slots=True)
class Choice:
    """One repair that a person may choose."""

    value: str
    label: str
    says: str


def choices_for(kind: str, feed: str) -> list[Choice]:
    """The repairs of a kind of drift, the usual one first."""
    return [Choice(one.value, str(one.label), repair_says(one)) for one in repairs_for(kind, feed)]


@dataclass(frozen=True, slots=True)
class KindRow:
    """One kind of drift: how much of it is open, on its way, ignored; and what can be done to all of it."""

    kind: str
    label: str
    open: int
    under_way: int
    ignored: int
    url: str
    choices: Sequence[Choice]


def kind_rows(counts: Mapping[tuple[str, str], int]) -> list[KindRow]:
    """All kinds of drift there are at the moment."""
    rows = []
    for kind in DriftKind:
        counted = {state: counts.get((kind.value, state.value), 0) for state in DriftState}
        under_way = counted[DriftState.ASKED] + counted[DriftState.UNDER_WAY]
        if counted[DriftState.OPEN] or under_way or counted[DriftState.IGNORED]:
            url = f"{reverse('integration-comparison')}?kind={kind.value}#drift"
            choices = choices_for(kind, Feed.ORDERS.value) if counted[DriftState.OPEN] else []
            label = str(kind.label)
            ignored = counted[DriftState.IGNORED]
            rows.append(
                KindRow(kind.value, label, counted[DriftState.OPEN], under_way, ignored, url, choices)
            )
    return rows


@dataclass(frozen=True, slots=True)
class FeedRow:
    """What the comparison of one feed came to."""

    feed: str
    figures: Figures
    differing: int
    note: str
    as_of: datetime | None

    @property
    def promises(self) -> int:
        """Promises that do not stand, whichever way that came about."""
        return self.figures.promise_lost + self.figures.command_untrue


@dataclass(frozen=True, slots=True)
class RunRow:
    """One comparison in a list, with its feeds."""

    run: ReconciliationRun
    feeds: Sequence[FeedRow] = field(default_factory=tuple)
    here: int = 0
    there: int = 0
    compared: int = 0
    found: int = 0
    moving: int = 0
    reason: str = ""
    now: str = ""


def run_row(run: ReconciliationRun) -> RunRow:
    """A comparison with its figures."""
    feeds = [_feed_row(run, feed) for feed in BOOKS if feed.value in run.counts]
    made = [one.figures for one in feeds if not one.note]
    return RunRow(
        run=run,
        feeds=feeds,
        here=sum(one.here for one in made),
        there=sum(one.there for one in made),
        compared=sum(one.compared for one in made),
        found=sum(one.differing for one in feeds),
        moving=sum(one.moving for one in made),
        reason=reason_text(run.reason),
        now=feed_word(run.feed) if run.feed else "",
    )


def _feed_row(run: ReconciliationRun, feed: Feed) -> FeedRow:
    figures = Figures.of(run, feed)
    differing = sum(getattr(figures, kind.value) for kind in DriftKind)
    as_of = datetime.fromisoformat(figures.as_of) if figures.as_of else None
    return FeedRow(feed_word(feed), figures, differing, reason_text(figures.note), as_of)


# --- the story of one drift ---------------------------------------------------------------------------------

STORY: Mapping[str, tuple[str, str]] = {
    "drift.found": ("stop", "alert"),
    "drift.repair_asked": ("wait", "wait"),
    "drift.promise_resumed": ("move", "half"),
    "drift.repaired": ("done", "full"),
    "drift.handed_back_unrepaired": ("stop", "stop"),
    "drift.ignored": ("quiet", "stop"),
    "drift.reopened": ("talk", "stale"),
    "drift.closed_unaided": ("done", "full"),
}


def story_of(events: Iterable[AuditEvent]) -> list[dict[str, Any]]:
    """What happened to a drift, newest first, as entries of components/timeline.html."""
    words = {
        "drift.found": _("Found by the comparison"),
        "drift.repair_asked": _("Repair chosen by %(who)s: %(repair)s"),
        "drift.promise_resumed": _("The promise was sent to the ERP again"),
        "drift.repaired": _("Put right"),
        "drift.handed_back_unrepaired": _("The repair did not work"),
        "drift.ignored": _("Ignored by %(who)s"),
        "drift.reopened": _("Open again"),
        "drift.closed_unaided": _("Gone by itself"),
    }
    entries = []
    for event in events:
        if event.kind in STORY:
            tone, glyph = STORY[event.kind]
            repair = event.facts.get("repair") or ""
            values = {"who": event.actor_label, "repair": str(Repair(repair).label) if repair else ""}
            note = reason_text(str(event.facts.get("reason") or ""))
            text = words[event.kind] % values
            entries.append(
                {"tone": tone, "glyph": glyph, "text": text, "at": event.at, "note": note, "now": False}
            )
    return entries


def may_of(drift: Drift, *, manages: bool) -> frozenset[str]:
    """The verbs that a person who may manage has on a drift."""
    verbs = {row.verb for row in DRIFT_LIFECYCLE.transitions if drift.state in row.sources}
    return frozenset(verbs & {"ask", "ignore", "reopen"}) if manages else frozenset()


# --- dry runs -----------------------------------------------------------------------------------------------

OUTCOMES = ("new", "changed", "unchanged", "refused")


def rehearsal_rows(rehearsal: Rehearsal) -> list[dict[str, Any]]:
    """What a dry run says of each feed, with its sentences in the reader's language."""
    words = {
        "new": _("new"),
        "changed": _("changed"),
        "unchanged": _("unchanged"),
        "refused": _("refused"),
    }
    return [
        {
            **report,
            "word": feed_word(report["feed"]),
            "named": [
                {"word": words[one], "records": report["examples"][one]}
                for one in OUTCOMES
                if report["examples"].get(one)
            ],
            "reasons": [
                {
                    "text": as_problem(one).explain(),
                    "way_out": as_problem(one).way_out(),
                    "count": one["count"],
                    "records": one["records"],
                }
                for one in report["sentences"]
            ],
        }
        for report in rehearsal.report
    ]
