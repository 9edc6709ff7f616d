"""The chain of the audit trail, triggers that refuse its rewriting, and security events."""

import django.db.models.expressions
from django.db import migrations, models

from portal.kernel.walls import append_only, company_wall, keeps_facts, only_old_ones_go

CHAIN = """
    CREATE FUNCTION quayside_chain_step(former bytea, leaf bytea, start bytea) RETURNS bytea
        LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT pg_catalog.sha256(coalesce(former, start) || leaf)';
    CREATE AGGREGATE quayside_chain(bytea, bytea) (SFUNC = quayside_chain_step, STYPE = bytea);
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0003_outbox_faults")]

    operations = [
        migrations.CreateModel(
            name="AuditLink",
            fields=[
                ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                ("event_id", models.BigIntegerField(unique=True)),
                ("label_nonce", models.BinaryField(null=True)),
                ("label_hash", models.BinaryField()),
                ("hash", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("first_position", models.BigIntegerField(unique=True)),
                ("last_position", models.BigIntegerField(unique=True)),
                ("head", models.BinaryField()),
                ("signature", models.CharField(max_length=64)),
                ("sealed_at", models.DateTimeField()),
                ("top_event_id", models.BigIntegerField()),
                ("settled_after", models.DecimalField(decimal_places=0, max_digits=20)),
                ("settled_below", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("last_position__gte", django.db.models.expressions.F("first_position"))
                        ),
                        name="audit_seal_has_links",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SecurityEvent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=40)),
                (
                    "severity",
                    models.CharField(
                        choices=[
                            ("info", "For the record"),
                            ("notice", "Worth a look"),
                            ("warning", "Warning"),
                            ("alarm", "Alarm"),
                        ],
                        max_length=10,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("user_id", models.BigIntegerField(null=True)),
                ("token_id", models.BigIntegerField(null=True)),
                ("account", models.CharField(blank=True, max_length=32)),
                ("address", models.CharField(blank=True, max_length=45)),
                ("browser", models.CharField(blank=True, max_length=200)),
                ("route", models.CharField(blank=True, max_length=120)),
                ("correlation_id", models.CharField(blank=True, max_length=64)),
                ("facts", models.JSONField(default=dict)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["kind", "-at"], name="security_kind"),
                    models.Index(fields=["user_id", "-at"], name="security_person"),
                    models.Index(fields=["-at", "-id"], name="security_newest"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("severity__in", ["info", "notice", "warning", "alarm"])),
                        name="security_severity_known",
                    )
                ],
            },
        ),
        migrations.RunSQL(
            sql=CHAIN,
            reverse_sql="DROP AGGREGATE quayside_chain(bytea, bytea);"
            " DROP FUNCTION quayside_chain_step(bytea, bytea, bytea);",
        ),
        company_wall("kernel_auditlink"),
        append_only("kernel_auditlink"),
        company_wall("kernel_auditseal"),
        append_only("kernel_auditseal"),
        *keeps_facts("kernel_auditevent", "kernel_auditlink", "kernel_auditseal"),
        company_wall("kernel_securityevent"),
        only_old_ones_go("kernel_securityevent", "at", days=90),
    ]
