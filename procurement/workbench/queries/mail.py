"""What mails promise on an order and nobody has said yet, for the order's page."""

from portal.kernel.actors import Actor
from procurement.mailroom.presenters import DraftShown, shown_draft
from procurement.mailroom.queries import drafted_lines, may_decide, open_drafts
from procurement.orders.models import PurchaseOrder


def drafts_shown(order: PurchaseOrder, *, actor: Actor) -> list[DraftShown]:
    """The drafts on an order that wait for a press, newest first: one query, and another where there are any."""
    drafts = open_drafts(order, actor=actor)
    lines = drafted_lines(order, drafts)
    return [shown_draft(draft, order, lines, may_decide=may_decide(draft.kind, actor)) for draft in drafts]
