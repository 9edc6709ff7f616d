"""What is compared, and what comes of it. Amounts are signed: what is owed to the supplier is above zero."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from procurement.statements.states import OWED, ItemKind, Standing, Verdict

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Theirs:
    """A row of their list. `key` is its number as numbers are compared, `reference_key` that of what it refers to.

    `open` is what is open of it in their books, `amount` what it came to; None where they list only what is open.
    """

    place: int
    kind: str
    key: str
    open: Decimal
    currency: str
    amount: Decimal | None = None
    dated_on: date | None = None
    reference_key: str = ""

    @property
    def is_payment(self) -> bool:
        return self.kind == ItemKind.PAYMENT

    @property
    def is_credit(self) -> bool:
        return self.kind == ItemKind.CREDIT_NOTE


@dataclass(frozen=True, slots=True)
class Ours:
    """An item of our books, by a `name` of its own: an invoice, or what the ERP booked without one. `less` is what of a
    paid one was taken off as agreed: neither open nor paid."""

    name: str
    key: str
    standing: str
    amount: Decimal
    open: Decimal
    currency: str
    is_credit: bool = False
    dated_on: date | None = None
    paid_on: date | None = None
    reference_key: str = ""
    less: Decimal = ZERO

    @property
    def is_owed(self) -> bool:
        """Whether it counts in our balance, as far as it is open."""
        return self.standing in OWED

    @property
    def counts(self) -> Decimal:
        """What of it counts in our balance."""
        return self.open if self.is_owed else ZERO

    @property
    def paid(self) -> Decimal:
        """What was paid of it, credits less."""
        return self.amount - self.open - self.less if self.is_owed else ZERO

    @property
    def is_stopped(self) -> bool:
        return self.standing in (Standing.HELD, Standing.DISPUTED)

    @property
    def is_settled(self) -> bool:
        return self.standing in (Standing.APPROVED, Standing.SCHEDULED)


@dataclass(frozen=True, slots=True)
class Compared:
    """What is said of a row of theirs (`place`), of an item of ours (`name`), or of both side by side.

    `difference` is what leads from their balance to ours: what is open with us less what is open with them. `other` is
    the row that was listed before, of one that is listed twice; of ours in a row that was not read, that row. `posted`
    says of what we paid that they list a payment that may be this one.
    """

    verdict: Verdict
    currency: str
    difference: Decimal
    place: int | None = None
    name: str = ""
    other: int | None = None
    posted: bool = False


@dataclass(slots=True)
class Balance:
    """Both sides in one currency, and the bridge between them: what each kind of difference adds up to.

    `stopped` is what of ours is held or disputed, and counts all the same.
    """

    currency: str
    theirs: Decimal = ZERO
    ours: Decimal = ZERO
    stopped: Decimal = ZERO
    bridge: dict[Verdict, Decimal] = field(default_factory=dict)
    counts: dict[Verdict, int] = field(default_factory=dict)

    @property
    def gap(self) -> Decimal:
        """By how much our balance is above theirs."""
        return self.ours - self.theirs


@dataclass(frozen=True, slots=True)
class Result:
    """The whole comparison: every row of theirs in its order, then what they do not list; a balance per currency."""

    rows: Sequence[Compared]
    balances: Mapping[str, Balance]
