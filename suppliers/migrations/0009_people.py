"""Invitations, changes of mail addresses, sleeping accounts, and a role for a company's own data."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.kernel.walls import company_wall, supplier_may, wall


class Migration(migrations.Migration):
    dependencies = [
        ("suppliers", "0008_sign_in"),
        # Takes back what suppliers may do to every table there is: what is granted here must come after it.
        ("procurement", "0009_narrow_grants"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="membership",
            name="membership_role_known",
        ),
        migrations.AddField(
            model_name="user",
            name="asleep_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="user",
            name="woken_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="user",
            name="session_round",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="membership",
            name="role",
            field=models.CharField(
                choices=[
                    ("administrator", "Administrator"),
                    ("orders", "Orders"),
                    ("shipping", "Shipping"),
                    ("invoicing", "Invoicing"),
                    ("company_data", "Company data"),
                    ("read_only", "Read only"),
                ],
                max_length=30,
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "role__in",
                        ["administrator", "orders", "shipping", "invoicing", "company_data", "read_only"],
                    )
                ),
                name="membership_role_known",
            ),
        ),
        migrations.CreateModel(
            name="AddressChange",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("old_address", models.EmailField(max_length=254)),
                ("new_address", models.EmailField(max_length=254)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "Waits for the new address"),
                            ("confirmed", "Confirmed, waits"),
                            ("changed", "Changed"),
                            ("stopped", "Stopped at the old address"),
                            ("withdrawn", "Withdrawn"),
                            ("lapsed", "Run out"),
                        ],
                        default="asked",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("asked_at", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("agreed_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="address_changes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "asked"), ("state", "confirmed"), _connector="OR"),
                        fields=("user",),
                        name="address_change_one_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ["asked", "confirmed", "changed", "stopped", "withdrawn", "lapsed"],
                            )
                        ),
                        name="address_change_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "changed"), _negated=True),
                            ("confirmed_at__isnull", False),
                            _connector="OR",
                        ),
                        name="address_changed_when_confirmed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("address", models.EmailField(max_length=254)),
                ("name", models.CharField(blank=True, max_length=150)),
                ("role", models.CharField(max_length=30)),
                ("language", models.CharField(default="en", max_length=10)),
                ("time_zone", models.CharField(default="UTC", max_length=60)),
                ("words", models.TextField(blank=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("sent", "Invited"),
                            ("accepted", "Accepted"),
                            ("revoked", "Taken back"),
                            ("expired", "Run out"),
                        ],
                        default="sent",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("invited_at", models.DateTimeField()),
                ("invited_by", models.CharField(max_length=200)),
                ("sent_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "accepted_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "invited_by_user",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "supplier",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invitations",
                        to="suppliers.supplier",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["supplier", "-id"], name="invitation_of_supplier"),
                    models.Index(fields=["address"], name="invitation_address"),
                    models.Index(
                        condition=models.Q(("state", "sent")),
                        fields=["expires_at"],
                        name="invitation_runs_out",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "sent"), ("supplier__isnull", False)),
                        fields=("supplier", "address"),
                        name="invitation_open_once_per_supplier",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "sent"), ("supplier__isnull", True)),
                        fields=("address",),
                        name="invitation_open_once_on_our_side",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["sent", "accepted", "revoked", "expired"])),
                        name="invitation_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                (
                                    "role__in",
                                    [
                                        "administrator",
                                        "orders",
                                        "shipping",
                                        "invoicing",
                                        "company_data",
                                        "read_only",
                                    ],
                                ),
                                ("supplier__isnull", False),
                            ),
                            models.Q(
                                (
                                    "role__in",
                                    [
                                        "buyer",
                                        "planner",
                                        "accounts_payable",
                                        "receiving",
                                        "administrator",
                                        "integration_owner",
                                        "manager",
                                        "auditor",
                                    ],
                                ),
                                ("supplier__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="invitation_role_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("accepted_by__isnull", False), ("state", "accepted")),
                            models.Q(
                                models.Q(("state", "accepted"), _negated=True),
                                ("accepted_by__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="invitation_accepted_by_somebody",
                    ),
                ],
            },
        ),
        wall("suppliers_invitation"),
        # Read alone: what an administrator does, the keeper writes (suppliers/people/queries.py, Note [Keeper]).
        supplier_may("suppliers_invitation", "SELECT"),
        company_wall("suppliers_addresschange"),
        # As it may read the rest of its own people, but for the password and when they were here.
        supplier_may("suppliers_user", "SELECT (asleep_at, session_round, woken_at)"),
    ]
