"""What of ours stands in a row of a statement that could not be read has a verdict of its own."""

from django.db import migrations, models

VERDICTS = [
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
    ("unread", "In a row not read"),
    ("later", "After their day"),
]


class Migration(migrations.Migration):
    dependencies = [("procurement", "0046_pictures")]

    operations = [
        migrations.AlterField(
            model_name="statementrow",
            name="verdict",
            field=models.CharField(blank=True, choices=VERDICTS, max_length=20),
        ),
        migrations.RemoveConstraint(model_name="statementrow", name="statement_row_verdict_known"),
        migrations.AddConstraint(
            model_name="statementrow",
            constraint=models.CheckConstraint(
                condition=models.Q(("verdict__in", ["", *(name for name, _label in VERDICTS)])),
                name="statement_row_verdict_known",
            ),
        ),
    ]
