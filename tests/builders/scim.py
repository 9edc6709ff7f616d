"""A provider's server that tells of its people by SCIM, as Entra ID and Okta do."""

import json
from typing import Any

from django.test import Client

from portal.kernel.scope import acting
from suppliers.scim.policies import GROUP, PATCH, USER
from suppliers.scim.services import create_secret
from suppliers.sso.models import IdentityProvider
from tests.builders.world import MONDAY


class ScimClient:
    """Speaks with one secret, and has nothing a browser would bring."""

    def __init__(self, secret: str, provider: IdentityProvider | None = None) -> None:
        self.secret, self.provider = secret, provider
        self.client = Client()

    def ask(self, method: str, path: str, said: Any = None, **headers: str) -> Any:
        """One call; `said` is sent as it is where it is text."""
        body = said if isinstance(said, str | bytes) else "" if said is None else json.dumps(said)
        sent = {"Authorization": f"Bearer {self.secret}"} if self.secret else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        kind = sent.pop("Content-Type", "application/scim+json")
        return self.client.generic(method, f"/scim/v2/{path}", body, content_type=kind, headers=sent)

    def find(self, path: str, wanted: str, **more: Any) -> list[Any]:
        """The resources that a filter finds."""
        answer = self.client.get(
            f"/scim/v2/{path}",
            {"filter": wanted, **more},
            headers={"Authorization": f"Bearer {self.secret}"},
        )
        assert answer.status_code == 200, answer.content
        found: list[Any] = answer.json()["Resources"]
        return found

    def tell(self, address: str, **more: Any) -> Any:
        """POST of a person, as Entra ID does it."""
        return self.ask("POST", "Users", a_person(address, **more))

    def patch(self, person: str, *operations: dict[str, Any], to: str = "Users") -> Any:
        """PATCH with these operations."""
        return self.ask("PATCH", f"{to}/{person}", {"schemas": [PATCH], "Operations": list(operations)})

    def group(self, name: str, *members: str, **more: Any) -> Any:
        """POST of a group."""
        people = [{"value": one} for one in members]
        return self.ask(
            "POST", "Groups", {"schemas": [GROUP], "displayName": name, "members": people, **more}
        )


def a_person(address: str, **more: Any) -> dict[str, Any]:
    """Somebody as Entra ID writes them."""
    given, _at, _domain = address.partition("@")
    return {
        "schemas": [USER, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
        "externalId": f"id-{given}",
        "userName": address,
        "active": True,
        "displayName": f"{given.title()} Told",
        "emails": [{"primary": True, "type": "work", "value": address}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": f"{given.title()} Told", "familyName": "Told", "givenName": given.title()},
        **more,
    }


def a_server(provider: IdentityProvider, root: Any) -> ScimClient:
    """The server of a provider that is in use, with a secret of its own."""
    with acting(root.actor):
        made = create_secret(provider, actor=root.actor, at=MONDAY)
    return ScimClient(made.secret, provider)
