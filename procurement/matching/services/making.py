"""Matching invoices: a set at a time, in a fixed number of queries, and in the order in which they were sent.

Note [Orders first]: who matches holds the orders of all these invoices in the order of their ids, then the invoices in
that of theirs, like whoever sends one (see the note of this name in `invoices.services.holding`). So of two for the
last ten pieces one is matched after the other, and a receipt that is booked meanwhile is seen or looked at again.

Note [Nothing new]: a match that says what the last one said is not kept again; else every receipt of a busy order would
add a row that tells nobody anything.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.bulk import create_rows
from portal.kernel.errors import NotAllowed
from portal.kernel.scope import acting, requires_scope
from procurement.invoices.messages import Hold
from procurement.invoices.models import Invoice, InvoiceLine
from procurement.invoices.queries import find_invoice
from procurement.invoices.services.matched import Approval, hold_matched
from procurement.matching.engine import Acts, Check, CheckKind, Matched, Outcome, match
from procurement.matching.engine.checks import Result, check_to_json
from procurement.matching.models import Match, MatchCheck
from procurement.matching.queries import MATCHER, Gathering, gather, waiting_for_receipt
from procurement.matching.queries.waiting import BY_MATCH, OURS
from procurement.matching.states import Trigger
from procurement.orders.queries import lock_orders
from procurement.tolerances.messages import rule_label
from suppliers.roles import Permission

AT_ONCE = 500
BESIDES = ("company", "supplier", "corrects", "pay_to")


@requires_scope
def match_invoice(
    key: uuid.UUID, *, actor: Actor, at: datetime, trigger: Trigger = Trigger.PERSON
) -> Match | None:
    """Match one invoice that waits for it, and let it go on or be held. Returns the match that counts now.

    An invoice that a person holds, or that is disputed or settled, stays as it is. Raises `NotFound` and `NotAllowed`.
    """
    if actor.is_supplier or not actor.may(Permission.INVOICE_SETTLE):
        raise NotAllowed(_("Your role reads invoices. Accounts payable has them matched again."))
    invoice = find_invoice(key, actor=actor)
    match_invoices([invoice.pk], trigger=trigger, at=at)
    return Match.objects.visible_to(actor).filter(invoice=invoice, is_current=True).first()


@requires_scope
def rematch_waiting(line_ids: Iterable[int], *, at: datetime) -> int:
    """Look again at exactly the invoices that wait for goods on these order lines; says how many went on."""
    return match_invoices(waiting_for_receipt(line_ids), trigger=Trigger.RECEIPT, at=at)


@requires_scope
def match_invoices(invoice_ids: Sequence[int], *, trigger: Trigger, at: datetime) -> int:
    """Match these invoices, each as the others of them stand by then; says how many were approved by rule alone.

    So many queries, however many invoices. See Note [Orders first].
    """
    with acting(MATCHER):
        lines = InvoiceLine.objects.filter(invoice__in=invoice_ids, order__isnull=False)
        lock_orders(lines.order_by().values_list("order_id", flat=True).distinct())
        held = list(_waiting(invoice_ids).order_by("id").select_for_update(of=("self",)))
        if not held:
            return 0
        gathering = gather(held, at=at, hold=True)
        made = _match_all(gathering)
        _keep(made, gathering, trigger, at=at)
        return _settle(made, gathering, at=at)


def _waiting(invoice_ids: Iterable[int]) -> QuerySet[Invoice]:
    return Invoice.objects.filter(OURS, pk__in=list(invoice_ids)).select_related(*BESIDES)


@dataclass(frozen=True, slots=True)
class Made:
    """An invoice and what came of it."""

    invoice: Invoice
    matched: Matched


def _match_all(gathering: Gathering) -> list[Made]:
    """Match one after the other, in the order in which they were sent; what passes alone counts for the next."""
    made: list[Made] = []
    for invoice in sorted(gathering.invoices, key=lambda one: (one.sent_at or gathering.at, one.pk)):
        matched = match(gathering.claim(invoice), gathering.grounds(invoice), gathering.limits(invoice))
        if matched.outcome is Outcome.PASSED and matched.approves_alone:
            gathering.settled.add(invoice.pk)
        made.append(Made(invoice, matched))
    return made


# --- kept ---------------------------------------------------------------------------------------------------


def _keep(made: Sequence[Made], gathering: Gathering, trigger: Trigger, *, at: datetime) -> None:
    """Write down what was found, where it is anything new. See Note [Nothing new]."""
    before = {
        one.invoice_id: one
        for one in Match.objects.filter(invoice__in=[one.invoice.pk for one in made], is_current=True)
    }
    rows: list[tuple[Match, Matched]] = []
    for one in made:
        checks = [check_to_json(check) for check in one.matched.checks]
        last = before.get(one.invoice.pk)
        if last is not None and last.checks == checks:
            continue
        rows.append((_row(one, checks, gathering, trigger, at=at), one.matched))
    old = [before[row.invoice_id].pk for row, _matched in rows if row.invoice_id in before]
    if old:
        Match.objects.filter(pk__in=old).update(is_current=False)
    create_rows(Match, [row for row, _matched in rows])
    create_rows(MatchCheck, [_apart(row, check) for row, matched in rows for check in matched.apart])


def _row(
    one: Made, checks: list[dict[str, object]], gathering: Gathering, trigger: Trigger, *, at: datetime
) -> Match:
    policy = gathering.company_of(one.invoice).policy
    return Match(
        supplier_id=one.invoice.supplier_id,
        invoice=one.invoice,
        made_at=at,
        trigger=trigger,
        outcome=one.matched.outcome.value,
        tolerances=policy.name if policy else "",
        policy=one.matched.approver,
        approves_alone=one.matched.approves_alone,
        checks=checks,
    )


def _apart(row: Match, check: Check) -> MatchCheck:
    other = check.inputs.get("other_key") if check.kind is CheckKind.DUPLICATE else None
    return MatchCheck(
        supplier_id=row.supplier_id,
        match=row,
        kind=check.kind.value,
        result=check.result.value,
        message=check.message,
        acts=check.acts.value,
        position=check.position,
        line_id=check.order_line,
        other=uuid.UUID(str(other)) if other else None,
    )


# --- and what comes of it -----------------------------------------------------------------------------------


def _settle(made: Sequence[Made], gathering: Gathering, *, at: datetime) -> int:
    approvals = [
        Approval(one.invoice, rule_label(one.matched.approver), one.matched.approver)
        for one in made
        if one.invoice.pk in gathering.settled
    ]
    holds = [(one.invoice, _hold_of(one.matched)) for one in made if one.invoice.pk not in gathering.settled]
    hold_matched(holds, approvals, actor=MATCHER, at=at)
    return len(approvals)


def _hold_of(matched: Matched) -> Hold:
    """Why an invoice does not go on: what the gravest check says; where all passed, a person is to approve it."""
    check = matched.reason
    if check is None:
        return Hold(f"{BY_MATCH}approval.person", Acts.PAYABLES.value)
    told = check_to_json(check)
    params = [*told["inputs"].items()]
    if check.limit is not None and check.result is not Result.PASSED:
        params.append(("limit", told["limit"]))
    return Hold(f"{BY_MATCH}{check.message}", check.acts.value, tuple(params))


# --- nothing kept -------------------------------------------------------------------------------------------


@requires_scope
def dry_match(invoice: Invoice, *, at: datetime) -> Matched:
    """What would come of this draft, or of an invoice as things stand now; nothing is kept and nobody is held up.

    The actor's right to see the invoice is the caller's to ask (`find_invoice`). Rules are read in the company's name.
    """
    with acting(MATCHER):
        found = Invoice.objects.select_related(*BESIDES).get(pk=invoice.pk)
        gathering = gather([found], at=at)
        return match(gathering.claim(found), gathering.grounds(found), gathering.limits(found))
