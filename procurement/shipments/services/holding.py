"""What the verbs on a ship notice begin with: who may, the notice held, and whether it is what the page showed."""

import uuid
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import IllegalTransition, NotAllowed, StaleDocument
from procurement.shipments.models import ShipNotice
from procurement.shipments.queries import hold_notice
from suppliers.roles import Permission


def require_may_ship(actor: Actor) -> None:
    """Raise `NotAllowed` for who may read ship notices and not write them."""
    if not actor.may(Permission.SHIPMENT_WRITE):
        raise NotAllowed(
            _("Your role reads ship notices. Ask your administrator for the right to write them.")
        )


def hold_draft(key: uuid.UUID, version: int | None, *, actor: Actor) -> ShipNotice:
    """A draft, held. Raises `NotFound`, `NotAllowed`, `IllegalTransition` where it is none any more, and
    `StaleDocument` where it is another than the page showed; without a version any will do.
    """
    require_may_ship(actor)
    notice = hold_notice(key, actor=actor)
    if not notice.is_draft:
        message = _("This ship notice is %(state)s and cannot be edited. Correct it with a new version.")
        raise IllegalTransition(
            message % {"state": notice.get_state_display().lower()}, details={"state": notice.state}
        )
    if version is not None:
        require_as_seen(notice, version)
    return notice


def require_as_seen(notice: ShipNotice, version: int) -> None:
    """Raise `StaleDocument` when somebody has changed the notice since the page was opened."""
    if notice.version != version:
        message = _("%(name)s changed this ship notice since you opened it. Look at it, then go on.")
        raise StaleDocument(
            message % {"name": notice.written_by}, details={"state": notice.state, "version": notice.version}
        )


def touch(notice: ShipNotice, fields: dict[str, Any], *, actor: Actor, at: datetime) -> None:
    """Save some fields of a draft, which is held, as its next version."""
    values = {**fields, "written_by": actor.label, "updated_at": at}
    ShipNotice.objects.filter(pk=notice.pk).update(version=F("version") + 1, **values)
    notice.version += 1
    for name, value in values.items():
        setattr(notice, name, value)
