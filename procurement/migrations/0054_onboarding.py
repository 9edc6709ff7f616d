"""People are told of what is asked of suppliers to get started."""

from django.db import migrations, models

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
    ("detail", "Changes of company data"),
    ("document", "Documents, such as certificates and tax forms"),
    ("onboarding", "Getting started, and what is asked for it"),
]


class Migration(migrations.Migration):
    dependencies = [("procurement", "0053_traces_follow")]

    operations = [
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
