"""What becomes of a mail that comes in, and of a draft that was read in one."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kernel.lifecycle import Lifecycle, Transition
from suppliers.roles import Permission


class Door(models.TextChoices):
    """Which way a mail came in."""

    IMAP = "imap", _("Mailbox")
    MAILDIR = "maildir", _("Mail folder")
    WEBHOOK = "webhook", _("Mail provider")
    COMMAND = "command", _("By hand")
    DEMO = "mailbox", _("Demo mailbox")


class MailState(models.TextChoices):
    """What was made of a mail."""

    RECEIVED = "received", _("Received")
    THREADED = "threaded", _("In the thread")
    DRAFTED = "drafted", _("In the thread, with a draft")
    AUTOMATIC = "automatic", _("Automatic, set aside")
    BOUNCED = "bounced", _("Report of a failed delivery")
    UNKNOWN = "unknown", _("Sender unknown")
    UNPLACED = "unplaced", _("Order unknown")
    REFUSED = "refused", _("Refused")
    DISMISSED = "dismissed", _("Dismissed")


class Why(models.TextChoices):
    """Why a mail was sorted as it was, where it did not simply go to its thread."""

    OWN_MAIL = "own_mail", _("A mail of our own came back.")
    LOOP = "loop", _("It goes in circles between hosts.")
    AUTO_REPLY = "auto_reply", _("An automatic answer: nobody wrote it.")
    RECEIPT = "receipt", _("A receipt or a report by a machine.")
    DELAYED = "delayed", _("A mail of ours is late, and still under way.")
    LIST = "list", _("From a mailing list, or sent in bulk.")
    EMPTY = "empty", _("Nothing was written, and no file came with it.")
    UNDELIVERED = "undelivered", _("A mail of ours was not delivered.")
    UNKNOWN_SENDER = "unknown_sender", _("Nobody is known at this address.")
    UNPROVEN = "unproven", _("The address is known, but nothing proves that it wrote this.")
    FORGED = "forged", _("The receiving host says that it does not come from this address.")
    NO_ORDER = "no_order", _("It names no order of this supplier.")
    OWN_PEOPLE = "own_people", _("From the buying side, and not to a reply address.")
    NOT_THEIRS = "not_theirs", _("The address belongs to another supplier.")
    MAY_NOT_WRITE = "may_not_write", _("This person’s role reads orders and does not write.")
    GONE = "gone", _("The person written to acts for this supplier no more.")
    TOO_LARGE = "too_large", _("It is larger than a mail may be here; only its beginning was kept.")
    TOO_DEEP = "too_deep", _("Its parts are nested deeper than in any honest mail.")
    MALFORMED = "malformed", _("It cannot be taken apart.")


# A person must look at these: nothing was done with them.
WAITS = (MailState.UNKNOWN, MailState.UNPLACED, MailState.REFUSED)
# What a person may say where it belongs: also what was taken for an automatic answer and is none.
PLACEABLE = (*WAITS, MailState.AUTOMATIC)


class DraftKind(models.TextChoices):
    """What a draft becomes when it is confirmed."""

    ACKNOWLEDGMENT = "answer", _("Answer")
    CHANGE = "change", _("Change request")
    SHEET = "sheet", _("Answer sheet")
    REPLY = "reply", _("Answer to a change request")


class DraftState(models.TextChoices):
    """What became of a draft."""

    OPEN = "open", _("Waits for a press")
    CONFIRMED = "confirmed", _("Confirmed")
    CORRECTED = "corrected", _("Taken over for correction")
    DISCARDED = "discarded", _("Discarded")
    SUPERSEDED = "superseded", _("Overtaken")


_RECEIVED = frozenset({MailState.RECEIVED})
_SORT = Permission.MAIL_PLACE

MAIL_LIFECYCLE = Lifecycle(
    "inbound mail",
    Transition("thread", _RECEIVED, MailState.THREADED, "mail.threaded", _SORT, internal=True),
    Transition("draft", _RECEIVED, MailState.DRAFTED, "mail.drafted", _SORT, internal=True),
    Transition("set_aside", _RECEIVED, MailState.AUTOMATIC, "mail.ignored", _SORT, internal=True),
    Transition("bounce", _RECEIVED, MailState.BOUNCED, "mail.bounced", _SORT, internal=True),
    Transition("question", _RECEIVED, MailState.UNKNOWN, "mail.questioned", _SORT, internal=True),
    Transition("hold", _RECEIVED, MailState.UNPLACED, "mail.unplaced", _SORT, internal=True),
    Transition("refuse", _RECEIVED, MailState.REFUSED, "mail.refused", _SORT, internal=True),
    # A person says where it belongs; then it is sorted again.
    Transition("place", frozenset(PLACEABLE), MailState.RECEIVED, "mail.placed", _SORT, internal=True),
    Transition("dismiss", frozenset(WAITS), MailState.DISMISSED, "mail.dismissed", _SORT, internal=True),
    initial=MailState.RECEIVED,
    terminal=(MailState.THREADED, MailState.DRAFTED, MailState.BOUNCED, MailState.DISMISSED),
)

_OPEN = frozenset({DraftState.OPEN})
_ANSWER = Permission.ORDER_ACKNOWLEDGE

DRAFT_LIFECYCLE = Lifecycle(
    "mail draft",
    Transition("confirm", _OPEN, DraftState.CONFIRMED, "mail.draft_confirmed", _ANSWER),
    Transition("correct", _OPEN, DraftState.CORRECTED, "mail.draft_corrected", _ANSWER),
    Transition("discard", _OPEN, DraftState.DISCARDED, "mail.draft_discarded", _ANSWER),
    Transition("supersede", _OPEN, DraftState.SUPERSEDED, "mail.draft_superseded", Permission.ERP_MANAGE),
    initial=DraftState.OPEN,
    terminal=(DraftState.CONFIRMED, DraftState.CORRECTED, DraftState.DISCARDED, DraftState.SUPERSEDED),
)
