"""A role for who writes invoices, and a scope for programs that send them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("suppliers", "0005_counting_programs"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="apitoken",
            name="api_token_scope_known",
        ),
        migrations.RemoveConstraint(
            model_name="membership",
            name="membership_role_known",
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
                    ("invoice", "Read orders, send invoices"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="membership",
            name="role",
            field=models.CharField(
                choices=[
                    ("administrator", "Administrator"),
                    ("orders", "Orders"),
                    ("shipping", "Shipping"),
                    ("invoicing", "Invoicing"),
                    ("read_only", "Read only"),
                ],
                max_length=30,
            ),
        ),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.CheckConstraint(
                condition=models.Q(("scope__in", ["read", "acknowledge", "ship", "receive", "invoice"])),
                name="api_token_scope_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("role__in", ["administrator", "orders", "shipping", "invoicing", "read_only"])
                ),
                name="membership_role_known",
            ),
        ),
    ]
