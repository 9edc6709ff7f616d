"""What holds everything about a supplier's bank details still, and who said that it was not them."""

from collections.abc import Iterable

from portal.kernel.audit.models import AuditEvent
from suppliers.banking.models import BankFreeze

FIRST, MORE = "bank.frozen", "bank.objection_raised"


def open_freeze(supplier_id: int) -> BankFreeze | None:
    """What holds everything about a supplier's bank details still, if anything does. In the office."""
    found: BankFreeze | None = BankFreeze.objects.filter(supplier_id=supplier_id, thawed_at=None).first()
    return found


def objections(freeze: BankFreeze) -> list[AuditEvent]:
    """Everybody who said that it was not them, the first one first. In the office."""
    said = AuditEvent.objects.filter(stream=freeze.stream, kind__in=[FIRST, MORE])
    return list(said.order_by("id"))


def has_objected(freeze: BankFreeze, mark: str) -> bool:
    """Whether this one has said so since it was frozen. In the office."""
    return any(one.facts.get("mark") == mark for one in objections(freeze))


def frozen_suppliers(ids: Iterable[int]) -> set[int]:
    """Which of these suppliers are frozen. One query, in the office."""
    return set(
        BankFreeze.objects.filter(supplier__in=list(ids), thawed_at=None).values_list(
            "supplier_id", flat=True
        )
    )
