"""Reading change requests, what can be asked for on a line, and the reasons of a company."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, Exists, F, OuterRef, Prefetch, Q, QuerySet, When
from django.db.models.functions import Mod
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import NotFound
from procurement.catalogue.models import Company, Site
from procurement.changes.messages import TermPiece, Terms, terms_from_json
from procurement.changes.models import ChangeReason, ChangeRound, OrderChange
from procurement.changes.policies import Agreed, Asked, done_of, is_agreed_still, is_same
from procurement.changes.states import CHANGE_LIFECYCLE, OF_ANSWERER, OF_AUTHOR, OPEN, ChangeState, Side
from procurement.orders.models import Promise, PurchaseOrder, PurchaseOrderLine, ScheduleLine
from procurement.orders.queries import live_promises_by_line
from procurement.orders.states import Agreement, OrderState, PromiseKind, PromiseState, Reason
from procurement.tolerances.queries import agreed_by_rule

MOVING = (*OPEN, ChangeState.ACCEPTED)
MOST_ON_ORDER = 30
# An order that moved within this time is looked at again each minute.
MOVED_JUST_NOW = timedelta(minutes=10)


def side_of(actor: Actor) -> str:
    """Which side of the table an actor sits on."""
    return Side.SUPPLIER if actor.is_supplier else Side.BUYER


def other_side(side: str) -> str:
    """Who sits across."""
    return Side.BUYER if side == Side.SUPPLIER else Side.SUPPLIER


# --- requests -----------------------------------------------------------------------------------------------


def visible_changes(actor: Actor) -> QuerySet[OrderChange]:
    """The change requests this actor may see, each with its order and line."""
    changes = OrderChange.objects.visible_to(actor)
    return changes.select_related("order__company", "order__ship_to", "line__ship_to", "supplier")


def with_rounds(changes: QuerySet[OrderChange]) -> QuerySet[OrderChange]:
    """The same with their rounds, first to last: one query more."""
    rounds = ChangeRound.objects.order_by("change_id", "number")
    return changes.prefetch_related(Prefetch("rounds", queryset=rounds, to_attr="told"))


def find_change(key: uuid.UUID, *, actor: Actor) -> OrderChange:
    """One request with its rounds. Raises `NotFound` for what is not there or not yours."""
    found: OrderChange | None = with_rounds(visible_changes(actor).filter(key=key)).first()
    if found is None:
        raise NotFound(_("There is no such change request."))
    return found


def hold_change(change_id: int) -> OrderChange:
    """One request, held; its order must be held already."""
    held: OrderChange = OrderChange.objects.select_for_update(of=("self",)).get(pk=change_id)
    return held


def changes_of(order: PurchaseOrder, *, actor: Actor) -> list[OrderChange]:
    """The requests on an order: what somebody or the ERP still owes something first, then the latest that are over."""
    changes = with_rounds(visible_changes(actor).filter(order=order))
    is_moving = Case(When(state__in=MOVING, then=0), default=1)
    return list(changes.order_by(is_moving, "-updated_at", "-id")[:MOST_ON_ORDER])


def waiting_for(actor: Actor, email: str = "") -> QuerySet[OrderChange]:
    """The requests on which this actor's side owes a word; of a buyer's own orders where its `email` is given."""
    found = OrderChange.objects.visible_to(actor).filter(state__in=OPEN, turn=side_of(actor))
    return found.filter(Q(order__buyer_email__iexact=email) | Q(order__buyer_email="")) if email else found


def moving_on(order_ids: Iterable[int]) -> QuerySet[OrderChange]:
    """The requests on these orders that are open or wait for the ERP."""
    return OrderChange.objects.filter(order__in=list(order_ids), state__in=MOVING)


def moving_to_look_at(at: datetime) -> QuerySet[OrderChange]:
    """Of the requests that are open or wait for the ERP, those that are looked at in this minute of the hour."""
    moved = Q(order__updated_at__gte=at - MOVED_JUST_NOW)
    changes = OrderChange.objects.filter(state__in=MOVING).annotate(minute=Mod(F("order_id"), 60))
    found: QuerySet[OrderChange] = changes.filter(moved | Q(minute=at.minute))
    return found


def expired(at: datetime) -> QuerySet[OrderChange]:
    """The requests that nobody answered in time."""
    return OrderChange.objects.filter(state__in=OPEN, expires_at__lte=at)


def current_round(change: OrderChange) -> ChangeRound:
    """The wish on the table."""
    told: Sequence[ChangeRound] = getattr(change, "told", ())
    for one in told:
        if one.number == change.round:
            return one
    found: ChangeRound = change.rounds.get(number=change.round)
    return found


# --- what is agreed on a line -------------------------------------------------------------------------------


def agreed_terms(line: PurchaseOrderLine, order: PurchaseOrder, promises: Sequence[Promise]) -> Terms:
    """What is agreed on a line, as the terms of a request say it; what was refused is not part of it."""
    standing = [
        one for one in promises if one.state == PromiseState.AGREED and one.kind != PromiseKind.REFUSE
    ]
    places = {one.ship_to.code for one in standing if one.ship_to}
    place = place_asked(line, order)
    return Terms(
        pieces=tuple(
            TermPiece(
                one.quantity,
                one.delivery_on,
                one.price,
                one.price_per,
                one.item_number if one.kind == PromiseKind.SUBSTITUTE else "",
                one.item_description if one.kind == PromiseKind.SUBSTITUTE else "",
            )
            for one in standing
        ),
        ship_to=next(iter(places - {place}), ""),
    )


def place_asked(line: PurchaseOrderLine, order: PurchaseOrder) -> str:
    """The code of the place the ERP asks for."""
    place = line.ship_to or order.ship_to
    return place.code if place else ""


@dataclass(frozen=True, slots=True)
class LineNow:
    """One line as a wish meets it: what the rules must know, and what the ERP asks for."""

    line: PurchaseOrderLine
    agreed: Agreed
    asked: Asked


def lines_now(
    order: PurchaseOrder,
    lines: Sequence[PurchaseOrderLine],
    schedules: Mapping[int, Sequence[ScheduleLine]],
    places: Iterable[str],
) -> dict[int, LineNow]:
    """Lines of one order as they stand, by id: one query however many."""
    promises = live_promises_by_line(line.pk for line in lines)
    codes = frozenset(places)
    return {
        line.pk: LineNow(
            line,
            Agreed(
                number=line.number,
                unit=line.unit,
                unit_decimals=line.unit_decimals,
                terms=agreed_terms(line, order, promises[line.pk]),
                done=done_of(
                    line.shipped_quantity,
                    line.received_quantity,
                    max(line.invoiced_quantity, line.claimed_quantity),
                ),
                places=codes,
                place=place_asked(line, order),
            ),
            Asked(
                line.quantity,
                line.price,
                line.price_per,
                tuple((one.key, one.delivery_on) for one in schedules[line.pk]),
            ),
        )
        for line in lines
    }


def agreed_by_people(now: Mapping[int, LineNow]) -> dict[int, Terms]:
    """What was last agreed on each line (by id) by people, or with the answer to the order: two or three queries.

    What rules agreed to since is stepped over: else a supplier who may be three days late could be so every week. So is
    what the next of these overtook before the ERP had taken it: what has a command was agreed, whatever became of it.
    """
    changes = with_rounds(OrderChange.objects.filter(line__in=now, command__isnull=False))
    by_line: dict[int, list[OrderChange]] = defaultdict(list)
    for change in changes.order_by("-answered_at", "-id"):
        by_line[change.line_id].append(change)
    keys = [change.key for one in by_line.values() for change in one]
    ruled = agreed_by_rule(keys) if keys else set()
    terms = {pk: one.agreed.terms for pk, one in now.items()}
    for pk, theirs in by_line.items():
        for change in theirs:
            if change.key not in ruled or not is_same(
                terms_from_json(current_round(change).terms), terms[pk]
            ):
                break
            terms[pk] = terms_from_json(change.was)
    return terms


def sites_of(order: PurchaseOrder) -> dict[str, Site]:
    """The places of the order's company, by code."""
    return {site.code: site for site in Site.objects.filter(company=order.company_id).order_by("name")}


