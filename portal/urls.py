"""Which address leads where: health, accounts, then the pages and the API of each package."""

from __future__ import annotations

from django.urls import include, path

from portal import health

urlpatterns = [
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", health.metrics, name="metrics"),
    path("accounts/", include("suppliers.accounts")),
    path("api/v1/", include("portal.api.urls")),
    path("", include("portal.navigation.urls")),
    path("", include("suppliers.urls")),
    path("", include("procurement.urls")),
]

handler500 = "portal.api.views.server_error"
