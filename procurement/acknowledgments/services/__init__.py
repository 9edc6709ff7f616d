"""The verbs of an answer: draft, send, withdraw; accept and decline."""

from procurement.acknowledgments.services.acknowledge import (
    Acknowledged,
    acknowledge_order,
    confirm_orders,
    withdraw_acknowledgment,
)
from procurement.acknowledgments.services.decide import decide_answer
from procurement.acknowledgments.services.draft import discard_draft, save_draft_header, save_draft_lines

__all__ = [
    "Acknowledged",
    "acknowledge_order",
    "confirm_orders",
    "decide_answer",
    "discard_draft",
    "save_draft_header",
    "save_draft_lines",
    "withdraw_acknowledgment",
]
