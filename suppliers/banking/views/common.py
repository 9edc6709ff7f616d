"""What several pages of bank details ask of a request, and how they answer."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse

from suppliers.banking.messages import Device, FreshFactor
from suppliers.signin.devices import digest_of, secret_of
from suppliers.signin.step_up import SETTLED


def factor_of(request: Any) -> FreshFactor | None:
    """The settled second factor that the session remembers; whether it is fresh the door and the service ask."""
    noted = request.session.get(SETTLED)
    if not isinstance(noted, list) or noted[0] != request.user.pk or noted[1] is None:
        return None
    return FreshFactor(request.user.pk, datetime.fromtimestamp(noted[1], UTC))


def device_of(request: Any) -> Device:
    """From where somebody asks."""
    return Device(digest_of(secret_of(request)))


def no_store(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store, private"
    return response
