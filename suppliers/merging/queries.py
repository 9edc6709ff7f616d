"""Reading merges, and which records of the ERP may be one company."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import NotFound
from portal.kernel.scope import requires_scope
from suppliers.details.models import IN_FORCE, Contact, Identifier
from suppliers.documents.models import DocumentVersion
from suppliers.documents.states import PENDING, DocumentState
from suppliers.merging.models import SupplierMerge
from suppliers.merging.policies import MOST_ALIKE, MOST_CANDIDATES, weight_of
from suppliers.merging.states import STANDING, Alike, MergeState
from suppliers.models import ApiToken, Membership, Supplier


def merges(actor: Actor) -> QuerySet[SupplierMerge]:
    """The merges this actor may see, each with both records. For the buying side."""
    found: QuerySet[SupplierMerge] = SupplierMerge.objects.visible_to(actor).select_related(
        "supplier", "kept"
    )
    return found


def merges_by_state(actor: Actor) -> Mapping[str, int]:
    """How many stand in each state. One query."""
    return dict(merges(actor).order_by().values_list("state").annotate(n=Count("id")))


def find_merge(key: uuid.UUID, *, actor: Actor) -> SupplierMerge:
    """One of them. Raises `NotFound`."""
    found = merges(actor).filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such merge."))
    return found


def find_record(key: uuid.UUID, *, actor: Actor) -> Supplier:
    """One record. Raises `NotFound`."""
    found: Supplier | None = Supplier.objects.visible_to(actor).filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such supplier."))
    return found


def numbered(one: str, other: str, *, actor: Actor) -> tuple[Supplier, Supplier] | None:
    """Two different suppliers by their numbers; None where one of them is not there."""
    found = {row.number: row for row in Supplier.objects.visible_to(actor).filter(number__in=[one, other])}
    return (found[one], found[other]) if len(found) == 2 else None


def hold_records(*ids: int) -> dict[int, Supplier]:
    """Records held until the transaction ends, always in the same order."""
    held = Supplier.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=ids)
    return {one.pk: one for one in held.order_by("id")}


def hold_merge(key: uuid.UUID, *, actor: Actor) -> SupplierMerge:
    """One merge held until the transaction ends, with both records before it. Raises `NotFound`."""
    found = find_merge(key, actor=actor)
    records = hold_records(found.supplier_id, found.kept_id)
    row: SupplierMerge = SupplierMerge.objects.select_for_update(of=("self",)).get(pk=found.pk)
    row.supplier, row.kept = records[row.supplier_id], records[row.kept_id]
    return row


def stands_for(supplier: Supplier) -> SupplierMerge | None:
    """The merge in which a record is the duplicate."""
    return SupplierMerge.objects.filter(supplier=supplier, state__in=STANDING).first()


def has_joined(supplier: Supplier) -> bool:
    """Whether other records were joined, or are to be joined, to this one."""
    return SupplierMerge.objects.filter(kept=supplier, state__in=STANDING).exists()


# --- what would come over ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Side:
    """What one record has that would come to the other."""

    supplier: Supplier
    members: Sequence[Membership]
    contacts: Sequence[Contact]
    identifiers: Sequence[Identifier]
    documents: Sequence[DocumentVersion]
    tokens: Sequence[ApiToken]


def side_of(supplier: Supplier) -> Side:
    """People, contacts, numbers, documents in force or in review, and tokens of a record. Five queries."""
    members = Membership.objects.filter(supplier=supplier).select_related("user")
    return Side(
        supplier,
        list(members.order_by("id")),
        list(Contact.objects.filter(IN_FORCE, supplier=supplier).order_by("id")),
        list(Identifier.objects.filter(IN_FORCE, supplier=supplier).order_by("kind", "country")),
        counting_documents(supplier),
        tokens_of(supplier),
    )


def counting_documents(supplier: Supplier) -> list[DocumentVersion]:
    """What a merge makes count for the other record too: proofs that are in force, or wait for a reviewer."""
    rows = DocumentVersion.objects.filter(
        supplier=supplier, state__in=[*PENDING, DocumentState.ACCEPTED]
    ).select_related("document__kind")
    return list(rows.order_by("document__kind__position", "number"))


def tokens_of(supplier: Supplier) -> list[ApiToken]:
    """The tokens by which programs of a record get in."""
    return list(ApiToken.objects.filter(supplier=supplier, revoked_at=None).order_by("id"))


def missing_members(of: Side, at: Side) -> list[Membership]:
    """Who acts for the one and not for the other."""
    there = {one.user_id for one in at.members}
    return [one for one in of.members if one.user_id not in there]


def missing_contacts(of: Side, at: Side) -> list[Contact]:
    """Contacts of the one that the other does not have."""
    there = {_reached(one) for one in at.contacts}
    return [one for one in of.contacts if _reached(one) not in there]


def _reached(one: Contact) -> tuple[str, ...]:
    return (one.email.lower(),) if one.email else (one.name.casefold(), one.telephone)


def missing_identifiers(of: Side, at: Side) -> list[Identifier]:
    """Numbers of the one of a kind that the other has none of: what both have, differing, stays as it is."""
    there = {(one.kind, one.country) for one in at.identifiers}
    return [one for one in of.identifiers if (one.kind, one.country) not in there]


# --- candidates ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two records that may be one company, and what they have in common."""

    one: Supplier
    other: Supplier
    why: Sequence[str]


