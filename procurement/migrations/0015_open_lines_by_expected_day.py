from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("procurement", "0014_receipts_and_invoices")]

    operations = [
        migrations.AddIndex(
            model_name="purchaseorderline",
            index=models.Index(
                condition=models.Q(
                    ("cancelled", False), ("closed", False), ("received_quantity__lt", models.F("quantity"))
                ),
                fields=["expected_on", "id"],
                name="line_open_by_expected",
            ),
        ),
    ]
