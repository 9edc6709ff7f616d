"""Conflicts are cases: of which kind a fault is, what the ERP holds and since when, who keys in what no machine may."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

STATES = [
    ("queued", "Waiting for ERP"),
    ("sent", "Sent to ERP"),
    ("confirmed", "In ERP"),
    ("conflict", "Conflict"),
    ("person", "Needs a person"),
    ("to_key", "To key by hand"),
    ("unknown", "Unknown"),
    ("superseded", "Superseded"),
    ("given_up", "Given up"),
    ("yielded", "ERP’s values kept"),
]
FAULTS = [
    ("", "nothing"),
    ("transient", "a disturbance that passes"),
    ("throttled", "the ERP asks for less at a time"),
    ("credentials", "the credentials are no longer taken"),
    ("permission", "a right in the ERP is missing"),
    ("validation", "the ERP refuses the content"),
    ("unsupported", "the connection cannot do it"),
    ("unknown", "no answer"),
    ("conflict", "the ERP moved meanwhile"),
]
# What went wrong on the way to the ERP is the buying side's own, also where it was written down before.
HIDE_FROM_SUPPLIERS = """
    UPDATE kernel_auditevent SET internal = true
    WHERE NOT internal AND kind LIKE 'erp.command_%' AND kind <> 'erp.command_confirmed'
"""
# What a connector could not write was a refusal until now.
NAME_TASKS = "UPDATE procurement_erpcommand SET state = 'to_key' WHERE state = 'person' AND missing <> '[]'"


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("procurement", "0012_reconciliation"),
        ("kernel", "0003_outbox_faults"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: ClassVar = [
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
        migrations.AddField(
            "erpcommand",
            "fault",
            models.CharField(blank=True, choices=FAULTS, db_default="", default="", max_length=20),
        ),
        migrations.AddConstraint(
            "erpcommand",
            models.CheckConstraint(
                condition=models.Q(fault__in=[fault for fault, _label in FAULTS]),
                name="erp_command_fault_known",
            ),
        ),
        migrations.AddField("erpcommand", "current_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "erpcommand",
            "assigned_to",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunSQL(NAME_TASKS, migrations.RunSQL.noop),
        migrations.RunSQL(HIDE_FROM_SUPPLIERS, migrations.RunSQL.noop),
    ]
