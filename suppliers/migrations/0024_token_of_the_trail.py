"""A token by which a program reads the audit trail."""

from django.db import migrations, models

SCOPES = [
    ("read", "Read orders"),
    ("acknowledge", "Read and acknowledge orders"),
    ("ship", "Read and acknowledge orders, send ship notices"),
    ("receive", "Read orders, post what was counted at the dock"),
    ("invoice", "Read orders, send invoices"),
    ("documents", "Read what documents are asked, and supply them"),
    ("trail", "Read the audit trail"),
    ("desk", "Work the desk of accounts payable in somebody’s name"),
]


class Migration(migrations.Migration):
    dependencies = [("suppliers", "0023_scim")]

    operations = [
        migrations.RemoveConstraint("apitoken", "api_token_scope_known"),
        migrations.AlterField("apitoken", "scope", models.CharField(max_length=20, choices=SCOPES)),
        migrations.AddConstraint(
            "apitoken",
            models.CheckConstraint(
                condition=models.Q(scope__in=[value for value, _word in SCOPES]),
                name="api_token_scope_known",
            ),
        ),
    ]
