"""Offboarding: the business with a supplier ends. Whom we part with and why is ours: no supplier has a right on it."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from portal.kernel.walls import wall

OFFBOARDING = "suppliers_offboarding"
STATES = [
    ("begun", "Is ending"),
    ("ended", "Ended"),
    ("called_off", "Called off"),
    ("reopened", "Taken up again"),
]
ENDED = models.Q(("state", "ended"), ("state", "reopened"), _connector="OR", _negated=True)
OVER = models.Q(("state", "called_off"), ("state", "reopened"), _connector="OR", _negated=True)


class Migration(migrations.Migration):
    dependencies = [
        ("suppliers", "0019_single_sign_on"),
        # Takes back what suppliers may do to every table there is: what is granted here must come after it.
        ("procurement", "0009_narrow_grants"),
    ]

    operations = [
        migrations.AddField("supplier", "leaving_on", models.DateField(null=True)),
        migrations.AddField("supplier", "left_at", models.DateTimeField(null=True)),
        migrations.AddConstraint(
            "supplier",
            models.CheckConstraint(
                condition=models.Q(("left_at__isnull", True), ("leaving_on__isnull", False), _connector="OR"),
                name="supplier_left_on_a_day",
            ),
        ),
        migrations.CreateModel(
            name="Offboarding",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("state", models.CharField(choices=STATES, default="begun", max_length=10)),
                ("version", models.PositiveIntegerField(default=1)),
                ("reason", models.CharField(max_length=500)),
                ("words", models.CharField(blank=True, max_length=500)),
                ("last_on", models.DateField()),
                ("begun_at", models.DateTimeField()),
                ("begun_by", models.CharField(max_length=200)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(blank=True, max_length=200)),
                ("left", models.JSONField(default=list)),
                ("stopped", models.JSONField(default=dict)),
                ("over_at", models.DateTimeField(null=True)),
                ("over_by", models.CharField(blank=True, max_length=200)),
                ("why", models.CharField(blank=True, max_length=500)),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="offboardings",
                        to="suppliers.supplier",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["state", "last_on", "id"], name="offboarding_by_state"),
                    models.Index(fields=["supplier", "-id"], name="offboarding_of_supplier"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "begun"), ("state", "ended"), _connector="OR"),
                        fields=("supplier",),
                        name="offboarding_one_stands",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", [state for state, _label in STATES])),
                        name="offboarding_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="offboarding_says_why"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(ENDED, ("ended_at__isnull", False), _connector="OR"),
                        name="offboarding_ended_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(OVER, models.Q(("why", ""), _negated=True), _connector="OR"),
                        name="offboarding_over_why",
                    ),
                ],
            },
        ),
        wall(OFFBOARDING),
    ]
