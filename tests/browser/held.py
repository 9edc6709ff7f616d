"""Scripts that are long in coming: what somebody does who is faster than they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def without_htmx_yet(page: Any) -> Callable[[], None]:
    """From here on this page's htmx, and what comes after it, waits until what is answered here is called."""
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    def let_go() -> None:
        for _time in range(400):
            if held:
                break
            page.wait_for_timeout(50)
        for route in held:
            route.continue_()
        page.unroute("**/htmx.min.js*", hold)

    page.route("**/htmx.min.js*", hold)
    return let_go
