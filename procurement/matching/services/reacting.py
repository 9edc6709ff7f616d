"""What matching does when something moves: look at exactly the invoices that it may let go on, or stop.

Each reaction looks at how things stand (Note [Any order] of the outbox), so hearing twice changes nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting, require_no_transaction
from procurement.invoices.models import Invoice
from procurement.invoices.states import InvoiceKind, InvoiceState
from procurement.matching.queries import (
    MATCHER,
    held_by_match,
    held_for_onboarding,
    held_of_suppliers,
    touched_by_claims,
    touched_by_orders,
    under_rules,
    waiting_for_receipt,
)
from procurement.matching.services.making import AT_ONCE, match_invoices
from procurement.matching.states import Trigger
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.receipts.queries import orders_on_sheets

HEARS_SENT = frozenset({"invoice.sent", "invoice.released"})
RECEIPTS = frozenset({"order.receipts_booked", "order.goods_received"})
# What was not accepted at the dock is paid by nobody; taken back, or settled otherwise, it may be.
COUNTS = frozenset({"count.posted", "count.reversed", "count.difference_settled"})
HEARS_ORDERS = COUNTS | RECEIPTS | {"order.revised", "order.cancelled", "order.closed", "order.reopened"}
# After these other invoices claim less, or what is given back makes room.
APPROVED = "invoice.approved"
HEARS_CLAIMS = frozenset(
    {APPROVED, "invoice.withdrawn", "invoice.rejected", "invoice.voided", "invoice.replaced"}
)
# Nothing is paid to a supplier whose bank details are frozen.
HEARS_BANKS = frozenset({"bank.frozen", "bank.thawed"})
# What a supplier has given of what paying waits for, what was decided on it, and whether anything is asked at all.
ONBOARDING_BEGINS = frozenset({"onboarding.invited", "onboarding.reopened"})
STEPS = frozenset(
    {
        "onboarding.approved",
        "onboarding.refused",
        "onboarding.withdrawn",
        "onboarding.ended",
        "onboarding.terms_accepted",
        "onboarding.questions_answered",
        "supplier.detail_changed",
        "supplier.detail_confirmed",
        "supplier.change_requested",
        "supplier.change_approved",
        "supplier.change_refused",
        "supplier.change_withdrawn",
        "supplier.mail_address_changed",
        "supplier.classified",
        "document.supplied",
        "document.admitted",
        "document.accepted",
        "document.refused",
        "document.excused",
        "document.expired",
        "bank.account_opened",
        "bank.account_ended",
        "bank.account_held",
        "bank.account_released",
        "bank.change_requested",
        "bank.change_refused",
        "bank.change_withdrawn",
    }
)
# What is asked of many: all that is held for an onboarding is looked at again.
ASKED_OF_MANY = frozenset(
    {
        "onboarding_template.written",
        "onboarding_template.retired",
        "terms.written",
        "document_kind.written",
        "document_kind.retired",
        "document_requirement.written",
        "document_requirement.retired",
    }
)
HEARS_ONBOARDING = ONBOARDING_BEGINS | STEPS | ASKED_OF_MANY
# Rules that act from now on, or no more: what they ask of is something else.
HEARS_RULES = frozenset(
    {
        "matching.policy_approved",
        "matching.policy_retired",
        "tolerances.approved",
        "tolerances.resumed",
        "invoicing.profile_changed",
    }
)


def match_sent(events: Sequence[AuditEvent], at: datetime) -> str:
    """The reaction: match the invoices that were sent, or that a person let go."""
    require_no_transaction()
    documents = _keys(events, "invoice:")
    with acting(MATCHER):
        found = Invoice.objects.filter(document__in=documents, state=InvoiceState.SENT)
        ids = list(found.order_by("id").values_list("pk", flat=True))
    return _match(ids, Trigger.SENT, at=at)


def rematch_orders(events: Sequence[AuditEvent], at: datetime) -> str:
    """The reaction: goods were booked, or counted at the dock, or an order moved."""
    require_no_transaction()
    booked = _keys([event for event in events if event.kind in RECEIPTS], "order:")
    moved = _keys([event for event in events if event.kind not in RECEIPTS], "order:")
    counted = [event for event in events if event.kind in COUNTS]
    with acting(MATCHER):
        on_sheets = orders_on_sheets(_keys(counted, "shipment:"), _keys(counted, "count:")) if counted else ()
        of_orders = Q(order__key__in=booked) | Q(order__in=on_sheets)
        lines = PurchaseOrderLine.objects.filter(of_orders).values_list("pk", flat=True)
        waiting = waiting_for_receipt(lines) if booked or on_sheets else []
        orders = PurchaseOrder.objects.filter(key__in=moved).values_list("pk", flat=True)
        touched = touched_by_orders(orders) if moved else []
    _match(sorted(set(waiting) - set(touched)), Trigger.RECEIPT, at=at)
    return _match(touched, Trigger.ORDER, at=at) if touched else ("matched" if waiting else "unchanged")


def rematch_claims(events: Sequence[AuditEvent], at: datetime) -> str:
    """The reaction: other invoices claim less now, or a credit note makes room."""
    require_no_transaction()
    # An approval makes room only where it gives back.
    freeing = [
        one for one in events if one.kind != APPROVED or one.facts.get("kind") == InvoiceKind.CREDIT_NOTE
    ]
    documents = _keys(freeing, "invoice:")
    if not documents:
        return "unchanged"
    with acting(MATCHER):
        keys = Invoice.objects.filter(document__in=documents).values_list("key", flat=True)
        touched = touched_by_claims(keys)
    return _match(touched, Trigger.CLAIM, at=at)


def rematch_held(events: Sequence[AuditEvent], at: datetime) -> str:
    """The reaction: a company's rules changed; all that the match holds there is looked at again."""
    require_no_transaction()
    with acting(MATCHER):
        ids = held_by_match(under_rules(one.stream for one in events))
    return _match(ids, Trigger.POLICY, at=at)


