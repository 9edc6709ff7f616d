"""What providers tell by SCIM, and the secrets they show: no supplier has a right on any of it. And when an account was
last let go, which is read with every other column of a person.
"""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Lower

from portal.kernel.walls import company_wall, supplier_may

NUMBER = ("id", models.BigAutoField(primary_key=True, serialize=False))


def key():
    return ("key", models.UUIDField(default=uuid.uuid4, unique=True))


def of_provider(name):
    to = "suppliers.identityprovider"
    return (
        "provider",
        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name=name, to=to),
    )


class Migration(migrations.Migration):
    dependencies = [
        ("suppliers", "0022_merging"),
        # Takes back what suppliers may do to every table there is: what is granted here must come after it.
        ("procurement", "0009_narrow_grants"),
    ]

    operations = [
        migrations.AddField("user", "let_go_at", models.DateTimeField(null=True)),
        supplier_may("suppliers_user", "SELECT (let_go_at)"),
        migrations.CreateModel(
            name="ScimSecret",
            fields=[
                NUMBER,
                ("prefix", models.CharField(max_length=12, unique=True)),
                ("digest", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(max_length=200)),
                ("last_used_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                ("revoked_by", models.CharField(blank=True, max_length=200)),
                of_provider("scim_secrets"),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("revoked_at__isnull", True), ("revoked_by", ""))
                        | models.Q(
                            ("revoked_at__isnull", False), models.Q(("revoked_by", ""), _negated=True)
                        ),
                        name="scim_secret_revoked_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ScimPerson",
            fields=[
                NUMBER,
                key(),
                ("version", models.PositiveIntegerField(default=1)),
                ("user_name", models.CharField(max_length=254)),
                ("external_id", models.CharField(blank=True, max_length=254)),
                ("names", models.JSONField(default=dict)),
                ("mail", models.CharField(blank=True, max_length=254)),
                ("address", models.CharField(max_length=254)),
                ("domain", models.CharField(max_length=253)),
                ("active", models.BooleanField(default=True)),
                ("role", models.CharField(blank=True, max_length=30)),
                ("has_groups", models.BooleanField(default=False)),
                ("told_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("gone_at", models.DateTimeField(null=True)),
                of_provider("told_people"),
                (
                    "invitation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="suppliers.invitation",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["provider", "external_id"], name="scim_person_external"),
                    models.Index(fields=["provider", "address"], name="scim_person_address"),
                ],
                "constraints": [
                    models.UniqueConstraint("provider", Lower("user_name"), name="scim_person_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("user__isnull", False)),
                        fields=("provider", "user"),
                        name="scim_person_of_one_account",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("user_name", ""), _negated=True), name="scim_person_named"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("gone_at__isnull", True), ("active", False), _connector="OR"),
                        name="scim_person_gone_is_not_active",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ScimGroup",
            fields=[
                NUMBER,
                key(),
                ("version", models.PositiveIntegerField(default=1)),
                ("name", models.CharField(max_length=254)),
                ("external_id", models.CharField(blank=True, max_length=254)),
                ("told_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                of_provider("told_groups"),
            ],
        ),
        migrations.CreateModel(
            name="ScimMember",
            fields=[
                NUMBER,
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="suppliers.scimgroup",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="suppliers.scimperson",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("group", "person"), name="scim_member_once")],
            },
        ),
        migrations.AddField(
            "scimgroup",
            "members",
            models.ManyToManyField(
                related_name="groups", through="suppliers.ScimMember", to="suppliers.scimperson"
            ),
        ),
        migrations.AddConstraint(
            "scimgroup",
            models.UniqueConstraint(fields=("provider", "name"), name="scim_group_once"),
        ),
        migrations.AddConstraint(
            "scimgroup",
            models.CheckConstraint(condition=models.Q(("name", ""), _negated=True), name="scim_group_named"),
        ),
        company_wall("suppliers_scimsecret"),
        company_wall("suppliers_scimperson"),
        company_wall("suppliers_scimgroup"),
        company_wall("suppliers_scimmember"),
    ]
