"""What a door asks of who changes company data: where a fraud would begin, whoever has a second factor shows it."""

from collections.abc import Mapping
from typing import Any

from suppliers.details.policies.changes import WITH_FACTOR
from suppliers.details.queries import present
from suppliers.details.states import Part
from suppliers.models import Supplier
from suppliers.people.ways import require_own_factor


def require_factor_to_change(
    request: Any, supplier: Supplier, part: str, values: Mapping[str, Any] | None = None
) -> None:
    """Go on where the part is nothing a thief of a session wants, or a factor was shown a moment ago, or there is none.

    Of language, time zone and mail address only the address is: it is asked for once it is known to become another,
    by the `values` that were sent. Raises as `require_own_factor` does.
    """
    if part not in WITH_FACTOR or (part == Part.PREFERENCES and _same_address(supplier, values)):
        return
    require_own_factor(request)


def _same_address(supplier: Supplier, values: Mapping[str, Any] | None) -> bool:
    return values is None or values.get("email", "") == present(supplier, Part.PREFERENCES)["email"]
