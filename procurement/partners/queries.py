"""What is open with one supplier, and how it has done over ninety days: a fixed number of queries, each by an index."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q
from django.utils import timezone

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from procurement.bills.queries import visible_bills
from procurement.bills.states import OWED
from procurement.changes.queries import visible_changes
from procurement.changes.states import OPEN as OPEN_CHANGES
from procurement.changes.states import Side
from procurement.inbox.queries.cases import visible_cases
from procurement.inbox.states import LIVE, Cause
from procurement.invoices.models import Invoice
from procurement.invoices.queries import visible_invoices
from procurement.invoices.states import OPEN as OPEN_INVOICES
from procurement.invoices.states import SETTLED, InvoiceKind, InvoiceState
from procurement.links.models import SignedLink
from procurement.matching.queries.figures import first_matches
from procurement.orders.models import LINE_IS_OPEN, ORDER_IS_OPEN, PurchaseOrder
from procurement.orders.queries import visible_lines, visible_orders
from procurement.orders.states import Agreement, OrderState
from procurement.partners.policies import HEALTH_OVER, Ratio, Share
from procurement.partners.states import EndsWithIt, OpenMatter
from procurement.payables.queries.desk import approved_by_rule
from procurement.shipments.queries import late_notices, visible_notices
from procurement.shipments.states import ON_THE_WAY
from procurement.statements.queries import visible_statements
from procurement.statements.states import StatementState
from procurement.supply.queries.record import answered, deliveries_of
from suppliers.banking.queries import changes as bank_changes
from suppliers.banking.queries import open_freeze
from suppliers.banking.states import UNDECIDED
from suppliers.details.models import IN_FORCE, Contact
from suppliers.details.queries import visible_changes as detail_changes
from suppliers.details.states import ChangeState as DetailState
from suppliers.documents.queries import Held, held_of, visible_versions
from suppliers.documents.states import PENDING
from suppliers.models import Membership, Supplier
from suppliers.offboarding.models import Offboarding
from suppliers.offboarding.queries import standing_for
from suppliers.onboarding.queries import runs, sheet_of
from suppliers.onboarding.states import OPEN as ONBOARDING
from suppliers.people.queries import invitations
from suppliers.people.states import InvitationState
from suppliers.roles import Permission
from suppliers.screening.queries import hits
from suppliers.screening.states import HitState
from suppliers.tokens.queries import live_tokens

MOST_PEOPLE, MOST_EVENTS, MOST_STREAMS = 8, 12, 40
UNPAID = (*OPEN_INVOICES, InvoiceState.APPROVED, InvoiceState.SCHEDULED)
OWN_CASES = (Cause.REJECTED, Cause.COUNT, Cause.CREDIT)


# --- what is open --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Work:
    """How much of each paper waits for whom."""

    orders: Mapping[str, int]
    late_lines: int
    changes: Mapping[str, int]
    shipments: Mapping[str, int]
    invoices: Mapping[str, int]
    statements: int
    details: int
    bank: int
    cases: int


def work_with(supplier: Supplier, *, actor: Actor, at: datetime) -> Work:
    """What is open with a supplier, paper by paper. Nine queries."""
    own = {"supplier": supplier}
    today = timezone.localdate(at)
    waits = Q(lines_for_supplier__gt=0)
    orders = visible_orders(actor).filter(**own, state=OrderState.ISSUED)
    late = visible_lines(actor).filter(LINE_IS_OPEN, **own, order__state=OrderState.ISSUED)
    changes = visible_changes(actor).filter(**own, state__in=OPEN_CHANGES)
    notices = visible_notices(actor).filter(**own)
    stopped = Q(state=InvoiceState.HELD) | Q(state=InvoiceState.DISPUTED)
    return Work(
        orders=orders.aggregate(
            open=Count("pk", filter=ORDER_IS_OPEN),
            theirs=Count("pk", filter=waits),
            overdue=Count("pk", filter=waits & Q(acknowledge_by_at__lt=at)),
            ours=Count("pk", filter=Q(lines_for_buyer__gt=0)),
        ),
        late_lines=late.filter(agreement=Agreement.AGREED, next_delivery_on__lt=today).count(),
        changes=changes.aggregate(
            ours=Count("pk", filter=Q(turn=Side.BUYER)), theirs=Count("pk", filter=Q(turn=Side.SUPPLIER))
        ),
        shipments={
            "way": notices.filter(state__in=ON_THE_WAY).count(),
            "late": late_notices(notices, on=today).count(),
        },
        invoices=visible_invoices(actor)
        .filter(**own, state__in=UNPAID)
        .aggregate(
            held=Count("pk", filter=stopped),
            going=Count("pk", filter=Q(state=InvoiceState.APPROVED) | Q(state=InvoiceState.SCHEDULED)),
            matching=Count("pk", filter=Q(state=InvoiceState.SENT)),
        ),
        statements=visible_statements(actor)
        .filter(**own, state=StatementState.COMPARED, differing__gt=0)
        .count(),
        details=detail_changes(actor).filter(**own, state=DetailState.WAITING).count(),
        bank=_bank_changes(supplier, actor),
        cases=visible_cases(actor).filter(**own, state__in=LIVE).count(),
    )


def _bank_changes(supplier: Supplier, actor: Actor) -> int:
    if not actor.may(Permission.BANK_VIEW):
        return 0
    return bank_changes(actor).filter(supplier=supplier, state__in=UNDECIDED).count()


def open_matters(supplier: Supplier, *, actor: Actor) -> dict[str, int]:
    """What has to be finished before the business ends, by `OpenMatter`; nothing of which there is none. Counted in the
    scope of the buying side, whatever the reader may open of it. Twelve queries."""
    own = {"supplier": supplier}
    claims = visible_invoices(actor).filter(**own, state__in=UNPAID)
    cases = visible_cases(actor).filter(**own, state__in=LIVE)
    known = Exists(Invoice.objects.filter(bill=OuterRef("pk")))
    owed_back = claims.filter(kind=InvoiceKind.CREDIT_NOTE).count() + cases.filter(cause=Cause.CREDIT).count()
    counts = {
        OpenMatter.ORDERS: visible_orders(actor).filter(ORDER_IS_OPEN, **own).count(),
        OpenMatter.CHANGES: visible_changes(actor).filter(**own, state__in=OPEN_CHANGES).count(),
        OpenMatter.SHIPMENTS: visible_notices(actor).filter(**own, state__in=ON_THE_WAY).count(),
        OpenMatter.RETURNS: cases.filter(cause__in=[Cause.REJECTED, Cause.COUNT]).count(),
        OpenMatter.INVOICES: claims.exclude(kind=InvoiceKind.CREDIT_NOTE).count(),
        OpenMatter.CREDITS: owed_back,
        OpenMatter.BILLS: visible_bills(actor).filter(~known, **own, state__in=OWED).count(),
        OpenMatter.STATEMENTS: visible_statements(actor)
        .filter(**own, state=StatementState.COMPARED, differing__gt=0)
        .count(),
        OpenMatter.DOCUMENTS: visible_versions(actor).filter(**own, state__in=PENDING).count(),
        OpenMatter.DETAILS: detail_changes(actor).filter(**own, state=DetailState.WAITING).count(),
        OpenMatter.BANK: bank_changes(actor).filter(**own, state__in=UNDECIDED).count(),
        OpenMatter.CASES: cases.exclude(cause__in=OWN_CASES).count(),
    }
    return {str(kind): count for kind, count in counts.items() if count}


def ends_with_it(supplier: Supplier, *, actor: Actor, at: datetime) -> dict[str, int]:
    """What ends by itself with the business, by `EndsWithIt`. Four queries."""
    waiting = invitations(actor).filter(supplier=supplier, state=InvitationState.SENT)
    counts = {
        EndsWithIt.PEOPLE: Membership.objects.visible_to(actor).filter(supplier=supplier).count(),
        EndsWithIt.INVITATIONS: waiting.count(),
        EndsWithIt.TOKENS: live_tokens(actor).filter(supplier=supplier).count(),
        EndsWithIt.LINKS: links_open(supplier, at).count(),
    }
    return {str(kind): count for kind, count in counts.items() if count}


def links_open(supplier: Supplier, at: datetime) -> Any:
    """The signed links that open something of a supplier now."""
    return SignedLink.objects.filter(supplier=supplier, revoked_at=None, expires_at__gt=at)


def orders_since(row: Offboarding, *, actor: Actor) -> int:
    """How many orders came out of the ERP although the business is ending, or has ended."""
    return visible_orders(actor).filter(supplier=row.supplier_id, received_at__gt=row.begun_at).count()


# --- at a glance ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Glance:
    """Who a supplier is, as far as the reader may know."""

    newest_order: PurchaseOrder | None
    leaving: Offboarding | None
    orders_since: int
    is_frozen: bool
    listed: str  # the state of the gravest hit of the screening that stands; empty where there is none
    run: Any
    waiting_steps: Sequence[str]
    contacts: Sequence[Contact]
    documents: Sequence[Held]
    members: Sequence[Membership]
    member_count: int
    tokens: int


def _listed(supplier: Supplier, actor: Actor) -> str:
    stands = (HitState.OPEN, HitState.CONFIRMED)
    found = set(hits(actor).filter(supplier=supplier, state__in=stands).values_list("state", flat=True))
    return next((one for one in (HitState.CONFIRMED, HitState.OPEN) if one in found), "")


def glance_at(supplier: Supplier, *, actor: Actor, at: datetime) -> Glance:
    """Who it is. A fixed number of queries for each reader, however much there is; some more while it is being brought
    in, for the step at which it waits."""
    newest = visible_orders(actor).filter(supplier=supplier).order_by("-ordered_on", "-id").first()
    leaving = standing_for(supplier)
    run = runs(actor).filter(supplier=supplier).first()
    members = Membership.objects.visible_to(actor).filter(supplier=supplier).select_related("user")
    may_people, may_manage = actor.may(Permission.PEOPLE_VIEW), actor.may(Permission.SUPPLIER_MANAGE)
    contacts = Contact.objects.visible_to(actor).filter(IN_FORCE, supplier=supplier)
    return Glance(
        newest_order=newest,
        leaving=leaving,
        orders_since=orders_since(leaving, actor=actor) if leaving else 0,
        is_frozen=actor.may(Permission.BANK_VIEW) and open_freeze(supplier.pk) is not None,
        listed=_listed(supplier, actor) if may_manage else "",
        run=run,
        waiting_steps=sheet_of(run, at).waiting if run is not None and run.state in ONBOARDING else (),
        contacts=list(contacts.order_by("name", "id")[:30]),
        documents=held_of([supplier], at, actor=actor)[supplier.pk]
        if actor.may(Permission.DOCUMENT_VIEW)
        else (),
        members=list(members.order_by("user__name", "id")[:MOST_PEOPLE]) if may_people else (),
        member_count=members.count(),
        tokens=live_tokens(actor).filter(supplier=supplier).count(),
    )


# --- how it does ---------------------------------------------------------------------------------------------


def health_of(supplier: Supplier, *, actor: Actor, at: datetime) -> dict[Ratio, Share]:
    """A few shares over ninety days, each as it is counted elsewhere (docs/measures.md). Five queries."""
    since = at - HEALTH_OVER
    today = timezone.localdate(at)
    due = [one for one in deliveries_of(supplier.pk, today=today) if one.due_on > since.date()]
    answers = answered(supplier.pk, at=at, period=HEALTH_OVER)
    lately = {"supplier": supplier, "approved_at__gt": since, "approved_at__lte": at}
    approved = visible_invoices(actor).filter(**lately, state__in=SETTLED)
    matches = (
        first_matches(actor, since=since, until=at)
        .filter(supplier=supplier)
        .aggregate(of=Count("pk"), count=Count("pk", filter=Q(outcome="passed")))
    )
    return {
        Ratio.KEPT: Share(sum(one.is_kept for one in due), len(due)),
        Ratio.ANSWERED: Share(answers.in_time, answers.given),
        Ratio.UNTOUCHED: Share(approved_by_rule(actor).filter(**lately).count(), approved.count()),
        Ratio.FIRST_PASS: Share(matches["count"], matches["of"]),
    }


# --- what happened -------------------------------------------------------------------------------------------


def trail_of(
    supplier: Supplier, kinds: Sequence[str], *, actor: Actor, streams: Sequence[str] = ()
) -> list[AuditEvent]:
    """The newest facts about a supplier as such, of the kinds that its reader may see. Each stream by its index."""
    wanted = [supplier.stream, *streams][:MOST_STREAMS]
    found = AuditEvent.objects.visible_to(actor).filter(stream__in=wanted, kind__in=kinds)
    return list(found.order_by("-at", "-id")[:MOST_EVENTS])


def bank_streams(supplier: Supplier, *, actor: Actor) -> list[str]:
    """The streams of its newest changes of bank details, for whoever may see them."""
    if not actor.may(Permission.BANK_VIEW):
        return []
    rows = bank_changes(actor).filter(supplier=supplier).order_by(F("pk").desc())[:10]
    return [one.stream for one in rows]
