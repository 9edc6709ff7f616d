"""Suppliers as a Django app."""

from django.apps import AppConfig
from django.conf import settings
from django.contrib.auth.password_validation import get_default_password_validators


class SuppliersConfig(AppConfig):
    """Trading partners, people, memberships and tokens."""

    name = "suppliers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Hear what Django and allauth tell of signing in, and tell allauth who else signs people in and how
        recovery codes are kept. A list of breached passwords that would find nothing stops the start.
        """
        from suppliers.security import hearing  # noqa: PLC0415 -- models are there only now
        from suppliers.signin import codes  # noqa: PLC0415 -- as above
        from suppliers.sso.adapters import know_providers  # noqa: PLC0415 -- as above

        hearing.listen()
        codes.take_their_place()
        know_providers()
        if settings.BREACHED_PASSWORDS:
            get_default_password_validators()
