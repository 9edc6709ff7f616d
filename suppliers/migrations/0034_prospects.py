"""A supplier may be a prospect: invited by name, before the ERP has a number for it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("suppliers", "0033_terms_from_a_day")]

    operations = [
        # With a default in the database: what runs still in the version before writes suppliers, and no such column.
        migrations.AddField("supplier", "is_prospect", models.BooleanField(default=False, db_default=False)),
    ]
