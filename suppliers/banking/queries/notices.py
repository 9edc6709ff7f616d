"""The mails about a change: their links, who was told by them, and who could not be."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet

from portal.kernel.link_keys import key_in, seal_key, sealing_secrets
from suppliers.banking.messages import Told
from suppliers.banking.models import BankChange, BankContact, BankNotice
from suppliers.banking.policies import told_at
from suppliers.banking.states import BankMailState, BankNoticeKind
from suppliers.models import User

NOT_ME = b"quayside.bank.not-me"


def notice_token(notice: BankNotice) -> str:
    """What the link of a notice holds: its key under a seal (kernel.link_keys). Never to be logged."""
    return seal_key(notice.key, settings.SECRET_KEY, seal=NOT_ME)


def notice_of(token: str) -> BankNotice | None:
    """The notice whose link this is; None for one that is not ours. In the office."""
    key = key_in(token, sealing_secrets(), seal=NOT_ME)
    return find_notice(key) if key is not None else None


def told_of_request(change: BankChange) -> datetime | None:
    """When the last of those known from before was told of a request; None while one is not. In the office."""
    who = change.askers
    own = {
        *User.objects.filter(pk__in=who).values_list("email", flat=True),
        *BankContact.objects.filter(user_id__in=who).values_list("address", flat=True),
    }
    rows = change.notices.filter(kind=BankNoticeKind.REQUESTED, of_company=False)
    return told_at(
        [Told(one.address, one.state, one.sent_at, one.waived_at is not None) for one in rows], own=own
    )


def unreached(change: BankChange) -> QuerySet[BankNotice]:
    """The mails about a request that could not be delivered, and of which nobody has said that it goes on without."""
    found: QuerySet[BankNotice] = change.notices.filter(
        kind=BankNoticeKind.REQUESTED, of_company=False, state=BankMailState.FAILED, waived_at=None
    )
    return found


def find_notice(key: uuid.UUID) -> BankNotice | None:
    """A notice. In the office."""
    found: BankNotice | None = (
        BankNotice.objects.filter(key=key).select_related("supplier", "change__account").first()
    )
    return found
