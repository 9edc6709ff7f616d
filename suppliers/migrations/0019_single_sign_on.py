"""Providers of identities, their mail domains, and who keeps a password beside one. No supplier has a right on it."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.kernel.walls import company_only, company_wall, wall


class Migration(migrations.Migration):
    dependencies = [
        ("suppliers", "0018_registration"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
        # Takes back what suppliers may do to every table there is: what is granted here must come after it.
        ("procurement", "0009_narrow_grants"),
    ]

    operations = [
        migrations.CreateModel(
            name="IdentityProvider",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("oidc", "OpenID Connect"), ("saml", "SAML 2.0")], max_length=10
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("written", "Not in use yet"), ("on", "In use"), ("off", "Switched off")],
                        default="written",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("name", models.CharField(max_length=40)),
                ("issuer", models.CharField(max_length=500)),
                ("client_id", models.CharField(blank=True, max_length=200)),
                ("secret", models.TextField(blank=True)),
                ("sign_in_url", models.CharField(blank=True, max_length=500)),
                ("certificate", models.TextField(blank=True)),
                ("scopes", models.CharField(blank=True, max_length=200)),
                ("groups_claim", models.CharField(blank=True, max_length=200)),
                ("groups", models.JSONField(default=list)),
                ("factor_words", models.CharField(blank=True, max_length=500)),
                ("proves_addresses", models.BooleanField(default=False)),
                ("makes_people", models.BooleanField(default=False)),
                ("only_way", models.BooleanField(default=False)),
                ("written_at", models.DateTimeField()),
                ("written_by", models.CharField(max_length=200)),
                ("tried_at", models.DateTimeField(null=True)),
                ("tried_by", models.CharField(blank=True, max_length=200)),
                (
                    "supplier",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="identity_providers",
                        to="suppliers.supplier",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PasswordKeeper",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "provider",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="keepers",
                        to="suppliers.identityprovider",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ProviderDomain",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("domain", models.CharField(max_length=253, unique=True)),
                (
                    "provider",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="domains",
                        to="suppliers.identityprovider",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="identityprovider",
            index=models.Index(fields=["state", "name"], name="identity_provider_in_use"),
        ),
        migrations.AddConstraint(
            model_name="identityprovider",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind", "oidc"), ("kind", "saml"), _connector="OR"),
                name="identity_provider_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="identityprovider",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "written"), ("state", "on"), ("state", "off"), _connector="OR"),
                name="identity_provider_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="identityprovider",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "on"), _negated=True), ("tried_at__isnull", False), _connector="OR"
                ),
                name="identity_provider_tried_first",
            ),
        ),
        migrations.AddConstraint(
            model_name="identityprovider",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("supplier__isnull", True),
                    models.Q(("groups", []), ("makes_people", False)),
                    _connector="OR",
                ),
                name="identity_provider_gives_no_role",
            ),
        ),
        migrations.AddConstraint(
            model_name="passwordkeeper",
            constraint=models.UniqueConstraint(fields=("provider", "user"), name="password_keeper_once"),
        ),
        migrations.AddConstraint(
            model_name="providerdomain",
            constraint=models.CheckConstraint(
                condition=models.Q(("domain", ""), _negated=True), name="provider_domain_named"
            ),
        ),
        wall("suppliers_identityprovider"),
        company_wall("suppliers_passwordkeeper"),
        company_wall("suppliers_providerdomain"),
        company_only("socialaccount_socialaccount"),
        company_only("socialaccount_socialapp"),
        company_only("socialaccount_socialtoken"),
    ]
