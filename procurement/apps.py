"""Procurement as a Django app."""

from django.apps import AppConfig
from django.conf import settings


class ProcurementConfig(AppConfig):
    """Orders, acknowledgments, threads, the ERP, and the pages over them."""

    name = "procurement"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to the mail provider, where there is one: django-anymail speaks by a signal alone."""
        if settings.ANYMAIL:
            from anymail.signals import tracking  # noqa: PLC0415 -- only where it is installed as an app

            from procurement.notifications.bounces import provider_says  # noqa: PLC0415 -- it needs the tables

            tracking.connect(provider_says, dispatch_uid="procurement.notifications")
