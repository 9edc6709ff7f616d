"""Signed links and reply addresses; notices, their mails, what people want of them; what was seen."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.kernel.walls import company_wall, doorkeeper_reads, same_supplier, supplier_may, wall

ORDER = "procurement_purchaseorder"
LINK, REPLY = "procurement_signedlink", "procurement_replyaddress"
MAIL, NOTICE = "procurement_noticemail", "procurement_notice"
SIGHT, WATCH = "procurement_ordersight", "procurement_deliverywatch"


class Migration(migrations.Migration):
    dependencies = [
        ("procurement", "0017_change_requests"),
        ("suppliers", "0003_people_walls"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="NoticeMail",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "audience",
                    models.CharField(
                        choices=[("supplier", "Supplier"), ("company", "Buying side")], max_length=10
                    ),
                ),
                ("address", models.EmailField(max_length=254)),
                ("name", models.CharField(blank=True, max_length=150)),
                ("language", models.CharField(default="en", max_length=10)),
                ("time_zone", models.CharField(default="UTC", max_length=60)),
                ("message_id", models.CharField(max_length=250, unique=True)),
                ("subject", models.CharField(blank=True, max_length=300)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("sent", "Sent"),
                            ("failed", "Failed"),
                            ("dropped", "Dropped"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("reason", models.TextField(blank=True)),
                ("created_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        null=True,
                        related_name="+",
                        to="suppliers.supplier",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="NoticePreference",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("address", models.EmailField(blank=True, max_length=254)),
                (
                    "kind",
                    models.CharField(
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
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "cadence",
                    models.CharField(
                        choices=[
                            ("at_once", "At once"),
                            ("daily", "Daily"),
                            ("weekly", "Weekly"),
                            ("never", "Never"),
                        ],
                        max_length=10,
                    ),
                ),
                ("changed_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notice_preferences",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OrderSight",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("revision", models.PositiveIntegerField()),
                ("seen_at", models.DateTimeField()),
                ("seen_by", models.CharField(max_length=200)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sights",
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
            name="ReplyAddress",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("stream", models.CharField(max_length=120)),
                ("address", models.EmailField(max_length=254)),
                ("name", models.CharField(blank=True, max_length=150)),
                ("language", models.CharField(default="en", max_length=10)),
                ("time_zone", models.CharField(default="UTC", max_length=60)),
                ("made_at", models.DateTimeField()),
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SignedLink",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("stream", models.CharField(max_length=120)),
                ("subject", models.CharField(blank=True, max_length=120)),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("answer", "Answer an order"),
                            ("change", "Answer a change request"),
                            ("read", "Read and write to the buyer"),
                            ("task", "Do a delegated task"),
                        ],
                        max_length=10,
                    ),
                ),
                ("address", models.EmailField(max_length=254)),
                ("name", models.CharField(blank=True, max_length=150)),
                ("language", models.CharField(default="en", max_length=10)),
                ("time_zone", models.CharField(default="UTC", max_length=60)),
                ("origin", models.UUIDField(null=True)),
                ("forwarded", models.BooleanField(default=False)),
                ("issued_at", models.DateTimeField()),
                ("issued_by", models.CharField(max_length=200)),
                ("expires_at", models.DateTimeField()),
                ("opened_at", models.DateTimeField(null=True)),
                ("used_at", models.DateTimeField(null=True)),
                ("acted_on", models.JSONField(default=list)),
                ("renewals", models.JSONField(default=list)),
                ("revoked_at", models.DateTimeField(null=True)),
                ("revoked_by", models.CharField(blank=True, max_length=200)),
                (
                    "made_from",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="made",
                        to="procurement.signedlink",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="links",
                        to="procurement.purchaseorder",
                    ),
                ),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "kind",
                    models.CharField(
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
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "audience",
                    models.CharField(
                        choices=[("supplier", "Supplier"), ("company", "Buying side")], max_length=10
                    ),
                ),
                ("event_id", models.BigIntegerField()),
                ("event_kind", models.CharField(max_length=60)),
                ("internal", models.BooleanField(default=False)),
                ("stream", models.CharField(max_length=120)),
                ("address", models.EmailField(max_length=254)),
                ("name", models.CharField(blank=True, max_length=150)),
                ("language", models.CharField(default="en", max_length=10)),
                ("time_zone", models.CharField(default="UTC", max_length=60)),
                (
                    "cadence",
                    models.CharField(
                        choices=[
                            ("at_once", "At once"),
                            ("daily", "Daily"),
                            ("weekly", "Weekly"),
                            ("never", "Never"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("gathered", "Gathered"),
                            ("mailing", "On its way"),
                            ("sent", "Sent"),
                            ("failed", "Failed"),
                            ("not_wanted", "Not wanted"),
                        ],
                        default="gathered",
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("happened_at", models.DateTimeField()),
                ("gathered_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
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
                        on_delete=django.db.models.deletion.PROTECT,
                        null=True,
                        related_name="+",
                        to="suppliers.supplier",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "mail",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to="procurement.noticemail",
                    ),
                ),
                (
                    "link",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procurement.signedlink",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DeliveryWatch",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("revision", models.PositiveIntegerField()),
                ("cause", models.CharField(max_length=20)),
                ("told_at", models.DateTimeField()),
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
                "constraints": [
                    models.UniqueConstraint(fields=("order", "revision", "cause"), name="delivery_watch_once")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="noticemail",
            index=models.Index(fields=["address", "-created_at"], name="notice_mail_of_address"),
        ),
        migrations.AddConstraint(
            model_name="noticemail",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["queued", "sent", "failed", "dropped"])),
                name="notice_mail_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="noticemail",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience__in", ["supplier", "company"])),
                name="notice_mail_audience_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="noticemail",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("sent_at__isnull", False), ("state", "sent")),
                    models.Q(("state", "sent"), _negated=True),
                    _connector="OR",
                ),
                name="notice_mail_sent_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="noticepreference",
            constraint=models.UniqueConstraint(
                condition=models.Q(("user__isnull", False)),
                fields=("user", "kind"),
                name="preference_once_per_user",
            ),
        ),
        migrations.AddConstraint(
            model_name="noticepreference",
            constraint=models.UniqueConstraint(
                condition=models.Q(("user__isnull", True)),
                fields=("address", "kind"),
                name="preference_once_per_address",
            ),
        ),
        migrations.AddConstraint(
            model_name="noticepreference",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("address", ""), ("user__isnull", False)),
                    models.Q(("user__isnull", True), models.Q(("address", ""), _negated=True)),
                    _connector="OR",
                ),
                name="preference_of_one",
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
                        ],
                    )
                ),
                name="preference_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="noticepreference",
            constraint=models.CheckConstraint(
                condition=models.Q(("cadence__in", ["at_once", "daily", "weekly", "never"])),
                name="preference_cadence_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="noticepreference",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind__in", ["reminder", "link"]), _negated=True),
                    ("cadence", "at_once"),
                    _connector="OR",
                ),
                name="preference_some_are_always",
            ),
        ),
        migrations.AddConstraint(
            model_name="ordersight",
            constraint=models.UniqueConstraint(fields=("order", "revision"), name="order_sight_once"),
        ),
        migrations.AddConstraint(
            model_name="replyaddress",
            constraint=models.UniqueConstraint(
                fields=("stream", "supplier", "address"), name="reply_address_once_per_person"
            ),
        ),
        migrations.AddIndex(
            model_name="signedlink",
            index=models.Index(fields=["stream", "-issued_at"], name="link_of_stream"),
        ),
        migrations.AddIndex(
            model_name="signedlink",
            index=models.Index(
                condition=models.Q(("made_from__isnull", False)), fields=["made_from"], name="link_made_from"
            ),
        ),
        migrations.AddConstraint(
            model_name="signedlink",
            constraint=models.UniqueConstraint(fields=("id", "supplier"), name="link_wall"),
        ),
        migrations.AddConstraint(
            model_name="signedlink",
            constraint=models.UniqueConstraint(
                condition=models.Q(("origin__isnull", False)),
                fields=("origin", "stream", "purpose", "subject"),
                name="link_once_per_mail",
            ),
        ),
        migrations.AddConstraint(
            model_name="signedlink",
            constraint=models.CheckConstraint(
                condition=models.Q(("purpose__in", ["answer", "change", "read", "task"])),
                name="link_purpose_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="signedlink",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("revoked_at__isnull", True), ("revoked_by", "")),
                    models.Q(("revoked_at__isnull", False), models.Q(("revoked_by", ""), _negated=True)),
                    _connector="OR",
                ),
                name="link_revoked_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="signedlink",
            constraint=models.CheckConstraint(
                condition=models.Q(("forwarded", False), ("made_from__isnull", False), _connector="OR"),
                name="link_forwarded_from_one",
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("state", "gathered")), fields=["due_at", "id"], name="notice_due"
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["order", "-id"], name="notice_of_order"),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                fields=("event_id", "kind", "address"), name="notice_once_per_person"
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["gathered", "mailing", "sent", "failed", "not_wanted"])),
                name="notice_state_known",
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
                        ],
                    )
                ),
                name="notice_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(("cadence__in", ["at_once", "daily", "weekly", "never"])),
                name="notice_cadence_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("audience", "supplier"), _negated=True), ("internal", False), _connector="OR"
                ),
                name="notice_never_internal",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("mail__isnull", True), ("state__in", ["gathered", "not_wanted"])),
                    models.Q(
                        ("mail__isnull", False), ("state__in", ["mailing", "sent", "failed", "not_wanted"])
                    ),
                    _connector="OR",
                ),
                name="notice_leaves_in_a_mail",
            ),
        ),
        # Which link a token is of is asked before any scope, as with programs' tokens.
        wall(LINK),
        doorkeeper_reads(LINK),
        same_supplier(LINK, "order_id", ORDER),
        same_supplier(LINK, "made_from_id", LINK),
        supplier_may(
            LINK,
            "SELECT",
            "INSERT",
            "UPDATE (opened_at, used_at, acted_on, renewals, revoked_at, revoked_by)",
        ),
        # What is mailed to whom is the buying side's affair: no supplier is given a right to it.
        wall(REPLY),
        same_supplier(REPLY, "order_id", ORDER),
        wall(MAIL),
        wall(NOTICE),
        same_supplier(NOTICE, "order_id", ORDER),
        same_supplier(NOTICE, "link_id", LINK),
        company_wall("procurement_noticepreference"),
        wall(SIGHT),
        same_supplier(SIGHT, "order_id", ORDER),
        supplier_may(SIGHT, "SELECT", "INSERT"),
        wall(WATCH),
        same_supplier(WATCH, "order_id", ORDER),
    ]
