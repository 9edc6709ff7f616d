"""`manage.py seal_factors`: seal the secrets of second factors and providers with the present SECRET_KEY."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.kernel.scope import acting
from suppliers.signin.queries import DOORKEEPER
from suppliers.signin.services import seal_factors_anew
from suppliers.sso.services import seal_providers_anew


class Command(BaseCommand):
    """Run it after SECRET_KEY was changed and everything was started again; then no factor needs the former key."""

    help = "Seal the secrets of all second factors and identity providers with the present SECRET_KEY."

    def handle(self, *args: Any, **options: Any) -> None:
        """A few hundred at a time, each lot in a transaction of its own: people sign in meanwhile."""
        done, lost, after = 0, 0, 0
        while True:
            with acting(DOORKEEPER):
                lot = seal_factors_anew(after=after)
            done, lost, after = done + lot.done, lost + lot.unreadable, lot.last
            if not lot.last:
                break
        with acting(DOORKEEPER):
            providers, closed = seal_providers_anew()
        done, lost = done + providers, lost + closed
        self.stdout.write(f"{done} sealed anew.")
        if lost:
            raise CommandError(
                f"{lost} were sealed with a key that is in neither SECRET_KEY nor SECRET_KEY_FALLBACKS, and stay so."
            )
