"""Screening: lists of sanctioned parties, whom was screened against them, and hits. No supplier has a right on any."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from portal.kernel.walls import company_wall, wall

SOURCES = [
    ("ofac", "OFAC, specially designated nationals"),
    ("eu", "European Union, consolidated list"),
    ("own", "A list of our own"),
]
STATES = [
    ("open", "To be decided"),
    ("dismissed", "Somebody else"),
    ("confirmed", "It is the listed one"),
    ("lapsed", "Not on the list any more"),
]


class Migration(migrations.Migration):
    dependencies = [("suppliers", "0016_onboarding")]

    operations = [
        migrations.CreateModel(
            name="SanctionsList",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("source", models.CharField(choices=SOURCES, max_length=10)),
                ("sha256", models.CharField(max_length=64)),
                ("parties", models.PositiveIntegerField()),
                ("loaded_at", models.DateTimeField()),
                ("loaded_by", models.CharField(max_length=200)),
                ("replaced_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("replaced_at__isnull", True)),
                        fields=("source",),
                        name="sanctions_list_in_force",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("source__in", [source for source, _label in SOURCES])),
                        name="sanctions_list_source_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ListedParty",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("ref", models.CharField(max_length=40)),
                ("names", models.JSONField(default=list)),
                ("about", models.CharField(blank=True, max_length=200)),
                (
                    "of_list",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="listed",
                        to="suppliers.sanctionslist",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("of_list", "ref"), name="listed_party_once")],
            },
        ),
        migrations.CreateModel(
            name="ScreenedSupplier",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("fingerprint", models.CharField(max_length=64)),
                ("screened_at", models.DateTimeField()),
                (
                    "supplier",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ScreeningHit",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("source", models.CharField(choices=SOURCES, max_length=10)),
                ("ref", models.CharField(max_length=40)),
                ("listed_name", models.CharField(max_length=350)),
                ("about", models.CharField(blank=True, max_length=200)),
                ("score", models.PositiveSmallIntegerField()),
                ("seen", models.CharField(max_length=64)),
                ("state", models.CharField(choices=STATES, default="open", max_length=10)),
                ("version", models.PositiveIntegerField(default=1)),
                ("found_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.CharField(blank=True, max_length=200)),
                ("reason", models.CharField(blank=True, max_length=500)),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["state", "-score", "id"], name="screening_hit_by_state"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("supplier", "source", "ref"), name="screening_hit_once"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", [state for state, _label in STATES])),
                        name="screening_hit_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "open"),
                            ("state", "lapsed"),
                            models.Q(
                                ("decided_at__isnull", False),
                                models.Q(("decided_by", ""), _negated=True),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="screening_hit_decided_by_somebody",
                    ),
                ],
            },
        ),
        company_wall("suppliers_sanctionslist"),
        company_wall("suppliers_listedparty"),
        wall("suppliers_screenedsupplier"),
        wall("suppliers_screeninghit"),
    ]
