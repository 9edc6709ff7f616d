"""Mails about somebody's account: an invitation, a change of address, an account to be woken, a role that ended; to
both addresses where a company, or one of its contacts, is written to at another; and to a supplier's people where the
business with it is to end.

They go to an address, not to a person: whoever reads it learns of that account and of nothing else. The links in them
are made as they are written, and stand in no table, no log and no fact.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kernel.audit.models import AuditEvent
from portal.kernel.templatetags.portal_ui import day_text
from procurement.catalogue.models import Company
from procurement.notifications.messages import Item, Quote
from procurement.notifications.models import Notice
from suppliers.details.states import Part
from suppliers.models import AddressChange, Invitation, User
from suppliers.people.presenters import confirm_url, join_url, object_url, wake_url
from suppliers.people.services import note_address_told
from suppliers.people.states import AddressState, InvitationState
from suppliers.registration.models import SupplierRequest
from suppliers.registration.states import RequestState

OPEN = (AddressState.ASKED, AddressState.CONFIRMED)
INVITED = ("invitation.sent", "invitation.resent")


def over_already(event: AuditEvent) -> str:
    """Why a mail need not leave any more: what it asks for is done, or taken back."""
    facts = event.facts
    if event.kind in INVITED:
        is_open = Invitation.objects.filter(key=facts["invitation"], state=InvitationState.SENT).exists()
        return "" if is_open else "the invitation is over"
    if event.kind in ("registration.asked", "registration.returned"):
        waits = SupplierRequest.objects.filter(key=facts["request"], state=RequestState.ASKED)
        return "" if waits.exists() else "the request was sent"
    if event.kind == "address.asked":
        open_ones = AddressChange.objects.filter(key=facts["change_of_address"], state__in=OPEN)
        return "" if open_ones.exists() else "the change is over"
    if event.kind == "person.wake_asked":
        asleep = User.objects.filter(pk=facts["person"], asleep_at__isnull=False)
        return "" if asleep.exists() else "awake meanwhile"
    return ""


def note_told(notices: Iterable[Notice], *, at: datetime) -> None:
    """Their mail has left: an address that is to be changed has its time to object from now on."""
    asked = {one.event_id: one.address for one in notices if one.event_kind == "address.asked"}
    for event in AuditEvent.objects.filter(pk__in=list(asked)):
        note_address_told(event.facts["change_of_address"], asked[event.pk], at=at)


def about_account(item: Item, notice: Notice, event: AuditEvent, *_more: Any) -> str:
    """The words of one such mail. Its reader's language and zone are active."""
    item.signs_in = True  # no word on needing no account
    item.number = ""
    return _WRITERS[event.kind](item, notice, event)


def _companies() -> str:
    return ", ".join(Company.objects.order_by("id").values_list("name", flat=True)[:3])


def _invited(item: Item, notice: Notice, event: AuditEvent) -> str:
    invitation = Invitation.objects.select_related("supplier").get(key=event.facts["invitation"])
    item.url, item.button = join_url(invitation), _("Accept the invitation")
    said = {
        "by": invitation.invited_by,
        "company": _companies(),
        "role": invitation.role_label,
        "supplier": invitation.supplier.name if invitation.supplier else "",
        "address": invitation.address,
        "day": day_text(invitation.expires_at.date()),
    }
    if words := str(event.facts.get("words") or ""):  # of who sends it once more
        item.quotes.append(Quote(event.actor_label, words))
    if invitation.words:
        item.quotes.append(Quote(invitation.invited_by, invitation.words))
    if invitation.supplier:
        item.sentences.append(
            _("%(by)s invites you to act for %(supplier)s in the supplier portal of %(company)s.") % said
        )
    else:
        item.sentences.append(_("%(by)s invites you to the supplier portal of %(company)s.") % said)
    item.sentences.append(_("Your role there: %(role)s.") % said)
    item.sentences.append(
        _("You will sign in with %(address)s. The link opens until %(day)s and for you alone.") % said
    )
    if invitation.supplier:
        return _("You are invited to act for %(supplier)s") % said
    return _("You are invited to the supplier portal of %(company)s") % said


