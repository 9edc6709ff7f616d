"""Gatherer: the tasks of every package. Celery looks here and nowhere else."""

from suppliers.banking.tasks import take_effect
from suppliers.signin.tasks import forget_sign_ins, sweep_sign_in

__all__ = ["forget_sign_ins", "sweep_sign_in", "take_effect"]
