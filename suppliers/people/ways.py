"""What a door asks of who manages people: whoever has a second factor shows it."""

from typing import Any

from suppliers.people.queries import standing_of
from suppliers.signin.step_up import require_fresh_factor


def require_factor_to_invite(request: Any, supplier_id: int | None) -> None:
    """What a door asks of who has to do with an invitation: to the buying side always a second factor of a moment ago,
    to a supplier one's own where there is one. Raises as `require_own_factor` does.
    """
    if supplier_id is None:
        require_fresh_factor(request)
    else:
        require_own_factor(request)


def require_own_factor(request: Any) -> None:
    """Go on only for somebody who has shown the second factor a moment ago, or has none yet.

    Whether a role must have one is for its rule to say (docs/sign-in.md). Raises `FreshFactorNeeded`, and `NotAllowed`
    for whoever acts in another person's place. A program's token gets past no door that asks this.
    """
    user_id = request.actor.user_id
    standing = standing_of([user_id]).get(user_id) if user_id is not None else None
    if standing is None or standing.has_factor:
        require_fresh_factor(request)
