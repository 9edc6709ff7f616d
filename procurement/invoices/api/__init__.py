"""Invoices for programs: what they send, what they are told, and the addresses."""

from django.urls import path

from procurement.invoices.api.doors import Invoices

urlpatterns = [
    path("invoices", Invoices.as_view({"get": "browse", "post": "create"}), name="api-invoice-list"),
    path("invoices/<uuid:key>", Invoices.as_view({"get": "read"}), name="api-invoice"),
    *(
        path(f"invoices/<uuid:key>/{verb}", Invoices.as_view({"post": verb}), name=f"api-invoice-{verb}")
        for verb in ("send", "revise", "withdraw", "reject", "discard", "credit")
    ),
]
