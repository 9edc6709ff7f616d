"""The verbs of a dock: its plan, and the times that suppliers have there."""

from procurement.docks.services.following import HEARS, follow_shipments, sweep_missed
from procurement.docks.services.plan import forget_plan, write_plan
from procurement.docks.services.times import (
    accept_time,
    ask_time,
    call_off_time,
    cancel_time,
    confirm_time,
    keep_time,
    miss_time,
    propose_time,
    refuse_time,
)

__all__ = [
    "HEARS",
    "accept_time",
    "ask_time",
    "call_off_time",
    "cancel_time",
    "confirm_time",
    "follow_shipments",
    "forget_plan",
    "keep_time",
    "miss_time",
    "propose_time",
    "refuse_time",
    "sweep_missed",
    "write_plan",
]
