"""People are told of changes of company data."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("procurement", "0051_paid_to")]

    operations = [
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
                    ("account", "My account"),
                    ("detail", "Changes of company data"),
                    ("document", "Documents, such as certificates and tax forms"),
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
                    ("account", "My account"),
                    ("detail", "Changes of company data"),
                    ("document", "Documents, such as certificates and tax forms"),
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
                            "account",
                            "detail",
                            "document",
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
                            "account",
                            "detail",
                            "document",
                        ],
                    )
                ),
                name="preference_kind_known",
            ),
        ),
    ]
