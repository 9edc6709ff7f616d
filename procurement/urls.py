"""Addresses of procurement: each package mounts its own."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("procurement.threads.urls")),
]
