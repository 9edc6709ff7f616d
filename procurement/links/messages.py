"""Who is written to, and whose mail it is that comes back."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at one mail address: a user, or (no `user_id`) just the address a company is reached at."""

    address: str
    name: str = ""
    user_id: int | None = None
    language: str = "en"
    time_zone: str = "UTC"

    @property
    def label(self) -> str:
        """How others read who acted."""
        return self.name or self.address


@dataclass(frozen=True, slots=True)
class ReplyTo:
    """What a reply address says: the document, the supplier, and who was written to at it."""

    stream: str
    supplier_id: int
    order_id: int | None
    person: Person
