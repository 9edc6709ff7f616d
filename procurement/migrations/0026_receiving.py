"""What had come of an order line before a ship notice was sent, and the cases of what comes and does not."""

from decimal import Decimal

import django.db.models.deletion
from django.db import migrations, models

from portal.kernel.walls import same_supplier, supplier_may, wall


class Migration(migrations.Migration):
    dependencies = [("procurement", "0025_shipments")]

    operations = [
        migrations.AddField(
            model_name="shipnoticeline",
            name="came_before",
            field=models.DecimalField(
                db_default=Decimal("0"), decimal_places=6, default=Decimal("0"), max_digits=18
            ),
        ),
        # Noted by whoever sends.
        supplier_may("procurement_shipnoticeline", "UPDATE (came_before)"),
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
                            "count",
                            "unannounced",
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
        migrations.CreateModel(
            name="NoticeWrite",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(unique=True)),
                ("consignment", models.UUIDField()),
                ("withdrawn", models.BooleanField(default=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Waiting for ERP"),
                            ("sent", "Sent to ERP"),
                            ("confirmed", "In ERP"),
                            ("person", "Needs a person"),
                            ("to_key", "To key by hand"),
                            ("unknown", "Unknown"),
                            ("superseded", "Superseded"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("payload", models.JSONField()),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("queued_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("calling_since", models.DateTimeField(null=True)),
                ("reason", models.TextField(blank=True)),
                (
                    "fault",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "nothing"),
                            ("transient", "a disturbance that passes"),
                            ("throttled", "the ERP asks for less at a time"),
                            ("credentials", "the credentials are no longer taken"),
                            ("permission", "a right in the ERP is missing"),
                            ("validation", "the ERP refuses the content"),
                            ("unsupported", "the connection cannot do it"),
                            ("unknown", "no answer"),
                            ("conflict", "the ERP moved meanwhile"),
                        ],
                        max_length=20,
                    ),
                ),
                ("reference", models.CharField(blank=True, max_length=120)),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="erp_writes",
                        to="procurement.shipnotice",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
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
            options={
                "indexes": [models.Index(fields=["consignment", "id"], name="notice_write_of_consignment")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ["queued", "sent", "confirmed", "person", "to_key", "unknown", "superseded"],
                            )
                        ),
                        name="notice_write_state_known",
                    )
                ],
            },
        ),
        # No supplier sees any of it; it has no right there at all.
        wall("procurement_noticewrite"),
        same_supplier("procurement_noticewrite", "notice_id", "procurement_shipnotice"),
        same_supplier("procurement_noticewrite", "order_id", "procurement_purchaseorder"),
    ]
