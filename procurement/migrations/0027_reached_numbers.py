"""Where the serial numbers behind each GS1 prefix of a supplier go on, also behind one that was changed meanwhile; and
a notice leaves from a place of its own supplier.
"""

from django.db import migrations, models

from portal.kernel.walls import same_supplier, supplier_may


class Migration(migrations.Migration):
    dependencies = [("procurement", "0026_receiving")]

    operations = [
        migrations.AddField(
            model_name="packagenumbering",
            name="reached",
            field=models.JSONField(
                db_default=models.Value({}, output_field=models.JSONField()), default=dict
            ),
        ),
        supplier_may("procurement_packagenumbering", "UPDATE (reached)"),
        # A notice leaves from a place of its own supplier.
        same_supplier("procurement_shipnotice", "ship_from_id", "suppliers_suppliersite"),
    ]
