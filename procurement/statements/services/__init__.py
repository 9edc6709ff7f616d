"""The verbs on a statement of account: kept, read anew, compared, settled, thrown away; and the words about a row."""

from procurement.statements.services.asking import answer_row, ask_row
from procurement.statements.services.compare import compare_statement
from procurement.statements.services.keep import (
    discard_statement,
    keep_statement,
    parties_of,
    read_statement_as,
)
from procurement.statements.services.settle import settle_statement

__all__ = [
    "answer_row",
    "ask_row",
    "compare_statement",
    "discard_statement",
    "keep_statement",
    "parties_of",
    "read_statement_as",
    "settle_statement",
]
