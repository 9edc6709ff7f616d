"""Where the bytes of documents are: a port with two adapters, the database and an object store that speaks S3.

Note [Moved, not sent]: what is supplied is written into the database first, with its version, in one transaction. Where
DOCUMENT_STORE names an object store, a task carries the bytes there later, outside any transaction, looks whether they
have arrived, and only then lets go of the row. So nothing is ever half there, an object store that is down delays
nobody, and nothing lies in it that no version names. Reading is outside any transaction too (`views.Fetched`).
"""

import hashlib
from functools import lru_cache
from typing import Protocol
from urllib.parse import SplitResult

from django.conf import settings

from portal.kernel.scope import require_scope
from suppliers.documents.models import DocumentContent
from suppliers.documents.states import Place


class StoreUnavailable(Exception):
    """The store does not answer, or not with what was put into it."""


class Store(Protocol):
    """What a place for bytes can do. Names are random, and never used twice."""

    place: Place

    def put(self, name: str, content: bytes, *, supplier_id: int) -> None:
        """Keep bytes. Putting the same again changes nothing."""

    def get(self, name: str) -> bytes:
        """The bytes. Raises `StoreUnavailable`."""

    def size(self, name: str) -> int | None:
        """How many bytes are there under this name; None for nothing."""

    def drop(self, name: str) -> None:
        """Let go of bytes. Deleting what is not there is harmless."""


class DatabaseStore:
    """A row for each file, behind both walls. Needs the scope of whoever reads or writes."""

    place = Place.DATABASE

    def put(self, name: str, content: bytes, *, supplier_id: int) -> None:
        """Keep bytes, once."""
        require_scope()
        row = DocumentContent(supplier_id=supplier_id, stored_as=name, content=content)
        DocumentContent.objects.bulk_create([row], ignore_conflicts=True)

    def get(self, name: str) -> bytes:
        """The bytes, of those that this scope may see."""
        require_scope()
        found = DocumentContent.objects.filter(stored_as=name).values_list("content", flat=True).first()
        if found is None:
            raise StoreUnavailable(name)
        return bytes(found)

    def size(self, name: str) -> int | None:
        """How many bytes there are."""
        require_scope()
        found = DocumentContent.objects.filter(stored_as=name).values_list("content", flat=True).first()
        return None if found is None else len(found)

    def drop(self, name: str) -> None:
        """Let go of the row."""
        require_scope()
        DocumentContent.objects.filter(stored_as=name).delete()


DATABASE = DatabaseStore()


@lru_cache(maxsize=4)
def _s3(url: SplitResult) -> Store:
    from suppliers.documents.store.s3 import S3Store  # noqa: PLC0415 -- its client is large, and most have no use for it

    return S3Store(url)


def object_store() -> Store | None:
    """The object store that DOCUMENT_STORE names; None where documents stay in the database."""
    return _s3(settings.DOCUMENT_STORE) if settings.DOCUMENT_STORE is not None else None


def fetch(place: str, name: str, sha256: str) -> bytes:
    """Bytes from an object store, held against their fingerprint. Outside any transaction.

    Raises `StoreUnavailable`.
    """
    store = object_store()
    if place != Place.S3 or store is None:
        raise StoreUnavailable(f"no store for {place}")
    content = store.get(name)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise StoreUnavailable(f"{name} is not what was put there")
    return content
