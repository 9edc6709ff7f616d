"""Invoices with lines, charges, taxes and files; how companies take and tax them; what is claimed of an order line."""

import uuid
from decimal import Decimal

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

from portal.kernel.walls import same_supplier, supplier_may, supplier_writes_only, wall

INVOICE = "procurement_invoice"
LINE = "procurement_invoiceline"
CHARGE = "procurement_invoicecharge"
TAX = "procurement_invoicetax"
FILE = "procurement_invoicefile"
# What an invoice says. A supplier writes it while it is a draft; from then on nobody does.
SAID = (
    "number, number_key, invoiced_on, supplied_on, due_on, payment_days, discount_percent, discount_days, "
    "corrects_id, corrects_number, reason, buyer_reference, supplier_tax_id, company_tax_id, "
    "withholding_note, note, line_total, allowance_total, charge_total, tax_total, total, typed_total"
)
# What is said once, when it is begun.
BEGUN = "key, supplier_id, company_id, kind, document, issue, replaces_id, sheet_id, currency, on_behalf"
# What becomes of it, as far as its supplier moves it.
MOVED = (
    "state, version, updated_at, state_at, written_by, sent_at, sent_by, sent_by_user_id, channel, acts, "
    "held_for, held_at, end_reason"
)
# What a supplier never says of an invoice that it begins.
NOT_MOVED = (
    "sent_at IS NULL AND approved_at IS NULL AND pay_on IS NULL AND paid_on IS NULL AND bill_id IS NULL "
    "AND held_for = '{}'::jsonb AND acts = ''"
)
IN_DRAFT = f"EXISTS (SELECT 1 FROM {INVOICE} i WHERE i.id = invoice_id AND i.state = 'draft')"


# The tables of bills were called so once (0035); their keys, indexes and sequences still are.
NAMES_OF_BILLS = """
DO $$
DECLARE old record;
BEGIN
    FOR old IN
        SELECT conrelid::regclass AS owner, conname AS name FROM pg_constraint
        WHERE conrelid IN ('procurement_bill'::regclass, 'procurement_billline'::regclass)
        AND conname LIKE 'procurement_invoice%'
    LOOP
        EXECUTE format('ALTER TABLE %s RENAME CONSTRAINT %I TO %I', old.owner, old.name,
                       replace(old.name, 'procurement_invoice', 'procurement_bill'));
    END LOOP;
    FOR old IN
        SELECT c.relname AS name, c.relkind AS kind FROM pg_class c
        LEFT JOIN pg_index i ON i.indexrelid = c.oid
        LEFT JOIN pg_depend d ON d.objid = c.oid AND d.deptype IN ('a', 'i') AND c.relkind = 'S'
        WHERE c.relname LIKE 'procurement_invoice%' AND c.relkind IN ('i', 'S')
        AND coalesce(i.indrelid, d.refobjid) IN ('procurement_bill'::regclass, 'procurement_billline'::regclass)
    LOOP
        EXECUTE format('ALTER %s %I RENAME TO %I', CASE old.kind WHEN 'S' THEN 'SEQUENCE' ELSE 'INDEX' END,
                       old.name, replace(old.name, 'procurement_invoice', 'procurement_bill'));
    END LOOP;
END $$;
"""


