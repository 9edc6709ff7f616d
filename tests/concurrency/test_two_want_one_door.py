"""Two want one door, or answer one wish, at one moment: real threads on real connections."""

from collections import Counter
from threading import Event
from time import sleep

import pytest

from portal.kernel.scope import acting
from procurement.docks.messages import AppointmentNamed, WishTime, WritePlan
from procurement.docks.queries import DOCK
from procurement.docks.services import ask_time, confirm_time, propose_time, refuse_time, write_plan
from procurement.docks.services.following import follow_shipment
from procurement.shipments.services import cancel_notice, correct_notice, send_notice
from tests.builders.changes import an_agreed_order
from tests.builders.docks import TEN, a_confirmed_time, an_asked_time, fresh_time, time_of
from tests.builders.shipments import a_sent_notice, do, named
from tests.builders.world import MONDAY
from tests.concurrency.at_once import at_once, kinds

pytestmark = pytest.mark.django_db(transaction=True)


def doing(verb, one, person, *args, **more):
    def work():
        with acting(person.actor):
            return verb(one, *args, actor=person.actor, at=MONDAY, **more)

    return work


def notices_of(people, count):
    return [
        a_sent_notice(
            an_agreed_order(people["asha"], f"450000001{n}"), people["asha"], {"L10": 5}, number=f"DN-{n}"
        )
        for n in range(count)
    ]


def two_doors(people, doors=2):
    with acting(people["rex"].actor):
        write_plan(WritePlan("LEEDS", doors, 30, 20, 4), actor=people["rex"].actor, at=MONDAY)


def test_of_five_who_are_given_two_doors_at_one_time_two_get_one_each(people):
    two_doors(people)
    asked = [an_asked_time(notice, people["asha"]) for notice in notices_of(people, 5)]

    outcomes = at_once(
        *(
            doing(confirm_time, AppointmentNamed(one.key, 1), people[who])
            for one, who in zip(asked, ("rex", "max", "rex", "max", "rex"), strict=True)
        )
    )

    assert kinds(outcomes) == Counter({"Appointment": 2, "Invalid": 3})
    held = [fresh_time(one) for one in asked]
    assert sorted(one.door for one in held if one.state == "confirmed") == [1, 2]
    assert Counter(one.state for one in held) == Counter({"confirmed": 2, "asked": 3})


def test_what_is_offered_and_what_is_confirmed_at_once_take_two_doors_or_one_is_told(people):
    two_doors(people, 1)
    first, second = notices_of(people, 2)
    asked = an_asked_time(first, people["asha"])

    outcomes = at_once(
        doing(confirm_time, AppointmentNamed(asked.key, 1), people["rex"]),
        doing(propose_time, WishTime(second.key, TEN), people["max"]),
    )

    assert kinds(outcomes) == Counter({"Appointment": 1, "Invalid": 1})


def test_two_who_ask_for_one_consignment_make_one_wish(people):
    (notice,) = notices_of(people, 1)

    outcomes = at_once(*(doing(ask_time, WishTime(notice.key, TEN), people[who]) for who in ("asha", "olga")))

    assert kinds(outcomes) == Counter({"Appointment": 1, "StaleDocument": 1})


def test_confirmed_and_refused_at_once_is_one_of_them(people):
    (notice,) = notices_of(people, 1)
    one = an_asked_time(notice, people["asha"])

    outcomes = at_once(
        doing(confirm_time, AppointmentNamed(one.key, 1), people["rex"]),
        doing(refuse_time, AppointmentNamed(one.key, 1), people["max"], "No."),
    )

    assert kinds(outcomes) == Counter({"Appointment": 1, "StaleDocument": 1})


def test_nothing_is_confirmed_for_what_is_taken_back_in_that_moment(people):
    (notice,) = notices_of(people, 1)
    one = an_asked_time(notice, people["asha"])

    outcomes = at_once(
        doing(confirm_time, AppointmentNamed(one.key, 1), people["rex"]),
        doing(cancel_notice, named(notice), people["asha"], "Not ready."),
    )

    # Either it was confirmed first, and the reaction to the taking back ends it, or it is refused.
    assert kinds(outcomes)["ShipNotice"] == 1
    confirmed = kinds(outcomes)["Appointment"] == 1
    assert time_of(notice).state == ("confirmed" if confirmed else "asked")


def test_a_time_outlives_a_correction_that_is_sent_while_somebody_looks(people):
    (notice,) = notices_of(people, 1)
    one = a_confirmed_time(notice, people["asha"], people["rex"])
    draft = named(do(correct_notice, notice, people["asha"]))
    sent = Event()

    def correct():
        with acting(people["asha"].actor):
            send_notice(draft, actor=people["asha"].actor, at=MONDAY)
            sent.set()
            sleep(0.5)  # whoever looks now waits for the version that counted until here

    def look():
        assert sent.wait(10)
        with acting(DOCK):
            return follow_shipment(notice.consignment, actor=DOCK, at=MONDAY)

    assert at_once(correct, look)[1] is False
    assert fresh_time(one).state == "confirmed"
