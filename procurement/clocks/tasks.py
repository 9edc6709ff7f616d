"""The worker's door to clocks: what time alone brings."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from portal.kernel.scope import acting
from procurement.clocks.queries import CLOCKS
from procurement.clocks.services import advance_clocks
from procurement.clocks.services.sweeping import MOST_AT_ONCE

MOST_ROUNDS = 40


@shared_task(name="clocks.advance", ignore_result=True)
def advance(**_ignored: object) -> int:
    """Take every step that is due and say what is overdue, a transaction for each batch. Called every minute.

    First papers and clocks are brought together: nobody is reminded of what was answered while a reaction to it waited.
    What one of these reviews cannot do holds up no clock; it is raised at the end.
    """
    faults: list[Exception] = []
    for review in settings.CLOCK_REVIEWS:
        try:
            import_string(review)(at=timezone.now())
        except Exception as fault:  # whatever it is: thousands of clocks stand behind it
            faults.append(fault)
    looked = 0
    for _round in range(MOST_ROUNDS):
        with acting(CLOCKS):
            found = advance_clocks(actor=CLOCKS, at=timezone.now())
        looked += found
        if found < MOST_AT_ONCE:
            break
    if faults:
        raise ExceptionGroup("papers and clocks were not brought together", faults)
    return looked
