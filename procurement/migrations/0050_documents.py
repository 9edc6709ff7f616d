"""Documents of suppliers: people are told of them, and one that is late is a case."""

from django.db import migrations, models

CAUSES = [
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
    ("document", "A document of a supplier is late"),
]
KINDS = [
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
    ("document_expiring", "Document missing or expired"),
    ("bank_change", "Bank detail change"),
]
NOTICES = [
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
    ("account", "My account"),
    ("document", "Documents, such as certificates and tax forms"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("procurement", "0049_people"),
        ("suppliers", "0011_documents"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="exceptioncase", name="case_cause_known"),
        migrations.AlterField(
            model_name="exceptioncase", name="cause", field=models.CharField(choices=CAUSES, max_length=20)
        ),
        migrations.AddConstraint(
            model_name="exceptioncase",
            constraint=models.CheckConstraint(
                condition=models.Q(("cause__in", [cause for cause, _label in CAUSES])),
                name="case_cause_known",
            ),
        ),
        migrations.RemoveConstraint(model_name="exceptioncase", name="case_kind_known"),
        migrations.AlterField(
            model_name="exceptioncase", name="kind", field=models.CharField(choices=KINDS, max_length=30)
        ),
        migrations.AddConstraint(
            model_name="exceptioncase",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", [kind for kind, _label in KINDS])), name="case_kind_known"
            ),
        ),
        *(
            operation
            for model, constraint in (
                ("notice", "notice_kind_known"),
                ("noticepreference", "preference_kind_known"),
            )
            for operation in (
                migrations.RemoveConstraint(model_name=model, name=constraint),
                migrations.AlterField(
                    model_name=model, name="kind", field=models.CharField(choices=NOTICES, max_length=20)
                ),
                migrations.AddConstraint(
                    model_name=model,
                    constraint=models.CheckConstraint(
                        condition=models.Q(("kind__in", [kind for kind, _label in NOTICES])), name=constraint
                    ),
                ),
            )
        ),
    ]
