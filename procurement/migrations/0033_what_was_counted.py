"""A ship notice knows that a count of it stands: it is neither taken back nor corrected behind that; and a sheet knows
its last scans.
"""

from django.db import migrations, models

COUNTED = """
    UPDATE procurement_shipnotice notice SET counted_at = sheet.first
    FROM (
        SELECT counted.consignment, min(counted.posted_at) AS first
        FROM procurement_receivingsheet counted
        JOIN procurement_sheetline line ON line.sheet_id = counted.id
        JOIN procurement_countedrow seen ON seen.sheet_line_id = line.id
        WHERE counted.state = 'posted' AND counted.consignment IS NOT NULL
        GROUP BY counted.consignment
    ) sheet
    WHERE notice.consignment = sheet.consignment
      AND notice.state IN ('sent', 'in_transit', 'arrived', 'partly_received', 'received', 'closed');
"""


class Migration(migrations.Migration):
    dependencies = [("procurement", "0032_uploaded_notices")]

    operations = [
        migrations.AddField(
            model_name="shipnotice", name="counted_at", field=models.DateTimeField(null=True)
        ),
        migrations.RunSQL(COUNTED, migrations.RunSQL.noop),
        migrations.AddField(model_name="receivingsheet", name="marks", field=models.JSONField(default=list)),
    ]
