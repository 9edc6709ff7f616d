"""Addresses of notices."""

from collections.abc import Mapping

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from procurement.notifications.views import choosing, stopping


def provider_urls(anymail: Mapping[str, str]) -> list[URLResolver]:
    """Where a provider says what became of a mail (docs/mail.md): only with the secret that its views then ask for.

    Without one, django-anymail takes the word of whoever calls.
    """
    return [path("mail/events/", include("anymail.urls"))] if anymail.get("WEBHOOK_SECRET") else []


urlpatterns: list[URLPattern | URLResolver] = [
    path("preferences/notices/", choosing.notice_preferences, name="notice-preferences"),
    path("notices/stop/<str:token>/", stopping.notices_stop, name="notices-stop"),
    *provider_urls(settings.ANYMAIL),
]
