"""Reading offboardings: which one stands, and who hears of it."""

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import NotFound
from suppliers.models import Invitation, Membership, Supplier
from suppliers.offboarding.models import Offboarding
from suppliers.offboarding.states import STANDING
from suppliers.onboarding.models import OnboardingRun


def offboardings(actor: Actor) -> QuerySet[Offboarding]:
    """The offboardings this actor may see, each with its supplier. For the buying side."""
    found: QuerySet[Offboarding] = Offboarding.objects.visible_to(actor).select_related("supplier")
    return found


def offboardings_by_state(actor: Actor) -> Mapping[str, int]:
    """How many stand in each state. One query."""
    return dict(offboardings(actor).order_by().values_list("state").annotate(n=Count("id")))


def find_offboarding(key: uuid.UUID, *, actor: Actor) -> Offboarding:
    """One of them. Raises `NotFound`."""
    found = offboardings(actor).filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such offboarding."))
    return found


def standing_for(supplier: Supplier) -> Offboarding | None:
    """The offboarding that is under way, or by which the business ended; None while it goes on."""
    return Offboarding.objects.filter(supplier=supplier, state__in=STANDING).first()


def last_day_for(actor: Actor) -> date | None:
    """The day on which the business ends of the supplier whose page it is; None while nothing ends. Of the rest (the
    reason, who left what open) its scope reads nothing."""
    ending = Supplier.objects.visible_to(actor).filter(pk__in=actor.supplier_ids, left_at=None)
    return ending.values_list("leaving_on", flat=True).first()


def history_of(supplier: Supplier, *, actor: Actor) -> list[Offboarding]:
    """All of a supplier, the newest first."""
    return list(offboardings(actor).filter(supplier=supplier).order_by("-id")[:20])


def hold_offboarding(key: uuid.UUID, *, actor: Actor) -> Offboarding:
    """One of them, held until the transaction ends, with its supplier before it. Raises `NotFound`.

    The supplier is held against everything, papers that point to it included (`FOR UPDATE`): whoever sends an invoice
    at the same moment has sent it before, and it is counted, or comes after and is refused.
    """
    found = find_offboarding(key, actor=actor)
    # In the order of whoever accepts an invitation or moves an onboarding: those are held first, and then a row that
    # points to the supplier is written.
    for model in (Invitation, OnboardingRun):
        held = model.objects.select_for_update(of=("self",)).filter(supplier=found.supplier_id)
        list(held.order_by("id").values_list("pk"))
    supplier = hold_leaver(found.supplier_id)
    row: Offboarding = Offboarding.objects.select_for_update(of=("self",)).get(pk=found.pk)
    row.supplier = supplier
    return row


def hold_leaver(pk: int) -> Supplier:
    """A supplier, held against everything until the transaction ends."""
    held: Supplier = Supplier.objects.select_for_update(of=("self",)).get(pk=pk)
    return held


def today_at(supplier: Supplier, at: datetime) -> date:
    """Which day it is where the supplier is: its last day ends there."""
    return at.astimezone(ZoneInfo(supplier.time_zone)).date()


def people_told(supplier: Supplier) -> list[dict[str, Any]]:
    """Whom the end of the business is told to: the supplier's people, or its own address where nobody acts for it."""
    rows = Membership.objects.filter(supplier=supplier, user__is_active=True).select_related("user")
    found = [
        {
            "address": one.user.email,
            "name": one.user.name,
            "language": one.user.language,
            "time_zone": one.user.time_zone,
        }
        for one in rows.order_by("id")
    ]
    if not found and supplier.email:
        here = {"language": supplier.language, "time_zone": supplier.time_zone}
        found = [{"address": supplier.email, "name": supplier.name, **here}]
    return found
