"""Reading who is to be told, what waits to be mailed, and what nobody has seen."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from portal.kernel.audit.models import AuditEvent
from procurement.calendars.policies import default_calendar, working_time_between
from procurement.links.messages import Person
from procurement.links.queries import person_of
from procurement.notifications.models import (
    DeliveryWatch,
    Notice,
    NoticeMail,
    NoticePreference,
    OrderSight,
)
from procurement.notifications.policies import APPROVAL_ASKED, HEARD, Gathered
from procurement.notifications.states import ALONE, Audience, Cadence, NoticeKind, NoticeState
from procurement.orders.models import PurchaseOrder
from procurement.orders.states import OrderState
from procurement.receipts.queries import orders_of_sheets
from suppliers.models import Membership, Supplier, User
from suppliers.people.queries import who_may
from suppliers.roles import COMPANY_ROLES, SUPPLIER_ROLES, CompanyRole, Permission
from suppliers.states import SupplierState

MOST_WATCHED = 5_000
WATCHED_FOR = timedelta(days=60)

OF_COUNTS = frozenset(kind for kind, heard in HEARD.items() if heard.kind == NoticeKind.COUNT_DIFFERS)

# What somebody must be allowed to do to be asked for it; whoever may only read is told of what needs no answer.
NEEDED: dict[str, Permission] = {
    NoticeKind.ORDER_NEW: Permission.ORDER_ACKNOWLEDGE,
    NoticeKind.ORDER_REVISED: Permission.ORDER_ACKNOWLEDGE,
    NoticeKind.ANSWER_DECIDED: Permission.ORDER_ACKNOWLEDGE,
    NoticeKind.CHANGE_ASKED: Permission.CHANGE_NEGOTIATE,
    NoticeKind.CHANGE_ANSWERED: Permission.CHANGE_NEGOTIATE,
    NoticeKind.MESSAGE: Permission.THREAD_WRITE,
    NoticeKind.REMINDER: Permission.ORDER_ACKNOWLEDGE,
    NoticeKind.RULE_AGREED: Permission.ORDER_DECIDE,
    NoticeKind.MENTION: Permission.SUPPLIER_VIEW,
    NoticeKind.DOCK_TIME: Permission.SHIPMENT_WRITE,
    NoticeKind.COUNT_DIFFERS: Permission.SHIPMENT_WRITE,
    NoticeKind.INVOICE_TOLD: Permission.INVOICE_WRITE,
    NoticeKind.DETAIL: Permission.DETAIL_EDIT,
    NoticeKind.DOCUMENT: Permission.DOCUMENT_SUPPLY,
    NoticeKind.ONBOARDING: Permission.DETAIL_EDIT,
}


# --- who is told ---------------------------------------------------------------------------------------------


def readers_at(supplier_ids: Iterable[int], permission: str) -> dict[int, list[Person]]:
    """Whom one writes to at each supplier: its active people who may do it; where there are none, its own address.

    A blocked supplier, or one with which the business has ended, is written to by nobody. Three queries however many
    suppliers.
    """
    there = Supplier.objects.filter(pk__in=set(supplier_ids), left_at=None)
    suppliers = {one.pk: one for one in there.exclude(state=SupplierState.BLOCKED)}
    found = {pk: [person_of(user) for user in users] for pk, users in who_may(suppliers, permission).items()}
    for pk, supplier in suppliers.items():
        if pk not in found and supplier.email:
            found[pk] = [address_of(supplier)]
    return found


def address_of(supplier: Supplier) -> Person:
    """The address at which a company as such is reached."""
    return Person(supplier.email.lower(), supplier.name, None, supplier.language or "en", supplier.time_zone)


def company_readers(permission: str, roles: Iterable[str] | None = None) -> dict[str, Person]:
    """The active people of the buying side who may do something, by address."""
    allowed = [
        role
        for role, may in COMPANY_ROLES.items()
        if permission in may and (roles is None or role in set(roles))
    ]
    users = User.objects.filter(is_active=True, company_role__in=allowed).order_by("id")
    return {user.email.lower(): person_of(user) for user in users}


def managers() -> list[Person]:
    """Who stands in where nobody is named, and who hears when nothing else helped."""
    return list(company_readers(Permission.ORDER_DECIDE, [CompanyRole.MANAGER]).values())


def payers() -> list[Person]:
    """Who pays invoices: accounts payable; managers where nobody is there."""
    found = company_readers(Permission.INVOICE_SETTLE, [CompanyRole.ACCOUNTS_PAYABLE])
    return list(found.values()) or managers()


def choices_of(people: Iterable[Person]) -> dict[str, dict[str, str]]:
    """What people chose, kind by kind, by address: one query."""
    everybody = list(people)
    users = {person.user_id: person.address for person in everybody if person.user_id}
    addresses = [person.address for person in everybody if not person.user_id]
    rows = NoticePreference.objects.filter(Q(user__in=users) | Q(user__isnull=True, address__in=addresses))
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows:
        found[users[row.user_id] if row.user_id else row.address][row.kind] = row.cadence
    return dict(found)


def orders_of_streams(streams: Iterable[str]) -> dict[str, PurchaseOrder]:
    """The orders that streams name, by stream."""
    keys = {one.partition(":")[2] for one in streams if one.startswith("order:")}
    found = PurchaseOrder.objects.filter(key__in=keys).select_related("supplier", "company")
    return {order.stream: order for order in found}


def orders_counted(events: Iterable[AuditEvent]) -> dict[int, list[PurchaseOrder]]:
    """The orders that facts of a count are about, by the fact's id: that of the difference, else all on the sheet."""
    sheets = {event.pk: event for event in events if event.kind in OF_COUNTS and event.facts.get("sheet")}
    by_sheet = orders_of_sheets(str(event.facts["sheet"]) for event in sheets.values()) if sheets else {}
    found: dict[int, list[PurchaseOrder]] = {}
    for pk, event in sheets.items():
        orders = by_sheet.get(str(event.facts["sheet"]), [])
        number = event.facts.get("order")
        found[pk] = [one for one in orders if number in (None, one.number)]
    return found


