"""The worker's door to onboarding."""

from celery import shared_task
from django.utils import timezone

from portal.kernel.scope import acting
from suppliers.onboarding.queries import DESK
from suppliers.onboarding.services import forget_chases, forget_sheets, remind, start_begun


@shared_task(name="onboarding.keep", ignore_result=True)
def keep_onboarding(**_ignored: object) -> int:
    """See who has begun, and remind those who have not gone on. Called by the clock every minute."""
    at = timezone.now()
    with acting(DESK):
        forget_sheets(at=at)
        forget_chases(at=at)
        begun = start_begun(at=at)
    with acting(DESK):
        return begun + remind(at=at)
