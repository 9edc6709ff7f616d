"""The worker's doors to documents: ask and remind, let end, show to the scanner again, carry to the object store."""

from celery import shared_task
from django.utils import timezone

from suppliers.documents.services import carry_to_store, expire_ended, keep_asking, let_go, look_again


@shared_task(name="documents.ask", ignore_result=True)
def ask(**_ignored: object) -> int:
    """Let end what has ended, then ask, remind and tell of what is late. Called by the clock once an hour."""
    at = timezone.now()
    expire_ended(at)
    return keep_asking(at)


@shared_task(name="documents.keep", ignore_result=True)
def keep(**_ignored: object) -> int:
    """Show the scanner what it has not seen, let go of bytes that nobody needs, and carry the others to where they
    belong. Called by the clock each minute."""
    at = timezone.now()
    return look_again(at) + let_go(at) + carry_to_store(at)
