"""The verbs of an order: received from the ERP, promised on, decided."""

from procurement.orders.services.cancel import cancel_order
from procurement.orders.services.claimed import note_claimed
from procurement.orders.services.documents import (
    GIVEN_UP_AFTER,
    ask_for_document,
    give_up_document,
    keep_document,
)
from procurement.orders.services.promise import (
    ChangedLine,
    Decision,
    Ruled,
    Settled,
    change_agreed,
    command_piece,
    decide_promises,
    make_promises,
    promise_command,
    withdraw_promises,
)
from procurement.orders.services.receive import OrderIntake, OrderResult, newest_papers, receive_orders
from procurement.orders.services.reopen import ask_again
from procurement.orders.services.saved_view import forget_view, save_view
from procurement.orders.services.shipped import Shipped, note_shipped

__all__ = [
    "GIVEN_UP_AFTER",
    "ChangedLine",
    "Decision",
    "OrderIntake",
    "OrderResult",
    "Ruled",
    "Settled",
    "Shipped",
    "ask_again",
    "ask_for_document",
    "cancel_order",
    "change_agreed",
    "command_piece",
    "decide_promises",
    "forget_view",
    "give_up_document",
    "keep_document",
    "make_promises",
    "newest_papers",
    "note_claimed",
    "note_shipped",
    "promise_command",
    "receive_orders",
    "save_view",
    "withdraw_promises",
]
