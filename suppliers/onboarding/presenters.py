"""Onboarding as a person reads it: steps with what each is for, runs in a list, and why a template was chosen."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.ways import way_to
from suppliers.details.policies.countries import country_name
from suppliers.onboarding.models import OnboardingRun, Terms
from suppliers.onboarding.queries import Sheet, own_run, sheet_of
from suppliers.onboarding.states import OPEN, NotChased, RunState, StepKind, StepStanding
from suppliers.states import Segment


def purpose_of(kind: str) -> str:
    """What a step is for, for the one who is asked."""
    return {
        StepKind.COMPANY: _("The name by which contracts and invoices know you."),
        StepKind.TAX: _("So that invoices are taxed rightly, here and there."),
        StepKind.ADDRESS: _("Where you are registered."),
        StepKind.CONTACTS: _("Whom we ask about orders and about invoices."),
        StepKind.IDENTIFIERS: _("GLN, D-U-N-S, GS1 prefix: for labels and electronic papers."),
        StepKind.DOCUMENTS: _("Certificates and forms that our auditors ask us for."),
        StepKind.TERMS: _("What we agree on, in the version of today."),
        StepKind.BANK: _("Where your money goes. It is checked by two people and by a call."),
        StepKind.PREFERENCES: _(
            "Language, time zone, mail address, and how orders reach you: look at both and save them once."
        ),
        StepKind.QUESTIONS: _("A few questions about your company."),
    }[StepKind(kind)]


_PAGES = {
    StepKind.DOCUMENTS: "document-list",
    StepKind.BANK: "bank",
    StepKind.TERMS: "onboarding-terms-own",
    StepKind.QUESTIONS: "onboarding-questions",
}
# The page of company data on which a step is taken; once something stands there, it is seen beside the rest.
_PARTS = {
    StepKind.COMPANY: "legal",
    StepKind.TAX: "number",
    StepKind.ADDRESS: "registered",
    StepKind.CONTACTS: "contact",
    StepKind.IDENTIFIERS: "number",
    StepKind.PREFERENCES: "preferences",
}
# Where we look at what was given.
_OURS = {StepKind.DOCUMENTS: "supplier-documents", StepKind.BANK: "bank-supplier"}
_ON_THIS_PAGE = (StepKind.TERMS, StepKind.QUESTIONS)
START = "getting-started"
_LOOK = {
    StepStanding.DONE: ("done", "full"),
    StepStanding.WITH_US: ("move", "half"),
    StepStanding.OPEN: ("wait", "none"),
}


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step on a page. `from_on`: the day until which it holds up nothing."""

    kind: str
    name: str
    purpose: str
    word: str
    tone: str
    glyph: str
    is_open: bool
    compulsory: bool
    paying_waits: bool
    url: str
    from_on: date | None = None


def _own_page(run: OnboardingRun, kind: StepKind, actor: Actor, *, is_open: bool) -> str:
    if kind in _PARTS and (is_open or kind == StepKind.PREFERENCES):
        url = way_to(actor, "company-part", run.supplier.key, _PARTS[kind])
        return f"{url}?then={START}" if url else ""
    return way_to(actor, _PAGES.get(kind, "company"))


def _our_page(run: OnboardingRun, kind: StepKind, actor: Actor) -> str:
    if kind in _ON_THIS_PAGE:
        return ""
    return way_to(actor, _OURS.get(kind, "supplier-company"), run.supplier.key)


