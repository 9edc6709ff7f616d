"""Reading company data: what stands, what waits, who else has a number, and how each part may be changed.

Note [In the company's name]: how changes come into force is the company's to know, and so is who else has a number.
Both are read under the company's scope, taken for just that; what leaves here for a supplier is a word about its own
change.
"""

import hashlib
import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor, Channel, Side
from portal.kernel.errors import NotFound
from portal.kernel.scope import acting
from suppliers.details.messages import kind_of, subject_of
from suppliers.details.models import (
    IN_FORCE,
    Address,
    ChangeRequest,
    CompanyNames,
    Contact,
    DetailRule,
    Identifier,
    SupplierCategory,
    SupplierInCategory,
)
from suppliers.details.policies.changes import ADDRESSES, FIELDS, NUMBERS, part_of_number, way_of
from suppliers.details.states import NOBODY_ELSES, ChangeState, ContactRole, Part, Way
from suppliers.models import Supplier, SupplierSite
from suppliers.roles import Permission

PEN = Actor.system("company data", Channel.RULE)
SHORTEST_INSIDE = 3  # letters: what a trigram index can find inside a word


def find_company(key: uuid.UUID, *, actor: Actor) -> Supplier:
    """A supplier whose company data this actor may see. Raises `NotFound`."""
    found: Supplier | None = Supplier.objects.visible_to(actor).filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such supplier."))
    return found


def own_company(actor: Actor) -> Supplier | None:
    """The supplier acted for; None on the buying side."""
    found: Supplier | None = Supplier.objects.visible_to(actor).filter(pk__in=actor.supplier_ids).first()
    return found


def hold_company(pk: int) -> Supplier:
    """A supplier, held until the transaction ends: whoever changes its company data comes by here. Orders and invoices
    that point to it go on meanwhile."""
    held: Supplier = Supplier.objects.select_for_update(no_key=True).get(pk=pk)
    return held


# --- what stands ---------------------------------------------------------------------------------------------


def present(supplier: Supplier, part: str, subject: str = "") -> dict[str, Any]:
    """What stands of a part, by field; empty where nothing does. One query at most."""
    row: Any
    if part in (Part.PREFERENCES, Part.CHANNEL):
        row = supplier
    elif part in (Part.LEGAL, Part.NAMES):
        row = CompanyNames.objects.filter(supplier=supplier).first() or CompanyNames(supplier=supplier)
    elif part in NUMBERS:
        kind, country = kind_of(subject)
        row = Identifier.objects.filter(IN_FORCE, supplier=supplier, kind=kind, country=country).first()
    elif part in ADDRESSES:
        row = Address.objects.filter(IN_FORCE, supplier=supplier, kind=part).first()
    else:
        row = _contact(supplier, subject)
    return values_of(part, row, supplier)


def _contact(supplier: Supplier, subject: str) -> Contact | None:
    try:
        key = uuid.UUID(subject)
    except ValueError:
        return None
    return Contact.objects.filter(IN_FORCE, supplier=supplier, key=key).first()


def values_of(part: str, row: Any, supplier: Supplier) -> dict[str, Any]:
    """The values of a part as changes have them; empty without a row."""
    if row is None:
        return {}
    found = {name: getattr(row, name) for name in FIELDS[part] if hasattr(row, name)}
    if part == Part.LEGAL:
        found["country"] = supplier.country
    return found


