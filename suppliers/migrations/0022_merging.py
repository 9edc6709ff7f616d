"""Merging: two records of the ERP are one company. Ours alone: no supplier has a right on it."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from portal.kernel.walls import wall

MERGE = "suppliers_suppliermerge"
STATES = [
    ("asked", "Waits for a second person"),
    ("merged", "Merged"),
    ("refused", "Two companies"),
    ("withdrawn", "Withdrawn"),
    ("undone", "Taken apart again"),
]
NOT_DECIDED = models.Q(("state", "merged"), ("state", "undone"), _connector="OR", _negated=True)


class Migration(migrations.Migration):
    dependencies = [
        ("suppliers", "0021_feed"),
        # Takes back what suppliers may do to every table there is: what is granted here must come after it.
        ("procurement", "0009_narrow_grants"),
    ]

    operations = [
        migrations.AddField(
            "supplier",
            "merged_into",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="suppliers.supplier",
            ),
        ),
        migrations.AddConstraint(
            "supplier",
            models.CheckConstraint(
                condition=models.Q(
                    ("merged_into__isnull", True),
                    models.Q(("merged_into", models.F("id")), _negated=True),
                    _connector="OR",
                ),
                name="supplier_merged_into_another",
            ),
        ),
        migrations.CreateModel(
            name="SupplierMerge",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("state", models.CharField(choices=STATES, default="asked", max_length=10)),
                ("version", models.PositiveIntegerField(default=1)),
                ("reason", models.CharField(max_length=500)),
                ("preferences", models.BooleanField(default=False)),
                ("asked_at", models.DateTimeField()),
                ("asked_by", models.CharField(max_length=200)),
                ("asked_by_user_id", models.BigIntegerField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.CharField(blank=True, max_length=200)),
                ("decided_by_user_id", models.BigIntegerField(null=True)),
                ("carried", models.JSONField(default=dict)),
                ("over_at", models.DateTimeField(null=True)),
                ("over_by", models.CharField(blank=True, max_length=200)),
                ("why", models.CharField(blank=True, max_length=500)),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="suppliers.supplier",
                    ),
                ),
                (
                    "kept",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="suppliers.supplier",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["state", "-id"], name="supplier_merge_by_state"),
                    models.Index(fields=["kept", "state"], name="supplier_merge_of_kept"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "asked"), ("state", "merged"), _connector="OR"),
                        fields=("supplier",),
                        name="supplier_merge_one_stands",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", [state for state, _label in STATES])),
                        name="supplier_merge_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("supplier", models.F("kept")), _negated=True),
                        name="supplier_merge_of_two",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="supplier_merge_says_why"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            NOT_DECIDED,
                            models.Q(
                                ("decided_at__isnull", False),
                                models.Q(("decided_by_user_id", models.F("asked_by_user_id")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="supplier_merge_by_two_people",
                    ),
                ],
            },
        ),
        wall(MERGE),
    ]
