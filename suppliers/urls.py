"""Addresses of suppliers and of what is a person's own."""

from django.urls import URLPattern, URLResolver, include, path

from suppliers import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("preferences/", views.preferences, name="preferences"),
    path("language/", views.language, name="language"),
    path("switch/", views.supplier_switch, name="supplier-switch"),
    path("", include("suppliers.signin.urls")),
    path("", include("suppliers.sso.urls")),
    path("", include("suppliers.scim.urls")),
    path("", include("suppliers.tokens.urls")),
    path("", include("suppliers.security.urls")),
    path("", include("suppliers.people.urls")),
    path("", include("suppliers.details.urls")),
    path("", include("suppliers.documents.urls")),
    path("", include("suppliers.banking.urls")),
    path("", include("suppliers.onboarding.urls")),
    path("", include("suppliers.screening.urls")),
    path("", include("suppliers.registration.urls")),
    path("", include("suppliers.merging.urls")),
]
