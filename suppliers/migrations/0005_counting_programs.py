"""A scope for programs of a warehouse, which post what they have counted."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("suppliers", "0004_shipments"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="apitoken",
            name="api_token_scope_known",
        ),
        migrations.AlterField(
            model_name="apitoken",
            name="scope",
            field=models.CharField(
                choices=[
                    ("read", "Read orders"),
                    ("acknowledge", "Read and acknowledge orders"),
                    ("ship", "Read and acknowledge orders, send ship notices"),
                    ("receive", "Read orders, post what was counted at the dock"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.CheckConstraint(
                condition=models.Q(("scope__in", ["read", "acknowledge", "ship", "receive"])),
                name="api_token_scope_known",
            ),
        ),
    ]
