"""What accounts payable knows of a supplier when its bank details are to change: whether much is about to be paid."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef, Sum
from django.db.models.functions import Coalesce

from portal.kernel.scope import requires_scope
from portal.kernel.templatetags.portal_ui import money_text
from procurement.bills.models import Bill
from procurement.bills.states import OWED, BillKind
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
def payments_due(
    supplier_id: int, at: datetime, until: datetime, big: Mapping[str, Decimal], otherwise: Decimal
) -> list[Signal]:
    """That much is due to a supplier by a day: what a fraudster waits for. Two queries.

    What was claimed here and what only the ERP knows of are added up by currency, what is due already with it; what has
    no day is due from the day it was invoiced. `big` has the sums that are much, `otherwise` that of any other
    currency. Credit notes take nothing off: whether they are set off before is not known.
    """
    sums: dict[str, Decimal] = defaultdict(Decimal)
    claims = Invoice.objects.filter(supplier_id=supplier_id, state__in=TO_BE_PAID)
    claims = claims.exclude(kind=InvoiceKind.CREDIT_NOTE)
    claims = claims.annotate(on=Coalesce("pay_on", "due_on", "invoiced_on"))
    known = Exists(claims.filter(bill=OuterRef("pk")))  # counted as the claim it was booked of
    bills = Bill.objects.filter(~known, supplier_id=supplier_id, state__in=OWED, kind=BillKind.INVOICE)
    bills = bills.annotate(on=Coalesce("due_on", "invoiced_on"))
    for rows, amount in ((claims, "total"), (bills, "open_amount")):
        due = rows.filter(on__lte=until.date()).values_list("currency").annotate(Sum(amount))
        for currency, total in due.order_by("currency"):
            sums[currency] += total
    found = [
        money_text(total, currency)
        for currency, total in sorted(sums.items())
        if total and total >= big.get(currency, otherwise)
    ]
    return [Signal("payment_due", {"due": ", ".join(found)})] if found else []
