"""What people are told of, how often they want it, and what became of a notice and of a mail."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class NoticeKind(models.TextChoices):
    """One kind of notice: what a person may have at once, in a digest, or (where allowed) never."""

    ORDER_NEW = "order_new", _("New orders")
    ORDER_REVISED = "order_revised", _("Changed and cancelled orders")
    ANSWER_DECIDED = "answer_decided", _("The buyer’s word on an answer")
    CHANGE_ASKED = "change_asked", _("Change requests that wait for me")
    CHANGE_ANSWERED = "change_answered", _("What became of a change request")
    MESSAGE = "message", _("Messages about an order")
    REMINDER = "reminder", _("Reminders and escalations")
    RULE_AGREED = "rule_agreed", _("What a rule agreed to")
    MENTION = "mention", _("Where somebody names me")
    LINK = "link", _("Links that were asked for or forwarded")
    QUESTION = "question", _("Questions that are put to me")
    DOCK_TIME = "dock_time", _("Times at the dock")
    COUNT_DIFFERS = "count_differs", _("Goods that were counted otherwise than announced")
    INVOICE_TOLD = "invoice_told", _("What becomes of my invoices")
    INVOICE_ASKED = "invoice_asked", _("Invoices that I am asked about")
    ACCOUNT = "account", _("My account")
    DETAIL = "detail", _("Changes of company data")
    DOCUMENT = "document", _("Documents, such as certificates and tax forms")
    ONBOARDING = "onboarding", _("Getting started, and what is asked for it")


class Audience(models.TextChoices):
    """On which side the reader of a notice stands."""

    SUPPLIER = "supplier", _("Supplier")
    COMPANY = "company", _("Buying side")
    OUTSIDE = "outside", _("Outside purchasing")


_SUPPLIER, _COMPANY = frozenset({Audience.SUPPLIER}), frozenset({Audience.COMPANY})

# Who is told of what. A kind that a side is not told of has no switch on its people's page.
TOLD: dict[str, frozenset[Audience]] = {
    NoticeKind.ORDER_NEW: _SUPPLIER,
    NoticeKind.ORDER_REVISED: _SUPPLIER,
    NoticeKind.ANSWER_DECIDED: _SUPPLIER,
    NoticeKind.CHANGE_ASKED: _SUPPLIER | _COMPANY,
    NoticeKind.CHANGE_ANSWERED: _SUPPLIER | _COMPANY,
    NoticeKind.MESSAGE: _SUPPLIER | _COMPANY,
    NoticeKind.REMINDER: _SUPPLIER | _COMPANY,
    NoticeKind.RULE_AGREED: _COMPANY,
    NoticeKind.MENTION: _COMPANY,
    NoticeKind.LINK: _SUPPLIER,
    NoticeKind.QUESTION: _COMPANY | {Audience.OUTSIDE},
    NoticeKind.DOCK_TIME: _SUPPLIER | _COMPANY,
    NoticeKind.COUNT_DIFFERS: _SUPPLIER | _COMPANY,
    NoticeKind.INVOICE_TOLD: _SUPPLIER,
    NoticeKind.INVOICE_ASKED: _COMPANY,
    # To an address, whoever reads it, and of nothing else than that account.
    NoticeKind.ACCOUNT: frozenset({Audience.OUTSIDE}),
    NoticeKind.DETAIL: _SUPPLIER | _COMPANY,
    NoticeKind.DOCUMENT: _SUPPLIER | _COMPANY,
    NoticeKind.ONBOARDING: _SUPPLIER | _COMPANY,
}

# Asked for by the reader, put to them alone, or the last word before somebody else is called: always at once, never
# switched off.
ALWAYS = frozenset({NoticeKind.REMINDER, NoticeKind.LINK, NoticeKind.QUESTION, NoticeKind.ACCOUNT})
# What leaves in a mail of its own: its reader waits for it, or its address is for it alone.
ALONE = frozenset({NoticeKind.LINK, NoticeKind.QUESTION, NoticeKind.ACCOUNT})
# Its reader waits for it, or must hear of it before it is too late: nothing is gathered.
NOT_GATHERED = frozenset({NoticeKind.LINK, NoticeKind.ACCOUNT})


class Cadence(models.TextChoices):
    """How often somebody wants a kind of notice."""

    AT_ONCE = "at_once", _("At once")
    DAILY = "daily", _("Daily")
    WEEKLY = "weekly", _("Weekly")
    NEVER = "never", _("Never")


class NoticeState(models.TextChoices):
    """Gathered until its mail goes; sent with it, failed with it, or not wanted (any more)."""

    GATHERED = "gathered", _("Gathered")
    MAILING = "mailing", _("On its way")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    NOT_WANTED = "not_wanted", _("Not wanted")


class MailState(models.TextChoices):
    """A mail waits in the outbox, was taken by the mail server, or came to nothing."""

    QUEUED = "queued", _("Queued")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    DROPPED = "dropped", _("Dropped")
