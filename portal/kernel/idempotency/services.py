"""Answering a repeated request with the first answer."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from portal.kernel.actors import Actor
from portal.kernel.errors import Refusal
from portal.kernel.idempotency.models import SeenRequest
from portal.kernel.link_keys import code_of, sealing_secrets
from portal.kernel.scope import requires_scope

KEPT_FOR = timedelta(days=30)
SEAL = b"quayside.seen-request"
FINGERPRINT_BYTES = 32


class KeyReused(Refusal):
    """The same key came with a different request."""

    code = "idempotency_key_reused"
    status = 422


def caller_of(actor: Actor) -> str:
    """Whose keys these are: a token's, or a person's in acting for one supplier (the wall hides the other's)."""
    if actor.token_id:
        return f"token:{actor.token_id}"
    return f"user:{actor.user_id}:{actor.supplier_ids[0]}" if actor.is_supplier else f"user:{actor.user_id}"


def fingerprints_of(content: bytes) -> list[str]:
    """By which the same request is known again: under the present SECRET_KEY, and as those before would have it.

    Keyed, since a request may have an account number in it: whoever reads the database alone must not be able to try
    numbers until one fits. The last is of what was kept before fingerprints had a key; it is compared, never kept.
    """
    keyed = [code_of(SEAL, content, secret, FINGERPRINT_BYTES).hex() for secret in sealing_secrets()]
    return [*keyed, hashlib.sha256(content).hexdigest()]


@requires_scope
def recall(key: str, fingerprints: Sequence[str], *, actor: Actor) -> SeenRequest | None:
    """The first answer to this key, if there was one; two at once wait for each other here.

    Raises `KeyReused` when the key was used for something else.
    """
    caller = caller_of(actor)
    with connection.cursor() as cursor:
        digest = hashlib.sha256(f"{caller}\n{key}".encode()).digest()
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(digest[:8], "big", signed=True)])
    seen = SeenRequest.objects.filter(caller=caller, key=key).first()
    if seen and seen.fingerprint not in fingerprints:
        raise KeyReused("This idempotency key was used for a different request. Use a new key.")
    return seen


@requires_scope
def remember(
    key: str, fingerprint: str, status: int, answer: Any, *, actor: Actor, at: datetime
) -> SeenRequest:
    """Keep the answer, in the transaction of what was done."""
    return SeenRequest.objects.create(
        caller=caller_of(actor),
        key=key,
        fingerprint=fingerprint,
        supplier_id=actor.supplier_ids[0] if actor.is_supplier else None,
        created_at=at,
        status=status,
        answer=answer,
    )


@requires_scope
def forget_old(*, at: datetime) -> int:
    """Forget answers that nobody will ask for again; returns how many."""
    forgotten, _by_table = SeenRequest.objects.filter(created_at__lt=at - KEPT_FOR).delete()
    return forgotten