def changeable_lines(order: PurchaseOrder) -> QuerySet[PurchaseOrderLine]:
    """The lines of an order on which something may be asked for: agreed, open, and nothing asked for already."""
    if order.state != OrderState.ISSUED:
        return order.lines.none()
    busy = OrderChange.objects.filter(order=order, state__in=OPEN).values("line")
    open_lines = order.lines.filter(
        agreement=Agreement.AGREED, cancelled=False, closed=False, received_quantity__lt=F("quantity")
    )
    return open_lines.exclude(pk__in=busy).order_by("number", "id")


def is_changeable(line: PurchaseOrderLine, order: PurchaseOrder) -> bool:
    """Whether something may be asked for on a line, as far as the order says."""
    return order.state == OrderState.ISSUED and line.is_open and line.agreement == Agreement.AGREED


def is_overtaken(change: OrderChange, live: Sequence[Promise]) -> bool:
    """Whether what a request speaks of is not agreed any more. `live` are the pieces that stand on its line."""
    if change.is_open:
        if not is_changeable(change.line, change.order):
            return True
        now = agreed_terms(change.line, change.order, live)
        return not is_agreed_still(terms_from_json(change.was), now, place_asked(change.line, change.order))
    # What waits for the ERP stands as long as nothing newer was asked or agreed.
    if change.line.agreement not in (Agreement.AGREED, Agreement.REFUSED):
        return True
    return all(promise.origin != change.key for promise in live)


