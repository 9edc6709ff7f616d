"""Since when somebody acts for a supplier in the role they have."""

from django.db import migrations, models

# A trigger, as for our own people (0013): whatever raises somebody, today's code or a later version's, must leave behind
# when. Of those there are it is known since when they act there, and not since when in this role.
SINCE = """
CREATE FUNCTION suppliers_role_since() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.role_since_at := now();
    ELSIF NEW.role IS DISTINCT FROM OLD.role THEN
        NEW.role_since_at := now();
    ELSE
        NEW.role_since_at := OLD.role_since_at;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER role_since BEFORE INSERT OR UPDATE OF role ON suppliers_membership
    FOR EACH ROW EXECUTE FUNCTION suppliers_role_since();
UPDATE suppliers_membership member SET role_since_at = contact.since_at FROM suppliers_bankcontact contact
WHERE contact.supplier_id = member.supplier_id AND contact.user_id = member.user_id AND contact.until_at IS NULL;
"""
NO_MORE = """
DROP TRIGGER role_since ON suppliers_membership;
DROP FUNCTION suppliers_role_since();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("suppliers", "0027_who_made_tokens"),
        # Takes back what suppliers may do to every table there is: what is granted here must come after it.
        ("procurement", "0009_narrow_grants"),
    ]

    operations = [
        migrations.AddField("membership", "role_since_at", models.DateTimeField(editable=False, null=True)),
        migrations.RunSQL(SINCE, NO_MORE),
    ]