def step_rows(sheet: Sheet, *, actor: Actor) -> list[StepRow]:
    """The steps of a supplier in their order, each with where it is taken, for us: where we look at it; without where
    somebody may not."""
    waits = set(sheet.paying)
    rows = []
    for one in sheet.steps:
        standing = StepStanding(sheet.standing[one.kind])
        tone, glyph = _LOOK[standing]
        if standing == StepStanding.OPEN and not one.compulsory:
            tone = "quiet"
        rows.append(
            StepRow(
                kind=one.kind,
                name=str(StepKind(one.kind).label),
                purpose=purpose_of(one.kind),
                word=str(standing.label),
                tone=tone,
                glyph=glyph,
                is_open=standing == StepStanding.OPEN,
                compulsory=one.compulsory,
                paying_waits=one.kind in waits,
                url=_our_page(sheet.run, StepKind(one.kind), actor)
                if actor.is_company
                else _own_page(sheet.run, StepKind(one.kind), actor, is_open=standing == StepStanding.OPEN),
                from_on=sheet.terms_from if one.kind == StepKind.TERMS else None,
            )
        )
    return rows


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What a supplier that was invited has before it still: for its first page."""

    done: int
    of: int
    waiting: int
    next: StepRow | None
    paying: str


def newcomer_of(actor: Actor, at: datetime) -> Newcomer | None:
    """How far the supplier acted for is; None where nothing is asked of it, or it waits for us."""
    run = own_run(actor)
    if run is None or run.state not in (RunState.INVITED, RunState.STARTED):
        return None
    sheet = sheet_of(run, at)
    waiting = set(sheet.waiting)
    following = next((row for row in step_rows(sheet, actor=actor) if row.kind in waiting), None)
    paying = names_of([one for one in sheet.paying if one in waiting])
    return Newcomer(sheet.done, len(sheet.steps), len(waiting), following, paying)


def names_of(kinds: Sequence[str]) -> str:
    """Steps by their names, in one line."""
    return ", ".join(str(StepKind(one).label) for one in kinds)


def why_text(run: OnboardingRun, name: str) -> str:
    """Which template a supplier goes by, and why that one."""
    if not run.template_id:
        return _("No template is for this supplier: it is asked what is usual.")
    if not run.why:
        return _("Template “%(name)s”: no more specific one is for this supplier.") % {"name": name}
    said = ", ".join(_because(word, value) for word, value in run.why)
    return _("Template “%(name)s”, the most specific: %(why)s.") % {"name": name, "why": said}


def _because(word: str, value: str) -> str:
    if word == "category":
        return _("category %(value)s") % {"value": value}
    if word == "country":
        return _("country %(value)s") % {"value": country_name(value)}
    if word == "segment":
        label = Segment(value).label if value in Segment.values else value
        return _("segment %(value)s") % {"value": label}
    return _("language %(value)s") % {"value": value}


@dataclass(frozen=True, slots=True)
class RunRow:
    """An onboarding in a list. `quiet_for`: for how many days nothing has moved; None where nobody is waited for."""

    run: OnboardingRun
    waits_at: str
    done: str
    paying: str
    quiet_for: int | None = None


def run_rows(
    runs: Sequence[OnboardingRun],
    sheets: Mapping[int, Sheet],
    quiet: Mapping[int, datetime],
    at: datetime,
) -> list[RunRow]:
    """A page of onboardings, with the step at which each waits, and for how long."""
    rows = []
    for run in runs:
        sheet = sheets[run.pk]
        waiting = sheet.waiting
        rows.append(
            RunRow(
                run=run,
                waits_at=str(StepKind(waiting[0]).label) if waiting else "",
                done=f"{sheet.done}/{len(sheet.steps)}",
                paying=names_of(sheet.paying),
                quiet_for=(at - quiet[run.pk]).days if run.state in OPEN else None,
            )
        )
    return rows


@dataclass(frozen=True, slots=True)
class TermsRow:
    """Terms in force, and how many of those that are asked have accepted them."""

    terms: Terms
    accepted: int
    asked: int


@dataclass(frozen=True, slots=True)
class ChaseRow:
    """A supplier that is written to, or not. `to`: the addresses; `says`: what the mail is about."""

    run: OnboardingRun
    to: tuple[str, ...] = ()
    says: str = ""


@dataclass(frozen=True, slots=True)
class NotWritten:
    """Suppliers that are not written to for one reason; `more`: how many besides those shown."""

    why: str
    count: int
    rows: Sequence[ChaseRow]
    more: int


def chase_row(run: OnboardingRun, to: tuple[str, ...], steps: Sequence[str]) -> ChaseRow:
    """A supplier before it is written to: about these steps, or with its invitation."""
    says = _("Open still: %(steps)s") % {"steps": names_of(steps)} if steps else _("Its invitation")
    return ChaseRow(run, to, says)


def not_written(found: Iterable[tuple[ChaseRow, str]], most: int) -> list[NotWritten]:
    """Those that are not, by the reason, in the order of `NotChased`."""
    by_why: dict[str, list[ChaseRow]] = defaultdict(list)
    for row, why in found:
        by_why[why].append(row)
    return [
        NotWritten(str(why.label), len(rows), rows[:most], max(len(rows) - most, 0))
        for why in NotChased
        if (rows := by_why.get(why))
    ]


def figure(label: Any, value: int, url: str, *, current: bool, tone: str = "") -> dict[str, Any]:
    """One figure of the funnel, as `components/figures.html` takes it."""
    return {"label": label, "value": value, "url": url, "current": current, "tone": tone if value else ""}
