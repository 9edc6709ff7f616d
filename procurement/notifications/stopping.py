"""The address in a mail by which its kind is ended: it names the person and the kinds, signed, and needs no sign-in."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core import signing

from procurement.links.messages import Person
from procurement.notifications.states import ALWAYS, NoticeKind

SALT = "quayside.notices.stop"


@dataclass(frozen=True, slots=True)
class Stop:
    """Who wants less of what."""

    person: Person
    kinds: tuple[str, ...]


def stop_token(person: Person, kinds: Sequence[str]) -> str:
    """What the address holds; good for ever, for nothing else."""
    whose: dict[str, object] = {"u": person.user_id} if person.user_id else {}
    return signing.dumps({**whose, "a": person.address, "k": list(kinds)}, salt=SALT)


def read_stop(token: str) -> Stop | None:
    """What a token says; None for one that is not ours."""
    try:
        said = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    kinds = tuple(kind for kind in said["k"] if kind in NoticeKind.values and kind not in ALWAYS)
    return Stop(Person(said["a"], user_id=said.get("u")), kinds)
