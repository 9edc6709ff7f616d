"""Documents: how often the scanner erred on a file, and bytes that are let go of. Company data: a rule is loosened by
two people."""

from django.db import migrations, models

SCANS = [
    ("off", "off"),
    ("clean", "clean"),
    ("found", "found"),
    ("waiting", "waiting"),
    ("unreadable", "unreadable"),
]
PLACES = [("database", "Database"), ("s3", "S3"), ("nowhere", "Not kept")]


class Migration(migrations.Migration):
    dependencies = [("suppliers", "0014_kept_and_told")]

    operations = [
        migrations.AddField(
            model_name="documentversion",
            name="scan_tries",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="documentversion",
            name="scan",
            field=models.CharField(choices=SCANS, max_length=10),
        ),
        migrations.RemoveConstraint(model_name="documentversion", name="document_version_scan_known"),
        migrations.AddConstraint(
            model_name="documentversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("scan__in", [scan for scan, _label in SCANS])),
                name="document_version_scan_known",
            ),
        ),
        migrations.RemoveIndex(model_name="documentversion", name="document_version_unseen"),
        migrations.AddIndex(
            model_name="documentversion",
            index=models.Index(
                condition=models.Q(("state", "supplied")),
                fields=["scan_tries", "id"],
                name="document_version_unseen",
            ),
        ),
        migrations.AlterField(
            model_name="documentversion",
            name="place",
            field=models.CharField(choices=PLACES, default="database", max_length=10),
        ),
        migrations.RemoveConstraint(model_name="documentversion", name="document_version_place_known"),
        migrations.AddConstraint(
            model_name="documentversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("place__in", [place for place, _label in PLACES])),
                name="document_version_place_known",
            ),
        ),
        migrations.AddIndex(
            model_name="documentversion",
            index=models.Index(fields=["supplier", "supplied_at"], name="document_version_of_supplier"),
        ),
        migrations.AddIndex(
            model_name="documentversion",
            index=models.Index(
                condition=models.Q(
                    ("decided_at__isnull", True),
                    ("state", "replaced"),
                    models.Q(("place", "nowhere"), _negated=True),
                ),
                fields=["id"],
                name="document_version_to_let_go",
            ),
        ),
        migrations.AddField(
            model_name="detailrule",
            name="written_by_user_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="detailrule",
            name="asked_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="detailrule",
            name="asked_by",
            field=models.CharField(blank=True, default="", max_length=200),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="detailrule",
            name="asked_by_user_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddConstraint(
            model_name="detailrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("way", "at_once"), _negated=True),
                    ("written_by_user_id__isnull", True),
                    ("asked_by_user_id__isnull", True),
                    models.Q(("written_by_user_id", models.F("asked_by_user_id")), _negated=True),
                    _connector="OR",
                ),
                name="detail_rule_two_people",
            ),
        ),
    ]
