"""An invoice is taken whole, and a policy of early payment may have a budget for a week.

How much was taken of a line (`approved_amount`) is kept no more: nothing has written it since a credit note says what
comes off.
"""

from decimal import Decimal

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("procurement", "0047_unread")]

    operations = [
        migrations.RemoveField(model_name="invoiceline", name="approved_amount"),
        migrations.AddField(
            model_name="discountpolicy",
            name="weekly_budget",
            field=models.DecimalField(decimal_places=4, max_digits=20, null=True),
        ),
        migrations.AddConstraint(
            model_name="discountpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("weekly_budget__isnull", True), ("weekly_budget__gt", Decimal("0")), _connector="OR"
                ),
                name="discount_policy_budget_is_something",
            ),
        ),
        migrations.AddIndex(
            model_name="earlypayment",
            index=models.Index(
                condition=models.Q(("state__in", ["agreed", "paid"])),
                fields=["policy", "pay_on"],
                name="early_payment_of_policy",
            ),
        ),
    ]
