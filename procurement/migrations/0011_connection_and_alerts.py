"""The connection to the ERP, what passes a limit, and feeds that are set back."""

import uuid

from django.db import migrations, models

from portal.kernel.walls import company_wall


class Migration(migrations.Migration):
    dependencies = [
        ("procurement", "0010_given_up"),
    ]

    operations = [
        migrations.AddField(
            model_name="feedcursor",
            name="again_since",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="feedcursor",
            name="failing_since",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="feedcursor",
            name="rewinds",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="feedrun",
            name="again_since",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="feedrun",
            name="told_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name="Alert",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("cause", models.CharField(max_length=40)),
                ("subject", models.CharField(blank=True, max_length=80)),
                ("facts", models.JSONField(default=dict)),
                ("raised_at", models.DateTimeField()),
                ("told_at", models.DateTimeField()),
                ("times_told", models.PositiveIntegerField(default=1)),
                ("gone_since", models.DateTimeField(null=True)),
                ("over_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["-raised_at", "-id"], name="alert_newest")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("over_at__isnull", True)),
                        fields=("cause", "subject"),
                        name="alert_once_per_cause",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ErpConnection",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=30, unique=True)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("paused", "Paused")],
                        default="running",
                        max_length=10,
                    ),
                ),
                ("paused_at", models.DateTimeField(null=True)),
                ("paused_by", models.CharField(blank=True, max_length=200)),
                ("paused_reason", models.TextField(blank=True)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("opened_at", models.DateTimeField(null=True)),
                ("ask_at", models.DateTimeField(null=True)),
                ("asking_until", models.DateTimeField(null=True)),
                ("asked", models.PositiveIntegerField(default=0)),
                ("trouble", models.TextField(blank=True)),
                ("heard_at", models.DateTimeField(null=True)),
                ("flowing_since", models.DateTimeField(null=True)),
                ("refused_since", models.DateTimeField(null=True)),
                ("refused_at", models.DateTimeField(null=True)),
                ("found", models.JSONField(default=dict)),
                ("fingerprint", models.CharField(blank=True, max_length=64)),
                ("found_since", models.DateTimeField(null=True)),
                ("change", models.JSONField(default=list)),
                ("changed_at", models.DateTimeField(null=True)),
                ("looked_at", models.DateTimeField(null=True)),
                ("look_asked_at", models.DateTimeField(null=True)),
                ("look_trouble", models.TextField(blank=True)),
                ("clock_skew", models.DurationField(null=True)),
                ("credentials_expire_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["running", "paused"])),
                        name="erp_connection_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("paused_at__isnull", False), ("state", "paused")),
                            models.Q(("paused_at__isnull", True), ("state", "running")),
                            _connector="OR",
                        ),
                        name="erp_connection_paused_when",
                    ),
                ],
            },
        ),
        company_wall("procurement_erpconnection"),
        company_wall("procurement_alert"),
    ]
