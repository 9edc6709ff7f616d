"""The PDF of a long order: asked for, made by a worker, and kept for that version of the order."""

from datetime import datetime, timedelta

from portal.kernel.scope import requires_scope
from procurement.orders.models import OrderDocument, PurchaseOrder
from procurement.orders.states import DocumentState

# A worker that took it and died will not come back.
GIVEN_UP_AFTER = timedelta(minutes=3)


@requires_scope
def ask_for_document(order: PurchaseOrder, language: str, *, at: datetime) -> OrderDocument:
    """Ask for the paper of an order as it stands now; what is being made or made already is not made twice."""
    OrderDocument.objects.filter(order=order, version__lt=order.version).delete()
    document, made = OrderDocument.objects.get_or_create(
        order=order,
        version=order.version,
        language=language,
        defaults={"supplier_id": order.supplier_id, "asked_at": at},
    )
    given_up = document.state == DocumentState.MAKING and document.asked_at < at - GIVEN_UP_AFTER
    if not made and (given_up or document.state == DocumentState.FAILED):
        document.state, document.asked_at, document.reason = DocumentState.MAKING, at, ""
        document.save(update_fields=["state", "asked_at", "reason"])
    return document


@requires_scope
def keep_document(document_id: int, content: bytes, *, at: datetime) -> None:
    """Keep the finished file."""
    OrderDocument.objects.filter(pk=document_id).update(
        state=DocumentState.READY, content=content, made_at=at, reason=""
    )


@requires_scope
def give_up_document(document_id: int, reason: str) -> None:
    """Write down why there is no file."""
    OrderDocument.objects.filter(pk=document_id).update(state=DocumentState.FAILED, reason=reason)
