"""Reading the trail: which events somebody may read, narrowed, and what stands beside them: names, papers, the seal.

Note [Who reads what]: the buying side reads all of it. A supplier's own administrator reads what its own people and
programs did for it, and nothing that was done to it or about it: of those, the papers' own pages tell what it may know.
Both walls hold: `visible_to` and the row level security of the table, which hides what is internal besides.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, Model, Q, QuerySet

from portal.kernel.actors import Actor, Side
from portal.kernel.audit.models import AuditEvent, AuditSeal
from portal.kernel.scope import requires_scope
from portal.kernel.security.models import SecurityEvent
from procurement.discounting.models import DiscountPolicy
from procurement.erp.reconciliation.models import Drift
from procurement.gateways.models import Gateway
from procurement.inbox.models import ExceptionCase
from procurement.invoices.models import Invoice
from procurement.mailroom.models import InboundMail
from procurement.matching.models import MatchPolicy
from procurement.orders.models import PurchaseOrder
from procurement.receipts.models import ReceivingSheet
from procurement.shipments.models import ShipNotice
from procurement.statements.models import SupplierStatement
from procurement.tolerances.models import TolerancePolicy
from suppliers.banking.models import BankAccount, BankChange, BankFreeze
from suppliers.documents.models import Document
from suppliers.models import Supplier, User
from suppliers.onboarding.models import OnboardingRun
from suppliers.people.models import Invitation
from suppliers.screening.models import ScreeningHit
from suppliers.sso.models import IdentityProvider

MOST_NAMED = 20
ORDER = ("-at", "-id")
CHECKED = ("audit.verified", "audit.broken")


@dataclass(frozen=True, slots=True)
class Wish:
    """By what the trail is narrowed. None: not at all; an empty tuple: to nothing, since nobody is called so."""

    suppliers: tuple[int, ...] | None = None
    people: tuple[int, ...] | None = None
    name: str = ""  # where people cannot be looked up: what stands on the event
    kinds: tuple[str, ...] | None = None
    channel: str = ""
    streams: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None


@requires_scope
def trail(actor: Actor) -> QuerySet[AuditEvent]:
    """Every event that somebody may read. See Note [Who reads what]."""
    events = AuditEvent.objects.visible_to(actor)
    return events.filter(internal=False, actor_side=Side.SUPPLIER) if actor.is_supplier else events


def events_like(wish: Wish, *, actor: Actor) -> QuerySet[AuditEvent]:
    """The events of a wish, unordered: `ORDER` is the order that the indexes know."""
    found = trail(actor)
    if wish.suppliers is not None:
        found = found.filter(supplier_id__in=wish.suppliers)
    if wish.people is not None:
        found = _of_people(found, wish.people)
    if wish.name:
        found = found.filter(actor_label__icontains=wish.name)
    if wish.kinds is not None:
        found = found.filter(kind__in=wish.kinds)
    if wish.channel:
        found = found.filter(channel=wish.channel)
    if wish.streams is not None:
        found = found.filter(stream__in=wish.streams)
    if wish.since is not None:
        found = found.filter(at__gte=wish.since)
    if wish.until is not None:
        found = found.filter(at__lt=wish.until)
    return found


def _of_people(found: QuerySet[AuditEvent], people: Collection[int]) -> QuerySet[AuditEvent]:
    """What they did, what they did in another's place, and what was done to their accounts.

    No index knows the three of them in the order of time, so the newest is found first, by the index of each: whoever
    left years ago is not looked for among all that happened since. Three queries.
    """
    ways = (
        Q(actor_user_id__in=people),
        # That the name is there at all is what the index of the few such events knows.
        Q(facts__has_key="impersonated_by", facts__impersonated_by__in=people),
        Q(stream__in=[f"person:{number}" for number in people]),
    )
    tops = [top for way in ways if (top := found.filter(way).aggregate(top=Max("at"))["top"])]
    return found.filter(ways[0] | ways[1] | ways[2], at__lte=max(tops)) if tops else found.none()


# --- who and what is meant ----------------------------------------------------------------------------------


def suppliers_named(text: str, *, actor: Actor) -> list[Supplier]:
    """Suppliers by their number, else by a part of their name."""
    found = Supplier.objects.visible_to(actor)
    exact = list(found.filter(number__iexact=text).order_by("id")[:MOST_NAMED])
    return exact or list(found.filter(name__icontains=text).order_by("name", "id")[:MOST_NAMED])


def supplier_numbered(number: str, *, actor: Actor) -> tuple[int, ...]:
    """The supplier of this number, as programs name one; nothing where there is none."""
    found = Supplier.objects.visible_to(actor).filter(number=number)
    return tuple(found.values_list("pk", flat=True))


def people_named(text: str) -> list[User]:
    """People by their whole address, by number, else by a part of their name; also those who have left. The buying side
    alone looks them up."""
    if "@" in text:
        return list(User.objects.filter(email__iexact=text)[:1])
    if text.isascii() and text.isdecimal() and len(text) < 10:
        return list(User.objects.filter(pk=int(text)))
    return list(User.objects.filter(name__icontains=text).order_by("name", "id")[:MOST_NAMED])


def streams_named(number: str, *, actor: Actor) -> list[str]:
    """The stories of all papers with this number; also by the key that stands in a paper's address."""
    try:
        key = str(uuid.UUID(number))
    except ValueError:
        pass
    else:
        return [f"{word}:{key}" for word in sorted(PAPERS)] + _of_versions(key, actor=actor)
    orders = PurchaseOrder.objects.visible_to(actor).filter(number__iexact=number)
    invoices = Invoice.objects.visible_to(actor).filter(number__iexact=number)
    notices = ShipNotice.objects.visible_to(actor).filter(number__iexact=number)
    found = [f"order:{one}" for one in orders.values_list("key", flat=True)[:MOST_NAMED]]
    found += [f"invoice:{one}" for one in invoices.values_list("document", flat=True).distinct()[:MOST_NAMED]]
    found += [
        f"shipment:{one}" for one in notices.values_list("consignment", flat=True).distinct()[:MOST_NAMED]
    ]
    return found


