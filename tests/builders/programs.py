"""Programs that speak to the API with a token."""

from typing import Any

from django.test import Client
from django.utils import timezone

from portal.kernel.scope import acting
from suppliers.models import ApiToken, Supplier
from suppliers.roles import TokenScope
from suppliers.services import create_own_token, create_token
from tests.builders.world import MONDAY
from tests.people import FEED, Person


class Program:
    """A client with a token, and nothing a browser would bring."""

    def __init__(self, token: ApiToken | None, secret: str) -> None:
        self.token = token
        self.secret = secret
        self.client = Client(raise_request_exception=True)

    def get(self, path: str, query: dict[str, Any] | None = None, **headers: str) -> Any:
        return self.client.get(path, query or {}, headers=self._headers(headers))

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        sent = {} if body is None else body
        return self.client.post(path, sent, content_type="application/json", headers=self._headers(headers))

    def _headers(self, given: dict[str, str]) -> dict[str, str]:
        bearer = {"Authorization": f"Bearer {self.secret}"} if self.secret else {}
        return {**bearer, **{name.replace("_", "-"): value for name, value in given.items()}}


def a_program(supplier: Supplier | None = None, scope: str | None = None) -> Program:
    """A program of a supplier that may answer, or one of the buying side that may read."""
    scope = scope or (TokenScope.ACKNOWLEDGE if supplier else TokenScope.READ)
    with acting(FEED):
        made = create_token("Order desk", scope, supplier=supplier, actor=FEED, at=MONDAY)
    return Program(made.token, made.secret)


def a_program_of(person: Person) -> Program:
    """A program that works the desk in somebody's name."""
    with acting(person.actor):
        made = create_own_token("Desk robot", actor=person.actor, at=timezone.now())
    return Program(made.token, made.secret)
