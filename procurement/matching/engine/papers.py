"""What the engine is told: a claim, what stands against it, and how far they may lie apart.

Quantities and money are exact decimals; a claim is in one currency. What a credit note says is what it gives back: its
figures are no less than zero, and its kind says which way they count.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from procurement.tolerances.messages import Subject
from procurement.tolerances.policies import Rulebook

ZERO = Decimal(0)
ONE = Decimal(1)


class Kind(StrEnum):
    """A claim, what is given back of one, or what is claimed besides."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    DEBIT_NOTE = "debit_note"


class Way(StrEnum):
    """What quantities are held against: what was ordered (two-way), or what was received of it (three-way)."""

    TWO_WAY = "two_way"
    THREE_WAY = "three_way"


@dataclass(frozen=True, slots=True)
class ClaimedLine:
    """A line of a claim. `unit_price` is for `price_quantity` of `unit`; `amount` is net, after the line's own
    allowances and charges.

    `order_line` is what it claims; None: nothing that was ordered. With `price_only`, goods were claimed before and
    only money moves: its quantity counts nowhere.
    """

    position: int
    order_line: int | None
    quantity: Decimal
    unit: str
    unit_price: Decimal
    amount: Decimal
    price_quantity: Decimal = ONE
    price_only: bool = False
    category: str = ""
    tax_rate: Decimal = ZERO
    jurisdiction: str = ""


@dataclass(frozen=True, slots=True)
class ClaimedCharge:
    """What is added or, as an allowance, taken off; of the line at `position`, or with 0 of the whole claim."""

    code: str
    amount: Decimal
    is_allowance: bool = False
    position: int = 0
    category: str = ""
    tax_rate: Decimal = ZERO
    jurisdiction: str = ""


@dataclass(frozen=True, slots=True)
class ClaimedTax:
    """The tax of all that is taxed alike. `rate` is in percent of `base`."""

    category: str
    rate: Decimal
    base: Decimal
    amount: Decimal
    jurisdiction: str = ""


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums as the claim says them: net of all lines, of the whole claim's allowances and charges, tax, and all."""

    lines: Decimal
    allowances: Decimal
    charges: Decimal
    tax: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class Claim:
    """An invoice, credit note or debit note as it was sent. `number_key` is its number as numbers are compared;
    `files` are the hashes of what it came as, `account` is the one it names (in part), where it names one. `pay_to` is
    the one on record that its supplier chose, which counts while it is in force.
    """

    key: str
    kind: Kind
    number: str
    number_key: str
    currency: str
    invoiced_on: date
    lines: Sequence[ClaimedLine]
    totals: Totals
    charges: Sequence[ClaimedCharge] = ()
    taxes: Sequence[ClaimedTax] = ()
    supplier_tax_id: str = ""
    company_tax_id: str = ""
    account: str = ""
    account_is_known: bool = True
    pay_to: str = ""
    pay_to_counts: bool = True
    files: frozenset[str] = frozenset()

    @property
    def sign(self) -> int:
        """Which way it counts."""
        return -1 if self.kind is Kind.CREDIT_NOTE else 1

    @property
    def order_lines(self) -> frozenset[int]:
        """What it claims of."""
        return frozenset(line.order_line for line in self.lines if line.order_line is not None)


@dataclass(frozen=True, slots=True)
class LineGround:
    """What stands against a claim on one order line, in the order's `unit` and `currency`.

    `price` is for `price_per` units. `received` is all that came, `rejected` what of it was not accepted; `more_comes`
    says that goods may still come, `is_ended` that what did not come was cancelled or closed short. `claimed_quantity`
    and `claimed_amount` are of all other claims that count, less what was given back. `credited_price` is the price for
    one unit at which the goods that a credit note gives back were claimed on the average, where that is known.
    `factors` say how many of `unit` one of another unit is.
    """

    id: int
    order: str
    number: int
    subject: Subject
    ordered: Decimal
    unit: str
    price: Decimal
    currency: str
    received: Decimal = ZERO
    rejected: Decimal = ZERO
    price_per: Decimal = ONE
    way: Way = Way.THREE_WAY
    claimed_quantity: Decimal = ZERO
    claimed_amount: Decimal = ZERO
    credited_price: Fraction | None = None
    is_open: bool = True
    more_comes: bool = True
    is_ended: bool = False
    factors: Mapping[str, Fraction] = field(default_factory=dict)

    @property
    def accepted(self) -> Decimal:
        """What came and was kept."""
        return self.received - self.rejected

    @property
    def claimable(self) -> Decimal:
        """How much can be claimed by now: three-way what came and was kept; two-way what was ordered, but of a line
        that was cancelled or closed short no more of it than came.
        """
        if self.way is Way.THREE_WAY:
            return self.accepted
        return min(self.ordered, self.accepted) if self.is_ended else self.ordered

    @property
    def unit_price(self) -> Fraction:
        """The order's price for one unit, exactly."""
        return (
            Fraction(self.price) if self.price_per == 1 else Fraction(self.price) / Fraction(self.price_per)
        )

    @property
    def amount(self) -> Fraction:
        """What the whole line costs at the order's price, exactly."""
        return Fraction(self.ordered) * self.unit_price


@dataclass(frozen=True, slots=True)
class OrderGround:
    """What other claims claim of a whole order, and what the same quantities cost at the order's prices."""

    number: str
    subject: Subject
    claimed_amount: Decimal = ZERO
    claimed_value: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Earlier:
    """Another claim of the same supplier that may be this one sent twice."""

    key: str
    kind: Kind
    number: str
    number_key: str
    currency: str
    total: Decimal
    invoiced_on: date
    order_lines: frozenset[int] = frozenset()
    files: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Grounds:
    """All that stands against a claim.

    `lines` and `orders` are by the order line's id and the order's number. `taxes` are the (category, rate,
    jurisdiction) that the company takes; None: it has not said, and nothing that claims tax is approved alone.
    `charged` is what other claims on the same orders charge, by code. Tax ids are as written; none known means that
    they are not compared. `paying_waits` are the steps of the supplier's onboarding for which paying waits, and
    `onboarding_is_ours` says that all of them were given and are being checked, `onboarding_is_over` that nothing is
    asked of the supplier any more.
    """

    subject: Subject
    lines: Mapping[int, LineGround] = field(default_factory=dict)
    orders: Mapping[str, OrderGround] = field(default_factory=dict)
    earlier: Sequence[Earlier] = ()
    charged: Mapping[str, Decimal] = field(default_factory=dict)
    taxes: frozenset[tuple[str, Decimal, str]] | None = None
    supplier_is_blocked: bool = False
    bank_is_frozen: bool = False
    paying_waits: Sequence[str] = ()
    onboarding_is_ours: bool = False
    onboarding_is_over: bool = False
    supplier_tax_ids: frozenset[str] = frozenset()
    company_tax_ids: frozenset[str] = frozenset()
    without_order: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a claim may lie from its grounds: the company's tolerances, under the policy's name.

    `duplicate_days` is the window in which the same amount again is suspected; None: it is not. `approves_alone` says
    that what passes is approved in the rule's name, `approver`; `waits_for_onboarding` that nothing is paid before the
    supplier has given what paying waits for.
    """

    book: Rulebook = field(default_factory=lambda: Rulebook(()))
    policy: str = ""
    duplicate_days: int | None = 7
    approves_alone: bool = False
    approver: str = ""
    waits_for_onboarding: bool = True
