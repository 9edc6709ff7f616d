"""Merges in words: what speaks for it, and what comes over to which side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.templatetags.portal_ui import day_text
from suppliers.details.policies.identifiers import identifier_text
from suppliers.details.presenters import number_name
from suppliers.documents.models import DocumentVersion
from suppliers.documents.presenters import kind_name, valid_text
from suppliers.documents.states import PENDING
from suppliers.merging.models import SupplierMerge
from suppliers.merging.policies import role_carried
from suppliers.merging.queries import (
    Candidate,
    Side,
    missing_contacts,
    missing_identifiers,
    missing_members,
)
from suppliers.merging.states import Alike
from suppliers.models import ApiToken, Membership
from suppliers.roles import SupplierRole


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """Two records, and what they have in common."""

    candidate: Candidate
    why: str


def candidate_rows(found: Sequence[Candidate]) -> list[CandidateRow]:
    """Candidates in words. No query."""
    return [CandidateRow(one, ", ".join(str(Alike(word).label) for word in one.why)) for one in found]


def member_lines(members: Sequence[Membership]) -> list[str]:
    """Who comes over, and as what."""
    return [
        _("%(name)s: %(role)s") % {"name": one.user.name, "role": SupplierRole(role_carried(one.role)).label}
        for one in members
    ]


def document_lines(versions: Sequence[DocumentVersion]) -> list[str]:
    """Which proofs, and for how long."""
    return [
        f"{kind_name(one.document.kind.code, one.document.kind.name)}: "
        + (_("in review") if one.state in PENDING else valid_text(one.valid_from, one.valid_until))
        for one in versions
    ]


def token_lines(tokens: Sequence[ApiToken]) -> list[str]:
    """Which tokens, and when a program last came with one."""
    return [
        _("%(name)s (%(prefix)s…), last used %(day)s")
        % {"name": one.name, "prefix": one.prefix, "day": day_text(one.last_used_at)}
        if one.last_used_at
        else _("%(name)s (%(prefix)s…), never used") % {"name": one.name, "prefix": one.prefix}
        for one in tokens
    ]


def coming_over(duplicate: Side, kept: Side) -> list[dict[str, Any]]:
    """What a merge would do, matter by matter; nothing of which there is nothing. No query."""
    names = {"kept": kept.supplier.name, "duplicate": duplicate.supplier.name}
    contacts = [f"{one.name}, {one.email or one.telephone}" for one in missing_contacts(duplicate, kept)]
    numbers = [
        f"{number_name(one.kind, one.country)}: {identifier_text(one.kind, one.country, one.value)}"
        for one in missing_identifiers(duplicate, kept)
    ]
    proofs = _("Documents that count for %(name)s too")
    found = [
        (_("Act for %(kept)s too") % names, member_lines(missing_members(duplicate, kept))),
        (_("Act for %(duplicate)s too") % names, member_lines(missing_members(kept, duplicate))),
        (_("Contacts that come to %(kept)s") % names, contacts),
        (_("Numbers that come to %(kept)s") % names, numbers),
        (proofs % {"name": kept.supplier.name}, document_lines(duplicate.documents)),
        (proofs % {"name": duplicate.supplier.name}, document_lines(kept.documents)),
        (_("Access tokens of %(duplicate)s that end") % names, token_lines(duplicate.tokens)),
    ]
    return [{"title": title, "lines": lines} for title, lines in found if lines]


def carried_text(row: SupplierMerge) -> str:
    """What came over, in figures."""
    carried = row.carried
    said = {
        "members": len(carried.get("members", ())),
        "contacts": len(carried.get("contacts", ())),
        "numbers": len(carried.get("identifiers", ())),
        "tokens": len(carried.get("tokens", ())),
    }
    return (
        _(
            "People who act for the other too: %(members)d. Contacts: %(contacts)d. Numbers: %(numbers)d. Access "
            "tokens that ended: %(tokens)d."
        )
        % said
    )