def what_was_sent_stays() -> migrations.RunSQL:
    """An invoice that was sent says the same for ever, and a supplier moves only what it may move."""

    def moved(names: str) -> str:
        each = (name.strip() for name in names.split(","))
        return "(" + " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in each) + ")"

    differs = moved(f"{BEGUN}, {SAID}")
    sent, held = moved("sent_at, sent_by, sent_by_user_id, channel"), moved("held_for, acts, held_at")
    return migrations.RunSQL(
        sql=f"""
            CREATE FUNCTION {INVOICE}_stays() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF OLD.state <> 'draft' AND {differs} THEN
                    RAISE EXCEPTION 'invoice_stays: what was sent is never edited'
                        USING ERRCODE = 'restrict_violation';
                END IF;
                IF current_user = 'quayside_supplier' AND NEW.state <> OLD.state AND NOT (
                    (OLD.state = 'draft' AND NEW.state IN ('sent', 'discarded'))
                    OR (OLD.state IN ('sent', 'held', 'disputed') AND NEW.state IN ('withdrawn', 'replaced'))
                    OR (OLD.state = 'rejected' AND NEW.state = 'replaced')
                ) THEN
                    RAISE EXCEPTION 'invoice_stays: this is not for a supplier to say'
                        USING ERRCODE = 'insufficient_privilege';
                END IF;
                IF current_user = 'quayside_supplier' AND (
                    ({sent} AND NOT (OLD.state = 'draft' AND NEW.state = 'sent'))
                    OR ({held} AND NOT (NEW.state IN ('withdrawn', 'replaced') AND NEW.held_for = '{{}}'::jsonb
                                        AND NEW.acts = '' AND NEW.held_at IS NULL))
                    OR (NEW.end_reason IS DISTINCT FROM OLD.end_reason AND NEW.state <> 'withdrawn')
                    OR (NEW.state_at IS DISTINCT FROM OLD.state_at AND NEW.state = OLD.state)
                ) THEN
                    RAISE EXCEPTION 'invoice_stays: how it stands is not for a supplier to say'
                        USING ERRCODE = 'insufficient_privilege';
                END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER {INVOICE}_stays BEFORE UPDATE ON {INVOICE}
                FOR EACH ROW EXECUTE FUNCTION {INVOICE}_stays();
        """,
        reverse_sql=f"DROP TRIGGER {INVOICE}_stays ON {INVOICE}; DROP FUNCTION {INVOICE}_stays();",
    )


