"""What each address of the persona matrix shows: one object of each kind for a supplier, and how to name it."""

from tests.builders.matrix.addresses import SHOWS
from tests.builders.matrix.objects import Objects, make_objects
from tests.builders.matrix.papers import a_time, by_mail, on_the_desk
from tests.builders.matrix.partners import bank_details, leaves_and_joins, onboarding

__all__ = [
    "SHOWS",
    "Objects",
    "a_time",
    "bank_details",
    "by_mail",
    "leaves_and_joins",
    "make_objects",
    "on_the_desk",
    "onboarding",
]
