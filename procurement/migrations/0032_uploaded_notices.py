"""Sheets of ship notices that were uploaded, kept until notices are made of them."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from portal.kernel.walls import supplier_may, wall

TABLE = "procurement_uploadednotices"


class Migration(migrations.Migration):
    dependencies = [("procurement", "0031_counts_to_the_erp"), ("suppliers", "0003_people_walls")]

    operations = [
        migrations.CreateModel(
            name="UploadedNotices",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("file_name", models.CharField(max_length=200)),
                ("digest", models.CharField(max_length=64)),
                ("table", models.JSONField()),
                ("head", models.PositiveIntegerField(default=0)),
                ("columns", models.JSONField(default=dict)),
                ("rows", models.JSONField(default=list)),
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
                    models.Index(fields=["supplier", "-created_at"], name="uploaded_notices_newest"),
                    models.Index(fields=["digest"], name="uploaded_notices_digest"),
                ],
            },
        ),
        wall(TABLE),
        supplier_may(
            TABLE,
            "SELECT",
            "INSERT",
            "UPDATE (columns, head, rows, plan, planned_at, applied_at, applied_by, result)",
            "DELETE",
        ),
    ]
