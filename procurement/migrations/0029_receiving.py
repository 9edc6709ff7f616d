"""What is counted at the dock: sheets, rows, packages, pictures, and what both sides say of differences."""

import uuid
from decimal import Decimal

import django.db.models.deletion
from django.db import migrations, models

from portal.kernel.walls import append_only, same_supplier, supplier_may, supplier_writes_only, wall

SHEET = "procurement_receivingsheet"
LINE = "procurement_sheetline"
ROW = "procurement_countedrow"
SEEN = "procurement_packageseen"
WRONG = "procurement_wrongitem"
WORD = "procurement_differenceword"
PHOTO = "procurement_sheetphoto"
# A supplier sees a count once it is a fact, never one in progress; what hangs on a sheet is seen with it. The sheet is
# looked up by its primary key, under its own policies.
TOLD = "(state = 'posted' OR state = 'reversed')"
WITH_SHEET = f"EXISTS (SELECT 1 FROM {SHEET} s WHERE s.id = sheet_id)"
WITH_LINE = f"EXISTS (SELECT 1 FROM {LINE} l WHERE l.id = sheet_line_id)"


class Migration(migrations.Migration):
    dependencies = [
        ("procurement", "0028_docks"),
        ("suppliers", "0005_counting_programs"),
    ]

    operations = [
        migrations.CreateModel(
            name="CountedRow",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("lot", models.CharField(blank=True, max_length=20)),
                ("quantity", models.DecimalField(decimal_places=6, default=Decimal("0"), max_digits=18)),
                ("damaged", models.DecimalField(decimal_places=6, default=Decimal("0"), max_digits=18)),
                ("wrong", models.CharField(blank=True, max_length=500)),
                ("expires_on", models.DateField(null=True)),
                ("serials", models.JSONField(default=list)),
                ("note", models.CharField(blank=True, max_length=500)),
                ("counted_at", models.DateTimeField()),
                ("counted_by", models.CharField(max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="DifferenceWord",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "word",
                    models.CharField(
                        choices=[
                            ("agreed", "Agreed"),
                            ("disputed", "Disputed"),
                            ("credit", "Credit expected"),
                            ("replacement", "Replacement follows"),
                            ("returned", "Goes back"),
                            ("accepted", "Accepted as it is"),
                            ("closed", "Closed: nothing more comes"),
                        ],
                        max_length=12,
                    ),
                ),
                ("text", models.TextField(blank=True)),
                ("said_at", models.DateTimeField()),
                ("said_by", models.CharField(max_length=200)),
                ("channel", models.CharField(max_length=20)),
            ],
        ),
        migrations.CreateModel(
            name="PackageSeen",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.CharField(max_length=30)),
                ("contents", models.JSONField(default=list)),
                ("seen_at", models.DateTimeField()),
                ("seen_by", models.CharField(max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="ReceivingSheet",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("consignment", models.UUIDField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("counting", "Counting"),
                            ("posted", "Posted"),
                            ("reversed", "Reversed"),
                            ("discarded", "Discarded"),
                        ],
                        default="counting",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("delivery_note", models.CharField(blank=True, max_length=60)),
                ("source", models.CharField(blank=True, max_length=120)),
                ("received_on", models.DateField(null=True)),
                ("note", models.TextField(blank=True)),
                ("begun_at", models.DateTimeField()),
                ("begun_by", models.CharField(max_length=200)),
                ("updated_at", models.DateTimeField()),
                ("counted_by", models.CharField(max_length=200)),
                ("posted_at", models.DateTimeField(null=True)),
                ("posted_by", models.CharField(blank=True, max_length=200)),
                ("reversed_at", models.DateTimeField(null=True)),
                ("reversed_by", models.CharField(blank=True, max_length=200)),
                ("reverse_reason", models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name="SheetLine",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("position", models.PositiveIntegerField()),
                ("announced", models.DecimalField(decimal_places=6, max_digits=18, null=True)),
                (
                    "counted_before",
                    models.DecimalField(decimal_places=6, default=Decimal("0"), max_digits=18),
                ),
                (
                    "rest",
                    models.CharField(
                        blank=True,
                        choices=[("follows", "Comes later"), ("short", "Is missing")],
                        max_length=10,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SheetPhoto",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("content_type", models.CharField(max_length=20)),
                ("size", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("content", models.BinaryField()),
                ("added_at", models.DateTimeField()),
                ("added_by", models.CharField(max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="WrongItem",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("text", models.CharField(max_length=300)),
                ("quantity", models.DecimalField(decimal_places=6, max_digits=18, null=True)),
                ("noted_at", models.DateTimeField()),
                ("noted_by", models.CharField(max_length=200)),
            ],
        ),
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
                            "rejected",
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
        migrations.AddField(
            model_name="countedrow",
            name="supplier",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
            ),
        ),
        migrations.AddField(
            model_name="differenceword",
            name="supplier",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
            ),
        ),
        migrations.AddField(
            model_name="packageseen",
            name="supplier",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
            ),
        ),
        migrations.AddField(
            model_name="receivingsheet",
            name="company",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="procurement.company"
            ),
        ),
        migrations.AddField(
            model_name="receivingsheet",
            name="notice",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sheets",
                to="procurement.shipnotice",
            ),
        ),
        migrations.AddField(
            model_name="receivingsheet",
            name="site",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="procurement.site",
            ),
        ),
        migrations.AddField(
            model_name="receivingsheet",
            name="supplier",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
            ),
        ),
        migrations.AddField(
            model_name="packageseen",
            name="sheet",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="packages",
                to="procurement.receivingsheet",
            ),
        ),
        migrations.AddField(
            model_name="differenceword",
            name="sheet",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="words",
                to="procurement.receivingsheet",
            ),
        ),
        migrations.AddField(
            model_name="sheetline",
            name="line",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="procurement.purchaseorderline",
            ),
        ),
        migrations.AddField(
            model_name="sheetline",
            name="order",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="procurement.purchaseorder"
            ),
        ),
        migrations.AddField(
            model_name="sheetline",
            name="sheet",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lines",
                to="procurement.receivingsheet",
            ),
        ),
        migrations.AddField(
            model_name="sheetline",
            name="supplier",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
            ),
        ),
        migrations.AddField(
            model_name="differenceword",
            name="sheet_line",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="words",
                to="procurement.sheetline",
            ),
        ),
        migrations.AddField(
            model_name="countedrow",
            name="sheet_line",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="rows", to="procurement.sheetline"
            ),
        ),
        migrations.AddField(
            model_name="sheetphoto",
            name="sheet",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="photos",
                to="procurement.receivingsheet",
            ),
        ),
        migrations.AddField(
            model_name="sheetphoto",
            name="sheet_line",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="photos",
                to="procurement.sheetline",
            ),
        ),
        migrations.AddField(
            model_name="sheetphoto",
            name="supplier",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
            ),
        ),
        migrations.AddField(
            model_name="sheetphoto",
            name="word",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="photos",
                to="procurement.differenceword",
            ),
        ),
        migrations.AddField(
            model_name="wrongitem",
            name="sheet",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="wrong_items",
                to="procurement.receivingsheet",
            ),
        ),
        migrations.AddField(
            model_name="wrongitem",
            name="supplier",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
            ),
        ),
        migrations.AddField(
            model_name="sheetphoto",
            name="wrong_item",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="photos",
                to="procurement.wrongitem",
            ),
        ),
        migrations.AddField(
            model_name="differenceword",
            name="wrong_item",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="words",
                to="procurement.wrongitem",
            ),
        ),
        migrations.AddIndex(
            model_name="receivingsheet",
            index=models.Index(fields=["supplier", "-updated_at", "-id"], name="sheet_of_supplier"),
        ),
        migrations.AddIndex(
            model_name="receivingsheet",
            index=models.Index(fields=["updated_at", "id"], name="sheet_moved"),
        ),
        migrations.AddIndex(
            model_name="receivingsheet",
            index=models.Index(fields=["consignment", "id"], name="sheet_of_consignment"),
        ),
        migrations.AddIndex(
            model_name="receivingsheet",
            index=models.Index(
                condition=models.Q(("state", "counting")),
                fields=["-updated_at", "-id"],
                name="sheet_being_counted",
            ),
        ),
        migrations.AddConstraint(
            model_name="receivingsheet",
            constraint=models.UniqueConstraint(fields=("id", "supplier"), name="sheet_wall"),
        ),
        migrations.AddConstraint(
            model_name="receivingsheet",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "counting")),
                fields=("consignment",),
                name="sheet_one_counts_a_consignment",
            ),
        ),
        migrations.AddConstraint(
            model_name="receivingsheet",
            constraint=models.UniqueConstraint(
                condition=models.Q(("source", ""), _negated=True),
                fields=("company", "source"),
                name="sheet_source_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="receivingsheet",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["counting", "posted", "reversed", "discarded"])),
                name="sheet_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="receivingsheet",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["posted", "reversed"]), _negated=True),
                    models.Q(("posted_at__isnull", False), ("received_on__isnull", False)),
                    _connector="OR",
                ),
                name="sheet_posted_is_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="receivingsheet",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "reversed"), _negated=True),
                    models.Q(("reversed_at__isnull", False), models.Q(("reverse_reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="sheet_reversed_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="receivingsheet",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("consignment__isnull", True), ("notice__isnull", True)),
                    models.Q(("consignment__isnull", False), ("notice__isnull", False)),
                    _connector="OR",
                ),
                name="sheet_notice_with_consignment",
            ),
        ),
        migrations.AddConstraint(
            model_name="packageseen",
            constraint=models.UniqueConstraint(fields=("sheet", "number"), name="package_seen_once"),
        ),
        migrations.AddConstraint(
            model_name="sheetline",
            constraint=models.UniqueConstraint(fields=("id", "supplier"), name="sheet_line_wall"),
        ),
        migrations.AddConstraint(
            model_name="sheetline",
            constraint=models.UniqueConstraint(fields=("sheet", "line"), name="sheet_line_once"),
        ),
        migrations.AddConstraint(
            model_name="sheetline",
            constraint=models.CheckConstraint(
                condition=models.Q(("rest__in", ["", "follows", "short"])), name="sheet_line_rest_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="countedrow",
            constraint=models.UniqueConstraint(fields=("sheet_line", "lot"), name="counted_lot_once"),
        ),
        migrations.AddConstraint(
            model_name="countedrow",
            constraint=models.CheckConstraint(
                condition=models.Q(("damaged__gte", 0), ("quantity__gte", 0)), name="counted_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="wrongitem",
            constraint=models.UniqueConstraint(fields=("id", "supplier"), name="wrong_item_wall"),
        ),
        migrations.AddConstraint(
            model_name="wrongitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity__gt", 0)), name="wrong_item_quantity_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="sheetphoto",
            constraint=models.CheckConstraint(
                condition=models.Q(("size__gt", 0), ("size__lte", 4194304)),
                name="sheet_photo_size_within_limit",
            ),
        ),
        migrations.AddConstraint(
            model_name="sheetphoto",
            constraint=models.CheckConstraint(
                condition=models.Q(("content_type__in", ["image/jpeg", "image/png", "image/webp"])),
                name="sheet_photo_is_a_picture",
            ),
        ),
        migrations.AddConstraint(
            model_name="differenceword",
            constraint=models.UniqueConstraint(fields=("id", "supplier"), name="difference_word_wall"),
        ),
        migrations.AddConstraint(
            model_name="differenceword",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "word__in",
                        ["agreed", "disputed", "credit", "replacement", "returned", "accepted", "closed"],
                    )
                ),
                name="difference_word_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="differenceword",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("sheet_line__isnull", True), ("wrong_item__isnull", False)),
                    models.Q(("sheet_line__isnull", False), ("wrong_item__isnull", True)),
                    _connector="OR",
                ),
                name="difference_word_of_one",
            ),
        ),
        wall(SHEET, visible=TOLD),
        *(wall(table, visible=WITH_SHEET) for table in (LINE, SEEN, WRONG, WORD, PHOTO)),
        wall(ROW, visible=WITH_LINE),
        same_supplier(SHEET, "notice_id", "procurement_shipnotice"),
        same_supplier(LINE, "sheet_id", SHEET),
        same_supplier(LINE, "order_id", "procurement_purchaseorder"),
        same_supplier(LINE, "line_id", "procurement_purchaseorderline"),
        same_supplier(ROW, "sheet_line_id", LINE),
        same_supplier(SEEN, "sheet_id", SHEET),
        same_supplier(WRONG, "sheet_id", SHEET),
        same_supplier(WORD, "sheet_id", SHEET),
        same_supplier(WORD, "sheet_line_id", LINE),
        same_supplier(WORD, "wrong_item_id", WRONG),
        same_supplier(PHOTO, "sheet_id", SHEET),
        same_supplier(PHOTO, "sheet_line_id", LINE),
        same_supplier(PHOTO, "wrong_item_id", WRONG),
        same_supplier(PHOTO, "word_id", WORD),
        *(supplier_may(table, "SELECT") for table in (SHEET, LINE, ROW, SEEN, WRONG)),
        # A supplier answers, with pictures if it has some; the buyer's words are not its own.
        *(supplier_may(table, "SELECT", "INSERT") for table in (WORD, PHOTO)),
        supplier_writes_only(WORD, "word = 'agreed' OR word = 'disputed'"),
        supplier_writes_only(PHOTO, "word_id IS NOT NULL"),
        append_only(WORD),
    ]
