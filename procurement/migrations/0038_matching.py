"""How companies match, and every match of an invoice with what did not pass."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from portal.kernel.walls import append_only, company_wall, same_supplier, supplier_may, wall

POLICY = "procurement_matchpolicy"
MATCH = "procurement_match"
CHECK = "procurement_matchcheck"


def only_the_current_moves() -> migrations.RunSQL:
    """A match is never rewritten: the one thing that changes is that a newer one is current."""
    return migrations.RunSQL(
        sql=f"GRANT UPDATE (is_current) ON {MATCH} TO quayside_company;",
        reverse_sql=f"REVOKE UPDATE (is_current) ON {MATCH} FROM quayside_company;",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("procurement", "0037_invoices"),
        ("suppliers", "0006_invoicing"),
    ]

    operations = [
        migrations.CreateModel(
            name="Match",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("made_at", models.DateTimeField()),
                (
                    "trigger",
                    models.CharField(
                        choices=[
                            ("sent", "It was sent"),
                            ("receipt", "Goods were booked"),
                            ("order", "The order moved"),
                            ("claim", "Another invoice or credit note moved"),
                            ("policy", "Rules changed"),
                            ("person", "Somebody asked for it"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("passed", "passed"),
                            ("waits_for_receipt", "waits_for_receipt"),
                            ("held", "held"),
                            ("refused", "refused"),
                        ],
                        max_length=20,
                    ),
                ),
                ("is_current", models.BooleanField(default=True)),
                ("tolerances", models.CharField(blank=True, max_length=100)),
                ("policy", models.CharField(blank=True, max_length=100)),
                ("approves_alone", models.BooleanField(default=False)),
                ("checks", models.JSONField()),
                (
                    "invoice",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="matches",
                        to="procurement.invoice",
                    ),
                ),
                (
                    "supplier",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="suppliers.supplier",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MatchCheck",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("duplicate", "duplicate"),
                            ("supplier", "supplier"),
                            ("currency", "currency"),
                            ("tax_id", "tax_id"),
                            ("order", "order"),
                            ("mapping", "mapping"),
                            ("quantity", "quantity"),
                            ("price", "price"),
                            ("amount", "amount"),
                            ("cumulative", "cumulative"),
                            ("charge", "charge"),
                            ("tax", "tax"),
                            ("total", "total"),
                            ("order_amount", "order_amount"),
                            ("approval", "approval"),
                        ],
                        max_length=15,
                    ),
                ),
                (
                    "result",
                    models.CharField(
                        choices=[
                            ("passed", "passed"),
                            ("failed", "failed"),
                            ("waits", "waits"),
                            ("not_checked", "not_checked"),
                        ],
                        max_length=15,
                    ),
                ),
                ("message", models.CharField(max_length=60)),
                (
                    "acts",
                    models.CharField(
                        choices=[
                            ("supplier", "supplier"),
                            ("buyer", "buyer"),
                            ("receiver", "receiver"),
                            ("payables", "payables"),
                            ("nobody", "nobody"),
                        ],
                        max_length=10,
                    ),
                ),
                ("position", models.PositiveIntegerField(default=0)),
                ("other", models.UUIDField(null=True)),
                (
                    "line",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="match_checks",
                        to="procurement.purchaseorderline",
                    ),
                ),
                (
                    "match",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="apart",
                        to="procurement.match",
                    ),
                ),
                (
                    "supplier",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="suppliers.supplier",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MatchPolicy",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("name", models.CharField(max_length=100)),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("active", "Active"), ("retired", "Retired")],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
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
                    "way",
                    models.CharField(
                        choices=[("two_way", "two_way"), ("three_way", "three_way")],
                        default="three_way",
                        max_length=10,
                    ),
                ),
                ("approves_alone", models.BooleanField(default=False)),
                ("duplicate_days", models.PositiveSmallIntegerField(default=7, null=True)),
                ("valid_from", models.DateField(null=True)),
                ("valid_to", models.DateField(null=True)),
                ("note", models.TextField(blank=True)),
                ("written_at", models.DateTimeField()),
                ("written_by", models.CharField(max_length=200)),
                ("author_id", models.BigIntegerField(null=True)),
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
            ],
        ),
        migrations.AddIndex(
            model_name="match",
            index=models.Index(fields=["invoice", "-id"], name="match_of_invoice"),
        ),
        migrations.AddIndex(
            model_name="match",
            index=models.Index(fields=["supplier", "-id"], name="match_of_supplier"),
        ),
        migrations.AddIndex(
            model_name="match",
            index=models.Index(fields=["made_at"], name="match_by_day"),
        ),
        migrations.AddConstraint(
            model_name="match",
            constraint=models.UniqueConstraint(fields=("id", "supplier"), name="match_wall"),
        ),
        migrations.AddConstraint(
            model_name="match",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_current", True)), fields=("invoice",), name="match_one_is_current"
            ),
        ),
        migrations.AddConstraint(
            model_name="match",
            constraint=models.CheckConstraint(
                condition=models.Q(("outcome__in", ["passed", "waits_for_receipt", "held", "refused"])),
                name="match_outcome_known",
            ),
        ),
        migrations.AddIndex(
            model_name="matchcheck",
            index=models.Index(
                condition=models.Q(("line__isnull", False)), fields=["line"], name="match_check_of_line"
            ),
        ),
        migrations.AddIndex(
            model_name="matchcheck",
            index=models.Index(
                condition=models.Q(("other__isnull", False)), fields=["other"], name="match_check_of_other"
            ),
        ),
        migrations.AddIndex(
            model_name="matchcheck",
            index=models.Index(fields=["supplier", "id"], name="match_check_of_supplier"),
        ),
        migrations.AddConstraint(
            model_name="matchcheck",
            constraint=models.CheckConstraint(
                condition=models.Q(("result__in", ["failed", "waits"])), name="match_check_is_apart"
            ),
        ),
        migrations.AddIndex(
            model_name="matchpolicy",
            index=models.Index(
                condition=models.Q(("state", "active")), fields=["company"], name="match_policy_active"
            ),
        ),
        migrations.AddConstraint(
            model_name="matchpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "active", "retired"])),
                name="match_policy_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="matchpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("way__in", ["two_way", "three_way"])), name="match_policy_way_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="matchpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "active"), _negated=True),
                    models.Q(("approved_at__isnull", False), models.Q(("approved_by", ""), _negated=True)),
                    _connector="OR",
                ),
                name="match_policy_active_is_approved",
            ),
        ),
        migrations.AddConstraint(
            model_name="matchpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_from__isnull", True),
                    ("valid_to__isnull", True),
                    ("valid_from__lte", models.F("valid_to")),
                    _connector="OR",
                ),
                name="match_policy_ends_after_it_begins",
            ),
        ),
        company_wall(POLICY),
        wall(MATCH),
        wall(CHECK),
        same_supplier(MATCH, "invoice_id", "procurement_invoice"),
        same_supplier(CHECK, "match_id", MATCH),
        same_supplier(CHECK, "line_id", "procurement_purchaseorderline"),
        supplier_may(MATCH, "SELECT"),
        supplier_may(CHECK, "SELECT"),
        append_only(MATCH),
        append_only(CHECK),
        only_the_current_moves(),
    ]
