"""Who is mailed of changes of company data, and who is not mailed of new orders."""

import pytest
from django.utils import timezone

from portal.kernel.scope import acting
from suppliers.details.messages import ChangeDetail
from suppliers.details.services import (
    approve_detail_change,
    change_detail,
    refuse_detail_change,
    write_detail_rule,
)
from suppliers.models import Supplier
from tests.builders.notices import mailed, notices, react
from tests.builders.world import an_order
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


def change(person, supplier, part, values, **rest):
    with acting(person.actor):
        command = ChangeDetail(supplier.key, part, values, **rest)
        return change_detail(command, actor=person.actor, at=timezone.now())


def read(letters):
    return sorted((one.to[0].partition("<")[2].rstrip(">"), one.subject) for one in letters)


def test_who_decides_is_mailed_then_who_asked_and_the_other_side_of_what_is_at_once(people, world):
    acme = world["ACME"]
    legal = change(people["asha"], acme, "legal", {"legal_name": "Acme Ltd", "country": "IN"})
    letters = mailed()
    assert read(letters) == [
        (f"{name}@northmoor.example", "Company data of Acme Valves waits for you: Legal name")
        for name in ("max", "root")
    ]
    assert f"/suppliers/changes/{legal.key}/" in letters[0].body
    assert "Acme Ltd" not in letters[0].body

    with acting(people["max"].actor):
        approve_detail_change(legal.key, 1, actor=people["max"].actor, at=timezone.now())
    assert read(mailed()) == [("asha@supplier.example", "Approved, and in force now: Legal name")]

    channel = change(people["asha"], acme, "channel", {"channel": "edi"})
    mailed()
    with acting(people["max"].actor):
        refuse_detail_change(channel.key, 1, "Not before May.", actor=people["max"].actor, at=timezone.now())
    (letter,) = mailed()
    assert letter.subject == "Not taken over: How orders reach the supplier"
    assert "Not before May." in letter.body

    change(people["root"], acme, "names", {"trading_name": "Acme", "website": ""})
    change(people["asha"], acme, "names", {"trading_name": "ACME", "website": ""})
    assert read(mailed()) == [
        ("asha@supplier.example", "Root Admin changed company data: Trading name and website")
    ]


def test_who_decides_hears_that_a_rule_is_to_be_loosened_and_that_it_is(people):
    for who, reader, subject in (
        ("root", "max", "Root Admin asks that changes come into force at once: Remit-to address"),
        ("max", "root", "Changes come into force at once from now on: Remit-to address"),
    ):
        with acting(people[who].actor):
            write_detail_rule("remit_to", "at_once", actor=people[who].actor, at=timezone.now())
        letters = mailed()
        assert read(letters) == [(f"{reader}@northmoor.example", subject)]
        assert "/suppliers/rules/" in letters[0].body


def test_both_addresses_hear_of_it_where_the_company_or_a_contact_is_written_to_elsewhere(people, world):
    acme = world["ACME"]
    with acting(FEED):
        Supplier.objects.filter(pk=acme.pk).update(email="desk@acme.example")
    same = {"language": "en", "time_zone": "Asia/Kolkata"}
    change(people["asha"], acme, "preferences", {**same, "email": "mallory@evil.example"})
    letters = mailed()
    assert read(letters) == [
        (address, "A mail address of Acme Valves is changed")
        for address in ("desk@acme.example", "mallory@evil.example")
    ]
    by_address = {one.to[0].partition("<")[2].rstrip(">"): one.body for one in letters}
    assert "desk@acme.example became mallory@evil.example" in by_address["desk@acme.example"]
    assert "Did nobody of yours mean to" in by_address["desk@acme.example"]
    assert "Did nobody of yours mean to" not in by_address["mallory@evil.example"]

    # What changes besides is nobody's alarm; a contact that is another, or no more, is.
    change(people["asha"], acme, "preferences", {**same, "language": "de", "email": "mallory@evil.example"})
    rita = {"name": "Rita", "roles": ["orders"], "email": "rita@acme.example", "language": "en"}
    key = change(people["asha"], acme, "contact", rita).subject
    assert mailed() == []
    change(people["asha"], acme, "contact", {**rita, "email": "r@acme.example"}, subject=key)
    assert [address for address, _text in read(mailed())] == ["r@acme.example", "rita@acme.example"]
    change(people["asha"], acme, "contact", {}, subject=key, ends=True)
    (letter,) = mailed()
    assert "took away the address of a contact of Acme Valves: r@acme.example" in letter.body


def test_who_is_called_at_another_number_hears_of_it_and_so_does_the_company(people, world):
    acme = world["ACME"]
    with acting(FEED):
        Supplier.objects.filter(pk=acme.pk).update(email="desk@acme.example")
    rita = {"name": "Rita", "roles": ["orders"], "email": "rita@acme.example", "language": "en"}
    key = change(people["asha"], acme, "contact", {**rita, "telephone": "+49 30 5550142"}).subject
    both = [
        (address, "A telephone number of Acme Valves is changed")
        for address in ("desk@acme.example", "rita@acme.example")
    ]
    letters = mailed()
    assert read(letters) == both
    assert "Asha Acme wrote down at which number Rita is called" in letters[0].body
    assert "Did nobody of yours mean to" in letters[0].body
    assert "5550142" not in letters[0].body

    change(people["asha"], acme, "contact", {**rita, "telephone": "+44 20 79460018"}, subject=key)
    assert read(mailed()) == both
    # What changes besides is nobody's alarm, nor is a number that is gone; another address is told as ever.
    moved = {**rita, "roles": ["invoices"], "telephone": "+44 20 79460018"}
    change(people["asha"], acme, "contact", moved, subject=key)
    change(people["asha"], acme, "contact", rita, subject=key)
    assert mailed() == []
    elsewhere = {**rita, "email": "r@acme.example", "telephone": "+49 30 5550142"}
    change(people["asha"], acme, "contact", elsewhere, subject=key)
    assert [subject for _address, subject in read(mailed())] == [
        "A mail address of Acme Valves is changed"
    ] * 2
    # Of a contact without a mail address the company hears alone.
    gate = {"name": "Gatehouse", "roles": ["orders"], "email": "", "language": "en"}
    change(people["asha"], acme, "contact", {**gate, "telephone": "+49 30 5550143"})
    assert [address for address, _subject in read(mailed())] == ["desk@acme.example"]


def test_no_mail_about_new_orders_where_programs_read_them(people, world):
    with acting(FEED):
        world["ACME"].channel = "edi"
        world["ACME"].save()
    today = timezone.now()
    an_order("1", at=today, ordered_on=today.date())
    an_order("2", at=today, ordered_on=today.date(), supplier="GLOBEX")

    react()

    with acting(FEED):
        found = {(one.order.number, one.state, one.cadence, one.reason) for one in notices(kind="order_new")}
    assert found == {
        ("1", "not_wanted", "never", "read by programs"),
        ("2", "gathered", "at_once", ""),
    }
