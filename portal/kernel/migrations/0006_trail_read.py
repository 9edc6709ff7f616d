"""The trail is read on a page: newest first, by kind, by door, by who did it, also in another's place."""

from django.db import migrations, models
from django.db.models.fields.json import KeyTransform


class Migration(migrations.Migration):
    dependencies = [("kernel", "0005_trail_of_people")]

    operations = [
        migrations.AddIndex("auditevent", models.Index(fields=["-at", "-id"], name="audit_newest")),
        migrations.AddIndex("auditevent", models.Index(fields=["kind", "-at", "-id"], name="audit_kind")),
        migrations.AddIndex(
            "auditevent", models.Index(fields=["channel", "-at", "-id"], name="audit_channel")
        ),
        migrations.AddIndex(
            "auditevent",
            models.Index(
                fields=["actor_user_id", "-at", "-id"],
                condition=models.Q(actor_user_id__isnull=False),
                name="audit_person_newest",
            ),
        ),
        migrations.AddIndex(
            "auditevent",
            models.Index(
                KeyTransform("impersonated_by", "facts"),
                condition=models.Q(facts__has_key="impersonated_by"),
                name="audit_stand_in",
            ),
        ),
    ]
