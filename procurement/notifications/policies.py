"""Who hears of what, when, and which notices leave together. No database here.

Note [News]: a fact is news for a while (NOTICES_NEWS_FOR) and then history: what was loaded with the past of years, or
lay in a queue for a week, is mailed to nobody. Whether a notice is still true is asked again when its mail leaves.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from procurement.notifications.states import ALWAYS, Audience, Cadence, NoticeKind

MONDAY = 0
MOST_TRIES_FOR = timedelta(days=3)


class To(StrEnum):
    """Whom a fact concerns."""

    SUPPLIER = "supplier"
    BUYER = "buyer"
    OTHER_SIDE = "other side"
    BY_STEP = "as the step of the ladder says"
    NAMED = "the person it names"
    HOLDER = "who holds the link"
    ASKED = "who is asked"
    DOCK = "who plans the docks"
    ITS_BUYERS = "the buyers of what was counted"
    PAYABLES = "who pays invoices"
    ADDRESSED = "the addresses it names"
    REVIEWERS = "who decides on company data"
    DOCUMENT_REVIEWERS = "who reviews documents"
    ADMINISTRATORS = "who brings suppliers in"


# Who is of the buying side, whatever the fact says.
TO_US = frozenset(
    {
        To.BUYER,
        To.NAMED,
        To.DOCK,
        To.ITS_BUYERS,
        To.PAYABLES,
        To.REVIEWERS,
        To.DOCUMENT_REVIEWERS,
        To.ADMINISTRATORS,
    }
)


@dataclass(frozen=True, slots=True)
class Heard:
    """What becomes of a kind of fact: which kind of notice, to whom."""

    kind: str
    to: To


# What goes to the very addresses that a fact names under `tell`, whether or not anybody signs in with them.
ABOUT_ACCOUNTS = (
    "invitation.sent",
    "invitation.resent",
    "address.asked",
    "address.changed",
    "person.wake_asked",
    "supplier.member_removed",
    "supplier.tokens_left",
    "supplier.mail_address_changed",
    "supplier.telephone_changed",
    "registration.asked",
    "registration.returned",
    "registration.refused",
    "offboarding.begun",
    "offboarding.day_moved",
    "offboarding.cancelled",
    "offboarding.ended",
    "merge.approved",
    "merge.reversed",
)

HEARD: Mapping[str, Heard] = {
    "order.received": Heard(NoticeKind.ORDER_NEW, To.SUPPLIER),
    "order.revised": Heard(NoticeKind.ORDER_REVISED, To.SUPPLIER),
    "order.asked_again": Heard(NoticeKind.ORDER_REVISED, To.SUPPLIER),
    "order.cancelled": Heard(NoticeKind.ORDER_REVISED, To.SUPPLIER),
    "order.unread": Heard(NoticeKind.REMINDER, To.SUPPLIER),
    "order.answer_accepted": Heard(NoticeKind.ANSWER_DECIDED, To.SUPPLIER),
    "order.answer_declined": Heard(NoticeKind.ANSWER_DECIDED, To.SUPPLIER),
    "order.agreed_by_rule": Heard(NoticeKind.RULE_AGREED, To.BUYER),
    "change.proposed": Heard(NoticeKind.CHANGE_ASKED, To.OTHER_SIDE),
    "change.edited": Heard(NoticeKind.CHANGE_ASKED, To.OTHER_SIDE),
    "change.countered": Heard(NoticeKind.CHANGE_ASKED, To.OTHER_SIDE),
    "change.accepted": Heard(NoticeKind.CHANGE_ANSWERED, To.OTHER_SIDE),
    "change.declined": Heard(NoticeKind.CHANGE_ANSWERED, To.OTHER_SIDE),
    "change.withdrawn": Heard(NoticeKind.CHANGE_ANSWERED, To.OTHER_SIDE),
    "shipment.time_asked": Heard(NoticeKind.DOCK_TIME, To.DOCK),
    "shipment.time_accepted": Heard(NoticeKind.DOCK_TIME, To.DOCK),
    "shipment.time_cancelled": Heard(NoticeKind.DOCK_TIME, To.DOCK),
    "shipment.time_proposed": Heard(NoticeKind.DOCK_TIME, To.SUPPLIER),
    "shipment.time_confirmed": Heard(NoticeKind.DOCK_TIME, To.SUPPLIER),
    "shipment.time_refused": Heard(NoticeKind.DOCK_TIME, To.SUPPLIER),
    "shipment.time_recalled": Heard(NoticeKind.DOCK_TIME, To.SUPPLIER),
    "shipment.time_missed": Heard(NoticeKind.DOCK_TIME, To.SUPPLIER),
    "count.posted": Heard(NoticeKind.COUNT_DIFFERS, To.SUPPLIER),
    "count.reversed": Heard(NoticeKind.COUNT_DIFFERS, To.SUPPLIER),
    "count.difference_answered": Heard(NoticeKind.COUNT_DIFFERS, To.ITS_BUYERS),
    "count.difference_settled": Heard(NoticeKind.COUNT_DIFFERS, To.SUPPLIER),
    "invoice.held": Heard(NoticeKind.INVOICE_TOLD, To.SUPPLIER),
    "invoice.question_asked": Heard(NoticeKind.INVOICE_TOLD, To.SUPPLIER),
    "invoice.rejected": Heard(NoticeKind.INVOICE_TOLD, To.SUPPLIER),
    "invoice.approved": Heard(NoticeKind.INVOICE_TOLD, To.SUPPLIER),
    "invoice.reopened": Heard(NoticeKind.INVOICE_TOLD, To.SUPPLIER),
    "invoice.booking_cancelled": Heard(NoticeKind.INVOICE_TOLD, To.SUPPLIER),
    "invoice.paid": Heard(NoticeKind.INVOICE_TOLD, To.SUPPLIER),
    "invoice.early_lapsed": Heard(NoticeKind.INVOICE_TOLD, To.SUPPLIER),
    "invoice.early_agreed": Heard(NoticeKind.INVOICE_ASKED, To.PAYABLES),
    "invoice.early_withdrawn": Heard(NoticeKind.INVOICE_ASKED, To.PAYABLES),
    "invoice.early_missed": Heard(NoticeKind.INVOICE_ASKED, To.PAYABLES),
    "invoice.approval_asked": Heard(NoticeKind.INVOICE_ASKED, To.NAMED),
    "invoice.approval_reached": Heard(NoticeKind.INVOICE_ASKED, To.NAMED),
    "invoice.approval_declined": Heard(NoticeKind.INVOICE_ASKED, To.NAMED),
    "invoice.approval_refused": Heard(NoticeKind.INVOICE_ASKED, To.NAMED),
    "invoice.colleague_asked": Heard(NoticeKind.INVOICE_ASKED, To.NAMED),
    "invoice.colleague_answered": Heard(NoticeKind.INVOICE_ASKED, To.NAMED),
    "invoice.question_answered": Heard(NoticeKind.INVOICE_ASKED, To.NAMED),
    "statement.compared": Heard(NoticeKind.INVOICE_ASKED, To.NAMED),
    "statement.answered": Heard(NoticeKind.INVOICE_ASKED, To.NAMED),
    "statement.asked": Heard(NoticeKind.INVOICE_TOLD, To.SUPPLIER),
    "statement.settled": Heard(NoticeKind.INVOICE_TOLD, To.SUPPLIER),
    "supplier.detail_changed": Heard(NoticeKind.DETAIL, To.SUPPLIER),
    "supplier.change_requested": Heard(NoticeKind.DETAIL, To.REVIEWERS),
    "supplier.change_approved": Heard(NoticeKind.DETAIL, To.SUPPLIER),
    "supplier.change_refused": Heard(NoticeKind.DETAIL, To.SUPPLIER),
    "detail_rule.loosening_asked": Heard(NoticeKind.DETAIL, To.REVIEWERS),
    "detail_rule.changed": Heard(NoticeKind.DETAIL, To.REVIEWERS),
    "document.asked": Heard(NoticeKind.DOCUMENT, To.SUPPLIER),
    "document.reminded": Heard(NoticeKind.DOCUMENT, To.SUPPLIER),
    "document.missed": Heard(NoticeKind.DOCUMENT, To.SUPPLIER),
    "document.accepted": Heard(NoticeKind.DOCUMENT, To.SUPPLIER),
    "document.refused": Heard(NoticeKind.DOCUMENT, To.SUPPLIER),
    "document.infected": Heard(NoticeKind.DOCUMENT, To.SUPPLIER),
    "document.unjudged": Heard(NoticeKind.DOCUMENT, To.SUPPLIER),
    "document.admitted": Heard(NoticeKind.DOCUMENT, To.DOCUMENT_REVIEWERS),
    "onboarding.invited": Heard(NoticeKind.ONBOARDING, To.SUPPLIER),
    "onboarding.reminded": Heard(NoticeKind.ONBOARDING, To.SUPPLIER),
    "onboarding.terms_asked": Heard(NoticeKind.ONBOARDING, To.SUPPLIER),
    "onboarding.submitted": Heard(NoticeKind.ONBOARDING, To.ADMINISTRATORS),
    "registration.received": Heard(NoticeKind.ONBOARDING, To.ADMINISTRATORS),
    "screening.hit_found": Heard(NoticeKind.ONBOARDING, To.ADMINISTRATORS),
    "screening.hit_reopened": Heard(NoticeKind.ONBOARDING, To.ADMINISTRATORS),
    "onboarding.returned": Heard(NoticeKind.ONBOARDING, To.SUPPLIER),
    "onboarding.approved": Heard(NoticeKind.ONBOARDING, To.SUPPLIER),
    "onboarding.refused": Heard(NoticeKind.ONBOARDING, To.SUPPLIER),
    "thread.message_sent": Heard(NoticeKind.MESSAGE, To.OTHER_SIDE),
    "clock.step_reached": Heard(NoticeKind.REMINDER, To.BY_STEP),
    "case.mentioned": Heard(NoticeKind.MENTION, To.NAMED),
    "case.reminded": Heard(NoticeKind.REMINDER, To.NAMED),
    "case.task_asked": Heard(NoticeKind.QUESTION, To.ASKED),
    "case.task_reminded": Heard(NoticeKind.QUESTION, To.ASKED),
    **dict.fromkeys(ABOUT_ACCOUNTS, Heard(NoticeKind.ACCOUNT, To.ADDRESSED)),
    "link.asked_again": Heard(NoticeKind.LINK, To.HOLDER),
    "link.forwarded": Heard(NoticeKind.LINK, To.HOLDER),
}

# Facts by which a supplier is asked for a document; they are told as long as it is asked for.
DOCUMENT_ASKED = ("document.asked", "document.reminded", "document.missed")

# Facts by which somebody is asked to approve an invoice.
APPROVAL_ASKED = ("invoice.approval_asked", "invoice.approval_reached")

# The steps of a ladder (procurement/clocks) that go to the side whose time it is; the others call in our own.
TO_THE_HOLDER = ("remind", "second_contact")


def audience_of(to: To, *, actor_side: str, facts: Mapping[str, Any], internal: bool) -> Audience | None:
    """Which side is told of a fact; None for nobody. What is internal is told to the buying side or to nobody."""
    found: Audience | None
    if to in (To.SUPPLIER, To.HOLDER):
        found = Audience.SUPPLIER
    elif to in TO_US:
        found = Audience.COMPANY
    elif to is To.ADDRESSED:
        found = Audience.OUTSIDE
    elif to is To.ASKED:
        found = Audience.OUTSIDE if facts.get("email") else Audience.COMPANY
    elif to is To.OTHER_SIDE:
        found = {"supplier": Audience.COMPANY, "company": Audience.SUPPLIER}.get(actor_side)
    else:
        is_theirs = facts.get("whose") == "supplier" and facts.get("action") in TO_THE_HOLDER
        found = Audience.SUPPLIER if is_theirs else Audience.COMPANY
    return None if internal and found is Audience.SUPPLIER else found


def is_worth_a_notice(event_kind: str, facts: Mapping[str, Any]) -> bool:
    """Whether a fact of a kind that is heard says anything to its reader at all.

    A revision that only repeats what was agreed, or that the other side needs not answer, is in the order's story; a
    count of what came as it was announced is on its sheet; an invoice that waits for us or for goods is on its page.
    """
    if event_kind in ("count.posted", "count.reversed"):
        return bool(facts.get("differs"))
    if event_kind == "onboarding.invited":
        # Whom nobody acts for yet gets an invitation; who is here is told that something is asked.
        return bool(facts.get("asked"))
    if event_kind == "invoice.held":
        # What waits for goods goes on by itself, and what waits for us is ours to see to.
        held_for = facts.get("held_for") or {}
        return facts.get("acts") == "supplier" or held_for.get("key") == "desk.held"
    if event_kind != "order.revised":
        return True
    changes = facts.get("changes") or []
    return bool(facts.get("reopened")) or any(one.get("did") in ("added", "cancelled") for one in changes)


def usual_cadence(kind: str, audience: str) -> Cadence:
    """How often somebody who chose nothing gets a kind of notice."""
    if kind == NoticeKind.RULE_AGREED or (kind == NoticeKind.DOCUMENT and audience == Audience.COMPANY):
        return Cadence.DAILY
    return Cadence.AT_ONCE


def cadence_of(kind: str, audience: str, chosen: Mapping[str, str]) -> Cadence:
    """How often a person gets a kind of notice, given what they chose."""
    if kind in ALWAYS:
        return Cadence.AT_ONCE
    return Cadence(chosen[kind]) if kind in chosen else usual_cadence(kind, audience)


def due_at(cadence: str, at: datetime, *, zone: str, gather_for: timedelta, digest_hour: int) -> datetime:
    """When the mail of a notice goes: soon, with the next morning's digest, or with Monday's, in the reader's zone."""
    if cadence == Cadence.AT_ONCE:
        return at + gather_for
    here = at.astimezone(ZoneInfo(zone))
    day = here.date()
    if datetime.combine(day, time(digest_hour), ZoneInfo(zone)) <= here:
        day += timedelta(days=1)
    if cadence == Cadence.WEEKLY:
        day += timedelta(days=(MONDAY - day.weekday()) % 7)
    return datetime.combine(day, time(digest_hour), ZoneInfo(zone)).astimezone(at.tzinfo)


