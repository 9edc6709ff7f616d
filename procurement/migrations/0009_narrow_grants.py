"""What a supplier's scope may do to each table, exactly: see Note [Narrow grants] in portal/kernel/walls.py."""

from typing import ClassVar

from django.db import migrations

from portal.kernel.walls import supplier_may, supplier_starts_with_nothing, supplier_writes_only

READ_ONLY = (
    "procurement_company",
    "procurement_item",
    "procurement_orderrevision",
    "procurement_site",
    "procurement_supplieritem",
    "suppliers_membership",
    "suppliers_supplier",
    "suppliers_suppliersite",
)
PERSON = "id, email, name, company_role, language, time_zone, theme, shortcuts, is_active, date_joined"
ROLLED_UP = (
    "agreement, revision_status, logistics, finance, line_count, lines_agreed, lines_for_supplier, "
    "lines_for_buyer, total_amount, next_delivery_on"
)


class Migration(migrations.Migration):
    """A supplier writes what its people and programs say, and nothing that is the company's to say."""

    dependencies: ClassVar = [
        ("procurement", "0008_promises_and_deliveries"),
        ("suppliers", "0003_people_walls"),
        ("kernel", "0003_outbox_faults"),
    ]

    operations: ClassVar = [
        supplier_starts_with_nothing(),
        *(supplier_may(table, "SELECT") for table in READ_ONLY),
        # Who a colleague is, never the hash of a password; how one likes the pages is one's own to say.
        supplier_may(
            "suppliers_user", f"SELECT ({PERSON})", "UPDATE (name, language, time_zone, theme, shortcuts)"
        ),
        supplier_may(
            "suppliers_apitoken", "SELECT", "INSERT", "UPDATE (last_used_at, revoked_at, revoked_by)"
        ),
        # The promise side of an order. What is asked (quantity, price, day, item) is the ERP's.
        supplier_may(
            "procurement_purchaseorder",
            "SELECT",
            f"UPDATE (version, updated_at, supplier_reference, answer_asked_at, acknowledge_by_at, {ROLLED_UP})",
        ),
        supplier_may(
            "procurement_purchaseorderline",
            "SELECT",
            "UPDATE (agreement, turn, agreed_revision, expected_on, next_delivery_on, touched_version)",
        ),
        supplier_may("procurement_scheduleline", "SELECT", "UPDATE (first_promised_on, first_agreed_on)"),
        supplier_may("procurement_promise", "SELECT", "INSERT", "UPDATE (state, was_agreed, decided_at)"),
        supplier_may("procurement_orderacknowledgment", "SELECT", "INSERT", "UPDATE (state, version)"),
        supplier_may(
            "procurement_draftanswer",
            "SELECT",
            "INSERT",
            "UPDATE (version, pieces, typed_at, typed_by)",
            "DELETE",
        ),
        supplier_may(
            "procurement_draftheader",
            "SELECT",
            "INSERT",
            "UPDATE (supplier_id, supplier_reference, ship_from_code, note, typed_at, typed_by)",
            "DELETE",
        ),
        supplier_may(
            "procurement_uploadedanswer",
            "SELECT",
            "INSERT",
            "UPDATE (applied_at, applied_by, result)",
            "DELETE",
        ),
        supplier_may(
            "procurement_orderdocument", "SELECT", "INSERT", "UPDATE (state, asked_at, reason)", "DELETE"
        ),
        supplier_may("procurement_savedview", "SELECT", "INSERT", "UPDATE (query, supplier_id)", "DELETE"),
        supplier_may("procurement_message", "SELECT", "INSERT"),
        supplier_writes_only("procurement_message", "author_side = 'supplier'"),
        supplier_may("procurement_attachment", "SELECT", "INSERT"),
        # Facts, and what others are to be told of them: added, never read over or changed.
        supplier_may("kernel_auditevent", "SELECT", "INSERT"),
        supplier_writes_only("kernel_auditevent", "actor_side = 'supplier'"),
        supplier_may("kernel_outboxmessage", "SELECT (id)", "INSERT"),
        supplier_may("kernel_seenrequest", "SELECT", "INSERT"),
    ]
