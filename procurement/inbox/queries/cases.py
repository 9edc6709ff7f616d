"""Reading cases: one, a list of them, how many there are; who else looks at one; what was written on it."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.bulk import count_at_most
from portal.kernel.errors import NotFound
from portal.kernel.web import Page, paginate
from procurement.inbox.models import CaseLook, CaseNote, CaseQueue, CaseTask, ExceptionCase
from procurement.inbox.states import LIVE, CaseState, Cause, TaskState
from procurement.invoices.models import Invoice
from procurement.payables.models import Approval
from procurement.payables.queries.approvals import asked_now

PAGE_SIZE = 50
ORDER = ("-score", "id")
LATEST = ("-updated_at", "-id")
# Somebody whose page asked within this time has the case on the screen.
SEEN_WITHIN = timedelta(seconds=60)
MOST_COUNTED = 999


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases: `view` is mine, team, nobody, stock, snoozed or closed; the rest narrows it further."""

    view: str = "mine"
    kind: str = ""
    supplier: str = ""
    site: str = ""
    group: str = ""
    owner: str = ""
    least: int = 0
    due: str = ""

    @property
    def is_narrowed(self) -> bool:
        return any(getattr(self, one.name) for one in fields(self) if one.name != "view")


VIEWS = ("mine", "stock", "team", "nobody", "snoozed", "closed")


def visible_cases(actor: Actor) -> QuerySet[ExceptionCase]:
    """The cases this actor may see: all of them on the buying side, none for a supplier."""
    cases = ExceptionCase.objects.all()
    return cases.none() if actor.is_supplier else cases


def with_papers(cases: QuerySet[ExceptionCase]) -> QuerySet[ExceptionCase]:
    """Each with what a row says of it, in the same query."""
    return cases.select_related(
        "order", "line", "supplier", "site", "owner", "holder", "company", "change", "command", "drift"
    )


def wanted_cases(actor: Actor, wanted: Wanted) -> QuerySet[ExceptionCase]:
    """The cases of a view, narrowed as asked."""
    cases = visible_cases(actor)
    match wanted.view:
        case "snoozed":
            cases = cases.filter(state=CaseState.SNOOZED)
        case "closed":
            cases = cases.filter(state=CaseState.RESOLVED)
        case "nobody":
            cases = cases.filter(state=CaseState.OPEN, holder__isnull=True)
        case "team":
            cases = cases.filter(state=CaseState.OPEN)
        case "stock":
            cases = cases.filter(state=CaseState.OPEN, runs_out=True)
        case _:
            cases = cases.filter(state=CaseState.OPEN, holder=actor.user_id)
    if wanted.kind:
        cases = cases.filter(kind=wanted.kind)
    if wanted.supplier:
        cases = cases.filter(supplier__number=wanted.supplier)
    if wanted.site:
        cases = cases.filter(site__code=wanted.site)
    if wanted.group:
        cases = cases.filter(item_group=wanted.group)
    if wanted.owner:
        cases = cases.filter(holder=int(wanted.owner)) if wanted.owner.isdecimal() else cases.none()
    if wanted.least:
        cases = cases.filter(score__gte=wanted.least)
    return cases


def page_of_cases(
    cases: QuerySet[ExceptionCase], cursor: str, *, latest: bool = False, size: int = PAGE_SIZE
) -> Page:
    """One page: the most pressing first, or those that moved last."""
    return paginate(with_papers(cases), cursor, order=LATEST if latest else ORDER, size=size, narrow=True)


def find_case(key: uuid.UUID, *, actor: Actor) -> ExceptionCase:
    """One case with its papers. Raises `NotFound`."""
    found: ExceptionCase | None = with_papers(visible_cases(actor)).filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such case."))
    return found


def cases_by_key(keys: Iterable[uuid.UUID], *, actor: Actor) -> list[ExceptionCase]:
    """Some cases with their papers, in the order in which everybody locks their orders."""
    return list(with_papers(visible_cases(actor).filter(key__in=list(keys))).order_by("order_id", "id"))


def lock_case(key: uuid.UUID, *, actor: Actor) -> ExceptionCase:
    """One case, held until the door's transaction ends. Raises `NotFound`."""
    cases = visible_cases(actor).filter(key=key).select_related("company", "order")
    found: ExceptionCase | None = cases.select_for_update(of=("self",)).first()
    if found is None:
        raise NotFound(_("There is no such case."))
    return found


def counts_of(actor: Actor, views: Sequence[str] = VIEWS[:-1]) -> dict[str, int]:
    """How many there are in each view, none counted beyond a thousand: one query."""
    rows = {view: wanted_cases(actor, Wanted(view=view)).order_by() for view in views}
    return count_at_most(rows, MOST_COUNTED)


def mine_count(actor: Actor) -> int:
    """How many open cases this person has."""
    return visible_cases(actor).filter(state=CaseState.OPEN, holder=actor.user_id).count()


