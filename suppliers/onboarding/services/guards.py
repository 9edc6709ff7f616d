"""Who may do what here, and the words that many refusals share."""

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Invalid, NotAllowed, Problem
from suppliers.onboarding.policies import LONGEST_REASON
from suppliers.roles import Permission


def require_administrator(actor: Actor) -> None:
    """Raise `NotAllowed` for whoever does not administer suppliers."""
    if actor.is_supplier or not actor.may(Permission.SUPPLIER_MANAGE):
        raise NotAllowed(_("Only a supplier administrator brings suppliers in."))


def require_keeper(actor: Actor) -> None:
    """Raise `NotAllowed` for whoever does not keep the company's data: of the supplier, or ours for it."""
    if not actor.may(Permission.DETAIL_EDIT):
        raise NotAllowed(_("Whoever keeps the company data does this. Ask your administrator."))


def reason_in(reason: str) -> str:
    """A reason that others read. Raises `Invalid` for none, or one that is too long."""
    said = reason.strip()
    if not said:
        message = _("Say why: others read it later.")
        raise Invalid(message, [Problem("reason", message, "", "required")])
    if len(said) > LONGEST_REASON:
        message = _("At most %(most)d characters.") % {"most": LONGEST_REASON}
        raise Invalid(message, [Problem("reason", message, said[:40], "too_long")])
    return said


def sentence_in(words: str) -> str:
    """A sentence that a mail says besides its own; empty for none. Raises `Invalid` for one that is too long."""
    said = words.replace("\r\n", "\n").strip()
    if len(said) > LONGEST_REASON:
        message = _("At most %(most)d characters.") % {"most": LONGEST_REASON}
        raise Invalid(message, [Problem("words", message, said[:40], "too_long")])
    return said
