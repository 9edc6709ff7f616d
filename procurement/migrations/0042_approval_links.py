"""The links by which approvers answer from their mail."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.kernel.walls import doorkeeper_reads, same_supplier, wall

TABLE = "procurement_approvallink"


class Migration(migrations.Migration):
    dependencies = [
        ("procurement", "0041_invoices_by_file"),
        ("suppliers", "0006_invoicing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ApprovalLink",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("origin", models.UUIDField()),
                ("shown", models.JSONField(default=dict)),
                ("issued_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                ("used_for", models.CharField(blank=True, max_length=10)),
                ("refused_at", models.DateTimeField(null=True)),
                (
                    "approval",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="links",
                        to="procurement.approval",
                    ),
                ),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="suppliers.supplier",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("id", "supplier"), name="approval_link_wall"),
                    models.UniqueConstraint(
                        fields=("approval", "user", "origin"), name="approval_link_once_per_mail"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("used_at__isnull", True), ("used_for", "")),
                            models.Q(("used_at__isnull", False), ("used_for__in", ["approve", "decline"])),
                            _connector="OR",
                        ),
                        name="approval_link_used_for_a_word",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("used_at__isnull", True), ("refused_at__isnull", True), _connector="OR"
                        ),
                        name="approval_link_used_or_refused",
                    ),
                ],
            },
        ),
        # Whose a token is, is asked before anybody acts; no supplier has a way to who approves.
        wall(TABLE),
        doorkeeper_reads(TABLE),
        same_supplier(TABLE, "approval_id", "procurement_approval"),
    ]
