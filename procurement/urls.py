"""Addresses of procurement: each package mounts its own."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("procurement.orders.urls")),
    path("", include("procurement.threads.urls")),
    path("", include("procurement.tolerances.urls")),
    path("", include("procurement.clocks.urls")),
    path("", include("procurement.acknowledgments.urls")),
    path("", include("procurement.changes.urls")),
    path("", include("procurement.shipments.urls")),
    path("", include("procurement.gateways.urls")),
    path("", include("procurement.receipts.urls")),
    path("", include("procurement.docks.urls")),
    path("", include("procurement.supply.urls")),
    path("", include("procurement.invoices.urls")),
    path("", include("procurement.payables.urls")),
    path("", include("procurement.statements.urls")),
    path("", include("procurement.matching.urls")),
    path("", include("procurement.discounting.urls")),
    path("", include("procurement.mailroom.urls")),
    path("", include("procurement.erp.urls")),
    path("", include("procurement.erp.reconciliation.urls")),
    path("", include("procurement.notifications.urls")),
    path("", include("procurement.inbox.urls")),
    path("", include("procurement.workbench.urls")),
    path("", include("procurement.partners.urls")),
    path("", include("procurement.trail.urls")),
]
