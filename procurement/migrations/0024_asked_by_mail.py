"""Questions go by mail, mails answer change requests, and the bytes of mails are forgotten after a while."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("procurement", "0023_taken_while_away"),
        ("suppliers", "0003_people_walls"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="maildraft",
            name="mail_draft_kind_known",
        ),
        migrations.RemoveConstraint(
            model_name="notice",
            name="notice_kind_known",
        ),
        migrations.RemoveConstraint(
            model_name="noticemail",
            name="notice_mail_audience_known",
        ),
        migrations.RemoveConstraint(
            model_name="noticepreference",
            name="preference_kind_known",
        ),
        migrations.RemoveConstraint(
            model_name="noticepreference",
            name="preference_some_are_always",
        ),
        migrations.AddField(
            model_name="casetask",
            name="language",
            field=models.CharField(blank=True, max_length=10),
        ),
        migrations.AddField(
            model_name="inboundmail",
            name="forgotten_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="maildraft",
            name="kind",
            field=models.CharField(
                choices=[
                    ("answer", "Answer"),
                    ("change", "Change request"),
                    ("sheet", "Answer sheet"),
                    ("reply", "Answer to a change request"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="audience",
            field=models.CharField(
                choices=[
                    ("supplier", "Supplier"),
                    ("company", "Buying side"),
                    ("outside", "Outside purchasing"),
                ],
                max_length=10,
            ),
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
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="noticemail",
            name="audience",
            field=models.CharField(
                choices=[
                    ("supplier", "Supplier"),
                    ("company", "Buying side"),
                    ("outside", "Outside purchasing"),
                ],
                max_length=10,
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
                ],
                max_length=20,
            ),
        ),
        migrations.AddIndex(
            model_name="inboundmail",
            index=models.Index(
                condition=models.Q(("forgotten_at__isnull", True)),
                fields=["received_at"],
                name="inbound_mail_kept",
            ),
        ),
        migrations.AddConstraint(
            model_name="maildraft",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["answer", "change", "sheet", "reply"])),
                name="mail_draft_kind_known",
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
                        ],
                    )
                ),
                name="notice_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="noticemail",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience__in", ["supplier", "company", "outside"])),
                name="notice_mail_audience_known",
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
                        ],
                    )
                ),
                name="preference_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="noticepreference",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind__in", ["reminder", "link", "question"]), _negated=True),
                    ("cadence", "at_once"),
                    _connector="OR",
                ),
                name="preference_some_are_always",
            ),
        ),
    ]
