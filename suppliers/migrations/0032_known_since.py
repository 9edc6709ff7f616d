"""Since when a supplier's contacts are known is moved by nobody once somebody has asked for other bank details there."""

from django.db import migrations

# Whoever comes from another system may have been known for longer than our row is old, and says so while nothing was
# asked yet. After that it would make an old contact of an accomplice, whom one then calls back. The triggers, which note
# until when somebody was known, run as the owner and are not bound by it.
ONCE_ASKED = """
CREATE POLICY ages_nobody_once_asked ON suppliers_bankcontact AS RESTRICTIVE FOR UPDATE TO quayside_company
    USING (NOT EXISTS (
        SELECT FROM suppliers_bankchange asked WHERE asked.supplier_id = suppliers_bankcontact.supplier_id
    ));
"""


class Migration(migrations.Migration):
    dependencies = [("suppliers", "0031_narrow_changes")]

    operations = [
        migrations.RunSQL(ONCE_ASKED, "DROP POLICY ages_nobody_once_asked ON suppliers_bankcontact;"),
    ]
