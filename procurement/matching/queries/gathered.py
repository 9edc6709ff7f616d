"""What a set of invoices claims and what stands against it, once it is gathered: each claim, its grounds, its limits.

Note [What counts before]: of the others that claim the same, an earlier one counts, and one that was approved already
counts however late it was sent; so whichever is looked at first, both together never pass for what one may claim. What
is given back makes room once it is approved, not before, and no longer than the invoice that it corrects, in one of its
versions, claims (`with_what_they_correct`). For a credit note all claims count: it gives back of them.
What the ERP has booked without any invoice of ours (`booked_elsewhere`) is claimed as well.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID
from zoneinfo import ZoneInfo

from procurement.invoices.messages import Claimed
from procurement.invoices.models import Invoice, InvoiceCharge, InvoiceLine, InvoiceTax, InvoicingProfile
from procurement.invoices.states import SETTLED, InvoiceKind
from procurement.matching.engine import (
    Claim,
    ClaimedCharge,
    ClaimedLine,
    ClaimedTax,
    Earlier,
    Grounds,
    Kind,
    Limits,
    LineGround,
    OrderGround,
    Totals,
)
from procurement.matching.engine.units import factors_to
from procurement.matching.engine.ways import MatchRule, Ways, together
from procurement.orders.models import PurchaseOrderLine
from procurement.orders.states import OrderState
from procurement.tolerances.messages import DocumentKind, Measure, Subject
from procurement.tolerances.policies import Rulebook
from procurement.tolerances.queries import LivePolicy
from suppliers.banking.states import AccountState
from suppliers.onboarding.messages import PayingWaits
from suppliers.states import SupplierState

ZERO = Decimal(0)

LATER = datetime.max.replace(tzinfo=ZoneInfo("UTC"))


@dataclass(frozen=True, slots=True)
class Company:
    """What counts for claims on one company."""

    policy: LivePolicy | None
    ways: Ways
    profile: InvoicingProfile | None
    taxes: frozenset[tuple[str, Decimal, str]] | None
    is_stopped: bool

    @property
    def book(self) -> Rulebook:
        return self.policy.book if self.policy else Rulebook(())


@dataclass(frozen=True, slots=True)
class Other:
    """A line of another invoice that claims; `place` is when it was sent, and its id."""

    invoice: int
    document: UUID
    place: tuple[datetime, int]
    is_credit: bool
    state: str
    order_line: int
    order: int
    quantity: Decimal
    unit: str
    amount: Decimal
    price_only: bool


@dataclass(slots=True)
class Gathering:
    """What a set of invoices says and what stands against it. `settled` grows while they are matched one by one."""

    at: datetime
    invoices: Sequence[Invoice]
    lines: Mapping[int, Sequence[InvoiceLine]]
    charges: Mapping[int, Sequence[InvoiceCharge]]
    taxes: Mapping[int, Sequence[InvoiceTax]]
    files: Mapping[int, frozenset[str]]
    order_lines: Mapping[int, PurchaseOrderLine]
    others: Mapping[int, Sequence[Other]]
    other_charges: Mapping[int, Sequence[tuple[int, Other, str, bool, Decimal]]]
    earlier: Mapping[int, Sequence[tuple[Earlier, tuple[datetime, int], str, int]]]
    companies: Mapping[int, Company]
    groups: Mapping[str, str]
    units: Mapping[str, str]
    credited: Mapping[tuple[int, int], Fraction]
    elsewhere: Mapping[int, Claimed]
    rejected: Mapping[int, Decimal]
    accounts: Mapping[int, set[str]] = field(default_factory=dict)
    frozen: set[int] = field(default_factory=set)
    onboarding: Mapping[int, PayingWaits] = field(default_factory=dict)
    settled: set[int] = field(default_factory=set)
    _factors: dict[str, Mapping[str, Fraction]] = field(default_factory=dict)

    def company_of(self, invoice: Invoice) -> Company:
        """What counts for this invoice's company."""
        return self.companies[invoice.company_id]

    # --- the claim ------------------------------------------------------------------------------------------

    def claim(self, invoice: Invoice) -> Claim:
        """The invoice as the engine reads it."""
        lines = self.lines.get(invoice.pk, ())
        positions = {line.pk: line.position for line in lines}
        total = invoice.total if invoice.typed_total is None else invoice.typed_total
        return Claim(
            key=str(invoice.key),
            kind=Kind(invoice.kind),
            number=invoice.number,
            number_key=invoice.number_key,
            currency=invoice.currency,
            invoiced_on=invoice.invoiced_on or self.today(invoice),
            lines=[
                ClaimedLine(
                    line.position,
                    line.line_id,
                    line.quantity,
                    line.unit,
                    line.unit_price,
                    line.amount,
                    line.price_quantity,
                    line.price_only,
                    line.category,
                    line.tax_rate,
                    line.jurisdiction,
                )
                for line in lines
            ],
            charges=[
                ClaimedCharge(
                    one.code,
                    one.amount,
                    one.is_allowance,
                    positions.get(one.of_line_id or 0, 0),
                    one.category,
                    one.tax_rate,
                    one.jurisdiction,
                )
                for one in self.charges.get(invoice.pk, ())
            ],
            taxes=[
                ClaimedTax(one.category, one.tax_rate, one.base, one.amount, one.jurisdiction)
                for one in self.taxes.get(invoice.pk, ())
            ],
            totals=Totals(
                invoice.line_total,
                invoice.allowance_total,
                invoice.charge_total,
                invoice.tax_total,
                total,
            ),
            supplier_tax_id=invoice.supplier_tax_id,
            company_tax_id=invoice.company_tax_id,
            # Where none ever was on record here, the ERP alone knows any: there is nothing to hold it against.
            account=invoice.asked_account if invoice.supplier_id in self.accounts else "",
            account_is_known=invoice.asked_trace in self.accounts.get(invoice.supplier_id, ()),
            files=self.files.get(invoice.pk, frozenset()),
            pay_to=invoice.pay_to.masked if invoice.pay_to else "",
            pay_to_counts=invoice.pay_to is None or invoice.pay_to.state == AccountState.IN_FORCE,
        )

    def today(self, invoice: Invoice) -> date:
        """The day where the company is: rules begin and end with its days."""
        return self.at.astimezone(ZoneInfo(invoice.company.time_zone)).date()

    # --- what stands against it -----------------------------------------------------------------------------

    def grounds(self, invoice: Invoice) -> Grounds:
        """All that stands against the invoice, as things stand in this gathering now."""
        company = self.company_of(invoice)
        supplier = invoice.supplier
        found = {
            pk: self._line_ground(invoice, self.order_lines[pk])
            for pk in {line.line_id for line in self.lines.get(invoice.pk, ()) if line.line_id}
            if pk in self.order_lines
        }
        profile = company.profile
        waits = self.onboarding.get(invoice.supplier_id)
        company_tax_id = profile.company_tax_id if profile else ""
        return Grounds(
            subject=self._subject(invoice),
            lines=found,
            orders=self._orders(invoice)
            if company.book.uses(DocumentKind.INVOICE, Measure.DOCUMENT_AMOUNT)
            else {},
            earlier=[
                earlier
                for earlier, place, state, pk in self.earlier.get(invoice.pk, ())
                if place < _place(invoice) or state in SETTLED or pk in self.settled
            ],
            charged=self._charged(invoice),
            taxes=company.taxes,
            supplier_is_blocked=supplier.state == SupplierState.BLOCKED,
            bank_is_frozen=invoice.supplier_id in self.frozen,
            paying_waits=waits.steps if waits else (),
            onboarding_is_ours=bool(waits and waits.is_ours),
            onboarding_is_over=bool(waits and waits.is_over),
            company_tax_ids=frozenset({company_tax_id} if company_tax_id else ()),
            without_order=bool(profile and profile.allow_without_order),
        )

    def limits(self, invoice: Invoice) -> Limits:
        """How far the invoice may lie from that. Where somebody stopped the rules, none acts alone."""
        company = self.company_of(invoice)
        rule = self.policy(invoice)
        return Limits(
            book=company.book,
            policy=company.policy.name if company.policy else "",
            duplicate_days=rule.duplicate_days,
            approves_alone=rule.approves_alone
            and not company.is_stopped
            and not _waits_for_its_invoice(invoice),
            approver=rule.name,
            waits_for_onboarding=rule.waits_for_onboarding,
        )

    def policy(self, invoice: Invoice) -> MatchRule:
        """The matching policy that counts for the invoice as a whole."""
        ways = self.company_of(invoice).ways
        lines = self.lines.get(invoice.pk, ())
        subjects = [self._subject(invoice, self.order_lines.get(line.line_id or 0)) for line in lines]
        return together(ways.of(subject) for subject in subjects or [self._subject(invoice)])

    def _subject(self, invoice: Invoice, line: PurchaseOrderLine | None = None) -> Subject:
        supplier = invoice.supplier
        return Subject(
            kind=DocumentKind.INVOICE,
            on=self.today(invoice),
            segment=supplier.segment,
            supplier=supplier.number,
            item_group=self.groups.get(line.item_number, "") if line else "",
            item=line.item_number if line else "",
            order=line.order.number if line else "",
            line=str(line.number) if line else "",
            currency=invoice.currency,
            unit=line.unit if line else "",
        )

    def _line_ground(self, invoice: Invoice, line: PurchaseOrderLine) -> LineGround:
        order = line.order
        subject = self._subject(invoice, line)
        booked = self.elsewhere.get(line.pk, Claimed())
        quantity, amount = booked.quantity, booked.amount
        for other in self._counting(invoice, line.pk):
            sign = -1 if other.is_credit else 1
            quantity += sign * self.counted(other, line)
            amount += sign * other.amount
        dead = line.cancelled or order.state == OrderState.CANCELLED
        return LineGround(
            id=line.pk,
            order=order.number,
            number=line.number,
            subject=subject,
            ordered=line.quantity,
            unit=line.unit,
            price=line.price,
            currency=order.currency,
            received=line.received_quantity,
            rejected=self.rejected.get(line.pk, ZERO),
            price_per=line.price_per,
            way=self.company_of(invoice).ways.of(subject).way,
            claimed_quantity=quantity,
            claimed_amount=amount,
            credited_price=self.credited.get((invoice.pk, line.pk)),
            is_open=not dead,
            is_ended=dead or line.closed or order.state == OrderState.CLOSED,
            more_comes=not (dead or line.closed or order.state != OrderState.ISSUED)
            and line.received_quantity < line.quantity,
            factors=self._factors_to(line.unit),
        )

    def _factors_to(self, unit: str) -> Mapping[str, Fraction]:
        if unit not in self._factors:
            self._factors[unit] = factors_to(unit, self.units)
        return self._factors[unit]

    def _counting(self, invoice: Invoice, line_id: int) -> Iterable[Other]:
        """What others claim of an order line, as far as it counts. See Note [What counts before]."""
        mine, is_credit = _place(invoice), invoice.kind == InvoiceKind.CREDIT_NOTE
        for other in self.others.get(line_id, ()):
            if other.document == invoice.document:  # itself, or the version that it takes the place of
                continue
            if self._counts(other, mine, is_credit):
                yield other

    def _counts(self, other: Other, mine: tuple[datetime, int], is_credit: bool) -> bool:
        if other.state in SETTLED or other.invoice in self.settled:
            return True
        if is_credit:
            return not other.is_credit or other.place < mine
        return not other.is_credit and other.place < mine

    def counted(self, other: Other, line: PurchaseOrderLine) -> Decimal:
        """How many of the order's units another line claims. In a unit nobody can convert, its money says how many."""
        if other.price_only:
            return ZERO
        if other.unit == line.unit:
            return other.quantity
        factor = self._factors_to(line.unit).get(other.unit)
        if factor is not None:
            exact = Fraction(other.quantity) * factor
            return Decimal(exact.numerator) / Decimal(exact.denominator)
        return other.amount * line.price_per / line.price if line.price else other.quantity

    def _orders(self, invoice: Invoice) -> dict[str, OrderGround]:
        """What the others claim of each whole order of the invoice."""
        mine = {line.order_id for line in self.lines.get(invoice.pk, ()) if line.order_id}
        amounts: dict[int, Decimal] = defaultdict(Decimal)
        values: dict[int, Fraction] = defaultdict(Fraction)
        numbers: dict[int, tuple[str, PurchaseOrderLine]] = {}
        for pk, line in self.order_lines.items():
            if line.order_id not in mine:
                continue
            numbers[line.order_id] = (line.order.number, line)
            booked = self.elsewhere.get(pk, Claimed())
            amounts[line.order_id] += booked.amount
            values[line.order_id] += (
                Fraction(booked.quantity) * Fraction(line.price) / Fraction(line.price_per)
            )
            for other in self._counting(invoice, pk):
                sign = -1 if other.is_credit else 1
                amounts[line.order_id] += sign * other.amount
                price = Fraction(line.price) / Fraction(line.price_per)
                values[line.order_id] += sign * Fraction(self.counted(other, line)) * price
        whole = self._subject(invoice)
        return {
            number: OrderGround(number, whole, amounts[pk], values[pk])
            for pk, (number, _line) in numbers.items()
        }

    def _charged(self, invoice: Invoice) -> dict[str, Decimal]:
        """What others charge on the same orders, by code; what is given back of it taken off."""
        mine, is_credit = _place(invoice), invoice.kind == InvoiceKind.CREDIT_NOTE
        found: dict[str, Decimal] = defaultdict(Decimal)
        seen: set[int] = set()  # a charge of an invoice on two of these orders counts once
        for order in {line.order_id for line in self.lines.get(invoice.pk, ()) if line.order_id}:
            for pk, other, code, is_allowance, amount in self.other_charges.get(order, ()):
                if other.document == invoice.document or pk in seen:
                    continue
                if not self._counts(other, mine, is_credit):
                    continue
                seen.add(pk)
                if is_allowance == is_credit:
                    found[code] += amount if other.is_credit == is_credit else -amount
        return dict(found)


def _waits_for_its_invoice(invoice: Invoice) -> bool:
    """Whether it is a credit note of accounts payable that is approved together with its invoice, or not at all: people
    were asked about both. Where the invoice was approved without it (by a rule, once it passed as a whole), or claims
    nothing any more, no rule says yes to the note behind them. One that was sent about an approved invoice is a note
    like any other.
    """
    about = invoice.corrects
    if not invoice.on_behalf or not invoice.is_credit or about is None:
        return False
    if about.state not in SETTLED or about.approved_at is None:
        return True
    return (invoice.sent_at or LATER) <= about.approved_at


def _place(invoice: Invoice) -> tuple[datetime, int]:
    return (invoice.sent_at or LATER, invoice.pk)
