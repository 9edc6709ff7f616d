"""An approval by a mailed link: what a token opens, who acts through it, and what its reader is shown."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.urls import reverse

from portal.kernel.actors import Actor, Channel
from procurement.invoices.models import Invoice, InvoiceCharge, InvoiceLine
from procurement.invoices.states import LIVE, OPEN, InvoiceKind
from procurement.links.policies import APPROVAL, key_in
from procurement.links.queries import secrets
from procurement.matching.models import Match, MatchCheck
from procurement.payables.messages import Shown
from procurement.payables.models import Approval, ApprovalLink
from procurement.payables.policies import is_above, may_answer, may_by_link
from procurement.payables.queries.approvals import (
    approver_of,
    barred_from,
    newest_round,
    today_of,
    wanted_by,
)
from procurement.payables.states import ApprovalState
from suppliers.models import User
from suppliers.queries import actor_of
from suppliers.roles import Permission

# No more than to read the case and to say one word on it, whatever else the person may do.
BY_LINK = frozenset({Permission.INVOICE_VIEW, Permission.INVOICE_APPROVE})


def find_approval_link(token: str) -> ApprovalLink | None:
    """The link of a token, whatever it is still good for; None where there is none. Runs before any scope."""
    key = key_in(token, secrets(), seal=APPROVAL)
    return ApprovalLink.objects.filter(key=key).select_related("user").first() if key else None


def approval_url(link: ApprovalLink) -> str:
    """The address of a link, to be mailed to its person. Never to be logged."""
    return f"{settings.PUBLIC_URL}{reverse('approve', args=[link.token])}"


def opens(link: ApprovalLink, at: datetime) -> bool:
    """Whether a link shows anything at all: it was neither given back nor has it run out."""
    return link.refused_at is None and at < link.expires_at


def actor_of_approval_link(link: ApprovalLink) -> Actor | None:
    """Who acts through a link: its person as he or she is now, with no right but to approve. None for who has left, or
    approves nothing any more. Runs before any scope.
    """
    user: User = link.user
    actor = actor_of(user, channel=Channel.LINK) if user.is_active and user.company_role else None
    if actor is None or not actor.may(Permission.INVOICE_APPROVE):
        return None
    return replace(actor, permissions=actor.permissions & BY_LINK)


def must_sign_in(invoice: Invoice) -> bool:
    """Whether an invoice is approved by nobody who has not signed in. See APPROVE_BY_LINK_LIMIT. Nor does a link show
    a second factor, where that is asked for.
    """
    return wants_fresh_factor(invoice) or not may_by_link(
        abs(invoice.total),
        invoice.currency,
        invoice.company.code,
        limits=settings.APPROVE_BY_LINK_LIMIT,
        sign_in=settings.APPROVE_BY_LINK_SIGN_IN,
    )


def wants_fresh_factor(invoice: Invoice) -> bool:
    """Whether who approves an invoice shows a second factor first. See APPROVE_FACTOR_ABOVE."""
    return is_above(abs(invoice.total), invoice.currency, limits=settings.APPROVE_FACTOR_ABOVE)


def approval_of(link: ApprovalLink) -> Approval:
    """The approval that a link is about, with its invoice."""
    found: Approval = Approval.objects.select_related(
        "invoice__company", "invoice__supplier", "person", "for_person"
    ).get(pk=link.approval_id)
    return found


def is_asked_of(approval: Approval, actor: Actor, at: datetime) -> bool:
    """Whether this person may answer an approval now: for himself, or as a stand-in. It is asked again at the press."""
    invoice = approval.invoice
    asked = newest_round(list(Approval.objects.filter(invoice=invoice)))
    approver = approver_of(actor, today_of(invoice.company, at))
    return may_answer(wanted_by(approval), approver, barred_from(invoice, asked))


# --- what an approver is shown ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LineInShort:
    """One line that is claimed, and whether the match says something of it."""

    line: InvoiceLine
    differs: bool


@dataclass(frozen=True, slots=True)
class InShort:
    """A case as somebody is shown it who is asked to approve it: those lines first that do not match. `charges` are
    what is added to the whole or taken off.
    """

    invoice: Invoice
    shown: Shown
    lines: Sequence[LineInShort]
    charges: Sequence[InvoiceCharge]
    notes: Sequence[Invoice]


def in_short(invoices: Sequence[Invoice]) -> Mapping[int, InShort]:
    """Cases in short, by the invoice's id. Five queries however many."""
    ids = [one.pk for one in invoices]
    matches = dict(
        Match.objects.filter(invoice__in=ids, is_current=True).values_list("invoice_id", "pk").order_by()
    )
    apart = MatchCheck.objects.filter(match__in=matches.values(), position__gt=0)
    positions = set(apart.values_list("match_id", "position").order_by())
    notes: dict[object, list[Invoice]] = {}
    for note in Invoice.objects.filter(
        corrects__in=ids,
        kind=InvoiceKind.CREDIT_NOTE,
        on_behalf=True,
        state__in=OPEN,
    ).select_related("corrects"):
        assert note.corrects is not None  # asked for above
        notes.setdefault(note.corrects.document, []).append(note)
    lines: dict[int, list[InvoiceLine]] = {}
    for line in (
        InvoiceLine.objects.filter(invoice__in=ids).select_related("line", "order").order_by("position", "id")
    ):
        lines.setdefault(line.invoice_id, []).append(line)
    charges: dict[int, list[InvoiceCharge]] = {}
    of_whole = InvoiceCharge.objects.filter(invoice__in=ids, of_line=None)
    for charge in of_whole.order_by("position", "id"):
        charges.setdefault(charge.invoice_id, []).append(charge)
    found = {}
    for invoice in invoices:
        match = matches.get(invoice.pk)
        same = sorted(notes.get(invoice.document, ()), key=lambda note: note.pk)
        rows = [LineInShort(line, (match, line.position) in positions) for line in lines.get(invoice.pk, ())]
        rows.sort(key=lambda row: not row.differs)
        found[invoice.pk] = InShort(
            invoice, _shown(invoice, match, same), rows, charges.get(invoice.pk, ()), same
        )
    return found


def approved_sum(approval: Approval) -> Decimal:
    """How much somebody approved: the invoice, less the credit notes that were written for its supplier by then."""
    invoice = approval.invoice
    notes = Invoice.objects.filter(
        corrects__document=invoice.document,
        kind=InvoiceKind.CREDIT_NOTE,
        on_behalf=True,
        state__in=LIVE,
        sent_at__lte=approval.answered_at,
    )
    return abs(invoice.total) - sum((abs(note.total) for note in notes), Decimal(0))


def _shown(invoice: Invoice, match: int | None, notes: Sequence[Invoice]) -> Shown:
    state = [invoice.pk, invoice.version, match, *((note.pk, note.version) for note in notes)]
    return Shown(
        mark=hashlib.sha256(repr(state).encode()).hexdigest()[:32],
        total=invoice.total,
        currency=invoice.currency,
        due_on=invoice.due_on,
        held_for={"key": invoice.held_for.get("key", ""), "params": invoice.held_for.get("params", {})},
        credits=sum((abs(note.total) for note in notes), Decimal(0)),
    )


def approvals_asked(keys: Sequence[str]) -> Mapping[str, Approval]:
    """Of these approvals those that are asked now, by key, with their invoices. One query."""
    asked = Approval.objects.filter(key__in=keys, state=ApprovalState.ASKED)
    asked = asked.select_related("invoice__company", "invoice__supplier", "person")
    return {str(one.key): one for one in asked}
