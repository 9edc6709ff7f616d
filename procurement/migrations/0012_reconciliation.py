"""Comparing both sides: comparisons, what exists in the ERP as one saw it, drift, and dry runs."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from portal.kernel.walls import company_wall, same_supplier, wall


class Migration(migrations.Migration):
    dependencies = [
        ("procurement", "0011_connection_and_alerts"),
        ("suppliers", "0003_people_walls"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReconciliationRun",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("done", "Done"), ("failed", "Failed")],
                        default="running",
                        max_length=10,
                    ),
                ),
                ("asked_by", models.CharField(max_length=200)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "feed",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("companies", "companies"),
                            ("units", "units"),
                            ("sites", "sites"),
                            ("suppliers", "suppliers"),
                            ("supplier_sites", "supplier_sites"),
                            ("items", "items"),
                            ("supplier_items", "supplier_items"),
                            ("orders", "orders"),
                            ("receipts", "receipts"),
                            ("invoices", "invoices"),
                            ("command_results", "command_results"),
                        ],
                        max_length=30,
                    ),
                ),
                (
                    "phase",
                    models.CharField(
                        choices=[
                            ("listing", "Listing what exists"),
                            ("looking", "Looking at each record"),
                            ("checking", "Looking at the suspects again"),
                        ],
                        default="listing",
                        max_length=10,
                    ),
                ),
                ("after", models.BigIntegerField(default=0)),
                ("looked_at", models.DateTimeField(null=True)),
                ("retry_at", models.DateTimeField(null=True)),
                ("tries", models.PositiveIntegerField(default=0)),
                ("counts", models.JSONField(default=dict)),
                ("reason", models.TextField(blank=True)),
            ],
            options={
                "indexes": [models.Index(fields=["-started_at", "-id"], name="reconciliation_newest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["running", "done", "failed"])),
                        name="reconciliation_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished_at__isnull", True), ("state", "running")),
                            models.Q(
                                models.Q(("state", "running"), _negated=True), ("finished_at__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="reconciliation_finished_when",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "running")),
                        fields=("state",),
                        name="reconciliation_one_at_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Rehearsal",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("done", "Done"), ("failed", "Failed")],
                        default="running",
                        max_length=10,
                    ),
                ),
                ("asked_by", models.CharField(max_length=200)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("report", models.JSONField(default=list)),
                ("reason", models.TextField(blank=True)),
            ],
            options={
                "indexes": [models.Index(fields=["-started_at", "-id"], name="rehearsal_newest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["running", "done", "failed"])),
                        name="rehearsal_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished_at__isnull", True), ("state", "running")),
                            models.Q(
                                models.Q(("state", "running"), _negated=True), ("finished_at__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="rehearsal_finished_when",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "running")),
                        fields=("state",),
                        name="rehearsal_one_at_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Drift",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "feed",
                    models.CharField(
                        choices=[
                            ("companies", "companies"),
                            ("units", "units"),
                            ("sites", "sites"),
                            ("suppliers", "suppliers"),
                            ("supplier_sites", "supplier_sites"),
                            ("items", "items"),
                            ("supplier_items", "supplier_items"),
                            ("orders", "orders"),
                            ("receipts", "receipts"),
                            ("invoices", "invoices"),
                            ("command_results", "command_results"),
                        ],
                        max_length=30,
                    ),
                ),
                ("owner", models.CharField(blank=True, max_length=60)),
                ("number", models.CharField(max_length=60)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("missing_here", "Missing here"),
                            ("missing_there", "Missing in the ERP"),
                            ("fields", "Fields differ"),
                            ("promise_lost", "A promise no longer stands in the ERP"),
                            ("command_untrue", "A confirmed command does not stand in the ERP"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("asked", "Being repaired"),
                            ("under_way", "Sent again, waits for the ERP"),
                            ("repaired", "Repaired"),
                            ("ignored", "Ignored"),
                            ("gone", "Gone by itself"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("differences", models.JSONField(default=list)),
                ("fingerprint", models.CharField(max_length=64)),
                ("found_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "repair",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("take_erp", "Take the ERP’s values"),
                            ("send_again", "Send the promise again"),
                            ("cancel", "Cancel the order here"),
                            ("block", "Block the supplier here"),
                        ],
                        max_length=20,
                    ),
                ),
                ("repair_by", models.CharField(blank=True, max_length=200)),
                ("repair_user_id", models.BigIntegerField(null=True)),
                ("sent_by", models.UUIDField(null=True)),
                ("reason", models.TextField(blank=True)),
                (
                    "command",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procurement.erpcommand",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procurement.purchaseorder",
                    ),
                ),
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
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="drifts",
                        to="procurement.reconciliationrun",
                    ),
                ),
                (
                    "seen_in",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procurement.reconciliationrun",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["state", "kind", "id"], name="drift_by_state"),
                    models.Index(fields=["order"], name="drift_of_order"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                ["missing_here", "missing_there", "fields", "promise_lost", "command_untrue"],
                            )
                        ),
                        name="drift_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["open", "asked", "under_way", "repaired", "ignored", "gone"])
                        ),
                        name="drift_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("closed_at__isnull", True),
                                ("state__in", ["asked", "ignored", "open", "under_way"]),
                            ),
                            models.Q(
                                models.Q(
                                    ("state__in", ["asked", "ignored", "open", "under_way"]), _negated=True
                                ),
                                ("closed_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="drift_closed_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "ignored"), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="drift_ignored_with_reason",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["asked", "ignored", "open", "under_way"])),
                        fields=("feed", "owner", "number", "kind"),
                        name="drift_once_alive",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SweptRecord",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "feed",
                    models.CharField(
                        choices=[
                            ("companies", "companies"),
                            ("units", "units"),
                            ("sites", "sites"),
                            ("suppliers", "suppliers"),
                            ("supplier_sites", "supplier_sites"),
                            ("items", "items"),
                            ("supplier_items", "supplier_items"),
                            ("orders", "orders"),
                            ("receipts", "receipts"),
                            ("invoices", "invoices"),
                            ("command_results", "command_results"),
                        ],
                        max_length=30,
                    ),
                ),
                ("owner", models.CharField(blank=True, max_length=60)),
                ("number", models.CharField(max_length=60)),
                ("content_hash", models.CharField(blank=True, max_length=64)),
                ("stamp", models.DateTimeField(null=True)),
                ("listed", models.BooleanField(default=True)),
                ("suspect", models.BooleanField(default=False)),
                ("digest", models.CharField(blank=True, max_length=64)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="procurement.reconciliationrun",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("suspect", True)),
                        fields=["run", "feed", "id"],
                        name="swept_record_suspect",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("run", "feed", "owner", "number"), name="swept_record_once"
                    )
                ],
            },
        ),
        # Nothing of this is a supplier's to see: what its rows name, it sees on its orders.
        wall("procurement_drift", visible="false"),
        same_supplier("procurement_drift", "order_id", "procurement_purchaseorder"),
        company_wall("procurement_reconciliationrun"),
        company_wall("procurement_sweptrecord"),
        company_wall("procurement_rehearsal"),
        # A list of 200,000 records is joined a moment after it was written: the planner has to know how long it is, and
        # only the owner may tell it.
        migrations.RunSQL(
            sql="""
                CREATE FUNCTION procurement_measure_swept_records() RETURNS void
                LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
                AS $$ BEGIN ANALYZE procurement_sweptrecord; END $$;
                REVOKE ALL ON FUNCTION procurement_measure_swept_records() FROM PUBLIC;
                GRANT EXECUTE ON FUNCTION procurement_measure_swept_records() TO quayside_company;
            """,
            reverse_sql="DROP FUNCTION procurement_measure_swept_records();",
        ),
    ]
