"""Wall two: row level security holds when wall one is taken away, and a forgotten scope shows nothing."""

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from portal.kernel.scope import NO_SCOPE, NoScope, acting, requires_scope
from procurement.models import PurchaseOrder, PurchaseOrderLine
from suppliers.models import Supplier, User
from tests.builders.world import a_paper, an_order, receive
from tests.people import FEED

pytestmark = pytest.mark.django_db


def scoped_models():
    """Every model of ours that has a way to a supplier."""
    found = []
    for model in apps.get_models():
        if model._meta.app_label not in ("kernel", "suppliers", "procurement"):
            continue
        columns = {field.column for field in model._meta.concrete_fields}
        if "supplier_id" in columns or model is Supplier:
            found.append(model)
    return found


def security_of(table):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = %s::regclass", [table]
        )
        flags = cursor.fetchone()
        cursor.execute("SELECT policyname, roles::text[] FROM pg_policies WHERE tablename = %s", [table])
        return flags, dict(cursor.fetchall())


@pytest.mark.parametrize("model", scoped_models(), ids=lambda model: model._meta.label)
def test_every_table_with_a_way_to_a_supplier_is_walled(model):
    flags, policies = security_of(model._meta.db_table)

    assert flags == (True, True)
    assert policies["supplier_own"] == ["quayside_supplier"]
    assert policies["company_all"] == ["quayside_company"]
    assert policies["owner_all"] == ["quayside_owner"]
    # The login itself reads memberships and tokens to know who is at the door, and nothing else.
    extra = set(policies) - {"supplier_own", "company_all", "owner_all"}
    doorkeeper = {"suppliers_membership", "suppliers_apitoken"}
    assert extra == ({"doorkeeper_reads"} if model._meta.db_table in doorkeeper else set())


def test_child_tables_hold_their_supplier_equal_to_their_parents():
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT conrelid::regclass::text FROM pg_constraint
               WHERE contype = 'f' AND conname LIKE '%%_same_supplier' AND array_length(conkey, 1) = 2"""
        )
        held = {row[0] for row in cursor.fetchall()}
    parents = {"procurement_purchaseorder", "procurement_purchaseorderline", "procurement_message"}
    expected = {
        model._meta.db_table
        for model in scoped_models()
        if model._meta.app_label == "procurement"
        and any(
            field.is_relation and field.related_model._meta.db_table in parents
            for field in model._meta.concrete_fields
        )
    }
    assert expected <= held


def test_the_application_role_is_neither_owner_nor_superuser():
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT current_user::text, rolsuper, rolbypassrls, rolinherit FROM pg_roles
               WHERE rolname = current_user"""
        )
        assert cursor.fetchone() == ("quayside_app", False, False, False)
        cursor.execute("SELECT count(*) FROM pg_tables WHERE tableowner = 'quayside_app'")
        assert cursor.fetchone() == (0,)


def test_a_forgotten_scope_shows_nothing(world):
    an_order()

    assert PurchaseOrder.objects.count() == 0
    assert Supplier.objects.count() == 0
    with acting(FEED):
        assert PurchaseOrder.objects.count() == 1


def test_wall_two_holds_when_wall_one_is_taken_away(people):
    an_order("4500000001")
    receive(a_paper("4500000002", supplier="GLOBEX"))

    with acting(people["gil"].actor):
        # No visible_to anywhere: what a forgetful programmer would write.
        assert list(PurchaseOrder.objects.values_list("number", flat=True)) == ["4500000002"]
        assert set(PurchaseOrderLine.objects.values_list("order__number", flat=True)) == {"4500000002"}
        assert list(Supplier.objects.values_list("number", flat=True)) == ["GLOBEX"]
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM procurement_orderrevision")
            assert cursor.fetchone() == (1,)


def test_a_supplier_can_neither_write_nor_move_rows_of_another(people):
    order = an_order()
    gil = people["gil"].actor

    with acting(gil):
        assert PurchaseOrder.objects.filter(pk=order.pk).update(note="mine now") == 0
    with pytest.raises(DatabaseError, match="row-level security"), acting(gil):
        PurchaseOrder.objects.bulk_create(
            [
                PurchaseOrder(
                    company_id=order.company_id,
                    supplier_id=order.supplier_id,
                    number="forged",
                    currency="EUR",
                    ordered_on=order.ordered_on,
                    received_at=order.received_at,
                    revised_at=order.revised_at,
                    content_hash="",
                )
            ]
        )


