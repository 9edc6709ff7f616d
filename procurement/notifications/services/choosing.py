"""What somebody wants to hear of, and how often."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from portal.kernel.errors import Invalid, Problem
from portal.kernel.scope import requires_scope
from procurement.links.messages import Person
from procurement.notifications.models import Notice, NoticePreference
from procurement.notifications.states import ALWAYS, Cadence, NoticeKind, NoticeState


@requires_scope
def keep_choices(person: Person, chosen: Mapping[str, str], *, at: datetime) -> None:
    """Keep how often a person wants each kind; what is gathered already and not wanted any more does not leave."""
    for kind, cadence in chosen.items():
        if kind not in NoticeKind.values or cadence not in Cadence.values:
            message = _("Choose one of the times for each kind of notice.")
            raise Invalid(message, [Problem(kind, message, cadence)])
        if kind in ALWAYS and cadence != Cadence.AT_ONCE:
            message = _("Reminders, and links that were asked for, always come at once.")
            raise Invalid(message, [Problem(kind, message, cadence)])
    mine = {"user_id": person.user_id} if person.user_id else {"user": None, "address": person.address}
    for kind, cadence in chosen.items():
        NoticePreference.objects.update_or_create(
            **mine, kind=kind, defaults={"cadence": cadence, "changed_at": at}
        )
    never = [kind for kind, cadence in chosen.items() if cadence == Cadence.NEVER]
    waiting = Notice.objects.filter(address=person.address, kind__in=never, state=NoticeState.GATHERED)
    waiting.update(state=NoticeState.NOT_WANTED, cadence=Cadence.NEVER, reason="chosen: never")


@requires_scope
def end_kind(person: Person, kind: str, cadence: str = Cadence.NEVER, *, at: datetime) -> None:
    """What the link in a mail does: no more of this kind, or less often."""
    keep_choices(person, {kind: cadence}, at=at)
