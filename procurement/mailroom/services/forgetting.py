"""The bytes of mails are kept for a while and then forgotten: people's words and addresses are no archive of ours."""

from datetime import datetime

from django.conf import settings

from portal.kernel.scope import requires_scope
from procurement.mailroom.models import InboundMail
from procurement.mailroom.states import MailState

MOST_AT_ONCE = 500


@requires_scope
def forget_raw(*, at: datetime) -> int:
    """Forget the bytes of mails that came longer ago than MAIL_RAW_KEPT_FOR; returns of how many, a batch at most.

    Their text, files, drafts and facts stay, and so does the fingerprint by which one that comes again is known. One
    that is not sorted yet keeps its bytes: they are all there is of it.
    """
    old = InboundMail.objects.filter(
        forgotten_at__isnull=True, received_at__lt=at - settings.MAIL_RAW_KEPT_FOR
    ).exclude(state=MailState.RECEIVED)
    ids = list(
        old.order_by("received_at", "id")
        .select_for_update(skip_locked=True)
        .values_list("pk", flat=True)[:MOST_AT_ONCE]
    )
    return InboundMail.objects.filter(pk__in=ids).update(raw=b"", forgotten_at=at)
