"""How people sign in, what a question carries along, and what was written down about it."""

import re
from datetime import timedelta
from typing import Any

from django.test import Client

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from portal.kernel.security.models import SecurityEvent
from portal.kernel.security.services import GUARD
from suppliers.models import User
from suppliers.signin.queries import DOORKEEPER, all_demands
from tests.people import PASSWORD, Person

RULES = "/signin/rules/"
DAY = timedelta(days=1)
CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)


def browser(user: User | None = None) -> Client:
    client = Client(headers={"user-agent": CHROME})
    if user is not None:
        client.force_login(user)
    return client


def type_password(client: Client, person: Person, **more: Any) -> Any:
    return client.post("/accounts/login/", {"login": person.email, "password": PASSWORD, **more})


def is_signed_in(client: Client) -> bool:
    return client.get("/preferences/").status_code == 200


def rules_typed(**changed: Any) -> dict[str, Any]:
    """The form of rules as it is shown, but for what is changed."""
    typed: dict[str, Any] = {}
    for one in all_demands():
        typed[f"{one.side}-{one.role}-days"] = one.grace_days
        if one.demanded:
            typed[f"{one.side}-{one.role}"] = "on"
    return typed | changed


def hidden_in(page: Any) -> dict[str, str]:
    """What a page carries along in hidden fields, and the way back."""
    text = page.content.decode()
    kept = dict(re.findall(r'<textarea name="([^"]+)" hidden>\n?([^<]*)</textarea>', text))
    return kept | {"factor-to": re.search(r'name="factor-to" value="([^"]+)"', text)[1]}


def link_in(letter: Any, word: str) -> str:
    return re.search(rf"https?://[^/]+(/signin/{word}/\S+)", letter.body)[1]


def events(kind: str) -> list[AuditEvent]:
    with acting(DOORKEEPER):
        return list(AuditEvent.objects.filter(kind=kind).order_by("id"))


def noted(kind: str) -> list[tuple[int | None, Any]]:
    with acting(GUARD):
        return [(one.user_id, one.facts) for one in SecurityEvent.objects.filter(kind=kind)]
