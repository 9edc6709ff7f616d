"""What was read of the pictures of invoices, kept with them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("procurement", "0041_invoices_by_file")]

    operations = [
        migrations.AddField(model_name="invoicefile", name="reading", field=models.JSONField(default=dict)),
    ]
