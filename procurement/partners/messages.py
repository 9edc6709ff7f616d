"""What the page of a supplier and its end are made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class EndBusiness:
    """End the business of an offboarding. `reasons`: why a thing that is open still may be left, by `OpenMatter`."""

    offboarding: UUID
    version: int | None
    reasons: Mapping[str, str]
