"""Company data: names, numbers, addresses, contacts, and changes of them; what the ERP says beside what is set here."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models

from portal.kernel.walls import company_wall, supplier_may, wall

SEARCHED = (
    ("supplier_name_search", "suppliers_supplier", "name"),
    ("supplier_number_search", "suppliers_supplier", "number"),
    ("company_legal_name_search", "suppliers_companynames", "legal_name"),
)


def searched(index, table, column):
    """Found by any part, large letters or small: as `icontains` compares."""
    return migrations.RunSQL(
        f"CREATE INDEX {index} ON {table} USING gin (upper({column}) gin_trgm_ops);", f"DROP INDEX {index};"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("suppliers", "0009_people"),
    ]

    operations = [
        TrigramExtension(),
        migrations.CreateModel(
            name="Address",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("registered", "Registered address"), ("remit_to", "Remit-to address")],
                        max_length=12,
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=200)),
                ("line1", models.CharField(max_length=200)),
                ("line2", models.CharField(blank=True, max_length=200)),
                ("district", models.CharField(blank=True, max_length=100)),
                ("postal_code", models.CharField(blank=True, max_length=20)),
                ("city", models.CharField(blank=True, max_length=100)),
                ("region", models.CharField(blank=True, max_length=100)),
                ("country", models.CharField(max_length=2)),
                ("since_at", models.DateTimeField()),
                ("begun_by", models.CharField(max_length=200)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="ChangeRequest",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "part",
                    models.CharField(
                        choices=[
                            ("legal", "Legal name"),
                            ("names", "Trading name and website"),
                            ("tax_id", "Tax numbers"),
                            ("number", "Other numbers"),
                            ("registered", "Registered address"),
                            ("remit_to", "Remit-to address"),
                            ("contact", "Contacts"),
                            ("preferences", "Language, time zone and mail address"),
                            ("channel", "How orders reach the supplier"),
                        ],
                        max_length=12,
                    ),
                ),
                ("subject", models.CharField(blank=True, max_length=40)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waits for approval"),
                            ("in_force", "In force"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("old", models.JSONField(default=dict)),
                ("new", models.JSONField(default=dict)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("requested_at", models.DateTimeField()),
                ("requested_by", models.CharField(max_length=200)),
                ("requested_by_user_id", models.BigIntegerField(null=True)),
                ("requested_side", models.CharField(max_length=20)),
                ("channel", models.CharField(max_length=20)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.CharField(blank=True, max_length=200)),
                ("decided_by_user_id", models.BigIntegerField(null=True)),
                ("decided_reason", models.CharField(blank=True, max_length=500)),
            ],
        ),
        migrations.CreateModel(
            name="CompanyNames",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("legal_name", models.CharField(blank=True, max_length=200)),
                ("legal_form", models.CharField(blank=True, max_length=60)),
                ("trading_name", models.CharField(blank=True, max_length=200)),
                ("website", models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="Contact",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4)),
                ("name", models.CharField(max_length=150)),
                (
                    "roles",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("orders", "Orders"),
                                ("shipping", "Shipping"),
                                ("invoices", "Invoices"),
                                ("quality", "Quality"),
                                ("management", "Management"),
                                ("emergency", "Emergencies"),
                            ],
                            max_length=12,
                        ),
                        size=None,
                    ),
                ),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("telephone", models.CharField(blank=True, max_length=40)),
                ("language", models.CharField(default="en", max_length=10)),
                ("since_at", models.DateTimeField()),
                ("begun_by", models.CharField(max_length=200)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="DetailRule",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "part",
                    models.CharField(
                        choices=[
                            ("legal", "Legal name"),
                            ("names", "Trading name and website"),
                            ("tax_id", "Tax numbers"),
                            ("number", "Other numbers"),
                            ("registered", "Registered address"),
                            ("remit_to", "Remit-to address"),
                            ("contact", "Contacts"),
                            ("preferences", "Language, time zone and mail address"),
                            ("channel", "How orders reach the supplier"),
                        ],
                        max_length=12,
                        unique=True,
                    ),
                ),
                (
                    "way",
                    models.CharField(
                        choices=[
                            ("at_once", "At once"),
                            ("approve", "After approval"),
                        ],
                        max_length=10,
                    ),
                ),
                ("written_at", models.DateTimeField()),
                ("written_by", models.CharField(max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="Identifier",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("vat", "VAT number"),
                            ("tax", "Tax number"),
                            ("gln", "GLN"),
                            ("duns", "D-U-N-S number"),
                            ("lei", "LEI"),
                            ("gs1_prefix", "GS1 company prefix"),
                            ("register", "Register number"),
                        ],
                        max_length=12,
                    ),
                ),
                ("country", models.CharField(blank=True, max_length=2)),
                ("value", models.CharField(max_length=60)),
                ("checked", models.BooleanField(default=False)),
                ("since_at", models.DateTimeField()),
                ("begun_by", models.CharField(max_length=200)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="SupplierCategory",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=100)),
                ("retired_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="SupplierInCategory",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
            ],
        ),
        migrations.AddField(
            model_name="supplier",
            name="channel",
            field=models.CharField(
                choices=[
                    ("portal", "Portal"),
                    ("mail", "Mail"),
                    ("file", "Files"),
                    ("api", "API"),
                    ("edi", "EDI"),
                    ("mixed", "Mixed"),
                ],
                default="portal",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="supplier",
            name="erp_says",
            field=models.JSONField(default=dict),
        ),
        migrations.AddIndex(
            model_name="supplier",
            index=models.Index(fields=["name", "id"], name="supplier_by_name"),
        ),
        migrations.AddConstraint(
            model_name="supplier",
            constraint=models.CheckConstraint(
                condition=models.Q(("channel__in", ["portal", "mail", "file", "api", "edi", "mixed"])),
                name="supplier_channel_known",
            ),
        ),
        migrations.AddField(
            model_name="address",
            name="supplier",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="addresses", to="suppliers.supplier"
            ),
        ),
        migrations.AddField(
            model_name="changerequest",
            name="supplier",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
            ),
        ),
        migrations.AddField(
            model_name="companynames",
            name="supplier",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="names", to="suppliers.supplier"
            ),
        ),
        migrations.AddField(
            model_name="contact",
            name="supplier",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="contacts", to="suppliers.supplier"
            ),
        ),
        migrations.AddConstraint(
            model_name="detailrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "part__in",
                        [
                            "legal",
                            "names",
                            "tax_id",
                            "number",
                            "registered",
                            "remit_to",
                            "contact",
                            "preferences",
                            "channel",
                        ],
                    )
                ),
                name="detail_rule_part_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="detailrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("way__in", ["at_once", "approve"])), name="detail_rule_way_known"
            ),
        ),
        migrations.AddField(
            model_name="identifier",
            name="supplier",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="identifiers",
                to="suppliers.supplier",
            ),
        ),
        migrations.AddField(
            model_name="supplierincategory",
            name="category",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.suppliercategory"
            ),
        ),
        migrations.AddField(
            model_name="supplierincategory",
            name="supplier",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="in_categories",
                to="suppliers.supplier",
            ),
        ),
        migrations.AddConstraint(
            model_name="address",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)),
                fields=("supplier", "kind"),
                name="address_one_in_force",
            ),
        ),
        migrations.AddConstraint(
            model_name="address",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["registered", "remit_to"])), name="address_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="address",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("ended_by", "")),
                    models.Q(("ended_at__isnull", False), models.Q(("ended_by", ""), _negated=True)),
                    _connector="OR",
                ),
                name="address_ended_by_somebody",
            ),
        ),
        migrations.AddIndex(
            model_name="changerequest",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["requested_at", "id"],
                name="change_request_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="changerequest",
            index=models.Index(fields=["supplier", "-requested_at"], name="change_request_of_supplier"),
        ),
        migrations.AddConstraint(
            model_name="changerequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "waiting")),
                fields=("supplier", "part", "subject"),
                name="change_request_one_waits",
            ),
        ),
        migrations.AddConstraint(
            model_name="changerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "in_force", "refused", "withdrawn"])),
                name="change_request_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="changerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "part__in",
                        [
                            "legal",
                            "names",
                            "tax_id",
                            "number",
                            "registered",
                            "remit_to",
                            "contact",
                            "preferences",
                            "channel",
                        ],
                    )
                ),
                name="change_request_part_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="changerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at__isnull", True), ("state", "waiting")),
                    models.Q(
                        models.Q(("state", "waiting"), _negated=True),
                        ("decided_at__isnull", False),
                        models.Q(("decided_by", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="change_request_decided_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="changerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "in_force"), _negated=True),
                    ("decided_by_user_id__isnull", True),
                    ("requested_by_user_id__isnull", True),
                    models.Q(("decided_by_user_id", models.F("requested_by_user_id")), _negated=True),
                    _connector="OR",
                ),
                name="change_request_two_people",
            ),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["supplier", "since_at"], name="contact_of_supplier"),
        ),
        migrations.AddConstraint(
            model_name="contact",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)), fields=("key",), name="contact_one_in_force"
            ),
        ),
        migrations.AddConstraint(
            model_name="contact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "roles__contained_by",
                        ["orders", "shipping", "invoices", "quality", "management", "emergency"],
                    ),
                    ("roles__len__gt", 0),
                ),
                name="contact_roles_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="contact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("email", ""), _negated=True),
                    models.Q(("telephone", ""), _negated=True),
                    _connector="OR",
                ),
                name="contact_can_be_reached",
            ),
        ),
        migrations.AddConstraint(
            model_name="contact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("ended_by", "")),
                    models.Q(("ended_at__isnull", False), models.Q(("ended_by", ""), _negated=True)),
                    _connector="OR",
                ),
                name="contact_ended_by_somebody",
            ),
        ),
        migrations.AddIndex(
            model_name="identifier",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", True)),
                fields=["value", "kind"],
                name="identifier_by_value",
            ),
        ),
        migrations.AddConstraint(
            model_name="identifier",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)),
                fields=("supplier", "kind", "country"),
                name="identifier_one_in_force",
            ),
        ),
        migrations.AddConstraint(
            model_name="identifier",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["vat", "tax", "gln", "duns", "lei", "gs1_prefix", "register"])
                ),
                name="identifier_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="identifier",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("ended_by", "")),
                    models.Q(("ended_at__isnull", False), models.Q(("ended_by", ""), _negated=True)),
                    _connector="OR",
                ),
                name="identifier_ended_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="supplierincategory",
            constraint=models.UniqueConstraint(
                fields=("supplier", "category"), name="supplier_category_once"
            ),
        ),
        *(searched(*one) for one in SEARCHED),
        wall("suppliers_identifier"),
        wall("suppliers_address"),
        wall("suppliers_contact"),
        wall("suppliers_companynames"),
        wall("suppliers_changerequest"),
        wall("suppliers_supplierincategory"),
        company_wall("suppliers_detailrule"),
        # Read by who is of the supplier; written by services under the company's scope alone.
        supplier_may("suppliers_identifier", "SELECT"),
        supplier_may("suppliers_address", "SELECT"),
        supplier_may("suppliers_contact", "SELECT"),
        supplier_may("suppliers_companynames", "SELECT"),
        supplier_may("suppliers_changerequest", "SELECT"),
        supplier_may("suppliers_supplierincategory", "SELECT"),
        supplier_may("suppliers_suppliercategory", "SELECT"),
    ]
