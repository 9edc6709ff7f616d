"""Reading answers, drafts, and what the rules must know of the lines."""

from collections.abc import Iterable, Mapping, Sequence

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import NotFound
from procurement.acknowledgments.messages import BadCell, FileRow
from procurement.acknowledgments.models import DraftAnswer, DraftHeader, OrderAcknowledgment, UploadedAnswer
from procurement.acknowledgments.policies import Delivery, LineRules
from procurement.catalogue.models import SupplierItem
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine, ScheduleLine
from procurement.orders.queries import schedules_by_line
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
