"""Addresses of items."""

from django.urls import path

from procurement.supply.views import show_item

urlpatterns = [path("items/<path:number>/", show_item, name="item")]
