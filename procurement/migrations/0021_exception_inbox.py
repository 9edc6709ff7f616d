"""The exception inbox: cases, what is written on them, who they belong to, and how they are ranked."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.kernel.walls import company_wall, same_supplier, wall

CASE = "procurement_exceptioncase"
OF_THE_COMPANY = tuple(
    f"procurement_{name}"
    for name in ("casenote", "casetask", "caselook", "casequeue", "standin", "priorityformula", "inboxplace")
)


class Migration(migrations.Migration):
    dependencies = [
        ("procurement", "0020_signed_links_and_notices"),
        ("suppliers", "0003_people_walls"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AssignmentRule",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("item_group", models.CharField(blank=True, max_length=60)),
                ("written_by", models.CharField(max_length=200)),
                ("written_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="CaseLook",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("since", models.DateTimeField()),
                ("last_seen", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="CaseNote",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("text", models.TextField()),
                ("mentions", models.JSONField(default=list)),
                ("written_at", models.DateTimeField()),
                ("written_by", models.CharField(max_length=200)),
                ("written_by_user_id", models.BigIntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="CaseQueue",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("name", models.CharField(max_length=60)),
                ("query", models.CharField(max_length=1000)),
                ("made_by", models.CharField(max_length=200)),
                ("made_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="CaseTask",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("asked", "Asked"), ("answered", "Answered"), ("withdrawn", "Withdrawn")],
                        default="asked",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("question", models.TextField()),
                ("due_on", models.DateField(null=True)),
                ("asked_at", models.DateTimeField()),
                ("asked_by", models.CharField(max_length=200)),
                ("asked_by_user_id", models.BigIntegerField(null=True)),
                ("answer", models.TextField(blank=True)),
                ("answered_at", models.DateTimeField(null=True)),
                ("answered_by", models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="ExceptionCase",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("acknowledgment_overdue", "Answer overdue"),
                            ("outside_tolerance", "Change outside tolerance"),
                            ("line_refused", "Line refused"),
                            ("shortage", "Shortage"),
                            ("substitute_offered", "Substitute offered"),
                            ("split_offered", "Split offered"),
                            ("price_differs", "Price differs"),
                            ("promise_late", "Promise later than need"),
                            ("slipped_again", "Promise slipped again"),
                            ("change_waits", "Change request waits"),
                            ("counter_offer", "Counter-offer"),
                            ("shipment_overdue", "Shipment overdue"),
                            ("over_receipt", "More received than ordered"),
                            ("stock_out", "Stock runs out"),
                            ("order_unseen", "Order never seen"),
                            ("notice_failed", "Notice not delivered"),
                            ("mail_unknown", "Mail of an unknown sender"),
                            ("mail_draft", "Mail read as an answer"),
                            ("erp_failed", "ERP refuses a write"),
                            ("erp_conflict", "ERP write in conflict"),
                            ("erp_unknown", "ERP write unknown"),
                            ("erp_to_key", "To key into the ERP"),
                            ("erp_echo", "ERP echo differs"),
                            ("drift", "Portal and ERP differ"),
                            ("likely_late", "Likely late"),
                            ("over_shipment", "Over-shipment"),
                            ("asn_missing", "Ship notice missing before receipt"),
                            ("receipt_differs", "Receipt differs from ship notice"),
                            ("goods_rejected", "Damaged or rejected goods"),
                            ("match_failed", "Invoice match failed"),
                            ("duplicate_suspected", "Suspected duplicate invoice"),
                            ("invoice_without_order", "Invoice without order"),
                            ("credit_expected", "Credit expected"),
                            ("bank_change", "Bank detail change"),
                            ("document_expiring", "Document expiring or expired"),
                        ],
                        max_length=30,
                    ),
                ),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("answer", "A supplier’s answer waits"),
                            ("change", "A change request waits"),
                            ("acknowledgment", "An answer is overdue"),
                            ("unseen", "Nobody has seen an order"),
                            ("shipment", "Goods are overdue"),
                            ("receipt", "More came than was asked for"),
                            ("supply", "Stock runs out"),
                            ("erp", "The ERP did not take something"),
                            ("drift", "Portal and ERP differ"),
                            ("notice", "A notice did not arrive"),
                            ("mail", "A mail waits for a person"),
                            ("draft", "A mail was read as an answer"),
                        ],
                        max_length=20,
                    ),
                ),
                ("subject", models.CharField(max_length=120)),
                ("subject_stream", models.CharField(blank=True, max_length=120)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("snoozed", "Snoozed"), ("resolved", "Resolved")],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("schedule_key", models.PositiveIntegerField(null=True)),
                ("item_number", models.CharField(blank=True, max_length=60)),
                ("item_group", models.CharField(blank=True, max_length=60)),
                ("facts", models.JSONField(default=dict)),
                ("signature", models.CharField(max_length=32)),
                ("occurrences", models.PositiveIntegerField(default=1)),
                ("opened_at", models.DateTimeField()),
                ("last_recurred_at", models.DateTimeField(null=True)),
                ("updated_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_because", models.CharField(blank=True, max_length=20)),
                ("closed_by", models.CharField(blank=True, max_length=200)),
                ("closed_note", models.TextField(blank=True)),
                ("settled", models.BooleanField(default=False)),
                ("kept_open", models.BooleanField(default=False)),
                ("snoozed_until", models.DateTimeField(null=True)),
                ("reviewed_at", models.DateTimeField()),
                (
                    "owned_by",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "nobody"),
                            ("rule", "by rule"),
                            ("buyer", "the order’s buyer"),
                            ("person", "by a person"),
                        ],
                        default="",
                        max_length=10,
                    ),
                ),
                ("due_at", models.DateTimeField(null=True)),
                ("clock", models.UUIDField(null=True)),
                ("score", models.PositiveSmallIntegerField(default=0)),
                ("parts", models.JSONField(default=list)),
                ("inputs", models.JSONField(default=dict)),
                ("scored_on", models.DateField(null=True)),
                ("runs_out", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="InboxPlace",
            fields=[
                ("name", models.CharField(max_length=30, primary_key=True, serialize=False)),
                ("after", models.BigIntegerField(default=0)),
                ("moved_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="PriorityFormula",
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
                ("parts", models.JSONField()),
                ("urgency", models.CharField(max_length=500)),
                ("rates", models.JSONField(default=dict)),
                ("authors", models.JSONField(default=list)),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(max_length=200)),
                ("asked_at", models.DateTimeField(null=True)),
                ("asked_by", models.CharField(blank=True, max_length=200)),
                ("approved_at", models.DateTimeField(null=True)),
                ("approved_by", models.CharField(blank=True, max_length=200)),
                ("retired_at", models.DateTimeField(null=True)),
                ("retired_by", models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="StandIn",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("from_on", models.DateField()),
                ("until_on", models.DateField()),
                ("written_by", models.CharField(max_length=200)),
                ("written_at", models.DateTimeField()),
            ],
        ),
        migrations.AddIndex(
            model_name="purchaseorderline",
            index=models.Index(
                condition=models.Q(
                    ("cancelled", False), ("closed", False), ("received_quantity__lt", models.F("quantity"))
                ),
                fields=["next_delivery_on", "id"],
                name="line_open_by_next",
            ),
        ),
        migrations.AddField(
            model_name="assignmentrule",
            name="owner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="assignmentrule",
            name="site",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="procurement.site",
            ),
        ),
        migrations.AddField(
            model_name="assignmentrule",
            name="supplier",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="suppliers.supplier",
            ),
        ),
        migrations.AddField(
            model_name="caselook",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="casequeue",
            name="user",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="casetask",
            name="asked_of",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="exceptioncase",
            name="change",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="procurement.orderchange",
            ),
        ),
        migrations.AddField(
            model_name="exceptioncase",
            name="command",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="procurement.erpcommand",
            ),
        ),
        migrations.AddField(
            model_name="exceptioncase",
            name="company",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="procurement.company",
            ),
        ),
        migrations.AddField(
            model_name="exceptioncase",
            name="drift",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="procurement.drift",
            ),
        ),
        migrations.AddField(
            model_name="exceptioncase",
            name="holder",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="exceptioncase",
            name="line",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="procurement.purchaseorderline",
            ),
        ),
        migrations.AddField(
            model_name="exceptioncase",
            name="order",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="procurement.purchaseorder",
            ),
        ),
        migrations.AddField(
            model_name="exceptioncase",
            name="owner",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="exceptioncase",
            name="site",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="procurement.site",
            ),
        ),
        migrations.AddField(
            model_name="exceptioncase",
            name="supplier",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="suppliers.supplier",
            ),
        ),
        migrations.AddField(
            model_name="casetask",
            name="case",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="tasks",
                to="procurement.exceptioncase",
            ),
        ),
        migrations.AddField(
            model_name="casenote",
            name="case",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notes",
                to="procurement.exceptioncase",
            ),
        ),
        migrations.AddField(
            model_name="caselook",
            name="case",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="procurement.exceptioncase"
            ),
        ),
        migrations.AddConstraint(
            model_name="priorityformula",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "asked", "active", "retired"])),
                name="priority_formula_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="priorityformula",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "active")), fields=("state",), name="priority_formula_one_active"
            ),
        ),
        migrations.AddConstraint(
            model_name="priorityformula",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "active"), _negated=True),
                    models.Q(("approved_at__isnull", False), models.Q(("approved_by", ""), _negated=True)),
                    _connector="OR",
                ),
                name="priority_formula_active_is_approved",
            ),
        ),
        migrations.AddField(
            model_name="standin",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="standin",
            name="stand_in",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="assignmentrule",
            constraint=models.UniqueConstraint(
                fields=("supplier", "item_group", "site"), name="assignment_rule_once", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="assignmentrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("supplier__isnull", False),
                    models.Q(("item_group", ""), _negated=True),
                    ("site__isnull", False),
                    _connector="OR",
                ),
                name="assignment_rule_says_what_for",
            ),
        ),
        migrations.AddConstraint(
            model_name="casequeue",
            constraint=models.UniqueConstraint(
                condition=models.Q(("user__isnull", False)),
                fields=("user", "name"),
                name="case_queue_name_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="casequeue",
            constraint=models.UniqueConstraint(
                condition=models.Q(("user__isnull", True)), fields=("name",), name="case_queue_team_name_once"
            ),
        ),
        migrations.AddIndex(
            model_name="exceptioncase",
            index=models.Index(
                condition=models.Q(("state", "open")), fields=["-score", "id"], name="case_ranked"
            ),
        ),
        migrations.AddIndex(
            model_name="exceptioncase",
            index=models.Index(
                condition=models.Q(("state", "open")),
                fields=["holder", "-score", "id"],
                name="case_of_holder",
            ),
        ),
        migrations.AddIndex(
            model_name="exceptioncase",
            index=models.Index(
                condition=models.Q(("state", "open")), fields=["kind", "-score", "id"], name="case_of_kind"
            ),
        ),
        migrations.AddIndex(
            model_name="exceptioncase",
            index=models.Index(
                condition=models.Q(("state", "open")),
                fields=["supplier", "-score", "id"],
                name="case_of_supplier",
            ),
        ),
        migrations.AddIndex(
            model_name="exceptioncase",
            index=models.Index(
                condition=models.Q(("runs_out", True), ("state", "open")),
                fields=["-score", "id"],
                name="case_runs_out",
            ),
        ),
        migrations.AddIndex(
            model_name="exceptioncase",
            index=models.Index(
                condition=models.Q(("state", "snoozed")),
                fields=["snoozed_until", "id"],
                name="case_sleeps_until",
            ),
        ),
        migrations.AddIndex(
            model_name="exceptioncase",
            index=models.Index(
                condition=models.Q(("state__in", ["open", "snoozed"])),
                fields=["order", "id"],
                name="case_live_of_order",
            ),
        ),
        migrations.AddIndex(
            model_name="exceptioncase",
            index=models.Index(
                condition=models.Q(("state__in", ["open", "snoozed"])),
                fields=["line", "id"],
                name="case_live_of_line",
            ),
        ),
        migrations.AddIndex(
            model_name="exceptioncase",
            index=models.Index(
                condition=models.Q(("state__in", ["open", "snoozed"])),
                fields=["reviewed_at", "id"],
                name="case_to_review",
            ),
        ),
        migrations.AddIndex(
            model_name="exceptioncase",
            index=models.Index(
                condition=models.Q(("state__in", ["open", "snoozed"])),
                fields=["scored_on", "id"],
                name="case_to_score",
            ),
        ),
        migrations.AddIndex(
            model_name="exceptioncase",
            index=models.Index(fields=["cause", "subject", "-id"], name="case_of_subject"),
        ),
        migrations.AddIndex(
            model_name="exceptioncase",
            index=models.Index(fields=["-updated_at", "-id"], name="case_moved"),
        ),
        migrations.AddIndex(
            model_name="exceptioncase",
            index=models.Index(
                condition=models.Q(("state", "resolved")),
                fields=["-closed_at", "-id"],
                name="case_closed_last",
            ),
        ),
        migrations.AddIndex(
            model_name="exceptioncase",
            index=models.Index(
                condition=models.Q(("clock__isnull", True), ("state", "open")),
                fields=["id"],
                name="case_without_clock",
            ),
        ),
        migrations.AddIndex(
            model_name="exceptioncase",
            index=models.Index(
                condition=models.Q(("clock__isnull", False), ("state", "resolved")),
                fields=["id"],
                name="case_over_with_clock",
            ),
        ),
        migrations.AddConstraint(
            model_name="exceptioncase",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["open", "snoozed"])),
                fields=("cause", "subject"),
                name="case_one_live_per_cause",
            ),
        ),
        migrations.AddConstraint(
            model_name="exceptioncase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "acknowledgment_overdue",
                            "outside_tolerance",
                            "line_refused",
                            "shortage",
                            "substitute_offered",
                            "split_offered",
                            "price_differs",
                            "promise_late",
                            "slipped_again",
                            "change_waits",
                            "counter_offer",
                            "shipment_overdue",
                            "over_receipt",
                            "stock_out",
                            "order_unseen",
                            "notice_failed",
                            "mail_unknown",
                            "mail_draft",
                            "erp_failed",
                            "erp_conflict",
                            "erp_unknown",
                            "erp_to_key",
                            "erp_echo",
                            "drift",
                            "likely_late",
                            "over_shipment",
                            "asn_missing",
                            "receipt_differs",
                            "goods_rejected",
                            "match_failed",
                            "duplicate_suspected",
                            "invoice_without_order",
                            "credit_expected",
                            "bank_change",
                            "document_expiring",
                        ],
                    )
                ),
                name="case_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="exceptioncase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "cause__in",
                        [
                            "answer",
                            "change",
                            "acknowledgment",
                            "unseen",
                            "shipment",
                            "receipt",
                            "supply",
                            "erp",
                            "drift",
                            "notice",
                            "mail",
                            "draft",
                        ],
                    )
                ),
                name="case_cause_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="exceptioncase",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "snoozed", "resolved"])), name="case_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="exceptioncase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("closed_at__isnull", False),
                        ("state", "resolved"),
                        models.Q(("closed_because", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("state", "resolved"), _negated=True),
                        ("closed_at__isnull", True),
                        ("closed_because", ""),
                    ),
                    _connector="OR",
                ),
                name="case_resolved_when_and_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="exceptioncase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("snoozed_until__isnull", False), ("state", "snoozed")),
                    models.Q(models.Q(("state", "snoozed"), _negated=True), ("snoozed_until__isnull", True)),
                    _connector="OR",
                ),
                name="case_snoozed_until",
            ),
        ),
        migrations.AddConstraint(
            model_name="exceptioncase",
            constraint=models.CheckConstraint(
                condition=models.Q(("score__lte", 100)), name="case_score_to_a_hundred"
            ),
        ),
        migrations.AddConstraint(
            model_name="exceptioncase",
            constraint=models.CheckConstraint(
                condition=models.Q(("occurrences__gte", 1)), name="case_occurs_once"
            ),
        ),
        migrations.AddIndex(
            model_name="casetask",
            index=models.Index(fields=["case", "id"], name="case_task_of_case"),
        ),
        migrations.AddIndex(
            model_name="casetask",
            index=models.Index(
                condition=models.Q(("state", "asked")), fields=["asked_of", "id"], name="case_task_waits"
            ),
        ),
        migrations.AddConstraint(
            model_name="casetask",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["asked", "answered", "withdrawn"])),
                name="case_task_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="casetask",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("asked_of__isnull", False), ("email", "")),
                    models.Q(("asked_of__isnull", True), models.Q(("email", ""), _negated=True)),
                    _connector="OR",
                ),
                name="case_task_for_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="casetask",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("answered_at__isnull", False),
                        ("state", "answered"),
                        models.Q(("answer", ""), _negated=True),
                    ),
                    models.Q(models.Q(("state", "answered"), _negated=True), ("answered_at__isnull", True)),
                    _connector="OR",
                ),
                name="case_task_answered_when",
            ),
        ),
        migrations.AddIndex(
            model_name="casenote",
            index=models.Index(fields=["case", "written_at", "id"], name="case_note_of_case"),
        ),
        migrations.AddIndex(
            model_name="caselook",
            index=models.Index(fields=["last_seen"], name="case_look_old"),
        ),
        migrations.AddConstraint(
            model_name="caselook",
            constraint=models.UniqueConstraint(fields=("case", "user"), name="case_look_once"),
        ),
        migrations.AddIndex(
            model_name="standin",
            index=models.Index(fields=["person", "from_on"], name="stand_in_of_person"),
        ),
        migrations.AddConstraint(
            model_name="standin",
            constraint=models.CheckConstraint(
                condition=models.Q(("from_on__lte", models.F("until_on"))),
                name="stand_in_ends_after_it_begins",
            ),
        ),
        migrations.AddConstraint(
            model_name="standin",
            constraint=models.CheckConstraint(
                condition=models.Q(("person", models.F("stand_in")), _negated=True),
                name="stand_in_is_another",
            ),
        ),
        # No supplier has any right on any of it: cases are the buying side's own.
        wall(CASE),
        same_supplier(CASE, "order_id", "procurement_purchaseorder"),
        same_supplier(CASE, "line_id", "procurement_purchaseorderline"),
        same_supplier(CASE, "change_id", "procurement_orderchange"),
        wall("procurement_assignmentrule"),
        *(company_wall(table) for table in OF_THE_COMPANY),
    ]