def rematch_suppliers(events: Sequence[AuditEvent], at: datetime) -> str:
    """The reaction: a supplier's bank details were frozen, or go on; what the match holds of it is looked at again."""
    require_no_transaction()
    with acting(MATCHER):
        ids = held_of_suppliers({one.supplier_id for one in events if one.supplier_id is not None})
    return _match(ids, Trigger.PERSON, at=at)


def rematch_onboarding(events: Sequence[AuditEvent], at: datetime) -> str:
    """The reaction: a supplier gave what its onboarding asks, or something else is asked: what is held for that goes on
    or stays. Where an onboarding begins, all that the match holds of the supplier is looked at.
    """
    require_no_transaction()
    kinds = {one.kind for one in events}
    begun = {one.supplier_id for one in events if one.kind in ONBOARDING_BEGINS and one.supplier_id}
    of_one = {one.supplier_id for one in events if one.kind in STEPS and one.supplier_id}
    with acting(MATCHER):
        ids = set(held_of_suppliers(begun)) if begun else set()
        if kinds & ASKED_OF_MANY:
            ids |= set(held_for_onboarding(None))
        elif of_one:
            ids |= set(held_for_onboarding(of_one))
    return _match(sorted(ids), Trigger.PERSON, at=at)


def _keys(events: Iterable[AuditEvent], stream: str) -> set[UUID]:
    return {UUID(one.stream[len(stream) :]) for one in events if one.stream.startswith(stream)}


def _match(ids: Sequence[int], trigger: Trigger, *, at: datetime) -> str:
    approved = 0
    for start in range(0, len(ids), AT_ONCE):
        with acting(MATCHER):
            approved += match_invoices(ids[start : start + AT_ONCE], trigger=trigger, at=at)
    return f"matched {len(ids)}, approved {approved}" if ids else "unchanged"
