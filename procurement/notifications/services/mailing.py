"""From notices to mails: what is due leaves together, and what came of a mail is written down.

Note [One mail, one id]: a mail's row is made with its notices in one transaction, and its Message-ID with it. The
outbox sends it; one whose sending was cut short is sent once more with the same id, and mail programs show it once.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from email.utils import parseaddr
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings

from portal.kernel.audit.services import Fact, record_all
from portal.kernel.outbox.services import Outgoing, enqueue_all
from portal.kernel.scope import requires_scope
from portal.kernel.values import read_key
from procurement.notifications.models import Notice, NoticeMail
from procurement.notifications.policies import mails_due, message_id
from procurement.notifications.queries import waiting_notices
from procurement.notifications.services.gathering import POSTMAN
from procurement.notifications.services.returned import bank_notice_named, note_not_told
from procurement.notifications.states import Audience, MailState, NoticeState

TOPIC = "notices"
# What failed may be sent all the same: a person replays its message once the cause is gone.
UNSENT = (MailState.QUEUED, MailState.FAILED)
MOST_MAILS = 500


def mail_domain() -> str:
    """The domain in the ids of our mails: where replies come, else where they are sent from, else the portal's own."""
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return settings.MAIL_REPLY_DOMAIN or sender or urlsplit(settings.PUBLIC_URL).hostname or "localhost"


@requires_scope
def send_due(*, at: datetime) -> int:
    """Make the mails that are due and promise to send them; returns how many. Safe with several workers at once.

    Each notice is taken under a lock; what another worker holds is left to it.
    """
    groups = mails_due(waiting_notices(at), at)[:MOST_MAILS]
    wanted = {pk for group in groups for pk in group}
    gathered = Notice.objects.filter(pk__in=wanted, state=NoticeState.GATHERED)
    held = {one.pk: one for one in gathered.select_for_update(skip_locked=True).order_by("id")}
    mails: list[NoticeMail] = []
    for group in groups:
        notices = [held[pk] for pk in group if pk in held]
        if notices:
            mail = _mail_for(notices[0], at)
            mails.append(mail)
            for one in notices:
                one.mail, one.state = mail, NoticeState.MAILING
    NoticeMail.objects.bulk_create(mails)
    leaving = [one for one in held.values() if one.mail is not None]
    for one in leaving:
        one.mail_id = one.mail.pk if one.mail else None
    Notice.objects.bulk_update(leaving, ["mail", "state"], batch_size=500)
    enqueue_all(
        [
            Outgoing(TOPIC, f"mail:{mail.key}", "notice.mail", {"mail": str(mail.key)}, mail.supplier_id)
            for mail in mails
        ],
        actor=POSTMAN,
        at=at,
    )
    return len(mails)


def _mail_for(notice: Notice, at: datetime) -> NoticeMail:
    key = uuid4()
    supplier_id = notice.supplier_id if notice.audience == Audience.SUPPLIER else None
    return NoticeMail(
        key=key,
        supplier_id=supplier_id,
        audience=notice.audience,
        user_id=notice.user_id,
        address=notice.address,
        name=notice.name,
        language=notice.language,
        time_zone=notice.time_zone,
        message_id=message_id(key, mail_domain()),
        created_at=at,
    )


@requires_scope
def note_sent(
    mail: NoticeMail,
    sent: Sequence[Notice],
    dropped: Iterable[tuple[Notice, str]],
    *,
    subject: str,
    at: datetime,
) -> bool:
    """The mail server took it: note so, on the mail, its notices and each order's story. Says whether that is news."""
    moved = NoticeMail.objects.filter(pk=mail.pk, state__in=UNSENT).update(
        state=MailState.SENT, sent_at=at, subject=subject[:300]
    )
    if not moved:
        return False
    Notice.objects.filter(pk__in=[one.pk for one in sent]).update(state=NoticeState.SENT)
    drop_notices(dropped)
    record_all(_sent_facts(mail, sent), actor=POSTMAN, at=at)
    return True


@requires_scope
def drop_mail(mail: NoticeMail, dropped: Iterable[tuple[Notice, str]]) -> None:
    """Nothing of this mail is true, or wanted, any more: it does not leave."""
    NoticeMail.objects.filter(pk=mail.pk, state=MailState.QUEUED).update(state=MailState.DROPPED)
    drop_notices(dropped)


def drop_notices(dropped: Iterable[tuple[Notice, str]]) -> None:
    """Notices that were overtaken before their mail left, and by what."""
    for notice, reason in dropped:
        Notice.objects.filter(pk=notice.pk).update(state=NoticeState.NOT_WANTED, reason=reason[:300])


@requires_scope
def fail_mail(mail: NoticeMail, reason: str, *, at: datetime) -> bool:
    """A mail reaches nobody, for good: note so on each order it was about. Says whether that is news."""
    moved = NoticeMail.objects.filter(pk=mail.pk).exclude(state=MailState.FAILED)
    if not moved.update(state=MailState.FAILED, reason=reason[:2000]):
        return False
    notices = list(mail.notices.exclude(state=NoticeState.NOT_WANTED))
    Notice.objects.filter(pk__in=[one.pk for one in notices]).update(
        state=NoticeState.FAILED, reason=reason[:300]
    )
    facts = [
        Fact(
            "notice.failed",
            stream,
            supplier_id,
            {"kind": kind, "kinds": kinds, "to": mail.address, "reason": reason[:300], "mail": str(mail.key)},
            internal=True,
        )
        for stream, supplier_id, kind, kinds in _by_stream(notices)
    ]
    record_all(facts, actor=POSTMAN, at=at)
    return True


@requires_scope
def note_bounce(
    *,
    message: str = "",
    key: str = "",
    address: str = "",
    reason: str,
    has_arrived: bool = False,
    at: datetime,
) -> bool:
    """A mail of ours came back, one about bank details included (`returned`). Says whether it is news.

    Which one, its Message-ID says, or its `key`; where both are lost, it is the last one to that `address`. Only who
    has shown who they are may give the address alone: anybody can make up a report. `has_arrived`: its reader called it
    spam, and so was told of what it says about bank details.
    """
    if about_bank := bank_notice_named(message=message, key=key):
        return not has_arrived and note_not_told(about_bank, reason, at=at)
    bare = message.strip().strip("<>").strip()
    mails = NoticeMail.objects.select_for_update().order_by("-created_at", "-id")
    found = mails.filter(message_id=bare).first() if bare else None
    if found is None and read_key(key) is not None:
        found = mails.filter(key=key).first()
    if found is None and address:
        found = mails.filter(address__iexact=address.strip(), state=MailState.SENT).first()
    return fail_mail(found, reason, at=at) if found else False


def _sent_facts(mail: NoticeMail, notices: Sequence[Notice]) -> list[Fact]:
    """That a mail left is part of each order's story; to whom of ours, the other side does not read."""
    return [
        Fact(
            "notice.sent",
            stream,
            supplier_id,
            {"kind": kind, "kinds": kinds, "to": mail.address, "mail": str(mail.key)},
            internal=mail.audience == Audience.COMPANY or any(one.internal for one in notices),
        )
        for stream, supplier_id, kind, kinds in _by_stream(notices)
    ]


def _by_stream(notices: Iterable[Notice]) -> list[tuple[str, int | None, str, list[str]]]:
    kinds: dict[tuple[str, int | None], list[str]] = {}
    for one in notices:
        kinds.setdefault((one.stream, one.supplier_id), []).append(one.kind)
    return [
        (stream, supplier_id, found[0], list(dict.fromkeys(found)))
        for (stream, supplier_id), found in kinds.items()
    ]
