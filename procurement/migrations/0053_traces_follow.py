"""What an invoice's account is recognised by follows it when a key is turned; a change of bank details is a case."""

from django.db import migrations, models

# Note [Traces follow]: an account number is recognised by a code under a key (kernel.sealing). Sealed anew it has
# another code, and the invoices that name the account are given that one too: by the owner, in the same statement, and
# nothing else about them may be another. See 0051 for what stays.
FOLLOWS = """
CREATE OR REPLACE FUNCTION procurement_invoice_account_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'draft' AND NOT (
        current_user = 'quayside_owner'
        AND NEW.pay_to_id IS NOT DISTINCT FROM OLD.pay_to_id AND NEW.asked_account = OLD.asked_account
    ) THEN
        RAISE EXCEPTION 'invoice_stays: what was sent is never edited' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION procurement_traces_follow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    UPDATE procurement_invoice SET asked_trace = NEW.trace
    WHERE supplier_id = NEW.supplier_id AND asked_trace = OLD.trace;
    RETURN NULL;
END $$;
CREATE TRIGGER traces_follow AFTER UPDATE OF trace ON suppliers_banknumber
    FOR EACH ROW WHEN (OLD.trace <> NEW.trace) EXECUTE FUNCTION procurement_traces_follow();
"""
STAYS = """
DROP TRIGGER traces_follow ON suppliers_banknumber;
DROP FUNCTION procurement_traces_follow();
CREATE OR REPLACE FUNCTION procurement_invoice_account_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'draft' THEN
        RAISE EXCEPTION 'invoice_stays: what was sent is never edited' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""

CAUSES = [
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
    ("invoice", "An invoice waits for us"),
    ("credit", "A credit is due"),
    ("question", "A question about an invoice was not answered"),
    ("document", "A document of a supplier is late"),
    ("bank", "A change of bank details waits for us"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("procurement", "0052_details"),
        ("suppliers", "0014_kept_and_told"),
    ]

    operations = [
        migrations.RunSQL(FOLLOWS, STAYS),
        migrations.RemoveConstraint(model_name="exceptioncase", name="case_cause_known"),
        migrations.AlterField(
            model_name="exceptioncase", name="cause", field=models.CharField(choices=CAUSES, max_length=20)
        ),
        migrations.AddConstraint(
            model_name="exceptioncase",
            constraint=models.CheckConstraint(
                condition=models.Q(("cause__in", [cause for cause, _label in CAUSES])),
                name="case_cause_known",
            ),
        ),
    ]
