"""The rules of EN 16931 and of Peppol BIS Billing 3, each a function named by its number, with a sentence of its own."""

from procurement.einvoices.rules import codes, peppol, presence, sums, taxes
from procurement.einvoices.rules.base import ERROR, WARNING, Finding, Rule, check_all

__all__ = ["ALL", "ERROR", "PEPPOL", "WARNING", "Finding", "Rule", "check_all"]

ALL: tuple[Rule, ...] = (*presence.RULES, *sums.RULES, *taxes.RULES, *codes.RULES)
PEPPOL: tuple[Rule, ...] = tuple(peppol.RULES)
