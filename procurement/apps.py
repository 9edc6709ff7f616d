"""Procurement as a Django app."""

from django.apps import AppConfig


class ProcurementConfig(AppConfig):
    """Orders, acknowledgments, threads, the ERP, and the pages over them."""

    name = "procurement"
    default_auto_field = "django.db.models.BigAutoField"
