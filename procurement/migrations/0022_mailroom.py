"""The mailroom: mails that came in, drafts that were read in them, and how far each mailbox was read."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from portal.kernel.walls import same_supplier, supplier_may, wall

MAIL = "procurement_inboundmail"
DRAFT = "procurement_maildraft"


class Migration(migrations.Migration):
    dependencies = [
        ("procurement", "0021_exception_inbox"),
        ("suppliers", "0003_people_walls"),
    ]

    operations = [
        migrations.CreateModel(
            name="Mailbox",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=300, unique=True)),
                ("uid_validity", models.BigIntegerField(default=0)),
                ("last_uid", models.BigIntegerField(default=0)),
                ("looked_at", models.DateTimeField(null=True)),
                ("failing_since", models.DateTimeField(null=True)),
                ("error", models.CharField(blank=True, max_length=500)),
            ],
        ),
        migrations.CreateModel(
            name="InboundMail",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("door", models.CharField(max_length=10)),
                ("received_at", models.DateTimeField()),
                ("written_at", models.DateTimeField(null=True)),
                ("message_id", models.CharField(blank=True, max_length=250)),
                ("sha256", models.CharField(max_length=64)),
                ("fingerprint", models.CharField(max_length=64)),
                ("sender", models.CharField(blank=True, max_length=254)),
                ("sender_name", models.CharField(blank=True, max_length=200)),
                ("recipients", models.JSONField(default=list)),
                ("subject", models.CharField(blank=True, max_length=300)),
                ("size", models.PositiveIntegerField()),
                ("is_whole", models.BooleanField(default=True)),
                ("raw", models.BinaryField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("threaded", "In the thread"),
                            ("drafted", "In the thread, with a draft"),
                            ("automatic", "Automatic, set aside"),
                            ("bounced", "Report of a failed delivery"),
                            ("unknown", "Sender unknown"),
                            ("unplaced", "Order unknown"),
                            ("refused", "Refused"),
                            ("dismissed", "Dismissed"),
                        ],
                        default="received",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("why", models.CharField(blank=True, max_length=40)),
                ("sorted_at", models.DateTimeField(null=True)),
                ("text", models.TextField(blank=True)),
                ("files", models.JSONField(default=list)),
                ("told", models.JSONField(default=dict)),
                ("placed_at", models.DateTimeField(null=True)),
                ("placed_by", models.CharField(blank=True, max_length=200)),
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
                    "said",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procurement.message",
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
            ],
        ),
        migrations.CreateModel(
            name="MailDraft",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("answer", "Answer"),
                            ("change", "Change request"),
                            ("sheet", "Answer sheet"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Waits for a press"),
                            ("confirmed", "Confirmed"),
                            ("corrected", "Taken over for correction"),
                            ("discarded", "Discarded"),
                            ("superseded", "Overtaken"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("order_version", models.PositiveIntegerField()),
                ("revision", models.PositiveIntegerField()),
                ("sender", models.CharField(max_length=200)),
                ("written_at", models.DateTimeField()),
                ("lines", models.JSONField(default=list)),
                ("unsure", models.JSONField(default=list)),
                ("file_name", models.CharField(blank=True, max_length=200)),
                ("made_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.CharField(blank=True, max_length=200)),
                ("reason", models.TextField(blank=True)),
                ("came", models.JSONField(default=dict)),
                (
                    "mail",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="drafts",
                        to="procurement.inboundmail",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mail_drafts",
                        to="procurement.purchaseorder",
                    ),
                ),
                (
                    "said",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procurement.message",
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
        migrations.AddIndex(
            model_name="inboundmail",
            index=models.Index(fields=["-received_at", "-id"], name="inbound_mail_newest"),
        ),
        migrations.AddIndex(
            model_name="inboundmail",
            index=models.Index(
                condition=models.Q(("state__in", ["unknown", "unplaced", "refused"])),
                fields=["-received_at", "-id"],
                name="inbound_mail_waits",
            ),
        ),
        migrations.AddIndex(
            model_name="inboundmail",
            index=models.Index(fields=["supplier", "-received_at", "-id"], name="inbound_mail_of_supplier"),
        ),
        migrations.AddIndex(
            model_name="inboundmail",
            index=models.Index(fields=["order", "-received_at"], name="inbound_mail_of_order"),
        ),
        migrations.AddConstraint(
            model_name="inboundmail",
            constraint=models.UniqueConstraint(
                fields=("fingerprint", "message_id"), name="inbound_mail_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="inboundmail",
            constraint=models.UniqueConstraint(fields=("id", "supplier"), name="inbound_mail_wall"),
        ),
        migrations.AddConstraint(
            model_name="inboundmail",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "received",
                            "threaded",
                            "drafted",
                            "automatic",
                            "bounced",
                            "unknown",
                            "unplaced",
                            "refused",
                            "dismissed",
                        ],
                    )
                ),
                name="inbound_mail_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="inboundmail",
            constraint=models.CheckConstraint(
                condition=models.Q(("order__isnull", True), ("supplier__isnull", False), _connector="OR"),
                name="inbound_mail_order_has_supplier",
            ),
        ),
        migrations.AddConstraint(
            model_name="inboundmail",
            constraint=models.CheckConstraint(
                condition=models.Q(("said__isnull", True), ("order__isnull", False), _connector="OR"),
                name="inbound_mail_said_about_an_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="inboundmail",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("placed_at__isnull", True), ("placed_by", "")),
                    models.Q(("placed_at__isnull", False), models.Q(("placed_by", ""), _negated=True)),
                    _connector="OR",
                ),
                name="inbound_mail_placed_by_somebody",
            ),
        ),
        migrations.AddIndex(
            model_name="maildraft",
            index=models.Index(
                condition=models.Q(("state", "open")), fields=["order", "id"], name="mail_draft_open"
            ),
        ),
        migrations.AddIndex(
            model_name="maildraft",
            index=models.Index(
                condition=models.Q(("state", "open")), fields=["-made_at", "-id"], name="mail_draft_waits"
            ),
        ),
        migrations.AddConstraint(
            model_name="maildraft",
            constraint=models.UniqueConstraint(
                fields=("mail", "order", "kind", "file_name"), name="mail_draft_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="maildraft",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["open", "confirmed", "corrected", "discarded", "superseded"])
                ),
                name="mail_draft_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="maildraft",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["answer", "change", "sheet"])), name="mail_draft_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="maildraft",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at__isnull", True), ("state", "open")),
                    models.Q(models.Q(("state", "open"), _negated=True), ("decided_at__isnull", False)),
                    _connector="OR",
                ),
                name="mail_draft_decided_at_some_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="maildraft",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "discarded"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="mail_draft_discarded_for_a_reason",
            ),
        ),
        # A mail is anybody's word: no supplier reads one, not even its own, until it stands in the thread.
        wall(MAIL),
        same_supplier(MAIL, "order_id", "procurement_purchaseorder"),
        same_supplier(MAIL, "said_id", "procurement_message"),
        wall(DRAFT),
        same_supplier(DRAFT, "order_id", "procurement_purchaseorder"),
        same_supplier(DRAFT, "mail_id", MAIL),
        same_supplier(DRAFT, "said_id", "procurement_message"),
        supplier_may(DRAFT, "SELECT", "UPDATE (state, version, decided_at, decided_by, reason, came)"),
    ]
