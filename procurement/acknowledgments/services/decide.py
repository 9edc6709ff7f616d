"""The buyer's word on an answer: accept or decline a piece, a line, or all of it."""

from datetime import datetime

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import Invalid, NotAllowed, Problem, StaleDocument
from portal.kernel.scope import requires_scope
from procurement.acknowledgments.messages import ACCEPT, DECLINE, DecideAnswer
from procurement.acknowledgments.services.acknowledge import require_known
from procurement.orders.models import Promise, PurchaseOrder
from procurement.orders.queries import lines_of, lock_order
from procurement.orders.services import Decision, Settled, decide_promises
from procurement.orders.states import OrderState, PromiseState, Turn
from suppliers.roles import Permission


@requires_scope
def decide_answer(command: DecideAnswer, *, actor: Actor, at: datetime) -> Settled:
    """Accept or decline what a supplier promised otherwise than asked.

    What is accepted is agreed and told to the ERP once its whole line is settled; what is declined goes back to the
    supplier with the reason. Raises `Invalid` for a decline without a reason, `StaleDocument` when the answer moved.
    """
    if not actor.may(Permission.ORDER_DECIDE) or actor.is_supplier:
        raise NotAllowed(_("Only a buyer decides on a supplier's answer."))
    reason = command.reason.strip()
    if command.verdict not in (ACCEPT, DECLINE):
        raise Invalid(
            _("Say accept or decline."), [Problem("verdict", _("Say accept or decline."), command.verdict)]
        )
    if command.verdict == DECLINE and not reason:
        message = _("Say why: the supplier can answer better when it knows what is needed.")
        raise Invalid(message, [Problem("reason", message, "", "required")])
    order = lock_order(command.order, actor=actor)
    if order.state != OrderState.ISSUED:
        values = {"number": order.number, "state": order.get_state_display().lower()}
        raise StaleDocument(
            _("Order %(number)s is %(state)s in the ERP. Nothing is left to decide on it.") % values
        )
    require_known(order, command.version)
    chosen = _chosen(order, command)
    settled = decide_promises(
        order,
        Decision(
            accept=chosen if command.verdict == ACCEPT else frozenset(),
            decline=chosen if command.verdict == DECLINE else frozenset(),
            reason=reason,
        ),
        actor=actor,
        at=at,
    )
    record(
        f"order.answer_{'accepted' if command.verdict == ACCEPT else 'declined'}",
        order.stream,
        actor=actor,
        at=at,
        supplier_id=order.supplier_id,
        facts={
            "agreed": list(settled.agreed),
            "refused": list(settled.refused),
            "disputed": list(settled.disputed),
            "waiting": list(settled.waiting),
            "reason": reason,
            "pieces": len(chosen),
        },
    )
    return settled


def _chosen(order: PurchaseOrder, command: DecideAnswer) -> frozenset[int]:
    """The promises decided on: those named, those of the lines named, or all that wait."""
    if command.pieces:
        return command.pieces
    lines = [line for line in lines_of(order) if line.turn == Turn.BUYER]
    if command.lines:
        lines = [line for line in lines if line.key in command.lines]
    moved = any(line.touched_version > command.version for line in lines)
    proposed = Promise.objects.filter(line__in=lines, state=PromiseState.PROPOSED)
    chosen = frozenset(proposed.values_list("pk", flat=True))
    if moved or not chosen:
        raise StaleDocument(
            _(
                "The supplier's answer changed, or was decided, since you opened this page. Look at what stands now."
            )
        )
    return chosen
