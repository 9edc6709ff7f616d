"""Who is mailed of changes of company data, and who is not mailed of new orders."""

import pytest
from django.utils import timezone

from portal.kernel.scope import acting
from suppliers.details.messages import ChangeDetail
from suppliers.details.services import approve_detail_change, change_detail, refuse_detail_change
from tests.builders.notices import mailed, notices, react
from tests.builders.world import an_order
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


def change(person, supplier, part, values):
    with acting(person.actor):
        command = ChangeDetail(supplier.key, part, values)
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
