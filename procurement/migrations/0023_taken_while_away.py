"""A case that somebody takes while away stays with them; decisions of rules are counted in their own order."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("procurement", "0022_mailroom")]

    operations = [
        migrations.AlterField(
            model_name="exceptioncase",
            name="owned_by",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "nobody"),
                    ("rule", "by rule"),
                    ("buyer", "the order’s buyer"),
                    ("person", "by a person"),
                    ("taken", "by a person, while away"),
                ],
                default="",
                max_length=10,
            ),
        ),
        migrations.AddIndex(
            model_name="tolerancedecision",
            index=models.Index(
                condition=models.Q(outcome="asked"),
                fields=["-decided_at", "-id"],
                name="tolerance_decision_asked",
            ),
        ),
        migrations.AddIndex(
            model_name="tolerancedecision",
            index=models.Index(
                condition=models.Q(reopened_at__isnull=False),
                fields=["-decided_at", "-id"],
                name="tolerance_decision_reopened",
            ),
        ),
        migrations.AddIndex(
            model_name="clock",
            index=models.Index(condition=models.Q(state="paused"), fields=["id"], name="clock_paused"),
        ),
    ]
