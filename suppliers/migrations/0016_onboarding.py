"""Onboarding: templates, terms, texts and exclusions of ours; runs, agreements and answers of suppliers."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from portal.kernel.walls import company_wall, same_supplier, supplier_may, wall

RUN, EXCLUSION = "suppliers_onboardingrun", "suppliers_onboardingexclusion"
OURS = ("onboardingtemplate", "terms", "invitationtext", "firstorderrule", "uploadedinvitations")


class Migration(migrations.Migration):
    dependencies = [
        ("suppliers", "0015_mended_details"),
        # Takes back what suppliers may do to every table there is: what is granted here must come after it.
        ("procurement", "0009_narrow_grants"),
    ]

    operations = [
        migrations.CreateModel(
            name="FirstOrderRule",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("company", models.CharField(max_length=20, unique=True)),
                ("is_on", models.BooleanField(default=False)),
                ("written_at", models.DateTimeField()),
                ("written_by", models.CharField(max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="UploadedInvitations",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("file_name", models.CharField(max_length=200)),
                ("rows", models.JSONField(default=list)),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(max_length=200)),
                ("applied_at", models.DateTimeField(null=True)),
                ("applied_by", models.CharField(blank=True, max_length=200)),
                ("invited", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="InvitationText",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("segment", models.CharField(blank=True, max_length=20)),
                ("language", models.CharField(max_length=10)),
                ("text", models.TextField()),
                ("written_at", models.DateTimeField()),
                ("written_by", models.CharField(max_length=200)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("segment", "language"), name="invitation_text_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("segment", ""),
                            ("segment__in", ["strategic", "core", "long_tail"]),
                            _connector="OR",
                        ),
                        name="invitation_text_segment_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OnboardingTemplate",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("code", models.SlugField(max_length=40)),
                ("number", models.PositiveIntegerField(default=1)),
                ("name", models.CharField(max_length=100)),
                ("countries", models.JSONField(default=list)),
                ("categories", models.JSONField(default=list)),
                ("segments", models.JSONField(default=list)),
                ("languages", models.JSONField(default=list)),
                ("steps", models.JSONField(default=list)),
                ("questions", models.JSONField(default=list)),
                ("made_at", models.DateTimeField()),
                ("made_by", models.CharField(max_length=200)),
                ("retired_at", models.DateTimeField(null=True)),
                ("retired_by", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("code", "number"), name="onboarding_template_version"),
                    models.UniqueConstraint(
                        condition=models.Q(("retired_at__isnull", True)),
                        fields=("code",),
                        name="onboarding_template_in_force",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Terms",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("code", models.SlugField(max_length=40)),
                ("number", models.PositiveIntegerField(default=1)),
                ("title", models.CharField(max_length=100)),
                ("texts", models.JSONField(default=dict)),
                ("made_at", models.DateTimeField()),
                ("made_by", models.CharField(max_length=200)),
                ("retired_at", models.DateTimeField(null=True)),
                ("retired_by", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("code", "number"), name="terms_version"),
                    models.UniqueConstraint(
                        condition=models.Q(("retired_at__isnull", True)),
                        fields=("code",),
                        name="terms_in_force",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OnboardingAnswer",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("code", models.SlugField(max_length=40)),
                ("value", models.CharField(max_length=1000)),
                ("answered_at", models.DateTimeField()),
                ("answered_by", models.CharField(max_length=200)),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("supplier", "code"), name="onboarding_answer_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="OnboardingExclusion",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("one_off", "One order only"),
                            ("intercompany", "A company of our group"),
                            ("edi_only", "Reached by EDI alone"),
                            ("ending", "Business ends soon"),
                            ("other", "Another reason"),
                        ],
                        max_length=15,
                    ),
                ),
                ("words", models.CharField(blank=True, max_length=500)),
                ("until_on", models.DateField(null=True)),
                ("made_at", models.DateTimeField()),
                ("made_by", models.CharField(max_length=200)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(blank=True, max_length=200)),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("supplier",),
                        name="onboarding_exclusion_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reason__in", ["one_off", "intercompany", "edi_only", "ending", "other"])
                        ),
                        name="onboarding_exclusion_reason_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason", "other"), _negated=True),
                            models.Q(("words", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="onboarding_exclusion_says_why",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OnboardingRun",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("why", models.JSONField(default=list)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("invited", "Invited"),
                            ("started", "Under way"),
                            ("in_review", "In review"),
                            ("active", "Done"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                            ("left", "Left"),
                        ],
                        default="invited",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "how",
                    models.CharField(
                        choices=[
                            ("one", "By hand"),
                            ("list", "From the list of suppliers"),
                            ("sheet", "From a sheet"),
                            ("first_order", "By its first order"),
                        ],
                        max_length=12,
                    ),
                ),
                ("address", models.EmailField(blank=True, max_length=254)),
                ("invited_at", models.DateTimeField()),
                ("invited_by", models.CharField(max_length=200)),
                ("reminders", models.PositiveSmallIntegerField(default=0)),
                ("reminded_at", models.DateTimeField(null=True)),
                ("remind_at", models.DateTimeField(null=True)),
                ("started_at", models.DateTimeField(null=True)),
                ("handed_in_at", models.DateTimeField(null=True)),
                ("handed_in_by", models.CharField(blank=True, max_length=200)),
                ("ended_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("decided_by", models.CharField(blank=True, max_length=200)),
                (
                    "invitation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="suppliers.invitation",
                    ),
                ),
                (
                    "supplier",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="onboarding",
                        to="suppliers.supplier",
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="suppliers.onboardingtemplate",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["state", "invited_at", "id"], name="onboarding_run_by_state"),
                    models.Index(
                        condition=models.Q(("remind_at__isnull", False)),
                        fields=["remind_at"],
                        name="onboarding_run_reminds",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("id", "supplier"), name="onboarding_run_wall"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ["invited", "started", "in_review", "active", "refused", "withdrawn", "left"],
                            )
                        ),
                        name="onboarding_run_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("how__in", ["one", "list", "sheet", "first_order"])),
                        name="onboarding_run_how_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("state", "refused"), ("state", "withdrawn"), _connector="OR", _negated=True
                            ),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="onboarding_run_ended_why",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TermsAccepted",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("language", models.CharField(max_length=10)),
                ("accepted_at", models.DateTimeField()),
                ("accepted_by", models.CharField(max_length=200)),
                ("accepted_by_user_id", models.BigIntegerField(null=True)),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
                    ),
                ),
                (
                    "terms",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.terms"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("supplier", "terms"), name="terms_accepted_once")
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(fields=("id", "supplier"), name="invitation_wall"),
        ),
        *(company_wall(f"suppliers_{name}") for name in OURS),
        wall(RUN),
        same_supplier(RUN, "invitation_id", "suppliers_invitation"),
        # Read alone: what a supplier's people do here, services write (Note [Written by the desk]).
        supplier_may(RUN, "SELECT"),
        wall("suppliers_termsaccepted"),
        supplier_may("suppliers_termsaccepted", "SELECT"),
        wall("suppliers_onboardinganswer"),
        supplier_may("suppliers_onboardinganswer", "SELECT"),
        # Whom we do not invite is nobody else's to know: no right at all.
        wall(EXCLUSION),
    ]