_FORMS = (
    r"\m(ab|ag|as|bv|co|company|corp|corporation|gmbh|inc|kg|limited|llc|ltd|nv|ohg|oy|plc|pte|pty|sa|sarl|sas|se|spa|srl)"
    r"\M"
)
_CANDIDATES = """
WITH here AS (
    SELECT id, lower(email) AS email, country, lower(name) AS name FROM suppliers_supplier
    WHERE left_at IS NULL AND merged_into_id IS NULL
),
said AS (
    SELECT supplier_id, kind::text AS why, country || ':' || value AS what FROM suppliers_identifier
    WHERE ended_at IS NULL AND kind IN ('vat', 'tax', 'gln', 'duns', 'lei', 'register')
    UNION ALL
    SELECT account.supplier_id, 'account', kept.trace
    FROM suppliers_bankaccount account JOIN suppliers_banknumber kept ON kept.id = account.number_id
    WHERE account.state <> 'ended'
    UNION ALL
    SELECT id, 'mail', email FROM here WHERE email <> ''
    UNION ALL
    SELECT id, 'name', country || ':' || regexp_replace(
        regexp_replace(replace(name, '.', ''), %(forms)s, '', 'g'), '[^[:alnum:]]', '', 'g') FROM here
    UNION ALL
    SELECT supplier_id, 'address',
           country || ':' || postal_code || ':' || regexp_replace(lower(line1), '[^[:alnum:]]', '', 'g')
    FROM suppliers_address WHERE ended_at IS NULL AND kind = 'registered' AND postal_code <> ''
),
alike AS (
    SELECT said.why, array_agg(DISTINCT said.supplier_id) AS who
    FROM said JOIN here ON here.id = said.supplier_id
    GROUP BY said.why, said.what
    HAVING count(DISTINCT said.supplier_id) BETWEEN 2 AND %(most_alike)s
),
pairs AS (
    SELECT a.pk AS one, b.pk AS other, array_agg(DISTINCT alike.why) AS why
    FROM alike
    CROSS JOIN LATERAL unnest(alike.who) AS a(pk)
    CROSS JOIN LATERAL unnest(alike.who) AS b(pk)
    WHERE b.pk > a.pk
    GROUP BY 1, 2
)
SELECT one, other, why FROM pairs
WHERE NOT EXISTS (
    SELECT 1 FROM suppliers_suppliermerge merged
    WHERE (merged.state = 'asked' OR merged.state = 'merged' OR merged.state = 'refused')
      AND ((merged.supplier_id = one AND merged.kept_id = other)
           OR (merged.supplier_id = other AND merged.kept_id = one))
)
ORDER BY cardinality(why) DESC, one, other LIMIT %(most)s
"""


@requires_scope
def candidates() -> list[Candidate]:
    """Pairs of records that may be one company, those for which most speaks first; not those that somebody has judged.

    For the buying side. Two queries; records that share something with more than ten others are passed over there.
    """
    wanted: dict[str, Any] = {"forms": _FORMS, "most_alike": MOST_ALIKE, "most": MOST_CANDIDATES}
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, wanted)
        pairs = cursor.fetchall()
    records = Supplier.objects.in_bulk({pk for one, other, _why in pairs for pk in (one, other)})
    order = Alike.values
    found = [
        Candidate(records[one], records[other], sorted(why, key=order.index)) for one, other, why in pairs
    ]
    return sorted(found, key=lambda pair: -weight_of(pair.why, order))


def joined_to(ids: Iterable[int]) -> Mapping[int, list[Supplier]]:
    """Which records were joined to these, by the one that is kept. One query."""
    found: dict[int, list[Supplier]] = {}
    rows = SupplierMerge.objects.filter(kept__in=list(ids), state=MergeState.MERGED)
    for one in rows.select_related("supplier").order_by("id"):
        found.setdefault(one.kept_id, []).append(one.supplier)
    return found
