"""The answer grid of an order: what is asked, what stands, what is typed, and what would come of it."""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from portal.kernel.actors import Actor
from portal.kernel.templatetags.portal_ui import day_text
from procurement.acknowledgments.messages import TypedHeader, TypedPiece
from procurement.acknowledgments.policies import price_for, price_text
from procurement.acknowledgments.queries import (
    draft_header_of,
    drafts_of,
    judge_of,
    rules_of,
    travel_days,
    with_paper,
)
from procurement.acknowledgments.services import mark_of
from procurement.calendars.policies import working_time_between
from procurement.catalogue.models import Site
from procurement.clocks.queries import Offices
from procurement.orders.models import OrderRevision, Promise, PurchaseOrder, ScheduleLine
from procurement.orders.policies import plain
from procurement.orders.queries import lines_of, live_promises_by_line, schedules_by_line
from procurement.orders.states import (
    Agreement,
    Logistics,
    OrderState,
    PromiseKind,
    PromiseState,
    Turn,
)
from procurement.workbench.policies import (
    NOT_YET,
    Deadline,
    Headline,
    OrderFacts,
    given_name,
    headline_for_supplier,
)
from procurement.workbench.queries.grid import GridLine
from procurement.workbench.queries.rows import Parts, row_of, typed_pieces
from suppliers.models import SupplierSite
from suppliers.roles import Permission

NEWEST_REVISIONS = 20
SHOWN = ("all", "waiting", "changed")


@dataclass(slots=True)
class AnswerPage:
    """An order with its grid, ready to be shown."""

    order: PurchaseOrder
    buyer: str
    lines: list[GridLine]
    header: TypedHeader
    ship_froms: list[SupplierSite]
    headline: Headline
    may_answer: bool
    on_behalf: bool
    show: str
    waiting: int
    changed: int
    not_yet: int
    standing_count: int
    promised_amount: Decimal
    saved_at: datetime | None
    answer_to_withdraw: str
    revision: dict[str, Any]
    today: date
    transit_days: int | None
    has_header_draft: bool
    mark: str  # of what is kept about the answer as a whole

    @property
    def shown(self) -> list[GridLine]:
        """The lines this view shows."""
        if self.show == "waiting":
            return [row for row in self.lines if row.is_editable or row.line.turn == Turn.SUPPLIER]
        if self.show == "changed":
            return [row for row in self.lines if row.is_typed]
        return self.lines

    @property
    def as_asked(self) -> int:
        return self.waiting - self.changed

    @property
    def has_draft(self) -> bool:
        return bool(self.changed) or self.has_header_draft

    def row(self, key: str) -> GridLine | None:
        return next((row for row in self.lines if row.key == key), None)


def may_answer(order: PurchaseOrder, actor: Actor) -> bool:
    """Whether this actor may answer this order at all."""
    if order.state != OrderState.ISSUED:
        return False
    if actor.is_supplier:
        return actor.may(Permission.ORDER_ACKNOWLEDGE) and not order.supplier.only_reads
    return actor.is_company and actor.may(Permission.ORDER_ANSWER_FOR)


def deadline_of(order: PurchaseOrder, at: datetime, offices: Offices | None = None) -> Deadline | None:
    """When the answer is due, in the supplier's own working time; `offices` are opening hours read already."""
    if order.acknowledge_by_at is None:
        return None
    supplier = order.supplier
    calendar = (offices or Offices()).of_supplier(supplier)
    due = order.acknowledge_by_at
    zone = ZoneInfo(supplier.time_zone)
    here = timezone.get_current_timezone()
    return Deadline(
        at=due,
        now=at,
        zone=supplier.time_zone,
        is_readers_zone=due.astimezone(here).utcoffset() == due.astimezone(zone).utcoffset(),
        left=working_time_between(at, due, calendar),
        whole=working_time_between(order.answer_asked_at or order.revised_at, due, calendar),
    )


def ship_froms_of(order: PurchaseOrder, actor: Actor) -> list[SupplierSite]:
    """The places the supplier ships from."""
    sites = SupplierSite.objects.visible_to(actor).filter(supplier_id=order.supplier_id)
    return list(sites.order_by("name", "id"))


