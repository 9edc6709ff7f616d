"""Suppliers that are marked to be written to in one go: no supplier has a right on any of it."""

import uuid

from django.db import migrations, models

from portal.kernel.walls import company_wall


class Migration(migrations.Migration):
    dependencies = [
        ("suppliers", "0024_token_of_the_trail"),
        # Takes back what suppliers may do to every table there is: what is granted here must come after it.
        ("procurement", "0009_narrow_grants"),
    ]

    operations = [
        migrations.CreateModel(
            name="OnboardingChase",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "what",
                    models.CharField(
                        choices=[("remind", "Reminder"), ("invitation", "Invitation, once more")],
                        max_length=12,
                    ),
                ),
                ("marked", models.JSONField(default=list)),
                ("words", models.CharField(blank=True, max_length=500)),
                ("told", models.JSONField(default=dict)),
                ("marked_at", models.DateTimeField()),
                ("marked_by", models.CharField(max_length=200)),
                ("marked_by_user_id", models.BigIntegerField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("sent_by", models.CharField(blank=True, max_length=200)),
                ("sent_by_user_id", models.BigIntegerField(null=True)),
                ("done_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("sent_at__isnull", True)),
                        fields=["marked_at"],
                        name="onboarding_chase_unsent",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("what__in", ["remind", "invitation"])),
                        name="onboarding_chase_what_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("done_at__isnull", True), ("sent_at__isnull", False), _connector="OR"
                        ),
                        name="onboarding_chase_done_once_sent",
                    ),
                ],
            },
        ),
        company_wall("suppliers_onboardingchase"),
    ]
