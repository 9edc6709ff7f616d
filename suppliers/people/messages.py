"""What a door hands in: whom to invite, and how an invitation is accepted."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InvitePerson:
    """Somebody to be invited to act for a supplier, or (no supplier) on the buying side.

    `role` is one of `SupplierRole`, or of `CompanyRole`. `words` go into the mail as they are. `line` is what the door
    calls it by: the row of a sheet.
    """

    address: str
    role: str
    supplier_id: int | None = None
    name: str = ""
    language: str = ""
    time_zone: str = ""
    words: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True)
class NewPerson:
    """How somebody without an account accepts an invitation."""

    name: str
    password: str
    language: str
    time_zone: str