def revisions_of(order: PurchaseOrder, actor: Actor) -> QuerySet[OrderRevision]:
    """The revisions of an order, newest first, without the papers themselves."""
    revisions = OrderRevision.objects.visible_to(actor).filter(order=order)
    return revisions.defer("paper").order_by("-number")


def asked_at_revision(order: PurchaseOrder, number: int, actor: Actor) -> Mapping[str, Mapping[str, Any]]:
    """The lines of an older revision as the ERP sent them, by key."""
    revision = OrderRevision.objects.visible_to(actor).filter(order=order, number=number).first()
    return {line["key"]: line for line in revision.paper["lines"]} if revision else {}


def transit_days_of(order: PurchaseOrder, actor: Actor) -> int | None:
    """How many days goods travel from the place this answer ships from, if that can be known."""
    ship_froms = ship_froms_of(order, actor)
    header = _header(order, draft_header_of(order, actor=actor), ship_froms)
    return travel_days(ship_froms, header.ship_from)


def headers_of(order: PurchaseOrder, actor: Actor) -> tuple[TypedHeader, TypedHeader]:
    """What is said about the answer as a whole: as kept, and as it stands before anybody types."""
    ship_froms = ship_froms_of(order, actor)
    draft = draft_header_of(order, actor=actor)
    return _header(order, draft, ship_froms), _header(order, None, ship_froms)


def answer_page(
    order: PurchaseOrder,
    *,
    actor: Actor,
    at: datetime,
    show: str = "all",
    in_full: frozenset[str] = frozenset(),
) -> AnswerPage:
    """Everything the order page of a supplier shows but its timeline and thread: the same queries however many lines.

    Quiet lines get no fields of their own (see Note [Mould] in portal/kernel/mould.py) but those named in `in_full`.
    """
    lines = lines_of(order)
    schedules: dict[int, list[ScheduleLine]] = schedules_by_line(line.pk for line in lines)
    header_draft = draft_header_of(order, actor=actor)
    ship_froms = ship_froms_of(order, actor)
    header = _header(order, header_draft, ship_froms)
    transit = travel_days(ship_froms, header.ship_from)
    # The first one says nothing that the order does not say itself.
    revisions = list(revisions_of(order, actor)[:NEWEST_REVISIONS]) if order.revision > 1 else []
    allowed = may_answer(order, actor)
    drafts = drafts_of(order, actor=actor) if allowed else {}
    parts = Parts(
        order=order,
        rules=rules_of(order, lines, schedules),
        promises=live_promises_by_line(line.pk for line in lines),
        drafts=drafts,
        moved=_moved_by_line(revisions),
        sites=cast(
            "dict[str, str]", SimpleLazyObject(lambda: _site_names(order))
        ),  # asked for where a place moved
        buyer=given_name(order.buyer_name) or order.company.name,
        today=at.astimezone(ZoneInfo(order.supplier.time_zone)).date(),
        transit_days=transit,
        editable=allowed,
        in_full=in_full,
        judge=judge_of(order, lines, at=at) if allowed and order.lines_for_supplier else None,
        is_company=actor.is_company,
    )
    if parts.judge and parts.judge.wants_paper:
        typed_lines = {line.pk: pieces for line in lines if (pieces := typed_pieces(line, parts))}
        parts.judge = with_paper(parts.judge, lines, parts.promises, typed_lines)
    rows = [row_of(line, parts) for line in lines]
    editable = [row for row in rows if row.is_editable]
    typed = [row for row in editable if row.is_typed]
    kinds = Counter(row.verdict.kind for row in typed)
    waiting_answers = [
        p for found in parts.promises.values() for p in found if p.state == PromiseState.PROPOSED
    ]
    newest = max(waiting_answers, key=lambda promise: promise.promised_at, default=None)
    on_behalf = actor.is_company and allowed
    saved = [draft.typed_at for draft in drafts.values()] + ([header_draft.typed_at] if header_draft else [])
    facts = OrderFacts(
        state=order.state,
        revision=order.revision,
        buyer=parts.buyer,
        line_count=order.line_count,
        agreed=order.lines_agreed,
        for_supplier=order.lines_for_supplier,
        for_buyer=order.lines_for_buyer,
        disputed=sum(line.turn == Turn.SUPPLIER and line.agreement == Agreement.DISPUTED for line in lines),
        received=order.logistics == Logistics.RECEIVED,
        deadline=deadline_of(order, at) if order.lines_for_supplier else None,
        next_delivery=day_text(order.next_delivery_on),
        typed=tuple(kinds.items()),
        may_answer=allowed,
        on_behalf_of=order.supplier.name if on_behalf else "",
    )
    return AnswerPage(
        order=order,
        buyer=parts.buyer,
        lines=rows,
        header=header,
        ship_froms=ship_froms,
        headline=headline_for_supplier(facts),
        may_answer=allowed and bool(editable),
        on_behalf=on_behalf,
        show=show if show in SHOWN else "all",
        waiting=len(editable),
        changed=len(typed),
        not_yet=kinds[NOT_YET],
        standing_count=sum(bool(row.standing) for row in rows),
        promised_amount=sum((row.amount for row in rows), start=Decimal(0)),
        saved_at=max(saved, default=None),
        answer_to_withdraw=str(newest.origin) if newest and allowed else "",
        revision=_newest_revision(revisions, order),
        today=parts.today,
        transit_days=transit,
        has_header_draft=header_draft is not None,
        mark=mark_of([header]),
    )


