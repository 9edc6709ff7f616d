"""The trail is read on a page: newest first, by kind, by door, by who did it, also in another's place.

Without locking the table: everything that is done is written into it, also meanwhile.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.fields.json import KeyTransform


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("kernel", "0005_trail_of_people")]

    operations = [
        AddIndexConcurrently("auditevent", models.Index(fields=["-at", "-id"], name="audit_newest")),
        AddIndexConcurrently("auditevent", models.Index(fields=["kind", "-at", "-id"], name="audit_kind")),
        AddIndexConcurrently(
            "auditevent", models.Index(fields=["channel", "-at", "-id"], name="audit_channel")
        ),
        AddIndexConcurrently(
            "auditevent",
            models.Index(
                fields=["actor_user_id", "-at", "-id"],
                condition=models.Q(actor_user_id__isnull=False),
                name="audit_person_newest",
            ),
        ),
        AddIndexConcurrently(
            "auditevent",
            models.Index(
                KeyTransform("impersonated_by", "facts"),
                condition=models.Q(facts__has_key="impersonated_by"),
                name="audit_stand_in",
            ),
        ),
    ]
