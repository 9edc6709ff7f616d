"""Reading statements, and our books as a statement is held against them.

Note [Our books]: what we owe a supplier is what is with us and not paid: live invoices, held ones too, and what the ERP
has booked without one of ours. Where it has booked an invoice, its figures count: what it booked is what is paid.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import NotFound
from procurement.bills.models import Bill
from procurement.bills.states import BillKind, PaymentState
from procurement.catalogue.models import Company
from procurement.invoices.models import Invoice
from procurement.invoices.policies.numbers import number_key
from procurement.invoices.queries import invoiced_companies
from procurement.invoices.states import LIVE, InvoiceKind, InvoiceState
from procurement.statements.engine import Ours
from procurement.statements.models import StatementBalance, StatementRow, SupplierStatement
from procurement.statements.states import Standing, StatementState, Verdict
from suppliers.models import Supplier

ZERO = Decimal(0)
BACK = timedelta(days=60)  # a booking may be dated so long before the row that lists it
S = StatementState

# --- statements ---------------------------------------------------------------------------------------------


def visible_statements(actor: Actor) -> QuerySet[SupplierStatement]:
    """The statements this actor may see: all that were compared, and what its own side only read so far."""
    theirs = Q(state__in=[S.READ, S.DISCARDED], on_behalf=actor.is_supplier)
    found = SupplierStatement.objects.visible_to(actor).exclude(theirs).exclude(revision=0, state=S.REPLACED)
    return found.defer("table", "bad").select_related("company", "supplier")


def find_statement(key: uuid.UUID, *, actor: Actor) -> SupplierStatement:
    """One statement. Raises `NotFound` for what is not there or not yours."""
    found: SupplierStatement | None = (
        visible_statements(actor).exclude(state=S.DISCARDED).filter(key=key).first()
    )
    if found is None:
        raise NotFound(_("There is no such statement."))
    return found


def find_row(statement: SupplierStatement, place: int) -> StatementRow:
    """One row of theirs. Raises `NotFound`."""
    found: StatementRow | None = StatementRow.objects.filter(statement=statement, place=place).first()
    if found is None:
        raise NotFound(_("There is no such row."))
    return found


def same_file(digest: str, supplier_id: int, company_id: int, *, actor: Actor) -> SupplierStatement | None:
    """The statement that is open and was read of the same file."""
    found = visible_statements(actor).filter(
        digest=digest, supplier=supplier_id, company=company_id, state__in=[S.READ, S.COMPARED]
    )
    return found.order_by("-id").first()


def rows_of(statement: SupplierStatement) -> QuerySet[StatementRow]:
    """The rows of a statement in the order of the file; what they do not list comes last."""
    found: QuerySet[StatementRow] = StatementRow.objects.filter(statement=statement)
    return found.select_related("invoice").order_by(F("place").asc(nulls_last=True), "id")


def totals_of(statement: SupplierStatement) -> list[dict[str, Any]]:
    """What is open in their list by currency: `currency` and `total`. One query."""
    rows = StatementRow.objects.filter(statement=statement, place__isnull=False).order_by("currency")
    return list(rows.values("currency").annotate(total=Sum("open_amount")))


def differing(rows: QuerySet[StatementRow]) -> QuerySet[StatementRow]:
    """Those that do not agree."""
    return rows.exclude(verdict__in=[Verdict.AGREES, Verdict.APPROVED, Verdict.HELD])


def balances_of(statement: SupplierStatement) -> list[StatementBalance]:
    """What the newest comparison came to, by currency. One query."""
    found = StatementBalance.objects.filter(statement=statement, revision=statement.revision)
    return list(found.order_by("currency"))


def earlier_balances(statement: SupplierStatement) -> list[StatementBalance]:
    """What comparisons before the newest came to, the latest first; at most thirty."""
    found = StatementBalance.objects.filter(statement=statement, revision__lt=statement.revision)
    return list(found.order_by("-revision", "currency")[:30])


def balances_by_statement(statements: Iterable[SupplierStatement]) -> Mapping[int, list[StatementBalance]]:
    """The balances of the statements of a page, by id. One query."""
    ids = [one.pk for one in statements]
    found: dict[int, list[StatementBalance]] = {pk: [] for pk in ids}
    rows = StatementBalance.objects.filter(statement__in=ids, revision=F("statement__revision"))
    for one in rows.order_by("currency"):
        found[one.statement_id].append(one)
    return found


def waiting_statements(actor: Actor) -> QuerySet[SupplierStatement]:
    """What came from suppliers, does not agree, and is not settled."""
    return visible_statements(actor).filter(state=S.COMPARED, differing__gt=0, on_behalf=False)


def questions_waiting(actor: Actor) -> QuerySet[StatementRow]:
    """What suppliers are asked about their statements and have not answered."""
    found: QuerySet[StatementRow] = StatementRow.objects.visible_to(actor).filter(
        asked_at__isnull=False, answered_at__isnull=True, statement__state=S.COMPARED
    )
    return found


# --- whose, and to whom -------------------------------------------------------------------------------------


def companies_for(actor: Actor) -> list[Company]:
    """The companies that a statement can be about: those that ordered something."""
    return invoiced_companies(actor)


def supplier_numbered(number: str, *, actor: Actor) -> Supplier | None:
    """The supplier of this number, or of exactly this name."""
    mine = Supplier.objects.visible_to(actor)
    named = list(mine.filter(Q(number__iexact=number) | Q(name__iexact=number)).order_by("id")[:2])
    return named[0] if len(named) == 1 else mine.filter(number=number).first()


# --- our books ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Booked:
    """An item of our books: how it is compared, which papers it is, and what there is to say of it."""

    ours: Ours
    kind: str
    number: str
    due_on: date | None
    invoice_id: int | None
    bill_id: int | None
    told: Mapping[str, Any]


def books_of(supplier_id: int, company_id: int, keys: Collection[str], *, since: date) -> Sequence[Booked]:
    """What is open with a supplier, what was paid since a day, and whatever has one of these numbers.

    Three queries, and two for each invoice of which less was taken than it claims and that the ERP has not booked yet.
    See Note [Our books].
    """
    invoices = _invoices(supplier_id, company_id, keys, since)
    bills = _bills(supplier_id, company_id, keys, since)
    waiting = {
        (one.is_credit, one.number_key, one.currency): one
        for one in invoices
        if one.state in LIVE and not _bill(one)
    }
    alone = []
    for bill in bills:
        name = (bill.kind == BillKind.CREDIT_NOTE, number_key(bill.reference or bill.number), bill.currency)
        mine = waiting.pop(name, None)
        if mine is None:
            alone.append(bill)
        else:
            mine.bill = bill
    return [
        *(_of_invoice(one) for one in invoices if one.state != InvoiceState.DISCARDED),
        *(_of_bill(one) for one in alone),
    ]


def _invoices(supplier_id: int, company_id: int, keys: Collection[str], since: date) -> list[Invoice]:
    unpaid = Q(state__in=[one for one in LIVE if one != InvoiceState.PAID])
    wanted = unpaid | Q(state=InvoiceState.PAID, paid_on__gte=since) | Q(number_key__in=list(keys))
    gone = [InvoiceState.REPLACED, InvoiceState.DISCARDED]
    found = Invoice.objects.filter(wanted, supplier=supplier_id, company=company_id).exclude(state__in=gone)
    return list(found.select_related("bill").order_by("id"))


def _bills(supplier_id: int, company_id: int, keys: Collection[str], since: date) -> list[Bill]:
    """What the ERP has booked without a live invoice of ours."""
    ours = Invoice.objects.filter(bill=OuterRef("pk"), state__in=LIVE)
    near = Q(open_amount__gt=0) | Q(invoiced_on__gte=since - BACK)
    found = Bill.objects.filter(near, supplier=supplier_id, company=company_id).exclude(Exists(ours))
    found = found.exclude(state=PaymentState.CANCELLED).order_by("id")
    return [one for one in found if one.open_amount or number_key(one.reference or one.number) in keys]


def _bill(invoice: Invoice) -> Bill | None:
    """What the ERP has booked of it, where that stands."""
    bill = invoice.bill
    return None if bill is None or bill.state == PaymentState.CANCELLED else bill


def _of_invoice(invoice: Invoice) -> Booked:
    bill, sign = _bill(invoice), invoice.sign
    is_live = invoice.state in LIVE
    total = bill.total if bill and is_live else invoice.total
    is_paid = (
        invoice.state == InvoiceState.PAID
    )  # also where the ERP leaves open what was agreed for paying early
    rest = ZERO if is_paid else bill.open_amount if bill and is_live else total
    ours = Ours(
        name=f"invoice {invoice.pk}",
        key=invoice.number_key or number_key(invoice.number),
        standing=Standing(invoice.state),
        amount=sign * total,
        open=sign * rest,
        currency=invoice.currency,
        is_credit=invoice.is_credit,
        dated_on=invoice.invoiced_on,
        paid_on=invoice.paid_on,
        reference_key=number_key(invoice.payment_reference),
        less=invoice.early_discount or ZERO if is_paid else ZERO,
    )
    told = {
        "standing": str(invoice.state),
        "pay_on": _day(invoice.pay_on),
        "due_on": _day(invoice.due_on),
        "paid_on": _day(invoice.paid_on or (bill.paid_on if bill else None)),
        "reference": invoice.payment_reference,
        "held_for": invoice.held_for if invoice.state in (InvoiceState.HELD, InvoiceState.DISPUTED) else {},
        "reason": {"rejected": invoice.rejected_reason}.get(invoice.state, invoice.end_reason),
        "on_behalf": invoice.on_behalf,
        "amount": str(sign * total),
        "currency": invoice.currency,
    }
    kind = InvoiceKind(invoice.kind)
    return Booked(ours, kind, invoice.number, invoice.due_on, invoice.pk, bill.pk if bill else None, told)


def _of_bill(bill: Bill) -> Booked:
    is_credit = bill.kind == BillKind.CREDIT_NOTE
    sign = -1 if is_credit else 1
    standing = Standing.PAID if bill.state == PaymentState.PAID else Standing.BOOKED
    number = bill.reference or bill.number or bill.key
    ours = Ours(
        name=f"bill {bill.pk}",
        key=number_key(number),
        standing=standing,
        amount=sign * bill.total,
        open=sign * bill.open_amount,
        currency=bill.currency,
        is_credit=is_credit,
        dated_on=bill.invoiced_on,
        paid_on=bill.paid_on,
    )
    told = {
        "standing": str(standing),
        "due_on": _day(bill.due_on),
        "paid_on": _day(bill.paid_on),
        "amount": str(sign * bill.total),
        "currency": bill.currency,
    }
    return Booked(ours, str(bill.kind), number[:60], bill.due_on, None, bill.pk, told)


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
