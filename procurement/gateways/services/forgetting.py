"""Messages are kept as they came for a while and then forgotten; what was read in them stays."""

from datetime import datetime

from django.conf import settings

from portal.kernel.scope import requires_scope
from procurement.gateways.models import GatewayMessage
from procurement.gateways.states import MessageState

MOST_AT_ONCE = 500


@requires_scope
def forget_raw(*, at: datetime) -> int:
    """Forget the bytes of messages older than GATEWAY_RAW_KEPT_FOR; returns of how many, a batch at most.

    Their events stay, and so does the fingerprint by which one that comes again is known. One that is not dealt with
    yet keeps its bytes.
    """
    old = GatewayMessage.objects.filter(
        forgotten_at__isnull=True, received_at__lt=at - settings.GATEWAY_RAW_KEPT_FOR
    ).exclude(state=MessageState.RECEIVED)
    ids = list(
        old.order_by("received_at", "id")
        .select_for_update(skip_locked=True)
        .values_list("pk", flat=True)[:MOST_AT_ONCE]
    )
    return GatewayMessage.objects.filter(pk__in=ids).update(raw=b"", forgotten_at=at)
