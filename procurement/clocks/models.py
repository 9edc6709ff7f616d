"""Opening hours of offices, service policies with their ladders, and the clocks that run by them.

Note [Offices]: opening hours are rows of this package and not of `calendars`, which knows rules alone: they belong to
companies and sites, and those stand beside `calendars`, not below it.
"""

import uuid
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q

from portal.kernel.scope import ScopedQuerySet
from procurement.calendars.policies import Hours, Week, WorkingCalendar
from procurement.clocks.messages import (
    Action,
    Anchor,
    Length,
    Rung,
    Scope,
    Service,
    Step,
    Unit,
    Whose,
    rung_from_json,
)
from procurement.clocks.policies import Spell, Timer
from procurement.clocks.states import LIVE_CLOCKS, ClockState, ServiceState

LENGTH: dict[str, Any] = {"max_digits": 7, "decimal_places": 2}


def _choices(words: Any) -> list[tuple[str, str]]:
    return [(one.value, one.value) for one in words]


class OfficeCalendar(models.Model):
    """When the offices of one place work: a site or a company of the buying group, or a country suppliers are in.

    `hours` has seven lists, Monday first, of openings such as ["08:00", "17:00"] in local wall time; `closed_on` are
    days closed besides the public holidays of `holidays_of` (ISO 3166, and its `subdivision`), as {"day", "name"}. A
    country's row has no time zone: each supplier in it has its own. Exactly one of `site`, `company` and `country`
    says whose it is. Without a row there is a sensible default: see `calendars.policies.default_calendar`.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    site = models.OneToOneField("procurement.Site", on_delete=models.PROTECT, null=True, related_name="+")
    company = models.OneToOneField(
        "procurement.Company", on_delete=models.PROTECT, null=True, related_name="+"
    )
    country = models.CharField(max_length=2, blank=True)
    time_zone = models.CharField(max_length=60, blank=True)
    holidays_of = models.CharField(max_length=2, blank=True)
    subdivision = models.CharField(max_length=10, blank=True)
    hours = models.JSONField()
    closed_on = models.JSONField(default=list)
    version = models.PositiveIntegerField(default=1)
    written_at = models.DateTimeField()
    written_by = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(site__isnull=False, company__isnull=True, country="")
                | Q(site__isnull=True, company__isnull=False, country="")
                | (Q(site__isnull=True, company__isnull=True) & ~Q(country="")),
                name="office_is_of_one_place",
            ),
            models.CheckConstraint(
                condition=(Q(country="") & ~Q(time_zone="")) | (~Q(country="") & Q(time_zone="")),
                name="office_zone_is_its_own",
            ),
            models.UniqueConstraint(fields=["country"], condition=~Q(country=""), name="office_country_once"),
        ]

    def __str__(self) -> str:
        return f"opening hours of {self.country or self.site or self.company}"

    @property
    def stream(self) -> str:
        return f"office:{self.key}"

    def as_calendar(self, time_zone: str = "") -> WorkingCalendar:
        """The opening hours as the rules read them; a country's need the time zone of whoever is in it."""
        return WorkingCalendar(
            time_zone=self.time_zone or time_zone,
            hours=week_from_json(self.hours),
            country=self.holidays_of,
            subdivision=self.subdivision,
            closed_on=frozenset(date.fromisoformat(one["day"]) for one in self.closed_on),
        )


