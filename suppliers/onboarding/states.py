"""The life of an onboarding, the kinds of its steps, and how one of them stands."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.kernel.lifecycle import Lifecycle, Transition
from suppliers.roles import Permission


class RunState(models.TextChoices):
    """Where the onboarding of a supplier stands. Orders are answered in each of them."""

    INVITED = "invited", _("Invited")
    STARTED = "started", _("Under way")
    IN_REVIEW = "in_review", _("In review")
    ACTIVE = "active", _("Done")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    LEFT = "left", pgettext_lazy("onboarding", "Left")


OPEN = (RunState.INVITED, RunState.STARTED, RunState.IN_REVIEW)
# Who may have something to do still; of the others nobody is marked unseen.
TO_ACT = (RunState.INVITED, RunState.STARTED)


class StepKind(models.TextChoices):
    """What a step asks for. Whether it is done is read off what the supplier has given, and never typed."""

    COMPANY = "company", _("Company data")
    TAX = "tax", _("Tax numbers")
    ADDRESS = "address", _("Addresses")
    CONTACTS = "contacts", _("Contacts")
    IDENTIFIERS = "identifiers", _("Other numbers")
    DOCUMENTS = "documents", _("Documents")
    TERMS = "terms", pgettext_lazy("onboarding", "Terms")
    BANK = "bank", _("Bank details")
    PREFERENCES = "preferences", _("Preferences")
    QUESTIONS = "questions", _("Questions")


class StepStanding(models.TextChoices):
    """How a step stands: with the supplier, with us, or done."""

    OPEN = "open", _("Open")
    WITH_US = "with_us", pgettext_lazy("onboarding", "Being checked")
    DONE = "done", _("Done")


class AnswerKind(models.TextChoices):
    """What the answer to a question is."""

    TEXT = "text", _("Text")
    YES_NO = "yes_no", _("Yes or no")
    CHOICE = "choice", _("One of several")
    NUMBER = "number", _("Number")
    DATE = "date", _("Day")


class InvitedHow(models.TextChoices):
    """What a supplier was invited by."""

    ONE = "one", _("By hand")
    LIST = "list", _("From the list of suppliers")
    SHEET = "sheet", _("From a sheet")
    FIRST_ORDER = "first_order", _("By its first order")


class ExclusionReason(models.TextChoices):
    """Why a supplier is not invited."""

    ONE_OFF = "one_off", _("One order only")
    INTERCOMPANY = "intercompany", _("A company of our group")
    EDI_ONLY = "edi_only", _("Reached by EDI alone")
    ENDING = "ending", _("Business ends soon")
    OTHER = "other", _("Another reason")


class ChaseKind(models.TextChoices):
    """What many are sent at once: whatever they are to act on, or their invitation alone."""

    REMIND = "remind", _("Reminder")
    INVITATION = "invitation", _("Invitation, once more")


class NotChased(models.TextChoices):
    """Why a supplier that was marked gets no mail. The first that holds, in this order, is told."""

    NOT_ALLOWED = "not_allowed", _("Whoever pressed may not do this any more.")
    BLOCKED = "blocked", _("It is blocked. Unblock it first.")
    LEFT = "left", _("The business with it has ended.")
    MERGED = "merged", _("It was merged into another record.")
    EXCLUDED = "excluded", _("It is excluded: nobody there is reminded.")
    WITH_US = "with_us", _("It has handed in, and waits for us.")
    OVER = "over", _("Nothing is asked of it any more.")
    FINISHED = "finished", _("All that is compulsory is there.")
    HERE = "here", _("Somebody of it is here already: remind them instead.")
    MAIL_ONLY = (
        "mail_only",
        _("It has only mail, and needs no account. Send its invitation again if it is to have one."),
    )
    NO_INVITATION = (
        "no_invitation",
        _("It has no invitation that could be sent again. Invite somebody on its page."),
    )
    INVITER_GONE = (
        "inviter_gone",
        _("Whoever invited it may not invite any more. Invite somebody anew on its page."),
    )
    RECENT = "recent", _("It was written to less than a day ago.")
    NO_ADDRESS = "no_address", _("There is nobody to write to. Invite somebody on its page.")
    BOUNCED = "bounced", _("The last mail to this address came back. Invite another address, or call.")
    STOPPED = "stopped", _("Its people do not want mails about this. Call them.")


_MANAGE, _EDIT = Permission.SUPPLIER_MANAGE, Permission.DETAIL_EDIT

RUN_LIFECYCLE = Lifecycle(
    "onboarding",
    # By whoever of the supplier is first there, or by the clock that sees it.
    Transition("start", frozenset({RunState.INVITED}), RunState.STARTED, "onboarding.started", _EDIT),
    Transition("hand_in", frozenset({RunState.STARTED}), RunState.IN_REVIEW, "onboarding.submitted", _EDIT),
    Transition(
        "hand_back", frozenset({RunState.IN_REVIEW}), RunState.STARTED, "onboarding.returned", _MANAGE
    ),
    Transition("approve", frozenset({RunState.IN_REVIEW}), RunState.ACTIVE, "onboarding.approved", _MANAGE),
    Transition("refuse", frozenset(OPEN), RunState.REFUSED, "onboarding.refused", _MANAGE),
    Transition("withdraw", frozenset(OPEN), RunState.WITHDRAWN, "onboarding.withdrawn", _MANAGE),
    Transition("leave", frozenset({RunState.ACTIVE}), RunState.LEFT, "onboarding.ended", _MANAGE),
    Transition(
        "begin_again",
        frozenset({RunState.REFUSED, RunState.WITHDRAWN, RunState.LEFT}),
        RunState.INVITED,
        "onboarding.reopened",
        _MANAGE,
    ),
    initial=RunState.INVITED,
)
