"""Suppliers as a Django app."""

from django.apps import AppConfig


class SuppliersConfig(AppConfig):
    """Trading partners, people, memberships and tokens."""

    name = "suppliers"
    default_auto_field = "django.db.models.BigAutoField"
