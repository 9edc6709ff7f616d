"""The outbox's topic "bank notices": one mail at once to one earlier contact, which nobody has switched off.

Not gathered, not weighed and not dropped (as `delivery` does with other notices): it goes to people who were removed,
to suppliers that are blocked, and while NOTICES is off. Whom, was settled with the fact (suppliers.banking). A crash
after the mail server took it sends it once more, with the same Message-ID and the same link.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.outbox.services import ParkMessage, RetryLater
from portal.kernel.scope import acting, require_no_transaction
from procurement.notifications.delivery import Refused, hand_over
from procurement.notifications.policies import MOST_TRIES_FOR, message_id
from procurement.notifications.services.mailing import mail_domain
from procurement.notifications.services.returned import note_not_told
from suppliers.banking.models import BankNotice
from suppliers.banking.presenters import what_text
from suppliers.banking.queries import (
    OFFICE,
    find_notice,
    held_accounts,
    notice_token,
    objections,
    open_freeze,
)
from suppliers.banking.states import BankMailState, BankNoticeKind, ChangeKind
from suppliers.roles import SupplierRole

MOST_SAID = 10


def deliver(message: OutboxMessage) -> str:
    """Send one notice. Returns an outcome word for the outbox."""
    require_no_transaction()
    at = timezone.now()
    with acting(OFFICE):
        notice = find_notice(message.payload["notice"])
        if notice is None:
            return "gone"
        if notice.state == BankMailState.SENT:
            return "sent"
        mail = mail_of(notice)
    try:
        hand_over(mail)
    except Refused as refusal:
        _note_failed(notice, refusal.reason, at)
        return "refused"
    except RetryLater as error:
        if at - message.created_at < MOST_TRIES_FOR:
            raise
        _note_failed(notice, error.reason, at)
        raise ParkMessage(error.reason) from error
    with acting(OFFICE):
        BankNotice.objects.filter(pk=notice.pk).update(state=BankMailState.SENT, sent_at=at, fault="")
    return "mailed"


def _note_failed(notice: BankNotice, reason: str, at: datetime) -> None:
    with acting(OFFICE):
        note_not_told(notice, reason, at=at)


def mail_of(notice: BankNotice) -> EmailMultiAlternatives:
    """The mail of a notice, in its reader's language. Masked as everywhere."""
    known = dict(settings.LANGUAGES)
    with translation.override(notice.language if notice.language in known else settings.LANGUAGE_CODE):
        context = _context(notice)
        mail = EmailMultiAlternatives(
            context["heading"],
            render_to_string("mail/bank_notice.txt", context),
            to=[notice.address],
            headers={
                "Message-ID": f"<{message_id(notice.key, mail_domain())}>",
                "Auto-Submitted": "auto-generated",
                "X-Auto-Response-Suppress": "OOF, AutoReply",
            },
        )
        mail.attach_alternative(render_to_string("mail/bank_notice.html", context), "text/html")
        mail.metadata = {"mail": str(notice.key)}  # type: ignore[attr-defined]  # comes back with a bounce, as in delivery
    return mail


def _context(notice: BankNotice) -> dict[str, Any]:
    name, change = notice.supplier.name, notice.change
    values = {
        "name": name,
        "who": change.requested_by if change else "",
        "what": what_text(change) if change else "",
    }
    sentences: list[str]
    label = _("This was not me: stop it")
    if notice.kind == BankNoticeKind.REQUESTED:
        heading = _("The bank details of %(name)s are to change") % values
        sentences = [
            _("%(who)s has requested a change: %(what)s. Nothing has changed yet.") % values,
            _("If that is right, nothing is to be done. If you know nothing of it, stop it now."),
        ]
    elif notice.kind == BankNoticeKind.IN_FORCE:
        heading = _("The bank details of %(name)s have changed") % values
        sentences = [
            _("In force now: %(what)s. It was requested by %(who)s.") % values,
            _(
                "If you know nothing of it, stop it now: no invoice is approved then, and whoever pays is told to "
                "block the new account."
            ),
        ]
    elif notice.kind == BankNoticeKind.NEW_PERSON:
        heading = _("Somebody new acts for %(name)s") % values
        sentences = _of_somebody_new(notice)
        label = _("We do not know this person: stop it")
    else:
        heading = _("The bank details of %(name)s are frozen") % values
        sentences = [
            _(
                "Somebody says that a change was not theirs. Everything stands still until two people have looked."
            ),
        ]
    if notice.of_company:
        sentences = sentences[:1]
        if notice.kind == BankNoticeKind.IN_FORCE:
            sentences.append(
                _("Change it in the ERP as well: the ERP pays to the account that it has itself.")
            )
        if notice.kind == BankNoticeKind.FROZEN:
            sentences += _what_is_held(notice)
        address = (
            reverse("bank-change", args=[change.key])
            if change
            else reverse("bank-supplier", args=[notice.supplier.key])
        )
        label, foot = (
            _("Open the case"),
            _("You get this because you see to bank details. It cannot be switched off."),
        )
    else:
        address = reverse("bank-not-me", args=[notice_token(notice)])
        foot = _(
            "You get this because you are, or were, known as a contact of %(name)s. It cannot be switched off. "
            "We never ask for account numbers, passwords or codes by mail or telephone."
        ) % {"name": name}
    return {
        "notice": notice,
        "heading": " ".join(heading.split()),
        "sentences": sentences,
        "rows": _rows(notice),
        "url": f"{settings.PUBLIC_URL}{address}",
        "label": label,
        "foot": foot,
    }


def _of_somebody_new(notice: BankNotice) -> list[str]:
    about = notice.about
    said = {
        "person": about["name"],
        "address": about["address"],
        "role": SupplierRole(about["role"]).label,
        "name": notice.supplier.name,
        "by": about["by"],
        "days": settings.BANK_CONTACT_DAYS,
    }
    who = _("%(person)s (%(address)s) acts for %(name)s from now on: %(role)s. Let in by: %(by)s.")
    return [
        who % said,
        _(
            "In %(days)d days it may be this person whom your customer calls to ask whether a new bank account is "
            "yours."
        )
        % said,
        _(
            "If you know the person, nothing is to be done. If not, stop every change of bank details now; your "
            "customer then looks into it with you."
        ),
    ]


def _what_is_held(notice: BankNotice) -> list[str]:
    """Who objects, and what to do in the ERP: it pays what it was told already, whatever stands still here."""
    freeze = open_freeze(notice.supplier_id)
    said = [one.facts["reason"] for one in objections(freeze)[-MOST_SAID:]] if freeze else []
    held = ", ".join(held_accounts(notice.supplier_id))
    if not held:
        return [*said, _("No account is held: those in force are older. Nothing is approved meanwhile.")]
    return [
        *said,
        _("Held: %(accounts)s. Block payments to it in the ERP now: what is approved already, the ERP pays.")
        % {"accounts": held},
    ]


def _rows(notice: BankNotice) -> list[tuple[str, str, str]]:
    change = notice.change
    if change is None or notice.kind == BankNoticeKind.FROZEN:
        return []
    before = change.account
    new = "" if change.kind == ChangeKind.END else change.masked
    return [
        (_("Account"), before.masked if before else "", new or _("none")),
        (_("Holder"), before.holder if before else "", change.holder),
        (_("Bank"), before.bank_name if before else "", change.bank_name),
    ]
