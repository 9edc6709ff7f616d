"""Reading the desk: who approves what, what is asked of whom, what waits for accounts payable."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import NotFound, StaleDocument
from procurement.catalogue.models import Company, Item
from procurement.clocks.queries import holders_among
from procurement.invoices.models import Invoice
from procurement.invoices.states import OPEN, SETTLED, InvoiceKind, InvoiceState
from procurement.matching.models import MatchCheck
from procurement.payables.messages import Approver, Limit, Rule, Wanted, Weighed
from procurement.payables.models import Approval, ApprovalLimit, ApprovalRule, InvoiceQuestion
from procurement.payables.policies import limit_of, may_answer, wanted_for
from procurement.payables.states import OPEN_APPROVALS, ApprovalState, Asked, QuestionState, Why
from suppliers.models import User
from suppliers.queries import actor_of
from suppliers.roles import COMPANY_ROLES, CompanyRole, Permission

# What people write of an invoice: whoever did any of it never approves it.
WRITTEN = ("invoice.drafted", "invoice.sent")


def today_of(company: Company, at: datetime) -> date:
    """The day it is where a company is."""
    return at.astimezone(ZoneInfo(company.time_zone)).date()


# --- who approves what --------------------------------------------------------------------------------------


def rules_written() -> QuerySet[ApprovalRule]:
    """Every approval rule that was ever written, those that hold first."""
    rules = ApprovalRule.objects.select_related("person", "company", "supplier")
    return rules.order_by("step", "-valid_from", "id")


def rules_in_force(on: date) -> list[Rule]:
    """The approval rules that hold on a day."""
    rules = ApprovalRule.objects.filter(valid_from__lte=on).filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=on)
    )
    return [rule.as_value() for rule in rules.order_by("id")]


def find_rule(key: uuid.UUID) -> ApprovalRule:
    """One rule, held until the transaction ends. Raises `NotFound`."""
    found: ApprovalRule | None = ApprovalRule.objects.select_for_update().filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such approval rule."))
    return found


def limits_written() -> QuerySet[ApprovalLimit]:
    """Up to how much people and roles accept alone."""
    return ApprovalLimit.objects.select_related("person").order_by("role", "person__name", "currency")


def limits() -> list[Limit]:
    """The same as they are compared."""
    return [one.as_value() for one in ApprovalLimit.objects.all()]


def approving_roles() -> list[str]:
    """The roles that may be asked for approval."""
    return sorted(role for role, may in COMPANY_ROLES.items() if Permission.INVOICE_APPROVE in may)


def approvers() -> QuerySet[User]:
    """Everybody who may be asked for approval."""
    return User.objects.filter(is_active=True, company_role__in=approving_roles()).order_by("name", "id")


def approver_of(actor: Actor, on: date) -> Approver:
    """Somebody who approves, and for whom he or she stands in on a day. Two queries."""
    user = actor.user_id or 0
    holders = holders_among(approvers().order_by().values("pk"), on)
    people = [person for person, holder in holders.items() if holder == user and person != user]
    roles = (
        User.objects.filter(pk__in=people).exclude(company_role="").values_list("company_role", flat=True)
        if people
        else ()
    )
    return Approver(user, actor.role, frozenset(people), frozenset(roles))


def authors_of(invoice: Invoice) -> frozenset[int]:
    """Who of the buying side wrote an invoice, or sent it for its supplier: none of them may approve it."""
    events = AuditEvent.objects.filter(
        stream=invoice.stream, kind__in=WRITTEN, actor_user_id__isnull=False
    ).exclude(actor_side="supplier")
    found = set(events.values_list("actor_user_id", flat=True))
    if invoice.on_behalf and invoice.sent_by_user_id:
        found.add(invoice.sent_by_user_id)
    return frozenset(found)


def barred_from(invoice: Invoice, asked: Sequence[Approval] = ()) -> frozenset[int]:
    """Who may not answer for an invoice any more: its authors, who asked, and who has answered in this round."""
    told = [pk for one in asked for pk in (one.asked_by_user_id, one.answered_by_user_id) if pk]
    return authors_of(invoice) | frozenset(told)


def weighed(invoice: Invoice) -> Weighed:
    """An invoice as approval rules speak of it. Two queries."""
    numbers = invoice.lines.exclude(line__isnull=True).values("line__item_number")
    groups = Item.objects.filter(number__in=numbers).exclude(group="").values_list("group", flat=True)
    return Weighed(
        abs(invoice.total),
        invoice.currency,
        invoice.company_id,
        invoice.supplier_id,
        frozenset(groups),
        whys_of(invoice),
    )


def whys_of(invoice: Invoice) -> frozenset[str]:
    """Which checks an invoice did not pass, as it was matched last. One query."""
    checks = MatchCheck.objects.filter(match__invoice=invoice, match__is_current=True)
    return frozenset(checks.values_list("kind", flat=True)) & set(Why.values)


def may_accept_alone(invoice: Invoice, actor: Actor) -> bool:
    """Whether all that an invoice claims lies within somebody's limit. One query."""
    if actor.user_id is None:
        return False
    limit = limit_of(limits(), actor.user_id, actor.role, invoice.currency)
    return abs(invoice.total) <= limit and limit > 0


