"""Having a feed read again from a moment on: what an outage, a restored backup or a mended record may need."""

from datetime import datetime

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import Refusal
from portal.kernel.scope import requires_scope
from procurement.erp.models import FeedCursor
from procurement.erp.ports import Feed


class NotInThePast(Refusal):
    """Only what was told already can be read again."""

    code = "not_in_the_past"
    status = 422


@requires_scope
def read_again(feed: Feed, since: datetime, reason: str, *, actor: Actor, at: datetime) -> None:
    """Wish that everything a feed told since a moment is read once more; the next reading grants it.

    What stands here as it stands in the ERP is not changed by it: papers are compared by their content.
    """
    if since >= at:
        raise NotInThePast(_("Choose a moment in the past: what comes from now on is read anyway."))
    cursor, _made = FeedCursor.objects.select_for_update().get_or_create(feed=feed, defaults={"moved_at": at})
    # Of two wishes the one that reaches back further grants both.
    cursor.again_since = min(filter(None, (cursor.again_since, since)))
    cursor.save(update_fields=["again_since"])
    facts = {"feed": feed.value, "since": since.isoformat(), "reason": reason}
    record(
        "feed.read_again", f"feed:{feed}", actor=actor, at=at, supplier_id=None, facts=facts, internal=True
    )
