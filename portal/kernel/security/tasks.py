"""The worker's door to security events."""

import logging

from celery import shared_task
from django.utils import timezone

from portal.kernel.audit.chain import verify
from portal.kernel.scope import acting
from portal.kernel.security.services import GUARD, forget_events, note

log = logging.getLogger("portal.audit")


@shared_task(name="security.forget", ignore_result=True)
def forget_old_events() -> int:
    """Forget what was noted longer ago than it is kept. Daily."""
    with acting(GUARD):
        return forget_events(at=timezone.now())


@shared_task(name="audit.verify", ignore_result=True)
def verify_trail() -> int:
    """Work out the whole chain of the audit trail and raise an alarm where it is not as it was sealed. Nightly."""
    with acting(GUARD):
        verdict = verify(at=timezone.now())
    if verdict.faults:
        first = verdict.faults[0]
        note("audit.broken", faults=len(verdict.faults), what=first.what, event=first.event_id)
    else:
        note("audit.verified", events=verdict.links)
    for fault in verdict.faults:
        log.error("audit trail broken", extra={"fault": str(fault)})
    return len(verdict.faults)
