"""The verbs of an answer: draft, send, withdraw; accept and decline."""

from procurement.acknowledgments.services.acknowledge import (
    Acknowledged,
    acknowledge_order,
    require_fresh,
    withdraw_acknowledgment,
)
from procurement.acknowledgments.services.decide import decide_answer
from procurement.acknowledgments.services.draft import (
    Elsewhere,
    TypedElsewhere,
    discard_draft,
    keep_draft_header,
    keep_draft_lines,
    mark_of,
    require_as_shown,
    save_draft_header,
    save_draft_lines,
)
from procurement.acknowledgments.services.judging import reopen_decision
from procurement.acknowledgments.services.many import Answered, acknowledge_orders
from procurement.acknowledgments.services.upload import apply_upload, keep_upload

__all__ = [
    "Acknowledged",
    "Answered",
    "Elsewhere",
    "TypedElsewhere",
    "acknowledge_order",
    "acknowledge_orders",
    "apply_upload",
    "decide_answer",
    "discard_draft",
    "keep_draft_header",
    "keep_draft_lines",
    "keep_upload",
    "mark_of",
    "reopen_decision",
    "require_as_shown",
    "require_fresh",
    "save_draft_header",
    "save_draft_lines",
    "withdraw_acknowledgment",
]
