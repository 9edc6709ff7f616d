"""Reading answers, drafts, and what the rules must know of the lines."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import NotFound
from procurement.acknowledgments.messages import BadCell, FileRow
from procurement.acknowledgments.models import DraftAnswer, DraftHeader, OrderAcknowledgment, UploadedAnswer
from procurement.acknowledgments.policies import (
    Delivery,
    LineRules,
    exact_amount,
    figures_of,
    promised_amount,
)
from procurement.catalogue.models import SupplierItem
from procurement.orders.models import Promise, PurchaseOrder, PurchaseOrderLine, ScheduleLine
from procurement.orders.policies import NewPiece
from procurement.orders.queries import schedules_by_line
from procurement.orders.states import Turn
from procurement.tolerances.messages import DocumentKind, Measure, Subject, Verdict
from procurement.tolerances.queries import LivePolicy, groups_of, live_policy, live_policy_held
from suppliers.models import SupplierSite


def answers_of(order: PurchaseOrder, *, actor: Actor) -> QuerySet[OrderAcknowledgment]:
    """The answers given to one order, newest first."""
    answers = OrderAcknowledgment.objects.visible_to(actor).filter(order=order)
    return answers.select_related("ship_from").order_by("-sent_at", "-id")


def find_answer(key: object, *, actor: Actor) -> OrderAcknowledgment:
    """One answer with its order. Raises `NotFound`."""
    found = OrderAcknowledgment.objects.visible_to(actor).select_related("order").filter(key=key)
    answer: OrderAcknowledgment | None = found.first()
    if answer is None:
        raise NotFound(_("There is no such answer."))
    return answer


def rules_of(
    order: PurchaseOrder,
    lines: Sequence[PurchaseOrderLine],
    schedules: Mapping[int, Sequence[ScheduleLine]] | None = None,
) -> dict[int, LineRules]:
    """What the rules must know of each line, by line id: two queries however many lines."""
    schedules = schedules_by_line(line.pk for line in lines) if schedules is None else schedules
    items = SupplierItem.objects.filter(
        supplier_id=order.supplier_id, item__number__in={line.item_number for line in lines}
    )
    terms = {
        number: (minimum, pack)
        for number, minimum, pack in items.values_list("item__number", "minimum_quantity", "pack_quantity")
    }
    return {
        line.pk: LineRules(
            number=line.number,
            quantity=line.quantity,
            unit=line.unit,
            unit_decimals=line.unit_decimals,
            price=line.price,
            price_per=line.price_per,
            deliveries=tuple(Delivery(one.key, one.quantity, one.delivery_on) for one in schedules[line.pk]),
            minimum_quantity=terms.get(line.item_number, (None, None))[0],
            pack_quantity=terms.get(line.item_number, (None, None))[1],
        )
        for line in lines
    }


@dataclass(frozen=True, slots=True)
class Judge:
    """The rules that count for an order's lines now, and what they must know of each (by line id)."""

    policy: LivePolicy
    subjects: Mapping[int, Subject]
    paper: tuple[Fraction, Fraction] | None = None

    @property
    def wants_paper(self) -> bool:
        """Whether a rule looks at the amount of the whole order."""
        return self.policy.book.uses(DocumentKind.PROMISE, Measure.DOCUMENT_AMOUNT)

    def verdict(self, line_id: int, rules: LineRules, pieces: Sequence[NewPiece]) -> Verdict:
        """What the rules say of an answer to this line."""
        return self.policy.book.judge(self.subjects[line_id], figures_of(rules, pieces, self.paper))


def judge_of(
    order: PurchaseOrder, lines: Sequence[PurchaseOrderLine], *, at: datetime, hold: bool = False
) -> Judge | None:
    """Who judges answers to these lines; None where the company has no rules that act. A fixed number of queries.

    With `hold` the rules stay what they are until the transaction ends.
    """
    look = live_policy_held if hold else live_policy
    policy = look(order.company_id, DocumentKind.PROMISE)
    return judge_by(policy, order, lines, on=company_day(order, at)) if policy else None


def company_day(order: PurchaseOrder, at: datetime) -> date:
    """The date where the buying company is: rules begin and end with its days."""
    return at.astimezone(ZoneInfo(order.company.time_zone)).date()


def judges_of(lines: Iterable[PurchaseOrderLine], *, at: datetime) -> dict[int, Judge]:
    """Who judges answers to lines of many orders, by the order's id: a few queries for each company."""
    by_company: dict[int, dict[int, list[PurchaseOrderLine]]] = {}
    for line in lines:
        by_company.setdefault(line.order.company_id, {}).setdefault(line.order_id, []).append(line)
    found: dict[int, Judge] = {}
    for company_id, by_order in by_company.items():
        policy = live_policy(company_id, DocumentKind.PROMISE)
        if policy is None:
            continue
        numbers = (line.item_number for theirs in by_order.values() for line in theirs)
        groups = groups_of(numbers, policy.book)
        for order_id, theirs in by_order.items():
            order = theirs[0].order
            found[order_id] = judge_by(policy, order, theirs, on=company_day(order, at), groups=groups)
    return found


