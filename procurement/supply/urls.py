"""Addresses of items and of suppliers' records."""

from django.urls import path

from procurement.supply.views import records, show_item, supplier_record

urlpatterns = [
    path("items/<path:number>/", show_item, name="item"),
    path("records/", records, name="record-list"),
    path("records/<uuid:key>/", supplier_record, name="supplier-record"),
]
