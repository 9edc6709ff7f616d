"""The verbs of a change request: propose, edit, withdraw; accept, counter, decline; and what ends one unasked."""

from procurement.changes.services.answer import accept_change, decline_change, withdraw_change
from procurement.changes.services.closing import (
    close_overtaken,
    confirm_changes,
    expire_changes,
    hand_on_changes,
    keep_changes,
    overtake_changes,
    overtake_on,
    overtake_waiting,
)
from procurement.changes.services.many import (
    MOST,
    Choice,
    Outcome,
    decide_changes,
    move_lines,
    propose_changes,
)
from procurement.changes.services.propose import (
    Proposed,
    counter_change,
    edit_change,
    foretell_wish,
    propose_change,
    propose_on_order,
)
from procurement.changes.services.reasons import save_reason

__all__ = [
    "MOST",
    "Choice",
    "Outcome",
    "Proposed",
    "accept_change",
    "close_overtaken",
    "confirm_changes",
    "counter_change",
    "decide_changes",
    "decline_change",
    "edit_change",
    "expire_changes",
    "foretell_wish",
    "hand_on_changes",
    "keep_changes",
    "move_lines",
    "overtake_changes",
    "overtake_on",
    "overtake_waiting",
    "propose_change",
    "propose_changes",
    "propose_on_order",
    "save_reason",
    "withdraw_change",
]
