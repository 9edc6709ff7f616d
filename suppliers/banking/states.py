"""The life of a bank account, and of a change of bank details: a table that nothing goes around."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kernel.lifecycle import Lifecycle, Transition
from suppliers.roles import Permission


class AccountState(models.TextChoices):
    """Paid to, paid to no more for now (somebody says that it is not theirs), or not any more."""

    IN_FORCE = "in_force", _("In force")
    HELD = "held", _("Held: nothing is paid to it")
    ENDED = "ended", _("Ended")


class NumberForm(models.TextChoices):
    """How an account is written."""

    IBAN = "iban", "IBAN"
    LOCAL = "local", _("National account number")


class ChangeKind(models.TextChoices):
    """What is asked for."""

    ADD = "add", _("One account more")
    REPLACE = "replace", _("Another account in the place of one")
    END = "end", _("An account ends")


class Origin(models.TextChoices):
    """Through which door it came."""

    PORTAL = "portal", _("A page")
    API = "api", _("A program")
    FILE = "file", _("A sheet")
    ERP = "erp", _("The ERP")


BY_ERP = "ERP"  # who is said to have entered what the ERP tells by itself


class EnteredHow(models.TextChoices):
    """Whence it is known that the ERP pays by a change."""

    ERP = "erp", _("The ERP tells so")
    PERSON = "person", _("A person said so")
    NOBODY = "nobody", _("In force before the ERP was asked, or ended before it was entered")


class ChangeState(models.TextChoices):
    """Where a change stands. Until it is in force the account before it is paid to."""

    PROPOSED = "proposed", _("Proposed")
    REQUESTED = "requested", _("Requested")
    FIRST_APPROVED = "first_approved", _("Approved by one")
    APPROVED = "approved", _("Approved by two")
    WAITING = "waiting", _("Waiting")
    IN_FORCE = "in_force", _("In force")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    FROZEN = "frozen", _("Frozen")


class CallOutcome(models.TextChoices):
    """What came of calling an old contact back."""

    CONFIRMED = "confirmed", _("Confirmed")
    NOT_REACHED = "not_reached", _("Not reached")
    DENIED = "denied", _("Knows nothing of it")


class VotePurpose(models.TextChoices):
    """What somebody said yes to."""

    APPROVE = "approve", _("The change")
    SHORTEN = "shorten", _("A shorter waiting time")


class BankNoticeKind(models.TextChoices):
    """What people are told at once."""

    REQUESTED = "requested", _("A change was requested")
    IN_FORCE = "in_force", _("A change is in force")
    FROZEN = "frozen", _("Bank details are frozen")
    NEW_PERSON = "new_person", _("Somebody new acts for the supplier")


class BankMailState(models.TextChoices):
    """What became of the mail of a notice."""

    QUEUED = "queued", _("On its way")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")


S = ChangeState
# A change in one of these may still come into force.
OPEN = (S.REQUESTED, S.FIRST_APPROVED, S.APPROVED, S.WAITING)
# What stands in the way of another request about the same account.
UNDECIDED = (*OPEN, S.FROZEN)
_OPEN, _ANY = frozenset(OPEN), frozenset({S.PROPOSED, *OPEN})

ACCOUNT_LIFECYCLE = Lifecycle(
    "bank account",
    # Somebody says that the change that brought it was not theirs.
    Transition(
        "hold",
        frozenset({AccountState.IN_FORCE}),
        AccountState.HELD,
        "bank.account_held",
        Permission.BANK_FREEZE,
    ),
    Transition(
        "release",
        frozenset({AccountState.HELD}),
        AccountState.IN_FORCE,
        "bank.account_released",
        Permission.BANK_APPROVE,
    ),
    # By a change that came into force, and by nothing else.
    Transition(
        "end",
        frozenset({AccountState.IN_FORCE, AccountState.HELD}),
        AccountState.ENDED,
        "bank.account_ended",
        Permission.BANK_APPROVE,
    ),
    initial=AccountState.IN_FORCE,
    terminal=(AccountState.ENDED,),
)

CHANGE_OF_BANK_LIFECYCLE = Lifecycle(
    "change of bank details",
    # What a program, a sheet or the ERP says is a proposal: a person with a fresh factor makes a request of it.
    Transition(
        "confirm",
        frozenset({S.PROPOSED}),
        S.REQUESTED,
        "bank.change_requested",
        Permission.BANK_REQUEST,
    ),
    Transition(
        "approve",
        frozenset({S.REQUESTED}),
        S.FIRST_APPROVED,
        "bank.change_once_approved",
        Permission.BANK_APPROVE,
    ),
    Transition(
        "approve",
        frozenset({S.FIRST_APPROVED}),
        S.APPROVED,
        "bank.change_twice_approved",
        Permission.BANK_APPROVE,
    ),
    # Two have approved it and an old contact has confirmed it, in whatever order.
    Transition(
        "begin_waiting",
        frozenset({S.APPROVED}),
        S.WAITING,
        "bank.change_wait_started",
        Permission.BANK_APPROVE,
    ),
    Transition(
        "take_effect",
        frozenset({S.WAITING}),
        S.IN_FORCE,
        "bank.change_applied",
        Permission.BANK_APPROVE,
    ),
    # What its approval stood on is not so any more: it is approved, and waits, anew.
    Transition(
        "reopen",
        frozenset({S.FIRST_APPROVED, S.APPROVED, S.WAITING}),
        S.REQUESTED,
        "bank.change_reopened",
        Permission.BANK_APPROVE,
    ),
    Transition(
        "refuse",
        _ANY | {S.FROZEN},
        S.REFUSED,
        "bank.change_refused",
        Permission.BANK_APPROVE,
    ),
    Transition(
        "withdraw",
        _ANY,
        S.WITHDRAWN,
        "bank.change_withdrawn",
        Permission.BANK_REQUEST,
    ),
    Transition(
        "freeze",
        _OPEN,
        S.FROZEN,
        "bank.change_stopped",
        Permission.BANK_FREEZE,
    ),
    # By two others, each with a reason; nothing that was said before it counts any more.
    Transition(
        "thaw",
        frozenset({S.FROZEN}),
        S.REQUESTED,
        "bank.change_thawed",
        Permission.BANK_APPROVE,
    ),
    initial=S.PROPOSED,
    terminal=(S.IN_FORCE, S.REFUSED, S.WITHDRAWN),
)
