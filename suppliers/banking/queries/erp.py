"""What the ERP pays to, and what is still to be entered there."""

from collections.abc import Iterable, Mapping

from django.db.models import QuerySet

from suppliers.banking.engine import Account
from suppliers.banking.models import BankAccount, BankChange, BankTold
from suppliers.banking.queries.numbers import numbers_like
from suppliers.banking.states import AccountState, ChangeState


def has_just_ended(supplier_id: int, account: Account) -> bool:
    """Whether this account ended here, and that is still to be entered in the ERP: it pays to it meanwhile. In the
    office.
    """
    if not waiting_to_be_entered([supplier_id]):
        return False
    like = numbers_like(account).filter(supplier_id=supplier_id).values("id")
    return BankAccount.objects.filter(
        supplier_id=supplier_id, state=AccountState.ENDED, number__in=like
    ).exists()


def told_of(supplier_ids: Iterable[int]) -> Mapping[int, list[BankTold]]:
    """What the ERP said that it pays these suppliers to, also what it says no more. One query, in the office."""
    found: dict[int, list[BankTold]] = {}
    for row in BankTold.objects.filter(supplier__in=list(supplier_ids)).order_by("id"):
        found.setdefault(row.supplier_id, []).append(row)
    return found


def live_by_trace(supplier_ids: Iterable[int]) -> Mapping[int, dict[str, int]]:
    """The accounts of these suppliers that have not ended, by what they are recognised by. One query, in the office."""
    found: dict[int, dict[str, int]] = {}
    rows = BankAccount.objects.filter(supplier__in=list(supplier_ids)).exclude(state=AccountState.ENDED)
    for supplier_id, pk, kept in rows.values_list("supplier_id", "pk", "number__trace"):
        found.setdefault(supplier_id, {})[kept] = pk
    return found


def with_history(supplier_ids: Iterable[int]) -> set[int]:
    """Which of these suppliers have asked for an account here, or somebody for them, whatever became of it. One query,
    in the office.
    """
    rows = BankChange.objects.filter(supplier__in=list(supplier_ids))
    return set(rows.order_by().values_list("supplier_id", flat=True).distinct())


def waiting_to_be_entered(supplier_ids: Iterable[int] | None = None) -> QuerySet[BankChange]:
    """The changes in force of which it is not known that the ERP pays by them, the oldest first. In the office."""
    found: QuerySet[BankChange] = BankChange.objects.filter(state=ChangeState.IN_FORCE, entered_at=None)
    if supplier_ids is not None:
        found = found.filter(supplier__in=list(supplier_ids))
    return found.select_related("supplier", "number").order_by("id")


def to_enter_of(supplier_ids: Iterable[int]) -> set[int]:
    """Which of these suppliers have a change that is to be entered in the ERP. One query, in the office."""
    return set(waiting_to_be_entered(supplier_ids).values_list("supplier_id", flat=True))


def stands_in_erp(change: BankChange) -> bool:
    """Whether the ERP, as it last told, pays by a change: to its account, and to none that has ended here. Of a
    supplier of which it never told anything nobody knows. In the office.
    """
    rows = told_of([change.supplier_id]).get(change.supplier_id, [])
    if not rows:
        return False
    standing = {row.trace for row in rows if row.gone_at is None}
    ended = BankAccount.objects.filter(supplier_id=change.supplier_id, state=AccountState.ENDED)
    if ended.filter(number__trace__in=standing).exists():
        return False
    return change.number is None or change.number.trace in standing
