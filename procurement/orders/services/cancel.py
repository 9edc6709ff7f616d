"""An order that nobody waits for any more, though no paper of the ERP says so."""

from datetime import datetime

from portal.kernel.actors import Actor
from portal.kernel.scope import requires_scope
from procurement.orders.models import PurchaseOrder
from procurement.orders.queries import lines_of
from procurement.orders.services.standing import note_answer_due, save_standing
from procurement.orders.states import ORDER_LIFECYCLE, Turn


@requires_scope
def cancel_order(order: PurchaseOrder, reason: str, *, actor: Actor, at: datetime) -> None:
    """Cancel an order that is gone in the ERP, with the reason. The order must be locked.

    What it last said is forgotten: if the ERP tells of it again, even in the same words, it is opened again.
    """
    ORDER_LIFECYCLE.move(
        order, "cancel", actor=actor, at=at, facts={"reason": reason}, fields={"content_hash": ""}
    )
    lines = lines_of(order)
    waiting = [line for line in lines if line.turn != Turn.NOBODY]
    for line in waiting:
        line.turn = Turn.NOBODY
    note_answer_due(order, order.supplier, lines, at)
    save_standing(order, lines, waiting, at=at)
