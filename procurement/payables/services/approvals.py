"""Accepting an invoice within one's limit, asking others for approval, and their answers.

Note [The invoice first]: whoever answers holds the invoice, then the approvals of its round. So of two approvers at one
moment the second sees what the first said, and nothing is approved that its supplier takes back in that moment.

Note [With its round]: a credit note that takes off what is not due stands and falls with the round in which its invoice
is approved. Whoever may end a round, or accepts, therefore holds the orders first: what the note gives back is claimed
again.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import Fact, record_all
from portal.kernel.errors import (
    IllegalTransition,
    Invalid,
    NotAllowed,
    NotFound,
    Problem,
    Refusal,
    StaleDocument,
)
from portal.kernel.scope import requires_scope
from procurement.invoices.messages import InvoiceNamed
from procurement.invoices.models import Invoice
from procurement.invoices.queries import lock_invoice, order_ids_of
from procurement.invoices.services.holding import hold_with_orders, require_as_seen, require_verb
from procurement.invoices.services.settle import approve_invoice
from procurement.invoices.services.withdraw import withdraw_invoice
from procurement.matching.queries import paying_waits_of
from procurement.orders.queries import lock_orders
from procurement.payables.messages import ApprovalSaid, InvoiceSaid
from procurement.payables.models import Approval, ApprovalRule
from procurement.payables.policies import may_answer, steps_reached
from procurement.payables.queries.approvals import (
    approver_of,
    authors_of,
    barred_from,
    covers,
    find_approval,
    hold_notes,
    hold_notes_before,
    hold_round,
    may_accept_alone,
    people_for,
    today_of,
    wanted_by,
    wanted_of,
)
from procurement.payables.states import APPROVAL_LIFECYCLE, OPEN_APPROVALS, ApprovalState
from suppliers.models import User
from suppliers.onboarding.presenters import names_of as steps_text
from suppliers.roles import Permission

DESK = Actor.system("Accounts payable")
LONGEST_REASON = 2000


@dataclass(frozen=True, slots=True)
class Accepted:
    """What came of accepting: the invoice, and the approvals that were asked for where it was beyond one's limit."""

    invoice: Invoice
    asked: Sequence[Approval] = ()


class OnboardingOpen(Refusal):
    """Paying waits until the supplier has given what its onboarding asks."""

    code = "onboarding_open"


@requires_scope
def accept_invoice(command: InvoiceSaid, *, actor: Actor, at: datetime) -> Accepted:
    """Accept an invoice as it is, with the reason: approved at once within one's limit, else others are asked.

    The limit speaks of all that it claims, taxes and all, whatever a credit note takes off. Raises `NotAllowed` for
    who wrote it, and as `ask_approval`.
    """
    require_approver(actor)
    reason = require_reason(command.reason)
    invoice = hold_to_end_round(command.invoice, actor=actor)
    require_as_seen(invoice, command.version)
    require_verb(invoice, "approve")
    if actor.user_id in authors_of(invoice):
        raise NotAllowed(
            _("You wrote this invoice for the supplier. Somebody else accepts it: ask for approval.")
        )
    if may_accept_alone(invoice, actor):
        _lapse(hold_round(invoice), actor=actor, at=at)
        return Accepted(_approve(invoice, reason, actor=actor, at=at))
    return Accepted(invoice, _ask(invoice, reason, actor=actor, at=at))


@requires_scope
def ask_approval(command: InvoiceSaid, *, actor: Actor, at: datetime) -> Sequence[Approval]:
    """Ask those whom the rules name to approve an invoice, with the reason why it should be paid as it is.

    Raises `NotAllowed`, `Invalid` without a reason, `IllegalTransition` where it is settled or asked already, and
    `StaleDocument`; `OnboardingOpen` while paying waits for the supplier's onboarding.
    """
    require_approver(actor, Permission.INVOICE_SETTLE)
    reason = require_reason(command.reason)
    invoice = lock_invoice(command.invoice, actor=actor)
    require_as_seen(invoice, command.version)
    require_verb(invoice, "approve")
    return _ask(invoice, reason, actor=actor, at=at)


