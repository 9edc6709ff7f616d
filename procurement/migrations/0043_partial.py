"""A draft of ours is hidden from its supplier with all that hangs on it; a question that nobody answered is a case."""

from django.db import migrations, models

from portal.kernel.walls import OWN

PARTS = tuple(f"procurement_invoice{part}" for part in ("line", "charge", "tax", "file"))
# An invoice has a wall of its own, which holds inside this policy too: see 0037.
OF_A_SEEN_INVOICE = "EXISTS (SELECT 1 FROM procurement_invoice i WHERE i.id = invoice_id)"


def seen_with_its_invoice(table: str) -> migrations.RunSQL:
    """A supplier sees of its own rows those of an invoice that it sees."""
    own = OWN.format(column="supplier_id")
    seen = f"({own}) AND ({OF_A_SEEN_INVOICE})"
    return migrations.RunSQL(
        sql=f"ALTER POLICY supplier_own ON {table} USING ({seen}) WITH CHECK ({seen});",
        reverse_sql=f"ALTER POLICY supplier_own ON {table} USING ({own}) WITH CHECK ({own});",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("procurement", "0042_approval_links"),
        ("suppliers", "0006_invoicing"),
    ]

    operations = [
        *(seen_with_its_invoice(table) for table in PARTS),
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
                    ("question", "A question about an invoice was not answered"),
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
                    ("answer_missed", "No answer about an invoice"),
                    ("bank_change", "Bank detail change"),
                    ("document_expiring", "Document expiring or expired"),
                ],
                max_length=30,
            ),
        ),
        migrations.AlterField(
            model_name="exceptioncase",
            name="owned_by",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "nobody"),
                    ("rule", "by rule"),
                    ("buyer", "the order’s buyer"),
                    ("asked", "by the question"),
                    ("person", "by a person"),
                    ("taken", "by a person, while away"),
                ],
                default="",
                max_length=10,
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
                            "answer_missed",
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
                            "question",
                        ],
                    )
                ),
                name="case_cause_known",
            ),
        ),
    ]
