"""A supplier in words: what is open and where one finds it, how it does, what was changed, how far its end is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.templatetags.portal_ui import day_text, quantity_text
from procurement.partners.policies import FEW, HEALTH_OVER, Ratio, Score, Share, Weighed
from procurement.partners.queries import Glance, Work, bank_streams, trail_of
from procurement.partners.states import EndsWithIt, OpenMatter
from procurement.supply.messages import Measure
from suppliers.details.models import Contact
from suppliers.details.policies.phones import phone_address, phone_text
from suppliers.details.states import ContactRole, Part
from suppliers.documents.presenters import HeldRow, held_rows
from suppliers.documents.queries import document_kinds, today_of
from suppliers.models import Supplier
from suppliers.offboarding.models import Offboarding
from suppliers.offboarding.states import OffboardingState
from suppliers.onboarding.presenters import names_of
from suppliers.roles import Permission

MOST_DOCUMENTS = 6
P = Permission


# --- what is open --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WorkRow:
    """One kind of paper: how many, what of them hurts, and the list that shows just those."""

    icon: str
    label: str
    count: int
    url: str
    note: str = ""
    tone: str = ""


def work_rows(supplier: Supplier, work: Work, actor: Actor) -> list[WorkRow]:
    """What is open, in the order in which it hurts; nothing of what there is none. No query."""
    number = supplier.number

    def at(name: str, **query: str) -> str:
        return f"{reverse(name)}?{urlencode(query)}"

    def own(name: str) -> str:
        return reverse(name, args=[supplier.key])

    overdue = work.orders["overdue"]
    overdue_text = (
        ngettext("%(n)d is overdue", "%(n)d are overdue", overdue) % {"n": overdue} if overdue else ""
    )
    late = work.shipments["late"]
    rows = [
        WorkRow(
            "file-text",
            _("Orders that wait for its answer"),
            work.orders["theirs"],
            at("order-list", show="waiting", supplier=number),
            overdue_text,
            "stop" if overdue else "wait",
        ),
        WorkRow(
            "gavel",
            _("Orders that wait for our word"),
            work.orders["ours"],
            at("order-list", show="needs", supplier=number),
            tone="wait",
        ),
        WorkRow(
            "calendar-off",
            _("Lines whose day has passed"),
            work.late_lines,
            at("line-list", show="late", supplier=number),
            tone="stop",
        ),
        WorkRow(
            "arrows-exchange",
            _("Change requests that wait for us"),
            work.changes["ours"],
            at("change-list", view="waiting", supplier=number),
            tone="wait",
        ),
        WorkRow(
            "arrows-exchange",
            _("Change requests that wait for it"),
            work.changes["theirs"],
            at("change-list", view="theirs", supplier=number),
        ),
        WorkRow(
            "truck-delivery",
            _("Consignments that are late"),
            late,
            at("shipment-list", view="late", supplier=number),
            tone="stop",
        ),
        WorkRow(
            "truck-delivery",
            _("Consignments on the way"),
            work.shipments["way"],
            at("shipment-list", view="way", supplier=number),
        ),
        WorkRow(
            "receipt",
            _("Invoices held or disputed"),
            work.invoices["held"],
            at("invoice-list", view="held", supplier=str(supplier.key)),
            tone="wait",
        ),
        WorkRow(
            "cash",
            _("Invoices approved, not paid yet"),
            work.invoices["going"],
            at("invoice-list", view="going", supplier=str(supplier.key)),
        ),
        WorkRow(
            "git-compare",
            _("Statements of account that differ"),
            work.statements,
            at("statement-list", view="open", q=number),
            tone="wait",
        ),
        WorkRow("pencil", _("Changes of company data"), work.details, own("company-history"), tone="wait"),
        WorkRow("building-bank", _("Changes of bank details"), work.bank, own("bank-supplier"), tone="wait"),
        WorkRow(
            "inbox",
            _("Open cases"),
            work.cases,
            at("inbox", view="team", supplier=number),
            tone="wait",
        ),
        WorkRow(
            "list-details",
            _("Orders open in all"),
            work.orders["open"],
            at("order-list", show="open", supplier=number),
        ),
    ]
    return [one for one in rows if one.count]


@dataclass(frozen=True, slots=True)
class MatterRow:
    """Something that is open when the business is to end: how many, where it is seen, and the field for a reason."""

    kind: str
    label: str
    count: int
    url: str
    field: Any = None


def matter_rows(
    supplier: Supplier, counts: Mapping[str, int], actor: Actor, fields: Mapping[str, Any] | None = None
) -> list[MatterRow]:
    """What has to be finished, each with the list that shows it where the reader may see one. No query."""
    number = supplier.number
    own = [supplier.key]
    places: dict[str, tuple[str, dict[str, str]] | None] = {
        OpenMatter.ORDERS: ("order-list", {"show": "open", "supplier": number}),
        OpenMatter.CHANGES: ("change-list", {"view": "all", "supplier": number}),
        OpenMatter.SHIPMENTS: ("shipment-list", {"view": "way", "supplier": number}),
        OpenMatter.RETURNS: ("inbox", {"view": "team", "supplier": number}),
        OpenMatter.INVOICES: ("invoice-list", {"view": "all", "supplier": str(supplier.key)}),
        OpenMatter.CREDITS: (
            "invoice-list",
            {"view": "all", "supplier": str(supplier.key), "kind": "credit_note"},
        ),
        OpenMatter.BILLS: None,
        OpenMatter.STATEMENTS: ("statement-list", {"view": "open", "q": number}),
        OpenMatter.CASES: ("inbox", {"view": "team", "supplier": number}),
    }
    pages = {
        OpenMatter.DOCUMENTS: (P.DOCUMENT_VIEW, "supplier-documents"),
        OpenMatter.DETAILS: (P.DETAIL_VIEW, "company-history"),
        OpenMatter.BANK: (P.BANK_VIEW, "bank-supplier"),
    }
    rows = []
    for kind, count in counts.items():
        matter, url = OpenMatter(kind), ""
        if place := places.get(matter):
            url = f"{reverse(place[0])}?{urlencode(place[1])}"
        elif matter in pages and actor.may(pages[matter][0]):
            url = reverse(pages[matter][1], args=own)
        rows.append(MatterRow(kind, str(matter.label), count, url, (fields or {}).get(f"reason_{kind}")))
    return rows


def ending_rows(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """What ends by itself, in words."""
    return [(str(EndsWithIt(kind).label), count) for kind, count in counts.items()]


def left_rows(row: Offboarding) -> list[dict[str, Any]]:
    """What was left open when the business ended, and why."""
    return [{**one, "label": OpenMatter(one["kind"]).label} for one in row.left]


def stopped_rows(row: Offboarding) -> list[tuple[str, int]]:
    """What ended with the business."""
    return ending_rows({kind: count for kind, count in row.stopped.items() if count})


# --- how it does ---------------------------------------------------------------------------------------------

_RATIOS: Mapping[Ratio, tuple[Promise, Promise]] = {
    Ratio.KEPT: (lazy("Deliveries as first agreed"), lazy("no delivery was due")),
    Ratio.ANSWERED: (lazy("Answers in time"), lazy("no answer was owed")),
    Ratio.UNTOUCHED: (lazy("Invoices approved without a person"), lazy("no invoice was approved")),
    Ratio.FIRST_PASS: (lazy("Invoices that matched at once"), lazy("no invoice was matched")),
}


def health_figures(supplier: Supplier, shares: Mapping[Ratio, Share]) -> list[dict[str, Any]]:
    """The shares as figures: with few the counts stand alone, and the note always says of how many. No query."""
    record = reverse("supplier-record", args=[supplier.key])
    urls = {
        Ratio.KEPT: f"{record}?figure={Measure.AGREED}",
        Ratio.ANSWERED: f"{record}?figure={Measure.ANSWERS}",
    }
    found = []
    for ratio, share in shares.items():
        label, nothing = _RATIOS[ratio]
        said = {"n": share.count, "of": share.of}
        value = f"{share.percent} %" if share.percent is not None else _("%(n)d of %(of)d") % said
        note = _("%(n)d of %(of)d") % said if share.percent is not None else ""
        figure = {"label": label, "value": value if share.of else "–", "note": note if share.of else nothing}
        found.append({**figure, "url": urls.get(ratio, "")})
    return found


def score_figure(supplier: Supplier, score: Score) -> dict[str, Any]:
    """The score as a figure that leads to how it came about. No query."""
    figure = {"label": _("Score"), "url": f"{reverse('supplier-health', args=[supplier.key])}#score"}
    if score.points is None:
        return {**figure, "value": "–", "note": _("not enough papers yet")}
    return {**figure, "value": str(score.points), "unit": _("of 100"), "note": ""}


def score_rows(score: Score) -> list[dict[str, str]]:
    """How a score came about, share by share. No query."""
    rows = []
    for one in score.parts:
        said = {"n": one.share.count, "of": one.share.of}
        rows.append(
            {
                "label": str(_RATIOS[one.ratio][0]),
                "share": _("%(n)d of %(of)d") % said if one.share.of else str(_RATIOS[one.ratio][1]),
                "weight": str(one.weight),
                "adds": _tenths(one.adds),
                "note": _why_not(one),
            }
        )
    return rows


def _why_not(part: Weighed) -> str:
    if not part.weight:
        return _("weighs nothing")
    if part.adds is None:
        return _("fewer than %(n)d: not counted") % {"n": FEW}
    return ""


def _tenths(points: Fraction | None) -> str:
    """Points with one decimal, rounded down."""
    if points is None:
        return "–"
    return quantity_text(Decimal(int(points * 10)) / 10)


def score_text(score: Score) -> str:
    """What the score says, or why there is none."""
    if score.points is None:
        said = {"n": score.papers, "least": settings.SCORE_LEAST_PAPERS}
        return _("Not enough papers yet: %(n)d count, and a score needs %(least)d.") % said
    return _("%(points)d of 100, from %(n)d papers.") % {"points": score.points, "n": score.papers}


def health_days() -> int:
    """Over how many days the shares are counted."""
    return HEALTH_OVER.days


# --- who it is -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ContactRow:
    """Somebody of the supplier, what they are asked about, and how they are reached."""

    name: str
    roles: str
    email: str
    telephone: str
    call: str


def contact_rows(contacts: Sequence[Contact]) -> list[ContactRow]:
    """Contacts by what they are asked about, in the order of the matters. No query."""
    order = {str(role): place for place, role in enumerate(ContactRole.values)}
    known = sorted(contacts, key=lambda one: min((order.get(role, 99) for role in one.roles), default=99))
    return [
        ContactRow(
            one.name,
            ", ".join(str(role.label) for role in ContactRole if role in one.roles),
            one.email,
            phone_text(one.telephone),
            phone_address(one.telephone),
        )
        for one in known
    ]


def document_rows(supplier: Supplier, glance: Glance, at: datetime) -> tuple[list[HeldRow], int]:
    """The documents that are asked, the most urgent first, and how many more there are. One query."""
    if not glance.documents:
        return [], 0
    kinds = {one.pk: one for one in document_kinds(with_retired=True)}
    rows = [row for row in held_rows(glance.documents, kinds, today_of(supplier, at)) if row.is_asked]
    return rows[:MOST_DOCUMENTS], max(0, len(rows) - MOST_DOCUMENTS)


def onboarding_text(glance: Glance) -> str:
    """How far its onboarding is, in a few words."""
    if glance.run is None:
        return _("never invited")
    if glance.waiting_steps:
        said = {"state": glance.run.get_state_display(), "steps": names_of(glance.waiting_steps)}
        return _("%(state)s; open: %(steps)s") % said
    return str(glance.run.get_state_display())


def leaving_text(row: Offboarding, since: int) -> str:
    """Where the end of the business stands, and what came since."""
    said = {"day": day_text(row.last_on), "by": row.begun_by}
    if row.state == OffboardingState.BEGUN:
        text = _("The business ends on %(day)s, as %(by)s decided.") % said
    else:
        text = _("The business ended. Nobody acts for this supplier any more; its papers stay readable.")
    if since:
        orders = ngettext(
            "%(n)d order has come out of the ERP since.",
            "%(n)d orders have come out of the ERP since.",
            since,
        )
        text = f"{text} {orders % {'n': since}}"
    return text


# --- what happened -------------------------------------------------------------------------------------------

Sentence = Callable[[Mapping[str, Any]], str]


def _said(text: Promise) -> Sentence:
    return lambda facts: str(text)


def _named(text: Promise) -> Sentence:
    return lambda facts: str(text) % {"name": facts.get("name", "")}


def _merge(text: Promise) -> Sentence:
    return lambda facts: str(text) % {"duplicate": facts.get("duplicate", "")}


def _part(text: Promise) -> Sentence:
    def sentence(facts: Mapping[str, Any]) -> str:
        part = str(facts.get("part", ""))
        return str(text) % {"part": Part(part).label if part in Part.values else part}

    return sentence


def _on(text: Promise) -> Sentence:
    return lambda facts: str(text) % {"day": day_text(date.fromisoformat(facts["last_on"]))}


Kind = tuple[str, str, Sentence, str]
TRAIL: Mapping[str, Kind] = {
    "supplier.blocked": ("stop", "stop", _said(lazy("Blocked")), ""),
    "supplier.unblocked": ("done", "full", _said(lazy("Blocked no more")), ""),
    "supplier.classified": ("quiet", "full", _said(lazy("Segment, channel or categories set")), ""),
    "supplier.detail_confirmed": (
        "done",
        "full",
        _part(lazy("%(part)s looked at and saved as it stands")),
        P.DETAIL_VIEW,
    ),
    "supplier.detail_changed": ("done", "full", _part(lazy("%(part)s changed")), P.DETAIL_VIEW),
    "supplier.change_requested": (
        "wait",
        "wait",
        _part(lazy("%(part)s: a change was asked for")),
        P.DETAIL_VIEW,
    ),
    "supplier.change_approved": (
        "done",
        "full",
        _part(lazy("%(part)s changed, after approval")),
        P.DETAIL_VIEW,
    ),
    "supplier.change_refused": (
        "stop",
        "stop",
        _part(lazy("%(part)s: the change was refused")),
        P.DETAIL_VIEW,
    ),
    "supplier.change_withdrawn": (
        "quiet",
        "stale",
        _part(lazy("%(part)s: the change was taken back")),
        P.DETAIL_VIEW,
    ),
    "supplier.duplicate_suspected": (
        "stop",
        "alert",
        _said(lazy("Another supplier has the same number")),
        P.SUPPLIER_MANAGE,
    ),
    "supplier.member_added": ("done", "full", _named(lazy("%(name)s acts for it")), P.PEOPLE_VIEW),
    "supplier.member_role_changed": (
        "quiet",
        "stale",
        _named(lazy("%(name)s has another role")),
        P.PEOPLE_VIEW,
    ),
    "supplier.member_removed": ("quiet", "stop", _named(lazy("%(name)s acts for it no more")), P.PEOPLE_VIEW),
    "onboarding.invited": ("wait", "wait", _said(lazy("Invited")), ""),
    "onboarding.started": ("move", "quarter", _said(lazy("Onboarding begun")), ""),
    "onboarding.submitted": ("move", "half", _said(lazy("Onboarding handed in")), ""),
    "onboarding.returned": ("talk", "stale", _said(lazy("Onboarding handed back")), ""),
    "onboarding.approved": ("done", "full", _said(lazy("Onboarding done")), ""),
    "onboarding.refused": ("stop", "stop", _said(lazy("Onboarding refused")), ""),
    "onboarding.withdrawn": ("quiet", "stop", _said(lazy("Onboarding taken back")), ""),
    "onboarding.ended": ("quiet", "full", _said(lazy("Onboarding is over: the supplier left")), ""),
    "offboarding.begun": ("wait", "wait", _on(lazy("The business is to end on %(day)s")), ""),
    "offboarding.day_moved": ("talk", "stale", _on(lazy("The last day is now %(day)s")), ""),
    "offboarding.cancelled": ("done", "full", _said(lazy("The business goes on after all")), ""),
    "offboarding.ended": ("stop", "stop", _said(lazy("The business ended")), ""),
    "offboarding.reopened": ("talk", "stale", _said(lazy("The business was taken up again")), ""),
    "merge.asked": ("wait", "wait", _merge(lazy("A merge with %(duplicate)s was asked for")), ""),
    "merge.approved": ("done", "full", _merge(lazy("%(duplicate)s was merged into it")), ""),
    "merge.reversed": ("talk", "stale", _merge(lazy("%(duplicate)s was taken apart from it again")), ""),
    "bank.change_requested": ("wait", "wait", _said(lazy("Change of bank details requested")), P.BANK_VIEW),
    "bank.change_applied": ("done", "full", _said(lazy("Bank details changed")), P.BANK_VIEW),
    "bank.change_refused": ("stop", "stop", _said(lazy("Change of bank details refused")), P.BANK_VIEW),
    "bank.change_withdrawn": (
        "quiet",
        "stale",
        _said(lazy("Change of bank details taken back")),
        P.BANK_VIEW,
    ),
    "bank.change_stopped": ("stop", "alert", _said(lazy("Change of bank details stopped")), P.BANK_VIEW),
    "document.supplied": ("move", "quarter", _said(lazy("Document supplied")), P.DOCUMENT_VIEW),
    "document.accepted": ("done", "full", _said(lazy("Document accepted")), P.DOCUMENT_VIEW),
    "document.refused": ("stop", "stop", _said(lazy("Document refused")), P.DOCUMENT_VIEW),
    "document.expired": ("wait", "alert", _said(lazy("Document ended")), P.DOCUMENT_VIEW),
}


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One fact as components/timeline.html shows it."""

    tone: str
    glyph: str
    text: str
    at: datetime
    note: str
    now: bool = False
    old: str | None = None
    new: str | None = None
    url: str = ""


def trail_entries(supplier: Supplier, glance: Glance, *, actor: Actor) -> list[TrailEntry]:
    """What was changed lately about the supplier, as far as the reader may see it, the newest first. Two queries."""
    kinds = [kind for kind, (_t, _g, _s, needs) in TRAIL.items() if not needs or actor.may(needs)]
    streams = [glance.run.stream] if glance.run is not None else []
    streams += bank_streams(supplier, actor=actor)
    streams += [one.document.stream for one in glance.documents if one.document is not None]
    return [_entry(one) for one in trail_of(supplier, kinds, actor=actor, streams=streams)]


def _entry(event: AuditEvent) -> TrailEntry:
    tone, glyph, sentence, _needs = TRAIL[event.kind]
    who = "" if event.actor_side == "system" else event.actor_label
    return TrailEntry(tone, glyph, sentence(event.facts), event.at, who)
