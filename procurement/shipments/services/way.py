"""What happens to a consignment on its way, told by hand, by a program or in a carrier's file."""

from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import IllegalTransition, Invalid, Problem
from portal.kernel.scope import requires_scope
from procurement.orders.queries import lock_orders
from procurement.shipments.messages import TellMilestone
from procurement.shipments.models import Milestone, ShipNotice
from procurement.shipments.policies import LONGEST_WAY
from procurement.shipments.queries import find_notice, hold_notice, order_ids_of
from procurement.shipments.services.holding import require_may_ship
from procurement.shipments.services.send import refresh_lines
from procurement.shipments.states import NOTICE_LIFECYCLE, ON_THE_WAY, MilestoneKind
from suppliers.roles import Permission

FUTURE = timedelta(days=1)  # clocks and time zones of carriers
DEPARTS = (MilestoneKind.PICKED_UP, MilestoneKind.DEPARTED)
ARRIVES = (MilestoneKind.ARRIVED, MilestoneKind.DELIVERED)


@requires_scope
def tell_milestone(command: TellMilestone, *, actor: Actor, at: datetime) -> Milestone:
    """Keep a word about the way, and let the expected day of its lines follow. The same word again changes nothing.

    A day estimated anew is when planning expects the goods from now on; what was promised stays what it is, and
    on-time is measured against that. Raises `Invalid`, and `IllegalTransition` for a consignment that is not on its
    way (any more).
    """
    if command.kind not in ARRIVES or not actor.may(Permission.GOODS_RECEIVE):
        require_may_ship(actor)  # that goods are here is also the dock's to say
    problems = _problems_of(command, at)
    if problems:
        raise Invalid(problems[0].message, problems)
    seen = find_notice(command.notice, actor=actor)
    orders = lock_orders(order_ids_of([seen.pk]))
    notice = hold_notice(command.notice, actor=actor)
    source = command.source.strip() or _name_of(command)
    known: Milestone | None = Milestone.objects.filter(notice=notice, source=source).first()
    if known is not None:
        return known
    if notice.state not in ON_THE_WAY:
        message = _("Ship notice %(number)s is %(state)s: nothing more happens to it on its way.")
        values = {"number": notice.number, "state": notice.get_state_display().lower()}
        raise IllegalTransition(message % values, details={"state": notice.state})
    milestone = Milestone(
        supplier_id=notice.supplier_id,
        notice=notice,
        kind=command.kind,
        happened_at=command.happened_at,
        place=command.place.strip(),
        estimated_on=command.estimated_on,
        note=command.note.strip(),
        source=source,
        told_at=at,
        told_by=actor.label,
        channel=actor.channel,
    )
    milestone.save(force_insert=True)
    before = notice.expected_on
    _follow(notice, milestone, actor=actor, at=at)
    if notice.expected_on != before:
        refresh_lines(orders, notice.lines.values_list("line_id", flat=True), at=at)
    return milestone


def _name_of(command: TellMilestone) -> str:
    """A name for a word that has none: the same for all that is said alike, so that a second press adds nothing."""
    said = "\n".join((str(command.estimated_on), command.place.strip(), command.note.strip()))
    moment = command.happened_at.astimezone(UTC).isoformat()
    return f"{command.kind}:{moment}:{sha256(said.encode()).hexdigest()[:16]}"


def _problems_of(command: TellMilestone, at: datetime) -> list[Problem]:
    found = []
    if command.kind not in MilestoneKind.values:
        message = _("“%(value)s” is no milestone: %(known)s.")
        values = {"value": command.kind, "known": ", ".join(MilestoneKind.values)}
        found.append(Problem("kind", message % values, command.kind, "unknown"))
    if command.kind == MilestoneKind.ESTIMATED and command.estimated_on is None:
        found.append(Problem("estimated_on", _("Say on which day the goods arrive."), "", "required"))
    if command.happened_at.tzinfo is None:
        message = _("A moment needs its time zone.")
        found.append(Problem("happened_at", message, command.happened_at.isoformat(), "no_zone"))
    elif command.happened_at > at + FUTURE:
        message = _("This has not happened yet. Tell a new estimate instead.")
        found.append(Problem("happened_at", message, command.happened_at.isoformat(), "in_the_future"))
    elif command.happened_at < at - LONGEST_WAY:
        message = _("This is more than a year ago. Look at the day.")
        found.append(Problem("happened_at", message, command.happened_at.isoformat(), "long_ago"))
    if command.estimated_on and not at - LONGEST_WAY < _midnight(command.estimated_on) < at + LONGEST_WAY:
        message = _("The day of arrival is more than a year away. Look at the day.")
        found.append(Problem("estimated_on", message, command.estimated_on.isoformat(), "far_off"))
    for name, most in (("place", 100), ("note", 500), ("source", 120)):
        text = getattr(command, name)
        if len(text) > most:
            message = _("This has %(length)d characters; there is room for %(most)d.")
            found.append(Problem(name, message % {"length": len(text), "most": most}, text[:80], "too_long"))
    return found


def _follow(notice: ShipNotice, milestone: Milestone, *, actor: Actor, at: datetime) -> None:
    """Let the notice's state, moments and expected day follow what happened. Words may come in any order."""
    facts = {
        "notice": str(notice.key),
        "number": notice.number,
        "kind": milestone.kind,
        "happened_at": milestone.happened_at.isoformat(),
        "place": milestone.place,
        "note": milestone.note,
        "was_expected_on": _iso(notice.expected_on),
    }
    fields: dict[str, Any] = {"updated_at": at}
    if milestone.estimated_on is not None and not notice.arrived_at and _is_newest(notice, milestone):
        fields["expected_on"] = milestone.estimated_on
    verb = ""
    if milestone.kind in DEPARTS:
        fields["departed_at"] = min(filter(None, (notice.departed_at, milestone.happened_at)))
        verb = "depart"
    elif milestone.kind in ARRIVES:
        fields["arrived_at"] = min(filter(None, (notice.arrived_at, milestone.happened_at)))
        verb = "arrive"
    facts["expected_on"] = _iso(fields.get("expected_on", notice.expected_on))
    if verb and notice.state in NOTICE_LIFECYCLE.sources(verb):
        NOTICE_LIFECYCLE.move(notice, verb, actor=actor, at=at, facts=facts, fields=fields)
        return
    ShipNotice.objects.filter(pk=notice.pk).update(**fields)
    for name, value in fields.items():
        setattr(notice, name, value)
    record(
        "shipment.milestone_told",
        notice.stream,
        actor=actor,
        at=at,
        supplier_id=notice.supplier_id,
        facts=facts,
    )


def _is_newest(notice: ShipNotice, milestone: Milestone) -> bool:
    """Whether no later word on the day of arrival is known: a carrier's messages overtake each other."""
    later = Milestone.objects.filter(
        notice=notice, estimated_on__isnull=False, happened_at__gt=milestone.happened_at
    )
    return not later.exists()


def _midnight(day: date) -> datetime:
    """A moment of this day, good enough to say whether it is about now."""
    return datetime.combine(day, time(), UTC)


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""
