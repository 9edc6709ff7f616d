"""Gatherer: the tasks of every package. Celery looks here and nowhere else."""

from suppliers.banking.tasks import take_effect
from suppliers.documents import tasks as documents
from suppliers.onboarding.tasks import keep_onboarding
from suppliers.people.tasks import sleep_people, sweep_people
from suppliers.registration.tasks import forget_requests
from suppliers.screening.tasks import run_screening
from suppliers.signin.tasks import forget_sign_ins, sweep_sign_in

__all__ = [
    "documents",
    "forget_requests",
    "forget_sign_ins",
    "keep_onboarding",
    "run_screening",
    "sleep_people",
    "sweep_people",
    "sweep_sign_in",
    "take_effect",
]
