"""What the page of a signed link shows: its order, what waits on it, and the other open work of its supplier."""

from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import NotFound
from portal.kernel.templatetags.portal_ui import moment_text
from procurement.acknowledgments.models import OrderAcknowledgment
from procurement.changes.forms import Box, boxes, typed_terms
from procurement.changes.messages import terms_from_json
from procurement.changes.models import OrderChange
from procurement.changes.queries import current_round, reasons_of
from procurement.links.models import SignedLink
from procurement.orders.models import PurchaseOrder
from procurement.orders.queries import visible_orders
from procurement.orders.states import OrderState
from procurement.workbench.queries.answer import AnswerPage, answer_page
from procurement.workbench.queries.changes import OnOrder, changes_on
from suppliers.roles import Permission

ANSWER = "answer"
MOST_OTHERS = 50


@dataclass(slots=True)
class Asked:
    """A change request that waits for this person's word, with the fields of a counter-proposal."""

    on_order: OnOrder
    boxes: list[dict[str, Box]] = field(default_factory=list)

    @property
    def change(self) -> OrderChange:
        return self.on_order.change


@dataclass(slots=True)
class LinkPage:
    """The order behind a link, what its person may do, and why not more."""

    order: PurchaseOrder
    grid: AnswerPage
    asked: list[Asked]
    others: list[PurchaseOrder]
    reasons: list[tuple[str, str]]
    must_sign_in: bool
    may_answer: bool
    is_used: bool
    may_write: bool
    may_forward: bool
    told: str


def order_of(link: SignedLink, actor: Actor) -> PurchaseOrder:
    """The order behind a link. Raises `NotFound` for a link to something else."""
    found = (
        visible_orders(actor).select_related("company", "supplier", "ship_to").filter(pk=link.order_id or 0)
    )
    order = found.first()
    if order is None:
        raise NotFound(_("There is no such order."))
    return order


def must_sign_in(order: PurchaseOrder) -> bool:
    """Whether the company wants people of this supplier to sign in before they act (LINK_SIGN_IN_SEGMENTS)."""
    return order.supplier.segment in settings.LINK_SIGN_IN_SEGMENTS


def link_page(link: SignedLink, *, actor: Actor, at: datetime) -> LinkPage:
    """Everything the page of a link shows but its thread and timeline: the same queries however many lines."""
    order = order_of(link, actor)
    keys = frozenset(order.lines.values_list("key", flat=True))
    grid = answer_page(order, actor=actor, at=at, in_full=keys)
    signs_in = must_sign_in(order)
    used = ANSWER in link.acted_on
    may_negotiate = actor.may(Permission.CHANGE_NEGOTIATE) and not signs_in
    mine = [one for one in changes_on(order, actor=actor) if one.is_mine and one.change.is_open]
    return LinkPage(
        order=order,
        grid=grid,
        asked=[_asked(one, order) for one in mine if str(one.change.key) not in link.acted_on]
        if may_negotiate
        else [],
        others=other_work(link, actor),
        reasons=list(reasons_of(order.company_id).items()) if mine else [],
        must_sign_in=signs_in,
        may_answer=grid.may_answer and not used and not signs_in,
        is_used=used and grid.may_answer,
        may_write=actor.may(Permission.THREAD_WRITE) and not signs_in,
        may_forward=not link.forwarded,
        told=_answered_by(order, actor) if not grid.may_answer else "",
    )


def _asked(one: OnOrder, order: PurchaseOrder) -> Asked:
    typed = typed_terms(terms_from_json(current_round(one.change).terms))
    return Asked(one, boxes(typed, order.currency, {}))


def _answered_by(order: PurchaseOrder, actor: Actor) -> str:
    """Who answered last, so that a second press of a colleague explains itself."""
    answers = OrderAcknowledgment.objects.visible_to(actor).filter(order=order)
    last = answers.order_by("-sent_at", "-id").first()
    if last is None or order.state != OrderState.ISSUED:
        return ""
    values = {"name": last.sent_by, "moment": moment_text(last.sent_at), "revision": last.revision}
    return _("%(name)s answered revision %(revision)d on %(moment)s.") % values


def other_work(link: SignedLink, actor: Actor) -> list[PurchaseOrder]:
    """What else waits for this supplier's answer; nothing for one to whom a link was forwarded."""
    if link.forwarded or not actor.may(Permission.ORDER_VIEW):
        return []
    waiting = visible_orders(actor).filter(state=OrderState.ISSUED, lines_for_supplier__gt=0)
    return list(waiting.exclude(pk=link.order_id or 0).order_by("acknowledge_by_at", "id")[:MOST_OTHERS])
