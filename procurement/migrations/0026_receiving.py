"""What had come of an order line before a ship notice was sent."""

from decimal import Decimal

from django.db import migrations, models

from portal.kernel.walls import supplier_may


class Migration(migrations.Migration):
    dependencies = [("procurement", "0025_shipments")]

    operations = [
        migrations.AddField(
            model_name="shipnoticeline",
            name="came_before",
            field=models.DecimalField(
                db_default=Decimal("0"), decimal_places=6, default=Decimal("0"), max_digits=18
            ),
        ),
        # Noted by whoever sends.
        supplier_may("procurement_shipnoticeline", "UPDATE (came_before)"),
    ]