@requires_scope
def approve_step(command: ApprovalSaid, *, actor: Actor, at: datetime) -> Approval:
    """Give one approval. After the last of its step the next step is asked; after the last of all the invoice is
    approved, in this moment, with the credit notes that take off what is not due.

    Where the round does not cover any more what the rules ask (`covers`), it lapses instead, and accounts payable asks
    anew. Raises `NotAllowed` for who is not asked, wrote it, asked for it or answered already; `IllegalTransition`
    where the invoice is settled or taken back, `StaleDocument` where the approval was answered meanwhile.
    """
    invoice, asked, one = _held(command, actor)
    require_verb(invoice, "approve")
    _require_asked(one, invoice, asked, actor, at)
    if not covers(invoice, asked, at):
        _end_round(invoice, asked, actor=actor, at=at)
        return one
    fields = {**_answer(actor, at), "answer": command.reason.strip()[:LONGEST_REASON]}
    fields["for_person_id"] = _stands_for(one, actor, at)
    facts = {**_facts(one), "answer": fields["answer"]}
    APPROVAL_LIFECYCLE.move(one, "grant", actor=actor, at=at, facts=facts, fields=fields)
    open_ones = [other for other in asked if other.state in OPEN_APPROVALS]
    if not open_ones:
        # Everybody whom the rules name has said yes.
        _approve(invoice, one.reason, actor=actor, at=at)
        return one
    turn = steps_reached([(other.step, other.state == ApprovalState.GRANTED) for other in asked])
    reached = [other for other in open_ones if other.step == turn and other.state == ApprovalState.WAITING]
    for other in reached:
        other.invoice = invoice
        other.reached_at = at
        APPROVAL_LIFECYCLE.move(
            other, "reach", actor=actor, at=at, facts=_told(other, at), fields={"reached_at": at}
        )
    return one


@requires_scope
def decline_step(command: ApprovalSaid, *, actor: Actor, at: datetime) -> Approval:
    """Say no to one approval, with the reason: the others of its round lapse, the credit note that was to take off what
    is not due is taken back, and accounts payable goes on with the invoice. Raises as `approve_step`, and `Invalid`
    without a reason.
    """
    reason = require_reason(command.reason)
    invoice, asked, one = _held(command, actor)
    require_verb(invoice, "approve")
    _require_asked(one, invoice, asked, actor, at)
    fields = {**_answer(actor, at), "answer": reason, "for_person_id": _stands_for(one, actor, at)}
    facts = {**_facts(one), "answer": reason, "people": [one.asked_by_user_id]}
    APPROVAL_LIFECYCLE.move(one, "decline", actor=actor, at=at, facts=facts, fields=fields)
    _end_round(invoice, asked, actor=actor, at=at)
    return one


@requires_scope
def call_off(command: InvoiceSaid, *, actor: Actor, at: datetime) -> Invoice:
    """Take back that approval was asked for.

    Raises `NotAllowed`, `StaleDocument`, and `IllegalTransition` where nothing is asked.
    """
    require_approver(actor, Permission.INVOICE_SETTLE)
    invoice = hold_to_end_round(command.invoice, actor=actor)
    require_as_seen(invoice, command.version)
    if not _end_round(invoice, hold_round(invoice), actor=actor, at=at):
        raise IllegalTransition(_("No approval is asked for this invoice."))
    return invoice


@requires_scope
def lapse_approvals(keys: Iterable[uuid.UUID], *, actor: Actor, at: datetime) -> int:
    """Nothing is asked any more of invoices (by the key of their document) that went another way: approved by rule,
    rejected, taken back, replaced. Told twice it changes nothing.
    """
    lapsed = 0
    rows = Approval.objects.filter(invoice__document__in=list(keys), state__in=OPEN_APPROVALS)
    invoices = sorted(set(rows.values_list("invoice_id", "invoice__key")))
    # All orders before any invoice: whoever holds several invoices does so.
    lock_orders(order_ids_of([pk for pk, _key in invoices]))
    for _pk, key in invoices:
        try:
            invoice = hold_to_end_round(key, actor=actor)
        except NotFound:
            continue
        if invoice.state in APPROVABLE:
            continue
        lapsed += _end_round(invoice, hold_round(invoice), actor=actor, at=at)
    return lapsed


