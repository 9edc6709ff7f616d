"""Tell what did not get through from what nobody foresaw: the first is tried for ever, the second parked."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("kernel", "0002_walls")]

    operations = [
        migrations.AddField("outboxmessage", "failures", models.PositiveIntegerField(default=0)),
        migrations.AddField("outboxmessage", "faults", models.PositiveIntegerField(default=0)),
    ]
