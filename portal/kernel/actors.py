"""Who acts: a party, through a channel. The author of a change is never a bare user record.

An actor is made once at the door (session, token, feed, rule) and travels by hand into every service.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Side(StrEnum):
    """On which side of the quay somebody stands."""

    SUPPLIER = "supplier"
    COMPANY = "company"
    SYSTEM = "system"
    NOBODY = "nobody"


class Channel(StrEnum):
    """Through what a word reached us."""

    PORTAL = "portal"
    API = "api"
    FILE = "file"
    ERP = "erp"
    EDI = "edi"
    MAIL = "mail"
    LINK = "link"
    RULE = "rule"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """One party doing something now.

    `supplier_ids` are the suppliers acted for at this moment; `all_supplier_ids` those the person may switch to.
    Permissions are the names of `suppliers.roles.Permission`.
    """

    label: str
    channel: str
    side: Side
    user_id: int | None = None
    role: str = ""
    supplier_ids: tuple[int, ...] = ()
    all_supplier_ids: tuple[int, ...] = ()
    permissions: frozenset[str] = field(default_factory=frozenset)
    token_id: int | None = None
    impersonator_id: int | None = None  # who of the buying side acts in this person's place (docs/sign-in.md)

    def may(self, permission: str) -> bool:
        """Whether the actor's role carries this permission."""
        return self.side is Side.SYSTEM or permission in self.permissions

    @property
    def is_supplier(self) -> bool:
        return self.side is Side.SUPPLIER

    @property
    def is_company(self) -> bool:
        return self.side is Side.COMPANY

    @property
    def is_anonymous(self) -> bool:
        return self.side is Side.NOBODY

    @classmethod
    def system(cls, label: str, channel: str = Channel.SYSTEM) -> "Actor":
        """The portal itself, or a feed it reads: sees all suppliers, may do what its service does."""
        return cls(label=label, channel=channel, side=Side.SYSTEM, role="system")


NOBODY = Actor(label="", channel=Channel.PORTAL, side=Side.NOBODY)