def clear(invoice: Invoice, *, actor: Actor, at: datetime) -> None:
    """Nothing is asked any more of an invoice, which is held with its orders (`hold_to_end_round`) and goes another
    way.
    """
    _end_round(invoice, hold_round(invoice), actor=actor, at=at)


def hold_to_end_round(key: uuid.UUID, *, actor: Actor) -> Invoice:
    """An invoice, held after its orders. See Note [With its round]."""
    invoice, _orders = hold_with_orders(key, actor=actor)
    return invoice


def _end_round(invoice: Invoice, asked: Iterable[Approval], *, actor: Actor, at: datetime) -> int:
    """Nobody is asked any more, and what was to be taken off with that approval is not. See Note [With its round].

    Says how many approvals lapsed. The credit notes are taken back in accounts payable's name: whoever says no need not
    be one who writes them, and why is between people of the buying side.
    """
    lapsed = _lapse(asked, actor=actor, at=at)
    for note in hold_notes(invoice):
        take_back_note(invoice, note, at=at)
    return lapsed


def take_back_note(invoice: Invoice, note: Invoice, *, at: datetime) -> None:
    """Withdraw an open credit note of ours that takes nothing off its invoice any more; both are held."""
    said = _("What it takes off invoice %(number)s was not approved. It counts nowhere any more.")
    named = InvoiceNamed(note.key, note.version)
    withdraw_invoice(named, said % {"number": invoice.number}, actor=DESK, at=at)


def _approve(invoice: Invoice, reason: str, *, actor: Actor, at: datetime) -> Invoice:
    """Approve an invoice, which is held with its orders, and with it the credit notes that accounts payable sent about
    it for its supplier. Those about a version before are taken back: nobody was asked about them with this one.

    Raises `OnboardingOpen` while paying waits for the supplier's onboarding.
    """
    _require_paying(invoice, at)
    for note in hold_notes_before(invoice):
        take_back_note(invoice, note, at=at)
    notes = hold_notes(invoice)
    approved = approve_invoice(invoice.key, reason, less=notes, actor=actor, at=at)
    for note in notes:
        approve_invoice(note.key, reason, actor=actor, at=at)
    return approved


def _require_paying(invoice: Invoice, at: datetime) -> None:
    """Raise `OnboardingOpen` while paying waits for the supplier's onboarding, where the policy says so. Asked before
    anybody is asked, too: nobody's approval is to be in vain.
    """
    if waits := paying_waits_of(invoice, at=at):
        message = _(
            "Paying this supplier waits for its onboarding: %(steps)s. Approve it when that is done, or send it back."
        )
        raise OnboardingOpen(message % {"steps": steps_text(waits.steps)})


APPROVABLE = frozenset({"sent", "held", "disputed"})


def _ask(invoice: Invoice, reason: str, *, actor: Actor, at: datetime) -> list[Approval]:
    _require_paying(invoice, at)
    before = hold_round(invoice)
    if any(one.state in OPEN_APPROVALS for one in before):
        raise IllegalTransition(_("Approval of this invoice is asked for already."))
    wanted = wanted_of(invoice, actor, at)
    first = min(one.step for one in wanted)
    rules = {
        str(rule.key): rule.pk
        for rule in ApprovalRule.objects.filter(key__in=[one.rule for one in wanted if one.rule])
    }
    rows = [
        Approval(
            supplier_id=invoice.supplier_id,
            invoice=invoice,
            state=ApprovalState.ASKED if one.step == first else ApprovalState.WAITING,
            round=(before[0].round if before else 0) + 1,
            step=one.step,
            rule_id=rules.get(one.rule),
            role=one.role,
            person_id=one.person,
            reason=reason,
            asked_at=at,
            asked_by=actor.label,
            asked_by_user_id=actor.user_id,
            reached_at=at if one.step == first else None,
        )
        for one in wanted
    ]
    Approval.objects.bulk_create(rows)
    facts = [
        Fact("invoice.approval_asked", invoice.stream, invoice.supplier_id, _told(one, at), internal=True)
        for one in rows
    ]
    record_all(facts, actor=actor, at=at)
    return rows


