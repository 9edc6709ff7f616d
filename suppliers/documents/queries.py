"""Reading documents: what is asked of whom, what is there, what waits for a reviewer."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import NotFound, Refusal
from portal.kernel.scope import acting
from suppliers.documents.models import Document, DocumentKind, DocumentVersion, Requirement
from suppliers.documents.policies import (
    Cover,
    Need,
    Party,
    Rule,
    Span,
    cover_of,
    due_of,
    late_from,
    required_of,
    standing_of,
)
from suppliers.documents.states import COUNTED, PENDING, AskedFor, DocumentState, Place, Standing
from suppliers.models import Supplier
from suppliers.states import SupplierState

# Requirements are the buying side's own: what of them is a supplier's to know is what is asked of it.
READER = Actor.system("Documents")


def today_of(supplier: Supplier, at: datetime) -> date:
    """The date where a supplier is: its certificates end by its own days."""
    return at.astimezone(ZoneInfo(supplier.time_zone)).date()


# --- what is asked of whom -----------------------------------------------------------------------------------


def rules_in_force() -> list[Rule]:
    """All requirements that are not retired, of kinds that are not. Read in a scope of its own."""
    with acting(READER):
        found = Requirement.objects.filter(retired_at=None, kind__retired_at=None).order_by("id")
        return [one.as_rule() for one in found]


def requirements() -> list[Requirement]:
    """The requirements that are not retired, by kind."""
    found = Requirement.objects.filter(retired_at=None, kind__retired_at=None).select_related("kind")
    return list(found.order_by("kind__position", "kind__name", "id"))


def categories_of(supplier_ids: Iterable[int]) -> Mapping[int, frozenset[str]]:
    """The codes of the categories that our buyers put suppliers into, by the supplier's id. One query.

    They are kept with a supplier's own data (suppliers/details), where there are any.
    """
    try:
        model = apps.get_model("suppliers", "SupplierInCategory")
    except LookupError:
        return {}
    found: dict[int, set[str]] = defaultdict(set)
    rows = model._default_manager.filter(supplier__in=list(supplier_ids))
    for supplier_id, code in rows.values_list("supplier_id", "category__code"):
        found[supplier_id].add(code)
    return {pk: frozenset(codes) for pk, codes in found.items()}


def parties_of(suppliers: Iterable[Supplier]) -> dict[int, Party]:
    """What of these suppliers decides on what is asked of them."""
    every = list(suppliers)
    categories = categories_of([one.pk for one in every])
    return {
        one.pk: Party(one.pk, one.country, one.segment, categories.get(one.pk, frozenset())) for one in every
    }


@dataclass(frozen=True, slots=True)
class Joint:
    """A version of another record of the same company (docs/merging.md): it counts for this one too.

    Only what of it is told here: a supplier's scope reads the rows of the record that is acted for.
    """

    key: uuid.UUID
    number: str
    state: str
    span: Span | None
    is_pending: bool


def joint_of(suppliers: Iterable[Supplier]) -> dict[tuple[int, int], list[Joint]]:
    """What counts for these suppliers because their record is merged with others, by supplier and kind. One query; one
    more where any of them is. Read in a scope of its own.
    """
    roots = {one.pk: one.merged_into_id or one.pk for one in suppliers}
    with acting(READER):
        merged = Supplier.objects.filter(merged_into__in=set(roots.values()))
        family = dict(merged.values_list("pk", "merged_into_id"))
        if not family:
            return {}
        family |= {root: root for root in family.values()}
        rows = DocumentVersion.objects.filter(supplier__in=family, state__in=[*PENDING, *COUNTED])
        counting: dict[int, list[DocumentVersion]] = defaultdict(list)
        for one in rows.select_related("supplier", "document").order_by("id"):
            counting[family[one.supplier_id]].append(one)
    found: dict[tuple[int, int], list[Joint]] = defaultdict(list)
    for pk, root in roots.items():
        for one in counting[root]:
            if one.supplier_id != pk:
                told = Joint(one.key, one.supplier.number, one.state, one.span, one.state in PENDING)
                found[pk, one.document.kind_id].append(told)
    return dict(found)


def spans_of(versions: Iterable[DocumentVersion], joint: Iterable[Joint]) -> list[Span]:
    """From when to when a supplier's own versions count, and those of other records of its company."""
    said = [*(one.span for one in versions), *(one.span for one in joint)]
    return [span for span in said if span]


