"""Who made a token: what it proposes about bank details they have asked for."""

from django.db import migrations, models

# Of those there are the audit trail knows. Whose maker it does not know goes on as before.
KNOWN = """
UPDATE suppliers_apitoken token SET created_by_user_id = made.actor_user_id FROM kernel_auditevent made
WHERE made.kind = 'token.created' AND made.stream = 'token:' || token.prefix AND made.actor_user_id IS NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("suppliers", "0026_new_people"),
        # Takes back what suppliers may do to every table there is: what is granted here must come after it.
        ("procurement", "0009_narrow_grants"),
    ]

    operations = [
        migrations.AddField("apitoken", "created_by_user_id", models.BigIntegerField(null=True)),
        migrations.RunSQL(KNOWN, migrations.RunSQL.noop),
    ]