@dataclass(frozen=True, slots=True)
class Gathered:
    """A notice as it waits: to whom (`reader`), how often they want it, and when it is due."""

    pk: int
    reader: tuple[str, str, int | None]  # address, audience, supplier
    cadence: str
    due_at: datetime
    alone: bool = False


def mails_due(gathered: Iterable[Gathered], at: datetime) -> list[list[int]]:
    """Which notices leave now, mail by mail.

    Once the first that a reader is to get at once is due, all of those leave with it; a digest takes what is due for
    it. A link that was asked for leaves by itself: its reader waits for it; so does what is to be approved: each has a
    subject and a button of its own.
    """
    found: list[list[int]] = []
    groups: dict[tuple[tuple[str, str, int | None], str], list[Gathered]] = {}
    for one in gathered:
        if one.alone:
            if one.due_at <= at:
                found.append([one.pk])
        else:
            groups.setdefault((one.reader, one.cadence), []).append(one)
    for (_reader, cadence), ones in groups.items():
        due = [one for one in ones if one.due_at <= at]
        leaving = ones if due and cadence == Cadence.AT_ONCE else due
        if leaving:
            found.append([one.pk for one in leaving])
    return found


def message_id(key: object, domain: str) -> str:
    """The Message-ID of a mail, without its brackets: the same however often it is sent."""
    return f"{key}@{domain}"


def thread_ids(streams: Sequence[str], supplier: str, domain: str) -> list[str]:
    """What a mail refers to, so that mail programs keep one thread for each order and reader's side."""
    return [f"{stream.replace(':', '.')}.{supplier}@{domain}" for stream in dict.fromkeys(streams)]
