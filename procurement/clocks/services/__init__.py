"""The verbs of clocks, of service policies and of opening hours."""

from procurement.clocks.services.offices import forget_office, write_office
from procurement.clocks.services.running import (
    DueMoveAsked,
    move_due,
    pause_clock,
    pause_clocks,
    resume_clock,
    resume_clocks,
    start_clock,
    start_clocks,
    stop_clock,
    stop_clocks,
)
from procurement.clocks.services.sweeping import advance_clocks
from procurement.clocks.services.writing import approve_service, retire_service, write_service

__all__ = [
    "DueMoveAsked",
    "advance_clocks",
    "approve_service",
    "forget_office",
    "move_due",
    "pause_clock",
    "pause_clocks",
    "resume_clock",
    "resume_clocks",
    "retire_service",
    "start_clock",
    "start_clocks",
    "stop_clock",
    "stop_clocks",
    "write_office",
    "write_service",
]