def _held(command: ApprovalSaid, actor: Actor) -> tuple[Invoice, list[Approval], Approval]:
    """See Note [The invoice first] and Note [With its round]."""
    require_approver(actor)
    seen = find_approval(command.approval, actor=actor)
    invoice = hold_to_end_round(seen.invoice.key, actor=actor)
    asked = hold_round(invoice)
    one = next((other for other in asked if other.pk == seen.pk), None)
    if one is None or one.state != ApprovalState.ASKED or one.version != command.version:
        raise StaleDocument(_("This approval was answered, or is not needed any more. Look at the invoice."))
    one.invoice = invoice
    return invoice, asked, one


def _require_asked(
    one: Approval, invoice: Invoice, asked: Sequence[Approval], actor: Actor, at: datetime
) -> None:
    barred = barred_from(invoice, asked)
    if actor.user_id in barred:
        raise NotAllowed(
            _(
                "You wrote this invoice, asked for its approval or approved another step. Somebody else answers."
            )
        )
    if not may_answer(wanted_by(one), approver_of(actor, today_of(invoice.company, at)), barred):
        raise NotAllowed(_("This approval is asked of somebody else."))


def _stands_for(one: Approval, actor: Actor, at: datetime) -> int | None:
    """For whom somebody answers who stands in; None for who answers for himself."""
    if one.person_id is not None:
        return one.person_id if one.person_id != actor.user_id else None
    if actor.role == one.role or not one.rule_id:
        return None
    people = approver_of(actor, today_of(one.invoice.company, at)).for_people
    same = User.objects.filter(pk__in=people, company_role=one.role).order_by("pk")
    return same.values_list("pk", flat=True).first()


def _lapse(asked: Iterable[Approval], *, actor: Actor, at: datetime) -> int:
    lapsed = 0
    for one in asked:
        if one.state in OPEN_APPROVALS:
            APPROVAL_LIFECYCLE.move(one, "lapse", actor=actor, at=at, facts=_facts(one))
            lapsed += 1
    return lapsed


def _answer(actor: Actor, at: datetime) -> dict[str, Any]:
    return {"answered_at": at, "answered_by": actor.label, "answered_by_user_id": actor.user_id}


def _facts(one: Approval) -> dict[str, Any]:
    return {
        "approval": str(one.key),
        "invoice": str(one.invoice.key),
        "number": one.invoice.number,
        "supplier": one.invoice.supplier.name,
        "step": one.step,
        "role": one.role,
        "person": one.person_id,
        "reason": one.reason[:200],
    }


def _told(one: Approval, at: datetime) -> dict[str, Any]:
    """What is told of an approval to those who can give it; of one whose turn has not come, to nobody."""
    people = [] if one.state == ApprovalState.WAITING and one.reached_at is None else people_for(one, at)
    return {**_facts(one), "by": one.asked_by, "people": people}


def require_approver(actor: Actor, permission: str = Permission.INVOICE_APPROVE) -> None:
    """Raise `NotAllowed` for who decides on no invoices."""
    if actor.is_supplier or not actor.may(permission):
        raise NotAllowed(_("Your role reads invoices. Accounts payable and who it asks decide on them."))


def require_reason(text: str) -> str:
    """The reason that was typed. Raises `Invalid` where there is none, or too long a one."""
    reason = text.strip()
    if not reason:
        message = _("Say why: it is kept with the invoice.")
        raise Invalid(message, [Problem("reason", message, "", "required")])
    if len(reason) > LONGEST_REASON:
        message = _("This has %(length)d characters; there is room for %(most)d.")
        message %= {"length": len(reason), "most": LONGEST_REASON}
        raise Invalid(message, [Problem("reason", message, reason[:80], "too_long")])
    return reason
