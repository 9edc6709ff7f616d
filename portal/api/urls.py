"""Addresses below /api/v1/: those of each paper, and the API's own."""

from __future__ import annotations

from django.urls import path, re_path

from portal.api import views
from procurement.acknowledgments import api as acknowledgments
from procurement.bills import api as bills
from procurement.changes import api as changes
from procurement.clocks import api as clocks
from procurement.discounting import api as discounting
from procurement.docks import api as docks
from procurement.inbox import api as inbox
from procurement.invoices import api as invoices
from procurement.mailroom import api as mailroom
from procurement.matching import api as matching
from procurement.orders import api as orders
from procurement.partners import api as partners
from procurement.payables import api as payables
from procurement.receipts import api as receipts
from procurement.shipments import api as shipments
from procurement.statements import api as statements
from procurement.threads import api as threads
from procurement.tolerances import api as tolerances
from procurement.trail import api as trail
from suppliers.banking import api as banking
from suppliers.details import api as details
from suppliers.documents import api as documents
from suppliers.merging import api as merging
from suppliers.onboarding import api as onboarding
from suppliers.people import api as people

urlpatterns = [
    *orders.urlpatterns,
    *acknowledgments.urlpatterns,
    *changes.urlpatterns,
    *mailroom.urlpatterns,
    *shipments.urlpatterns,
    *receipts.urlpatterns,
    *docks.urlpatterns,
    *bills.urlpatterns,
    *invoices.urlpatterns,
    *matching.urlpatterns,
    *payables.urlpatterns,
    *statements.urlpatterns,
    *discounting.urlpatterns,
    *tolerances.urlpatterns,
    *threads.urlpatterns,
    *documents.urlpatterns,
    *clocks.urlpatterns,
    *inbox.urlpatterns,
    *people.urlpatterns,
    *details.urlpatterns,
    *banking.urlpatterns,
    *onboarding.urlpatterns,
    *partners.urlpatterns,
    *merging.urlpatterns,
    *trail.urlpatterns,
    path("schema", views.Description.as_view({"get": "read"}), name="api-schema"),
    path("docs", views.reference, name="api-docs"),
    re_path(r"^(?P<rest>[\s\S]*)$", views.no_such_address, name="api-unknown"),
]