def supplier_drops_only(table: str, check: str) -> migrations.RunSQL:
    """Narrow the rows of its own that a supplier may delete."""
    return migrations.RunSQL(
        sql=f"""
            CREATE POLICY supplier_drops_only ON {table} AS RESTRICTIVE
                FOR DELETE TO quayside_supplier USING ({check});
        """,
        reverse_sql=f"DROP POLICY supplier_drops_only ON {table};",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("procurement", "0036_counts_that_differ"),
        ("suppliers", "0006_invoicing"),
    ]

    operations = [
        migrations.RunSQL(NAMES_OF_BILLS, migrations.RunSQL.noop),
        migrations.AddField(
            model_name="purchaseorderline",
            name="claimed_quantity",
            field=models.DecimalField(
                db_default=Decimal("0"), decimal_places=6, default=Decimal("0"), max_digits=18
            ),
        ),
        migrations.CreateModel(
            name="Invoice",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("invoice", "Invoice"),
                            ("credit_note", "Credit note"),
                            ("debit_note", "Debit note"),
                        ],
                        default="invoice",
                        max_length=15,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("sent", "Being matched"),
                            ("held", "Held"),
                            ("disputed", "Disputed"),
                            ("approved", "Approved"),
                            ("scheduled", "Scheduled"),
                            ("paid", "Paid"),
                            ("rejected", "Rejected"),
                            ("withdrawn", "Withdrawn"),
                            ("replaced", "Replaced"),
                            ("voided", "Voided"),
                            ("discarded", "Discarded"),
                        ],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("document", models.UUIDField(default=uuid.uuid4)),
                ("issue", models.PositiveIntegerField(default=1)),
                ("corrects_number", models.CharField(blank=True, max_length=60)),
                ("reason", models.TextField(blank=True)),
                ("number", models.CharField(blank=True, max_length=60)),
                ("number_key", models.CharField(blank=True, max_length=60)),
                ("invoiced_on", models.DateField(null=True)),
                ("supplied_on", models.DateField(null=True)),
                ("due_on", models.DateField(null=True)),
                ("payment_days", models.PositiveSmallIntegerField(null=True)),
                ("discount_percent", models.DecimalField(decimal_places=4, max_digits=8, null=True)),
                ("discount_days", models.PositiveSmallIntegerField(null=True)),
                ("currency", models.CharField(max_length=3)),
                ("buyer_reference", models.CharField(blank=True, max_length=100)),
                ("supplier_tax_id", models.CharField(blank=True, max_length=30)),
                ("company_tax_id", models.CharField(blank=True, max_length=30)),
                ("withholding_note", models.TextField(blank=True)),
                ("note", models.TextField(blank=True)),
                ("line_total", models.DecimalField(decimal_places=4, default=Decimal("0"), max_digits=20)),
                (
                    "allowance_total",
                    models.DecimalField(decimal_places=4, default=Decimal("0"), max_digits=20),
                ),
                ("charge_total", models.DecimalField(decimal_places=4, default=Decimal("0"), max_digits=20)),
                ("tax_total", models.DecimalField(decimal_places=4, default=Decimal("0"), max_digits=20)),
                ("total", models.DecimalField(decimal_places=4, default=Decimal("0"), max_digits=20)),
                ("typed_total", models.DecimalField(decimal_places=4, max_digits=20, null=True)),
                ("drafted_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("state_at", models.DateTimeField()),
                ("written_by", models.CharField(max_length=200)),
                ("on_behalf", models.BooleanField(default=False)),
                ("sent_at", models.DateTimeField(null=True)),
                ("sent_by", models.CharField(blank=True, max_length=200)),
                ("sent_by_user_id", models.BigIntegerField(null=True)),
                ("channel", models.CharField(blank=True, max_length=20)),
                ("held_for", models.JSONField(default=dict)),
                (
                    "acts",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("supplier", "The supplier"),
                            ("buyer", "The buyer"),
                            ("receiver", "Receiving"),
                            ("payables", "Accounts payable"),
                            ("nobody", "Nobody: it goes on by itself"),
                        ],
                        max_length=10,
                    ),
                ),
                ("held_at", models.DateTimeField(null=True)),
                ("approved_at", models.DateTimeField(null=True)),
                ("approved_by", models.CharField(blank=True, max_length=200)),
                ("approval_reason", models.TextField(blank=True)),
                ("rejected_reason", models.TextField(blank=True)),
                ("end_reason", models.TextField(blank=True)),
                ("pay_on", models.DateField(null=True)),
                ("paid_on", models.DateField(null=True)),
                ("payment_reference", models.CharField(blank=True, max_length=200)),
                (
                    "bill",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoices",
                        to="procurement.bill",
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procurement.company",
                    ),
                ),
                (
                    "corrects",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notes",
                        to="procurement.invoice",
                    ),
                ),
                (
                    "replaces",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaced_by",
                        to="procurement.invoice",
                    ),
                ),
                (
                    "sheet",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credit_notes",
                        to="procurement.receivingsheet",
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
            name="InvoiceFile",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("picture", "Picture of the invoice"),
                            ("evidence", "Evidence"),
                            ("einvoice", "Electronic invoice"),
                        ],
                        max_length=10,
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("content_type", models.CharField(max_length=100)),
                ("size", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("content", models.BinaryField()),
                ("added_at", models.DateTimeField()),
                ("added_by", models.CharField(max_length=200)),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="files",
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
        ),
        migrations.CreateModel(
            name="InvoiceLine",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("position", models.PositiveIntegerField()),
                ("description", models.CharField(blank=True, max_length=300)),
                ("supplier_item", models.CharField(blank=True, max_length=60)),
                ("quantity", models.DecimalField(decimal_places=6, default=Decimal("0"), max_digits=18)),
                ("unit", models.CharField(blank=True, max_length=20)),
                ("unit_decimals", models.PositiveSmallIntegerField(default=0)),
                ("unit_price", models.DecimalField(decimal_places=6, default=Decimal("0"), max_digits=18)),
                (
                    "price_quantity",
                    models.DecimalField(decimal_places=6, default=Decimal("1"), max_digits=18),
                ),
                ("amount", models.DecimalField(decimal_places=4, default=Decimal("0"), max_digits=20)),
                ("price_only", models.BooleanField(default=False)),
                (
                    "category",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("S", "Standard rate"),
                            ("Z", "Zero rated"),
                            ("E", "Exempt"),
                            ("AE", "Reverse charge"),
                            ("K", "Intra-community supply"),
                            ("G", "Export outside the EU"),
                            ("O", "Outside the scope of tax"),
                            ("L", "IGIC, Canary Islands"),
                            ("M", "IPSI, Ceuta and Melilla"),
                        ],
                        max_length=2,
                    ),
                ),
                ("tax_rate", models.DecimalField(decimal_places=4, default=Decimal("0"), max_digits=8)),
                ("jurisdiction", models.CharField(blank=True, max_length=60)),
                ("approved_amount", models.DecimalField(decimal_places=4, max_digits=20, null=True)),
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
                    "notice_line",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoice_lines",
                        to="procurement.shipnoticeline",
                    ),
                ),
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
                    "sheet_line",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoice_lines",
                        to="procurement.sheetline",
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
            name="InvoiceCharge",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("position", models.PositiveIntegerField(default=1)),
                ("is_allowance", models.BooleanField(default=False)),
                ("code", models.CharField(blank=True, max_length=10)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("percent", models.DecimalField(decimal_places=4, max_digits=8, null=True)),
                ("amount", models.DecimalField(decimal_places=4, max_digits=20)),
                (
                    "category",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("S", "Standard rate"),
                            ("Z", "Zero rated"),
                            ("E", "Exempt"),
                            ("AE", "Reverse charge"),
                            ("K", "Intra-community supply"),
                            ("G", "Export outside the EU"),
                            ("O", "Outside the scope of tax"),
                            ("L", "IGIC, Canary Islands"),
                            ("M", "IPSI, Ceuta and Melilla"),
                        ],
                        max_length=2,
                    ),
                ),
                ("tax_rate", models.DecimalField(decimal_places=4, default=Decimal("0"), max_digits=8)),
                ("jurisdiction", models.CharField(blank=True, max_length=60)),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="charges",
                        to="procurement.invoice",
                    ),
                ),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
                    ),
                ),
                (
                    "of_line",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="charges",
                        to="procurement.invoiceline",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="InvoiceTax",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "category",
                    models.CharField(
                        choices=[
                            ("S", "Standard rate"),
                            ("Z", "Zero rated"),
                            ("E", "Exempt"),
                            ("AE", "Reverse charge"),
                            ("K", "Intra-community supply"),
                            ("G", "Export outside the EU"),
                            ("O", "Outside the scope of tax"),
                            ("L", "IGIC, Canary Islands"),
                            ("M", "IPSI, Ceuta and Melilla"),
                        ],
                        max_length=2,
                    ),
                ),
                ("tax_rate", models.DecimalField(decimal_places=4, default=Decimal("0"), max_digits=8)),
                ("jurisdiction", models.CharField(blank=True, max_length=60)),
                ("base", models.DecimalField(decimal_places=4, max_digits=20)),
                ("amount", models.DecimalField(decimal_places=4, max_digits=20)),
                ("exemption_reason", models.CharField(blank=True, max_length=300)),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="taxes",
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
        ),
        migrations.CreateModel(
            name="InvoiceTaxChoice",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "category",
                    models.CharField(
                        choices=[
                            ("S", "Standard rate"),
                            ("Z", "Zero rated"),
                            ("E", "Exempt"),
                            ("AE", "Reverse charge"),
                            ("K", "Intra-community supply"),
                            ("G", "Export outside the EU"),
                            ("O", "Outside the scope of tax"),
                            ("L", "IGIC, Canary Islands"),
                            ("M", "IPSI, Ceuta and Melilla"),
                        ],
                        max_length=2,
                    ),
                ),
                ("rate", models.DecimalField(decimal_places=4, default=Decimal("0"), max_digits=8)),
                ("jurisdiction", models.CharField(blank=True, max_length=60)),
                ("label", models.CharField(max_length=100)),
                ("exemption_reason", models.CharField(blank=True, max_length=300)),
                ("is_usual", models.BooleanField(default=False)),
                ("position", models.PositiveIntegerField(default=1)),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoice_taxes",
                        to="procurement.company",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="InvoicingProfile",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("version", models.PositiveIntegerField(default=1)),
                ("allow_without_order", models.BooleanField(default=False)),
                ("claims_received", models.BooleanField(default=True)),
                ("einvoice_formats", models.JSONField(default=list)),
                ("company_tax_id", models.CharField(blank=True, max_length=30)),
                ("name", models.CharField(blank=True, max_length=200)),
                ("address", models.TextField(blank=True)),
                ("country", models.CharField(blank=True, max_length=2)),
                ("updated_at", models.DateTimeField()),
                ("updated_by", models.CharField(blank=True, max_length=200)),
                (
                    "company",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoicing_profile",
                        to="procurement.company",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["supplier", "-updated_at", "-id"], name="invoice_of_supplier"),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["-updated_at", "-id"], name="invoice_newest"),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["updated_at", "id"], name="invoice_moved"),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["supplier", "number_key"], name="invoice_by_number"),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["supplier", "total", "invoiced_on"], name="invoice_by_amount"),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(
                condition=models.Q(("state__in", ["sent", "held", "disputed"])),
                fields=["due_on", "id"],
                name="invoice_open_by_due",
            ),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(
                condition=models.Q(("bill__isnull", False)), fields=["bill"], name="invoice_of_bill"
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(fields=("id", "supplier"), name="invoice_wall"),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "discarded"), _negated=True),
                fields=("document", "issue"),
                name="invoice_issue_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("kind__in", ["invoice", "debit_note"]),
                    ("state__in", ["sent", "held", "disputed", "approved", "scheduled", "paid"]),
                ),
                fields=("supplier", "company", "number_key"),
                name="invoice_number_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("kind", "credit_note"),
                    ("state__in", ["sent", "held", "disputed", "approved", "scheduled", "paid"]),
                ),
                fields=("supplier", "company", "number_key"),
                name="invoice_number_once_credited",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["invoice", "credit_note", "debit_note"])),
                name="invoice_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "draft",
                            "sent",
                            "held",
                            "disputed",
                            "approved",
                            "scheduled",
                            "paid",
                            "rejected",
                            "withdrawn",
                            "replaced",
                            "voided",
                            "discarded",
                        ],
                    )
                ),
                name="invoice_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("acts__in", ["", "supplier", "buyer", "receiver", "payables", "nobody"])),
                name="invoice_acts_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("issue__gte", 1)), name="invoice_issue_from_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("state__in", ["sent", "held", "disputed", "approved", "scheduled", "paid"]),
                        _negated=True,
                    ),
                    models.Q(
                        ("invoiced_on__isnull", False),
                        ("sent_at__isnull", False),
                        models.Q(("number_key", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="invoice_sent_is_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "held"), _negated=True),
                    models.Q(
                        ("held_at__isnull", False),
                        models.Q(("held_for", {}), _negated=True),
                        models.Q(("acts", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="invoice_held_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "rejected"), _negated=True),
                    models.Q(("rejected_reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="invoice_rejected_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "total",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    models.F("line_total"), "-", models.F("allowance_total")
                                ),
                                "+",
                                models.F("charge_total"),
                            ),
                            "+",
                            models.F("tax_total"),
                        ),
                    )
                ),
                name="invoice_adds_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["approved", "scheduled", "paid"]), _negated=True),
                    models.Q(("approved_at__isnull", False), models.Q(("approved_by", ""), _negated=True)),
                    _connector="OR",
                ),
                name="invoice_approved_by_somebody",
            ),
        ),
        migrations.AddIndex(
            model_name="invoicefile",
            index=models.Index(fields=["invoice", "added_at"], name="invoice_file_of_invoice"),
        ),
        migrations.AddIndex(
            model_name="invoicefile",
            index=models.Index(fields=["supplier", "sha256"], name="invoice_file_same"),
        ),
        migrations.AddConstraint(
            model_name="invoicefile",
            constraint=models.UniqueConstraint(fields=("id", "supplier"), name="invoice_file_wall"),
        ),
        migrations.AddConstraint(
            model_name="invoicefile",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["picture", "evidence", "einvoice"])),
                name="invoice_file_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoicefile",
            constraint=models.CheckConstraint(
                condition=models.Q(("size__gt", 0), ("size__lte", 10485760)),
                name="invoice_file_size_within_limit",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoicefile",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "picture")), fields=("invoice",), name="invoice_has_one_picture"
            ),
        ),
        migrations.AddIndex(
            model_name="invoiceline",
            index=models.Index(fields=["line", "invoice"], name="invoice_line_of_line"),
        ),
        migrations.AddIndex(
            model_name="invoiceline",
            index=models.Index(fields=["order", "invoice"], name="invoice_line_of_order"),
        ),
        migrations.AddConstraint(
            model_name="invoiceline",
            constraint=models.UniqueConstraint(fields=("id", "supplier"), name="invoice_line_wall"),
        ),
        migrations.AddConstraint(
            model_name="invoiceline",
            constraint=models.UniqueConstraint(
                fields=("invoice", "position"), name="invoice_line_position_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="invoiceline",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity__gte", 0)), name="invoice_line_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="invoiceline",
            constraint=models.CheckConstraint(
                condition=models.Q(("price_quantity__gt", 0)), name="invoice_line_price_per_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="invoiceline",
            constraint=models.CheckConstraint(
                condition=models.Q(("category__in", ["", "S", "Z", "E", "AE", "K", "G", "O", "L", "M"])),
                name="invoice_line_tax_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoiceline",
            constraint=models.CheckConstraint(
                condition=models.Q(("line__isnull", True), ("order__isnull", False), _connector="OR"),
                name="invoice_line_with_its_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoicecharge",
            constraint=models.UniqueConstraint(fields=("id", "supplier"), name="invoice_charge_wall"),
        ),
        migrations.AddConstraint(
            model_name="invoicecharge",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gte", 0)), name="invoice_charge_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="invoicecharge",
            constraint=models.CheckConstraint(
                condition=models.Q(("category__in", ["", "S", "Z", "E", "AE", "K", "G", "O", "L", "M"])),
                name="invoice_charge_tax_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoicetax",
            constraint=models.UniqueConstraint(
                fields=("invoice", "category", "tax_rate", "jurisdiction"), name="invoice_tax_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="invoicetax",
            constraint=models.CheckConstraint(
                condition=models.Q(("category__in", ["S", "Z", "E", "AE", "K", "G", "O", "L", "M"])),
                name="invoice_tax_category_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoicetaxchoice",
            constraint=models.UniqueConstraint(
                fields=("company", "category", "rate", "jurisdiction"), name="invoice_tax_choice_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="invoicetaxchoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("category__in", ["S", "Z", "E", "AE", "K", "G", "O", "L", "M"])),
                name="invoice_tax_choice_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoicetaxchoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("rate__gte", 0), ("rate__lt", 100)), name="invoice_tax_choice_rate"
            ),
        ),
        migrations.AddConstraint(
            model_name="invoicetaxchoice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_usual", True)), fields=("company",), name="invoice_tax_one_is_usual"
            ),
        ),
        wall(INVOICE, visible="NOT (on_behalf AND (state = 'draft' OR state = 'discarded'))"),
        *(wall(table) for table in (LINE, CHARGE, TAX, FILE)),
        same_supplier(INVOICE, "replaces_id", INVOICE),
        same_supplier(INVOICE, "corrects_id", INVOICE),
        same_supplier(INVOICE, "sheet_id", "procurement_receivingsheet"),
        same_supplier(INVOICE, "bill_id", "procurement_bill"),
        *(same_supplier(table, "invoice_id", INVOICE) for table in (LINE, CHARGE, TAX, FILE)),
        same_supplier(LINE, "order_id", "procurement_purchaseorder"),
        same_supplier(LINE, "line_id", "procurement_purchaseorderline"),
        same_supplier(LINE, "notice_line_id", "procurement_shipnoticeline"),
        same_supplier(LINE, "sheet_line_id", "procurement_sheetline"),
        same_supplier(CHARGE, "of_line_id", LINE),
        supplier_may(INVOICE, "SELECT", "INSERT", f"UPDATE ({SAID}, {MOVED})"),
        supplier_writes_only(INVOICE, f"state = 'draft' AND NOT on_behalf AND {NOT_MOVED}"),
        what_was_sent_stays(),
        # What hangs on a draft is written anew with it; of what was sent nothing goes and nothing is added but evidence.
        *(supplier_may(table, "SELECT", "INSERT", "DELETE") for table in (LINE, CHARGE, TAX, FILE)),
        *(supplier_writes_only(table, IN_DRAFT) for table in (LINE, CHARGE, TAX)),
        supplier_writes_only(FILE, f"kind = 'evidence' OR {IN_DRAFT}"),
        *(supplier_drops_only(table, IN_DRAFT) for table in (LINE, CHARGE, TAX, FILE)),
        supplier_may("procurement_invoicingprofile", "SELECT"),
        supplier_may("procurement_invoicetaxchoice", "SELECT"),
        supplier_may("procurement_purchaseorderline", "UPDATE (claimed_quantity, finance)"),
    ]