def week_from_json(told: list[list[list[str]]]) -> Week:
    """A week of opening hours as a row keeps it."""
    days: list[Hours] = [
        tuple((time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in day)
        for day in told
    ]
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = days
    return monday, tuesday, wednesday, thursday, friday, saturday, sunday


def week_to_json(week: Week) -> list[list[list[str]]]:
    """A week of opening hours as a row keeps it."""
    return [[[f"{opens:%H:%M}", f"{closes:%H:%M}"] for opens, closes in day] for day in week]


class ServicePolicy(models.Model):
    """How much working time something may take, in whose, for whom it is written, and the ladder while it passes.

    What is empty or null in its scope holds for all (`messages.Scope`). `authors` are the people who wrote anything
    of it: none of them may approve it. A draft becomes active and takes the place of the active one written for the
    same; what is retired stays here as history.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=60, blank=True)
    supplier_number = models.CharField(max_length=40, blank=True)
    segment = models.CharField(max_length=20, blank=True)
    order_kind = models.CharField(max_length=30, blank=True)
    lead_days = models.PositiveSmallIntegerField(null=True)
    value_from = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    target = models.DecimalField(**LENGTH)
    target_unit = models.CharField(max_length=5, choices=_choices(Unit))
    whose = models.CharField(max_length=10, choices=_choices(Whose))
    note = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=ServiceState.choices, default=ServiceState.DRAFT)
    version = models.PositiveIntegerField(default=1)
    authors = models.JSONField(default=list)
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    written_at = models.DateTimeField()
    written_by = models.CharField(max_length=200)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.CharField(max_length=200, blank=True)
    retired_at = models.DateTimeField(null=True)
    retired_by = models.CharField(max_length=200, blank=True)

    supplier_id = None  # no supplier has a way to it

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ServiceState.values), name="service_state_known"),
            models.CheckConstraint(condition=Q(target__gt=0), name="service_target_positive"),
            models.UniqueConstraint(
                fields=["kind", "supplier_number", "segment", "order_kind", "lead_days", "value_from"],
                condition=Q(state="active"),
                nulls_distinct=False,
                name="service_one_active_for_the_same",
            ),
            models.CheckConstraint(
                condition=~Q(state="active") | (Q(approved_at__isnull=False) & ~Q(approved_by="")),
                name="service_active_is_approved",
            ),
            models.CheckConstraint(
                condition=Q(state="retired", retired_at__isnull=False)
                | (~Q(state="retired") & Q(retired_at__isnull=True)),
                name="service_retired_at",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def stream(self) -> str:
        return f"service:{self.key}"

    @property
    def scope(self) -> Scope:
        return Scope(
            kind=self.kind,
            supplier=self.supplier_number,
            lead_days=self.lead_days,
            order_kind=self.order_kind,
            value=self.value_from,
            segment=self.segment,
        )

    def as_service(self) -> Service:
        """The policy as the rules read it, with its ladder; `steps` are best prefetched."""
        steps = sorted(self.steps.all(), key=lambda step: step.number)
        return Service(
            scope=self.scope,
            target=Length(Decimal(self.target), Unit(self.target_unit)),
            whose=Whose(self.whose),
            steps=tuple(step.as_step() for step in steps),
            key=str(self.key),
            name=self.name,
        )


class LadderStep(models.Model):
    """One step of a policy's ladder: what is done, so much working time after or (below zero) before its anchor."""

    id = models.BigAutoField(primary_key=True)
    policy = models.ForeignKey(ServicePolicy, on_delete=models.CASCADE, related_name="steps")
    number = models.PositiveSmallIntegerField()
    action = models.CharField(max_length=20, choices=_choices(Action))
    anchor = models.CharField(max_length=10, choices=_choices(Anchor))
    amount = models.DecimalField(**LENGTH)
    unit = models.CharField(max_length=5, choices=_choices(Unit))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["policy", "number"], name="ladder_step_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="ladder_step_from_one"),
        ]

    def __str__(self) -> str:
        return f"step {self.number} of policy {self.policy_id}"

    def as_step(self) -> Step:
        """The step as the rules read it."""
        return Step(Action(self.action), Anchor(self.anchor), Length(Decimal(self.amount), Unit(self.unit)))


