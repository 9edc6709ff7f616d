"""The outbox's topic "notices": one mail to one reader, written when it leaves, in their language and their zone.

Note [Three steps]: what is to be said is read and its links are made in one transaction; the mail server is spoken to
in none; what came of it is noted in another. A crash between the last two sends the mail once more, with the same
Message-ID and the same links.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import formataddr, parseaddr
from smtplib import (
    SMTPDataError,
    SMTPException,
    SMTPRecipientsRefused,
)
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.urls import reverse
from django.utils import timezone, translation

from portal.kernel.actors import Actor, Channel, Side
from portal.kernel.audit.models import AuditEvent
from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.outbox.services import ParkMessage, RetryLater
from portal.kernel.scope import acting, require_no_transaction
from procurement.links.models import SignedLink
from procurement.links.queries import asked_url, url_of
from procurement.links.services import NewLink, issue_links, reply_address_of
from procurement.links.states import Purpose
from procurement.notifications.accounts import note_told
from procurement.notifications.messages import Written
from procurement.notifications.models import Notice, NoticeMail
from procurement.notifications.policies import APPROVAL_ASKED, MOST_TRIES_FOR, thread_ids
from procurement.notifications.presenters.items import items_of, streams_of
from procurement.notifications.presenters.mail import Envelope, written
from procurement.notifications.presenters.seen import seen_by
from procurement.notifications.queries import OF_COUNTS, orders_counted
from procurement.notifications.services.gathering import POSTMAN
from procurement.notifications.services.mailing import (
    UNSENT,
    drop_mail,
    fail_mail,
    mail_domain,
    note_sent,
)
from procurement.notifications.services.overtaken import Dropped, still_wanted
from procurement.notifications.states import ALWAYS, Audience, NoticeKind
from procurement.notifications.stopping import stop_token
from procurement.orders.states import OrderState
from procurement.payables.queries.by_link import approval_url, approvals_asked
from procurement.payables.services.by_link import issue_approval_links
from suppliers.models import User
from suppliers.queries import actor_of

logger = logging.getLogger(__name__)

PERMANENT = range(500, 600)
NEVER_AGAIN = (550, 551, 552, 553, 554, 555, 556)


@dataclass(slots=True)
class _Letter:
    """A mail on its way: what is in it, and its headers."""

    mail: NoticeMail
    leaving: list[Notice]
    dropped: list[Dropped]
    written: Written
    reply_to: str
    stop_url: str
    references: list[str]


def deliver(message: OutboxMessage) -> str:
    """Send one mail, or say why it need not leave. Returns an outcome word for the outbox."""
    require_no_transaction()
    at = timezone.now()
    if not settings.NOTICES and not _is_about_account(message.payload["mail"]):
        raise RetryLater("Notices are switched off (NOTICES).", timedelta(minutes=10))
    letter = _write(message.payload["mail"], at)
    if isinstance(letter, str):
        return letter
    try:
        _send(letter)
    except Refused as refusal:
        with acting(POSTMAN):
            fail_mail(letter.mail, refusal.reason, at=at)
            note_told(letter.leaving, at=at)  # an address that is no more has nobody who could object
        return "refused"
    except RetryLater as error:
        if at - message.created_at < MOST_TRIES_FOR:
            raise
        with acting(POSTMAN):
            fail_mail(letter.mail, error.reason, at=at)
        raise ParkMessage(error.reason) from error
    with acting(POSTMAN):
        note_sent(letter.mail, letter.leaving, letter.dropped, subject=letter.written.subject, at=at)
        note_told(letter.leaving, at=at)
    return "mailed"


def _is_about_account(key: str) -> bool:
    with acting(POSTMAN):
        return Notice.objects.filter(mail__key=key, kind=NoticeKind.ACCOUNT).exists()


def _write(key: str, at: datetime) -> _Letter | str:
    with acting(POSTMAN):
        mail = NoticeMail.objects.filter(key=key).select_related("user").first()
        if mail is None:
            return "gone"
        if mail.state not in UNSENT:
            return str(mail.state)
        notices = mail.notices.select_related("order__supplier", "order__company", "link").order_by("id")
        leaving, dropped = still_wanted(mail, list(notices), at=at)
        urls = _ways(mail, leaving, at)
        reply_to = _reply_to(mail, leaving, at)
        reader = _reader(mail)
    if not leaving or reader is None:
        with acting(POSTMAN):
            drop_mail(mail, dropped)
        return "not wanted"
    stop_url = _stop_url(mail, leaving)
    zone = ZoneInfo(mail.time_zone)
    language = mail.language if mail.language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    with acting(reader), translation.override(language), timezone.override(zone):
        items = items_of(leaving, seen_by(reader, leaving), urls)
        if items:
            envelope = Envelope(
                name=mail.name,
                address=mail.address,
                company=_company_of(leaving) if mail.audience == Audience.SUPPLIER else "",
                audience=mail.audience,
                cadence=leaving[0].cadence,
                may_reply=bool(settings.MAIL_REPLY_DOMAIN and reply_to) and mail.audience != Audience.OUTSIDE,
                stop_url=stop_url,
            )
            text = written(items, envelope)
    if not items:
        with acting(POSTMAN):
            drop_mail(mail, [*dropped, *((one, "nothing its reader may see") for one in leaving)])
        return "not wanted"
    supplier = str(mail.supplier_id or "buyers")
    references = thread_ids(streams_of(items), supplier, mail_domain()) if len(items) == 1 else []
    return _Letter(mail, leaving, dropped, text, reply_to, stop_url, references)


def _reader(mail: NoticeMail) -> Actor | None:
    """Under whose eyes the mail is written. See Note [Reader's scope]."""
    if mail.audience == Audience.SUPPLIER:
        assert mail.supplier_id is not None  # what is told to a supplier is of one
        return Actor(
            label=mail.person.label,
            channel=Channel.MAIL,
            side=Side.SUPPLIER,
            user_id=mail.user_id,
            supplier_ids=(mail.supplier_id,),
            all_supplier_ids=(mail.supplier_id,),
        )
    if mail.audience == Audience.OUTSIDE:
        return POSTMAN  # who reads it may see one question, and its writer says nothing else
    user: User | None = mail.user
    return actor_of(user, channel=Channel.MAIL) if user is not None and user.company_role else None


def _ways(mail: NoticeMail, notices: Sequence[Notice], at: datetime) -> dict[str, str]:
    """The way to each document: a signed link for a supplier's reader, the page itself for ours; to an approval a link
    of its own, where its company lets it be given without signing in.
    """
    if mail.audience == Audience.OUTSIDE:
        return _asked_ways(notices)
    if mail.audience == Audience.COMPANY:
        pages = {
            one.stream: f"{settings.PUBLIC_URL}{reverse('order', args=[one.order.key])}"
            for one in notices
            if one.order is not None
        }
        return pages | _ways_to_approve(mail, notices, at)
    asked = {one.stream: one.link for one in notices if one.kind == NoticeKind.LINK and one.link}
    wanted: dict[str, NewLink] = {}
    for one in notices:
        if one.order is None or one.stream in wanted:
            continue
        given = asked.get(one.stream)
        if given is not None and one.event_kind == "link.forwarded":
            continue
        purpose = given.purpose if given is not None else _purpose(one, notices)
        wanted[one.stream] = NewLink(
            mail.person,
            one.order.supplier_id,
            one.stream,
            purpose,
            one.order_id,
            origin=mail.key,
            renews=given,
        )
    made: dict[str, SignedLink] = {
        link.stream: link for link in issue_links(list(wanted.values()), actor=POSTMAN, at=at)
    }
    given_on = {stream: link for stream, link in asked.items() if stream not in made}
    return {stream: url_of(link) for stream, link in {**made, **given_on}.items()}


def _ways_to_approve(mail: NoticeMail, notices: Sequence[Notice], at: datetime) -> dict[str, str]:
    """The address at which its reader approves each invoice, where that may be done without signing in."""
    told = [one.event_id for one in notices if one.event_kind in APPROVAL_ASKED]
    if not told or mail.user_id is None:
        return {}
    events = AuditEvent.objects.filter(pk__in=told)
    asked = approvals_asked([str(event.facts.get("approval")) for event in events])
    made = issue_approval_links(list(asked.values()), user_id=mail.user_id, origin=mail.key, at=at)
    return {one.invoice.stream: approval_url(made[one.pk]) for one in asked.values() if one.pk in made}


def _asked_ways(notices: Sequence[Notice]) -> dict[str, str]:
    """The address of the one question that such a mail is about; what is about an account has its own."""
    asked = [one.event_id for one in notices if one.kind == NoticeKind.QUESTION]
    events = AuditEvent.objects.filter(pk__in=asked)
    return {event.stream: asked_url(event.facts["task"]) for event in events}


def _asker(notices: Sequence[Notice]) -> User | None:
    """Who put the question of a mail: an answer by mail is theirs."""
    streams = {one.stream for one in notices}
    tasks = [
        facts.get("task")
        for facts in AuditEvent.objects.filter(pk__in=[one.event_id for one in notices]).values_list(
            "facts", flat=True
        )
    ]
    asked = AuditEvent.objects.filter(stream__in=streams, kind="case.task_asked", facts__task__in=tasks)
    ids = asked.exclude(actor_user_id=None).values("actor_user_id")
    return User.objects.filter(pk__in=ids, is_active=True).first()


def _purpose(notice: Notice, notices: Sequence[Notice]) -> str:
    order = notice.order
    if order is not None and order.state == OrderState.ISSUED and order.lines_for_supplier:
        return Purpose.ANSWER
    asks = any(one.kind == NoticeKind.CHANGE_ASKED and one.stream == notice.stream for one in notices)
    return Purpose.CHANGE if asks else Purpose.READ


def _reply_to(mail: NoticeMail, notices: Sequence[Notice], at: datetime) -> str:
    """Where a reply goes: to the document's thread where we read replies, else to the buyer; or to who asks."""
    if any(one.kind == NoticeKind.ACCOUNT for one in notices):
        return ""
    if mail.audience == Audience.OUTSIDE:
        asker = _asker(notices)
        return _named(asker.name, asker.email) if asker else ""
    orders = {one.order_id: one.order for one in notices if one.order is not None}
    if all(one.kind == NoticeKind.COUNT_DIFFERS for one in notices):
        events = AuditEvent.objects.filter(pk__in=[one.event_id for one in notices], kind__in=OF_COUNTS)
        orders = {order.pk: order for found in orders_counted(events).values() for order in found}
    if len(orders) != 1:
        return ""
    (order,) = orders.values()
    address = reply_address_of(
        order.stream, supplier_id=order.supplier_id, person=mail.person, order_id=order.pk, at=at
    )
    if address or mail.audience == Audience.COMPANY:
        return address
    return _named(order.buyer_name, order.buyer_email) if order.buyer_email else ""


def _company_of(notices: Sequence[Notice]) -> str:
    names = {one.order.company.name for one in notices if one.order is not None}
    return names.pop() if len(names) == 1 else ""


def _stop_url(mail: NoticeMail, notices: Sequence[Notice]) -> str:
    kinds = sorted({one.kind for one in notices} - ALWAYS)
    if not kinds:
        return ""
    token = stop_token(mail.person, kinds)
    return f"{settings.PUBLIC_URL}{reverse('notices-stop', args=[token])}"


# --- the mail server -----------------------------------------------------------------------------------------


class Refused(Exception):
    """The mail server will never take a mail to this address."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _headers(letter: _Letter) -> dict[str, str]:
    headers = {
        "Message-ID": f"<{letter.mail.message_id}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
    }
    if letter.references:
        told = " ".join(f"<{one}>" for one in letter.references)
        headers |= {"References": told, "In-Reply-To": told}
    if letter.stop_url:
        headers |= {
            "List-Unsubscribe": f"<{letter.stop_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    return headers


def _send(letter: _Letter) -> None:
    mail, words = letter.mail, letter.written
    to = _named(mail.name, mail.address) if mail.name else mail.address
    message = EmailMultiAlternatives(
        words.subject,
        words.text,
        from_email=_sender(letter),
        to=[to],
        reply_to=[letter.reply_to] if letter.reply_to else None,
        headers=_headers(letter),
    )
    message.attach_alternative(words.html, "text/html")
    message.metadata = {"mail": str(mail.key)}  # type: ignore[attr-defined]  # django-anymail: it comes back with a bounce
    hand_over(message)


def hand_over(message: EmailMessage) -> None:
    """Give a mail to the mail server. Raises `Refused` where it never takes it, `RetryLater` where it does not now."""
    try:
        message.send()
    except SMTPRecipientsRefused as error:
        codes = [code for code, _text in error.recipients.values()]
        reason = "; ".join(f"{code} {_plain(text)}" for code, text in error.recipients.values())
        if codes and all(code in PERMANENT for code in codes):
            raise Refused(reason) from error
        raise RetryLater(f"The mail server does not take it now: {reason}") from error
    except SMTPDataError as error:
        reason = f"{error.smtp_code} {_plain(error.smtp_error)}"
        if error.smtp_code in NEVER_AGAIN:
            raise Refused(reason) from error
        raise RetryLater(f"The mail server does not take it now: {reason}") from error
    except (OSError, SMTPException) as error:
        raise RetryLater(f"The mail server did not take it: {error}") from error
    except Exception as error:
        if reason := _provider_refused(error):
            raise Refused(reason) from error
        if type(error).__module__.startswith(("anymail.", "requests.")):
            raise RetryLater(f"The mail provider did not take it: {error}"[:500]) from error
        raise


def _sender(letter: _Letter) -> str:
    """Ours, under the name of the company whose order it is: readers look for a name they know."""
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    company = _company_of(letter.leaving) if letter.mail.audience == Audience.SUPPLIER else ""
    return _named(f"{company} ({name})" if company and name else company or name, address)


def _named(name: str, address: str) -> str:
    """An address under a name, on one line: names come from people and from the ERP, and may hold anything."""
    shown = "".join(char for char in name if char.isprintable() or char.isspace())
    return formataddr((" ".join(shown.split()), "".join(address.split())))


def _provider_refused(error: Exception) -> str:
    """What a provider of django-anymail says of an address it will never write to; empty for anything else."""
    return str(error)[:300] if type(error).__name__ == "AnymailRecipientsRefused" else ""


def _plain(text: bytes | str) -> str:
    return text.decode(errors="replace") if isinstance(text, bytes) else text
