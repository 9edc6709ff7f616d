"""The verbs of notices: gather, mail, choose how often, end a kind, see an order, watch what nobody sees."""

from procurement.notifications.services.choosing import end_kind, keep_choices
from procurement.notifications.services.gathering import gather
from procurement.notifications.services.hearing import forget_the_past, hear, hear_of_bounces
from procurement.notifications.services.mailing import fail_mail, note_bounce, send_due
from procurement.notifications.services.watching import see_order, watch_delivery

__all__ = [
    "end_kind",
    "fail_mail",
    "forget_the_past",
    "gather",
    "hear",
    "hear_of_bounces",
    "keep_choices",
    "note_bounce",
    "see_order",
    "send_due",
    "watch_delivery",
]
