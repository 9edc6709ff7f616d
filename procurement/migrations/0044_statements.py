"""Statements of account: what suppliers list as open, beside ours, and what each comparison came to."""

import uuid
from decimal import Decimal

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

from portal.kernel.walls import same_supplier, supplier_may, supplier_writes_only, wall

STATEMENT, ROW, BALANCE = (
    f"procurement_{name}" for name in ("supplierstatement", "statementrow", "statementbalance")
)


class Migration(migrations.Migration):
    dependencies = [
        ("procurement", "0043_partial"),
        ("suppliers", "0006_invoicing"),
    ]

    operations = [
        migrations.CreateModel(
            name="SupplierStatement",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("read", "Read"),
                            ("compared", "Compared"),
                            ("settled", "Agreed"),
                            ("replaced", "Replaced"),
                            ("discarded", "Discarded"),
                        ],
                        default="read",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("stated_on", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("file_name", models.CharField(blank=True, max_length=200)),
                ("digest", models.CharField(blank=True, max_length=64)),
                ("table", models.JSONField(default=list)),
                ("head", models.PositiveIntegerField(default=0)),
                ("columns", models.JSONField(default=dict)),
                ("bad", models.JSONField(default=list)),
                ("row_count", models.PositiveIntegerField(default=0)),
                ("on_behalf", models.BooleanField(default=False)),
                ("came_at", models.DateTimeField()),
                ("came_from", models.CharField(max_length=200)),
                ("came_from_user_id", models.BigIntegerField(null=True)),
                ("channel", models.CharField(max_length=20)),
                ("revision", models.PositiveIntegerField(default=0)),
                ("compared_at", models.DateTimeField(null=True)),
                ("compared_by", models.CharField(blank=True, max_length=200)),
                ("differing", models.PositiveIntegerField(default=0)),
                ("gap", models.DecimalField(decimal_places=4, default=Decimal("0"), max_digits=20)),
                ("gap_currency", models.CharField(blank=True, max_length=3)),
                ("settled_at", models.DateTimeField(null=True)),
                ("settled_by", models.CharField(blank=True, max_length=200)),
                ("settled_note", models.TextField(blank=True)),
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
            name="StatementRow",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("place", models.PositiveIntegerField(null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("invoice", "Invoice"),
                            ("debit_note", "Debit note"),
                            ("credit_note", "Credit note"),
                            ("payment", "Payment"),
                        ],
                        max_length=15,
                    ),
                ),
                ("number", models.CharField(blank=True, max_length=60)),
                ("reference", models.CharField(blank=True, max_length=100)),
                ("dated_on", models.DateField(null=True)),
                ("due_on", models.DateField(null=True)),
                ("amount", models.DecimalField(decimal_places=4, max_digits=20, null=True)),
                ("open_amount", models.DecimalField(decimal_places=4, default=Decimal("0"), max_digits=20)),
                ("currency", models.CharField(max_length=3)),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("agrees", "Agrees"),
                            ("approved", "Agrees, to be paid"),
                            ("held", "With us, held"),
                            ("differs", "Amount differs"),
                            ("missing", "Not with us"),
                            ("paid", "Paid by us"),
                            ("part_paid", "Partly paid by us"),
                            ("paid_there", "Paid in their books"),
                            ("payment", "Our payment"),
                            ("payment_unknown", "Payment not known"),
                            ("other_currency", "Other currency"),
                            ("duplicate", "Listed twice"),
                            ("unlisted", "Not in their list"),
                            ("credit_unlisted", "Credit not in their list"),
                            ("later", "After their day"),
                        ],
                        max_length=20,
                    ),
                ),
                ("our_amount", models.DecimalField(decimal_places=4, max_digits=20, null=True)),
                ("our_open", models.DecimalField(decimal_places=4, default=Decimal("0"), max_digits=20)),
                ("difference", models.DecimalField(decimal_places=4, default=Decimal("0"), max_digits=20)),
                ("told", models.JSONField(default=dict)),
                ("question", models.TextField(blank=True)),
                ("asked_at", models.DateTimeField(null=True)),
                ("asked_by", models.CharField(blank=True, max_length=200)),
                ("answer", models.TextField(blank=True)),
                ("answered_at", models.DateTimeField(null=True)),
                ("answered_by", models.CharField(blank=True, max_length=200)),
                (
                    "bill",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procurement.bill",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
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
                    "statement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rows",
                        to="procurement.supplierstatement",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StatementBalance",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("revision", models.PositiveIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("theirs", models.DecimalField(decimal_places=4, max_digits=20)),
                ("ours", models.DecimalField(decimal_places=4, max_digits=20)),
                ("stopped", models.DecimalField(decimal_places=4, default=Decimal("0"), max_digits=20)),
                ("bridge", models.JSONField(default=dict)),
                ("counts", models.JSONField(default=dict)),
                ("compared_at", models.DateTimeField()),
                ("compared_by", models.CharField(max_length=200)),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
                    ),
                ),
                (
                    "statement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="balances",
                        to="procurement.supplierstatement",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="supplierstatement",
            index=models.Index(fields=["supplier", "company", "-came_at"], name="statement_of_supplier"),
        ),
        migrations.AddIndex(
            model_name="supplierstatement",
            index=models.Index(
                condition=models.Q(("state", "compared")),
                fields=["differing", "id"],
                name="statement_differing",
            ),
        ),
        migrations.AddConstraint(
            model_name="supplierstatement",
            constraint=models.UniqueConstraint(fields=("id", "supplier"), name="statement_wall"),
        ),
        migrations.AddConstraint(
            model_name="supplierstatement",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["read", "compared", "settled", "replaced", "discarded"])),
                name="statement_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="supplierstatement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["compared", "settled"]), _negated=True),
                    models.Q(
                        ("compared_at__isnull", False),
                        ("revision__gte", 1),
                        models.Q(("compared_by", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="statement_compared_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="supplierstatement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "settled"), _negated=True),
                    models.Q(("settled_at__isnull", False), models.Q(("settled_by", ""), _negated=True)),
                    _connector="OR",
                ),
                name="statement_settled_by_somebody",
            ),
        ),
        migrations.AddIndex(
            model_name="statementrow",
            index=models.Index(fields=["statement", "verdict", "id"], name="statement_row_by_verdict"),
        ),
        migrations.AddConstraint(
            model_name="statementrow",
            constraint=models.UniqueConstraint(fields=("statement", "place"), name="statement_row_once"),
        ),
        migrations.AddConstraint(
            model_name="statementrow",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["invoice", "debit_note", "credit_note", "payment"])),
                name="statement_row_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="statementrow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "verdict__in",
                        [
                            "",
                            "agrees",
                            "approved",
                            "held",
                            "differs",
                            "missing",
                            "paid",
                            "part_paid",
                            "paid_there",
                            "payment",
                            "payment_unknown",
                            "other_currency",
                            "duplicate",
                            "unlisted",
                            "credit_unlisted",
                            "later",
                        ],
                    )
                ),
                name="statement_row_verdict_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="statementrow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("verdict", ""),
                    (
                        "difference",
                        django.db.models.expressions.CombinedExpression(
                            models.F("our_open"), "-", models.F("open_amount")
                        ),
                    ),
                    _connector="OR",
                ),
                name="statement_row_adds_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="statementbalance",
            constraint=models.UniqueConstraint(
                fields=("statement", "revision", "currency"), name="statement_balance_once"
            ),
        ),
        *(wall(table) for table in (STATEMENT, ROW, BALANCE)),
        *(same_supplier(table, "statement_id", STATEMENT) for table in (ROW, BALANCE)),
        same_supplier(ROW, "invoice_id", "procurement_invoice"),
        same_supplier(ROW, "bill_id", "procurement_bill"),
        # A supplier says what it lists, and answers; what the comparison makes of it is ours to say.
        supplier_may(STATEMENT, "SELECT", "INSERT"),
        supplier_writes_only(STATEMENT, "state = 'read' AND NOT on_behalf AND revision = 0"),
        supplier_may(ROW, "SELECT", "INSERT", "UPDATE (answer, answered_at, answered_by)"),
        supplier_writes_only(ROW, "verdict = '' AND question = ''"),
        supplier_may(BALANCE, "SELECT"),
    ]