def changed_since(cases: QuerySet[ExceptionCase], since: datetime) -> QuerySet[ExceptionCase]:
    """Those of them that moved after a moment."""
    return cases.filter(updated_at__gt=since)


# --- one case -----------------------------------------------------------------------------------------------


def notes_of(case: ExceptionCase) -> list[CaseNote]:
    """What people wrote on it, oldest first."""
    return list(CaseNote.objects.filter(case=case).order_by("written_at", "id"))


def tasks_of(case: ExceptionCase) -> list[CaseTask]:
    """What was asked of others, oldest first."""
    return list(CaseTask.objects.filter(case=case).select_related("asked_of").order_by("id"))


def find_task(key: uuid.UUID, *, hold: bool = False) -> CaseTask:
    """One task with its case. Raises `NotFound`."""
    tasks = CaseTask.objects.filter(key=key)
    tasks = tasks.select_for_update(of=("self",)) if hold else tasks
    found: CaseTask | None = tasks.select_related("case", "asked_of").first()
    if found is None:
        raise NotFound(_("There is no such task."))
    return found


def tasks_for(user_id: int | None) -> QuerySet[CaseTask]:
    """What this person was asked and has not answered."""
    return CaseTask.objects.filter(asked_of=user_id, state=TaskState.ASKED).select_related("case")


def events_of(case: ExceptionCase, most: int = 50) -> list[AuditEvent]:
    """What happened to it, newest first. Whom a step of its ladder called says `case.reminded`, not the step itself."""
    events = AuditEvent.objects.filter(stream=case.stream).exclude(kind="clock.step_reached")
    return list(events.order_by("-at", "-id")[:most])


def others_of_order(case: ExceptionCase, actor: Actor) -> list[ExceptionCase]:
    """The other live cases of the same order."""
    if not case.order_id:
        return []
    others = visible_cases(actor).filter(order=case.order_id, state__in=LIVE).exclude(pk=case.pk)
    return list(with_papers(others).order_by("-score", "id")[:20])


def neighbours(
    cases: QuerySet[ExceptionCase], case: ExceptionCase
) -> tuple[uuid.UUID | None, uuid.UUID | None]:
    """The keys of the cases before and after one in a list by rank: two queries."""
    before = Q(score__gt=case.score) | Q(score=case.score, pk__lt=case.pk)
    after = Q(score__lt=case.score) | Q(score=case.score, pk__gt=case.pk)
    found = cases.exclude(pk=case.pk)
    previous = (
        found.filter(before, score__gte=case.score)
        .order_by("score", "-id")
        .values_list("key", flat=True)
        .first()
    )
    following = (
        found.filter(after, score__lte=case.score)
        .order_by("-score", "id")
        .values_list("key", flat=True)
        .first()
    )
    return previous, following


# --- who looks at it ----------------------------------------------------------------------------------------


def others_looking(case: ExceptionCase, actor: Actor, at: datetime) -> list[CaseLook]:
    """Who else has it on the screen, longest first."""
    looks = CaseLook.objects.filter(case=case, last_seen__gte=at - SEEN_WITHIN)
    return list(looks.exclude(user=actor.user_id).select_related("user").order_by("since", "id"))


# --- queues -------------------------------------------------------------------------------------------------


def queues_for(actor: Actor) -> list[CaseQueue]:
    """The saved queues of this person, and those of the team."""
    mine = CaseQueue.objects.filter(Q(user=actor.user_id) | Q(user__isnull=True))
    return list(mine.order_by("user_id", "name", "id"))


def filter_choices(actor: Actor, view: str) -> Mapping[str, list[tuple[str, str]]]:
    """What a list can be narrowed by: the suppliers, sites, groups, kinds and people of its live cases."""
    live = visible_cases(actor).filter(state__in=LIVE)
    if view == "mine":
        live = live.filter(holder=actor.user_id)

    def pairs(value: str, label: str) -> list[tuple[str, str]]:
        rows = live.exclude(**{f"{value}__isnull": True}).order_by(label).values_list(value, label).distinct()
        return [(str(one), str(words)) for one, words in rows if one][:200]

    found: dict[str, Any] = {
        "supplier": pairs("supplier__number", "supplier__name"),
        "site": pairs("site__code", "site__name"),
        "group": pairs("item_group", "item_group"),
        "owner": pairs("holder_id", "holder__name"),
        "kind": pairs("kind", "kind"),
    }
    return found


def awaited_of(case: ExceptionCase, *, actor: Actor) -> list[Approval]:
    """The approvals for which the invoice of a case waits: then it is nobody's turn but theirs who are asked. Up to two
    queries.
    """
    if case.cause != Cause.INVOICE or case.state not in LIVE or not case.facts.get("invoice"):
        return []
    pk = Invoice.objects.filter(key=case.facts["invoice"]).values_list("pk", flat=True).first()
    return asked_now([pk], actor=actor).get(pk, []) if pk else []
