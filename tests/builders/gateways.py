"""Gateways on demand, and what outside systems send to them: signed as docs/gateways.md says."""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any

from django.test import Client
from django.urls import reverse

from portal.kernel.scope import acting
from procurement.gateways.messages import WriteGateway
from procurement.gateways.models import Gateway, GatewayEvent, GatewayMessage
from procurement.gateways.services import make_gateway
from tests.builders.world import MONDAY
from tests.people import FEED, Person


@dataclass(frozen=True)
class Carrier:
    """An outside system with its gateway and the secret it was given."""

    gateway: Gateway
    secret: str

    def tell(self, *events: dict[str, Any], message_id: str = "m-1", **more: Any) -> Any:
        """A message with these events, signed now."""
        return self.post(json.dumps({"id": message_id, "events": list(events)}).encode(), **more)

    def post(self, body: bytes, *, at: float | None = None, secret: str = "", **headers: str) -> Any:
        """Any body, signed with the secret (or another one) at a moment (or now)."""
        timestamp = str(int(time.time() if at is None else at))
        said = timestamp.encode() + b"." + body
        code = hmac.new((secret or self.secret).encode(), said, hashlib.sha256).hexdigest()
        signed = {"Quayside-Timestamp": timestamp, "Quayside-Signature": f"v1={code}", **headers}
        url = reverse("gateway-in", args=[self.gateway.key])
        return Client().post(url, body, content_type="application/json", headers=signed)


def a_carrier(person: Person, name: str = "Blue Line", **more: str) -> Carrier:
    """A gateway of a carrier that the integration owner has just made."""
    return a_gateway(person, name, kind="carrier", **more)


def a_gateway(person: Person, name: str, *, kind: str, supplier: str = "", company: str = "") -> Carrier:
    """A gateway of any kind."""
    with acting(person.actor):
        command = WriteGateway(kind, name, company, supplier)
        gateway, made = make_gateway(command, actor=person.actor, at=MONDAY)
    return Carrier(gateway, made.words)


def an_event(kind: str = "departed", *, happened_at: str, **consignment: str) -> dict[str, Any]:
    """Something that happened to a consignment, as a carrier tells it."""
    return {"kind": kind, "happened_at": happened_at, "consignment": consignment}


def events() -> list[GatewayEvent]:
    """All events there are, in the order in which they came."""
    with acting(FEED):
        found = GatewayEvent.objects.select_related("notice", "message", "gateway").defer("message__raw")
        return list(found.order_by("id"))


def messages() -> list[GatewayMessage]:
    """All messages there are."""
    with acting(FEED):
        return list(GatewayMessage.objects.order_by("id"))