def fingerprint(values: Mapping[str, Any]) -> str:
    """What a page shows of a part, in a few letters: two pages that show the same have the same."""
    text = json.dumps(values, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(slots=True)
class CompanySheet:
    """All of a supplier's company data, and what waits to change it, by part and subject."""

    supplier: Supplier
    names: CompanyNames
    identifiers: Sequence[Identifier]
    addresses: Mapping[str, Address]
    contacts: Sequence[Contact]
    sites: Sequence[SupplierSite]
    categories: Sequence[SupplierCategory]
    waiting: Sequence[ChangeRequest]
    ways: Mapping[str, Way]
    elsewhere: Mapping[str, Sequence[Supplier]] = field(default_factory=dict)

    def waits(self, part: str, subject: str = "") -> ChangeRequest | None:
        """The change of a part that waits."""
        return next((one for one in self.waiting if (one.part, one.subject) == (part, subject)), None)


def company_sheet(supplier: Supplier, *, actor: Actor) -> CompanySheet:
    """Company data as this actor may see it. Nine queries, and one more on the buying side for numbers that others have
    as well."""
    own = {"supplier": supplier}
    identifiers = list(
        Identifier.objects.visible_to(actor).filter(IN_FORCE, **own).order_by("kind", "country")
    )
    addresses = Address.objects.visible_to(actor).filter(IN_FORCE, **own)
    contacts = Contact.objects.visible_to(actor).filter(IN_FORCE, **own).order_by("name", "id")
    waiting = ChangeRequest.objects.visible_to(actor).filter(state=ChangeState.WAITING, **own)
    in_categories = SupplierInCategory.objects.visible_to(actor).filter(**own).select_related("category")
    names = CompanyNames.objects.visible_to(actor).filter(**own).first()
    return CompanySheet(
        supplier=supplier,
        names=names or CompanyNames(supplier=supplier),
        identifiers=identifiers,
        addresses={one.kind: one for one in addresses},
        contacts=list(contacts),
        sites=list(SupplierSite.objects.visible_to(actor).filter(**own).order_by("name", "id")),
        categories=[one.category for one in in_categories.order_by("category__name")],
        waiting=list(waiting.order_by("requested_at", "id")),
        ways=ways(),
        elsewhere=others_with(identifiers) if actor.is_company else {},
    )


def contacts_known_before(supplier_id: int, at: datetime) -> list[Contact]:
    """The contacts whose mail and telephone were known before a moment, ended ones too: whoever calls back about a
    request calls one of these, and a notice goes to all. The newest first. One query; for the buying side."""
    known = Contact.objects.filter(supplier_id=supplier_id, since_at__lt=at)
    return list(known.order_by("-since_at", "-id"))


def contacts_for(supplier_ids: Iterable[int], role: ContactRole) -> dict[int, list[Contact]]:
    """Who is asked about a matter, by supplier. One query."""
    found: dict[int, list[Contact]] = defaultdict(list)
    for one in Contact.objects.filter(
        IN_FORCE, supplier__in=set(supplier_ids), roles__contains=[role]
    ).order_by("id"):
        found[one.supplier_id].append(one)
    return dict(found)


# --- changes -------------------------------------------------------------------------------------------------


def ways() -> dict[str, Way]:
    """How a change of each part comes into force. See Note [In the company's name]. One query."""
    with acting(PEN):
        written = dict(DetailRule.objects.values_list("part", "way"))
    return {part: way_of(part, written) for part in Part.values}


def rules_asked() -> dict[str, DetailRule]:
    """The parts of which somebody of ours asks that changes come into force at once, and nobody has said so yet."""
    found = DetailRule.objects.filter(way=Way.APPROVE, asked_at__isnull=False)
    return {one.part: one for one in found.order_by("asked_at", "id")}


def visible_changes(actor: Actor) -> QuerySet[ChangeRequest]:
    """The changes that this actor may see."""
    found: QuerySet[ChangeRequest] = ChangeRequest.objects.visible_to(actor).select_related("supplier")
    return found


def confirmed(supplier_ids: Iterable[int], part: str) -> set[int]:
    """Which of these suppliers have saved a part themselves, as it stood or otherwise, and it is in force. In the
    office."""
    found = ChangeRequest.objects.filter(
        supplier__in=list(supplier_ids), part=part, state=ChangeState.IN_FORCE
    )
    return set(found.filter(requested_side=Side.SUPPLIER).values_list("supplier_id", flat=True))


def changes_waiting(actor: Actor) -> QuerySet[ChangeRequest]:
    """The changes that wait, and that this actor may decide: not those he or she asked for."""
    found = visible_changes(actor).filter(state=ChangeState.WAITING)
    if not actor.is_company or not actor.may(Permission.DETAIL_APPROVE):
        return found.none()
    return found.exclude(requested_by_user_id=actor.user_id) if actor.user_id is not None else found


def find_detail_change(key: uuid.UUID, *, actor: Actor) -> ChangeRequest:
    """One change. Raises `NotFound`."""
    found = visible_changes(actor).filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such change."))
    return found


def hold_detail_change(key: uuid.UUID, *, actor: Actor) -> ChangeRequest:
    """One change, held until the transaction ends, and its supplier before it. Raises `NotFound`."""
    found = find_detail_change(key, actor=actor)
    with acting(PEN):
        supplier = hold_company(found.supplier_id)
        held: ChangeRequest = ChangeRequest.objects.select_for_update().get(pk=found.pk)
    held.supplier = supplier
    return held


# --- who else has it -----------------------------------------------------------------------------------------


def others_with(identifiers: Iterable[Identifier]) -> dict[str, list[Supplier]]:
    """By subject, the other suppliers that have a number which nobody else should have. For the buying side alone: what
    another supplier has is no supplier's to learn. One query."""
    asked = [one for one in identifiers if one.kind in NOBODY_ELSES]
    if not asked:
        return {}
    wanted = Q()
    for one in asked:
        wanted |= Q(value=one.value, kind=one.kind)
    own = {one.supplier_id for one in asked}
    rows = Identifier.objects.filter(IN_FORCE & wanted).exclude(supplier__in=own).select_related("supplier")
    # Two records that were merged are one company.
    merged = Supplier.objects.filter(pk__in=own, merged_into__isnull=False).values("merged_into")
    rows = rows.exclude(supplier__merged_into__in=own).exclude(supplier__in=merged)
    by_value: dict[tuple[str, str], list[Supplier]] = defaultdict(list)
    for row in rows.order_by("supplier__name", "id"):
        by_value[row.kind, row.value].append(row.supplier)
    found = {subject_of(one.kind, one.country): by_value[one.kind, one.value] for one in asked}
    return {subject: others for subject, others in found.items() if others}


def others_with_new(change: ChangeRequest) -> list[Supplier]:
    """Who else has the number that a change brings. For the buying side alone."""
    if change.part not in NUMBERS or not change.new:
        return []
    number = Identifier(supplier_id=change.supplier_id, **change.new)
    return others_with([number]).get(subject_of(number.kind, number.country), [])


# --- all suppliers -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SupplierSearch:
    """Which suppliers: empty means all."""

    text: str = ""
    segment: str = ""
    channel: str = ""
    state: str = ""
    country: str = ""


def suppliers_like(asked: SupplierSearch, *, actor: Actor) -> QuerySet[Supplier]:
    """The suppliers of a search: by a part of the number, the name or the legal name; shorter than three letters, by
    their beginning. Each of the three is found by its own index."""
    everybody = Supplier.objects.visible_to(actor)
    same = {name: getattr(asked, name) for name in ("segment", "channel", "state", "country")}
    found: QuerySet[Supplier] = everybody.filter(**{name: value for name, value in same.items() if value})
    text = " ".join(asked.text.split())
    if not text:
        return found
    if len(text) < SHORTEST_INSIDE:
        return found.filter(Q(number__istartswith=text) | Q(name__istartswith=text))
    by_legal_name = CompanyNames.objects.visible_to(actor).filter(legal_name__icontains=text)
    ids = everybody.filter(number__icontains=text).values("pk")
    ids = ids.union(everybody.filter(name__icontains=text).values("pk"), by_legal_name.values("supplier_id"))
    return found.filter(pk__in=ids)


def categories() -> QuerySet[SupplierCategory]:
    """The categories there are, by name; retired ones too."""
    return SupplierCategory.objects.order_by("name", "id")


def subject_of_number(identifier: Identifier) -> tuple[Part, str]:
    """Part and subject of a number that is kept."""
    return part_of_number(identifier.kind), subject_of(identifier.kind, identifier.country)
