"""The verbs of a gateway: made, its secrets changed, switched; its messages kept, dealt with, placed and forgotten."""

from procurement.gateways.services.administering import (
    end_secret,
    make_gateway,
    make_secret,
    require_is_on,
    switch_gateway,
)
from procurement.gateways.services.dealing import HANDLERS, Outcome, deal_with_event, deal_with_message
from procurement.gateways.services.forgetting import forget_raw
from procurement.gateways.services.keeping import MessageIdReused, keep_message, note_use
from procurement.gateways.services.placing import (
    HEARS,
    dismiss_event,
    place_event,
    place_waiting,
    replay_message,
)

__all__ = [
    "HANDLERS",
    "HEARS",
    "MessageIdReused",
    "Outcome",
    "deal_with_event",
    "deal_with_message",
    "dismiss_event",
    "end_secret",
    "forget_raw",
    "keep_message",
    "make_gateway",
    "make_secret",
    "note_use",
    "place_event",
    "place_waiting",
    "replay_message",
    "require_is_on",
    "switch_gateway",
]