def judge_by(
    policy: LivePolicy,
    order: PurchaseOrder,
    lines: Sequence[PurchaseOrderLine],
    *,
    on: date,
    groups: Mapping[str, str] | None = None,
) -> Judge:
    """Who judges answers to these lines by a policy, be it live or a draft; `groups` are the items' where known."""
    return Judge(policy, subjects_of(policy, order, lines, DocumentKind.PROMISE, on=on, groups=groups))


def subjects_of(
    policy: LivePolicy,
    order: PurchaseOrder,
    lines: Sequence[PurchaseOrderLine],
    kind: DocumentKind,
    *,
    on: date,
    groups: Mapping[str, str] | None = None,
) -> dict[int, Subject]:
    """What the rules must know of each line (by its id) to see which of them speak; `groups` of the items, if known."""
    if groups is None:
        groups = groups_of((line.item_number for line in lines), policy.book)
    supplier = order.supplier
    return {
        line.pk: Subject(
            kind=kind,
            on=on,
            segment=supplier.segment,
            supplier=supplier.number,
            item_group=groups.get(line.item_number, ""),
            item=line.item_number,
            order=order.number,
            line=str(line.number),
            currency=order.currency,
            unit=line.unit,
        )
        for line in lines
    }


def with_paper(
    judge: Judge,
    lines: Sequence[PurchaseOrderLine],
    promises: Mapping[int, Sequence[Promise]],
    answers: Mapping[int, Sequence[NewPiece]],
) -> Judge:
    """The judge, told the asked and the promised amount of the whole order; `answers` take the place of `promises`.

    What a buyer declined, or a revision has asked anew, stands no longer: such a line counts as it is asked.
    """
    asked = promised = Fraction(0)
    for line in lines:
        if line.cancelled:
            continue
        before = exact_amount(line.quantity, line.price, line.price_per)
        asked += before
        if line.pk in answers:
            promised += promised_amount(answers[line.pk])
        elif line.turn != Turn.SUPPLIER and (standing := promises.get(line.pk)):
            promised += promised_amount([as_new(promise) for promise in standing])
        else:
            promised += before
    return replace(judge, paper=(asked, promised))


def as_new(promise: Promise) -> NewPiece:
    """A promise that was made, as the piece of an answer that it was."""
    return NewPiece(
        schedule_key=promise.schedule_key,
        kind=promise.kind,
        quantity=promise.quantity,
        price=promise.price,
        price_per=promise.price_per,
        delivery_on=promise.delivery_on,
        ship_on=promise.ship_on,
        item_number=promise.item_number,
    )


def travel_days(places: Iterable[SupplierSite], code: str = "") -> int | None:
    """How long goods travel: from the place named; with none named, from wherever it is if all are as far away.

    None where that depends on the place. A supplier that told us of no place delivers on the day it ships.
    """
    days = {place.transit_days for place in places if not code or place.code == code}
    return None if len(days) > 1 else next(iter(days), 0)


def side_of(actor: Actor) -> str:
    """Whose draft this actor types in: the supplier's, or the buyer's own for a phoned-in answer."""
    return "supplier" if actor.is_supplier else "buyer"


def drafts_of(order: PurchaseOrder, *, actor: Actor) -> dict[str, DraftAnswer]:
    """What is being typed, by line key."""
    drafts = DraftAnswer.objects.visible_to(actor).filter(order=order, side=side_of(actor))
    return {draft.line_key: draft for draft in drafts}


def typed_keys(orders: Iterable[PurchaseOrder], *, actor: Actor) -> dict[int, set[str]]:
    """The lines of these orders on which something is typed and not sent: their keys, by order."""
    found: dict[int, set[str]] = {}
    drafts = DraftAnswer.objects.visible_to(actor).filter(order__in=list(orders), side=side_of(actor))
    for order_id, key in drafts.values_list("order_id", "line_key"):
        found.setdefault(order_id, set()).add(key)
    return found


def draft_header_of(order: PurchaseOrder, *, actor: Actor) -> DraftHeader | None:
    """What is being typed about the answer as a whole."""
    return DraftHeader.objects.visible_to(actor).filter(order=order, side=side_of(actor)).first()


def find_upload(key: object, *, actor: Actor, hold: bool = False) -> UploadedAnswer:
    """One uploaded answer sheet, held for whoever is about to send it. Raises `NotFound`."""
    uploads = UploadedAnswer.objects.visible_to(actor).filter(key=key)
    upload: UploadedAnswer | None = (uploads.select_for_update() if hold else uploads).first()
    if upload is None:
        raise NotFound(_("There is no such file."))
    return upload


def recent_uploads(*, actor: Actor, count: int = 5) -> list[UploadedAnswer]:
    """The sheets this person uploaded last, without their rows."""
    mine = UploadedAnswer.objects.visible_to(actor).filter(created_by_user_id=actor.user_id)
    return list(mine.defer("rows", "result").order_by("-created_at", "-id")[:count])


def rows_of_upload(upload: UploadedAnswer) -> list[FileRow]:
    """The rows of a sheet as they were read."""
    return [FileRow(**{**row, "bad": tuple(BadCell(**cell) for cell in row["bad"])}) for row in upload.rows]
