"""An order with a refusal that the buyer has not decided on was told as agreed where all else of it was: it is answered,
and awaits a decision."""

from django.db import migrations

WAIT = """
    UPDATE procurement_purchaseorder whole SET agreement = 'answered'
    WHERE whole.agreement = 'agreed' AND EXISTS (
        SELECT FROM procurement_purchaseorderline line
        WHERE line.order_id = whole.id AND NOT line.cancelled AND line.agreement = 'refused' AND line.turn = 'buyer'
    );
"""


class Migration(migrations.Migration):
    dependencies = [("procurement", "0055_feed")]

    operations = [migrations.RunSQL(WAIT, migrations.RunSQL.noop)]
