"""Addresses of screening."""

from django.urls import path

from suppliers.screening import views

urlpatterns = [
    path("screening/", views.screening_list, name="screening-list"),
    path("screening/load/", views.screening_load, name="screening-load"),
    path("screening/<uuid:key>/", views.screening_hit, name="screening-hit"),
    path("screening/<uuid:key>/decide/", views.screening_decide, name="screening-decide"),
]
