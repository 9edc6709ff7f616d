"""What lengthens the wait of a change of bank details: each sign by itself, with exactly its hours.

Gil has acted for Globex for more than a year, asks from his own browser for an account in his country, in his company's
name; Sam has been there as long. Nothing about that is odd: it waits three days. Each story changes one thing.
"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import override_settings
from django.utils import timezone

from portal.kernel.scope import acting
from procurement.bills.models import Bill
from procurement.invoices.models import Invoice
from procurement.payables.queries.bank import payments_due
from suppliers.banking.messages import Device
from suppliers.banking.models import BankAccount, BankChange, BankContact, BankSignal
from suppliers.banking.policies import RISKS
from suppliers.banking.presenters import risk_rows
from suppliers.banking.queries import OFFICE
from suppliers.banking.services import ask_thaw, confirm_thaw, freeze_bank_details
from suppliers.details.messages import ChangeDetail
from suppliers.details.models import Address, Contact
from suppliers.details.services import change_detail
from suppliers.models import Membership, Supplier, User
from suppliers.signin.models import Device as SeenDevice
from suppliers.signin.models import SignIn
from tests.builders.bank import (
    NEW_IBAN,
    THIRD_IBAN,
    WHY,
    an_account,
    an_account_row,
    ask,
    factor,
    long_known,
    typed,
    wanted,
)
from tests.builders.facts import a_bill, bill
from tests.builders.invoices import a_sent_invoice
from tests.builders.world import an_order, make_world
from tests.database import made_once
from tests.people import FEED, make_people

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
ODD_IBAN = "DE44500105175407324931"  # right by its own check digits, not by those of the bank within it
OWN_BROWSER = Device("gil-at-his-desk")
NEXT_WEEK = 7 * DAY


@pytest.fixture(scope="module")
def once(django_db_setup, django_db_blocker):
    with made_once(django_db_blocker):
        suppliers = make_world()
        with acting(FEED):
            people = make_people(suppliers)
        long_known()
        at = timezone.now()
        with acting(OFFICE):
            seen = {"first_seen_at": at - 90 * DAY, "last_seen_at": at}
            SeenDevice.objects.create(user=people["gil"].user, digest=OWN_BROWSER.digest, **seen)
        yield people, suppliers, at


@pytest.fixture
def globex(once, db):
    return once[1]["GLOBEX"]


def seen_in(change):
    with acting(OFFICE):
        return dict(BankSignal.objects.filter(change=change).values_list("kind", "hours"))


def an_old_account(globex, country, *, closed_at):
    with acting(OFFICE):
        account = an_account_row(globex)
        BankAccount.objects.filter(pk=account.pk).update(country=country)
        BankChange.objects.filter(pk=account.by_change_id).update(waits_until=closed_at, closed_at=closed_at)
    return account


def acme():
    with acting(OFFICE):
        return Supplier.objects.get(number="ACME")


def known_since(person, since):
    with acting(OFFICE):
        BankContact.objects.filter(user_id=person.user.pk).update(since_at=since)


# --- what may be odd: each answers what is asked instead --------------------------------------------------------


def asks_as_ever(people, globex, now):
    return {}


def asks_as_one_who_is_new(people, globex, now):
    known_since(people["gil"], now - 29 * DAY)
    return {}


def asks_as_one_whose_role_was_raised(people, globex, now):
    with acting(OFFICE):
        mine = Membership.objects.filter(user=people["gil"].user, supplier=globex)
        for role in ("read_only", "administrator"):
            mine.update(role=role)
    return {}


def asks_from_another_browser(people, globex, now):
    return {"device": Device("a-borrowed-telephone")}


def asks_days_after_a_sign_in_from_afar(people, globex, now):
    with acting(OFFICE):
        SignIn.objects.create(user=people["gil"].user, country="NG", is_new_country=True, at=now - 13 * DAY)
    return {}


def asks_for_an_account_abroad(people, globex, now):
    return {"typed": typed(THIRD_IBAN, holder="Globex")}


def asks_for_one_at_home_in_the_place_of_one_abroad(people, globex, now):
    before = an_old_account(globex, "NL", closed_at=now - 91 * DAY)
    return {"kind": "replace", "account": before.key}


def asks_in_a_strangers_name(people, globex, now):
    return {"typed": typed(holder="Mule Trading")}


def asks_for_digits_that_do_not_fit(people, globex, now):
    return {"typed": typed(ODD_IBAN, holder="Globex")}


def asks_for_what_another_supplier_has(people, globex, now):
    an_account(people, NEW_IBAN, at=now)
    return {}


def asks_for_what_is_asked_for_elsewhere(people, globex, now):
    ask(wanted(acme()), people["asha"], now)
    return {}


def asks_just_before_he_is_paid(people, globex, now):
    bill(a_large_bill(now))
    return {}


def asks_again_within_the_quarter(people, globex, now):
    an_old_account(globex, "DE", closed_at=now - 89 * DAY)
    return {}


def asks_after_a_freeze_that_thawed(people, globex, now):
    gil, max_, root = people["gil"], people["max"], people["root"]
    with acting(gil.actor):
        freeze = freeze_bank_details(globex, WHY, actor=gil.actor, at=now)
    with acting(max_.actor):
        ask_thaw(freeze, WHY, actor=max_.actor, factor=factor(max_, now), at=now)
    with acting(OFFICE):
        freeze.refresh_from_db()
    with acting(root.actor):
        said = {"seen": freeze.thaw_mark, "factor": factor(root, now)}
        confirm_thaw(freeze, WHY, **said, actor=root.actor, at=now)
    return {}


def asks_after_people_went(people, globex, now):
    with acting(OFFICE):
        Membership.objects.get(user=people["sam"].user, supplier=globex).delete()
    return {}


def asks_where_all_others_are_new(people, globex, now):
    known_since(people["sam"], now - 29 * DAY)
    return {}


def a_contact(globex, **changed):
    said = {"name": "Rita Rao", "roles": ["invoices"], "email": "rita@globex.example", "begun_by": "Gil"}
    with acting(OFFICE):
        return Contact.objects.create(supplier=globex, **said, telephone="+493055501", **changed)


def told_otherwise(people, globex, part, values, at, subject=""):
    with acting(people["gil"].actor):
        command = ChangeDetail(globex.key, part, values, subject=subject)
        return change_detail(command, actor=people["gil"].actor, at=at)


def a_telephone_changes(people, globex, now, days, **others):
    row = a_contact(globex, since_at=now - 90 * DAY)
    rita = {"name": "Rita Rao", "roles": ["invoices"], "email": "rita@globex.example", "language": "en"}
    said = {**rita, "telephone": "+493055501", **others}
    told_otherwise(people, globex, "contact", said, now - days * DAY, str(row.key))
    return {}


def asks_after_a_contact_got_another_telephone(people, globex, now):
    return a_telephone_changes(people, globex, now, 13, telephone="+493055502")


def asks_long_after_a_contact_got_another_telephone(people, globex, now):
    return a_telephone_changes(people, globex, now, 15, telephone="+493055502")


def asks_after_a_contact_got_another_matter(people, globex, now):
    return a_telephone_changes(people, globex, now, 13, roles=["orders"])


def asks_after_a_contact_was_added_beside_an_old_one(people, globex, now):
    a_contact(globex, since_at=now - 90 * DAY)
    a_contact(globex, since_at=now - DAY)
    return {}


def asks_while_the_first_contacts_are_made(people, globex, now):
    a_contact(globex, since_at=now - 13 * DAY)
    a_contact(globex, since_at=now - DAY)
    return {}


def asks_after_the_companys_mail_address_changed(people, globex, now):
    with acting(FEED):
        for email in ("sales@globex.example", "desk@globex.example"):
            Supplier.objects.filter(pk=globex.pk).update(email=email)
    return {}


def asks_after_a_colleague_got_another_mail_address(people, globex, now):
    with acting(OFFICE):
        User.objects.filter(pk=people["sam"].user.pk).update(email="samuel@globex.example")
    return {}


def an_address(globex, **changed):
    said = {"kind": "remit_to", "line1": "Kai 1", "city": "Hamburg", "country": "DE", "begun_by": "Gil"}
    with acting(OFFICE):
        Address.objects.create(supplier=globex, **said, **changed)


def asks_after_the_remit_to_address_moved(people, globex, now):
    over = {"ended_at": now - 13 * DAY, "ended_by": "Gil"}
    an_address(globex, since_at=now - 90 * DAY, **over)
    an_address(globex, since_at=now - 13 * DAY)
    return {}


def asks_with_the_first_remit_to_address(people, globex, now):
    an_address(globex, since_at=now - DAY)
    return {}


def asks_while_another_remit_to_address_waits(people, globex, now):
    an_address(globex, since_at=now - 90 * DAY)
    moved = {"line1": "Kai 2", "city": "Hamburg", "postal_code": "20457", "country": "DE"}
    assert told_otherwise(people, globex, "remit_to", moved, now - 30 * DAY).state == "waiting"
    return {}


STORIES = [
    (asks_as_ever, {}, 72),
    (asks_as_one_who_is_new, {"new_person": 48}, 120),
    (asks_as_one_whose_role_was_raised, {"new_person": 48}, 120),
    (asks_from_another_browser, {"new_device": 24}, 96),
    (asks_days_after_a_sign_in_from_afar, {"new_country": 48}, 120),
    (asks_for_an_account_abroad, {"foreign_account": 48}, 120),
    (asks_for_one_at_home_in_the_place_of_one_abroad, {"other_country": 24}, 96),
    (asks_in_a_strangers_name, {"other_holder": 48}, 120),
    (asks_for_digits_that_do_not_fit, {"odd_digits": 24}, 96),
    (asks_for_what_another_supplier_has, {"shared_account": 96}, 168),
    (asks_for_what_is_asked_for_elsewhere, {"asked_elsewhere": 96}, 168),
    (asks_just_before_he_is_paid, {"payment_due": 48}, 120),
    (asks_again_within_the_quarter, {"changed_lately": 48}, 120),
    (asks_after_a_freeze_that_thawed, {"frozen_before": 72}, 144),
    (asks_after_people_went, {"people_removed": 48}, 120),
    (asks_where_all_others_are_new, {"no_old_contact": 48}, 120),
    (asks_after_a_contact_got_another_telephone, {"reached_otherwise": 48}, 120),
    (asks_long_after_a_contact_got_another_telephone, {}, 72),
    (asks_after_a_contact_got_another_matter, {}, 72),
    (asks_after_a_contact_was_added_beside_an_old_one, {"reached_otherwise": 48}, 120),
    (asks_while_the_first_contacts_are_made, {}, 72),
    (asks_after_the_companys_mail_address_changed, {"reached_otherwise": 48}, 120),
    (asks_after_a_colleague_got_another_mail_address, {"reached_otherwise": 48}, 120),
    (asks_after_the_remit_to_address_moved, {"reached_otherwise": 48}, 120),
    (asks_with_the_first_remit_to_address, {}, 72),
    (asks_while_another_remit_to_address_waits, {"reached_otherwise": 48}, 120),
]


@pytest.mark.parametrize(("story", "signs", "hours"), STORIES, ids=[one[0].__name__ for one in STORIES])
def test_each_sign_lengthens_the_wait_by_its_own_hours(people, globex, now, story, signs, hours):
    said = {"typed": typed(holder="Globex"), "device": OWN_BROWSER, **story(people, globex, now)}

    change = ask(wanted(globex, **said), people["gil"], now)

    assert (seen_in(change), change.wait_hours) == (signs, hours)


def test_every_sign_there_is_has_its_story():
    assert {kind for _story, signs, _hours in STORIES for kind in signs} == set(RISKS)


def test_our_people_read_which_ways_to_reach_the_supplier_are_others(people, globex, now):
    asks_after_a_contact_got_another_telephone(people, globex, now)
    asks_after_the_companys_mail_address_changed(people, globex, now)
    asks_while_another_remit_to_address_waits(people, globex, now)

    change = ask(wanted(globex, typed=typed(holder="Globex"), device=OWN_BROWSER), people["gil"], now)

    with acting(OFFICE):
        kept = list(BankSignal.objects.filter(change=change))
    assert [(one.detail, one.hours) for one in risk_rows(kept)] == [
        ("a contact, a mail address, the remit-to address", 48)
    ]


# --- what is about to be paid -----------------------------------------------------------------------------------


def a_large_bill(now, key="ERP-1", **changed):
    """Globex is owed 50,000.00 euros in a week, by an invoice that only the ERP knows of."""
    values = {
        "supplier": "GLOBEX",
        "invoiced_on": (now - 30 * DAY).date(),
        "due_on": (now + NEXT_WEEK).date(),
        "total": Decimal("50000.00"),
        "open_amount": Decimal("50000.00"),
        "lines": (),
        **changed,
    }
    return replace(a_bill(key), reference=key, **values)


def due_to(supplier, now, big=None):
    with acting(OFFICE):
        found = payments_due(supplier.pk, now, now + 14 * DAY, big or {"EUR": Decimal(50000)}, Decimal(50000))
    return [(one.kind, one.facts["due"]) for one in found]


@pytest.mark.parametrize(
    ("changed", "seen"),
    [
        ({}, ["50,000.00 EUR"]),
        ({"open_amount": Decimal("49999.99")}, []),
        ({"state": "partly_paid", "total": Decimal(90000)}, ["50,000.00 EUR"]),
        ({"state": "approved", "due_on": "in 14 days"}, ["50,000.00 EUR"]),
        ({"due_on": "in 15 days"}, []),
        ({"due_on": "3 days ago"}, ["50,000.00 EUR"]),  # overdue is paid the sooner
        ({"due_on": None}, ["50,000.00 EUR"]),
        ({"state": "paid", "open_amount": Decimal(0)}, []),
        ({"state": "cancelled"}, []),
        ({"kind": "credit_note"}, []),
        ({"currency": "SEK"}, ["50,000.00 SEK"]),  # named in no setting
        ({"currency": "JPY", "open_amount": Decimal(49999)}, []),
    ],
)
def test_what_only_the_erp_knows_of_counts_in_every_currency(globex, people, now, changed, seen):
    days = {"in 14 days": 14, "in 15 days": 15, "3 days ago": -3}
    if (word := changed.get("due_on")) in days:
        changed = {**changed, "due_on": (now + days[word] * DAY).date()}
    bill(a_large_bill(now, **changed))

    assert due_to(globex, now) == [("payment_due", one) for one in seen]


def test_invoices_of_the_portal_and_of_the_erp_are_one_sum_and_what_is_both_counts_once(people, now):
    invoice = a_sent_invoice(an_order(), people["asha"])  # 685.00 and 19 %, due since April
    bill(a_large_bill(now, supplier="ACME", open_amount=Decimal("49184.85")))
    assert invoice.total == Decimal("815.15")
    assert due_to(acme(), now) == [("payment_due", "50,000.00 EUR")]

    bill(a_large_bill(now, "ERP-2", supplier="ACME", total=Decimal("815.15"), open_amount=Decimal("815.15")))
    with acting(FEED):
        Invoice.objects.filter(pk=invoice.pk).update(bill=Bill.objects.get(key="ERP-2"))
    assert due_to(acme(), now) == [("payment_due", "50,000.00 EUR")]


@override_settings(BANK_BIG_PAYMENT={"EUR": Decimal(60000)}, BANK_BIG_PAYMENT_OTHERWISE=50000)
def test_what_is_large_is_the_installations_to_say(people, globex, now):
    bill(a_large_bill(now), a_large_bill(now, "ERP-2", currency="SEK"))

    change = ask(wanted(globex, typed=typed(holder="Globex"), device=OWN_BROWSER), people["gil"], now)

    with acting(OFFICE):
        facts = BankSignal.objects.get(change=change).facts
    assert facts == {"due": "50,000.00 SEK"}
