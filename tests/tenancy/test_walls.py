"""Wall two: row level security holds when wall one is taken away, and a forgotten scope shows nothing."""

from decimal import Decimal

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from portal.kernel.audit.models import AuditEvent
from portal.kernel.audit.services import record
from portal.kernel.scope import NO_SCOPE, NoScope, acting, requires_scope
from procurement.invoices.messages import ChargeEntry, FileEntry
from procurement.invoices.models import InvoiceCharge, InvoiceFile, InvoiceLine, InvoiceTax
from procurement.invoices.services import add_invoice_file
from procurement.models import ChangeRound, OrderChange, PurchaseOrder, PurchaseOrderLine, SavedView
from procurement.shipments.models import ShipNotice
from procurement.threads.models import Message
from suppliers.models import Supplier, SupplierSite, User
from tests.builders.changes import A_WEEK, an_agreed_order, propose
from tests.builders.invoices import a_draft_invoice, send, write
from tests.builders.shipments import a_sent_notice
from tests.builders.world import MONDAY, a_paper, an_order, receive
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


EXTRA_POLICIES = {
    # Since when a contact is known is nobody's to say once bank details were asked for.
    "suppliers_bankcontact": {"ages_nobody_once_asked"},
    # The login itself reads memberships and tokens to know who is at the door, and nothing else.
    "suppliers_membership": {"doorkeeper_reads"},
    "suppliers_apitoken": {"doorkeeper_reads"},
    # A supplier says what its own people say.
    "kernel_auditevent": {"supplier_writes_only"},
    "procurement_changeround": {"supplier_writes_only", "supplier_edits_only"},
    "procurement_orderchange": {"supplier_writes_only"},
    "procurement_message": {"supplier_writes_only"},
    # A supplier answers a difference and adds pictures to its answer; how it is settled is the buyer's to say.
    "procurement_differenceword": {"supplier_writes_only"},
    "procurement_sheetphoto": {"supplier_writes_only"},
    "procurement_appointment": {"supplier_writes_only"},
    # What is sent stays: see 0037.
    "procurement_invoice": {"supplier_writes_only"},
    **{
        f"procurement_invoice{part}": {"supplier_writes_only", "supplier_drops_only"}
        for part in ("line", "charge", "tax", "file")
    },
    # A supplier gives a document; whether it counts is ours to say.
    "suppliers_document": {"supplier_writes_only"},
    "suppliers_documentversion": {"supplier_writes_only", "supplier_edits_only"},
    # What a comparison makes of what a supplier lists is ours to say.
    "procurement_statementrow": {"supplier_writes_only"},
    "procurement_supplierstatement": {"supplier_writes_only"},
    # Whose a link's token is, is asked before anybody acts.
    "procurement_signedlink": {"doorkeeper_reads"},
    "procurement_approvallink": {"doorkeeper_reads"},
}


@pytest.mark.parametrize("model", scoped_models(), ids=lambda model: model._meta.label)
def test_every_table_with_a_way_to_a_supplier_is_walled(model):
    flags, policies = security_of(model._meta.db_table)

    assert flags == (True, True)
    assert policies["supplier_own"] == ["quayside_supplier"]
    assert policies["company_all"] == ["quayside_company"]
    assert policies["owner_all"] == ["quayside_owner"]
    extra = set(policies) - {"supplier_own", "company_all", "owner_all"}
    assert extra == EXTRA_POLICIES.get(model._meta.db_table, set())