def wanted_of(invoice: Invoice, actor: Actor, at: datetime) -> tuple[Wanted, ...]:
    """The approvals that asking would ask for, as rules stand. Four queries."""
    return _wanted(invoice, weighed(invoice), authors_of(invoice) | {actor.user_id or 0}, at)


def _wanted(invoice: Invoice, claim: Weighed, barred: frozenset[int], at: datetime) -> tuple[Wanted, ...]:
    today = today_of(invoice.company, at)
    found: dict[tuple[int, str, int | None], Wanted] = {}
    for meant in wanted_for(rules_in_force(today), claim, today):
        # Never the one who wrote it or asks: a manager does.
        instead = Wanted(meant.step, CompanyRole.MANAGER, None, meant.rule)
        one = instead if meant.person in barred else meant
        found.setdefault((one.step, one.role, one.person), one)
    return tuple(found.values())


def covers(invoice: Invoice, asked: Sequence[Approval], at: datetime) -> bool:
    """Whether a round still asks everybody whom the rules name, as the invoice and they stand now, and no credit note
    that counted when it was asked was taken back.
    """
    told = {(one.role, one.person_id) for one in asked}
    barred = authors_of(invoice) | {one.asked_by_user_id or 0 for one in asked}
    wanted = _wanted(invoice, weighed(invoice), barred, at)
    if any(one.rule and (one.role, one.person) not in told for one in wanted):
        return False
    gone = (InvoiceState.WITHDRAWN, InvoiceState.REPLACED, InvoiceState.REJECTED)
    since = min(one.asked_at for one in asked)
    return not _notes_for(invoice).filter(state__in=gone, state_at__gte=since).exists()


def hold_notes(invoice: Invoice) -> list[Invoice]:
    """The open credit notes that accounts payable sent about this version of an invoice for its supplier, held until
    the transaction ends. The invoice is held before. Raises `StaleDocument` where one was taken back in this moment.
    """
    return _hold_open(_notes_for(invoice))


def hold_notes_before(invoice: Invoice) -> list[Invoice]:
    """Those about its other versions: what they take off was never asked about this one. Held as by `hold_notes`."""
    return _hold_open(_ours().filter(corrects__document=invoice.document).exclude(corrects=invoice))


def _hold_open(notes: QuerySet[Invoice]) -> list[Invoice]:
    found = notes.filter(state__in=OPEN)
    seen = set(found.values_list("pk", flat=True))
    held = list(found.select_for_update(of=("self",)).order_by("id"))
    if seen - {one.pk for one in held}:
        raise StaleDocument(_("This invoice was changed a moment ago. Look at it, then go on."))
    return held


def hold_approved_with(invoice: Invoice) -> list[Invoice]:
    """The credit notes of ours that were approved in one moment with an invoice, whatever the ERP did with them since;
    held like `hold_notes`.
    """
    if invoice.approved_at is None:
        return []
    found = _notes_for(invoice).filter(state__in=SETTLED, approved_at=invoice.approved_at)
    return list(found.select_for_update(of=("self",)).order_by("id"))


def _notes_for(invoice: Invoice) -> QuerySet[Invoice]:
    """Those about this version alone: see `hold_notes_before`."""
    return _ours().filter(corrects=invoice)


def _ours() -> QuerySet[Invoice]:
    found: QuerySet[Invoice] = Invoice.objects.filter(kind=InvoiceKind.CREDIT_NOTE, on_behalf=True)
    return found


# --- approvals ----------------------------------------------------------------------------------------------


def visible_approvals(actor: Actor) -> QuerySet[Approval]:
    """The approvals this actor may read: nobody's but the buying side's."""
    if actor.is_supplier:
        return Approval.objects.none()
    found: QuerySet[Approval] = Approval.objects.visible_to(actor)
    return found.select_related("invoice__company", "invoice__supplier", "person", "for_person", "rule")


def find_approval(key: uuid.UUID, *, actor: Actor) -> Approval:
    """One approval. Raises `NotFound`."""
    found: Approval | None = visible_approvals(actor).filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such approval."))
    return found


def approvals_of(invoice: Invoice, *, actor: Actor) -> list[Approval]:
    """Every approval that was asked for an invoice, the newest round last."""
    return list(visible_approvals(actor).filter(invoice=invoice).order_by("round", "step", "id"))


def newest_round(asked: Sequence[Approval]) -> list[Approval]:
    """Those of the last time that approval was asked for."""
    newest = max((one.round for one in asked), default=0)
    return [one for one in asked if one.round == newest]


def hold_round(invoice: Invoice) -> list[Approval]:
    """The approvals of the newest round, held until the transaction ends. The invoice is held before."""
    newest = Approval.objects.filter(invoice=invoice).aggregate(n=Max("round"))["n"]
    found = Approval.objects.select_for_update().filter(invoice=invoice, round=newest).order_by("step", "id")
    return list(found)


