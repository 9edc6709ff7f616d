"""Change requests: the request, its rounds, a company's reasons; and another place where one was agreed."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from portal.kernel.walls import same_supplier, supplier_may, supplier_writes_only, wall

CHANGE = "procurement_orderchange"
ROUND = "procurement_changeround"


class Migration(migrations.Migration):
    dependencies = [
        ("procurement", "0016_tolerances"),
        ("suppliers", "0003_people_walls"),
    ]

    operations = [
        migrations.AddField(
            model_name="promise",
            name="ship_to",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="procurement.site",
            ),
        ),
        migrations.CreateModel(
            name="OrderChange",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "Proposed"),
                            ("countered", "Countered"),
                            ("accepted", "Agreed, waits for the ERP"),
                            ("done", "Done"),
                            ("kept", "Agreed here alone"),
                            ("declined", "Declined"),
                            ("withdrawn", "Withdrawn"),
                            ("expired", "Expired"),
                            ("superseded", "Overtaken"),
                        ],
                        default="proposed",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "opened_by",
                    models.CharField(choices=[("supplier", "Supplier"), ("buyer", "Buyer")], max_length=10),
                ),
                (
                    "turn",
                    models.CharField(
                        blank=True, choices=[("supplier", "Supplier"), ("buyer", "Buyer")], max_length=10
                    ),
                ),
                ("round", models.PositiveIntegerField(default=1)),
                ("kinds", models.JSONField(default=list)),
                ("revision", models.PositiveIntegerField()),
                ("was", models.JSONField()),
                ("opened_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("answered_at", models.DateTimeField(null=True)),
                ("answered_by", models.CharField(blank=True, max_length=200)),
                ("answer_reason", models.CharField(blank=True, max_length=30)),
                ("answer_note", models.TextField(blank=True)),
                ("command", models.UUIDField(null=True)),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes",
                        to="procurement.purchaseorderline",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes",
                        to="procurement.purchaseorder",
                    ),
                ),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ChangeRound",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                (
                    "side",
                    models.CharField(choices=[("supplier", "Supplier"), ("buyer", "Buyer")], max_length=10),
                ),
                ("terms", models.JSONField()),
                ("reason", models.CharField(blank=True, max_length=30)),
                ("note", models.TextField(blank=True)),
                ("written_at", models.DateTimeField()),
                ("edited_at", models.DateTimeField(null=True)),
                ("written_by", models.CharField(max_length=200)),
                ("written_by_user_id", models.BigIntegerField(null=True)),
                ("channel", models.CharField(max_length=20)),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rounds",
                        to="procurement.orderchange",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ChangeReason",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=30)),
                ("label", models.CharField(max_length=100)),
                ("active", models.BooleanField(default=True)),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procurement.company",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("company", "code"), name="change_reason_once")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="orderchange",
            index=models.Index(fields=["supplier", "-updated_at", "-id"], name="change_of_supplier"),
        ),
        migrations.AddIndex(
            model_name="orderchange",
            index=models.Index(fields=["-updated_at", "-id"], name="change_newest"),
        ),
        migrations.AddIndex(
            model_name="orderchange",
            index=models.Index(fields=["updated_at", "id"], name="change_moved"),
        ),
        migrations.AddIndex(
            model_name="orderchange",
            index=models.Index(
                condition=models.Q(("state__in", ["proposed", "countered"])),
                fields=["turn", "expires_at", "id"],
                name="change_waits",
            ),
        ),
        migrations.AddIndex(
            model_name="orderchange",
            index=models.Index(
                condition=models.Q(("state__in", ["proposed", "countered", "accepted"])),
                fields=["order", "id"],
                name="change_moving_of_order",
            ),
        ),
        migrations.AddIndex(
            model_name="orderchange",
            index=models.Index(
                condition=models.Q(("state", "accepted")), fields=["command"], name="change_waits_for_erp"
            ),
        ),
        migrations.AddConstraint(
            model_name="orderchange",
            constraint=models.UniqueConstraint(fields=("id", "supplier"), name="change_wall"),
        ),
        migrations.AddConstraint(
            model_name="orderchange",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["proposed", "countered"])),
                fields=("line",),
                name="change_open_once_per_line",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "proposed",
                            "countered",
                            "accepted",
                            "done",
                            "kept",
                            "declined",
                            "withdrawn",
                            "expired",
                            "superseded",
                        ],
                    )
                ),
                name="change_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("opened_by__in", ["supplier", "buyer"])), name="change_side_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="orderchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("expires_at__isnull", False),
                        ("state__in", ["proposed", "countered"]),
                        ("turn__in", ["supplier", "buyer"]),
                    ),
                    models.Q(
                        models.Q(("state__in", ["proposed", "countered"]), _negated=True),
                        ("expires_at__isnull", True),
                        ("turn", ""),
                    ),
                    _connector="OR",
                ),
                name="change_open_waits_for_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "declined"), _negated=True),
                    models.Q(("answer_reason", ""), _negated=True),
                    models.Q(("answer_note", ""), _negated=True),
                    _connector="OR",
                ),
                name="change_decline_has_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("round__gte", 1)), name="change_round_from_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="changeround",
            constraint=models.UniqueConstraint(fields=("change", "number"), name="change_round_once"),
        ),
        migrations.AddConstraint(
            model_name="changeround",
            constraint=models.CheckConstraint(
                condition=models.Q(("side__in", ["supplier", "buyer"])), name="change_round_side_known"
            ),
        ),
        wall(CHANGE),
        same_supplier(CHANGE, "order_id", "procurement_purchaseorder"),
        same_supplier(CHANGE, "line_id", "procurement_purchaseorderline"),
        wall(ROUND),
        same_supplier(ROUND, "change_id", CHANGE),
        supplier_may(
            CHANGE,
            "SELECT",
            "INSERT",
            "UPDATE (state, version, turn, round, kinds, updated_at, expires_at, closed_at, answered_at, "
            "answered_by, answer_reason, answer_note, command)",
        ),
        supplier_writes_only(CHANGE, "opened_by = 'supplier'"),
        supplier_may(
            ROUND,
            "SELECT",
            "INSERT",
            "UPDATE (terms, reason, note, edited_at, written_by, written_by_user_id, channel)",
        ),
        supplier_writes_only(ROUND, "side = 'supplier'"),
        # A supplier puts its own wish anew, never the buyer's.
        migrations.RunSQL(
            sql=f"""
                CREATE POLICY supplier_edits_only ON {ROUND} AS RESTRICTIVE
                    FOR UPDATE TO quayside_supplier USING (side = 'supplier') WITH CHECK (side = 'supplier');
            """,
            reverse_sql=f"DROP POLICY supplier_edits_only ON {ROUND};",
        ),
        supplier_may("procurement_changereason", "SELECT"),
    ]
