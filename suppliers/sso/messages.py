"""What a door hands in: a provider as an administrator writes it down; and what a provider said of somebody."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class WriteProvider:
    """A provider of identities. `secret` and `certificate` stay as they were where nothing is said.

    `groups`: of one's own company, pairs of group and role in the order in which they count. `keepers`: mail addresses
    of administrators who keep their password where nobody else does.
    """

    name: str
    issuer: str
    client_id: str = ""
    secret: str = ""
    sign_in_url: str = ""
    certificate: str = ""
    scopes: str = ""
    domains: tuple[str, ...] = ()
    groups_claim: str = "groups"
    groups: tuple[tuple[str, str], ...] = ()
    factor_words: str = ""
    proves_addresses: bool = False
    makes_people: bool = False
    only_way: bool = False
    keepers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """What a provider said of whoever came: verified by signature, audience and time, and not yet believed further."""

    subject: str
    address: str = ""
    is_verified: bool = False
    name: str = ""
    groups: tuple[str, ...] = ()
    words: tuple[str, ...] = field(default=())
