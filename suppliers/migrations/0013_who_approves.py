"""Since when somebody has had a role that approves bank details, and who wrote a proposed number down."""

from django.db import migrations, models

from portal.kernel.walls import supplier_may

# A trigger, because whatever gives somebody such a role, today's code or a later version's, must leave behind since when
# they have it: an account made, or given the role, for one change approves nothing. A test holds the roles to
# `suppliers.roles`. Who had the role before this was kept had it since they joined at the earliest.
SINCE = """
CREATE FUNCTION suppliers_approves(active boolean, role text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT active AND (role = 'accounts_payable' OR role = 'administrator' OR role = 'manager')
$$;
CREATE FUNCTION suppliers_approver_since() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
    NEW.approver_since_at := NULL;
    IF suppliers_approves(NEW.is_active, NEW.company_role) THEN
        NEW.approver_since_at := now();
        IF TG_OP = 'UPDATE' THEN
            IF suppliers_approves(OLD.is_active, OLD.company_role) THEN
                NEW.approver_since_at := OLD.approver_since_at;
            END IF;
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approver_since BEFORE INSERT OR UPDATE OF company_role, is_active ON suppliers_user
    FOR EACH ROW EXECUTE FUNCTION suppliers_approver_since();
UPDATE suppliers_user SET approver_since_at = date_joined WHERE suppliers_approves(is_active, company_role);
"""
NO_MORE = """
DROP TRIGGER approver_since ON suppliers_user;
DROP FUNCTION suppliers_approver_since();
DROP FUNCTION suppliers_approves(boolean, text);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("suppliers", "0012_banking"),
        # Takes back what suppliers may do to every table there is: what is granted here must come after it.
        ("procurement", "0009_narrow_grants"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="approver_since_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="bankchange",
            name="proposed_by_user_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.RunSQL(SINCE, NO_MORE),
        # Of their own people, as every column of a person: for those it is empty.
        supplier_may("suppliers_user", "SELECT (approver_since_at)"),
    ]
