"""Addresses of notices."""

from django.urls import path

from procurement.notifications.views import stopping

urlpatterns = [
    path("notices/stop/<str:token>/", stopping.notices_stop, name="notices-stop"),
]
