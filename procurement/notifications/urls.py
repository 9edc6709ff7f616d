"""Addresses of notices."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from procurement.notifications.views import choosing, stopping

urlpatterns: list[URLPattern | URLResolver] = [
    path("preferences/notices/", choosing.notice_preferences, name="notice-preferences"),
    path("notices/stop/<str:token>/", stopping.notices_stop, name="notices-stop"),
]

if settings.ANYMAIL:
    # What the provider says of a mail (docs/mail.md). Its views ask for ANYMAIL_WEBHOOK_SECRET.
    urlpatterns.append(path("mail/events/", include("anymail.urls")))
