"""On which terms a company pays early, what suppliers agreed to, and what the ERP is told of it; a discount of the terms
is kept as it is worked out."""

import uuid
from decimal import Decimal

import django.db.models.deletion
from django.db import migrations, models

from portal.kernel.walls import company_wall, same_supplier, supplier_may, wall

INVOICE = "procurement_invoice"
POLICY = "procurement_discountpolicy"
EARLY = "procurement_earlypayment"
WRITE = "procurement_earlypaymentwrite"
# The discount of the terms, rounded half up to the currency's minor unit (`policies.terms.discount_amount`; PostgreSQL
# rounds a numeric half away from zero), for what was written before the column was there.
WORKED_OUT = f"""
    UPDATE {INVOICE} SET discount_amount = round(
        total * discount_percent / 100,
        CASE WHEN currency = ANY ('{{CLP,ISK,JPY,KRW,VND}}'::text[]) THEN 0
             WHEN currency = ANY ('{{BHD,JOD,KWD,OMR,TND}}'::text[]) THEN 3 ELSE 2 END)
    WHERE discount_percent > 0;
    SET CONSTRAINTS ALL IMMEDIATE;
    SET CONSTRAINTS ALL DEFERRED;
"""


def the_discount_stays() -> migrations.RunSQL:
    """With what an invoice says, the discount that follows from it stays once it was sent (0037: what_was_sent_stays)."""
    return migrations.RunSQL(
        sql=f"""
            CREATE FUNCTION {INVOICE}_discount_stays() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'invoice_stays: what was sent is never edited'
                    USING ERRCODE = 'restrict_violation';
            END $$;
            CREATE TRIGGER {INVOICE}_discount_stays BEFORE UPDATE ON {INVOICE} FOR EACH ROW
                WHEN (OLD.state <> 'draft' AND NEW.discount_amount IS DISTINCT FROM OLD.discount_amount)
                EXECUTE FUNCTION {INVOICE}_discount_stays();
        """,
        reverse_sql=f"""
            DROP TRIGGER {INVOICE}_discount_stays ON {INVOICE};
            DROP FUNCTION {INVOICE}_discount_stays();
        """,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("procurement", "0044_statements"),
        ("suppliers", "0006_invoicing"),
    ]

    operations = [
        migrations.CreateModel(
            name="DiscountPolicy",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("name", models.CharField(max_length=100)),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("active", "Active"), ("retired", "Retired")],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("currency", models.CharField(max_length=3)),
                (
                    "segment",
                    models.CharField(
                        blank=True,
                        choices=[("strategic", "Strategic"), ("core", "Core"), ("long_tail", "Long tail")],
                        max_length=20,
                    ),
                ),
                ("supplier_number", models.CharField(blank=True, max_length=40)),
                ("yearly_percent", models.DecimalField(decimal_places=4, max_digits=8)),
                ("day_count", models.PositiveSmallIntegerField(default=360)),
                ("least_percent", models.DecimalField(decimal_places=4, default=Decimal("0"), max_digits=8)),
                ("most_percent", models.DecimalField(decimal_places=4, max_digits=8)),
                ("pay_days", models.PositiveSmallIntegerField(default=2)),
                ("least_amount", models.DecimalField(decimal_places=4, default=Decimal("0"), max_digits=20)),
                ("valid_from", models.DateField(null=True)),
                ("valid_to", models.DateField(null=True)),
                ("note", models.TextField(blank=True)),
                ("written_at", models.DateTimeField()),
                ("written_by", models.CharField(max_length=200)),
                ("author_id", models.BigIntegerField(null=True)),
                ("approved_at", models.DateTimeField(null=True)),
                ("approved_by", models.CharField(blank=True, max_length=200)),
                ("retired_at", models.DateTimeField(null=True)),
                ("retired_by", models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="EarlyPayment",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("agreed", "Agreed"),
                            ("taken_back", "Taken back"),
                            ("lapsed", "Lapsed"),
                            ("ended", "Ended with the approval"),
                            ("paid", "Paid early"),
                        ],
                        default="agreed",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("base_on", models.DateField()),
                ("pay_on", models.DateField()),
                ("days", models.PositiveSmallIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("total", models.DecimalField(decimal_places=4, max_digits=20)),
                ("discount", models.DecimalField(decimal_places=4, max_digits=20)),
                ("yearly_percent", models.DecimalField(decimal_places=4, max_digits=8)),
                ("day_count", models.PositiveSmallIntegerField()),
                ("agreed_at", models.DateTimeField()),
                ("agreed_by", models.CharField(max_length=200)),
                ("agreed_by_user_id", models.BigIntegerField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(blank=True, max_length=200)),
                ("paid_on", models.DateField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="EarlyPaymentWrite",
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
                ("early", models.UUIDField()),
                ("ended", models.BooleanField(default=False)),
                ("order_ids", models.JSONField(default=list)),
            ],
        ),
        migrations.AddField(
            model_name="invoice",
            name="discount_amount",
            field=models.DecimalField(decimal_places=4, default=Decimal("0"), max_digits=20),
        ),
        migrations.RunSQL(WORKED_OUT, migrations.RunSQL.noop),
        migrations.AddField(
            model_name="invoice",
            name="early_discount",
            field=models.DecimalField(decimal_places=4, max_digits=20, null=True),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("early_discount__isnull", True),
                    models.Q(
                        models.Q(
                            ("state", "approved"), ("state", "scheduled"), ("state", "paid"), _connector="OR"
                        ),
                        ("early_discount__gt", Decimal("0")),
                        ("early_discount__lt", models.F("total")),
                        ("pay_on__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="invoice_early_only_when_approved",
            ),
        ),
        migrations.AddField(
            model_name="discountpolicy",
            name="company",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="procurement.company"
            ),
        ),
        migrations.AddField(
            model_name="earlypayment",
            name="invoice",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="early_payments",
                to="procurement.invoice",
            ),
        ),
        migrations.AddField(
            model_name="earlypayment",
            name="policy",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="procurement.discountpolicy"
            ),
        ),
        migrations.AddField(
            model_name="earlypayment",
            name="supplier",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
            ),
        ),
        migrations.AddField(
            model_name="earlypaymentwrite",
            name="invoice",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="early_writes",
                to="procurement.invoice",
            ),
        ),
        migrations.AddField(
            model_name="earlypaymentwrite",
            name="order",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="procurement.purchaseorder",
            ),
        ),
        migrations.AddField(
            model_name="earlypaymentwrite",
            name="supplier",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
            ),
        ),
        migrations.AddIndex(
            model_name="discountpolicy",
            index=models.Index(
                condition=models.Q(("state", "active")), fields=["company"], name="discount_policy_active"
            ),
        ),
        migrations.AddConstraint(
            model_name="discountpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "active", "retired"])),
                name="discount_policy_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="discountpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("day_count__in", (360, 365))), name="discount_policy_day_count_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="discountpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("most_percent__gt", Decimal("0")),
                    ("most_percent__lt", 100),
                    ("yearly_percent__gt", Decimal("0")),
                    ("least_percent__gte", Decimal("0")),
                    ("least_percent__lte", models.F("most_percent")),
                ),
                name="discount_policy_rates_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="discountpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "active"), _negated=True),
                    models.Q(("approved_at__isnull", False), models.Q(("approved_by", ""), _negated=True)),
                    _connector="OR",
                ),
                name="discount_policy_active_is_approved",
            ),
        ),
        migrations.AddConstraint(
            model_name="discountpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_from__isnull", True),
                    ("valid_to__isnull", True),
                    ("valid_from__lte", models.F("valid_to")),
                    _connector="OR",
                ),
                name="discount_policy_ends_after_it_begins",
            ),
        ),
        migrations.AddIndex(
            model_name="earlypayment",
            index=models.Index(fields=["-agreed_at", "-id"], name="early_payment_newest"),
        ),
        migrations.AddIndex(
            model_name="earlypayment",
            index=models.Index(fields=["supplier", "-agreed_at"], name="early_payment_of_supplier"),
        ),
        migrations.AddIndex(
            model_name="earlypayment",
            index=models.Index(
                condition=models.Q(("state", "agreed")), fields=["pay_on"], name="early_payment_by_day"
            ),
        ),
        migrations.AddConstraint(
            model_name="earlypayment",
            constraint=models.UniqueConstraint(fields=("id", "supplier"), name="early_payment_wall"),
        ),
        migrations.AddConstraint(
            model_name="earlypayment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["agreed", "paid"])),
                fields=("invoice",),
                name="early_payment_one_stands",
            ),
        ),
        migrations.AddConstraint(
            model_name="earlypayment",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["agreed", "taken_back", "lapsed", "ended", "paid"])),
                name="early_payment_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="earlypayment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("discount__gt", Decimal("0")),
                    ("discount__lt", models.F("total")),
                    ("pay_on__lt", models.F("base_on")),
                ),
                name="early_payment_is_less_and_sooner",
            ),
        ),
        migrations.AddConstraint(
            model_name="earlypayment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("state__in", ["agreed", "paid"])),
                    models.Q(
                        models.Q(("state__in", ["agreed", "paid"]), _negated=True),
                        ("ended_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="early_payment_ended_when",
            ),
        ),
        migrations.AddIndex(
            model_name="earlypaymentwrite",
            index=models.Index(fields=["document", "id"], name="early_payment_write_of"),
        ),
        migrations.AddConstraint(
            model_name="earlypaymentwrite",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        ["queued", "sent", "confirmed", "person", "to_key", "unknown", "superseded"],
                    )
                ),
                name="early_payment_write_state_known",
            ),
        ),
        company_wall(POLICY),
        wall(EARLY),
        same_supplier(EARLY, "invoice_id", INVOICE),
        # What a supplier agrees to is written under the company's scope: it reads, and no more.
        supplier_may(EARLY, "SELECT"),
        # No supplier sees any of it; it has no right there at all.
        wall(WRITE),
        same_supplier(WRITE, "order_id", "procurement_purchaseorder"),
        same_supplier(WRITE, "invoice_id", INVOICE),
        # A draft's discount is worked out with its sums.
        supplier_may(INVOICE, "UPDATE (discount_amount)"),
        the_discount_stays(),
    ]
