"""What accounts payable knows of a supplier when its bank details are to change: whether much is about to be paid."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum
from django.db.models.functions import Coalesce

from portal.kernel.scope import requires_scope
from portal.kernel.templatetags.portal_ui import money_text
from procurement.invoices.models import Invoice
from procurement.invoices.states import InvoiceKind, InvoiceState
from suppliers.banking.messages import Signal

TO_BE_PAID = (
    InvoiceState.SENT,
    InvoiceState.HELD,
    InvoiceState.DISPUTED,
    InvoiceState.APPROVED,
    InvoiceState.SCHEDULED,
)


@requires_scope
def payments_due(supplier_id: int, at: datetime, until: datetime, big: Mapping[str, Decimal]) -> list[Signal]:
    """That much is due to a supplier by a day: what a fraudster waits for. One query."""
    due = Invoice.objects.filter(supplier_id=supplier_id, state__in=TO_BE_PAID, currency__in=list(big))
    due = due.exclude(kind=InvoiceKind.CREDIT_NOTE).annotate(on=Coalesce("pay_on", "due_on"))
    sums = due.filter(on__lte=until.date()).values("currency").annotate(sum=Sum("total")).order_by("currency")
    found = [money_text(one["sum"], one["currency"]) for one in sums if one["sum"] >= big[one["currency"]]]
    return [Signal("payment_due", {"due": ", ".join(found)})] if found else []
