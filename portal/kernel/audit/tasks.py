"""The worker's door to the chain of the audit trail."""

import logging

from celery import shared_task
from django.utils import timezone

from portal.kernel.actors import Actor
from portal.kernel.audit.chain import BATCH, seal
from portal.kernel.audit.models import AuditSeal
from portal.kernel.scope import acting

log = logging.getLogger("portal.audit")
SEALER = Actor.system("Audit seal")


@shared_task(name="audit.seal", ignore_result=True)
def seal_trail() -> int:
    """Seal what was recorded since, batch by batch, and say each head where the database cannot change it."""
    total = 0
    while True:
        with acting(SEALER):
            count = seal(at=timezone.now())
            made = AuditSeal.objects.order_by("-last_position").first() if count else None
        if made is not None:
            said = {
                "head": bytes(made.head).hex(),
                "position": made.last_position,
                "events": count,
                "seal": made.signature[:16],
            }
            log.info("audit trail sealed", extra=said)
        total += count
        if count < BATCH:
            return total
