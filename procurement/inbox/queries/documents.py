"""Documents that suppliers owe and did not give in time: see docs/documents.md. Who may see a case may see that."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import CharField, Exists, OuterRef, Q, Value
from django.db.models.functions import Cast, Concat

from procurement.inbox.messages import Finding, as_facts
from procurement.inbox.models import ExceptionCase
from procurement.inbox.queries.reach import Reach
from procurement.inbox.states import LIVE, CaseKind, Cause
from procurement.inbox.states import CloseReason as Why
from suppliers.documents.queries import given_of, late_documents

DOCUMENT_STREAM = "document:"


def documents_late(reach: Reach) -> Iterator[Finding]:
    """Documents whose days of grace are over, and of which nothing waits for a reviewer."""
    keys = [one.removeprefix(DOCUMENT_STREAM) for one in reach.streams if one.startswith(DOCUMENT_STREAM)]
    if not keys:
        return
    for one in late_documents().filter(key__in=keys).order_by("id"):
        facts = {
            "supplier_key": str(one.supplier.key),
            "document_kind": one.kind.code,
            "kind_name": one.kind.name,
            "why": one.asked_for,
            "asked_on": one.due_on,
            "since": one.late_at,
        }
        yield Finding(
            CaseKind.DOCUMENT_EXPIRING,
            Cause.DOCUMENT,
            one.stream,
            as_facts(facts),
            moves=[one.asked_for, one.due_on],
            stream=one.stream,
            supplier=one.supplier_id,
        )


def documents_unheard(at: datetime, most: int) -> list[str]:
    """The streams of late documents of which no case says so, at most so many."""
    subject = Concat(Value(DOCUMENT_STREAM), Cast(OuterRef("key"), CharField()))
    cases = ExceptionCase.objects.filter(Q(state__in=LIVE) | Q(settled=True), cause=Cause.DOCUMENT)
    unheard = late_documents().filter(late_at__lte=at).exclude(Exists(cases.filter(subject=subject)))
    return [f"{DOCUMENT_STREAM}{key}" for key in unheard.order_by("id").values_list("key", flat=True)[:most]]


def why_not_late(cases: Sequence[ExceptionCase]) -> dict[int, Why]:
    """Why documents are not late any more: something was given, or it is asked for no more. One query."""
    keys = {
        case.pk: UUID(case.subject.removeprefix(DOCUMENT_STREAM))
        for case in cases
        if case.cause == Cause.DOCUMENT
    }
    given = given_of(keys.values()) if keys else frozenset()
    return {pk: Why.SUPPLIED if key in given else Why.NOT_ASKED for pk, key in keys.items()}
