"""What there is beside invoices in the demo: terms on which Northmoor pays early, and a statement of account."""

import csv
import hashlib
import io
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from portal.kernel.actors import Actor
from portal.kernel.scope import acting
from procurement.catalogue.models import Company
from procurement.demo.loading import SET_UP
from procurement.demo.people import HELEN, KOFI
from procurement.discounting.messages import WriteDiscountPolicy
from procurement.discounting.services import approve_discount_policy, write_discount_policy
from procurement.invoices.models import Invoice
from procurement.invoices.states import InvoiceState
from procurement.statements.files.reading import read_file, read_rows
from procurement.statements.messages import KeepStatement
from procurement.statements.models import SupplierStatement
from procurement.statements.queries import Booked, books_of
from procurement.statements.services import compare_statement, keep_statement
from procurement.statements.states import ItemKind, Standing
from suppliers.models import Supplier, User
from suppliers.queries import actor_of

HEAD = ("Document no", "Type", "Date", "Due date", "Amount", "Open amount", "Currency")
BACK = timedelta(days=200)
FREIGHT = Decimal(85)
NEVER_CAME = Decimal("1284.60")
Row = tuple[date, tuple[str, ...]]


def offer_early_payment(*, at: datetime) -> None:
    """Helen Marsh wrote on which terms both companies pay early in EUR, and Kofi Mensah let that act."""
    with acting(SET_UP):
        helen, kofi = (actor_of(User.objects.get(email=one.email)) for one in (HELEN, KOFI))
        companies = list(Company.objects.order_by("id"))
    assert helen is not None  # both are of Northmoor
    assert kofi is not None
    for company in companies:
        policy = WriteDiscountPolicy(
            company.pk,
            "Early payment in EUR",
            "EUR",
            yearly_percent=Decimal(9),
            most_percent=Decimal("2.5"),
            pay_days=3,
            note="More than the bank gives us, and less than it asks of them.",
        )
        with acting(helen):
            written = write_discount_policy(policy, actor=helen, at=at)
        with acting(kofi):
            approve_discount_policy(written.key, written.version, actor=kofi, at=at + timedelta(hours=3))


def state_account(name: str, seller: Actor, *, at: datetime) -> SupplierStatement | None:
    """A supplier uploads what is open in its books, and compares it: three rows of it are not as in ours.

    One was paid by us and stands there as open, one has freight that ours has not, and one we never had. None where
    nothing of it was paid.
    """
    with acting(SET_UP):
        paid = Invoice.objects.filter(supplier__name=name, state=InvoiceState.PAID).order_by(
            "-paid_on", "-id"
        )
        newest = paid.select_related("supplier", "company").first()
        books = books_of(newest.supplier_id, newest.company_id, (), since=at.date() - BACK) if newest else ()
    if newest is None:
        return None
    content = _file(_rows(books, newest, at.date()))
    table = read_file(io.BytesIO(content), len(content))
    items, bad = read_rows(table.table, table.head, table.columns, "en", newest.currency)
    command = KeepStatement(
        stated_on=at.date(),
        company=newest.company.code,
        currency=newest.currency,
        items=items,
        bad=bad,
        file_name=f"Statement {at:%Y-%m-%d}.csv",
        digest=hashlib.sha256(content).hexdigest(),
        table=table.table,
        head=table.head,
        columns=table.columns,
    )
    with acting(seller):
        kept, _is_new = keep_statement(command, actor=seller, at=at)
        return compare_statement(kept.key, actor=seller, at=at + timedelta(minutes=1))


def _rows(books: Sequence[Booked], paid: Invoice, today: date) -> list[Row]:
    """What their books have open: as ours, but for three."""
    open_ones = [one for one in books if one.ours.counts]
    claimed = [one for one in open_ones if not one.ours.is_credit]
    dearer = max(claimed, key=lambda one: one.ours.standing == Standing.APPROVED, default=None)
    rows = []
    for one in open_ones:
        more = FREIGHT if one is dearer else Decimal(0)
        rows.append(_row(one, one.ours.amount + more, one.ours.counts + more))
    rows += [_row(one, one.ours.amount, one.ours.amount) for one in books if one.invoice_id == paid.pk]
    rows.append(_unknown(paid.supplier, paid.currency, today))
    return sorted(rows)


def _row(one: Booked, amount: Decimal, still_open: Decimal) -> Row:
    assert one.ours.dated_on is not None  # nothing is booked without its day
    return _written(
        ItemKind(one.kind), one.number, one.ours.dated_on, one.due_on, amount, still_open, one.ours.currency
    )


def _unknown(supplier: Supplier, currency: str, today: date) -> Row:
    """An invoice that never came."""
    dated_on = today - timedelta(days=24)
    initials = "".join(word[0] for word in supplier.name.split()).upper()
    number, due_on = f"{initials}-{dated_on:%y%m}-377", dated_on + timedelta(days=60)
    return _written(ItemKind.INVOICE, number, dated_on, due_on, NEVER_CAME, NEVER_CAME, currency)


def _written(
    kind: ItemKind,
    number: str,
    dated_on: date,
    due_on: date | None,
    amount: Decimal,
    rest: Decimal,
    currency: str,
) -> Row:
    due = due_on.isoformat() if due_on else ""
    return dated_on, (
        number,
        str(kind.label),
        dated_on.isoformat(),
        due,
        f"{amount:f}",
        f"{rest:f}",
        currency,
    )


def _file(rows: Sequence[Row]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEAD)
    writer.writerows(cells for _day, cells in rows)
    return out.getvalue().encode()