# --- reasons ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """One reason of a company's list."""

    code: str
    label: str
    active: bool = True
    is_starter: bool = True


def reason_rows(company_id: int) -> list[ReasonRow]:
    """Every reason of a company, the starter codes first, with its own words where it has some."""
    return _rows(ChangeReason.objects.filter(company=company_id).order_by("label", "id"))


def _rows(kept: Iterable[ChangeReason]) -> list[ReasonRow]:
    own = {row.code: row for row in kept}
    rows = [
        ReasonRow(
            code, (own[code].label if code in own else "") or str(label), code not in own or own[code].active
        )
        for code, label in Reason.choices
    ]
    rows += [
        ReasonRow(row.code, row.label, row.active, is_starter=False)
        for row in own.values()
        if row.code not in Reason.values
    ]
    return rows


def reasons_by_company(actor: Actor) -> dict[str, list[ReasonRow]]:
    """The reasons of every company, by its code: two queries. For a supplier those that order from it."""
    companies = Company.objects.all()
    if actor.is_supplier:
        orders = PurchaseOrder.objects.visible_to(actor).filter(company=OuterRef("pk"))
        companies = companies.filter(Exists(orders))
    codes = dict(companies.order_by("code").values_list("pk", "code"))
    kept: dict[int, list[ChangeReason]] = defaultdict(list)
    for row in ChangeReason.objects.filter(company__in=codes).order_by("label", "id"):
        kept[row.company_id].append(row)
    return {code: _rows(kept[pk]) for pk, code in codes.items()}


def reasons_to_give(actor: Actor) -> list[tuple[str, str]]:
    """The reasons of all those companies in one list: whether an order's takes one is checked when it is given."""
    found = {row.code: row.label for rows in reasons_by_company(actor).values() for row in rows if row.active}
    return list(found.items())


def reasons_of(company_id: int) -> dict[str, str]:
    """The reasons that may be given to and by a company, by code."""
    return {row.code: row.label for row in reason_rows(company_id) if row.active}


def reason_words(company_ids: Iterable[int]) -> dict[tuple[int, str], str]:
    """What each reason is called in these companies, also those no longer given: one query."""
    ids = set(company_ids)
    words = {(pk, code): str(label) for pk in ids for code, label in Reason.choices}
    for row in ChangeReason.objects.filter(company__in=ids).exclude(label=""):
        words[row.company_id, row.code] = row.label
    return words


# --- what may be said ---------------------------------------------------------------------------------------


def allowed_verbs(change: OrderChange, actor: Actor) -> list[str]:
    """What this actor may say to a request now: the verbs of its table that belong to who holds the ball, or not."""
    if actor.is_supplier and change.supplier.only_reads:
        return []
    mine = OF_ANSWERER if change.turn == side_of(actor) else OF_AUTHOR
    return [verb for verb in CHANGE_LIFECYCLE.verbs_for(actor, change.state) if verb in mine]
