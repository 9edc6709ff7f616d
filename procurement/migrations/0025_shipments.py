"""Ship notices with their packages and milestones, and what of an order line has left."""

import uuid
from decimal import Decimal

import django.db.models.deletion
from django.db import migrations, models

from portal.kernel.walls import append_only, same_supplier, supplier_may, wall

NOTICE = "procurement_shipnotice"
LINE = "procurement_shipnoticeline"
PACKAGE = "procurement_package"
PACKED = "procurement_packedquantity"
MILESTONE = "procurement_milestone"
NUMBERING = "procurement_packagenumbering"
# What a supplier writes of its own notice. `on_behalf`, company and site are said once, when it is begun.
WRITTEN = (
    "state, version, number, number_key, ship_on, delivery_on, expected_on, ship_from_id, carrier, service, "
    "tracking_numbers, bill_of_lading, freight_terms, seal, pieces, gross_kg, note, updated_at, written_by, sent_at, sent_by, "
    "sent_by_user_id, channel, departed_at, arrived_at, ended_at, end_reason, replaces_id"
)


class Migration(migrations.Migration):
    dependencies = [
        ("procurement", "0024_asked_by_mail"),
        ("suppliers", "0004_shipments"),
    ]

    operations = [
        migrations.AddField(
            model_name="purchaseorderline",
            name="on_the_way",
            field=models.JSONField(
                db_default=models.Value([], output_field=models.JSONField()), default=list
            ),
        ),
        migrations.AddField(
            model_name="purchaseorderline",
            name="shipped_quantity",
            field=models.DecimalField(
                db_default=Decimal("0"), decimal_places=6, default=Decimal("0"), max_digits=18
            ),
        ),
        migrations.AlterField(
            model_name="tolerancedecision",
            name="kind",
            field=models.CharField(
                choices=[
                    ("promise", "promise"),
                    ("change_request", "change_request"),
                    ("ship_notice", "ship_notice"),
                    ("invoice", "invoice"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="tolerancerule",
            name="kind",
            field=models.CharField(
                choices=[
                    ("promise", "promise"),
                    ("change_request", "change_request"),
                    ("ship_notice", "ship_notice"),
                    ("invoice", "invoice"),
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="ShipNotice",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("consignment", models.UUIDField(default=uuid.uuid4)),
                ("issue", models.PositiveIntegerField(default=1)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("sent", "Sent"),
                            ("in_transit", "In transit"),
                            ("arrived", "Arrived"),
                            ("partly_received", "Partly received"),
                            ("received", "Received"),
                            ("closed", "Closed"),
                            ("cancelled", "Cancelled"),
                            ("replaced", "Replaced"),
                            ("discarded", "Discarded"),
                        ],
                        default="draft",
                        max_length=20,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("number", models.CharField(blank=True, max_length=60)),
                ("number_key", models.CharField(blank=True, max_length=60)),
                ("ship_on", models.DateField(null=True)),
                ("delivery_on", models.DateField(null=True)),
                ("expected_on", models.DateField(null=True)),
                ("carrier", models.CharField(blank=True, max_length=100)),
                ("service", models.CharField(blank=True, max_length=100)),
                ("tracking_numbers", models.JSONField(default=list)),
                ("bill_of_lading", models.CharField(blank=True, max_length=60)),
                (
                    "freight_terms",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("prepaid", "Prepaid by the supplier"),
                            ("collect", "Collect: the receiver pays"),
                            ("third_party", "Third party pays"),
                            ("pickup", "Picked up by the receiver"),
                        ],
                        max_length=20,
                    ),
                ),
                ("seal", models.CharField(blank=True, max_length=60)),
                ("pieces", models.PositiveIntegerField(null=True)),
                ("gross_kg", models.DecimalField(decimal_places=3, max_digits=12, null=True)),
                ("note", models.TextField(blank=True)),
                ("drafted_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("written_by", models.CharField(max_length=200)),
                ("on_behalf", models.BooleanField(default=False)),
                ("sent_at", models.DateTimeField(null=True)),
                ("sent_by", models.CharField(blank=True, max_length=200)),
                ("sent_by_user_id", models.BigIntegerField(null=True)),
                ("channel", models.CharField(blank=True, max_length=20)),
                ("departed_at", models.DateTimeField(null=True)),
                ("arrived_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("end_reason", models.TextField(blank=True)),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procurement.company",
                    ),
                ),
                (
                    "replaces",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaced_by",
                        to="procurement.shipnotice",
                    ),
                ),
                (
                    "ship_from",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="suppliers.suppliersite",
                    ),
                ),
                (
                    "ship_to",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procurement.site",
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
            name="Package",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("position", models.PositiveIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("pallet", "Pallet"),
                            ("carton", "Carton"),
                            ("package", "Package"),
                            ("crate", "Crate"),
                            ("drum", "Drum"),
                            ("bag", "Bag"),
                        ],
                        max_length=10,
                    ),
                ),
                ("sscc", models.CharField(blank=True, max_length=18)),
                ("carton_number", models.CharField(blank=True, max_length=30)),
                ("gross_kg", models.DecimalField(decimal_places=3, max_digits=12, null=True)),
                ("length_cm", models.DecimalField(decimal_places=1, max_digits=8, null=True)),
                ("width_cm", models.DecimalField(decimal_places=1, max_digits=8, null=True)),
                ("height_cm", models.DecimalField(decimal_places=1, max_digits=8, null=True)),
                ("tracking_number", models.CharField(blank=True, max_length=60)),
                ("is_live", models.BooleanField(default=False)),
                (
                    "parent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="inner",
                        to="procurement.package",
                    ),
                ),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
                    ),
                ),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="packages",
                        to="procurement.shipnotice",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Milestone",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("picked_up", "Picked up"),
                            ("departed", "Departed"),
                            ("estimated", "New estimate"),
                            ("exception", "Exception"),
                            ("arrived", "Arrived"),
                            ("delivered", "Delivered"),
                        ],
                        max_length=10,
                    ),
                ),
                ("happened_at", models.DateTimeField()),
                ("place", models.CharField(blank=True, max_length=100)),
                ("estimated_on", models.DateField(null=True)),
                ("note", models.CharField(blank=True, max_length=500)),
                ("source", models.CharField(max_length=120)),
                ("told_at", models.DateTimeField()),
                ("told_by", models.CharField(max_length=200)),
                ("channel", models.CharField(max_length=20)),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
                    ),
                ),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="milestones",
                        to="procurement.shipnotice",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ShipNoticeLine",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("position", models.PositiveIntegerField()),
                ("quantity", models.DecimalField(decimal_places=6, default=Decimal("0"), max_digits=18)),
                (
                    "remainder",
                    models.CharField(
                        choices=[("follows", "Will follow"), ("not_coming", "Will not come")],
                        default="follows",
                        max_length=20,
                    ),
                ),
                ("follows_on", models.DateField(null=True)),
                (
                    "received_quantity",
                    models.DecimalField(decimal_places=6, default=Decimal("0"), max_digits=18),
                ),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ship_notice_lines",
                        to="procurement.purchaseorderline",
                    ),
                ),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
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
        ),
        migrations.CreateModel(
            name="PackedQuantity",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("quantity", models.DecimalField(decimal_places=6, max_digits=18)),
                ("lot", models.CharField(blank=True, max_length=20)),
                ("serials", models.JSONField(default=list)),
                ("expires_on", models.DateField(null=True)),
                ("origin", models.CharField(blank=True, max_length=2)),
                ("dangerous_goods", models.CharField(blank=True, max_length=200)),
                (
                    "package",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="contents",
                        to="procurement.package",
                    ),
                ),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
                    ),
                ),
                (
                    "notice_line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="packed",
                        to="procurement.shipnoticeline",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PackageNumbering",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("gs1_prefix", models.CharField(blank=True, max_length=12)),
                ("extension", models.PositiveSmallIntegerField(default=0)),
                ("next_serial", models.BigIntegerField(default=1)),
                ("next_carton", models.BigIntegerField(default=1)),
                (
                    "supplier",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("extension__lte", 9)), name="numbering_extension_one_digit"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("next_carton__gte", 1), ("next_serial__gte", 0)),
                        name="numbering_counts_up",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="shipnotice",
            index=models.Index(fields=["supplier", "-updated_at", "-id"], name="ship_notice_of_supplier"),
        ),
        migrations.AddIndex(
            model_name="shipnotice",
            index=models.Index(fields=["-updated_at", "-id"], name="ship_notice_newest"),
        ),
        migrations.AddIndex(
            model_name="shipnotice",
            index=models.Index(fields=["updated_at", "id"], name="ship_notice_moved"),
        ),
        migrations.AddIndex(
            model_name="shipnotice",
            index=models.Index(
                condition=models.Q(("state__in", ["sent", "in_transit", "arrived", "partly_received"])),
                fields=["ship_to", "expected_on", "id"],
                name="ship_notice_inbound",
            ),
        ),
        migrations.AddIndex(
            model_name="shipnotice",
            index=models.Index(
                condition=models.Q(("state__in", ["sent", "in_transit", "arrived", "partly_received"])),
                fields=["expected_on", "id"],
                name="ship_notice_expected",
            ),
        ),
        migrations.AddConstraint(
            model_name="shipnotice",
            constraint=models.UniqueConstraint(fields=("id", "supplier"), name="ship_notice_wall"),
        ),
        migrations.AddConstraint(
            model_name="shipnotice",
            constraint=models.UniqueConstraint(
                fields=("consignment", "issue"), name="ship_notice_issue_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="shipnotice",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("state__in", ["sent", "in_transit", "arrived", "partly_received", "received", "closed"])
                ),
                fields=("supplier", "company", "number_key"),
                name="ship_notice_number_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="shipnotice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "draft",
                            "sent",
                            "in_transit",
                            "arrived",
                            "partly_received",
                            "received",
                            "closed",
                            "cancelled",
                            "replaced",
                            "discarded",
                        ],
                    )
                ),
                name="ship_notice_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="shipnotice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("freight_terms__in", ["", "prepaid", "collect", "third_party", "pickup"])
                ),
                name="ship_notice_freight_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="shipnotice",
            constraint=models.CheckConstraint(
                condition=models.Q(("issue__gte", 1)), name="ship_notice_issue_from_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="shipnotice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        (
                            "state__in",
                            ["sent", "in_transit", "arrived", "partly_received", "received", "closed"],
                        ),
                        _negated=True,
                    ),
                    models.Q(
                        ("expected_on__isnull", False),
                        ("sent_at__isnull", False),
                        ("ship_on__isnull", False),
                        models.Q(("number_key", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="ship_notice_sent_is_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="shipnotice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ship_on__isnull", True),
                    ("delivery_on__isnull", True),
                    ("ship_on__lte", models.F("delivery_on")),
                    _connector="OR",
                ),
                name="ship_notice_leaves_before_it_arrives",
            ),
        ),
        migrations.AddConstraint(
            model_name="shipnotice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "cancelled"), _negated=True),
                    models.Q(("end_reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="ship_notice_cancelled_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="package",
            constraint=models.UniqueConstraint(fields=("notice", "position"), name="package_position_once"),
        ),
        migrations.AddConstraint(
            model_name="package",
            constraint=models.UniqueConstraint(fields=("id", "supplier"), name="package_wall"),
        ),
        migrations.AddConstraint(
            model_name="package",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_live", True), models.Q(("sscc", ""), _negated=True)),
                fields=("sscc",),
                name="package_sscc_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="package",
            constraint=models.UniqueConstraint(
                condition=models.Q(("sscc", ""), _negated=True),
                fields=("notice", "sscc"),
                name="package_sscc_once_in_notice",
            ),
        ),
        migrations.AddConstraint(
            model_name="package",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_live", True), models.Q(("carton_number", ""), _negated=True)),
                fields=("carton_number",),
                name="package_carton_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="package",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["pallet", "carton", "package", "crate", "drum", "bag"])),
                name="package_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="package",
            constraint=models.CheckConstraint(
                condition=models.Q(("sscc", ""), ("carton_number", ""), _connector="OR"),
                name="package_has_one_number",
            ),
        ),
        migrations.AddConstraint(
            model_name="package",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("parent__isnull", True),
                    models.Q(("parent", models.F("id")), _negated=True),
                    _connector="OR",
                ),
                name="package_not_in_itself",
            ),
        ),
        migrations.AddIndex(
            model_name="milestone",
            index=models.Index(fields=["notice", "happened_at", "id"], name="milestone_of_notice"),
        ),
        migrations.AddConstraint(
            model_name="milestone",
            constraint=models.UniqueConstraint(fields=("notice", "source"), name="milestone_source_once"),
        ),
        migrations.AddConstraint(
            model_name="milestone",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["picked_up", "departed", "estimated", "exception", "arrived", "delivered"])
                ),
                name="milestone_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="milestone",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "estimated"), _negated=True),
                    ("estimated_on__isnull", False),
                    _connector="OR",
                ),
                name="milestone_estimate_has_a_day",
            ),
        ),
        migrations.AddIndex(
            model_name="shipnoticeline",
            index=models.Index(fields=["line", "notice"], name="ship_notice_line_of_line"),
        ),
        migrations.AddConstraint(
            model_name="shipnoticeline",
            constraint=models.UniqueConstraint(fields=("notice", "line"), name="ship_notice_line_once"),
        ),
        migrations.AddConstraint(
            model_name="shipnoticeline",
            constraint=models.UniqueConstraint(fields=("id", "supplier"), name="ship_notice_line_wall"),
        ),
        migrations.AddConstraint(
            model_name="shipnoticeline",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity__gte", 0)), name="ship_notice_line_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="shipnoticeline",
            constraint=models.CheckConstraint(
                condition=models.Q(("remainder__in", ["follows", "not_coming"])),
                name="ship_notice_line_remainder_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="packedquantity",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity__gt", 0)), name="packed_quantity_positive"
            ),
        ),
        supplier_may("procurement_purchaseorderline", "UPDATE (logistics, shipped_quantity, on_the_way)"),
        *(wall(table) for table in (NOTICE, LINE, PACKAGE, PACKED, MILESTONE, NUMBERING)),
        same_supplier(NOTICE, "replaces_id", NOTICE),
        same_supplier(LINE, "notice_id", NOTICE),
        same_supplier(LINE, "order_id", "procurement_purchaseorder"),
        same_supplier(LINE, "line_id", "procurement_purchaseorderline"),
        same_supplier(PACKAGE, "notice_id", NOTICE),
        same_supplier(PACKAGE, "parent_id", PACKAGE),
        same_supplier(PACKED, "notice_line_id", LINE),
        same_supplier(PACKED, "package_id", PACKAGE),
        same_supplier(MILESTONE, "notice_id", NOTICE),
        supplier_may(NOTICE, "SELECT", "INSERT", f"UPDATE ({WRITTEN})"),
        # What was counted is the receiving side's to say.
        supplier_may(LINE, "SELECT", "INSERT", "UPDATE (quantity, remainder, follows_on)", "DELETE"),
        supplier_may(
            PACKAGE,
            "SELECT",
            "INSERT",
            "UPDATE (parent_id, sscc, carton_number, gross_kg, length_cm, width_cm, height_cm, tracking_number, is_live)",
            "DELETE",
        ),
        supplier_may(PACKED, "SELECT", "INSERT", "DELETE"),
        supplier_may(MILESTONE, "SELECT", "INSERT"),
        append_only(MILESTONE),
        supplier_may(
            NUMBERING, "SELECT", "INSERT", "UPDATE (gs1_prefix, extension, next_serial, next_carton)"
        ),
    ]
