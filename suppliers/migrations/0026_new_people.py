"""A notice may tell of somebody new."""

from django.db import migrations, models

KINDS = [
    ("requested", "A change was requested"),
    ("in_force", "A change is in force"),
    ("frozen", "Bank details are frozen"),
    ("new_person", "Somebody new acts for the supplier"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("suppliers", "0025_chasing"),
        # Takes back what suppliers may do to every table there is: what is granted here must come after it.
        ("procurement", "0009_narrow_grants"),
    ]

    operations = [
        migrations.AddField("banknotice", "about", models.JSONField(default=dict, db_default={})),
        migrations.AlterField("banknotice", "kind", models.CharField(choices=KINDS, max_length=10)),
        migrations.RemoveConstraint("banknotice", "bank_notice_kind_known"),
        migrations.AddConstraint(
            "banknotice",
            models.CheckConstraint(
                condition=models.Q(("kind__in", [kind for kind, _label in KINDS])),
                name="bank_notice_kind_known",
            ),
        ),
    ]