def test_child_tables_hold_their_supplier_equal_to_their_parents():
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT conrelid::regclass::text FROM pg_constraint
               WHERE contype = 'f' AND conname LIKE '%%_same_supplier' AND array_length(conkey, 1) = 2"""
        )
        held = {row[0] for row in cursor.fetchall()}
    parents = {
        "procurement_inboundmail",
        "procurement_bill",
        "procurement_invoice",
        "procurement_invoiceline",
        "procurement_message",
        "procurement_orderchange",
        "procurement_purchaseorder",
        "procurement_purchaseorderline",
        "procurement_shipnotice",
        "procurement_supplierstatement",
    }
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
        assert PurchaseOrder.objects.filter(pk=order.pk).update(supplier_reference="mine now") == 0
    with pytest.raises(DatabaseError, match="row-level security"), acting(gil):
        SavedView.objects.create(
            supplier_id=order.supplier_id, user_id=gil.user_id, page="orders", name="forged", query=""
        )


def test_a_ship_notice_leaves_from_no_place_of_another_supplier(people):
    notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"])
    with acting(FEED):
        globex = people["gil"].actor.supplier_ids[0]
        place = SupplierSite.objects.create(supplier_id=globex, code="THEIRS", name="Their works")

    def leave_from_there():
        ShipNotice.objects.filter(pk=notice.pk).update(ship_from=place)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(DatabaseError, match="same_supplier"), transaction.atomic(), acting(FEED):
        leave_from_there()


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


# --- what a supplier's scope may do to a table at all -------------------------------------------------------

# Tables that know no supplier and that a supplier's scope may read: master data of the buying group.
OPEN_TO_SUPPLIERS = {
    "procurement_changereason",
    "procurement_company",
    "procurement_invoicetaxchoice",
    "procurement_invoicingprofile",
    "procurement_item",
    "procurement_officecalendar",
    "procurement_site",
    "procurement_unit",
    "suppliers_suppliercategory",
    "suppliers_documentkind",
}
READ_ONLY = {
    *OPEN_TO_SUPPLIERS,
    "procurement_countedrow",
    "procurement_earlypayment",
    "procurement_bill",
    "procurement_billline",
    "procurement_match",
    "procurement_matchcheck",
    "procurement_orderrevision",
    "procurement_packageseen",
    "procurement_receipt",
    "procurement_receivingsheet",
    "procurement_sheetline",
    "procurement_statementbalance",
    "procurement_supplieritem",
    "procurement_tolerancedecision",
    "procurement_wrongitem",
    "suppliers_invitation",
    "suppliers_address",
    "suppliers_changerequest",
    "suppliers_companynames",
    "suppliers_contact",
    "suppliers_identifier",
    "suppliers_bankaccount",
    "suppliers_membership",
    "suppliers_onboardinganswer",
    "suppliers_onboardingrun",
    "suppliers_termsaccepted",
    "suppliers_supplier",
    "suppliers_supplierincategory",
    "suppliers_suppliersite",
}
# A new table belongs in neither until its migration says `supplier_may`; every right is named here once more.
WRITES = {
    "kernel_auditevent": "SELECT INSERT",
    "kernel_outboxmessage": "SELECT(id) INSERT",
    "kernel_seenrequest": "SELECT INSERT",
    "procurement_appointment": (
        "SELECT INSERT UPDATE(confirmed_at,door,ended_at,ends_at,note,reason,starts_at,state,updated_at,version,"
        "written_by)"
    ),
    "procurement_attachment": "SELECT INSERT",
    "procurement_changeround": (
        "SELECT INSERT UPDATE(channel,edited_at,note,reason,terms,written_by,written_by_user_id)"
    ),
    "procurement_differenceword": "SELECT INSERT",
    "procurement_draftanswer": "SELECT INSERT DELETE UPDATE(pieces,typed_at,typed_by,version)",
    "procurement_draftheader": (
        "SELECT INSERT DELETE UPDATE(note,ship_from_code,supplier_id,supplier_reference,typed_at,typed_by)"
    ),
    "procurement_invoice": (
        "SELECT INSERT UPDATE(acts,allowance_total,asked_account,asked_trace,buyer_reference,channel,charge_total,"
        "company_tax_id,corrects_id,"
        "corrects_number,discount_amount,discount_days,discount_percent,due_on,end_reason,held_at,held_for,"
        "invoiced_on,line_total,note,number,number_key,pay_to_id,payment_days,reason,sent_at,sent_by,sent_by_user_id,state,"
        "state_at,supplied_on,supplier_tax_id,tax_total,total,typed_total,updated_at,version,withholding_note,"
        "written_by)"
    ),
    "procurement_invoicecharge": "SELECT INSERT DELETE",
    "procurement_invoicefile": "SELECT INSERT DELETE",
    "procurement_invoiceline": "SELECT INSERT DELETE",
    "procurement_invoicequestion": (
        "SELECT UPDATE(answer,answered_at,answered_by,answered_by_user_id,state,version)"
    ),
    "procurement_invoicetax": "SELECT INSERT DELETE",
    "procurement_maildraft": "SELECT UPDATE(came,decided_at,decided_by,reason,state,version)",
    "procurement_message": "SELECT INSERT",
    "procurement_orderacknowledgment": "SELECT INSERT UPDATE(state,version)",
    "procurement_orderchange": (
        "SELECT INSERT UPDATE(answer_note,answer_reason,answered_at,answered_by,closed_at,command,expires_at,kinds,"
        "round,state,turn,updated_at,version)"
    ),
    "procurement_orderdocument": "SELECT INSERT DELETE UPDATE(asked_at,reason,state)",
    "procurement_ordersight": "SELECT INSERT",
    "procurement_milestone": "SELECT INSERT",
    "procurement_package": (
        "SELECT INSERT DELETE UPDATE(carton_number,gross_kg,height_cm,is_live,length_cm,parent_id,sscc,"
        "tracking_number,width_cm)"
    ),
    "procurement_packagenumbering": "SELECT INSERT UPDATE(extension,gs1_prefix,next_carton,next_serial,reached)",
    "procurement_packedquantity": "SELECT INSERT DELETE",
    "procurement_promise": "SELECT INSERT UPDATE(decided_at,state,was_agreed)",
    "procurement_purchaseorder": (
        "SELECT UPDATE(acknowledge_by_at,agreement,answer_asked_at,finance,line_count,lines_agreed,"
        "lines_for_buyer,lines_for_supplier,logistics,next_delivery_on,revision_status,supplier_reference,"
        "total_amount,updated_at,version)"
    ),
    "procurement_purchaseorderline": (
        "SELECT UPDATE(agreed_revision,agreement,claimed_quantity,expected_on,finance,logistics,next_delivery_on,"
        "on_the_way,shipped_quantity,touched_version,turn)"
    ),
    "procurement_savedview": "SELECT INSERT DELETE UPDATE(query,supplier_id)",
    "procurement_scheduleline": "SELECT UPDATE(first_agreed_on,first_promised_on)",
    "procurement_shipnotice": (
        "SELECT INSERT UPDATE(arrived_at,bill_of_lading,carrier,channel,delivery_on,departed_at,end_reason,"
        "ended_at,expected_on,freight_terms,gross_kg,note,number,number_key,pieces,replaces_id,seal,sent_at,"
        "sent_by,sent_by_user_id,service,ship_from_id,ship_on,state,tracking_numbers,updated_at,version,"
        "written_by)"
    ),
    "procurement_shipnoticeline": "SELECT INSERT DELETE UPDATE(came_before,follows_on,quantity,remainder)",
    "procurement_sheetphoto": "SELECT INSERT",
    "procurement_signedlink": (
        "SELECT INSERT UPDATE(acted_on,opened_at,renewals,revoked_at,revoked_by,used_at)"
    ),
    "procurement_statementrow": "SELECT INSERT UPDATE(answer,answered_at,answered_by)",
    "procurement_supplierstatement": "SELECT INSERT",
    "procurement_uploadedanswer": "SELECT INSERT DELETE UPDATE(applied_at,applied_by,result)",
    "procurement_uploadednotices": (
        "SELECT INSERT DELETE UPDATE(applied_at,applied_by,columns,head,plan,planned_at,result,rows)"
    ),
    "procurement_uploadedinvoices": (
        "SELECT INSERT DELETE UPDATE(answers,applied_at,applied_by,columns,head,plan,planned_at,result,rows)"
    ),
    "suppliers_apitoken": "SELECT INSERT UPDATE(last_used_at,revoked_at,revoked_by)",
    "suppliers_bankchange": (
        "SELECT(account_id,approved_at,bank_name,bic,called_at,close_reason,closed_at,closed_by,country,currency,form,"
        "holder,id,key,kind,number_id,on_behalf,origin,proposed_at,proposed_by,reason,requested_at,requested_by,round,"
        "shown,state,supplier_id,version)"
    ),
    "suppliers_bankproof": (
        "SELECT(added_at,added_by,change_id,content_type,id,key,name,sha256,size,supplier_id)"
    ),
    "suppliers_factorreset": "SELECT INSERT UPDATE(ended_at,state,version)",
    "suppliers_document": "SELECT INSERT UPDATE(last_number)",
    "suppliers_documentcontent": "SELECT INSERT",
    "suppliers_documentversion": "SELECT INSERT UPDATE(ended_at,state,version)",
    "suppliers_user": (
        "SELECT(approver_since_at,asleep_at,company_role,date_joined,email,id,is_active,language,let_go_at,"
        "name,session_round,shortcuts,theme,time_zone,woken_at) "
        "UPDATE(language,name,shortcuts,theme,time_zone)"
    ),
}


def test_what_runs_with_the_owners_rights_is_led_to_no_table_of_somebody_elses_making():
    # Names are looked up in the schema of temporary tables first, unless it is named last: whoever may make one would
    # otherwise have the owner write into it.
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT proname, coalesce(array_to_string(proconfig, ';'), '') FROM pg_proc
               WHERE pronamespace = 'public'::regnamespace AND proowner = 'quayside_owner'::regrole AND prosecdef"""
        )
        paths = dict(cursor.fetchall())
    assert {"suppliers_remember_member", "procurement_traces_follow"} <= set(paths)
    assert set(paths.values()) == {"search_path=public, pg_temp"}, paths


