"""What an offboarding needs: a day, words, and a word on each thing that is left. No database here."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

LONGEST_REASON = 500
# The longest notice that is given: a last day further away is a slip of the pen.
LONGEST_NOTICE = timedelta(days=3 * 366)


def day_is_sound(last_on: date, today: date) -> bool:
    """Whether a day will do as the last one: today, or later within three years."""
    return today <= last_on <= today + LONGEST_NOTICE


def may_end(last_on: date, today: date) -> bool:
    """Whether the last day has come: until then the supplier was told that it may go on."""
    return last_on <= today


def unexplained(counts: Mapping[str, int], reasons: Mapping[str, str]) -> Sequence[str]:
    """The kinds of things that are open still and of which nobody has said why they may be left."""
    return [kind for kind, count in counts.items() if count and not reasons.get(kind, "").strip()]
