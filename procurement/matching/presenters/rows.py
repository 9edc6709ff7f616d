"""A match as rows: what was compared with what, by which rule, and what came of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.kernel.actors import Actor
from procurement.matching.engine import Acts, Check, CheckKind, Outcome, Result
from procurement.matching.models import Match
from procurement.matching.presenters.sentences import check_sentence, input_text
from procurement.matching.queries import checks_of
from procurement.tolerances.presenters.sentences import limit_text, scope_text

KIND_WORDS = {
    CheckKind.DUPLICATE: lazy("Sent before?"),
    CheckKind.SUPPLIER: lazy("Supplier"),
    CheckKind.CURRENCY: lazy("Currency"),
    CheckKind.TAX_ID: lazy("Tax number"),
    CheckKind.ORDER: lazy("Order"),
    CheckKind.MAPPING: lazy("Order line"),
    CheckKind.QUANTITY: lazy("Quantity, in all"),
    CheckKind.PRICE: lazy("Unit price"),
    CheckKind.AMOUNT: lazy("Amount of the line"),
    CheckKind.CUMULATIVE: lazy("Amount, in all"),
    CheckKind.CHARGE: lazy("Charge"),
    CheckKind.TAX: lazy("Tax"),
    CheckKind.TOTAL: lazy("Sums"),
    CheckKind.ORDER_AMOUNT: lazy("Whole order"),
    CheckKind.APPROVAL: lazy("Approval"),
}
RESULT_WORDS = {
    Result.PASSED: lazy("passed"),
    Result.FAILED: lazy("does not match"),
    Result.WAITS: lazy("waits for goods"),
    Result.NOT_CHECKED: lazy("not checked"),
}
# Tone and sign of a result, as every list of the portal shows them: never by colour alone.
RESULT_LOOK = {
    Result.PASSED: ("done", "full"),
    Result.FAILED: ("wait", "talk"),
    Result.WAITS: ("wait", "none"),
    Result.NOT_CHECKED: ("quiet", "none"),
}
ACTS_WORDS = {
    Acts.SUPPLIER: lazy("The supplier acts"),
    Acts.BUYER: lazy("The buyer acts"),
    Acts.RECEIVER: lazy("Receiving acts"),
    Acts.PAYABLES: lazy("Accounts payable acts"),
    Acts.NOBODY: lazy("Nobody needs to act"),
}
OUTCOME_WORDS = {
    Outcome.PASSED: lazy("Everything matches"),
    Outcome.WAITS: lazy("Waits for goods"),
    Outcome.HELD: lazy("Held"),
    Outcome.REFUSED: lazy("Refused"),
}
# What stands beside what, by kind: what it is held against, and what is claimed.
SIDES: dict[CheckKind, tuple[str, str]] = {
    CheckKind.CURRENCY: ("ordered_currency", "currency"),
    CheckKind.TAX_ID: ("known_tax_id", "tax_id"),
    CheckKind.QUANTITY: ("received", "claimed_in_all"),
    CheckKind.PRICE: ("ordered_unit_price", "unit_price"),
    CheckKind.AMOUNT: ("expected_amount", "amount"),
    CheckKind.CUMULATIVE: ("ordered_amount", "amount_in_all"),
    CheckKind.CHARGE: ("", "charged_in_all"),
    CheckKind.TAX: ("expected_tax", "tax"),
    CheckKind.TOTAL: ("expected_sum", "sum"),
    CheckKind.ORDER_AMOUNT: ("ordered_amount", "amount_in_all"),
}


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check as both sides read it. `position` is the line of the invoice, 0 the whole of it."""

    kind: str
    label: str
    position: int
    order: str
    line: str
    expected: str
    actual: str
    allowed: str
    rule: str
    result: str
    result_label: str
    tone: str
    glyph: str
    sentence: str
    acts: str
    acts_label: str


def match_rows(match: Match, *, actor: Actor) -> list[CheckRow]:
    """All checks of a match as rows, in their order."""
    return check_rows(checks_of(match), policy=match.tolerances, actor=actor)


def check_rows(checks: Iterable[Check], *, policy: str = "", actor: Actor) -> list[CheckRow]:
    """Checks as rows. For whom a rule is written is the buying side's to know; all else both sides read alike."""
    return [_row(check, policy, is_supplier=actor.is_supplier) for check in checks]


def _row(check: Check, policy: str, *, is_supplier: bool) -> CheckRow:
    tone, glyph = RESULT_LOOK[check.result]
    expected, actual = SIDES.get(check.kind, ("", ""))
    if check.kind is CheckKind.QUANTITY and check.inputs.get("way") == "two_way":
        expected = "ordered"
    return CheckRow(
        kind=check.kind.value,
        label=str(KIND_WORDS[check.kind]),
        position=check.position,
        order=str(check.inputs.get("order", "")),
        line=str(check.inputs.get("line", "")),
        expected=input_text(expected, check.inputs),
        actual=input_text(actual, check.inputs),
        allowed=limit_text(check.rule) if check.rule else "",
        rule=_rule_told(check, policy, whom=not is_supplier),
        result=check.result.value,
        result_label=str(RESULT_WORDS[check.result]),
        tone=tone,
        glyph=glyph,
        sentence=check_sentence(check),
        acts=check.acts.value,
        acts_label=acts_text(check.acts, is_supplier=is_supplier) if check.acts is not Acts.NOBODY else "",
    )


def _rule_told(check: Check, policy: str, *, whom: bool) -> str:
    if check.rule is None:
        return ""
    told = _("%(policy)s, rule %(number)d") % {"policy": policy, "number": check.rule.number}
    return f"{told} ({scope_text(check.rule)})" if whom else told


def acts_text(acts: str, *, is_supplier: bool = False) -> str:
    """Whose turn it is, as the reader calls them. A supplier is not told who of the buying side decides."""
    if is_supplier and acts == Acts.SUPPLIER:
        return _("Your turn")
    if is_supplier and acts in (Acts.BUYER, Acts.PAYABLES):
        return _("The customer decides")
    return str(ACTS_WORDS[Acts(acts)])


def outcome_text(outcome: str) -> str:
    """What came of a match."""
    return str(OUTCOME_WORDS[Outcome(outcome)])


def lines_apart(rows: Sequence[CheckRow]) -> list[CheckRow]:
    """The rows that did not pass."""
    return [row for row in rows if row.result in (Result.FAILED, Result.WAITS)]
