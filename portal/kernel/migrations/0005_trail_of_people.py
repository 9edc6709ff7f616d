"""What one person did, on the trail: their export and their erasure look for it by the number."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("kernel", "0004_security")]

    operations = [
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(
                condition=models.Q(("actor_user_id__isnull", False)),
                fields=["actor_user_id", "supplier_id"],
                name="audit_person",
            ),
        ),
    ]
