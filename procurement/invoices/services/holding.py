"""What the verbs on an invoice begin and end with: who may, what is held, whether it is what the page showed, and what
its orders note.

Note [Orders first]: whoever lets what is claimed move (by sending, taking back, rejecting, voiding) holds all orders of
the invoice, in the order of their ids, then the version that it corrects, and then the invoice. So two who claim the
last ten of a line come one after the other, and the second finds them claimed. Who only holds, releases, disputes or
approves needs the invoice alone.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import Fact, record_all
from portal.kernel.errors import IllegalTransition, NotAllowed, StaleDocument
from portal.kernel.scope import requires_scope
from procurement.invoices.models import Invoice, InvoiceLine
from procurement.invoices.queries import claimed_by_line, find_invoice, lock_invoice, order_ids_of
from procurement.invoices.states import INVOICE_LIFECYCLE
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.policies import plain
from procurement.orders.queries import lock_orders
from procurement.orders.services import note_claimed
from suppliers.roles import Permission

MOST_TOLD = 50


def require_may(actor: Actor, permission: str) -> None:
    """Raise `NotAllowed` for who may read invoices and not do this to them."""
    if not actor.may(permission):
        if permission == Permission.INVOICE_WRITE:
            message = _("Your role reads invoices. Ask your administrator for the right to write them.")
        else:
            message = _("Your role reads invoices. Accounts payable decides on them.")
        raise NotAllowed(message)


def hold_draft(key: uuid.UUID, version: int | None, *, actor: Actor) -> Invoice:
    """A draft, held. Raises `NotFound`, `NotAllowed`, `IllegalTransition` where it is none any more, and
    `StaleDocument` where it is another than the page showed; without a version any will do.
    """
    require_may(actor, Permission.INVOICE_WRITE)
    invoice = lock_invoice(key, actor=actor)
    if not invoice.is_draft:
        message = _("This invoice is %(state)s and cannot be edited. What was sent stays as it is.")
        raise IllegalTransition(
            message % {"state": invoice.get_state_display().lower()}, details={"state": invoice.state}
        )
    if version is not None:
        require_as_seen(invoice, version)
    return invoice


def require_as_seen(
    invoice: Invoice, version: int, differences: Sequence[Mapping[str, str]] | None = None
) -> None:
    """Raise `StaleDocument` when somebody has changed the invoice since the page was opened; `differences` says in
    what, where that is known.
    """
    if invoice.version != version:
        message = _("%(name)s changed this invoice since you opened it. Look at it, then go on.")
        details: dict[str, Any] = {"state": invoice.state, "version": invoice.version}
        if differences is not None:
            details["differences"] = [dict(one) for one in differences]
        raise StaleDocument(message % {"name": invoice.written_by}, details=details)


def require_verb(invoice: Invoice, verb: str) -> None:
    """Raise `IllegalTransition` with a sentence where this verb leads nowhere from where the invoice stands."""
    if invoice.state not in INVOICE_LIFECYCLE.sources(verb):
        message = _("This invoice is %(state)s. This cannot be done to it any more.")
        raise IllegalTransition(
            message % {"state": invoice.get_state_display().lower()},
            details={"verb": verb, "state": invoice.state},
        )


@requires_scope
def hold_with_orders(
    key: uuid.UUID, *, actor: Actor, besides: Iterable[int] = ()
) -> tuple[Invoice, list[PurchaseOrder]]:
    """An invoice with all orders that it claims of, and those of other invoices (by id), held in the order of
    Note [Orders first]."""
    seen = find_invoice(key, actor=actor)
    ids = [seen.pk, *besides, *([seen.replaces_id] if seen.replaces_id else [])]
    orders = lock_orders(order_ids_of(ids))
    if seen.replaces_id:
        # The version before first: whoever takes that back holds it, and then its correction.
        Invoice.objects.select_for_update(of=("self",)).get(pk=seen.replaces_id)
    invoice = lock_invoice(key, actor=actor)
    if set(order_ids_of(ids)) - {order.pk for order in orders}:
        # Somebody wrote the draft anew between both steps.
        raise StaleDocument(_("This invoice was changed a moment ago. Look at it, then go on."))
    return invoice, orders


def touch(invoice: Invoice, fields: Mapping[str, Any], *, actor: Actor, at: datetime) -> None:
    """Save some fields of a draft, which is held, as its next version."""
    values = {**fields, "written_by": actor.label, "updated_at": at}
    Invoice.objects.filter(pk=invoice.pk).update(version=F("version") + 1, **values)
    invoice.version += 1
    for name, value in values.items():
        setattr(invoice, name, value)


def said_of(invoice: Invoice) -> dict[str, Any]:
    """What every fact about an invoice says of it."""
    return {
        "invoice": str(invoice.key),
        "number": invoice.number,
        "kind": invoice.kind,
        "issue": invoice.issue,
        "total": plain(invoice.total),
        "currency": invoice.currency,
    }


@requires_scope
def refresh_claims(orders: Iterable[PurchaseOrder], line_ids: Iterable[int], *, at: datetime) -> None:
    """Let the lines of these orders, which are held, agree with what live invoices claim of them. Told twice it changes
    nothing: it looks at how things stand, and an order whose lines say so already is left alone.
    """
    lines = list(PurchaseOrderLine.objects.filter(pk__in=set(line_ids)))
    claimed = claimed_by_line(line.pk for line in lines)
    by_order: dict[int, dict[int, Any]] = {}
    for line in lines:
        if line.claimed_quantity != claimed[line.pk].quantity:
            by_order.setdefault(line.order_id, {})[line.pk] = claimed[line.pk].quantity
    for order in orders:
        if theirs := by_order.get(order.pk):
            note_claimed(order, theirs, at=at)


def line_ids_in(*invoices: Invoice | None) -> set[int]:
    """The order lines that these invoices claim of."""
    lines = InvoiceLine.objects.filter(invoice__in=[one.pk for one in invoices if one], line__isnull=False)
    return set(lines.values_list("line_id", flat=True))


def tell_orders(
    orders: Sequence[PurchaseOrder], invoice: Invoice, kind: str, *, actor: Actor, at: datetime, **more: Any
) -> None:
    """One fact for each order's own story: which invoice, and what it claims there."""
    inside: dict[int, list[dict[str, Any]]] = {}
    lines = invoice.lines.filter(order__in=orders).select_related("line").order_by("position")
    for one in lines:
        if one.line is not None and one.order_id is not None:
            told = {"line": one.line.number, "quantity": plain(one.quantity), "unit": one.unit}
            inside.setdefault(one.order_id, []).append(told)
    facts = [
        Fact(
            kind,
            order.stream,
            order.supplier_id,
            {
                **said_of(invoice),
                "lines": inside[order.pk][:MOST_TOLD],
                "count": len(inside[order.pk]),
                **more,
            },
        )
        for order in orders
        if order.pk in inside
    ]
    record_all(facts, actor=actor, at=at)
