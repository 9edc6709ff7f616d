"""A matching policy says whether what claims is held while paying waits for its supplier's onboarding: unless it says
otherwise, it is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("procurement", "0054_onboarding")]

    operations = [
        migrations.AddField(
            model_name="matchpolicy",
            name="waits_for_onboarding",
            field=models.BooleanField(db_default=True, default=True),
        ),
    ]
