"""To which account an invoice asks to be paid."""

import django.db.models.deletion
from django.db import migrations, models

from portal.kernel.walls import same_supplier, supplier_may

INVOICE = "procurement_invoice"
# What was sent stays (0037): to which account it asks to be paid, too.
STAYS = """
CREATE FUNCTION procurement_invoice_account_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'draft' THEN
        RAISE EXCEPTION 'invoice_stays: what was sent is never edited' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER procurement_invoice_account_stays BEFORE UPDATE OF pay_to_id, asked_account, asked_trace ON procurement_invoice
    FOR EACH ROW WHEN (NEW.pay_to_id IS DISTINCT FROM OLD.pay_to_id OR NEW.asked_account <> OLD.asked_account
                       OR NEW.asked_trace <> OLD.asked_trace)
    EXECUTE FUNCTION procurement_invoice_account_stays();
"""
GOES = """
DROP TRIGGER procurement_invoice_account_stays ON procurement_invoice;
DROP FUNCTION procurement_invoice_account_stays();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("procurement", "0050_documents"),
        ("suppliers", "0012_banking"),
    ]

    operations = [
        migrations.AddField(
            model_name="invoice",
            name="asked_account",
            field=models.CharField(blank=True, db_default="", max_length=12),
        ),
        migrations.AddField(
            model_name="invoice",
            name="asked_trace",
            field=models.CharField(blank=True, db_default="", max_length=64),
        ),
        migrations.AddField(
            model_name="invoice",
            name="pay_to",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="suppliers.bankaccount",
            ),
        ),
        same_supplier(INVOICE, "pay_to_id", "suppliers_bankaccount"),
        supplier_may(INVOICE, "UPDATE (pay_to_id, asked_account, asked_trace)"),
        migrations.RunSQL(STAYS, GOES),
    ]