def rights_of_suppliers():
    """Every right of the supplier's scope by table: on the whole of it, or on some columns."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT relname, verb, has_table_privilege('quayside_supplier', c.oid, verb),
                  CASE WHEN verb IN ('SELECT', 'INSERT', 'REFERENCES', 'UPDATE') THEN (
                      SELECT string_agg(attname, ',' ORDER BY attname) FROM pg_attribute
                      WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
                      AND has_column_privilege('quayside_supplier', c.oid, attnum, verb)) END
               FROM pg_class c, unnest(%s::text[]) WITH ORDINALITY AS verbs (verb, place)
               WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
               ORDER BY relname, place""",
            [["SELECT", "INSERT", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "UPDATE"]],
        )
        found = {}
        for table, verb, whole, columns in cursor.fetchall():
            if whole or columns:
                found.setdefault(table, []).append(verb if whole else f"{verb}({columns})")
        return {table: " ".join(rights) for table, rights in found.items()}


def test_a_suppliers_scope_has_exactly_the_rights_that_services_need():
    assert rights_of_suppliers() == dict.fromkeys(READ_ONLY, "SELECT") | WRITES


@pytest.mark.parametrize(
    "table",
    [
        "kernel_auditlink",
        "kernel_auditseal",
        "procurement_alert",
        "procurement_clockstep",
        "procurement_dockplan",
        "procurement_duemove",
        "procurement_erpconnection",
        "procurement_gatewaymessage",
        "procurement_gatewaysecret",
        "procurement_ladderstep",
        "procurement_matchpolicy",
        "procurement_noticepreference",
        "procurement_reconciliationrun",
        "procurement_rehearsal",
        "procurement_servicepolicy",
        "procurement_sweptrecord",
        "procurement_tolerancepolicy",
        "procurement_tolerancerule",
        "procurement_toleranceswitch",
        "suppliers_detailrule",
        "suppliers_firstorderrule",
        "suppliers_invitationtext",
        "suppliers_listedparty",
        "suppliers_onboardingchase",
        "suppliers_onboardingtemplate",
        "suppliers_terms",
        "suppliers_uploadedinvitations",
        "suppliers_requirement",
        "suppliers_sanctionslist",
        "suppliers_supplierrequest",
    ],
)
def test_what_only_the_buying_side_may_know_has_a_wall_and_no_way_in(table):
    flags, policies = security_of(table)

    assert flags == (True, True)
    assert policies == {"company_all": ["quayside_company"], "owner_all": ["quayside_owner"]}


