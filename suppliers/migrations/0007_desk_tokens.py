"""Tokens by which a program works the desk of accounts payable in a person's own name."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("suppliers", "0006_invoicing"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="apitoken",
            name="api_token_scope_known",
        ),
        migrations.AddField(
            model_name="apitoken",
            name="user",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="api_tokens",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="expires_at",
            field=models.DateTimeField(null=True),
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
                    ("desk", "Work the desk of accounts payable in somebody’s name"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("scope__in", ["read", "acknowledge", "ship", "receive", "invoice", "desk"])
                ),
                name="api_token_scope_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("user__isnull", True), models.Q(("scope", "desk"), _negated=True)),
                    models.Q(
                        ("expires_at__isnull", False),
                        ("scope", "desk"),
                        ("supplier__isnull", True),
                        ("user__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="api_token_of_a_person",
            ),
        ),
    ]
