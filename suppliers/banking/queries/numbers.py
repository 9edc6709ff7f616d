"""Sealed numbers: kept, opened, recognised; and who was shown one."""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.sealing import seal, trace, traces, unseal
from suppliers.banking.engine import Account
from suppliers.banking.models import BankAccount, BankChange, BankNumber
from suppliers.banking.states import UNDECIDED, AccountState
from suppliers.models import Supplier

SHOWN = ("bank.number_shown", "bank.proof_shown")


def kept_number(account: Account, supplier: Supplier) -> BankNumber:
    """The number of an account, sealed and stored."""
    row = BankNumber(key=uuid.uuid4(), supplier=supplier)
    row.sealed = seal(f"{account.number}/{account.routing}", row.place, settings.BANK_KEYS)
    row.trace = trace(account.identity, settings.BANK_KEYS)
    row.save()
    return row


def open_number(row: BankNumber) -> tuple[str, str]:
    """The number and the bank's code. Raises `sealing.Unreadable`. Say so in the audit trail before you show it."""
    number, _slash, routing = unseal(row.sealed, row.place, settings.BANK_KEYS).partition("/")
    return number, routing


def numbers_like(account: Account) -> QuerySet[BankNumber]:
    """Every number that is this one, of whichever supplier. In the office."""
    found: QuerySet[BankNumber] = BankNumber.objects.filter(
        trace__in=traces(account.identity, settings.BANK_KEYS)
    )
    return found


def numbers_shown(supplier: Supplier, *, actor: Actor, limit: int = 20) -> QuerySet[AuditEvent]:
    """Who was shown a number of this supplier, and why, or a paper with one on it: the newest first."""
    seen = AuditEvent.objects.visible_to(actor).filter(supplier_id=supplier.pk, kind__in=SHOWN)
    return seen.filter(internal=False).order_by("-at", "-id")[:limit]


def shown_lately(user_id: int, at: datetime) -> int:
    """How many numbers, and papers with one, somebody was shown within a day. In the office."""
    return AuditEvent.objects.filter(
        kind__in=SHOWN, actor_user_id=user_id, at__gt=at - timedelta(days=1)
    ).count()


def undecided_about(supplier: Supplier, number_ids: Iterable[int]) -> bool:
    """Whether a change with one of these numbers is under way. In the office."""
    mine = BankChange.objects.filter(supplier=supplier, number__in=list(number_ids))
    return mine.filter(state__in=UNDECIDED).exists()


def accounts_by_number(supplier_id: int, account: Account) -> BankAccount | None:
    """The live account of a supplier that has this number. In the office."""
    like = numbers_like(account).filter(supplier_id=supplier_id).values("id")
    found: BankAccount | None = (
        BankAccount.objects.filter(Q(number__in=like), supplier_id=supplier_id)
        .exclude(state=AccountState.ENDED)
        .first()
    )
    return found
