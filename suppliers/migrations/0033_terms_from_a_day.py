"""Terms count from a day; and whoever is done is asked for terms of a template that came after it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("suppliers", "0032_known_since")]

    operations = [
        migrations.AddField("terms", "from_on", models.DateField(null=True)),
        migrations.AddField(
            "onboardingrun",
            "terms_by",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="suppliers.onboardingtemplate",
            ),
        ),
    ]
