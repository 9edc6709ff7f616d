"""What has arrived and what is billed, mirrored from the ERP: walled, and read alone for suppliers."""

from decimal import Decimal

import django.db.models.deletion
from django.db import migrations, models

from portal.kernel.walls import same_supplier, supplier_may, wall

LINE = "procurement_purchaseorderline"
RECEIPT, INVOICE, BILLED = "procurement_receipt", "procurement_invoice", "procurement_invoiceline"


class Migration(migrations.Migration):
    dependencies = [
        ("procurement", "0013_conflicts"),
        ("suppliers", "0003_people_walls"),
    ]

    operations = [
        migrations.AlterField(
            model_name="feedcursor",
            name="feed",
            field=models.CharField(
                choices=[
                    ("companies", "companies"),
                    ("units", "units"),
                    ("sites", "sites"),
                    ("suppliers", "suppliers"),
                    ("supplier_sites", "supplier_sites"),
                    ("items", "items"),
                    ("supplier_items", "supplier_items"),
                    ("orders", "orders"),
                    ("receipts", "receipts"),
                    ("invoices", "invoices"),
                    ("command_results", "command_results"),
                ],
                max_length=30,
                unique=True,
            ),
        ),
        migrations.AlterField(
            model_name="feedrun",
            name="feed",
            field=models.CharField(
                choices=[
                    ("companies", "companies"),
                    ("units", "units"),
                    ("sites", "sites"),
                    ("suppliers", "suppliers"),
                    ("supplier_sites", "supplier_sites"),
                    ("items", "items"),
                    ("supplier_items", "supplier_items"),
                    ("orders", "orders"),
                    ("receipts", "receipts"),
                    ("invoices", "invoices"),
                    ("command_results", "command_results"),
                ],
                max_length=30,
            ),
        ),
        migrations.CreateModel(
            name="Invoice",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=80)),
                (
                    "kind",
                    models.CharField(
                        choices=[("invoice", "Invoice"), ("credit_note", "Credit note")],
                        default="invoice",
                        max_length=15,
                    ),
                ),
                ("number", models.CharField(blank=True, max_length=80)),
                ("reference", models.CharField(blank=True, max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("entered", "Entered"),
                            ("approved", "Approved"),
                            ("partly_paid", "Partly paid"),
                            ("paid", "Paid"),
                            ("cancelled", "Cancelled"),
                        ],
                        max_length=15,
                    ),
                ),
                ("invoiced_on", models.DateField()),
                ("due_on", models.DateField(null=True)),
                ("paid_on", models.DateField(null=True)),
                ("currency", models.CharField(max_length=3)),
                ("total", models.DecimalField(decimal_places=6, max_digits=20)),
                ("open_amount", models.DecimalField(decimal_places=6, max_digits=20)),
                ("content_hash", models.CharField(max_length=64)),
                ("erp_stamp", models.DateTimeField(null=True)),
                ("told_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procurement.company",
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
            name="InvoiceLine",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("order_number", models.CharField(max_length=60)),
                ("line_key", models.CharField(max_length=60)),
                ("quantity", models.DecimalField(decimal_places=6, max_digits=18)),
                ("amount", models.DecimalField(decimal_places=6, max_digits=20)),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="procurement.invoice",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoice_lines",
                        to="procurement.purchaseorderline",
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
            name="Receipt",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=80)),
                ("order_number", models.CharField(max_length=60)),
                ("line_key", models.CharField(max_length=60)),
                ("quantity", models.DecimalField(decimal_places=6, max_digits=18)),
                ("unit", models.CharField(max_length=20)),
                ("unit_decimals", models.PositiveSmallIntegerField(default=0)),
                ("received_on", models.DateField()),
                ("reference", models.CharField(blank=True, max_length=200)),
                ("reversed", models.BooleanField(default=False)),
                ("content_hash", models.CharField(max_length=64)),
                ("erp_stamp", models.DateTimeField(null=True)),
                ("told_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procurement.company",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipts",
                        to="procurement.purchaseorderline",
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
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["supplier", "updated_at", "id"], name="invoice_of_supplier_moved"),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["updated_at", "id"], name="invoice_moved"),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(fields=("company", "key"), name="invoice_key_once"),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(fields=("id", "supplier"), name="invoice_wall"),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["invoice", "credit_note"])), name="invoice_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["entered", "approved", "partly_paid", "paid", "cancelled"])
                ),
                name="invoice_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("open_amount__gte", Decimal("0")), ("open_amount__lte", models.F("total"))
                ),
                name="invoice_open_within_total",
            ),
        ),
        migrations.AddIndex(
            model_name="invoiceline",
            index=models.Index(
                condition=models.Q(("line__isnull", True)),
                fields=["order_number"],
                name="invoice_line_waits_for_order",
            ),
        ),
        migrations.AddIndex(
            model_name="receipt",
            index=models.Index(
                condition=models.Q(("line__isnull", True)),
                fields=["order_number"],
                name="receipt_waits_for_order",
            ),
        ),
        migrations.AddIndex(
            model_name="receipt",
            index=models.Index(fields=["supplier", "updated_at", "id"], name="receipt_of_supplier_moved"),
        ),
        migrations.AddIndex(
            model_name="receipt",
            index=models.Index(fields=["updated_at", "id"], name="receipt_moved"),
        ),
        migrations.AddConstraint(
            model_name="receipt",
            constraint=models.UniqueConstraint(fields=("company", "key"), name="receipt_key_once"),
        ),
        migrations.AddConstraint(
            model_name="receipt",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity__gt", Decimal("0"))), name="receipt_quantity_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="receipt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("line__isnull", True), ("supplier__isnull", True)),
                    models.Q(("line__isnull", False), ("supplier__isnull", False)),
                    _connector="OR",
                ),
                name="receipt_supplier_with_line",
            ),
        ),
        *(wall(table) for table in (RECEIPT, INVOICE, BILLED)),
        same_supplier(RECEIPT, "line_id", LINE),
        same_supplier(BILLED, "invoice_id", INVOICE),
        same_supplier(BILLED, "line_id", LINE),
        *(supplier_may(table, "SELECT") for table in (RECEIPT, INVOICE, BILLED)),
    ]
