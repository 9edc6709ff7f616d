"""The words and values of clocks: how much time, whose, what happens while it passes, and what a door hands in.

Nothing here knows a table or a framework. Time is working time of one calendar, in whole minutes; moments are aware.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

ORDER_ANSWER = "order.acknowledgment"
ANY_KIND = ""


class Whose(StrEnum):
    """In whose working time a clock counts: that of the side which has to act."""

    SUPPLIER = "supplier"
    COMPANY = "company"


class Action(StrEnum):
    """What a step of the ladder does, the mildest first. Whoever sends mails hears of it and does it.

    `REMIND` and `SECOND_CONTACT` go to the side whose time it is; the others to the buying side, whoever is late.
    """

    REMIND = "remind"
    SECOND_CONTACT = "second_contact"
    BUYER = "buyer"
    MANAGER = "manager"
    STAND_IN = "stand_in"


class Anchor(StrEnum):
    """From where the offset of a step counts."""

    START = "start"
    DUE = "due"


class Unit(StrEnum):
    """What a length of working time is counted in. A day is as long as the office is open on one."""

    HOURS = "hours"
    DAYS = "days"


@dataclass(frozen=True, slots=True)
class Length:
    """A length of working time as somebody wrote it: 16 hours, 2 days; negative where it counts backwards."""

    amount: Decimal
    unit: Unit = Unit.HOURS

    def as_time(self, day: timedelta) -> timedelta:
        """As working time, where a working day is so long; to the minute."""
        one = timedelta(hours=1) if self.unit is Unit.HOURS else day
        return timedelta(minutes=round(float(self.amount) * one.total_seconds() / 60))


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a ladder as it was written: what is done, and when, counted from the start or from the due moment."""

    action: Action
    anchor: Anchor
    offset: Length


@dataclass(frozen=True, slots=True)
class Rung:
    """A step as a running clock keeps it: its place from 1, and its offset in working time, below zero for before."""

    number: int
    action: Action
    anchor: Anchor
    offset: timedelta


@dataclass(frozen=True, slots=True)
class Scope:
    """What a policy is written for. What is left open (empty, None) holds for all; the narrowest that fits counts.

    `lead_days` are calendar days from the order to its earliest delivery, at most so many; `value` is the order's
    worth in its own currency, at least so much.
    """

    kind: str = ANY_KIND
    supplier: str = ""
    lead_days: int | None = None
    order_kind: str = ""
    value: Decimal | None = None
    segment: str = ""

    @property
    def narrowness(self) -> tuple[bool, ...]:
        """How narrow it is: what is named first outweighs everything named after it."""
        return (
            self.kind != ANY_KIND,
            bool(self.supplier),
            self.lead_days is not None,
            bool(self.order_kind),
            self.value is not None,
            bool(self.segment),
        )


@dataclass(frozen=True, slots=True)
class Service:
    """A service policy: so much time for such a thing, in whose working time, and the steps while it passes.

    `key` is empty for what the product brings along.
    """

    scope: Scope
    target: Length
    whose: Whose
    steps: tuple[Step, ...] = ()
    key: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a clock is asked for: everything a scope can name."""

    kind: str
    supplier: str = ""
    segment: str = ""
    order_kind: str = ""
    lead_days: int | None = None
    value: Decimal | None = None


# --- as it is kept and told ---------------------------------------------------------------------------------


def minutes_of(time: timedelta) -> int:
    """Working time in whole minutes, as it is kept."""
    return round(time.total_seconds() / 60)


def step_to_json(step: Step) -> dict[str, Any]:
    """A step as a policy keeps it."""
    return {
        "action": step.action.value,
        "anchor": step.anchor.value,
        "amount": f"{step.offset.amount:f}",
        "unit": step.offset.unit.value,
    }


def step_from_json(told: Mapping[str, Any]) -> Step:
    """A step as a policy kept it."""
    return Step(
        Action(told["action"]), Anchor(told["anchor"]), Length(Decimal(told["amount"]), Unit(told["unit"]))
    )


def rung_to_json(rung: Rung) -> dict[str, Any]:
    """A rung as a clock keeps it."""
    return {
        "number": rung.number,
        "action": rung.action.value,
        "anchor": rung.anchor.value,
        "minutes": minutes_of(rung.offset),
    }


def rung_from_json(told: Mapping[str, Any]) -> Rung:
    """A rung as a clock kept it."""
    return Rung(
        told["number"], Action(told["action"]), Anchor(told["anchor"]), timedelta(minutes=told["minutes"])
    )


# --- what a door hands in -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StartClock:
    """A clock to be started for one thing: `kind` of clock, `stream` of the paper it is for, `label` for people.

    `whose` time and how much come from the policies that fit `kind` and what else is named here. `started_at` and
    `due_at` are given where the paper itself says them. `company_id` and `site_id` say in whose office on the buying
    side it is worked on, `supplier_id` who is on the other side.
    """

    kind: str
    stream: str
    label: str = ""
    supplier_id: int | None = None
    company_id: int | None = None
    site_id: int | None = None
    order_kind: str = ""
    lead_days: int | None = None
    value: Decimal | None = None
    started_at: datetime | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WriteService:
    """A policy to be written: a new draft, or over the draft with this key; it takes the place of `replaces`."""

    service: Service
    name: str
    note: str = ""
    key: uuid.UUID | None = None
    version: int = 0
    replaces: uuid.UUID | None = None
