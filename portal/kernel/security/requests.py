"""What is noted of a request: who, from where, for which address. Never its query, its body or its headers."""

import ipaddress
from typing import Any

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The address a request came from: what the last proxy of ours saw, and no header that anybody can write."""
    seen = request.META.get("REMOTE_ADDR", "")
    if trusted := settings.TRUSTED_PROXIES:
        hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
        seen = hops[-min(trusted, len(hops))] if hops else seen
    try:
        return str(ipaddress.ip_address(seen))
    except ValueError:
        return ""


def about(request: HttpRequest) -> dict[str, Any]:
    """What `note` wants to know of a request."""
    actor = getattr(request, "actor", None)
    match = request.resolver_match
    return {
        "user_id": actor.user_id if actor is not None else None,
        "token_id": actor.token_id if actor is not None else None,
        "address": address_of(request),
        "browser": request.META.get("HTTP_USER_AGENT", ""),
        "route": (match.view_name or match.route) if match else "",
    }
