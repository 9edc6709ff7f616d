"""Changes of bank details that wait for one of us, and what is frozen: see docs/banking.md. A case tells no account."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from procurement.inbox.messages import Finding, as_facts
from procurement.inbox.models import ExceptionCase
from procurement.inbox.queries.reach import Reach
from procurement.inbox.states import LIVE, CaseKind, Cause
from procurement.inbox.states import CloseReason as Why
from suppliers.banking.models import BankChange, BankFreeze
from suppliers.banking.queries import OFFICE, changes, waiting_changes
from suppliers.banking.states import ChangeState

BANK_STREAM = "bank_change:"
FREEZE_STREAM = "bank_freeze:"


def bank_changes(reach: Reach) -> Iterator[Finding]:
    """Changes that were proposed, requested or approved in part, and those in force that the ERP does not pay by yet.
    What is frozen waits with its freeze.
    """
    keys = _keys(reach.streams, BANK_STREAM)
    if not keys:
        return
    for one in _waiting().filter(key__in=keys).order_by("id"):
        in_force = one.state == ChangeState.IN_FORCE
        facts = {
            "supplier_key": str(one.supplier.key),
            "bank_change": str(one.key),
            "proposed": one.state == ChangeState.PROPOSED,
            "to_enter": in_force,
            "since": one.closed_at if in_force else one.requested_at or one.proposed_at,
        }
        # One approval more is no news of the case; that all begins anew, or is to be entered in the ERP, is.
        yield Finding(
            CaseKind.BANK_CHANGE,
            Cause.BANK,
            one.stream,
            as_facts(facts),
            moves=[one.round, *(["enter"] if in_force else [])],
            stream=one.stream,
            supplier=one.supplier_id,
        )


def _waiting() -> QuerySet[BankChange]:
    to_enter = changes(OFFICE).filter(state=ChangeState.IN_FORCE, entered_at=None)
    return waiting_changes(OFFICE).exclude(state=ChangeState.FROZEN) | to_enter


def bank_freezes(reach: Reach) -> Iterator[Finding]:
    """What stands still until two of us have looked."""
    keys = _keys(reach.streams, FREEZE_STREAM)
    if not keys:
        return
    frozen = BankFreeze.objects.filter(key__in=keys, thawed_at=None).select_related("supplier")
    for one in frozen.order_by("id"):
        facts = {"supplier_key": str(one.supplier.key), "frozen": True, "since": one.frozen_at}
        stream = f"{FREEZE_STREAM}{one.key}"
        yield Finding(
            CaseKind.BANK_CHANGE,
            Cause.BANK,
            stream,
            as_facts(facts),
            moves=[],
            stream=stream,
            supplier=one.supplier_id,
        )


def _keys(streams: frozenset[str], prefix: str) -> list[str]:
    return [one.removeprefix(prefix) for one in streams if one.startswith(prefix)]


def bank_unheard(most: int) -> list[str]:
    """The streams of changes and freezes that wait and of which no case says so, at most so many of each."""
    cases = ExceptionCase.objects.filter(Q(state__in=LIVE) | Q(settled=True), cause=Cause.BANK)
    found: list[str] = []
    for prefix, waiting in (
        (BANK_STREAM, _waiting()),
        (FREEZE_STREAM, BankFreeze.objects.filter(thawed_at=None)),
    ):
        subject = Concat(Value(prefix), Cast(OuterRef("key"), CharField()))
        unheard = waiting.exclude(Exists(cases.filter(subject=subject))).order_by("id")
        found += [f"{prefix}{key}" for key in unheard.values_list("key", flat=True)[:most]]
    return found


def why_no_bank_change(cases: Sequence[ExceptionCase]) -> dict[int, Why]:
    """Why nothing waits for us any more: it was taken back, or people have said what they had to. One query."""
    of_bank = [case for case in cases if case.cause == Cause.BANK]
    keys = {
        case.pk: UUID(case.subject.removeprefix(BANK_STREAM))
        for case in of_bank
        if case.subject.startswith(BANK_STREAM)
    }
    gone = BankChange.objects.filter(key__in=keys.values(), state=ChangeState.WITHDRAWN)
    withdrawn = set(gone.values_list("key", flat=True)) if keys else set()
    return {case.pk: Why.WITHDRAWN if keys.get(case.pk) in withdrawn else Why.SETTLED for case in of_bank}
