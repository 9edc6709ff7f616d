"""When anything of an order last moved, for those who mirror it."""

from typing import ClassVar

from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    """Orders stored before count as moved now: whoever mirrors them reads each once more."""

    dependencies: ClassVar = [("procurement", "0003_erp")]

    operations: ClassVar = [
        migrations.AddField("purchaseorder", "updated_at", models.DateTimeField(db_default=Now())),
        migrations.AddIndex(
            "purchaseorder",
            models.Index(fields=["supplier", "updated_at", "id"], name="order_of_supplier_moved"),
        ),
        migrations.AddIndex("purchaseorder", models.Index(fields=["updated_at", "id"], name="order_moved")),
    ]
