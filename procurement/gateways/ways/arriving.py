"""What the ways in share: which gateway it is, how its messages are read, and that they are kept and dealt with."""

import uuid
from datetime import datetime

from portal.kernel.scope import acting, require_no_transaction
from procurement.gateways.messages import Arrived, ReadMessage
from procurement.gateways.models import Gateway, GatewayMessage, GatewaySecret
from procurement.gateways.queries import GATEKEEPER, live_secrets, raw_of, visible_gateways
from procurement.gateways.services import deal_with_message, keep_message, note_use
from procurement.gateways.services.keeping import Kept
from procurement.gateways.states import GatewayKind, Way
from procurement.gateways.ways.reading import read_json
from procurement.gateways.ways.rows import read_rows


def known_gateway(key: uuid.UUID) -> tuple[Gateway, list[GatewaySecret]] | None:
    """A gateway by what stands in its address, with the secrets that it may sign with."""
    with acting(GATEKEEPER):
        gateway = visible_gateways(GATEKEEPER).filter(key=key).first()
        return (gateway, live_secrets(gateway)) if gateway else None


def read_for(gateway: Gateway, raw: bytes, way: str) -> ReadMessage:
    """A message as this gateway sends it this way: a signed call is JSON, a file has rows."""
    is_one = gateway.supplier_id is not None
    if way == Way.WEBHOOK:
        return read_json(raw, gateway.kind, one_supplier=is_one)
    return read_rows(raw, one_supplier=is_one)


def takes_files(gateway: Gateway) -> bool:
    """Whether rows say what it has to tell: milestones, not counts of many lines."""
    return gateway.kind == GatewayKind.CARRIER


def take_in(gateway: Gateway, arrived: Arrived, *, at: datetime, secret: GatewaySecret | None = None) -> Kept:
    """Keep a message, then deal with it: two steps, so that what was kept outlives a process that ends in between.

    Raises `MessageIdReused`.
    """
    require_no_transaction()
    read = read_for(gateway, arrived.raw, arrived.way)
    with acting(GATEKEEPER):
        kept = keep_message(gateway, read, arrived, at=at)
        if secret is not None:
            note_use(secret, at=at)
    if not read.problems:
        deal_with_message(kept.message.key, at=at)
    return kept


def read_again(message: GatewayMessage) -> ReadMessage:
    """A message that is kept, as it is read now."""
    return read_for(message.gateway, raw_of(message), message.way)
