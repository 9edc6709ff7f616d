"""What a matching policy must say. Pure."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from portal.kernel.errors import Problem
from procurement.matching.engine import Way
from procurement.matching.messages import WriteMatchPolicy
from procurement.tolerances.messages import NAMES
from procurement.tolerances.policies import NAMED

LONGEST_NAME = 100
LONGEST_NOTE = 2000
MOST_DAYS = 366


def problems_of(command: WriteMatchPolicy) -> Iterator[Problem]:
    """What is wrong with a policy as it is written, field by field."""
    name = command.name.strip()
    if not name or len(name) > LONGEST_NAME:
        message = _(
            "Give it a name of at most %(most)d characters: both sides read it beside what it decides."
        )
        yield Problem(
            "name", message % {"most": LONGEST_NAME}, name[:100], "required" if not name else "too_long"
        )
    if command.way not in {one.value for one in Way}:
        yield Problem(
            "way", _("Say what counts: what was ordered, or what was received."), command.way, "unknown"
        )
    days = command.duplicate_days
    if days is not None and not 0 <= days <= MOST_DAYS:
        message = _(
            "Between 0 and %(most)d days. Leave it empty where the same amount again is not suspected."
        )
        yield Problem("duplicate_days", message % {"most": MOST_DAYS}, str(days), "out_of_range")
    if len(command.note) > LONGEST_NOTE:
        message = _("A note has at most %(most)d characters.") % {"most": LONGEST_NOTE}
        yield Problem("note", message, "", "too_long")
    scope = command.scope
    for field in NAMED[scope.level]:
        if not getattr(scope, field):
            yield Problem(field, _("Name it: the policy is written for this alone."), "", "name_it")
    if any(getattr(scope, field) for field in NAMES if field not in NAMED[scope.level]):
        message = _("The policy names more than its scope says. Choose the scope that fits.")
        yield Problem("level", message, scope.level.value, "names_too_much")
    if command.valid_from and command.valid_to and command.valid_to < command.valid_from:
        message = _("The last day lies before the first. Check both.")
        yield Problem("valid_to", message, command.valid_to.isoformat(), "ends_before")
