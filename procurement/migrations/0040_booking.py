"""Approved invoices that the ERP is asked to book."""

import django.db.models.deletion
from django.db import migrations, models

from portal.kernel.walls import same_supplier, wall


class Migration(migrations.Migration):
    dependencies = [("procurement", "0039_payables")]

    operations = [
        migrations.CreateModel(
            name="InvoiceWrite",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Waiting for ERP"),
                            ("sent", "Sent to ERP"),
                            ("confirmed", "In ERP"),
                            ("person", "Needs a person"),
                            ("to_key", "To key by hand"),
                            ("unknown", "Unknown"),
                            ("superseded", "Superseded"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("payload", models.JSONField()),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("queued_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("calling_since", models.DateTimeField(null=True)),
                ("reason", models.TextField(blank=True)),
                (
                    "fault",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "nothing"),
                            ("transient", "a disturbance that passes"),
                            ("throttled", "the ERP asks for less at a time"),
                            ("credentials", "the credentials are no longer taken"),
                            ("permission", "a right in the ERP is missing"),
                            ("validation", "the ERP refuses the content"),
                            ("unsupported", "the connection cannot do it"),
                            ("unknown", "no answer"),
                            ("conflict", "the ERP moved meanwhile"),
                        ],
                        max_length=20,
                    ),
                ),
                ("reference", models.CharField(blank=True, max_length=120)),
                ("document", models.UUIDField()),
                ("voided", models.BooleanField(default=False)),
                ("order_ids", models.JSONField(default=list)),
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
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="erp_writes",
                        to="procurement.invoice",
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
                "indexes": [models.Index(fields=["document", "id"], name="invoice_write_of_document")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ["queued", "sent", "confirmed", "person", "to_key", "unknown", "superseded"],
                            )
                        ),
                        name="invoice_write_state_known",
                    )
                ],
            },
        ),
        # No supplier sees any of it; it has no right there at all.
        wall("procurement_invoicewrite"),
        same_supplier("procurement_invoicewrite", "order_id", "procurement_purchaseorder"),
        same_supplier("procurement_invoicewrite", "invoice_id", "procurement_invoice"),
    ]
