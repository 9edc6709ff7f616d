"""Comparing a supplier's list of open items with our books: values in, values out, no table and no clock."""

from procurement.statements.engine.compare import compare
from procurement.statements.engine.values import Balance, Compared, Ours, Result, Theirs

__all__ = ["Balance", "Compared", "Ours", "Result", "Theirs", "compare"]
