"""Registration: companies that nobody has invited ask to become suppliers. No supplier has a right on it."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from portal.kernel.walls import company_wall

STATES = [
    ("asked", "Waits for the mail address"),
    ("received", "To be decided"),
    ("approved", "Approved"),
    ("refused", "Refused"),
]


class Migration(migrations.Migration):
    dependencies = [("suppliers", "0017_screening")]

    operations = [
        migrations.CreateModel(
            name="SupplierRequest",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("address", models.EmailField(max_length=254)),
                ("language", models.CharField(default="en", max_length=10)),
                ("state", models.CharField(choices=STATES, default="asked", max_length=10)),
                ("version", models.PositiveIntegerField(default=1)),
                ("asked_at", models.DateTimeField()),
                ("mailed_at", models.DateTimeField()),
                ("person", models.CharField(blank=True, max_length=150)),
                ("company", models.CharField(blank=True, max_length=150)),
                ("country", models.CharField(blank=True, max_length=2)),
                ("tax_id", models.CharField(blank=True, max_length=60)),
                ("why", models.CharField(blank=True, max_length=1000)),
                ("received_at", models.DateTimeField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.CharField(blank=True, max_length=200)),
                ("reason", models.CharField(blank=True, max_length=500)),
                (
                    "became",
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
                    models.Index(fields=["state", "asked_at", "id"], name="supplier_request_by_state"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "asked"), ("state", "received"), _connector="OR"),
                        fields=("address",),
                        name="supplier_request_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", [state for state, _label in STATES])),
                        name="supplier_request_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "approved"), _negated=True),
                            ("became__isnull", False),
                            _connector="OR",
                        ),
                        name="supplier_request_became",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "refused"), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="supplier_request_refused_why",
                    ),
                ],
            },
        ),
        company_wall("suppliers_supplierrequest"),
    ]
