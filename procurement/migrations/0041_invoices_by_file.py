"""Files of invoices that were uploaded, kept until drafts are made of them."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from portal.kernel.walls import supplier_may, wall

TABLE = "procurement_uploadedinvoices"


class Migration(migrations.Migration):
    dependencies = [("procurement", "0040_booking"), ("suppliers", "0003_people_walls")]

    operations = [
        migrations.CreateModel(
            name="UploadedInvoices",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("kind", models.CharField(max_length=10)),
                ("file_name", models.CharField(max_length=200)),
                ("digest", models.CharField(max_length=64)),
                ("content", models.BinaryField(default=bytes)),
                ("table", models.JSONField(default=list)),
                ("head", models.PositiveIntegerField(default=0)),
                ("columns", models.JSONField(default=dict)),
                ("rows", models.JSONField(default=list)),
                ("told", models.JSONField(default=dict)),
                ("answers", models.JSONField(default=dict)),
                ("plan", models.JSONField(default=dict)),
                ("planned_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(max_length=200)),
                ("created_by_user_id", models.BigIntegerField(null=True)),
                ("applied_at", models.DateTimeField(null=True)),
                ("applied_by", models.CharField(blank=True, max_length=200)),
                ("result", models.JSONField(default=dict)),
                (
                    "supplier",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="suppliers.supplier",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["supplier", "-created_at"], name="uploaded_invoices_newest"),
                    models.Index(fields=["digest"], name="uploaded_invoices_digest"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["sheet", "einvoice"])),
                        name="uploaded_invoices_kind_known",
                    ),
                ],
            },
        ),
        wall(TABLE),
        supplier_may(
            TABLE,
            "SELECT",
            "INSERT",
            "UPDATE (answers, columns, head, rows, plan, planned_at, applied_at, applied_by, result)",
            "DELETE",
        ),
        # Electronic invoices name units by UN/ECE codes.
        supplier_may("procurement_unit", "SELECT"),
    ]