def test_a_line_cannot_drift_to_another_supplier(people):
    order = an_order()
    globex = people["gil"].actor.supplier_ids[0]

    def move_the_lines():
        PurchaseOrderLine.objects.filter(order=order).update(supplier_id=globex)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(DatabaseError, match="same_supplier"), transaction.atomic(), acting(FEED):
        move_the_lines()


@pytest.mark.parametrize(
    "table", ["kernel_auditevent", "procurement_orderrevision", "kernel_deliveryattempt"]
)
@pytest.mark.parametrize("verb", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_facts_cannot_be_rewritten(world, table, verb):
    an_order()

    with pytest.raises(DatabaseError, match="permission denied"), acting(FEED), connection.cursor() as cursor:
        cursor.execute(verb.format(table))


# Tables that know no supplier and that a supplier's scope may read: master data of the buying group, and Django's own.
OPEN_TO_SUPPLIERS = {
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_content_type",
    "django_migrations",
    "procurement_company",
    "procurement_item",
    "procurement_site",
    "procurement_unit",
}


def test_a_suppliers_scope_reads_only_walled_tables_and_master_data():
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
               AND NOT relrowsecurity AND has_table_privilege('quayside_supplier', oid, 'SELECT')"""
        )
        open_tables = {row[0] for row in cursor.fetchall()}
    assert open_tables <= OPEN_TO_SUPPLIERS


def test_a_supplier_sees_its_own_people_only(people):
    with acting(people["gil"].actor):
        assert set(User.objects.values_list("name", flat=True)) == {"Gil Globex", "Sam Both"}
    with acting(people["bea"].actor):
        assert User.objects.count() == len(people)


def test_internal_facts_stay_inside(people):
    from portal.kernel.audit.models import AuditEvent
    from portal.kernel.audit.services import record

    order = an_order()
    with acting(FEED):
        record(
            "order.noted",
            order.stream,
            actor=FEED,
            at=order.received_at,
            supplier_id=order.supplier_id,
            internal=True,
        )

    with acting(people["asha"].actor):
        assert set(AuditEvent.objects.values_list("kind", flat=True)) == {"order.received"}
    with acting(people["bea"].actor):
        assert set(AuditEvent.objects.values_list("kind", flat=True)) == {"order.received", "order.noted"}


def role_and_scope():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user::text, current_setting('quayside.suppliers', true)")
        return cursor.fetchone()


def test_leaving_a_scope_restores_the_one_before(people):
    asha = people["asha"].actor

    with acting(FEED):
        with acting(asha):
            assert role_and_scope() == ("quayside_supplier", f"{{{asha.supplier_ids[0]}}}")
        assert role_and_scope() == ("quayside_company", "{}")
    assert role_and_scope()[0] == "quayside_app"


def test_a_failure_inside_a_scope_restores_the_one_before(people):
    with acting(FEED):
        with pytest.raises(ZeroDivisionError), acting(people["asha"].actor):
            _ = 1 / 0
        assert role_and_scope() == ("quayside_company", "{}")
        with pytest.raises(DatabaseError), acting(people["asha"].actor), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        assert role_and_scope() == ("quayside_company", "{}")
    assert role_and_scope()[0] == "quayside_app"


@pytest.mark.django_db(transaction=True)
def test_nothing_of_a_scope_outlives_its_transaction(people):
    with acting(people["asha"].actor):
        assert role_and_scope()[0] == "quayside_supplier"

    assert role_and_scope() == ("quayside_app", "")
    assert getattr(connection, "quayside_scope", NO_SCOPE) == NO_SCOPE


def test_a_service_without_a_door_says_so():
    @requires_scope
    def verb():
        return "done"

    with pytest.raises(NoScope):
        verb()
    with acting(FEED):
        assert verb() == "done"


def test_policies_keep_the_indexes(people):
    receive(*[a_paper(f"45{n:08}", supplier="ACME" if n % 10 else "GLOBEX") for n in range(300)])

    with acting(people["gil"].actor), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT * FROM procurement_purchaseorderline ORDER BY delivery_on, id LIMIT 50"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Index Cond: (supplier_id = ANY" in plan