@dataclass(frozen=True, slots=True)
class Held:
    """How one supplier stands with one kind of document: what is asked, what is there, by when the next is due."""

    supplier: Supplier
    kind_id: int
    need: Need | None
    document: Document | None
    versions: Sequence[DocumentVersion]
    cover: Cover
    standing: Standing
    due_on: date | None
    late_on: date | None
    joint: Sequence[Joint] = ()

    @property
    def is_pending(self) -> bool:
        """Whether a version waits, here or at another record of the same company: then nothing is asked."""
        return self.waiting is not None or any(one.is_pending for one in self.joint)

    @property
    def waiting(self) -> DocumentVersion | None:
        """The version that waits: for the scanner, or for a reviewer."""
        return next((one for one in self.versions if one.state in PENDING), None)

    @property
    def in_force(self) -> DocumentVersion | None:
        """The newest version that was accepted and has not ended."""
        return next((one for one in self.versions if one.state == DocumentState.ACCEPTED), None)

    @property
    def newest(self) -> DocumentVersion | None:
        return self.versions[0] if self.versions else None


def held_of(suppliers: Sequence[Supplier], at: datetime, *, actor: Actor) -> dict[int, list[Held]]:
    """How these suppliers stand with everything that is asked of them or was given by them: as many queries for many as
    for one."""
    rules = rules_in_force()
    parties = parties_of(suppliers)
    documents: dict[int, dict[int, Document]] = defaultdict(dict)
    visible = Document.objects.visible_to(actor).filter(supplier__in=[one.pk for one in suppliers])
    for document in visible.order_by("id"):
        documents[document.supplier_id][document.kind_id] = document
    versions = versions_of(
        [document.pk for some in documents.values() for document in some.values()], actor=actor
    )
    joint = joint_of(suppliers)
    found: dict[int, list[Held]] = {}
    for supplier in suppliers:
        today = today_of(supplier, at)
        needs = required_of(parties[supplier.pk], rules, today)
        theirs = documents[supplier.pk]
        kinds = sorted({*needs, *theirs, *(kind for pk, kind in joint if pk == supplier.pk)})
        found[supplier.pk] = [
            held(
                supplier,
                kind,
                needs.get(kind),
                theirs.get(kind),
                versions,
                today,
                joint.get((supplier.pk, kind), ()),
            )
            for kind in kinds
        ]
    return found


def held(
    supplier: Supplier,
    kind_id: int,
    need: Need | None,
    document: Document | None,
    versions: Mapping[int, Sequence[DocumentVersion]],
    today: date,
    joint: Sequence[Joint] = (),
) -> Held:
    """How a supplier stands with one kind. No query."""
    theirs = versions.get(document.pk, ()) if document else ()
    cover = cover_of(spans_of(theirs, joint), today)
    asked = document.asked if document else None
    is_pending = any(one.state in PENDING for one in theirs) or any(one.is_pending for one in joint)
    due_on = due_of(need, cover, asked, today) if need else cover.until
    standing = standing_of(need, cover, due_on or today, today, is_pending=is_pending)
    late_on = late_from(need, cover, due_on) if need and due_on else None
    return Held(supplier, kind_id, need, document, theirs, cover, standing, due_on, late_on, joint)


def versions_of(document_ids: Iterable[int], *, actor: Actor) -> dict[int, list[DocumentVersion]]:
    """The versions of documents, the newest first, by document. One query."""
    found: dict[int, list[DocumentVersion]] = defaultdict(list)
    rows = DocumentVersion.objects.visible_to(actor).filter(document__in=list(document_ids))
    for one in rows.order_by("document_id", "-number"):
        found[one.document_id].append(one)
    return dict(found)


# --- one of them ---------------------------------------------------------------------------------------------


def document_kinds(*, with_retired: bool = False) -> list[DocumentKind]:
    """All kinds, in the order in which they are shown."""
    found = DocumentKind.objects.order_by("position", "name", "id")
    return list(found if with_retired else found.filter(retired_at=None))


