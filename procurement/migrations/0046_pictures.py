"""What was read of the pictures of invoices, kept with them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("procurement", "0045_early_payments")]

    operations = [
        migrations.AddField(model_name="invoicefile", name="reading", field=models.JSONField(default=dict)),
    ]
