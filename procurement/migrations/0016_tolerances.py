"""Tolerances: policies and their rules for the buying side alone, what they decided for both."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from portal.kernel.walls import append_only, company_wall, supplier_may, wall

DECISION = "procurement_tolerancedecision"
OF_THE_COMPANY = (
    "procurement_tolerancepolicy",
    "procurement_tolerancerule",
    "procurement_toleranceswitch",
)
# A decision is a fact; that somebody saw it or opened it again are facts beside it.
BESIDE = "seen_at, seen_by, reopened_at, reopened_by, reopen_reason"


class Migration(migrations.Migration):
    dependencies = [
        ("procurement", "0015_open_lines_by_expected_day"),
        ("suppliers", "0003_people_walls"),
    ]

    operations = [
        migrations.AddField(
            model_name="orderacknowledgment",
            name="lines_by_rule",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="promise",
            name="by_rule",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.CreateModel(
            name="TolerancePolicy",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("name", models.CharField(max_length=100)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("asked", "Waits for approval"),
                            ("active", "Active"),
                            ("retired", "Retired"),
                        ],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("authors", models.JSONField(default=list)),
                ("last_number", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(max_length=200)),
                ("asked_at", models.DateTimeField(null=True)),
                ("asked_by", models.CharField(blank=True, max_length=200)),
                ("approved_at", models.DateTimeField(null=True)),
                ("approved_by", models.CharField(blank=True, max_length=200)),
                ("retired_at", models.DateTimeField(null=True)),
                ("retired_by", models.CharField(blank=True, max_length=200)),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procurement.company",
                    ),
                ),
                (
                    "replaces",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procurement.tolerancepolicy",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ToleranceDecision",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("policy_name", models.CharField(max_length=100)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("promise", "promise"),
                            ("change_request", "change_request"),
                            ("invoice", "invoice"),
                        ],
                        max_length=20,
                    ),
                ),
                ("origin", models.UUIDField()),
                ("order_key", models.UUIDField()),
                ("order_number", models.CharField(max_length=60)),
                ("line_key", models.CharField(max_length=60)),
                ("line_number", models.PositiveIntegerField()),
                ("item_number", models.CharField(max_length=60)),
                ("currency", models.CharField(max_length=3)),
                ("unit", models.CharField(max_length=20)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("accepted", "Agreed by rule"),
                            ("partly", "Partly agreed by rule"),
                            ("asked", "Went to the buyer"),
                        ],
                        max_length=10,
                    ),
                ),
                ("checks", models.JSONField()),
                ("notify", models.BooleanField(default=False)),
                ("decided_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField(null=True)),
                ("seen_by", models.CharField(blank=True, max_length=200)),
                ("reopened_at", models.DateTimeField(null=True)),
                ("reopened_by", models.CharField(blank=True, max_length=200)),
                ("reopen_reason", models.TextField(blank=True)),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procurement.company",
                    ),
                ),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procurement.tolerancepolicy",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ToleranceRule",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("number", models.PositiveIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("promise", "promise"),
                            ("change_request", "change_request"),
                            ("invoice", "invoice"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "measure",
                    models.CharField(
                        choices=[
                            ("quantity", "quantity"),
                            ("unit_price", "unit_price"),
                            ("line_amount", "line_amount"),
                            ("document_amount", "document_amount"),
                            ("tax", "tax"),
                            ("charge", "charge"),
                            ("date", "date"),
                            ("deliveries", "deliveries"),
                            ("other", "other"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "direction",
                    models.CharField(
                        choices=[("over", "over"), ("under", "under"), ("either", "either")], max_length=10
                    ),
                ),
                ("absolute", models.DecimalField(decimal_places=6, max_digits=18, null=True)),
                ("percent", models.DecimalField(decimal_places=6, max_digits=18, null=True)),
                (
                    "joined",
                    models.CharField(choices=[("and", "and"), ("or", "or")], default="and", max_length=5),
                ),
                ("unit", models.CharField(blank=True, max_length=20)),
                ("code", models.CharField(blank=True, max_length=40)),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("global", "global"),
                            ("segment", "segment"),
                            ("supplier", "supplier"),
                            ("item_group", "item_group"),
                            ("item", "item"),
                            ("supplier_item", "supplier_item"),
                            ("order_line", "order_line"),
                        ],
                        default="global",
                        max_length=20,
                    ),
                ),
                ("segment", models.CharField(blank=True, max_length=20)),
                ("supplier_number", models.CharField(blank=True, max_length=40)),
                ("item_group", models.CharField(blank=True, max_length=60)),
                ("item_number", models.CharField(blank=True, max_length=60)),
                ("order_number", models.CharField(blank=True, max_length=60)),
                ("line_number", models.CharField(blank=True, max_length=10)),
                (
                    "inside",
                    models.CharField(
                        choices=[("accept", "accept"), ("notify", "notify")], default="accept", max_length=10
                    ),
                ),
                (
                    "outside",
                    models.CharField(
                        choices=[("ask", "ask"), ("refuse", "refuse")], default="ask", max_length=10
                    ),
                ),
                ("valid_from", models.DateField(null=True)),
                ("valid_to", models.DateField(null=True)),
                ("note", models.TextField(blank=True)),
                ("written_at", models.DateTimeField()),
                ("written_by", models.CharField(max_length=200)),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rules",
                        to="procurement.tolerancepolicy",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ToleranceSwitch",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "state",
                    models.CharField(
                        choices=[("on", "Rules act"), ("off", "Stopped")], default="on", max_length=5
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("moved_at", models.DateTimeField(null=True)),
                ("moved_by", models.CharField(blank=True, max_length=200)),
                ("reason", models.TextField(blank=True)),
                (
                    "company",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procurement.company",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="tolerancepolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "asked", "active", "retired"])),
                name="tolerance_policy_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="tolerancepolicy",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "active")),
                fields=("company",),
                name="tolerance_policy_one_active",
            ),
        ),
        migrations.AddConstraint(
            model_name="tolerancepolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "active"), _negated=True),
                    models.Q(("approved_at__isnull", False), models.Q(("approved_by", ""), _negated=True)),
                    _connector="OR",
                ),
                name="tolerance_policy_active_is_approved",
            ),
        ),
        migrations.AddConstraint(
            model_name="tolerancepolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("retired_at__isnull", False), ("state", "retired")),
                    models.Q(models.Q(("state", "retired"), _negated=True), ("retired_at__isnull", True)),
                    _connector="OR",
                ),
                name="tolerance_policy_retired_at",
            ),
        ),
        migrations.AddIndex(
            model_name="tolerancedecision",
            index=models.Index(fields=["-decided_at", "-id"], name="tolerance_decision_newest"),
        ),
        migrations.AddIndex(
            model_name="tolerancedecision",
            index=models.Index(
                fields=["supplier", "-decided_at", "-id"], name="tolerance_decision_of_supplier"
            ),
        ),
        migrations.AddIndex(
            model_name="tolerancedecision",
            index=models.Index(fields=["order_key", "line_key", "-id"], name="tolerance_decision_of_line"),
        ),
        migrations.AddIndex(
            model_name="tolerancedecision",
            index=models.Index(
                condition=models.Q(("notify", True), ("seen_at__isnull", True)),
                fields=["-decided_at", "-id"],
                name="tolerance_decision_unseen",
            ),
        ),
        migrations.AddConstraint(
            model_name="tolerancedecision",
            constraint=models.UniqueConstraint(fields=("origin", "line_key"), name="tolerance_decision_once"),
        ),
        migrations.AddConstraint(
            model_name="tolerancedecision",
            constraint=models.CheckConstraint(
                condition=models.Q(("outcome__in", ["accepted", "partly", "asked"])),
                name="tolerance_decision_outcome_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="tolerancedecision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("reopen_reason", ""), ("reopened_at__isnull", True), ("reopened_by", "")),
                    models.Q(
                        ("reopened_at__isnull", False),
                        models.Q(("reopened_by", ""), _negated=True),
                        models.Q(("reopen_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="tolerance_decision_reopened_with_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="tolerancerule",
            constraint=models.UniqueConstraint(
                fields=("policy", "number"), name="tolerance_rule_number_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="tolerancerule",
            constraint=models.CheckConstraint(
                condition=models.Q(("absolute__isnull", True), ("absolute__gte", 0), _connector="OR"),
                name="tolerance_rule_absolute_not_below",
            ),
        ),
        migrations.AddConstraint(
            model_name="tolerancerule",
            constraint=models.CheckConstraint(
                condition=models.Q(("percent__isnull", True), ("percent__gte", 0), _connector="OR"),
                name="tolerance_rule_percent_not_below",
            ),
        ),
        migrations.AddConstraint(
            model_name="tolerancerule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_from__isnull", True),
                    ("valid_to__isnull", True),
                    ("valid_from__lte", models.F("valid_to")),
                    _connector="OR",
                ),
                name="tolerance_rule_ends_after_it_begins",
            ),
        ),
        migrations.AddConstraint(
            model_name="toleranceswitch",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["on", "off"])), name="tolerance_switch_state_known"
            ),
        ),
        *(company_wall(table) for table in OF_THE_COMPANY),
        wall(DECISION),
        supplier_may(DECISION, "SELECT"),
        append_only(DECISION),
        migrations.RunSQL(
            sql=f"GRANT UPDATE ({BESIDE}) ON {DECISION} TO quayside_company;",
            reverse_sql=f"REVOKE UPDATE ({BESIDE}) ON {DECISION} FROM quayside_company;",
        ),
    ]
