"""A supplier of the demo that leaves: its last day is in six weeks, and something is open still."""

from datetime import datetime, timedelta

from portal.kernel.scope import acting
from procurement.demo.loading import SET_UP
from suppliers.models import Supplier
from suppliers.offboarding.messages import BeginOffboarding
from suppliers.offboarding.models import Offboarding
from suppliers.offboarding.services import begin_offboarding
from suppliers.states import Segment, SupplierState

REASON = "The range is given up: two better sources since spring."
WORDS = "Thank you for good years. Please deliver and invoice what is open by then."


def part_with_one(*, at: datetime) -> Offboarding | None:
    """Begin the end of the business with the last of the long tail; None where there is none."""
    with acting(SET_UP):
        there = Supplier.objects.filter(state=SupplierState.ACTIVE, segment=Segment.LONG_TAIL, left_at=None)
        supplier = there.order_by("-number").first()
        if supplier is None:
            return None
        command = BeginOffboarding(supplier.key, at.date() + timedelta(days=42), REASON, WORDS)
        return begin_offboarding(command, actor=SET_UP, at=at - timedelta(days=3))
