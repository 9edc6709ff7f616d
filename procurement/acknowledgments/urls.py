"""Addresses of answers given for many orders at once, or by file."""

from django.urls import path

from procurement.acknowledgments.views import confirm

urlpatterns = [
    path("orders/confirm/", confirm.confirm_many, name="orders-confirm"),
]
