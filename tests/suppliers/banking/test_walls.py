"""What the database keeps from a supplier, whatever the code does."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import acting
from suppliers.banking.models import BankCall, BankChange, BankContact
from suppliers.banking.queries import OFFICE
from suppliers.models import Membership
from tests.builders.bank import OLD_IBAN, ask, in_office, wanted

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE suppliers_bankchange SET state = 'in_force'",
        "UPDATE suppliers_bankchange SET waits_until = now()",
        "INSERT INTO suppliers_bankaccount (supplier_id) VALUES (1)",
        "UPDATE suppliers_bankaccount SET number_id = 1",
        "DELETE FROM suppliers_bankchange",
        "SELECT sealed FROM suppliers_banknumber",
        "SELECT content FROM suppliers_bankproof",
        "SELECT * FROM suppliers_bankcall",
        "SELECT * FROM suppliers_bankvote",
        "SELECT * FROM suppliers_bankcontact",
        "UPDATE suppliers_bankfreeze SET thawed_at = now()",
        "DELETE FROM suppliers_banknotice",
    ],
)
def test_a_suppliers_scope_can_do_none_of_this_whatever_the_code_does(people, account, statement):
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        acting(people["asha"].actor),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


@pytest.mark.parametrize(
    "change",
    [
        {"state": "in_force", "closed_at": timezone.now()},
        {"state": "waiting", "approved_at": timezone.now()},
    ],
)
def test_the_database_lets_nothing_come_into_force_without_all_that_is_owed(people, acme, now, change):
    made = ask(wanted(acme), people["asha"], now)

    with pytest.raises(DatabaseError, match="bank_change_"), transaction.atomic(), acting(OFFICE):
        BankChange.objects.filter(pk=made.pk).update(**change)


def test_whoever_removes_somebody_leaves_them_in_the_record_of_contacts(people, acme):
    def known():
        rows = BankContact.objects.filter(supplier=acme).order_by("id")
        return in_office(lambda: [(one.address, one.until_at is None) for one in rows])

    before = known()
    with acting(OFFICE):
        people["olga"].user.email = "olga@new.example"
        people["olga"].user.save(update_fields=["email"])
        Membership.objects.filter(user=people["arun"].user, supplier=acme).delete()
    after = known()
    assert set(after) - set(before) == {
        ("olga@supplier.example", False),
        ("olga@new.example", True),
        ("arun@supplier.example", False),
    }


def test_what_is_told_of_an_account_is_masked(people, acme, account):
    facts = in_office(lambda: list(OutboxMessage.objects.values_list("payload", flat=True)))
    assert OLD_IBAN not in str(facts)
    assert in_office(lambda: BankCall.objects.get().telephone) == "+49 30 5550100"
