"""All that a set of claims is held against, read at once: so many queries, however many invoices and lines.

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

from django.db import connection
from django.db.models import F, Q

from portal.kernel.scope import acting
from procurement.catalogue.models import Item, Unit
from procurement.invoices.messages import Claimed
from procurement.invoices.models import (
    Invoice,
    InvoiceCharge,
    InvoiceFile,
    InvoiceLine,
    InvoiceTax,
    InvoiceTaxChoice,
    InvoicingProfile,
)
from procurement.invoices.queries import booked_elsewhere, with_what_they_correct
from procurement.invoices.states import LIVE, SETTLED, FileKind, InvoiceKind
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
from procurement.matching.queries.rules import ways_of
from procurement.matching.queries.waiting import MATCHER
from procurement.orders.models import PurchaseOrderLine
from procurement.orders.states import OrderState
from procurement.receipts.queries import rejected_by_line
from procurement.tolerances.messages import DocumentKind, Level, Measure, Subject
from procurement.tolerances.policies import Rulebook
from procurement.tolerances.queries import LivePolicy, groups_of, live_policy, live_policy_held, stopped_of
from suppliers.banking.queries import OFFICE, frozen_suppliers, known_traces
from suppliers.banking.states import AccountState
from suppliers.onboarding.messages import PayingWaits
from suppliers.onboarding.queries import paying_waits
from suppliers.states import SupplierState

ZERO = Decimal(0)
ITSELF = (FileKind.PICTURE, FileKind.EINVOICE)  # the same evidence may well go with two invoices
LONGEST_WINDOW = 366  # days
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


# --- reading it all -----------------------------------------------------------------------------------------


def gather(
    invoices: Sequence[Invoice], *, at: datetime, hold: bool = False, tried: LivePolicy | None = None
) -> Gathering:
    """Read all that these invoices are held against, with `company`, `supplier` and `corrects` at hand; with `hold` the
    tolerances stay what they are until the transaction ends; `tried` takes the place of those that act. For the buying
    side and the program itself.
    """
    ids = [one.pk for one in invoices]
    lines = _by_invoice(InvoiceLine.objects.filter(invoice__in=ids).order_by("invoice_id", "position", "id"))
    companies = {pk: _company(pk, tried, hold=hold) for pk in {one.company_id for one in invoices}}
    line_ids = {line.line_id for theirs in lines.values() for line in theirs if line.line_id}
    order_ids = {line.order_id for theirs in lines.values() for line in theirs if line.order_id}
    whole = any(one.book.uses(DocumentKind.INVOICE, Measure.DOCUMENT_AMOUNT) for one in companies.values())
    of_orders = Q(order__in=order_ids) if whole else Q(pk__in=line_ids)
    order_lines = {one.pk: one for one in PurchaseOrderLine.objects.filter(of_orders).select_related("order")}
    units = dict(Unit.objects.values_list("code", "rec20"))
    charges = _by_invoice(
        InvoiceCharge.objects.filter(invoice__in=ids).order_by("invoice_id", "position", "id")
    )
    files: dict[int, set[str]] = defaultdict(set)
    for pk, digest in InvoiceFile.objects.filter(invoice__in=ids, kind__in=ITSELF).values_list(
        "invoice_id", "sha256"
    ):
        files[pk].add(digest)
    return Gathering(
        at=at,
        invoices=invoices,
        lines=lines,
        charges=charges,
        taxes=_by_invoice(InvoiceTax.objects.filter(invoice__in=ids).order_by("invoice_id", "id")),
        files={pk: frozenset(found) for pk, found in files.items()},
        order_lines=order_lines,
        others=_others(order_lines),
        other_charges=_other_charges(order_ids) if charges else {},
        earlier=_earlier(invoices, lines, files, companies),
        companies=companies,
        groups=_groups(order_lines.values(), companies.values()),
        units=units,
        credited=_credited(invoices, units),
        elsewhere=booked_elsewhere(order_lines),
        rejected=rejected_by_line(order_lines),
        accounts=_accounts(invoices),
        frozen=frozen_suppliers({one.supplier_id for one in invoices}),
        onboarding=paying_waits({one.supplier_id for one in invoices}, at),
    )


def paying_waits_of(invoice: Invoice, *, at: datetime) -> PayingWaits | None:
    """What of its supplier's onboarding an invoice is held for, where the policy that counts for it says so."""
    if invoice.kind == InvoiceKind.CREDIT_NOTE:
        return None
    waits = paying_waits([invoice.supplier_id], at).get(invoice.supplier_id)
    if waits is None:
        return None
    with acting(MATCHER):
        found = Invoice.objects.select_related("company", "supplier", "corrects", "pay_to").get(pk=invoice.pk)
        return waits if gather([found], at=at).policy(found).waits_for_onboarding else None


