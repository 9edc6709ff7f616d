"""Take erased people's addresses out of what is kept against fraud with bank details. Run as the owner."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection, transaction
from django.utils import timezone

from portal.kernel.audit.chain import ERASED

# A notice has no number of a person beside it: its address is one of the erased person's, at the same supplier.
NOTICES = """
UPDATE suppliers_banknotice notice
SET address = 'former-' || gone.user_id || '@erased.invalid', name = 'Former user ' || gone.user_id
FROM suppliers_bankcontact gone JOIN kernel_auditevent told
    ON told.kind = %(erased)s AND told.stream = 'person:' || gone.user_id
WHERE gone.until_at < %(before)s AND notice.supplier_id = gone.supplier_id
AND lower(notice.address) = lower(gone.address) AND notice.made_at < %(before)s
"""
# Who was new once is named in the notices that told of them.
NEW_PEOPLE = """
UPDATE suppliers_banknotice notice
SET about = notice.about || jsonb_build_object(
    'address', 'former-' || gone.user_id || '@erased.invalid', 'name', 'Former user ' || gone.user_id
)
FROM suppliers_bankcontact gone JOIN kernel_auditevent told
    ON told.kind = %(erased)s AND told.stream = 'person:' || gone.user_id
WHERE gone.until_at < %(before)s AND notice.supplier_id = gone.supplier_id
AND lower(notice.about ->> 'address') = lower(gone.address) AND notice.made_at < %(before)s
"""
CONTACTS = """
UPDATE suppliers_bankcontact gone
SET address = 'former-' || gone.user_id || '@erased.invalid', name = 'Former user ' || gone.user_id
FROM kernel_auditevent told
WHERE told.kind = %(erased)s AND told.stream = 'person:' || gone.user_id
AND gone.until_at < %(before)s AND gone.address NOT LIKE '%%@erased.invalid'
"""


class Command(BaseCommand):
    """`manage.py forget_bank_contacts`, once a month: what is younger than BANK_FORMER_DAYS stays."""

    help = "Replace the addresses of erased people among earlier contacts that nobody need tell any more."

    def handle(self, *args: Any, **options: Any) -> None:
        """Tell how many rows changed."""
        before = timezone.now() - timedelta(days=settings.BANK_FORMER_DAYS)
        changed = 0
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in (NOTICES, NEW_PEOPLE, CONTACTS):  # the notices are found by the contacts
                cursor.execute(statement, {"erased": ERASED, "before": before})
                changed += cursor.rowcount
        self.stdout.write(f"{changed} rows have a number in place of a name.")
