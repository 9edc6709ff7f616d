"""Second factors by role, devices, sign-ins, the removal of factors, and acting in somebody's place."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

from portal.kernel.walls import company_only, supplier_may, wall

PERSON = settings.AUTH_USER_MODEL


def _id():
    return ("id", models.BigAutoField(primary_key=True, serialize=False))


class Migration(migrations.Migration):
    dependencies = [
        ("suppliers", "0007_desk_tokens"),
        ("mfa", "0003_authenticator_type_uniq"),
        # Takes back what suppliers may do to every table there is: what is granted here must come after it.
        ("procurement", "0009_narrow_grants"),
    ]

    operations = [
        migrations.CreateModel(
            name="FactorRule",
            fields=[
                _id(),
                ("side", models.CharField(max_length=20)),
                ("role", models.CharField(max_length=30)),
                ("demanded", models.BooleanField()),
                ("grace_days", models.PositiveSmallIntegerField(default=14)),
                ("since_at", models.DateTimeField()),
                ("set_by", models.CharField(max_length=200)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("side", "role"), name="factor_rule_once"),
                    models.CheckConstraint(
                        condition=Q(("side", "company"), ("side", "supplier"), _connector="OR"),
                        name="factor_rule_side_known",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="FactorConfirmation",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to=PERSON,
                    ),
                ),
                ("confirmed_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Device",
            fields=[
                _id(),
                ("digest", models.CharField(max_length=64)),
                ("program", models.CharField(blank=True, max_length=200)),
                ("address", models.GenericIPAddressField(null=True)),
                ("country", models.CharField(blank=True, max_length=2)),
                ("first_seen_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField()),
                ("trusted_until", models.DateTimeField(null=True)),
                ("fingerprint", models.CharField(blank=True, max_length=64)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="devices", to=PERSON
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("user", "digest"), name="device_once"),
                    models.CheckConstraint(
                        condition=Q(
                            ("trusted_until__isnull", True), ~Q(("fingerprint", "")), _connector="OR"
                        ),
                        name="device_trusted_for_something",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="SignIn",
            fields=[
                _id(),
                ("at", models.DateTimeField()),
                ("address", models.GenericIPAddressField(null=True)),
                ("country", models.CharField(blank=True, max_length=2)),
                ("program", models.CharField(blank=True, max_length=200)),
                ("way", models.CharField(blank=True, max_length=60)),
                ("is_new_device", models.BooleanField(default=False)),
                ("is_new_country", models.BooleanField(default=False)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="sign_ins", to=PERSON
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["user", "-at"], name="sign_in_of_whom")]},
        ),
        migrations.CreateModel(
            name="FactorReset",
            fields=[
                _id(),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("stopped", "Stopped"), ("done", "Done")],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("reason", models.CharField(max_length=500)),
                ("asked_at", models.DateTimeField()),
                ("asked_by", models.CharField(max_length=200)),
                ("asked_by_user_id", models.BigIntegerField()),
                ("takes_effect_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "supplier",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="suppliers.supplier",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="factor_resets", to=PERSON
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(("state__in", ["waiting", "stopped", "done"])),
                        name="factor_reset_state_known",
                    ),
                    models.CheckConstraint(condition=~Q(("reason", "")), name="factor_reset_has_a_reason"),
                    models.CheckConstraint(
                        condition=~Q(("user_id", F("asked_by_user_id"))), name="factor_reset_not_oneself"
                    ),
                    models.CheckConstraint(
                        condition=Q(("takes_effect_at__gt", F("asked_at"))), name="factor_reset_waits"
                    ),
                    models.CheckConstraint(
                        condition=Q(
                            Q(("ended_at__isnull", True), ("state", "waiting")),
                            Q(~Q(("state", "waiting")), ("ended_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="factor_reset_ended",
                    ),
                    models.UniqueConstraint(
                        condition=Q(("state", "waiting")), fields=("user",), name="factor_reset_one_waits"
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="Impersonation",
            fields=[
                _id(),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("reason", models.CharField(max_length=500)),
                ("started_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "ended_how",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("button", "by its button"),
                            ("time", "its time was over"),
                            ("sign_out", "by signing out"),
                            ("rights", "the right to it was gone"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=PERSON
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=PERSON
                    ),
                ),
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
                "constraints": [
                    models.CheckConstraint(condition=~Q(("reason", "")), name="impersonation_has_a_reason"),
                    models.CheckConstraint(
                        condition=~Q(("person", F("by"))), name="impersonation_of_another"
                    ),
                    models.CheckConstraint(
                        condition=Q(("ends_at__gt", F("started_at"))), name="impersonation_ends"
                    ),
                    models.CheckConstraint(
                        condition=Q(
                            Q(("ended_at__isnull", True), ("ended_how", "")),
                            Q(("ended_at__isnull", False), ~Q(("ended_how", ""))),
                            _connector="OR",
                        ),
                        name="impersonation_ended_somehow",
                    ),
                ]
            },
        ),
        # Where people work already, their days of grace begin today and not on the day they came.
        migrations.RunSQL(
            sql="""
                INSERT INTO suppliers_factorrule (side, role, demanded, grace_days, since_at, set_by)
                SELECT 'company', role, true, 14, now(), 'Quayside'
                FROM unnest(ARRAY['administrator', 'manager', 'accounts_payable', 'integration_owner']) AS role
                WHERE EXISTS (SELECT 1 FROM suppliers_user);
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
        company_only("suppliers_factorrule"),
        company_only("suppliers_factorconfirmation"),
        company_only("suppliers_device"),
        company_only("suppliers_signin"),
        wall("suppliers_factorreset"),
        supplier_may("suppliers_factorreset", "SELECT", "INSERT", "UPDATE (state, version, ended_at)"),
        wall("suppliers_impersonation"),
    ]
