"""What the ERP has booked is a bill from now on; "invoice" is the word for what a supplier claims."""

from collections.abc import Sequence
from decimal import Decimal

import django.db.models.deletion
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

INDEXES = (
    ("bill", "invoice_of_supplier_moved", "bill_of_supplier_moved"),
    ("bill", "invoice_moved", "bill_moved"),
    ("billline", "invoice_line_waits_for_order", "bill_line_waits_for_order"),
)
SAME_SUPPLIER = (
    ("procurement_invoiceline_invoice_id_same_supplier", "procurement_billline_bill_id_same_supplier"),
    ("procurement_invoiceline_line_id_same_supplier", "procurement_billline_line_id_same_supplier"),
)
CONSTRAINTS = {
    "invoice_key_once": models.UniqueConstraint(fields=["company", "key"], name="bill_key_once"),
    "invoice_wall": models.UniqueConstraint(fields=["id", "supplier"], name="bill_wall"),
    "invoice_kind_known": models.CheckConstraint(
        condition=models.Q(kind__in=["invoice", "credit_note"]), name="bill_kind_known"
    ),
    "invoice_state_known": models.CheckConstraint(
        condition=models.Q(state__in=["entered", "approved", "partly_paid", "paid", "cancelled"]),
        name="bill_state_known",
    ),
    "invoice_open_within_total": models.CheckConstraint(
        condition=models.Q(open_amount__gte=Decimal(0), open_amount__lte=models.F("total")),
        name="bill_open_within_total",
    ),
}


def renamed(table: str, old: str, new: str, state: Sequence[Operation] = ()) -> migrations.RunSQL:
    """A constraint under another name, where it stands: foreign keys may hang on it."""
    return migrations.RunSQL(
        sql=f"ALTER TABLE {table} RENAME CONSTRAINT {old} TO {new};",
        reverse_sql=f"ALTER TABLE {table} RENAME CONSTRAINT {new} TO {old};",
        state_operations=list(state),
    )


class Migration(migrations.Migration):
    dependencies = [("procurement", "0034_numbers_found")]

    operations = [
        migrations.RenameModel("Invoice", "Bill"),
        migrations.RenameModel("InvoiceLine", "BillLine"),
        migrations.RenameField("BillLine", "invoice", "bill"),
        migrations.AlterField(
            "BillLine",
            "line",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="bill_lines",
                to="procurement.purchaseorderline",
            ),
        ),
        *(migrations.RenameIndex(model, new_name=new, old_name=old) for model, old, new in INDEXES),
        *(renamed("procurement_billline", old, new) for old, new in SAME_SUPPLIER),
        *(
            renamed(
                "procurement_bill",
                old,
                new.name,
                [migrations.RemoveConstraint("bill", old), migrations.AddConstraint("bill", new)],
            )
            for old, new in CONSTRAINTS.items()
        ),
    ]
