"""A person may decide that the ERP is not to be told of an agreement."""

from django.db import migrations, models

STATES = [
    ("queued", "Waiting for ERP"),
    ("sent", "Sent to ERP"),
    ("confirmed", "In ERP"),
    ("conflict", "Conflict"),
    ("person", "Needs a person"),
    ("unknown", "Unknown"),
    ("superseded", "Superseded"),
    ("given_up", "Given up"),
]


class Migration(migrations.Migration):
    dependencies = [("procurement", "0009_narrow_grants")]

    operations = [
        migrations.AlterField(
            "erpcommand", "state", models.CharField(choices=STATES, default="queued", max_length=10)
        ),
        migrations.RemoveConstraint("erpcommand", "erp_command_state_known"),
        migrations.AddConstraint(
            "erpcommand",
            models.CheckConstraint(
                condition=models.Q(state__in=[state for state, _label in STATES]),
                name="erp_command_state_known",
            ),
        ),
    ]