def find_kind(code: str) -> DocumentKind:
    """A kind that is in use. Raises `NotFound`."""
    kind: DocumentKind | None = DocumentKind.objects.filter(code=code, retired_at=None).first()
    if kind is None:
        raise NotFound(_("There is no such kind of document."))
    return kind


def visible_suppliers(actor: Actor) -> QuerySet[Supplier]:
    """The suppliers this actor may see."""
    return Supplier.objects.visible_to(actor)


def find_supplier(key: uuid.UUID, *, actor: Actor) -> Supplier:
    """A supplier, of those this actor may see. Raises `NotFound`."""
    supplier: Supplier | None = Supplier.objects.visible_to(actor).filter(key=key).first()
    if supplier is None:
        raise NotFound(_("There is no such supplier."))
    return supplier


def own_supplier(actor: Actor) -> Supplier:
    """The supplier that is acted for now. Raises `NotFound` for who acts for none."""
    supplier: Supplier | None = Supplier.objects.visible_to(actor).filter(pk__in=actor.supplier_ids).first()
    if supplier is None or not actor.is_supplier:
        raise NotFound(_("There is no such supplier."))
    return supplier


def visible_versions(actor: Actor) -> QuerySet[DocumentVersion]:
    """The versions this actor may see, each with its document, kind and supplier."""
    found = DocumentVersion.objects.visible_to(actor)
    return found.select_related("document__kind", "supplier")


def find_version(key: uuid.UUID, *, actor: Actor, hold: bool = False) -> DocumentVersion:
    """One version; with `hold`, under a lock on its document. Raises `NotFound`."""
    version: DocumentVersion | None = visible_versions(actor).filter(key=key).first()
    if version is None:
        raise NotFound(_("There is no such document."))
    if hold:
        hold_document(version.document_id)
        version = visible_versions(actor).get(pk=version.pk)
    return version


class NotServed(Refusal):
    """The scanner has not answered yet, or found something; or it is not kept any more: nobody gets the file."""

    code = "not_served"


def require_served(version: DocumentVersion) -> None:
    """Raise `NotServed` for a file that the virus scanner has not passed, or that is not kept."""
    if version.place == Place.NOWHERE:
        raise NotServed(_("This file is not kept: another was supplied before anybody had decided on it."))
    if not version.is_served:
        raise NotServed(_("This file is not given to anybody: the virus scanner has not passed it."))


def hold_document(pk: int) -> Document:
    """A document under a lock: whoever supplies, decides or reminds comes one after the other."""
    document: Document = Document.objects.select_for_update(of=("self",)).get(pk=pk)
    return document


def to_review(actor: Actor) -> QuerySet[DocumentVersion]:
    """What waits for a reviewer: the queue."""
    return visible_versions(actor).filter(state=DocumentState.IN_REVIEW)


# --- who has what, of all suppliers --------------------------------------------------------------------------

# What one looks for, by what the clock has written down. While a version waits, nothing is asked.
HOLDINGS: Mapping[str, Q] = {
    "missing": Q(asked_for=AskedFor.MISSING, has_pending=False),
    "ending": Q(asked_for=AskedFor.ENDING, has_pending=False),
    "late": Q(late_at__isnull=False, has_pending=False),
    "held": Q(is_held=True),
}


@dataclass(frozen=True, slots=True)
class HoldingSearch:
    """Which documents of which suppliers; empty means all. `ends_by`: in force, and not beyond that day."""

    holding: str = ""
    kind: str = ""
    text: str = ""
    ends_by: date | None = None


def holdings(asked: HoldingSearch, *, actor: Actor) -> QuerySet[Document]:
    """What was asked of suppliers that do business with us, or given by them, each kind once; of several records that
    are one company the one that is kept. Each with its supplier and kind."""
    theirs = DocumentVersion.objects.filter(document=OuterRef("pk"))
    accepted = theirs.filter(state=DocumentState.ACCEPTED)
    found: QuerySet[Document] = Document.objects.visible_to(actor).filter(
        supplier__left_at=None, supplier__merged_into=None
    )
    found = found.annotate(is_held=Exists(accepted), has_pending=Exists(theirs.filter(state__in=PENDING)))
    if asked.kind:
        found = found.filter(kind__code=asked.kind)
    if asked.text:
        found = found.filter(
            Q(supplier__name__icontains=asked.text) | Q(supplier__number__istartswith=asked.text)
        )
    if asked.ends_by:
        last = accepted.order_by(F("valid_until").desc(nulls_first=True)).values("valid_until")[:1]
        found = found.annotate(until=Subquery(last)).filter(until__lte=asked.ends_by)
    return found.select_related("supplier", "kind")


