"""The verbs of documents: supply the next version, accept or refuse it; say what is required; remind, and let end."""

from suppliers.documents.services.asking import ask_suppliers, expire_ended, keep_asking
from suppliers.documents.services.keeping import carry_to_store, let_go, look_again
from suppliers.documents.services.requiring import (
    retire_kind,
    retire_requirement,
    write_kind,
    write_requirement,
)
from suppliers.documents.services.reviewing import OwnDocument, accept_document, refuse_document
from suppliers.documents.services.supplying import supply_document

__all__ = [
    "OwnDocument",
    "accept_document",
    "ask_suppliers",
    "carry_to_store",
    "expire_ended",
    "keep_asking",
    "let_go",
    "look_again",
    "refuse_document",
    "retire_kind",
    "retire_requirement",
    "supply_document",
    "write_kind",
    "write_requirement",
]