def _accounts(invoices: Iterable[Invoice]) -> Mapping[int, set[str]]:
    """The accounts on record of suppliers whose invoices name one; no query where none does."""
    asked = {one.supplier_id for one in invoices if one.asked_account}
    if not asked:
        return {}
    with acting(OFFICE):
        return known_traces(asked)


def _by_invoice(rows: Iterable[InvoiceLine | InvoiceCharge | InvoiceTax]) -> dict[int, list]:
    found: dict[int, list] = defaultdict(list)
    for row in rows:
        found[row.invoice_id].append(row)
    return found


def _company(company_id: int, tried: LivePolicy | None, *, hold: bool) -> Company:
    profile = InvoicingProfile.objects.filter(company=company_id).first()
    look = live_policy_held if hold else live_policy
    policy = tried or look(company_id, DocumentKind.INVOICE)
    taxes = frozenset(
        InvoiceTaxChoice.objects.filter(company=company_id).values_list("category", "rate", "jurisdiction")
    )
    return Company(
        policy, ways_of(company_id, profile), profile, taxes or None, stopped_of(company_id) is not None
    )


def _groups(lines: Iterable[PurchaseOrderLine], companies: Iterable[Company]) -> dict[str, str]:
    """The items' groups, where a rule or a policy asks for them."""
    numbers = {line.item_number for line in lines}
    asked = [one for one in companies if one.ways.uses(Level.ITEM_GROUP)]
    for one in companies:
        if found := groups_of(numbers, one.book):
            return found
    if not asked:
        return {}
    return dict(Item.objects.filter(number__in=numbers).values_list("number", "group"))


def _others(order_lines: Mapping[int, PurchaseOrderLine]) -> dict[int, list[Other]]:
    """All that claims of these order lines: one query."""
    rows = with_what_they_correct(
        InvoiceLine.objects.filter(line__in=list(order_lines), invoice__state__in=LIVE)
    )
    found: dict[int, list[Other]] = defaultdict(list)
    for row in rows.values_list(
        "invoice_id",
        "invoice__document",
        "invoice__sent_at",
        "invoice__kind",
        "invoice__state",
        "line_id",
        "order_id",
        "quantity",
        "unit",
        "amount",
        "price_only",
    ):
        invoice, document, sent_at, kind, state, line, order, quantity, unit, amount, price_only = row
        is_credit = kind == InvoiceKind.CREDIT_NOTE
        found[line].append(
            Other(
                invoice,
                document,
                (sent_at or LATER, invoice),
                is_credit,
                state,
                line,
                order,
                quantity,
                unit,
                amount,
                price_only,
            )
        )
    return found


def _other_charges(order_ids: Iterable[int]) -> dict[int, list[tuple[int, Other, str, bool, Decimal]]]:
    """All charges of invoices that claim of these orders, by the order's id, each with its own: one query."""
    charges = InvoiceCharge.objects.filter(invoice__lines__order__in=set(order_ids), invoice__state__in=LIVE)
    rows = (
        with_what_they_correct(charges)
        .annotate(of_order=F("invoice__lines__order"))
        .values_list(
            "of_order",
            "invoice_id",
            "invoice__document",
            "invoice__sent_at",
            "invoice__kind",
            "invoice__state",
            "code",
            "is_allowance",
            "amount",
            "id",
        )
        .distinct()
    )
    found: dict[int, list[tuple[int, Other, str, bool, Decimal]]] = defaultdict(list)
    for order, invoice, document, sent_at, kind, state, code, is_allowance, amount, pk in rows:
        is_credit = kind == InvoiceKind.CREDIT_NOTE
        other = Other(
            invoice,
            document,
            (sent_at or LATER, invoice),
            is_credit,
            state,
            0,
            order,
            ZERO,
            "",
            amount,
            price_only=True,
        )
        found[order].append((pk, other, code, is_allowance, amount))
    return found