def how_many_hold(found: QuerySet[Document]) -> dict[str, int]:
    """How many of these there are of each of `HOLDINGS`. One query."""
    return found.aggregate(**{name: Count("pk", filter=which) for name, which in HOLDINGS.items()})


def held_in(documents: Sequence[Document], at: datetime, *, actor: Actor) -> list[Held]:
    """How their suppliers stand with these documents, in their order: as many queries for many as for one."""
    suppliers = {one.supplier_id: one.supplier for one in documents}
    every = held_of(list(suppliers.values()), at, actor=actor)
    found = {(pk, one.kind_id): one for pk, some in every.items() for one in some}
    return [found[one.supplier_id, one.kind_id] for one in documents]


# --- what the clock brings -----------------------------------------------------------------------------------


def suppliers_after(pk: int, most: int) -> list[Supplier]:
    """The next suppliers of which documents are asked, by id: that do business with us, and of several records that are
    one company the one that is kept."""
    ours = Supplier.objects.filter(pk__gt=pk, left_at=None, merged_into=None)
    found = ours.exclude(state=SupplierState.BLOCKED)
    return list(found.order_by("id")[:most])


def ended_by(day: date, most: int) -> list[DocumentVersion]:
    """Accepted versions whose last day is before that day, each with its supplier and document; under no lock."""
    found = DocumentVersion.objects.filter(state=DocumentState.ACCEPTED, valid_until__lt=day)
    return list(found.select_related("supplier", "document__kind").order_by("valid_until", "id")[:most])


def unseen(most: int) -> list[DocumentVersion]:
    """Versions for which the scanner has not answered yet, the oldest first; after all others, those it erred on."""
    found = visible_versions(READER).filter(state=DocumentState.SUPPLIED)
    return list(found.order_by("scan_tries", "id")[:most])


def to_let_go(places: Iterable[str], most: int) -> list[DocumentVersion]:
    """Versions with bytes in these places that a newer one replaced before anybody had decided on them."""
    found = DocumentVersion.objects.filter(
        ~Q(place=Place.NOWHERE), state=DocumentState.REPLACED, decided_at=None, place__in=list(places)
    )
    return list(found.order_by("id")[:most])


def still_asked(keys: Iterable[str]) -> frozenset[str]:
    """Of these documents, by key, those that are asked for still, and of which nothing waits."""
    waits = DocumentVersion.objects.filter(document=OuterRef("pk"), state__in=PENDING)
    found = Document.objects.filter(key__in=list(keys)).exclude(asked_for="").exclude(Exists(waits))
    return frozenset(str(key) for key in found.values_list("key", flat=True))


def still_to_review(keys: Iterable[str]) -> frozenset[str]:
    """Of these versions, by key, those that wait for a reviewer still."""
    found = DocumentVersion.objects.filter(key__in=list(keys), state=DocumentState.IN_REVIEW)
    return frozenset(str(key) for key in found.values_list("key", flat=True))


def given_of(keys: Iterable[uuid.UUID]) -> frozenset[uuid.UUID]:
    """Of these documents, by key, those of which a version waits or counts."""
    found = DocumentVersion.objects.filter(
        document__key__in=list(keys), state__in=[*PENDING, DocumentState.ACCEPTED]
    )
    return frozenset(found.values_list("document__key", flat=True))


def late_documents() -> QuerySet[Document]:
    """Documents that did not come in time and for which nothing waits: of these a person of ours is told."""
    waits = DocumentVersion.objects.filter(document=OuterRef("pk"), state__in=PENDING)
    here = Document.objects.filter(supplier__left_at=None, supplier__merged_into=None)
    found = here.filter(late_at__isnull=False).exclude(Exists(waits))
    return found.select_related("supplier", "kind")
