"""Who said that the ERP pays by a change: it may be one of those who approved it, and that is shown."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("suppliers", "0028_role_since")]

    operations = [
        migrations.AddField("bankchange", "entered_by_user_id", models.BigIntegerField(null=True)),
    ]