# --- what waits, and what left -------------------------------------------------------------------------------


def waiting_notices(at: datetime) -> list[Gathered]:
    """What is gathered for those readers for whom something is due."""
    due = Notice.objects.filter(state=NoticeState.GATHERED, due_at__lte=at)
    readers = due.values("address")
    rows = Notice.objects.filter(state=NoticeState.GATHERED, address__in=readers)
    fields = ("pk", "address", "audience", "supplier_id", "cadence", "due_at", "kind", "event_kind")
    return [
        Gathered(
            pk,
            (address, audience, supplier if audience == "supplier" else None),
            cadence,
            when,
            kind in ALONE or fact in APPROVAL_ASKED,
        )
        for pk, address, audience, supplier, cadence, when, kind, fact in rows.order_by("id").values_list(
            *fields
        )
    ]


def mail_named(message_id: str) -> NoticeMail | None:
    """The mail that a reply, or a bounce, names; with or without its angle brackets."""
    bare = message_id.strip().strip("<>").strip()
    return NoticeMail.objects.filter(message_id=bare).prefetch_related("notices").first() if bare else None


def notices_on(order: PurchaseOrder) -> QuerySet[Notice]:
    """What was told about an order, newest first. For the buying side."""
    return Notice.objects.filter(order=order).select_related("mail").order_by("-id")


# --- what nobody has seen ------------------------------------------------------------------------------------


def orders_waiting(at: datetime) -> QuerySet[PurchaseOrder]:
    """Orders that ask their supplier for an answer, and have not been asking for months."""
    waiting = PurchaseOrder.objects.filter(state=OrderState.ISSUED, lines_for_supplier__gt=0)
    recent = waiting.filter(ordered_on__gte=(at - WATCHED_FOR).date())
    return recent.exclude(supplier__state=SupplierState.BLOCKED).select_related("supplier")


def orders_unseen(at: datetime) -> list[PurchaseOrder]:
    """Orders that wait for an answer, were mailed, and whose newest revision nobody at the supplier has seen since.

    For longer than NOTICES_UNSEEN_AFTER, counted in the supplier's own working time from the mail; from when it would
    have been mailed where nobody wants to hear of it. An answer counts as having seen.
    """
    sights = OrderSight.objects.filter(order=OuterRef("pk"), revision=OuterRef("revision"))
    told = Notice.objects.filter(
        order=OuterRef("pk"),
        audience=Audience.SUPPLIER,
        kind__in=[NoticeKind.ORDER_NEW, NoticeKind.ORDER_REVISED],
        happened_at__gte=OuterRef("revised_at"),
    )
    mailed = told.filter(state=NoticeState.SENT).order_by("mail__sent_at")
    unwanted = told.filter(state=NoticeState.NOT_WANTED, cadence=Cadence.NEVER).order_by("gathered_at")
    waiting = told.filter(state__in=[NoticeState.GATHERED, NoticeState.MAILING])
    found = orders_waiting(at).filter(~Exists(sights))
    found = found.annotate(
        mailed_at=Coalesce(
            Subquery(mailed.values("mail__sent_at")[:1]),
            Case(When(~Exists(waiting), then=Subquery(unwanted.values("gathered_at")[:1]))),
        )
    )
    late: list[PurchaseOrder] = []
    for order in found.filter(mailed_at__lte=at - settings.NOTICES_UNSEEN_AFTER).order_by("mailed_at", "id")[
        :MOST_WATCHED
    ]:
        supplier = order.supplier
        calendar = default_calendar(supplier.country, supplier.time_zone)
        mailed_at: datetime = order.mailed_at
        if working_time_between(mailed_at, at, calendar) >= settings.NOTICES_UNSEEN_AFTER:
            late.append(order)
    return late


def orders_without_reader(at: datetime) -> list[PurchaseOrder]:
    """Orders that wait for an answer where nobody can be written to: no person with rights, and no address."""
    roles = [role for role, may in SUPPLIER_ROLES.items() if Permission.ORDER_ACKNOWLEDGE in may]
    people = Membership.objects.filter(supplier=OuterRef("supplier"), role__in=roles, user__is_active=True)
    found = orders_waiting(at).filter(~Exists(people), supplier__email="")
    return list(found.order_by("revised_at", "id")[:MOST_WATCHED])


def told_already(orders: Sequence[PurchaseOrder], cause: str) -> set[int]:
    """Of these orders, those whose newest revision was told of already for this cause."""
    rows = DeliveryWatch.objects.filter(order__in=[one.pk for one in orders], cause=cause)
    told = {(row.order_id, row.revision) for row in rows}
    return {one.pk for one in orders if (one.pk, one.revision) in told}


def preferences_of(user_id: int) -> Mapping[str, str]:
    """What one person chose, by kind."""
    rows = NoticePreference.objects.filter(user_id=user_id)
    return dict(rows.values_list("kind", "cadence"))


def language_of(person: Person) -> str:
    """The language somebody reads, where we know them; empty otherwise."""
    if person.user_id:
        return User.objects.filter(pk=person.user_id).values_list("language", flat=True).first() or ""
    supplier = Supplier.objects.filter(email__iexact=person.address).first()
    return supplier.language if supplier else ""