def _asked(item: Item, notice: Notice, event: AuditEvent) -> str:
    change = AddressChange.objects.select_related("user").get(key=event.facts["change_of_address"])
    said = {"old": change.old_address, "new": change.new_address, "name": change.user.name}
    if notice.address == change.new_address:
        item.url, item.button = confirm_url(change), _("Confirm the address")
        item.sentences.append(
            _("%(name)s asked to sign in with this address in place of the present one.") % said
        )
        item.sentences.append(_("If you know nothing of it, leave this mail: then nothing happens."))
        return _("Please confirm your new address")
    item.url, item.button = object_url(change), _("Stop it, or agree")
    item.sentences.append(_("Somebody who was signed in as you asked that %(old)s becomes %(new)s.") % said)
    hours = int(settings.ADDRESS_WAIT.total_seconds() // 3600)
    item.sentences.append(
        _("Was it somebody else, stop it within %(n)d hours: the button leads there, without signing in.")
        % {"n": hours}
    )
    return _("Your mail address is to be changed")


def _changed(item: Item, notice: Notice, event: AuditEvent) -> str:
    said = {"old": event.facts["from"], "new": event.facts["to"]}
    item.url, item.button = f"{settings.PUBLIC_URL}{reverse('account_login')}", _("Sign in")
    item.sentences.append(_("You sign in with %(new)s from now on; mails go there.") % said)
    if notice.address == event.facts["from"]:
        item.sentences.append(
            _(
                "This was announced here before. Was it not you, tell your administrator or your customer at once."
            )
        )
    return _("Your mail address is changed")


def _wake(item: Item, notice: Notice, event: AuditEvent) -> str:
    user = User.objects.get(pk=event.facts["person"])
    item.url, item.button = wake_url(user), _("Wake the account")
    item.sentences.append(
        _(
            "Your account was not used for a long time and is asleep. Somebody has just signed in with your password."
        )
    )
    item.sentences.append(_("Was it you, wake it, then sign in as ever. Was it not, set a new password."))
    item.sentences.append(_("The link is good for ten minutes. Signing in again brings another one."))
    return _("Wake your account")


def _removed(item: Item, notice: Notice, event: AuditEvent) -> str:
    said = {"supplier": event.facts["supplier"], "by": event.actor_label}
    item.url, item.button = settings.PUBLIC_URL, _("Open the portal")
    item.sentences.append(_("%(by)s has ended it. What you wrote stays under your name.") % said)
    return _("You do not act for %(supplier)s any more") % said


def _tokens_left(item: Item, notice: Notice, event: AuditEvent) -> str:
    facts = event.facts
    said = {
        "name": facts["name"],
        "supplier": facts["supplier"],
        "tokens": ", ".join(facts["tokens"]),
    }
    item.url, item.button = f"{settings.PUBLIC_URL}{reverse('token-list')}", _("Access tokens")
    item.sentences.append(
        _("%(name)s is no administrator of %(supplier)s any more, and made these: %(tokens)s.") % said
    )
    item.sentences.append(
        _("They go on, but propose no bank details. Revoke what is not needed; make new ones for the rest.")
    )
    return _("Access tokens of %(name)s are still in use") % said


def _company_reached_otherwise(item: Item, notice: Notice, event: AuditEvent) -> str:
    facts = event.facts
    said = {
        "by": event.actor_label,
        "supplier": facts["supplier"],
        "old": facts["from"],
        "new": facts["to"],
        "company": _companies(),
    }
    item.url, item.button = settings.PUBLIC_URL, _("Open the portal")
    if facts["part"] == Part.PREFERENCES:
        text = _("%(by)s changed the address at which %(supplier)s is written to: %(old)s became %(new)s.")
        if not facts["to"]:
            text = _("%(by)s took away the address at which %(supplier)s is written to: %(old)s.")
    else:
        text = _("%(by)s changed the address of a contact of %(supplier)s: %(old)s became %(new)s.")
        if not facts["to"]:
            text = _("%(by)s took away the address of a contact of %(supplier)s: %(old)s.")
    item.sentences.append(text % said)
    if notice.address == facts["from"]:
        item.sentences.append(
            _("Did nobody of yours mean to, call %(company)s at once, and not by a number out of a mail.")
            % said
        )
    return _("A mail address of %(supplier)s is changed") % said


def _contact_called_otherwise(item: Item, notice: Notice, event: AuditEvent) -> str:
    facts = event.facts
    said = {
        "by": event.actor_label,
        "supplier": facts["supplier"],
        "name": facts["name"],
        "company": _companies(),
    }
    item.url, item.button = settings.PUBLIC_URL, _("Open the portal")
    item.sentences.append(
        _("%(by)s wrote down at which number %(name)s is called as a contact of %(supplier)s.") % said
    )
    item.sentences.append(
        _("Did nobody of yours mean to, call %(company)s at once, and not by a number out of a mail.") % said
    )
    return _("A telephone number of %(supplier)s is changed") % said


def _registers(item: Item, notice: Notice, event: AuditEvent) -> str:
    asked = SupplierRequest.objects.get(key=event.facts["request"])
    path = reverse("register-company", args=[asked.token])
    item.url, item.button = f"{settings.PUBLIC_URL}{path}", _("Say who you are")
    item.sentences.append(_("Somebody, you we hope, wants to become a supplier with this address."))
    item.sentences.append(_("If you know nothing of it, leave this mail: then nothing happens."))
    return _("Become a supplier of %(company)s") % {"company": _companies()}


def _asked_back(item: Item, notice: Notice, event: AuditEvent) -> str:
    asked = SupplierRequest.objects.get(key=event.facts["request"])
    path = reverse("register-company", args=[asked.token])
    item.url, item.button = f"{settings.PUBLIC_URL}{path}", _("Mend it and send it again")
    item.quotes.append(Quote(_companies(), str(event.facts["reason"])))
    item.sentences.append(_("What you said is kept. The link opens for three days; later ask for another."))
    return _("Your request to become a supplier: something is missing")


def _not_registered(item: Item, notice: Notice, event: AuditEvent) -> str:
    item.quotes.append(Quote(_companies(), str(event.facts["reason"])))
    item.url = ""  # there is no page for who was refused
    return _("Your request to become a supplier was refused")


def _said_of_the_end(item: Item, event: AuditEvent) -> dict[str, str]:
    facts = event.facts
    item.url, item.button = settings.PUBLIC_URL, _("Open the portal")
    if facts.get("words"):
        item.quotes.append(Quote(event.actor_label, str(facts["words"])))
    return {
        "supplier": str(facts["supplier"]),
        "company": _companies(),
        "day": day_text(date.fromisoformat(facts["last_on"])),
        "was": day_text(date.fromisoformat(facts.get("was_on", facts["last_on"]))),
        "by": event.actor_label,
    }


def _business_ends(item: Item, notice: Notice, event: AuditEvent) -> str:
    said = _said_of_the_end(item, event)
    item.sentences.append(
        _("Until %(day)s everything goes on: orders are answered, goods delivered, invoices sent and paid.")
        % said
    )
    item.sentences.append(
        _("Please send by then what is to be sent still. After that day nobody signs in for %(supplier)s.")
        % said
    )
    return _("The business of %(supplier)s with %(company)s ends on %(day)s") % said


def _business_ends_otherwise(item: Item, notice: Notice, event: AuditEvent) -> str:
    said = _said_of_the_end(item, event)
    item.sentences.append(_("You were told %(was)s before.") % said)
    return _("The last day of %(supplier)s with %(company)s is now %(day)s") % said


def _business_goes_on(item: Item, notice: Notice, event: AuditEvent) -> str:
    said = _said_of_the_end(item, event)
    item.quotes.clear()  # they spoke of the end
    item.sentences.append(_("You were told that it ends on %(day)s. It does not.") % said)
    return _("The business of %(supplier)s with %(company)s goes on") % said


def _business_ended(item: Item, notice: Notice, event: AuditEvent) -> str:
    said = _said_of_the_end(item, event)
    item.sentences.append(
        _("You do not act for %(supplier)s here any more. What you wrote stays under your name.") % said
    )
    item.sentences.append(
        _("What is owed is owed still. Write about it to whom you know at %(company)s.") % said
    )
    return _("The business of %(supplier)s with %(company)s has ended") % said


def _mine(notice: Notice, event: AuditEvent) -> str:
    """For which other supplier the reader acts by the merge, or did."""
    told = event.facts.get("tell") or ()
    return next((str(one["supplier"]) for one in told if one["address"] == notice.address), "")


def _merged(item: Item, notice: Notice, event: AuditEvent) -> str:
    said = {"supplier": event.facts["supplier"], "into": event.facts["into"], "mine": _mine(notice, event)}
    item.url, item.button = settings.PUBLIC_URL, _("Open the portal")
    item.sentences.append(
        _("%(supplier)s and %(into)s are two numbers of one company here. You act for both now.") % said
    )
    item.sentences.append(
        _("Choose under your name for which one. Was it a mistake, tell whom you know there.") % said
    )
    if tokens := event.facts.get("tokens"):
        item.sentences.append(
            _(
                "Access tokens of %(supplier)s ended with it: %(tokens)s. Where a program goes on with that record, "
                "its administrator makes it a new one."
            )
            % {**said, "tokens": ", ".join(tokens)}
        )
    return _("You act for %(mine)s too") % said


def _taken_apart(item: Item, notice: Notice, event: AuditEvent) -> str:
    said = {"supplier": event.facts["supplier"], "into": event.facts["into"], "mine": _mine(notice, event)}
    item.url, item.button = settings.PUBLIC_URL, _("Open the portal")
    item.sentences.append(
        _("%(supplier)s and %(into)s are two companies after all. What you wrote stays under your name.")
        % said
    )
    return _("You do not act for %(mine)s any more") % said


_WRITERS: dict[str, Callable[[Item, Notice, AuditEvent], str]] = {
    "invitation.sent": _invited,
    "invitation.resent": _invited,
    "address.asked": _asked,
    "address.changed": _changed,
    "person.wake_asked": _wake,
    "supplier.member_removed": _removed,
    "supplier.tokens_left": _tokens_left,
    "supplier.mail_address_changed": _company_reached_otherwise,
    "supplier.telephone_changed": _contact_called_otherwise,
    "registration.asked": _registers,
    "registration.returned": _asked_back,
    "registration.refused": _not_registered,
    "offboarding.begun": _business_ends,
    "offboarding.day_moved": _business_ends_otherwise,
    "offboarding.cancelled": _business_goes_on,
    "offboarding.ended": _business_ended,
    "merge.approved": _merged,
    "merge.reversed": _taken_apart,
}
