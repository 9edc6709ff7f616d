"""The desk of accounts payable: who approves what, approvals and questions about invoices."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.kernel.walls import company_wall, same_supplier, supplier_may, wall

RULE, LIMIT = "procurement_approvalrule", "procurement_approvallimit"
APPROVAL, QUESTION = "procurement_approval", "procurement_invoicequestion"
ANSWER = "state, version, answer, answered_at, answered_by, answered_by_user_id"


class Migration(migrations.Migration):
    dependencies = [
        ("procurement", "0038_matching"),
        ("suppliers", "0006_invoicing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ApprovalRule",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("step", models.PositiveSmallIntegerField()),
                ("role", models.CharField(blank=True, max_length=20)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("amount_from", models.DecimalField(decimal_places=4, max_digits=20, null=True)),
                ("amount_below", models.DecimalField(decimal_places=4, max_digits=20, null=True)),
                ("item_group", models.CharField(blank=True, max_length=60)),
                (
                    "why",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("duplicate", "Suspected duplicate"),
                            ("supplier", "Supplier"),
                            ("currency", "Currency"),
                            ("tax_id", "Tax number"),
                            ("order", "Order not open"),
                            ("mapping", "Without an order"),
                            ("quantity", "Quantity"),
                            ("price", "Price"),
                            ("amount", "Amount of a line"),
                            ("cumulative", "Amount with earlier invoices"),
                            ("charge", "Charges"),
                            ("tax", "Tax"),
                            ("total", "Amount of the invoice"),
                            ("order_amount", "Amount of the order"),
                            ("approval", "Approval"),
                        ],
                        max_length=20,
                    ),
                ),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("written_by", models.CharField(max_length=200)),
                ("written_at", models.DateTimeField()),
                ("ended_by", models.CharField(blank=True, max_length=200)),
                (
                    "company",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procurement.company",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "supplier",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="suppliers.supplier",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Approval",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Its turn comes"),
                            ("asked", "Asked"),
                            ("granted", "Approved"),
                            ("declined", "Declined"),
                            ("lapsed", "Not needed any more"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("round", models.PositiveSmallIntegerField(default=1)),
                ("step", models.PositiveSmallIntegerField()),
                ("role", models.CharField(blank=True, max_length=20)),
                ("reason", models.TextField()),
                ("asked_at", models.DateTimeField()),
                ("asked_by", models.CharField(max_length=200)),
                ("asked_by_user_id", models.BigIntegerField(null=True)),
                ("reached_at", models.DateTimeField(null=True)),
                ("answered_at", models.DateTimeField(null=True)),
                ("answered_by", models.CharField(blank=True, max_length=200)),
                ("answered_by_user_id", models.BigIntegerField(null=True)),
                ("answer", models.TextField(blank=True)),
                (
                    "for_person",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="approvals",
                        to="procurement.invoice",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="approvals",
                        to="procurement.approvalrule",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="InvoiceQuestion",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "Asked"),
                            ("answered", "Answered"),
                            ("dropped", "Not asked any more"),
                        ],
                        default="asked",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "asked_of",
                    models.CharField(
                        choices=[
                            ("supplier", "The supplier"),
                            ("buyer", "The buyer"),
                            ("receiver", "Receiving"),
                        ],
                        max_length=10,
                    ),
                ),
                ("question", models.TextField()),
                ("asked_at", models.DateTimeField()),
                ("asked_by", models.CharField(max_length=200)),
                ("asked_by_user_id", models.BigIntegerField(null=True)),
                ("due_at", models.DateTimeField()),
                ("answer", models.TextField(blank=True)),
                ("answered_at", models.DateTimeField(null=True)),
                ("answered_by", models.CharField(blank=True, max_length=200)),
                ("answered_by_user_id", models.BigIntegerField(null=True)),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="questions",
                        to="procurement.invoice",
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
            name="ApprovalLimit",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("role", models.CharField(blank=True, max_length=20)),
                ("currency", models.CharField(max_length=3)),
                ("amount", models.DecimalField(decimal_places=4, max_digits=20)),
                ("written_by", models.CharField(max_length=200)),
                ("written_at", models.DateTimeField()),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("person__isnull", True), models.Q(("role", ""), _negated=True)),
                            models.Q(("person__isnull", False), ("role", "")),
                            _connector="OR",
                        ),
                        name="approval_limit_of_one",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gte", 0)), name="approval_limit_not_negative"
                    ),
                    models.UniqueConstraint(
                        fields=("role", "person", "currency"),
                        name="approval_limit_once",
                        nulls_distinct=False,
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="approvalrule",
            index=models.Index(fields=["valid_from", "step"], name="approval_rule_from"),
        ),
        migrations.AddConstraint(
            model_name="approvalrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("person__isnull", True), models.Q(("role", ""), _negated=True)),
                    models.Q(("person__isnull", False), ("role", "")),
                    _connector="OR",
                ),
                name="approval_rule_asks_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="approvalrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("step__gte", 1), ("step__lte", 9)), name="approval_rule_step_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="approvalrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount_below__isnull", True), ("amount_from__isnull", True)),
                    models.Q(("currency", ""), _negated=True),
                    _connector="OR",
                ),
                name="approval_rule_amount_has_a_currency",
            ),
        ),
        migrations.AddConstraint(
            model_name="approvalrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "why__in",
                        [
                            "",
                            "duplicate",
                            "supplier",
                            "currency",
                            "tax_id",
                            "order",
                            "mapping",
                            "quantity",
                            "price",
                            "amount",
                            "cumulative",
                            "charge",
                            "tax",
                            "total",
                            "order_amount",
                            "approval",
                        ],
                    )
                ),
                name="approval_rule_why_known",
            ),
        ),
        migrations.AddIndex(
            model_name="approval",
            index=models.Index(fields=["invoice", "id"], name="approval_of_invoice"),
        ),
        migrations.AddIndex(
            model_name="approval",
            index=models.Index(
                condition=models.Q(("state", "asked")), fields=["role", "reached_at"], name="approval_of_role"
            ),
        ),
        migrations.AddIndex(
            model_name="approval",
            index=models.Index(
                condition=models.Q(("state", "asked")),
                fields=["person", "reached_at"],
                name="approval_of_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.UniqueConstraint(fields=("id", "supplier"), name="approval_wall"),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.UniqueConstraint(
                fields=("invoice", "round", "step", "role", "person"),
                name="approval_asked_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "asked", "granted", "declined", "lapsed"])),
                name="approval_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("person__isnull", True), models.Q(("role", ""), _negated=True)),
                    models.Q(("person__isnull", False), ("role", "")),
                    _connector="OR",
                ),
                name="approval_of_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["granted", "declined"]), _negated=True),
                    models.Q(("answered_at__isnull", False), models.Q(("answered_by", ""), _negated=True)),
                    _connector="OR",
                ),
                name="approval_answered_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "declined"), _negated=True),
                    models.Q(("answer", ""), _negated=True),
                    _connector="OR",
                ),
                name="approval_declined_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("answered_by_user_id__isnull", True),
                    models.Q(("answered_by_user_id", models.F("asked_by_user_id")), _negated=True),
                    _connector="OR",
                ),
                name="approval_by_another_than_who_asked",
            ),
        ),
        migrations.AddIndex(
            model_name="invoicequestion",
            index=models.Index(fields=["invoice", "id"], name="invoice_question_of"),
        ),
        migrations.AddIndex(
            model_name="invoicequestion",
            index=models.Index(
                condition=models.Q(("state", "asked")), fields=["due_at", "id"], name="invoice_question_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="invoicequestion",
            constraint=models.UniqueConstraint(fields=("id", "supplier"), name="invoice_question_wall"),
        ),
        migrations.AddConstraint(
            model_name="invoicequestion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "asked")),
                fields=("invoice", "asked_of"),
                name="invoice_question_one_open_of_each",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoicequestion",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["asked", "answered", "dropped"])),
                name="invoice_question_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoicequestion",
            constraint=models.CheckConstraint(
                condition=models.Q(("asked_of__in", ["supplier", "buyer", "receiver"])),
                name="invoice_question_of_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoicequestion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "answered"), _negated=True),
                    models.Q(("answered_at__isnull", False), models.Q(("answer", ""), _negated=True)),
                    _connector="OR",
                ),
                name="invoice_question_answered_when",
            ),
        ),
        migrations.RemoveConstraint(
            model_name="exceptioncase",
            name="case_kind_known",
        ),
        migrations.RemoveConstraint(
            model_name="exceptioncase",
            name="case_cause_known",
        ),
        migrations.AlterField(
            model_name="exceptioncase",
            name="cause",
            field=models.CharField(
                choices=[
                    ("answer", "A supplier’s answer waits"),
                    ("change", "A change request waits"),
                    ("acknowledgment", "An answer is overdue"),
                    ("unseen", "Nobody has seen an order"),
                    ("shipment", "Goods are overdue"),
                    ("receipt", "More came than was asked for"),
                    ("count", "What came differs from the ship notice"),
                    ("unannounced", "Goods came without a ship notice"),
                    ("rejected", "Goods came damaged or wrong"),
                    ("supply", "Stock runs out"),
                    ("erp", "The ERP did not take something"),
                    ("drift", "Portal and ERP differ"),
                    ("notice", "A notice did not arrive"),
                    ("mail", "A mail waits for a person"),
                    ("draft", "A mail was read as an answer"),
                    ("invoice", "An invoice waits for us"),
                    ("credit", "A credit is due"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="exceptioncase",
            name="kind",
            field=models.CharField(
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
                    ("likely_late", "Likely late"),
                    ("over_shipment", "Over-shipment"),
                    ("asn_missing", "Ship notice missing before receipt"),
                    ("receipt_differs", "Receipt differs from ship notice"),
                    ("goods_rejected", "Damaged or rejected goods"),
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
                    ("match_failed", "Invoice match failed"),
                    ("duplicate_suspected", "Suspected duplicate invoice"),
                    ("invoice_without_order", "Invoice without order"),
                    ("invoice_disputed", "Invoice disputed"),
                    ("credit_expected", "Credit expected"),
                    ("bank_change", "Bank detail change"),
                    ("document_expiring", "Document expiring or expired"),
                ],
                max_length=30,
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
                            "likely_late",
                            "over_shipment",
                            "asn_missing",
                            "receipt_differs",
                            "goods_rejected",
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
                            "match_failed",
                            "duplicate_suspected",
                            "invoice_without_order",
                            "invoice_disputed",
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
                            "count",
                            "unannounced",
                            "rejected",
                            "supply",
                            "erp",
                            "drift",
                            "notice",
                            "mail",
                            "draft",
                            "invoice",
                            "credit",
                        ],
                    )
                ),
                name="case_cause_known",
            ),
        ),
        migrations.RemoveConstraint(
            model_name="notice",
            name="notice_kind_known",
        ),
        migrations.RemoveConstraint(
            model_name="noticepreference",
            name="preference_kind_known",
        ),
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("order_new", "New orders"),
                    ("order_revised", "Changed and cancelled orders"),
                    ("answer_decided", "The buyer’s word on an answer"),
                    ("change_asked", "Change requests that wait for me"),
                    ("change_answered", "What became of a change request"),
                    ("message", "Messages about an order"),
                    ("reminder", "Reminders and escalations"),
                    ("rule_agreed", "What a rule agreed to"),
                    ("mention", "Where somebody names me"),
                    ("link", "Links that were asked for or forwarded"),
                    ("question", "Questions that are put to me"),
                    ("dock_time", "Times at the dock"),
                    ("count_differs", "Goods that were counted otherwise than announced"),
                    ("invoice_told", "What becomes of my invoices"),
                    ("invoice_asked", "Invoices that I am asked about"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="noticepreference",
            name="kind",
            field=models.CharField(
                choices=[
                    ("order_new", "New orders"),
                    ("order_revised", "Changed and cancelled orders"),
                    ("answer_decided", "The buyer’s word on an answer"),
                    ("change_asked", "Change requests that wait for me"),
                    ("change_answered", "What became of a change request"),
                    ("message", "Messages about an order"),
                    ("reminder", "Reminders and escalations"),
                    ("rule_agreed", "What a rule agreed to"),
                    ("mention", "Where somebody names me"),
                    ("link", "Links that were asked for or forwarded"),
                    ("question", "Questions that are put to me"),
                    ("dock_time", "Times at the dock"),
                    ("count_differs", "Goods that were counted otherwise than announced"),
                    ("invoice_told", "What becomes of my invoices"),
                    ("invoice_asked", "Invoices that I am asked about"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "order_new",
                            "order_revised",
                            "answer_decided",
                            "change_asked",
                            "change_answered",
                            "message",
                            "reminder",
                            "rule_agreed",
                            "mention",
                            "link",
                            "question",
                            "dock_time",
                            "count_differs",
                            "invoice_told",
                            "invoice_asked",
                        ],
                    )
                ),
                name="notice_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="noticepreference",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "order_new",
                            "order_revised",
                            "answer_decided",
                            "change_asked",
                            "change_answered",
                            "message",
                            "reminder",
                            "rule_agreed",
                            "mention",
                            "link",
                            "question",
                            "dock_time",
                            "count_differs",
                            "invoice_told",
                            "invoice_asked",
                        ],
                    )
                ),
                name="preference_kind_known",
            ),
        ),
        wall(RULE),
        company_wall(LIMIT),
        wall(APPROVAL),
        wall(QUESTION, visible="asked_of = 'supplier'"),
        same_supplier(APPROVAL, "invoice_id", "procurement_invoice"),
        same_supplier(QUESTION, "invoice_id", "procurement_invoice"),
        # A supplier answers what it is asked, and sees nothing of who approves.
        supplier_may(QUESTION, "SELECT", f"UPDATE ({ANSWER})"),
    ]
