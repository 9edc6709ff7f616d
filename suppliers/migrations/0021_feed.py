"""What the ERP pays suppliers to, as it told it, and whether a change that is in force stands in the ERP."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

from portal.kernel.walls import wall


def stands_already(apps, schema_editor):
    """What came into force before the ERP was asked counts as entered: nobody is to look through the past."""
    changes = apps.get_model("suppliers", "BankChange").objects.filter(state="in_force")
    changes.update(entered_at=F("closed_at"))


class Migration(migrations.Migration):
    dependencies = [
        ("suppliers", "0020_offboarding"),
        # Takes back what suppliers may do to every table there is: what is granted here must come after it.
        ("procurement", "0009_narrow_grants"),
    ]

    operations = [
        migrations.AddField("bankchange", "entered_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "bankchange", "entered_by", models.CharField(blank=True, db_default="", max_length=200)
        ),
        migrations.RunPython(stands_already, migrations.RunPython.noop),
        migrations.AddIndex(
            "bankchange",
            models.Index(
                fields=["supplier"],
                condition=Q(state="in_force", entered_at__isnull=True),
                name="bank_change_to_enter",
            ),
        ),
        migrations.CreateModel(
            name="BankTold",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("trace", models.CharField(max_length=64)),
                ("country", models.CharField(blank=True, max_length=2)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("shown", models.CharField(max_length=4)),
                ("since_on", models.DateField(null=True)),
                ("first_told_at", models.DateTimeField()),
                ("told_at", models.DateTimeField()),
                ("gone_at", models.DateTimeField(null=True)),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="suppliers.supplier",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("supplier", "trace"), name="bank_told_once")],
            },
        ),
        wall("suppliers_banktold"),
        migrations.RunSQL(
            "REVOKE DELETE ON suppliers_banktold FROM quayside_app, quayside_company;",
            migrations.RunSQL.noop,
        ),
    ]
