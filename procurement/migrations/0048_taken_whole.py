"""An invoice is taken whole: how much was taken of a line is kept no more, for a credit note says what comes off."""

from django.db import migrations


class Migration(migrations.Migration):
    """Drop `InvoiceLine.approved_amount`, which nothing writes."""

    dependencies = [("procurement", "0047_unread")]

    operations = [migrations.RemoveField(model_name="invoiceline", name="approved_amount")]
