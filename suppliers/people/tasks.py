"""The worker's doors to people: invitations that run out, addresses whose wait is over, accounts nobody uses."""

from celery import shared_task
from django.utils import timezone

from portal.kernel.scope import acting
from suppliers.people.queries import KEEPER
from suppliers.people.services import change_due_addresses, expire_invitations, put_to_sleep


@shared_task(name="people.sweep", ignore_result=True)
def sweep_people(**_ignored: object) -> int:
    """Note what has run out, and change the addresses that have waited long enough. Called by the clock."""
    at = timezone.now()
    with acting(KEEPER):
        expired = expire_invitations(at=at)
    with acting(KEEPER):
        return expired + change_due_addresses(at=at)


@shared_task(name="people.sleep", ignore_result=True)
def sleep_people(**_ignored: object) -> int:
    """Let accounts fall asleep that nobody has used for long. Called by the clock once a day."""
    with acting(KEEPER):
        return put_to_sleep(at=timezone.now())