def asked_now(invoice_ids: Iterable[int], *, actor: Actor) -> dict[int, list[Approval]]:
    """The approvals that wait, by their invoice; none for a supplier. One query."""
    found: dict[int, list[Approval]] = {}
    rows = visible_approvals(actor).filter(invoice__in=list(invoice_ids), state__in=OPEN_APPROVALS)
    for one in rows.order_by("step", "id"):
        found.setdefault(one.invoice_id, []).append(one)
    return found


def asks_me(asked: Sequence[Approval], *, actor: Actor, at: datetime) -> bool:
    """Whether one of the approvals that wait, all of one invoice, is asked of this person now."""
    now = [one for one in asked if one.state == ApprovalState.ASKED]
    if not now or not actor.may(Permission.INVOICE_APPROVE):
        return False
    invoice = now[0].invoice
    rows = Approval.objects.filter(invoice=invoice, round=now[0].round).order_by("step", "id")
    barred = barred_from(invoice, list(rows))
    approver = approver_of(actor, today_of(invoice.company, at))
    return any(may_answer(wanted_by(one), approver, barred) for one in now)


def is_asked(invoice: Invoice) -> bool:
    """Whether approval of an invoice is asked for and not all given yet."""
    return Approval.objects.filter(invoice=invoice, state__in=OPEN_APPROVALS).exists()


def asked_of(approver: Approver) -> Q:
    """The approvals that are asked of somebody, or of whom he or she stands in for."""
    roles = {approver.role, *approver.for_roles}
    people = {approver.user, *approver.for_people}
    wanted = Q(role__in=roles) | Q(person__in=people)
    if roles & {"manager"}:
        wanted |= Q(rule__isnull=True, role="accounts_payable")
    return wanted


def waiting_for_me(actor: Actor, at: datetime) -> QuerySet[Approval]:
    """The approvals that this person can give now, the oldest first. Who wrote or asked is not asked."""
    if actor.is_supplier or not actor.may(Permission.INVOICE_APPROVE) or actor.user_id is None:
        return Approval.objects.none()
    return waiting_for(approver_of(actor, at.date()), actor)


def waiting_for(approver: Approver, actor: Actor) -> QuerySet[Approval]:
    """The approvals that somebody can give now, as far as this actor may read them; the oldest first."""
    found = visible_approvals(actor).filter(asked_of(approver), state=ApprovalState.ASKED)
    found = found.exclude(asked_by_user_id=approver.user)
    own = Q(invoice__on_behalf=True, invoice__sent_by_user_id=approver.user)
    return found.exclude(own).order_by("reached_at", "id")


def approver_named(email: str, on: date) -> Approver | None:
    """Somebody who approves, by mail address; None for who does not."""
    user = approvers().filter(email__iexact=email).first()
    actor = actor_of(user) if user is not None else None
    return approver_of(actor, on) if actor is not None else None


def wanted_by(one: Approval) -> Wanted:
    """An approval as rules compare it."""
    return Wanted(one.step, one.role, one.person_id, str(one.rule_id or ""))


def people_for(one: Approval, at: datetime) -> list[int]:
    """Who can give an approval now, by id: those it is asked of and who stands in for them, without whom it bars."""
    today = today_of(one.invoice.company, at)
    asked = approvers()
    if one.person_id is not None:
        asked = asked.filter(pk=one.person_id)
    else:
        roles = [one.role] if one.rule_id else [one.role, CompanyRole.MANAGER]
        asked = asked.filter(company_role__in=roles)
    holders = holders_among(approvers().order_by().values("pk"), today)
    people = {holders.get(pk, pk) for pk in asked.order_by().values_list("pk", flat=True)}
    barred = authors_of(one.invoice) | {one.asked_by_user_id or 0}
    return sorted(people - barred)


# --- questions ----------------------------------------------------------------------------------------------


def visible_questions(actor: Actor) -> QuerySet[InvoiceQuestion]:
    """The questions about invoices this actor may read; a supplier reads those asked of it."""
    found: QuerySet[InvoiceQuestion] = InvoiceQuestion.objects.visible_to(actor)
    if actor.is_supplier:
        found = found.filter(asked_of=Asked.SUPPLIER)  # row level security says so too
    return found.select_related("invoice__company", "invoice__supplier")


def find_question(key: uuid.UUID, *, actor: Actor) -> InvoiceQuestion:
    """One question. Raises `NotFound`."""
    found: InvoiceQuestion | None = visible_questions(actor).filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such question."))
    return found


def questions_of(invoice: Invoice, *, actor: Actor) -> list[InvoiceQuestion]:
    """All that was asked about a document in all its versions, the oldest first."""
    same = visible_questions(actor).filter(invoice__document=invoice.document)
    return list(same.order_by("asked_at", "id"))


def open_questions(invoices: Collection[int]) -> Mapping[int, Sequence[InvoiceQuestion]]:
    """What is asked and not answered, by invoice. One query."""
    found: dict[int, list[InvoiceQuestion]] = {}
    rows: Iterable[Any] = InvoiceQuestion.objects.filter(
        invoice__in=list(invoices), state=QuestionState.ASKED
    ).order_by("asked_at", "id")
    for one in rows:
        found.setdefault(one.invoice_id, []).append(one)
    return found