def test_what_is_open_to_suppliers_without_a_wall_is_master_data_only():
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
               AND NOT relrowsecurity"""
        )
        unwalled = {row[0] for row in cursor.fetchall()}
    assert unwalled & set(rights_of_suppliers()) == OPEN_TO_SUPPLIERS


@pytest.mark.parametrize(
    "statement",
    [
        # who one is
        "UPDATE suppliers_user SET company_role = 'manager' WHERE id = {asha}",
        "UPDATE suppliers_user SET email = 'bea@northmoor.example' WHERE id = {asha}",
        "UPDATE suppliers_user SET password = ''",
        "SELECT password FROM suppliers_user",
        "INSERT INTO auth_group (name) VALUES ('managers')",
        "SELECT * FROM django_session",
        # for whom one acts
        "UPDATE suppliers_membership SET role = 'administrator'",
        "UPDATE suppliers_invitation SET role = 'administrator'",
        "INSERT INTO suppliers_invitation (address) VALUES ('gil@globex.example')",
        "SELECT new_address FROM suppliers_addresschange",
        "SELECT last_login FROM suppliers_user",
        "UPDATE suppliers_membership SET supplier_id = {globex}",
        "INSERT INTO suppliers_membership (user_id, supplier_id, role) VALUES ({bea}, {acme}, 'administrator')",
        "DELETE FROM suppliers_membership",
        "UPDATE suppliers_supplier SET state = 'active'",
        "UPDATE suppliers_suppliersite SET transit_days = 0",
        "UPDATE suppliers_supplier SET language = 'de'",
        "UPDATE suppliers_supplier SET channel = 'edi'",
        "UPDATE suppliers_changerequest SET state = 'in_force'",
        "INSERT INTO suppliers_changerequest (part) VALUES ('legal')",
        "UPDATE suppliers_contact SET telephone = '+4930123456'",
        "UPDATE suppliers_contact SET since_at = '2020-01-01'",
        "DELETE FROM suppliers_identifier",
        "UPDATE suppliers_address SET line1 = 'mine now'",
        "UPDATE suppliers_companynames SET legal_name = 'mine now'",
        "SELECT way FROM suppliers_detailrule",
        "UPDATE suppliers_suppliercategory SET name = 'mine now'",
        "UPDATE suppliers_apitoken SET scope = 'acknowledge'",
        "UPDATE suppliers_apitoken SET digest = ''",
        # what is asked
        "UPDATE procurement_purchaseorder SET currency = 'USD'",
        "UPDATE procurement_purchaseorderline SET price = 1",
        "UPDATE procurement_purchaseorderline SET quantity = 1",
        "UPDATE procurement_purchaseorderline SET delivery_on = '2030-01-01'",
        "UPDATE procurement_scheduleline SET delivery_on = '2030-01-01'",
        "DELETE FROM procurement_purchaseorderline",
        # what was promised, said and told
        "UPDATE procurement_promise SET quantity = 1",
        "DELETE FROM procurement_promise",
        "UPDATE procurement_orderchange SET was = '{{}}'",
        "DELETE FROM procurement_changeround",
        "UPDATE procurement_changereason SET label = 'mine now'",
        "UPDATE procurement_message SET body = ''",
        "UPDATE kernel_outboxmessage SET state = 'delivered'",
        "SELECT payload FROM kernel_outboxmessage",
        "UPDATE procurement_receipt SET quantity = 1",
        "DELETE FROM procurement_receipt",
        "UPDATE procurement_bill SET state = 'paid'",
        "UPDATE procurement_match SET outcome = 'passed'",
        "DELETE FROM procurement_matchcheck",
        "INSERT INTO procurement_billline (order_number) VALUES ('mine')",
        "UPDATE procurement_erpcommand SET state = 'confirmed'",
        "SELECT payload FROM procurement_noticewrite",
        "UPDATE procurement_receiptwrite SET state = 'confirmed'",
        "UPDATE procurement_invoicewrite SET state = 'confirmed'",
        "SELECT payload FROM procurement_invoicewrite",
        "UPDATE procurement_earlypayment SET discount = 1",
        "UPDATE procurement_invoice SET pay_on = '2030-01-01'",
        "UPDATE procurement_invoice SET early_discount = 1",
        "SELECT most_percent FROM procurement_discountpolicy",
        "SELECT payload FROM procurement_earlypaymentwrite",
        # what everybody shares
        "UPDATE procurement_item SET description = 'mine now'",
        "DELETE FROM procurement_site",
        "UPDATE procurement_company SET name = 'mine now'",
        "UPDATE procurement_officecalendar SET closed_on = '[]'",
        "SELECT due_at FROM procurement_clock",
        "SELECT target FROM procurement_servicepolicy",
        "UPDATE procurement_unit SET decimals = 6",
        "UPDATE django_content_type SET model = 'mine now'",
    ],
)
def test_a_supplier_has_no_right_to_what_is_not_its_own_to_say(people, statement):
    an_order()
    values = {name: people[name].user.pk for name in ("asha", "bea")}
    values |= {"acme": people["asha"].actor.supplier_ids[0], "globex": people["gil"].actor.supplier_ids[0]}

    with (
        pytest.raises(DatabaseError, match="permission denied"),
        acting(people["asha"].actor),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(**values))


def test_a_supplier_writes_no_fact_and_no_message_in_the_companys_name(people):
    order = an_order()
    asha, bea = people["asha"].actor, people["bea"].actor
    said = {"supplier_id": order.supplier_id, "channel": "portal"}

    with pytest.raises(DatabaseError, match="supplier_writes_only"), acting(asha):
        record("order.decided", order.stream, actor=bea, at=MONDAY, supplier_id=order.supplier_id)
    with pytest.raises(DatabaseError, match="supplier_writes_only"), acting(asha):
        Message.objects.create(
            order=order, body="Take 10 more.", sent_at=MONDAY, author="Bea", author_side="company", **said
        )
    with acting(asha):
        record("order.seen", order.stream, actor=asha, at=MONDAY, supplier_id=order.supplier_id)
        Message.objects.create(
            order=order, body="Sure.", sent_at=MONDAY, author="Asha", author_side="supplier", **said
        )


def test_a_supplier_puts_no_wish_in_the_companys_name(people):
    order = an_agreed_order(people["asha"])
    asked = propose(order, people["bea"], A_WEEK)
    asha = people["asha"].actor
    spoken = {
        "supplier_id": order.supplier_id,
        "written_at": MONDAY,
        "written_by": "Bea",
        "channel": "portal",
    }

    with pytest.raises(DatabaseError, match="supplier_writes_only"), acting(asha):
        ChangeRound.objects.create(change=asked, number=2, side="buyer", terms={}, **spoken)
    with pytest.raises(DatabaseError, match="supplier_writes_only"), acting(asha):
        OrderChange.objects.create(
            supplier_id=order.supplier_id,
            order=order,
            line=order.lines.get(number=20),
            opened_by="buyer",
            turn="supplier",
            revision=1,
            was={},
            opened_at=MONDAY,
            updated_at=MONDAY,
            expires_at=MONDAY,
        )
    with acting(asha):
        assert ChangeRound.objects.filter(change=asked).count() == 1
        assert ChangeRound.objects.filter(change=asked).update(note="We pay the freight.") == 0


def test_a_supplier_sees_its_own_people_only(people):
    with acting(people["gil"].actor):
        assert set(User.objects.values_list("name", flat=True)) == {"Gil Globex", "Sam Both"}
    with acting(people["bea"].actor):
        assert User.objects.count() == len(people)


def test_internal_facts_stay_inside(people):
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
        # Without an order to keep, no other index can serve: what the planner knows of so few rows does not matter.
        cursor.execute("EXPLAIN SELECT count(*) FROM procurement_purchaseorderline")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Index Cond: (supplier_id = ANY" in plan


def test_what_hangs_on_a_draft_of_ours_is_hidden_from_its_supplier_until_it_is_sent(people):
    order = an_order("4500000001")
    otto, asha = people["otto"], people["asha"]
    freight = ChargeEntry(code="FC", amount=Decimal(10), category="S", tax_rate=Decimal(19))
    draft = write(a_draft_invoice(order, otto, {"L10": 100}), otto, charges=[freight])
    mine = a_draft_invoice(order, asha, {"L10": 1}, number="INV-2")
    with acting(otto.actor):
        add_invoice_file(
            draft.key, FileEntry("evidence", "call.pdf", b"%PDF-1.7"), actor=otto.actor, at=MONDAY
        )
    parts = (InvoiceLine, InvoiceCharge, InvoiceTax, InvoiceFile)

    def seen(invoice):
        with acting(asha.actor):
            return [part.objects.filter(invoice_id=invoice.pk).count() for part in parts]

    assert seen(draft) == [0, 0, 0, 0]
    assert seen(mine) == [1, 0, 1, 0]
    with acting(asha.actor):
        assert InvoiceLine.objects.filter(invoice_id=draft.pk).delete()[0] == 0
    with pytest.raises(DatabaseError, match="row-level security"), acting(asha.actor):
        InvoiceTax.objects.create(
            supplier_id=order.supplier_id, invoice_id=draft.pk, category="S", tax_rate=7, base=1, amount=1
        )
    send(draft, otto)
    assert seen(draft) == [1, 1, 1, 1]