def _earlier(
    invoices: Sequence[Invoice],
    lines: Mapping[int, Sequence[InvoiceLine]],
    files: Mapping[int, set[str]],
    companies: Mapping[int, Company],
) -> dict[int, list[tuple[Earlier, tuple[datetime, int], str, int]]]:
    """Of each invoice, the others that may be the same: by number, by amount within the window, by file."""
    if not invoices:
        return {}
    widest = max((one.ways.widest_window for one in companies.values()), default=0)
    digests = {digest for found in files.values() for digest in found}
    same_file: dict[int, set[str]] = defaultdict(set)
    if digests:
        twins = InvoiceFile.objects.filter(
            supplier__in={one.supplier_id for one in invoices},
            sha256__in=digests,
            kind__in=ITSELF,
            invoice__state__in=LIVE,
        )
        for pk, digest in twins.values_list("invoice_id", "sha256"):
            same_file[pk].add(digest)
    found = Invoice.objects.filter(pk__in={*same_file, *_alike(invoices, min(widest, LONGEST_WINDOW))})
    rows = list(
        found.values_list(
            "pk",
            "key",
            "document",
            "supplier_id",
            "company_id",
            "kind",
            "number",
            "number_key",
            "currency",
            "total",
            "invoiced_on",
            "sent_at",
            "state",
        )
    )
    by_key: dict[tuple[int, int, str], list[int]] = defaultdict(list)
    by_amount: dict[tuple[int, int, Decimal], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        by_key[row[3], row[4], row[7]].append(place)
        by_amount[row[3], row[4], row[9]].append(place)
    candidates: dict[int, set[int]] = {}
    for one in invoices:
        same = set(
            by_key.get((one.supplier_id, one.company_id, one.number_key), ()) if one.number_key else ()
        )
        same |= set(by_amount.get((one.supplier_id, one.company_id, one.total), ()))
        mine = files.get(one.pk, set())
        if mine:
            same |= {place for place, row in enumerate(rows) if mine & same_file.get(row[0], set())}
        candidates[one.pk] = {place for place in same if rows[place][2] != one.document}
    wanted = {rows[place][0] for places in candidates.values() for place in places}
    claimed: dict[int, set[int]] = defaultdict(set)
    if wanted:
        theirs = InvoiceLine.objects.filter(invoice__in=wanted, line__isnull=False)
        for pk, line in theirs.values_list("invoice_id", "line_id"):
            claimed[pk].add(line)
    told: dict[int, list[tuple[Earlier, tuple[datetime, int], str, int]]] = {}
    for invoice, places in candidates.items():
        told[invoice] = []
        for place in sorted(places):
            pk, key, _doc, _sup, _com, kind, number, number_key, currency, total, on, sent_at, state = rows[
                place
            ]
            earlier = Earlier(
                str(key),
                Kind(kind),
                number,
                number_key,
                currency,
                total,
                on,
                frozenset(claimed.get(pk, ())),
                frozenset(same_file.get(pk, ())),
            )
            told[invoice].append((earlier, (sent_at or LATER, pk), state, pk))
    return told


# Pair by pair: a list of suppliers crossed with one of numbers would be asked for every combination of both.
ALIKE = """
    SELECT other.id FROM unnest(%s::bigint[], %s::text[]) AS mine (supplier, number)
    JOIN procurement_invoice other ON other.supplier_id = mine.supplier AND other.number_key = mine.number
    WHERE other.state = ANY (%s)
    UNION
    SELECT other.id FROM unnest(%s::bigint[], %s::numeric[], %s::date[]) AS mine (supplier, total, day)
    JOIN procurement_invoice other ON other.supplier_id = mine.supplier AND other.total = mine.total
        AND other.invoiced_on BETWEEN mine.day - %s AND mine.day + %s
    WHERE other.state = ANY (%s)
"""


def _alike(invoices: Sequence[Invoice], days: int) -> list[int]:
    """The live invoices, by id, with the number of one of these, or its amount within so many days. One query."""
    numbered = [one for one in invoices if one.number_key]
    dated = [one for one in invoices if one.invoiced_on]
    live = [str(state) for state in LIVE]
    with connection.cursor() as cursor:
        cursor.execute(
            ALIKE,
            [
                [one.supplier_id for one in numbered],
                [one.number_key for one in numbered],
                live,
                [one.supplier_id for one in dated],
                [one.total for one in dated],
                [one.invoiced_on for one in dated],
                days,
                days,
                live,
            ],
        )
        return [pk for (pk,) in cursor.fetchall()]


def _credited(invoices: Sequence[Invoice], units: Mapping[str, str]) -> dict[tuple[int, int], Fraction]:
    """At which price, for one of the order's units, the goods were claimed that a credit note gives back: where the
    invoice claims of an order line at several, their mean, each price counting for as many as it was claimed for.
    """
    notes: dict[int, list[int]] = {}
    for one in invoices:
        if one.corrects_id is not None and one.kind == InvoiceKind.CREDIT_NOTE:
            notes.setdefault(one.corrects_id, []).append(one.pk)
    if not notes:
        return {}
    rows = InvoiceLine.objects.filter(invoice__in=list(notes), line__isnull=False, price_only=False)
    claimed: dict[tuple[int, int], tuple[Fraction, Fraction]] = {}
    for invoice, line, quantity, unit, price, per, ordered_in in rows.values_list(
        "invoice_id", "line_id", "quantity", "unit", "unit_price", "price_quantity", "line__unit"
    ):
        factor = Fraction(1) if unit == ordered_in else factors_to(ordered_in, units).get(unit)
        if factor is None:
            continue
        many, worth = claimed.get((invoice, line), (Fraction(0), Fraction(0)))
        worth += Fraction(quantity) * Fraction(price) / Fraction(per)
        claimed[invoice, line] = (many + Fraction(quantity) * factor, worth)
    return {
        (note, line): worth / many
        for (invoice, line), (many, worth) in claimed.items()
        if many
        for note in notes[invoice]
    }