def _of_versions(key: str, *, actor: Actor) -> list[str]:
    """An invoice and a ship notice have an address for each version, and one story for all of them."""
    invoices = Invoice.objects.visible_to(actor).filter(key=key).values_list("document", flat=True)
    notices = ShipNotice.objects.visible_to(actor).filter(key=key).values_list("consignment", flat=True)
    return [f"invoice:{one}" for one in invoices] + [f"shipment:{one}" for one in notices]


def names_of(numbers: Iterable[int]) -> dict[int, str]:
    """People by number. Under a supplier's scope only its own people are found. One query."""
    wanted = set(numbers)
    return dict(User.objects.filter(pk__in=wanted).values_list("pk", "name")) if wanted else {}


def suppliers_of(events: Iterable[AuditEvent], *, actor: Actor) -> dict[int, Supplier]:
    """The suppliers that events are about. One query."""
    wanted = {event.supplier_id for event in events if event.supplier_id is not None}
    return {one.pk: one for one in Supplier.objects.visible_to(actor).filter(pk__in=wanted)} if wanted else {}


# --- papers -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kept:
    """Where papers of one kind are kept: the column that their story is named by, what people call one by, and the key
    of its page."""

    model: type[Model]
    by: str = "key"
    called: str = ""
    key: str = "key"


PAPERS: Mapping[str, Kept] = {
    "order": Kept(PurchaseOrder, called="number"),
    "invoice": Kept(Invoice, "document", "number"),
    "shipment": Kept(ShipNotice, "consignment", "number"),
    "count": Kept(ReceivingSheet),
    "statement": Kept(SupplierStatement, called="stated_on"),
    "case": Kept(ExceptionCase, called="kind"),
    "mail": Kept(InboundMail, called="subject"),
    "supplier": Kept(Supplier, called="name"),
    "bank": Kept(BankAccount, key="supplier__key"),
    "bank_change": Kept(BankChange),
    "bank_freeze": Kept(BankFreeze, key="supplier__key"),
    "document": Kept(Document, called="kind__name", key="supplier__key"),
    "onboarding": Kept(OnboardingRun),
    "screening": Kept(ScreeningHit),
    "invitation": Kept(Invitation, called="address"),
    "identity-provider": Kept(IdentityProvider, called="name"),
    "tolerances": Kept(TolerancePolicy, called="name"),
    "matching": Kept(MatchPolicy, called="name"),
    "discounting": Kept(DiscountPolicy, called="name"),
    "gateway": Kept(Gateway, called="name"),
    "drift": Kept(Drift),
}


@dataclass(frozen=True, slots=True)
class PaperFound:
    """A paper that events are about: what people call it by, and the key of its page."""

    called: str
    key: Any


@requires_scope
def papers_of(streams: Iterable[str], *, actor: Actor) -> dict[str, PaperFound]:
    """The papers of these stories, as far as somebody may see them. One query for each kind of paper among them."""
    by_word: dict[str, list[str]] = {}
    for stream in set(streams):
        word, _colon, name = stream.partition(":")
        if word in PAPERS and _is_key(name):
            by_word.setdefault(word, []).append(name)
    found: dict[str, PaperFound] = {}
    for word, names in by_word.items():
        kept = PAPERS[word]
        manager: Any = kept.model._default_manager
        rows = manager.visible_to(actor) if hasattr(manager, "visible_to") else _ours(manager, actor)
        columns = [kept.by, kept.key, *([kept.called] if kept.called else [])]
        # Of several versions the newest is last, and stays.
        for row in rows.filter(**{f"{kept.by}__in": names}).order_by("pk").values_list(*columns):
            called = str(row[2]) if len(row) > 2 and row[2] else ""
            found[f"{word}:{row[0]}"] = PaperFound(called, row[1])
    return found


def _ours(manager: Any, actor: Actor) -> QuerySet[Any]:
    """What has no way to a supplier is the buying side's alone."""
    rows: QuerySet[Any] = manager.none() if actor.is_supplier else manager.all()
    return rows


def _is_key(name: str) -> bool:
    try:
        uuid.UUID(name)
    except ValueError:
        return False
    return True


# --- the seal -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wholeness:
    """How far the trail is sealed, and what came of looking at the whole chain last."""

    sealed: int = 0
    sealed_at: datetime | None = None
    checked_at: datetime | None = None
    is_broken: bool = False


def wholeness(actor: Actor) -> Wholeness | None:
    """The newest seal and the newest check; None for a supplier, who reads neither table. Two queries."""
    if actor.is_supplier:
        return None
    last = AuditSeal.objects.order_by("-last_position").first()
    check = SecurityEvent.objects.filter(kind__in=CHECKED).order_by("-at", "-id").first()
    return Wholeness(
        last.last_position if last else 0,
        last.sealed_at if last else None,
        check.at if check else None,
        check is not None and check.kind == "audit.broken",
    )
