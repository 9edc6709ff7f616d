"""What a case can be about, where it stands, and why it closed; the lives of a case, a task and a formula."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kernel.lifecycle import Lifecycle, Transition
from suppliers.roles import Permission


class CaseState(models.TextChoices):
    """Where a case stands."""

    OPEN = "open", _("Open")
    SNOOZED = "snoozed", _("Snoozed")
    RESOLVED = "resolved", _("Resolved")


LIVE = (CaseState.OPEN, CaseState.SNOOZED)


class Cause(models.TextChoices):
    """What a person is needed for. One cause makes one case at a time, whatever it is called at the moment."""

    ANSWER = "answer", _("A supplier’s answer waits")
    CHANGE = "change", _("A change request waits")
    ACKNOWLEDGMENT = "acknowledgment", _("An answer is overdue")
    UNSEEN = "unseen", _("Nobody has seen an order")
    SHIPMENT = "shipment", _("Goods are overdue")
    RECEIPT = "receipt", _("More came than was asked for")
    COUNT = "count", _("What came differs from the ship notice")
    UNANNOUNCED = "unannounced", _("Goods came without a ship notice")
    REJECTED = "rejected", _("Goods came damaged or wrong")
    SUPPLY = "supply", _("Stock runs out")
    ERP = "erp", _("The ERP did not take something")
    DRIFT = "drift", _("Portal and ERP differ")
    NOTICE = "notice", _("A notice did not arrive")
    MAIL = "mail", _("A mail waits for a person")
    DRAFT = "draft", _("A mail was read as an answer")
    INVOICE = "invoice", _("An invoice waits for us")
    CREDIT = "credit", _("A credit is due")
    QUESTION = "question", _("A question about an invoice was not answered")
    DOCUMENT = "document", _("A document of a supplier is late")
    BANK = "bank", _("A change of bank details waits for us")


class CaseKind(models.TextChoices):
    """What a case is about (domain.md §8). Those in `LATER` cannot be known yet."""

    ACKNOWLEDGMENT_OVERDUE = "acknowledgment_overdue", _("Answer overdue")
    OUTSIDE_TOLERANCE = "outside_tolerance", _("Change outside tolerance")
    LINE_REFUSED = "line_refused", _("Line refused")
    SHORTAGE = "shortage", _("Shortage")
    SUBSTITUTE_OFFERED = "substitute_offered", _("Substitute offered")
    SPLIT_OFFERED = "split_offered", _("Split offered")
    PRICE_DIFFERS = "price_differs", _("Price differs")
    PROMISE_LATE = "promise_late", _("Promise later than need")
    SLIPPED_AGAIN = "slipped_again", _("Promise slipped again")
    CHANGE_WAITS = "change_waits", _("Change request waits")
    COUNTER_OFFER = "counter_offer", _("Counter-offer")
    SHIPMENT_OVERDUE = "shipment_overdue", _("Shipment overdue")
    OVER_RECEIPT = "over_receipt", _("More received than ordered")
    LIKELY_LATE = "likely_late", _("Likely late")
    OVER_SHIPMENT = "over_shipment", _("Over-shipment")
    ASN_MISSING = "asn_missing", _("Ship notice missing before receipt")
    RECEIPT_DIFFERS = "receipt_differs", _("Receipt differs from ship notice")
    GOODS_REJECTED = "goods_rejected", _("Damaged or rejected goods")
    STOCK_OUT = "stock_out", _("Stock runs out")
    ORDER_UNSEEN = "order_unseen", _("Order never seen")
    NOTICE_FAILED = "notice_failed", _("Notice not delivered")
    MAIL_UNKNOWN = "mail_unknown", _("Mail of an unknown sender")
    MAIL_DRAFT = "mail_draft", _("Mail read as an answer")
    ERP_FAILED = "erp_failed", _("ERP refuses a write")
    ERP_CONFLICT = "erp_conflict", _("ERP write in conflict")
    ERP_UNKNOWN = "erp_unknown", _("ERP write unknown")
    ERP_TO_KEY = "erp_to_key", _("To key into the ERP")
    ERP_ECHO = "erp_echo", _("ERP echo differs")
    DRIFT = "drift", _("Portal and ERP differ")
    MATCH_FAILED = "match_failed", _("Invoice match failed")
    DUPLICATE_SUSPECTED = "duplicate_suspected", _("Suspected duplicate invoice")
    INVOICE_WITHOUT_ORDER = "invoice_without_order", _("Invoice without order")
    INVOICE_DISPUTED = "invoice_disputed", _("Invoice disputed")
    CREDIT_EXPECTED = "credit_expected", _("Credit expected")
    ANSWER_MISSED = "answer_missed", _("No answer about an invoice")
    DOCUMENT_EXPIRING = "document_expiring", _("Document missing or expired")
    BANK_CHANGE = "bank_change", _("Bank detail change")


# Kinds that none of our records can tell yet: today there is none.
LATER: frozenset[CaseKind] = frozenset()


class CloseReason(models.TextChoices):
    """Why a case closed."""

    ACCEPTED = "accepted", _("It was accepted.")
    DECLINED = "declined", _("It was declined; the supplier answers again.")
    COUNTERED = "countered", _("A counter-offer went out; the supplier has the ball.")
    ANSWERED = "answered", _("The supplier answered.")
    ANSWERED_ANEW = "answered_anew", _("The supplier answered anew.")
    WITHDRAWN = "withdrawn", _("The supplier withdrew it.")
    EXPIRED = "expired", _("Its time ran out.")
    REVISED = "revised", _("The ERP asks for something else now.")
    OVERTAKEN = "overtaken", _("It was overtaken.")
    REFUSAL_TAKEN = "refusal_taken", _("The refusal was taken.")
    ORDER_OVER = "order_over", _("The order is cancelled or closed.")
    LINE_OVER = "line_over", _("The line is cancelled or closed.")
    ARRIVED = "arrived", _("The goods arrived.")
    NEW_DAY = "new_day", _("Another day was agreed.")
    IN_TIME = "in_time", _("The goods are expected in time again.")
    COUNTED = "counted", _("What came and what was announced are equal now.")
    ANNOUNCED = "announced", _("A ship notice came for it.")
    DIFFERENCE = "difference", _("The buyer settled it with the supplier.")
    COUNT_REVERSED = "count_reversed", _("The count was taken back.")
    MORE_TIME = "more_time", _("The supplier has more time.")
    IN_ERP = "in_erp", _("The ERP holds it.")
    GIVEN_UP = "given_up", _("The write to the ERP was given up.")
    TAKEN_UP = "taken_up", _("It is on its way to the ERP again.")
    REPAIRED = "repaired", _("Both sides are equal again.")
    COVERED = "covered", _("The stock lasts until it comes.")
    SUPPLIER_ACTS = "supplier_acts", _("The supplier acts now.")
    APPROVED = "approved", _("The invoice was approved.")
    REJECTED = "rejected", _("The invoice was rejected.")
    CREDITED = "credited", _("The credit note came.")
    TOLD = "told", _("The question was answered.")
    SUPPLIED = "supplied", _("The document came.")
    NOT_ASKED = "not_asked", _("It is not asked any more.")
    MERGED = "merged", _("It is part of another case now.")
    GONE = "gone", _("Its cause is gone.")
    SETTLED = "settled", _("A person settled it.")


class OwnedBy(models.TextChoices):
    """How a case came to its owner."""

    NOBODY = "", _("nobody")
    RULE = "rule", _("by rule")
    BUYER = "buyer", _("the order’s buyer")
    # Who asked about an invoice, or was asked, and hears no answer.
    ASKED = "asked", _("by the question")
    PERSON = "person", _("by a person")
    # Taken by somebody who is away by the calendar: who stands in does not get it.
    TAKEN = "taken", _("by a person, while away")


BY_ITSELF = (OwnedBy.RULE, OwnedBy.BUYER, OwnedBy.ASKED)
BY_PERSON = (OwnedBy.PERSON, OwnedBy.TAKEN)


class TaskState(models.TextChoices):
    """Where a question to somebody outside purchasing stands."""

    ASKED = "asked", _("Asked")
    ANSWERED = "answered", _("Answered")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class FormulaState(models.TextChoices):
    """Where a formula stands. Only the active one scores, and there is one at most."""

    DRAFT = "draft", _("Draft")
    ASKED = "asked", _("Waits for approval")
    ACTIVE = "active", _("Active")
    RETIRED = "retired", _("Retired")


def _case(verb: str, sources: frozenset[CaseState], target: CaseState, event: str) -> Transition:
    # What the buying side works on is its own: no supplier hears of a case.
    return Transition(verb, sources, target, event, Permission.CASE_WORK, internal=True)


_LIVE = frozenset(LIVE)
_RESOLVED = frozenset({CaseState.RESOLVED})

CASE_LIFECYCLE = Lifecycle(
    "exception case",
    _case("snooze", _LIVE, CaseState.SNOOZED, "case.snoozed"),
    _case("wake", frozenset({CaseState.SNOOZED}), CaseState.OPEN, "case.awakened"),
    # Its cause changed, or came back.
    _case("recur", _LIVE | _RESOLVED, CaseState.OPEN, "case.recurred"),
    # Its cause went away.
    _case("close", _LIVE, CaseState.RESOLVED, "case.closed"),
    # A person has seen to it. It stays so until its cause changes.
    _case("settle", _LIVE, CaseState.RESOLVED, "case.settled"),
    _case("reopen", _RESOLVED, CaseState.OPEN, "case.reopened"),
    initial=CaseState.OPEN,
)


def _task(verb: str, target: TaskState, event: str, permission: Permission) -> Transition:
    return Transition(verb, frozenset({TaskState.ASKED}), target, event, permission, internal=True)


TASK_LIFECYCLE = Lifecycle(
    "delegated task",
    _task("answer", TaskState.ANSWERED, "case.task_answered", Permission.CASE_VIEW),
    _task("withdraw", TaskState.WITHDRAWN, "case.task_withdrawn", Permission.CASE_WORK),
    initial=TaskState.ASKED,
    terminal=(TaskState.ANSWERED, TaskState.WITHDRAWN),
)


def _formula(
    verb: str, sources: set[FormulaState], target: FormulaState, event: str, permission: Permission
) -> Transition:
    return Transition(verb, frozenset(sources), target, event, permission, internal=True)


FORMULA_LIFECYCLE = Lifecycle(
    "priority formula",
    _formula(
        "ask", {FormulaState.DRAFT}, FormulaState.ASKED, "formula.approval_asked", Permission.CASE_MANAGE
    ),
    _formula(
        "hand_back", {FormulaState.ASKED}, FormulaState.DRAFT, "formula.returned", Permission.CASE_MANAGE
    ),
    _formula(
        "approve", {FormulaState.ASKED}, FormulaState.ACTIVE, "formula.approved", Permission.CASE_MANAGE
    ),
    _formula(
        "retire",
        {FormulaState.DRAFT, FormulaState.ASKED, FormulaState.ACTIVE},
        FormulaState.RETIRED,
        "formula.retired",
        Permission.CASE_MANAGE,
    ),
    initial=FormulaState.DRAFT,
    terminal=(FormulaState.RETIRED,),
)
