"""Addresses of the trail."""

from django.urls import path

from procurement.trail import views

urlpatterns = [
    path("trail/", views.trail, name="trail"),
    path("trail/export/", views.trail_export, name="trail-export"),
]
