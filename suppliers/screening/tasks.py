"""The worker's door to screening."""

from celery import shared_task
from django.utils import timezone

from portal.kernel.scope import acting
from suppliers.screening.queries import SCREENER
from suppliers.screening.services import screen_suppliers


@shared_task(name="screening.run", ignore_result=True)
def run_screening(**_ignored: object) -> int:
    """Screen whoever is new, is called otherwise, or was not screened against a new list. Called by the clock."""
    with acting(SCREENER):
        return screen_suppliers(at=timezone.now())
