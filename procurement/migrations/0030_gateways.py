"""Gateways of carriers and warehouse systems: their secrets, messages and events."""

import uuid

import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Upper

from portal.kernel.walls import company_wall, same_supplier, wall


class Migration(migrations.Migration):
    dependencies = [
        ("procurement", "0029_receiving"),
        ("suppliers", "0004_shipments"),
    ]

    operations = [
        migrations.CreateModel(
            name="Gateway",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("carrier", "Carrier or transport system: milestones"),
                            ("warehouse", "Warehouse system: counts"),
                        ],
                        max_length=10,
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("active", models.BooleanField(default=True)),
                ("made_at", models.DateTimeField()),
                ("made_by", models.CharField(max_length=200)),
                (
                    "company",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procurement.company",
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
            name="GatewayMessage",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "way",
                    models.CharField(
                        choices=[("webhook", "Webhook"), ("folder", "Drop folder"), ("upload", "Upload")],
                        max_length=10,
                    ),
                ),
                ("message_id", models.CharField(blank=True, max_length=120)),
                ("sha256", models.CharField(max_length=64)),
                ("size", models.PositiveIntegerField()),
                ("raw", models.BinaryField()),
                ("file_name", models.CharField(blank=True, max_length=200)),
                ("brought_by", models.CharField(blank=True, max_length=200)),
                ("received_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Being dealt with"),
                            ("done", "Dealt with"),
                            ("refused", "Refused"),
                        ],
                        max_length=10,
                    ),
                ),
                ("problems", models.JSONField(default=list)),
                ("dealt_at", models.DateTimeField(null=True)),
                ("forgotten_at", models.DateTimeField(null=True)),
                (
                    "gateway",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="messages",
                        to="procurement.gateway",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="GatewayEvent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("position", models.PositiveIntegerField()),
                (
                    "kind",
                    models.CharField(choices=[("milestone", "Milestone"), ("count", "Count")], max_length=10),
                ),
                ("own_key", models.CharField(blank=True, max_length=80)),
                ("said", models.JSONField(default=dict)),
                ("names", models.JSONField(default=list)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Being dealt with"),
                            ("taken", "Taken"),
                            ("unplaced", "Not placed"),
                            ("set_aside", "Set aside"),
                            ("refused", "Refused"),
                            ("dismissed", "Dismissed"),
                        ],
                        default="received",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("why", models.CharField(blank=True, max_length=20)),
                ("problems", models.JSONField(default=list)),
                ("candidates", models.JSONField(default=list)),
                ("received_at", models.DateTimeField()),
                ("dealt_at", models.DateTimeField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.CharField(blank=True, max_length=200)),
                ("reason", models.CharField(blank=True, max_length=500)),
                (
                    "gateway",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procurement.gateway",
                    ),
                ),
                (
                    "notice",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procurement.shipnotice",
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
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="procurement.gatewaymessage",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="GatewaySecret",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("seed", models.UUIDField(default=uuid.uuid4)),
                ("place", models.PositiveSmallIntegerField()),
                ("made_at", models.DateTimeField()),
                ("made_by", models.CharField(max_length=200)),
                ("last_used_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(blank=True, max_length=200)),
                (
                    "gateway",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="secrets",
                        to="procurement.gateway",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="gateway",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["carrier", "warehouse"])), name="gateway_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="gateway",
            constraint=models.UniqueConstraint(fields=("name",), name="gateway_name_once"),
        ),
        migrations.AddIndex(
            model_name="gatewaymessage",
            index=models.Index(fields=["gateway", "-received_at", "-id"], name="gateway_message_newest"),
        ),
        migrations.AddIndex(
            model_name="gatewaymessage",
            index=models.Index(
                condition=models.Q(("forgotten_at__isnull", True)),
                fields=["received_at"],
                name="gateway_message_kept",
            ),
        ),
        migrations.AddConstraint(
            model_name="gatewaymessage",
            constraint=models.UniqueConstraint(
                condition=models.Q(("message_id", ""), _negated=True),
                fields=("gateway", "message_id"),
                name="gateway_message_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="gatewaymessage",
            constraint=models.UniqueConstraint(
                condition=models.Q(("message_id", "")),
                fields=("gateway", "sha256"),
                name="gateway_refused_message_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="gatewaymessage",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("message_id", ""), ("state", "refused")),
                    models.Q(
                        models.Q(("state", "refused"), _negated=True),
                        models.Q(("message_id", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="gateway_message_refused_has_no_id",
            ),
        ),
        migrations.AddConstraint(
            model_name="gatewaymessage",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["received", "done", "refused"])),
                name="gateway_message_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="gatewaymessage",
            constraint=models.CheckConstraint(
                condition=models.Q(("way__in", ["webhook", "folder", "upload"])),
                name="gateway_message_way_known",
            ),
        ),
        migrations.AddIndex(
            model_name="gatewayevent",
            index=models.Index(
                condition=models.Q(("state__in", ["unplaced", "refused"])),
                fields=["-received_at", "-id"],
                name="gateway_event_waits",
            ),
        ),
        migrations.AddIndex(
            model_name="gatewayevent",
            index=models.Index(fields=["-received_at", "-id"], name="gateway_event_newest"),
        ),
        migrations.AddIndex(
            model_name="gatewayevent",
            index=models.Index(
                condition=models.Q(("state", "taken")),
                fields=["gateway", "own_key"],
                name="gateway_event_taken",
            ),
        ),
        migrations.AddConstraint(
            model_name="gatewayevent",
            constraint=models.UniqueConstraint(
                fields=("message", "position"), name="gateway_event_position_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="gatewayevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["milestone", "count"])), name="gateway_event_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="gatewayevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["received", "taken", "unplaced", "set_aside", "refused", "dismissed"])
                ),
                name="gateway_event_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="gatewayevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("notice__isnull", True), ("supplier__isnull", False), _connector="OR"),
                name="gateway_event_notice_has_supplier",
            ),
        ),
        migrations.AddConstraint(
            model_name="gatewayevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "dismissed"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="gateway_event_dismissed_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="gatewaysecret",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)),
                fields=("gateway", "place"),
                name="gateway_secret_two_at_most",
            ),
        ),
        migrations.AddConstraint(
            model_name="gatewaysecret",
            constraint=models.CheckConstraint(
                condition=models.Q(("place__in", [1, 2])), name="gateway_secret_place_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="gatewaysecret",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("ended_by", "")),
                    models.Q(("ended_at__isnull", False), models.Q(("ended_by", ""), _negated=True)),
                    _connector="OR",
                ),
                name="gateway_secret_ended_by_somebody",
            ),
        ),
        # A carrier's word finds its package among all there are.
        migrations.AddIndex(
            model_name="package",
            index=models.Index(
                Upper("tracking_number"),
                condition=models.Q(("tracking_number", ""), _negated=True),
                name="package_tracked",
            ),
        ),
        # A supplier sees of an event what its shipment was told, and nothing of the gateway.
        wall("procurement_gateway"),
        company_wall("procurement_gatewaysecret"),
        company_wall("procurement_gatewaymessage"),
        wall("procurement_gatewayevent"),
        same_supplier("procurement_gatewayevent", "notice_id", "procurement_shipnotice"),
    ]
