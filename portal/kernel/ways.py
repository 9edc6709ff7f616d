"""Whether a way is open to somebody, asked of the door it leads to: a page that offers a way asks here."""

from typing import Any

from django.urls import get_script_prefix, resolve, reverse

from portal.kernel.actors import Actor


def way_to(actor: Actor, name: str, *args: Any) -> str:
    """The address of a page, empty where its door is closed to somebody: nobody is shown a button that refuses."""
    url = reverse(name, args=args)
    # What an `Access` declares, as the door has it; doors are a floor above who asks.
    access: Any = getattr(resolve("/" + url.removeprefix(get_script_prefix())).func, "access", None)
    return url if access is None or access.public or access.lets_in(actor, "GET") else ""
