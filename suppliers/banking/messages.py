"""What doors hand in about bank details. Numbers of accounts are in no text that a log could keep (`repr=False`)."""

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class FreshFactor:
    """That a person has shown a second factor, and when: no verb about money without one."""

    user_id: int
    shown_at: datetime


@dataclass(frozen=True, slots=True)
class AccountTyped:
    """An account as somebody typed it. `number` is an IBAN, or the national number with `routing` beside it."""

    currency: str
    country: str
    holder: str
    number: str = field(repr=False)
    routing: str = field(default="", repr=False)
    bic: str = ""


@dataclass(frozen=True, slots=True)
class PaidTo:
    """An account to which an ERP pays a supplier, and since when, where it says so."""

    typed: AccountTyped
    since_on: date | None = None


@dataclass(frozen=True, slots=True)
class AccountsPaper:
    """All accounts to which an ERP pays one supplier, by the supplier's number there; none: it pays to no account."""

    supplier: str
    accounts: tuple[PaidTo, ...] = ()
    stamp: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProofFile:
    """A paper that shows whose account it is, such as a bank's confirmation or a voided cheque."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Device:
    """From which browser somebody asks: the digest of what its cookie holds (`signin.models.Device`)."""

    digest: str = ""


@dataclass(frozen=True, slots=True)
class AskForChange:
    """A change of a supplier's bank details: `account` is the one that is replaced or ends, `typed` the new one.

    `proposal` is the proposal that a person makes a request of; its account number need not be typed again.
    """

    supplier: uuid.UUID
    kind: str
    reason: str
    account: uuid.UUID | None = None
    typed: AccountTyped | None = None
    proof: ProofFile | None = None
    proposal: uuid.UUID | None = None
    device: Device = Device()


@dataclass(frozen=True, slots=True)
class RecordCall:
    """That somebody of ours called an earlier contact back. `number_from` says where a number that no contact has on
    record was taken from: the contract, the vendor file, an old invoice; never the request."""

    change: uuid.UUID
    contact: str
    outcome: str
    number: str = ""
    number_from: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class KnownContact:
    """Somebody through whom a supplier was reachable, since when, and until when (None: still)."""

    ref: str
    name: str
    address: str
    telephone: str
    since_at: datetime
    until_at: datetime | None
    language: str = "en"
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What became of the mail to one of those who are told."""

    address: str
    state: str
    sent_at: datetime | None
    is_waived: bool = False


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that makes a change look like a fraud: its word, and what it stands on. Never told to the supplier."""

    kind: str
    facts: dict[str, str] = field(default_factory=dict)
