"""What stood in the fields of a page when a button was pressed: it comes back, whatever comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.http import QueryDict

from portal.kernel.web import whole_number
from procurement.acknowledgments.forms import one_line_end

LONGEST_REASON = 2000
REASON = "reason-"


@dataclass(frozen=True, slots=True)
class Typed:
    """Ticked lines, the common reason, and the reasons typed on single lines, all by line id."""

    picks: frozenset[int] = frozenset()
    reason: str = ""
    reasons: Mapping[int, str] = field(default_factory=dict)

    def without(self, decided: frozenset[int], *, keep_reason: bool) -> "Typed":
        """What stays when these lines were decided."""
        reasons = {line: reason for line, reason in self.reasons.items() if line not in decided}
        return Typed(self.picks - decided, self.reason if keep_reason else "", reasons)


def read_typed(query: QueryDict) -> Typed:
    """What was ticked and typed."""
    picks = (whole_number(value.partition(".")[0]) for value in query.getlist("pick"))
    typed = {name: _reason(query, name) for name in query if name.startswith(REASON)}
    reasons = {
        line: value
        for name, value in typed.items()
        if value.strip() and (line := whole_number(name.removeprefix(REASON)))
    }
    return Typed(frozenset(pick for pick in picks if pick), _reason(query, "reason"), reasons)


def _reason(query: QueryDict, name: str) -> str:
    return one_line_end(query.get(name, ""))[:LONGEST_REASON]


def key_hints(count: int, opened: int | None) -> list[str]:
    """Which row each single key opens: J the one after the open row (or the first), K the one before."""
    hints = [""] * count
    if opened is None:
        return ["j", *hints[1:]] if count else []
    if opened + 1 < count:
        hints[opened + 1] = "j"
    if opened:
        hints[opened - 1] = "k"
    return hints
