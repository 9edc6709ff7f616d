"""Which item of ours a row of theirs is, what that says, and how the two balances come apart.

Note [One to one]: a row of theirs meets one item of ours, and an item one row. Of several with the same number those of
the same amount meet first, then those nearest by day; what is left over of theirs is listed twice. Items meet within
one currency. So no amount of ours stands against two of theirs, and the bridge adds up:
their balance + all differences = our balance, in each currency, to the last cent.

Note [Rows not read]: a row that could not be read counts in no balance, and its paper is not said to be missing in
their list: what of ours has its number stands in a row that was not read.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType

from procurement.statements.engine.values import ZERO, Balance, Compared, Ours, Result, Theirs
from procurement.statements.states import Standing, Verdict

Key = tuple[bool, str]
NEAR = timedelta(days=14)  # between the day we paid and the day on which they list it
FAR = timedelta(days=40_000)
# Of what is known by its number and not owed, the one that says most comes first.
TELLS = (Standing.REJECTED, Standing.DRAFT, Standing.WITHDRAWN, Standing.VOIDED)


def compare(
    theirs: Sequence[Theirs],
    ours: Sequence[Ours],
    stated_on: date,
    unread: Mapping[str, int] = MappingProxyType({}),
) -> Result:
    """Hold a supplier's list of `stated_on` against our books. See Note [One to one].

    `unread` are the numbers, as they are compared, of rows that could not be read, and where these stand. See
    Note [Rows not read].
    """
    payments = _Payments(ours, theirs)
    met = _meet([row for row in theirs if not row.is_payment], ours)
    seen: dict[tuple[str, str, Decimal], int] = {}
    said = {row.place: _of_payment(row, payments, seen) for row in theirs if row.is_payment}
    said |= {row.place: _said(row, met, payments) for row in theirs if not row.is_payment}
    rows = [said[row.place] for row in theirs]
    rows += _unlisted(ours, met, stated_on, unread)
    return Result(rows, _balances(theirs, ours, rows))


# --- who meets whom -----------------------------------------------------------------------------------------


class _Met:
    """Which item each row met, which row each item; and by key what was there besides."""

    def __init__(self, ours: Iterable[Ours]) -> None:
        self.owed: dict[Key, list[Ours]] = defaultdict(list)
        self.told: dict[Key, list[Ours]] = defaultdict(list)
        for one in ours:
            if one.key:
                (self.owed if one.is_owed else self.told)[one.is_credit, one.key].append(one)
        self.of_row: dict[int, Ours] = {}
        self.of_item: dict[str, Theirs] = {}
        self.first: dict[tuple[Key, str], int] = {}
        self.abroad: set[str] = set()

    def put(self, row: Theirs, one: Ours) -> None:
        self.of_row[row.place], self.of_item[one.name] = one, row

    def free(self, row: Theirs) -> list[Ours]:
        """What of this number no row has met yet, the likeliest first."""
        found = [one for one in self.owed[_key(row)] if one.name not in self.of_item]
        return sorted(found, key=lambda one: _likeness(row, one))


def _key(row: Theirs) -> Key:
    return row.is_credit, row.key


def _likeness(row: Theirs, one: Ours) -> tuple[bool, bool, timedelta, str]:
    apart = abs(row.dated_on - one.dated_on) if row.dated_on and one.dated_on else FAR
    return row.open not in (one.open, one.amount), not one.open, apart, one.name


def _meet(theirs: Sequence[Theirs], ours: Sequence[Ours]) -> _Met:
    met = _Met(ours)
    for alike in (True, False):
        for row in theirs:
            if not row.key or row.place in met.of_row:
                continue
            here = [one for one in met.free(row) if one.currency == row.currency]
            if alike:
                here = [one for one in here if row.open in (one.open, one.amount)]
            if here:
                met.put(row, here[0])
    # What is left over doubles the row that met ours, wherever that stands; where none did, the first.
    for row in sorted(theirs, key=lambda row: row.place not in met.of_row):
        met.first.setdefault((_key(row), row.currency), row.place)
    return met


# --- what that says -----------------------------------------------------------------------------------------


def _said(row: Theirs, met: _Met, payments: "_Payments") -> Compared:
    one = met.of_row.get(row.place)
    if one is not None:
        verdict = _verdict(row, one)
        posted = verdict in (Verdict.PAID, Verdict.PART_PAID) and payments.is_posted(one)
        return Compared(verdict, row.currency, one.open - row.open, row.place, one.name, posted=posted)
    first = met.first[_key(row), row.currency]
    if row.key and first != row.place:
        return Compared(Verdict.DUPLICATE, row.currency, -row.open, row.place, other=first)
    abroad = [other for other in met.free(row) if other.currency != row.currency]
    if row.key and abroad:
        met.abroad.add(abroad[0].name)
        return Compared(Verdict.OTHER_CURRENCY, row.currency, -row.open, row.place, abroad[0].name)
    told = sorted(met.told[_key(row)], key=lambda other: (TELLS.index(Standing(other.standing)), other.name))
    name = told[0].name if row.key and told else ""
    if row.is_credit and not name and (paid := payments.find(row)):
        # Many files do not say which of what takes off was paid.
        return Compared(Verdict.PAYMENT, row.currency, -row.open, row.place, paid.name)
    return Compared(Verdict.MISSING, row.currency, -row.open, row.place, name)


def _verdict(row: Theirs, one: Ours) -> Verdict:
    alike = row.open in (one.open, one.amount) if row.amount is None else row.amount == one.amount
    if not alike:
        return Verdict.DIFFERS
    if row.open == one.open:
        if one.is_stopped:
            return Verdict.HELD
        return Verdict.APPROVED if one.is_settled and one.open else Verdict.AGREES
    if abs(row.open) < abs(one.open):
        return Verdict.PAID_THERE
    return Verdict.PART_PAID if one.open else Verdict.PAID


def _unlisted(ours: Iterable[Ours], met: _Met, stated_on: date, unread: Mapping[str, int]) -> list[Compared]:
    found = []
    for one in ours:
        if one.name in met.of_item or not one.counts:
            continue
        if one.name in met.abroad:
            verdict = Verdict.OTHER_CURRENCY
        elif one.key and one.key in unread:
            verdict = Verdict.UNREAD
        elif one.dated_on is not None and one.dated_on > stated_on:
            verdict = Verdict.LATER
        else:
            verdict = Verdict.CREDIT_UNLISTED if one.is_credit else Verdict.UNLISTED
        other = unread[one.key] if verdict == Verdict.UNREAD else None
        found.append(Compared(verdict, one.currency, one.counts, name=one.name, other=other))
    return found


# --- payments -----------------------------------------------------------------------------------------------


class _Payments:
    """What we paid, each payment once in each currency: by its reference, else by its day; and what they list of it."""

    def __init__(self, ours: Iterable[Ours], theirs: Iterable[Theirs]) -> None:
        paid: dict[tuple[str, str, date | None], list[Ours]] = defaultdict(list)
        for one in ours:
            if one.paid and (one.paid_on or one.reference_key):
                paid[one.currency, one.reference_key, one.paid_on].append(one)
        self.named: dict[tuple[str, str], list[Ours]] = defaultdict(list)
        self.alike: dict[tuple[str, Decimal], list[Ours]] = defaultdict(list)
        for (currency, reference, _day), items in paid.items():
            if reference:
                self.named[currency, reference].append(items[0])
            self.alike[currency, sum((one.paid for one in items), ZERO)].append(items[0])
        self.used: set[str] = set()
        rows = (row for row in theirs if row.is_payment)
        self.listed = {(row.currency, name) for row in rows for name in (row.key, row.reference_key) if name}

    def find(self, row: Theirs) -> Ours | None:
        """An item that was paid by the payment of this row: known by its reference, else by amount and day."""
        known = [one for name in (row.reference_key, row.key) for one in self.named[row.currency, name]]
        alike = self.alike[row.currency, -row.open]
        known += [one for one in alike if self._is_near(one.paid_on, row.dated_on)]
        found = next((one for one in known if one.name not in self.used), None)
        if found is not None:
            self.used.add(found.name)
        return found

    @staticmethod
    def _is_near(paid_on: date | None, dated_on: date | None) -> bool:
        return paid_on is not None and dated_on is not None and abs(paid_on - dated_on) <= NEAR

    def is_posted(self, one: Ours) -> bool:
        """Whether their list has the payment of an item, not set against it yet."""
        return (one.currency, one.reference_key) in self.listed


def _of_payment(row: Theirs, payments: _Payments, seen: dict[tuple[str, str, Decimal], int]) -> Compared:
    mark = (row.key, row.currency, row.open)
    if row.key and (other := seen.setdefault(mark, row.place)) != row.place:
        return Compared(Verdict.DUPLICATE, row.currency, -row.open, row.place, other=other)
    one = payments.find(row)
    verdict = Verdict.PAYMENT if one else Verdict.PAYMENT_UNKNOWN
    return Compared(verdict, row.currency, -row.open, row.place, one.name if one else "")


# --- sums ---------------------------------------------------------------------------------------------------


def _balances(
    theirs: Iterable[Theirs], ours: Iterable[Ours], rows: Iterable[Compared]
) -> Mapping[str, Balance]:
    found: dict[str, Balance] = {}

    def of(currency: str) -> Balance:
        return found.setdefault(currency, Balance(currency))

    for row in theirs:
        of(row.currency).theirs += row.open
    for one in ours:
        if one.counts:
            of(one.currency).ours += one.counts
            if one.is_stopped:
                of(one.currency).stopped += one.counts
    for said in rows:
        balance = of(said.currency)
        balance.counts[said.verdict] = balance.counts.get(said.verdict, 0) + 1
        if said.difference:
            balance.bridge[said.verdict] = balance.bridge.get(said.verdict, ZERO) + said.difference
    return dict(sorted(found.items()))
