"""Taking an agreement back: the supplier is asked again, about what the order asks now."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import StaleDocument
from portal.kernel.scope import requires_scope
from procurement.orders.models import Promise, PurchaseOrder
from procurement.orders.queries import asked_of, lines_of, schedules_by_line
from procurement.orders.services.promise import takes_promises
from procurement.orders.services.standing import note_answer_due, note_expected, save_standing
from procurement.orders.states import LINE_LIFECYCLE, LIVE_PROMISES, PROMISE_LIFECYCLE, PromiseState, Turn


@requires_scope
def ask_again(
    order: PurchaseOrder, keys: Iterable[str], *, words: str = "", actor: Actor, at: datetime
) -> tuple[int, ...]:
    """Ask the supplier anew about these lines (by the ERP's line key), with the buyer's `words`.

    What was promised on them stands no longer; the days first promised and first agreed stay as they are. The order
    must be locked. Returns the line numbers. Raises `StaleDocument` where nothing can be promised any more, or an
    answer waits for the buyer.
    """
    lines = lines_of(order)
    wanted = set(keys)
    asked = [line for line in lines if line.key in wanted]
    if any(not takes_promises(line, order) or line.turn == Turn.BUYER for line in asked):
        raise StaleDocument(_("Part of it cannot be asked again. Look at what stands now."))
    news = any(line.turn != Turn.SUPPLIER for line in asked)
    live = Promise.objects.filter(line__in=asked, state__in=LIVE_PROMISES)
    live.update(state=PROMISE_LIFECYCLE.target("supersede", PromiseState.AGREED))
    schedules = schedules_by_line(line.pk for line in asked)
    for line in asked:
        line.agreement = LINE_LIFECYCLE.target("reopen", line.agreement)
        line.turn = Turn.SUPPLIER
        note_expected(line, asked_of(line, schedules[line.pk], order), [])
    if news:
        note_answer_due(order, order.supplier, lines, at)
    save_standing(order, lines, asked, at=at)
    numbers = tuple(line.number for line in asked)
    facts = {"lines": numbers[:50], "line_count": len(numbers), "words": words[:500]}
    record("order.asked_again", order.stream, actor=actor, at=at, supplier_id=order.supplier_id, facts=facts)
    return numbers
