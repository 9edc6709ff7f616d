"""How it was compared, in the reader's language: the same rows and sentences for the supplier and the buying side."""

from procurement.matching.presenters.policies import PolicyRow, policy_row
from procurement.matching.presenters.rows import CheckRow, acts_text, check_rows, match_rows, outcome_text
from procurement.matching.presenters.sentences import check_sentence, held_sentence

__all__ = [
    "CheckRow",
    "PolicyRow",
    "acts_text",
    "check_rows",
    "check_sentence",
    "held_sentence",
    "match_rows",
    "outcome_text",
    "policy_row",
]