class Clock(models.Model):
    """The time somebody has for one thing: `kind` says for what, `stream` names the paper. Of the buying side alone.

    `rungs` is the ladder as it was when the clock started, `done` the number of its last step taken or passed over;
    `spells` are running and pause in turn. `due_at` leads (see Note [The due moment leads]); `first_due_at` is what it
    was at first. `wakes_at` is when the sweep has to look at it next. `policy_name` is the policy's, or the word of one
    that the product brings along.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    kind = models.CharField(max_length=60)
    stream = models.CharField(max_length=120)
    label = models.CharField(max_length=200, blank=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, null=True, related_name="+")
    company = models.ForeignKey("procurement.Company", on_delete=models.PROTECT, null=True, related_name="+")
    site = models.ForeignKey("procurement.Site", on_delete=models.PROTECT, null=True, related_name="+")
    whose = models.CharField(max_length=10, choices=_choices(Whose))
    policy = models.ForeignKey(ServicePolicy, on_delete=models.PROTECT, null=True, related_name="+")
    policy_name = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=10, choices=ClockState.choices, default=ClockState.RUNNING)
    version = models.PositiveIntegerField(default=1)
    started_at = models.DateTimeField()
    first_due_at = models.DateTimeField()
    due_at = models.DateTimeField()
    spells = models.JSONField()
    rungs = models.JSONField(default=list)
    done = models.PositiveSmallIntegerField(default=0)
    overdue_told_at = models.DateTimeField(null=True)
    wakes_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    stopped_because = models.CharField(max_length=200, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ClockState.values), name="clock_state_known"),
            models.UniqueConstraint(
                fields=["stream", "kind"], condition=Q(state__in=LIVE_CLOCKS), name="clock_one_runs"
            ),
            models.CheckConstraint(
                condition=Q(state="stopped", stopped_at__isnull=False, wakes_at__isnull=True)
                | Q(state="paused", stopped_at__isnull=True, wakes_at__isnull=True)
                | Q(state="running", stopped_at__isnull=True),
                name="clock_wakes_while_it_runs",
            ),
        ]
        indexes = [
            models.Index(fields=["wakes_at", "id"], condition=Q(state="running"), name="clock_wakes"),
            models.Index(fields=["id"], condition=Q(state="paused"), name="clock_paused"),
            models.Index(fields=["stream", "-id"], name="clock_of_stream"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.label or self.stream}"

    @property
    def is_live(self) -> bool:
        return self.state in LIVE_CLOCKS

    def as_timer(self, calendar: WorkingCalendar) -> Timer:
        """The clock as the rules read it, in its own calendar."""
        return Timer(calendar, self.due_at, tuple(_spell_from_json(one) for one in self.spells))

    def ladder(self) -> list[Rung]:
        """Its steps."""
        return [rung_from_json(one) for one in self.rungs]

    def note_timer(self, timer: Timer) -> None:
        """Take over (not save) what a rule made of it."""
        self.due_at = timer.due_at
        self.spells = [_spell_to_json(one) for one in timer.spells]


def _spell_to_json(spell: Spell) -> dict[str, Any]:
    return {
        "began_at": spell.began_at.isoformat(),
        "ended_at": spell.ended_at.isoformat() if spell.ended_at else None,
        "is_pause": spell.is_pause,
    }


def _spell_from_json(told: dict[str, Any]) -> Spell:
    ended = told["ended_at"]
    return Spell(
        datetime.fromisoformat(told["began_at"]),
        datetime.fromisoformat(ended) if ended else None,
        told["is_pause"],
    )


class ClockStep(models.Model):
    """A step of a clock's ladder that was taken: once, whatever happens.."""

    id = models.BigAutoField(primary_key=True)
    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="steps")
    number = models.PositiveSmallIntegerField()
    action = models.CharField(max_length=20, choices=_choices(Action))
    taken_at = models.DateTimeField()
    was_overdue = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clock", "number"], name="clock_step_once")]

    def __str__(self) -> str:
        return f"step {self.number} of clock {self.clock_id}"


class DueMove(models.Model):
    """A due moment that was moved, for a stated reason: from when to when, by whom, why."""

    id = models.BigAutoField(primary_key=True)
    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="moves")
    moved_at = models.DateTimeField()
    moved_by = models.CharField(max_length=200)
    reason = models.TextField()
    old_due_at = models.DateTimeField()
    new_due_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="due_move_has_a_reason")]

    def __str__(self) -> str:
        return f"due of clock {self.clock_id}: {self.old_due_at} to {self.new_due_at}"


class StandIn(models.Model):
    """Who takes a person's cases and approvals while that person is away, first and last day included."""

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    person = models.ForeignKey("suppliers.User", on_delete=models.PROTECT, related_name="+")
    stand_in = models.ForeignKey("suppliers.User", on_delete=models.PROTECT, related_name="+")
    from_on = models.DateField()
    until_on = models.DateField()
    written_by = models.CharField(max_length=200)
    written_at = models.DateTimeField()

    supplier_id = None  # no supplier has a way to it

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(from_on__lte=F("until_on")), name="stand_in_ends_after_it_begins"
            ),
            models.CheckConstraint(condition=~Q(person=F("stand_in")), name="stand_in_is_another"),
        ]
        indexes = [models.Index(fields=["person", "from_on"], name="stand_in_of_person")]

    def __str__(self) -> str:
        return f"{self.stand_in_id} for {self.person_id}"
