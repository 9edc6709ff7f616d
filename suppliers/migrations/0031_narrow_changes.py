"""A supplier's scope reads of its changes what its pages and programs say, and not what is ours alone."""

from django.db import migrations

from portal.kernel.walls import supplier_may

# Not `suppliers.banking.queries.OURS_ALONE`: how long one waits says which risks were seen, also what other suppliers
# have; what stands in our ERP, and the numbers of our people, are nobody's there.
TOLD = (
    "account_id, approved_at, bank_name, bic, called_at, close_reason, closed_at, closed_by, country, currency, form, "
    "holder, id, key, kind, number_id, on_behalf, origin, proposed_at, proposed_by, reason, requested_at, requested_by, "
    "round, shown, state, supplier_id, version"
)


class Migration(migrations.Migration):
    dependencies = [
        ("suppliers", "0030_search_paths"),
        # Takes back what suppliers may do to every table there is: what is granted here must come after it.
        ("procurement", "0009_narrow_grants"),
    ]

    operations = [
        migrations.RunSQL(
            "REVOKE SELECT ON suppliers_bankchange FROM quayside_supplier;",
            "GRANT SELECT ON suppliers_bankchange TO quayside_supplier;",
        ),
        supplier_may("suppliers_bankchange", f"SELECT ({TOLD})"),
    ]
