"""The worker's door to signing in: removals whose time has come, and what is too old."""

from celery import shared_task
from django.utils import timezone

from portal.kernel.scope import acting
from portal.kernel.security.services import note
from suppliers.signin.queries import DOORKEEPER
from suppliers.signin.services import (
    close_old_impersonations,
    do_factor_reset,
    due_resets,
    forget_ended_sessions,
    forget_old,
    hash_shown_codes,
    tell_of_half_sign_ins,
)

MOST_HASHED = 100  # people a day: the codes of one take seconds


@shared_task(name="sign_in.sweep", ignore_result=True)
def sweep_sign_in(**_ignored: object) -> int:
    """Take away the factors whose removal nobody stopped, close what a browser left open, delete sessions that have
    ended, and tell of sign-ins that stopped half-way. Called every minute."""
    at = timezone.now()
    with acting(DOORKEEPER):
        done = [reset for reset in due_resets(at=at) if do_factor_reset(reset, at=at)]
        closed = close_old_impersonations(at=at)
        forget_ended_sessions(at=at)
        tell_of_half_sign_ins(at=at)
    for reset in done:
        note("factor.all_removed", user_id=reset.user_id, asked_by=reset.asked_by_user_id)
    return len(done) + closed


@shared_task(name="sign_in.forget", ignore_result=True)
def forget_sign_ins(**_ignored: object) -> int:
    """Forget old sign-ins and devices, and the seeds of recovery codes that were shown. Called once a day."""
    with acting(DOORKEEPER):
        forgotten = forget_old(at=timezone.now())
    last, hashed = hash_lot(0)
    while last and hashed < MOST_HASHED:  # those that no key opens hold up nobody behind them
        last, more = hash_lot(last)
        hashed += more
    return forgotten


def hash_lot(after: int) -> tuple[int, int]:
    """One transaction's worth."""
    with acting(DOORKEEPER):
        return hash_shown_codes(after=after)