def _site_names(order: PurchaseOrder) -> dict[str, str]:
    names = Site.objects.filter(company_id=order.company_id).values_list("pk", "name")
    return {str(pk): name for pk, name in names}


def _header(order: PurchaseOrder, draft: Any, ship_froms: Sequence[SupplierSite]) -> TypedHeader:
    if draft is not None:
        return TypedHeader(draft.supplier_reference, draft.ship_from_code, draft.note)
    only = ship_froms[0].code if len(ship_froms) == 1 else ""
    return TypedHeader(order.supplier_reference, only, "")


def _newest_revision(revisions: Sequence[OrderRevision], order: PurchaseOrder) -> dict[str, Any]:
    newest = revisions[0] if revisions else None
    received = newest.received_at if newest else order.received_at
    return {"number": order.revision, "at": received, "count": len(newest.changes) if newest else 0}


def _moved_by_line(revisions: Sequence[OrderRevision]) -> dict[tuple[int, str], list[dict[str, str]]]:
    found: dict[tuple[int, str], list[dict[str, str]]] = {}
    for revision in revisions:
        for change in revision.changes:
            if change["line"] and change["did"] in ("reopened", "added"):
                found.setdefault((revision.number, change["line"]), []).append(change)
    return found


def typed_again(origin: uuid.UUID, order: PurchaseOrder, actor: Actor) -> dict[str, list[TypedPiece]]:
    """What of one answer the buyer has not acted on, as it would stand in the fields."""
    # What a rule agreed to of a line that still waits comes back with the rest of it.
    undecided = Q(state=PromiseState.PROPOSED) | Q(
        state=PromiseState.AGREED, by_rule=True, line__turn=Turn.BUYER
    )
    promises = Promise.objects.visible_to(actor).filter(undecided, origin=origin, line__order=order)
    found: dict[str, list[TypedPiece]] = {}
    for one in promises.select_related("line").order_by("line_id", "piece"):
        kind = "" if one.kind == PromiseKind.ACCEPT else one.kind
        found.setdefault(one.line.key, []).append(
            TypedPiece(
                kind=kind,
                quantity=plain(one.quantity),
                delivery_on=one.delivery_on.isoformat() if one.delivery_on else "",
                ship_on=one.ship_on.isoformat() if one.ship_on else "",
                price="" if kind == PromiseKind.REFUSE else _typed_price(one),
                schedule_key=str(one.schedule_key),
                item_number=one.item_number,
                item_description=one.item_description,
                reason=one.reason,
                note=one.note,
            )
        )
    return found


def _typed_price(one: Promise) -> str:
    """A promised price as it is typed for the line's price unit; in words, to be typed anew, where that has none."""
    price = price_for(one.price, one.price_per, one.line.price_per)
    return price_text(one.price, one.price_per) if price is None else plain(price)
