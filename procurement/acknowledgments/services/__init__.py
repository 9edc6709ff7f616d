"""The verbs of an answer: draft, send, withdraw; accept and decline."""

from procurement.acknowledgments.services.acknowledge import (
    Acknowledged,
    acknowledge_order,
    confirm_orders,
    withdraw_acknowledgment,
)
from procurement.acknowledgments.services.decide import decide_answer
from procurement.acknowledgments.services.draft import discard_draft, save_draft_header, save_draft_lines
from procurement.acknowledgments.services.many import Answered, acknowledge_orders

__all__ = [
    "Acknowledged",
    "Answered",
    "acknowledge_order",
    "acknowledge_orders",
    "confirm_orders",
    "decide_answer",
    "discard_draft",
    "save_draft_header",
    "save_draft_lines",
    "withdraw_acknowledgment",
]
