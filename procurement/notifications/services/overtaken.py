"""Whether a notice is still true, and still wanted, at the moment its mail leaves."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import requires_scope
from procurement.changes.models import OrderChange
from procurement.links.queries import standing
from procurement.links.states import LinkStanding
from procurement.notifications.accounts import over_already
from procurement.notifications.models import Notice, NoticeMail
from procurement.notifications.policies import APPROVAL_ASKED, DOCUMENT_ASKED, cadence_of
from procurement.notifications.queries import choices_of
from procurement.notifications.states import Audience, Cadence, NoticeKind, NoticeState
from procurement.orders.states import OrderState
from procurement.payables.models import Approval, InvoiceQuestion
from procurement.payables.states import ApprovalState, QuestionState
from procurement.receipts.queries import words_said
from procurement.receipts.states import SheetState
from procurement.tolerances.models import ToleranceDecision
from suppliers.documents.queries import still_asked, still_to_review
from suppliers.models import Membership, Supplier, User
from suppliers.onboarding.queries import accepted_streams, states_of_streams, terms_in_force
from suppliers.onboarding.states import RunState
from suppliers.states import SupplierState

QUESTION_PUT = ("invoice.question_asked", "invoice.colleague_asked")
QUESTION_OVER = ("case.task_answered", "case.task_withdrawn")

ABOUT_INVOICES = (NoticeKind.INVOICE_TOLD, NoticeKind.INVOICE_ASKED)

Dropped = tuple[Notice, str]


@requires_scope
def still_wanted(
    mail: NoticeMail, notices: Sequence[Notice], *, at: datetime
) -> tuple[list[Notice], list[Dropped]]:
    """What of a mail is to leave, and what is not, each with why. A fixed number of queries."""
    if reason := _reader_gone(mail):
        return [], [(one, reason) for one in notices]
    chosen = choices_of([mail.person]).get(mail.address, {})
    events = {event.pk: event for event in AuditEvent.objects.filter(pk__in=[n.event_id for n in notices])}
    changes = _changes(events.values())
    unseen = _unseen_rules(notices)
    settled = _settled_questions(notices)
    counts = _Counts.of(mail, [one for one in notices if one.kind == NoticeKind.COUNT_DIFFERS], events)
    asked = _Asked.of(
        [events[n.event_id] for n in notices if n.kind in ABOUT_INVOICES and n.event_id in events]
    )
    runs = _Runs.of(
        [events[n.event_id] for n in notices if n.kind == NoticeKind.ONBOARDING and n.event_id in events]
    )
    papers = _Papers.of([events[n.event_id] for n in notices if n.event_id in events])
    leaving: list[Notice] = []
    dropped: list[Dropped] = []
    for one in notices:
        reason = ""
        if cadence_of(one.kind, one.audience, chosen) == Cadence.NEVER:
            reason = "chosen: never"
        elif one.audience == Audience.SUPPLIER and one.supplier_id != mail.supplier_id:
            reason = "of another supplier"  # cannot be; and must not leave if it ever is
        elif one.kind == NoticeKind.QUESTION and one.event_id in events:
            is_settled = str(events[one.event_id].facts.get("task")) in settled
            reason = "answered, or taken back, meanwhile" if is_settled else ""
        elif one.kind == NoticeKind.ACCOUNT and one.event_id in events:
            reason = over_already(events[one.event_id])
        elif one.kind == NoticeKind.COUNT_DIFFERS and one.event_id in events:
            reason = counts.overtaken(events[one.event_id])
        elif one.kind == NoticeKind.ONBOARDING and one.event_id in events:
            reason = runs.overtaken(events[one.event_id])
        elif one.kind == NoticeKind.DOCUMENT and one.event_id in events:
            reason = papers.overtaken(events[one.event_id])
        else:
            event = events.get(one.event_id)
            reason = _overtaken(one, event, changes, unseen, at) or (asked.overtaken(event) if event else "")
        if reason:
            dropped.append((one, reason))
        else:
            leaving.append(one)
    return leaving, dropped


def _reader_gone(mail: NoticeMail) -> str:
    """Why this reader is not written to any more: people leave, suppliers are blocked."""
    if mail.audience == Audience.SUPPLIER:
        assert mail.supplier_id is not None  # what is told to a supplier is of one
        supplier = Supplier.objects.filter(pk=mail.supplier_id).first()
        if supplier is None or supplier.state == SupplierState.BLOCKED:
            return "the supplier is blocked"
        if supplier.left_at is not None:
            return "the business has ended"
        if (
            mail.user_id
            and not Membership.objects.filter(
                user_id=mail.user_id, supplier_id=mail.supplier_id, user__is_active=True
            ).exists()
        ):
            return "does not act for the supplier any more"
    elif mail.audience == Audience.COMPANY and (
        not mail.user_id
        or not User.objects.filter(pk=mail.user_id, is_active=True).exclude(company_role="").exists()
    ):
        return "not with us any more"
    return ""


def _changes(events: Iterable[AuditEvent]) -> dict[str, OrderChange]:
    keys = {event.facts["change"] for event in events if "change" in event.facts}
    return {str(one.key): one for one in OrderChange.objects.filter(key__in=keys)} if keys else {}


def _unseen_rules(notices: Iterable[Notice]) -> set[str]:
    """The orders on which a rule did something that it is to tell of, and nobody has ticked off."""
    streams = {one.stream for one in notices if one.kind == NoticeKind.RULE_AGREED}
    if not streams:
        return set()
    keys = [stream.partition(":")[2] for stream in streams]
    found = ToleranceDecision.objects.filter(order_key__in=keys, notify=True, seen_at=None)
    return {f"order:{key}" for key in found.values_list("order_key", flat=True)}


def _settled_questions(notices: Iterable[Notice]) -> set[str]:
    """The questions, by key, that are answered or taken back: the story of their case says so."""
    streams = {one.stream for one in notices if one.kind == NoticeKind.QUESTION}
    if not streams:
        return set()
    over = AuditEvent.objects.filter(stream__in=streams, kind__in=QUESTION_OVER)
    return {str(facts.get("task")) for facts in over.values_list("facts", flat=True)}


@dataclass(frozen=True, slots=True)
class _Counts:
    """How the sheets stand that the notices of a mail are about, and of which of them its reader was told before."""

    sheets: Mapping[str, tuple[str, int]]
    told: frozenset[str]

    @classmethod
    def of(cls, mail: NoticeMail, notices: Sequence[Notice], events: Mapping[int, AuditEvent]) -> "_Counts":
        about = [events[one.event_id] for one in notices if one.event_id in events]
        if not about:
            return cls({}, frozenset())
        sent = Notice.objects.filter(
            event_kind="count.posted",
            address=mail.address,
            state=NoticeState.SENT,
            stream__in={event.stream for event in about},
        )
        told = AuditEvent.objects.filter(pk__in=sent.values("event_id")).values_list("facts", flat=True)
        return cls(
            words_said(str(event.facts.get("sheet")) for event in about if event.facts.get("sheet")),
            frozenset(str(facts.get("sheet")) for facts in told),
        )

    def overtaken(self, event: AuditEvent) -> str:
        """Why a fact of a count is told no more; empty for one that is."""
        sheet = str(event.facts.get("sheet"))
        state, spoken = self.sheets.get(sheet, ("", 0))
        if event.kind == "count.reversed":
            return "" if sheet in self.told else "nobody was told of this count"
        if state != SheetState.POSTED:
            return "the count was taken back"
        if event.kind == "count.posted" and spoken >= int(event.facts.get("differs") or 0):
            return "answered meanwhile"
        return ""


@dataclass(frozen=True, slots=True)
class _Asked:
    """Of the approvals and questions that the notices of a mail are about, those that still wait for an answer (`open`)
    and the questions that it tells of (`told`).

    What was asked or answered stands in an order's thread too. Told of that besides, its reader is led to the thread,
    where a reply answers nothing.
    """

    open: frozenset[str]
    told: frozenset[str]

    @classmethod
    def of(cls, events: Sequence[AuditEvent]) -> "_Asked":
        approvals = {event.facts["approval"] for event in events if "approval" in event.facts}
        questions = {event.facts["question_key"] for event in events if "question_key" in event.facts}
        still: set[str] = set()
        if approvals:
            rows = Approval.objects.filter(key__in=approvals, state=ApprovalState.ASKED)
            still |= {str(key) for key in rows.values_list("key", flat=True)}
        if questions:
            asked = InvoiceQuestion.objects.filter(key__in=questions, state=QuestionState.ASKED)
            still |= {str(key) for key in asked.values_list("key", flat=True)}
        return cls(frozenset(still), frozenset(questions))

    def overtaken(self, event: AuditEvent) -> str:
        """Why it is told no more: answered, not asked any more, or told of already; empty for what still is."""
        if event.facts.get("repeats") in self.told:
            return "told of as a question"
        if event.kind in APPROVAL_ASKED:
            return "" if event.facts.get("approval") in self.open else "answered, or taken back, meanwhile"
        if event.kind in QUESTION_PUT:
            return (
                "" if event.facts.get("question_key") in self.open else "answered, or taken back, meanwhile"
            )
        return ""


@dataclass(frozen=True, slots=True)
class _Papers:
    """Of the documents that the notices of a mail are about, those that are still asked for, or wait for a reviewer."""

    asked: frozenset[str]
    waiting: frozenset[str]

    @classmethod
    def of(cls, events: Sequence[AuditEvent]) -> "_Papers":
        asked = {str(one.facts["document"]) for one in events if one.kind in DOCUMENT_ASKED}
        given = {str(one.facts["version"]) for one in events if one.kind == "document.admitted"}
        return cls(
            still_asked(asked) if asked else frozenset(), still_to_review(given) if given else frozenset()
        )

    def overtaken(self, event: AuditEvent) -> str:
        """Why a fact of a document is told no more; empty for one that is."""
        if event.kind in DOCUMENT_ASKED and str(event.facts["document"]) not in self.asked:
            return "supplied meanwhile"
        if event.kind == "document.admitted" and str(event.facts["version"]) not in self.waiting:
            return "decided meanwhile"
        return ""


@dataclass(frozen=True, slots=True)
class _Runs:
    """How the onboardings stand that the notices of a mail are about, by their streams."""

    states: Mapping[str, str]
    accepted: Collection[tuple[str, str]]
    terms: Mapping[str, int]

    @classmethod
    def of(cls, events: Sequence[AuditEvent]) -> "_Runs":
        streams = {event.stream for event in events}
        if not streams:
            return cls({}, frozenset(), {})
        is_asked = any(event.kind == "onboarding.terms_asked" for event in events)
        terms = {one.code: one.number for one in terms_in_force()} if is_asked else {}
        return cls(states_of_streams(streams), accepted_streams(streams), terms)

    def overtaken(self, event: AuditEvent) -> str:
        """Why a fact of an onboarding is told no more; empty for one that is."""
        state = self.states.get(event.stream, "")
        if event.kind in ("onboarding.reminded", "onboarding.returned") and state != RunState.STARTED:
            return "gone on meanwhile"
        if event.kind == "onboarding.terms_asked":
            is_accepted = (event.stream, str(event.facts["terms"])) in self.accepted
            if event.facts["number"] != self.terms.get(str(event.facts["terms"])):
                return "written anew meanwhile"
            is_over = state in (RunState.REFUSED, RunState.WITHDRAWN, RunState.LEFT)
            return "accepted meanwhile" if is_accepted else "over meanwhile" if is_over else ""
        if event.kind == "onboarding.submitted" and state != RunState.IN_REVIEW:
            return "decided meanwhile"
        return ""


def _overtaken(
    notice: Notice,
    event: AuditEvent | None,
    changes: dict[str, OrderChange],
    unseen: set[str],
    at: datetime,
) -> str:
    order = notice.order
    if event is None:
        return "the fact is not there"
    if event.internal and notice.audience == Audience.SUPPLIER:
        return "internal"  # cannot be; and must not leave if it ever is
    if notice.kind == NoticeKind.ORDER_NEW and order is not None:
        return "" if order.state == OrderState.ISSUED and order.lines_for_supplier else "answered meanwhile"
    if notice.kind == NoticeKind.CHANGE_ASKED:
        change = changes.get(str(event.facts.get("change")))
        if change is None or not change.is_open:
            return "answered meanwhile"
        mine = "supplier" if notice.audience == Audience.SUPPLIER else "buyer"
        return "" if change.turn == mine else "answered meanwhile"
    if notice.kind == NoticeKind.REMINDER and order is not None and event.facts.get("whose") == "supplier":
        return "" if order.state == OrderState.ISSUED and order.lines_for_supplier else "answered meanwhile"
    if notice.kind == NoticeKind.RULE_AGREED:
        return "" if notice.stream in unseen else "nothing to tell"
    if notice.kind == NoticeKind.LINK:
        link = notice.link
        is_dead = link is None or standing(link, at) is LinkStanding.REVOKED
        return "the link was revoked" if is_dead else ""
    return ""
