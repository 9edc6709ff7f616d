"""Documents: their kinds, of whom each is required, and what suppliers gave, version by version; a token for programs."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

import suppliers.documents.models
from portal.kernel.walls import company_wall, same_supplier, supplier_may, supplier_writes_only, wall

KIND, REQUIREMENT, DOCUMENT, VERSION, CONTENT = (
    f"suppliers_{name}"
    for name in ("documentkind", "requirement", "document", "documentversion", "documentcontent")
)
# Code, name and place of the kinds that come with the portal; what they are called elsewhere is in the presenters.
KINDS = (
    ("tax-form", "Tax form", 10),
    ("insurance", "Liability insurance", 20),
    ("registration", "Certificate of registration", 30),
    ("iso-9001", "ISO 9001", 40),
    ("iso-14001", "ISO 14001", 50),
    ("conflict-minerals", "Conflict minerals", 60),
    ("code-of-conduct", "Code of conduct", 70),
    ("bank-letter", "Letter of the bank", 80),
    ("other", "Other document", 200),
)
SCOPES = [
    ("read", "Read orders"),
    ("acknowledge", "Read and acknowledge orders"),
    ("ship", "Read and acknowledge orders, send ship notices"),
    ("receive", "Read orders, post what was counted at the dock"),
    ("invoice", "Read orders, send invoices"),
    ("documents", "Read what documents are asked, and supply them"),
    ("desk", "Work the desk of accounts payable in somebody’s name"),
]
STATES = [
    ("supplied", "Being checked"),
    ("in_review", "In review"),
    ("accepted", "Accepted"),
    ("refused", "Refused"),
    ("replaced", "Replaced"),
    ("expired", "Expired"),
]
SCANS = [("off", "off"), ("clean", "clean"), ("found", "found"), ("waiting", "waiting")]


def add_kinds(apps, schema_editor):
    model = apps.get_model("suppliers", "DocumentKind")
    model.objects.bulk_create(
        model(code=code, name=name, position=position) for code, name, position in KINDS
    )


def a_supplier_decides_nothing() -> migrations.RunSQL:
    """A supplier takes back what waits by giving a newer one, or sends it on to its reviewer. Nothing else."""
    return migrations.RunSQL(
        sql=f"""
            CREATE POLICY supplier_edits_only ON {VERSION} AS RESTRICTIVE FOR UPDATE TO quayside_supplier
                USING (state = 'supplied' OR state = 'in_review')
                WITH CHECK (state = 'in_review' OR state = 'replaced');
        """,
        reverse_sql=f"DROP POLICY supplier_edits_only ON {VERSION};",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("suppliers", "0010_details"),
        # It takes back what suppliers could do to every table there was: rights are given after it.
        ("procurement", "0009_narrow_grants"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="apitoken", name="api_token_scope_known"),
        migrations.AlterField(
            model_name="apitoken",
            name="scope",
            field=models.CharField(choices=SCOPES, max_length=20),
        ),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.CheckConstraint(
                condition=models.Q(("scope__in", [scope for scope, _label in SCOPES])),
                name="api_token_scope_known",
            ),
        ),
        migrations.CreateModel(
            name="DocumentKind",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("code", models.SlugField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=100)),
                ("hint", models.CharField(blank=True, max_length=500)),
                ("position", models.PositiveSmallIntegerField(default=100)),
                ("retired_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Requirement",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("countries", models.JSONField(default=list)),
                ("segments", models.JSONField(default=list)),
                ("categories", models.JSONField(default=list)),
                ("compulsory", models.BooleanField()),
                ("expires", models.BooleanField()),
                ("grace_days", models.PositiveSmallIntegerField()),
                ("from_on", models.DateField()),
                ("made_at", models.DateTimeField()),
                ("made_by", models.CharField(max_length=200)),
                ("retired_at", models.DateTimeField(null=True)),
                ("retired_by", models.CharField(blank=True, max_length=200)),
                (
                    "kind",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="requirements",
                        to="suppliers.documentkind",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Document",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "asked_for",
                    models.CharField(
                        blank=True,
                        choices=[("", "not asked for"), ("missing", "missing"), ("ending", "ends")],
                        default="",
                        max_length=10,
                    ),
                ),
                ("asked_on", models.DateField(null=True)),
                ("due_on", models.DateField(null=True)),
                ("reminded_on", models.DateField(null=True)),
                ("late_at", models.DateTimeField(null=True)),
                ("last_number", models.PositiveIntegerField(default=0)),
                (
                    "kind",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="suppliers.documentkind",
                    ),
                ),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="documents",
                        to="suppliers.supplier",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DocumentVersion",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("number", models.PositiveIntegerField()),
                ("state", models.CharField(choices=STATES, default="supplied", max_length=10)),
                ("version", models.PositiveIntegerField(default=1)),
                ("valid_from", models.DateField(null=True)),
                ("valid_until", models.DateField(null=True)),
                ("reference", models.CharField(blank=True, max_length=100)),
                ("note", models.CharField(blank=True, max_length=500)),
                ("name", models.CharField(max_length=200)),
                ("content_type", models.CharField(max_length=100)),
                ("size", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                (
                    "stored_as",
                    models.CharField(
                        default=suppliers.documents.models.random_name, max_length=48, unique=True
                    ),
                ),
                (
                    "place",
                    models.CharField(
                        choices=[("database", "Database"), ("s3", "S3")], default="database", max_length=10
                    ),
                ),
                ("scan", models.CharField(choices=SCANS, max_length=10)),
                ("scan_found", models.CharField(blank=True, max_length=100)),
                ("scanned_at", models.DateTimeField(null=True)),
                ("supplied_at", models.DateTimeField()),
                ("supplied_by", models.CharField(max_length=200)),
                ("supplied_by_user_id", models.BigIntegerField(null=True)),
                ("channel", models.CharField(max_length=20)),
                ("on_behalf", models.BooleanField(default=False)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.CharField(blank=True, max_length=200)),
                ("reason", models.TextField(blank=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="suppliers.document",
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
            ],
        ),
        migrations.CreateModel(
            name="DocumentContent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("stored_as", models.CharField(max_length=48, unique=True)),
                ("content", models.BinaryField()),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="suppliers.supplier",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="documentkind",
            constraint=models.UniqueConstraint(
                condition=models.Q(("retired_at__isnull", True)), fields=("name",), name="document_kind_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="requirement",
            constraint=models.CheckConstraint(
                condition=models.Q(("grace_days__lte", 365)), name="document_requirement_grace"
            ),
        ),
        migrations.AddConstraint(
            model_name="requirement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("retired_at__isnull", True), ("retired_by", "")),
                    models.Q(("retired_at__isnull", False), models.Q(("retired_by", ""), _negated=True)),
                    _connector="OR",
                ),
                name="document_requirement_retired_by_somebody",
            ),
        ),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(
                condition=models.Q(("late_at__isnull", False)), fields=["late_at", "id"], name="document_late"
            ),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.UniqueConstraint(fields=("supplier", "kind"), name="document_once"),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.UniqueConstraint(fields=("id", "supplier"), name="document_wall"),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.CheckConstraint(
                condition=models.Q(("asked_for__in", ["", "missing", "ending"])), name="document_asked_why"
            ),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("asked_for", ""),
                        ("asked_on__isnull", True),
                        ("due_on__isnull", True),
                        ("late_at__isnull", True),
                        ("reminded_on__isnull", True),
                    ),
                    models.Q(
                        models.Q(("asked_for", ""), _negated=True),
                        ("asked_on__isnull", False),
                        ("due_on__isnull", False),
                        ("reminded_on__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="document_asked_when",
            ),
        ),
        migrations.AddIndex(
            model_name="documentversion",
            index=models.Index(
                condition=models.Q(("state", "in_review")),
                fields=["supplied_at", "id"],
                name="document_version_queue",
            ),
        ),
        migrations.AddIndex(
            model_name="documentversion",
            index=models.Index(
                condition=models.Q(("state", "accepted")),
                fields=["valid_until", "id"],
                name="document_version_ends",
            ),
        ),
        migrations.AddIndex(
            model_name="documentversion",
            index=models.Index(
                condition=models.Q(("state", "supplied")), fields=["id"], name="document_version_unseen"
            ),
        ),
        migrations.AddIndex(
            model_name="documentversion",
            index=models.Index(fields=["document", "-number"], name="document_version_of"),
        ),
        migrations.AddConstraint(
            model_name="documentversion",
            constraint=models.UniqueConstraint(fields=("id", "supplier"), name="document_version_wall"),
        ),
        migrations.AddConstraint(
            model_name="documentversion",
            constraint=models.UniqueConstraint(fields=("document", "number"), name="document_version_number"),
        ),
        migrations.AddConstraint(
            model_name="documentversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["supplied", "in_review"])),
                fields=("document",),
                name="document_version_one_waits",
            ),
        ),
        migrations.AddConstraint(
            model_name="documentversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", [state for state, _label in STATES])),
                name="document_version_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="documentversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("place__in", ["database", "s3"])), name="document_version_place_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="documentversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("scan__in", [scan for scan, _label in SCANS])),
                name="document_version_scan_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="documentversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("size__gt", 0), ("size__lte", 10485760)),
                name="document_version_size_within_limit",
            ),
        ),
        migrations.AddConstraint(
            model_name="documentversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_from__isnull", True),
                    ("valid_until__isnull", True),
                    ("valid_from__lte", models.F("valid_until")),
                    _connector="OR",
                ),
                name="document_version_ends_after_it_begins",
            ),
        ),
        migrations.AddConstraint(
            model_name="documentversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("scan__in", ["off", "clean"]),
                    ("state__in", ["supplied", "refused", "replaced"]),
                    _connector="OR",
                ),
                name="document_version_counts_only_clean",
            ),
        ),
        migrations.AddConstraint(
            model_name="documentversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "refused"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="document_version_refused_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="documentversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["accepted", "refused", "expired"]), _negated=True),
                    models.Q(("decided_at__isnull", False), models.Q(("decided_by", ""), _negated=True)),
                    _connector="OR",
                ),
                name="document_version_decided_by_somebody",
            ),
        ),
        migrations.RunPython(add_kinds, migrations.RunPython.noop),
        company_wall(REQUIREMENT),
        *(wall(table) for table in (DOCUMENT, VERSION, CONTENT)),
        same_supplier(VERSION, "document_id", DOCUMENT),
        supplier_may(KIND, "SELECT"),
        supplier_may(DOCUMENT, "SELECT", "INSERT", "UPDATE (last_number)"),
        supplier_writes_only(DOCUMENT, "asked_for = '' AND last_number = 0"),
        supplier_may(VERSION, "SELECT", "INSERT", "UPDATE (state, version, ended_at)"),
        supplier_writes_only(
            VERSION, "state = 'supplied' AND NOT on_behalf AND decided_at IS NULL AND place = 'database'"
        ),
        a_supplier_decides_nothing(),
        supplier_may(CONTENT, "SELECT", "INSERT"),
    ]
