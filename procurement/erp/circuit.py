"""Pure rules of the ERP's door: after how many failures in a row it is left alone, for how long, and who asks next.

Note [Circuit]: failures are counted at the door alone (`ErpError.at_the_door`): nobody answers, nobody lets us in. One
order that is locked or refused says nothing about the next. Any answer at all, to a reading or a writing, begins the
count anew. When it is full, nothing is called until `ask_at`; then one caller asks, the others wait for what it hears.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

SHORTEST_REST = timedelta(seconds=5)
LONGEST_REST = timedelta(minutes=10)


def rest_after(failures: int) -> timedelta:
    """How long to rest after so many failures in a row: from five seconds, doubling, to ten minutes."""
    doubled: int = 2 ** min(max(failures - 1, 0), 10)
    return min(SHORTEST_REST * doubled, LONGEST_REST)


@dataclass(frozen=True, slots=True)
class Circuit:
    """Where the door stands: shut since `opened_at` (as of an electric circuit: open means that nothing flows), to be
    asked at `ask_at`, being asked until `asking_until`. `asked` counts how often it was asked in vain."""

    failures: int = 0
    opened_at: datetime | None = None
    ask_at: datetime | None = None
    asking_until: datetime | None = None
    asked: int = 0

    @property
    def is_open(self) -> bool:
        """Whether calls are held back."""
        return self.opened_at is not None

    def may_call(self, at: datetime) -> bool:
        """Whether somebody may call now: anybody while it is closed, the one who asks while it is open."""
        if not self.is_open:
            return True
        is_asking = self.asking_until is not None and at < self.asking_until
        return not is_asking and (self.ask_at is None or self.ask_at <= at)

    def being_asked(self, at: datetime, patience: timedelta) -> "Circuit":
        """Somebody goes to ask. Should that one never come back, another may go after `patience`."""
        return replace(self, asking_until=at + patience)

    def failed(self, at: datetime, *, limit: int, retry_after: timedelta | None = None) -> "Circuit":
        """One more failure at the door; the `limit`-th in a row opens the circuit."""
        failures = self.failures + 1
        if not self.is_open and failures < limit:
            return replace(self, failures=failures)
        if self.is_open and self.asking_until is None:
            return replace(self, failures=failures)  # a call that began before the circuit opened
        asked = self.asked + 1
        rest = max(rest_after(asked), retry_after or timedelta(0))
        return Circuit(failures, self.opened_at or at, at + rest, None, asked)

    def not_asked(self, at: datetime) -> "Circuit":
        """Whoever went to ask came back without having asked: soon somebody else goes."""
        return replace(self, asking_until=None, ask_at=at + SHORTEST_REST) if self.asking_until else self
