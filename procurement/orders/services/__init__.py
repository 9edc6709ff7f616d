"""The verbs of an order: received from the ERP, promised on, decided."""

from procurement.orders.services.promise import (
    Decision,
    Settled,
    decide_promises,
    make_promises,
    withdraw_promises,
)
from procurement.orders.services.receive import OrderIntake, OrderResult, receive_orders
from procurement.orders.services.saved_view import forget_view, save_view

__all__ = [
    "Decision",
    "OrderIntake",
    "OrderResult",
    "Settled",
    "decide_promises",
    "forget_view",
    "make_promises",
    "receive_orders",
    "save_view",
    "withdraw_promises",
]
