"""A time at the dock from the first wish to the truck at the door, on the database."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import IntegrityError, transaction

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, NotFound, StaleDocument
from portal.kernel.scope import acting
from procurement.catalogue.models import Site
from procurement.docks.messages import AppointmentNamed, WishTime, WritePlan
from procurement.docks.models import Appointment
from procurement.docks.queries import DOCK, needing_a_time, offer_for, rhythm_of, visible_appointments
from procurement.docks.services import (
    accept_time,
    ask_time,
    call_off_time,
    cancel_time,
    confirm_time,
    forget_plan,
    keep_time,
    miss_time,
    propose_time,
    refuse_time,
    sweep_missed,
    write_plan,
)
from procurement.docks.services.following import follow_shipment
from procurement.shipments.messages import TellMilestone
from procurement.shipments.services import cancel_notice, correct_notice, tell_milestone
from tests.builders.changes import an_agreed_order
from tests.builders.docks import (
    TEN,
    a_confirmed_time,
    a_proposed_time,
    an_asked_time,
    answer,
    fresh_time,
    time_of,
    wish,
)
from tests.builders.shipments import a_sent_notice, begin, do, fresh_notice, send, write
from tests.builders.world import MONDAY
from tests.people import FEED

pytestmark = pytest.mark.django_db
HALF = timedelta(minutes=30)


@pytest.fixture
def notice(people):
    return a_sent_notice(an_agreed_order(people["asha"]), people["asha"], {"L10": 20})


def another(people, number=2):
    order = an_agreed_order(people["asha"], f"450000001{number}")
    return a_sent_notice(order, people["asha"], {"L10": 20}, number=f"DN-{number}")


def facts(kind="shipment.time"):
    with acting(FEED):
        found = AuditEvent.objects.filter(kind__startswith=kind).order_by("id")
        return [(one.kind.removeprefix("shipment."), one.facts) for one in found]


def follow(notice, at=MONDAY):
    with acting(DOCK):
        return follow_shipment(notice.consignment, actor=DOCK, at=at)


def a_plan(person, **changed):
    values = {"site": "LEEDS", "doors": 1, "slot_minutes": 30, "pallets_per_hour": 20, "ask_hours": 4}
    with acting(person.actor):
        return write_plan(WritePlan(**{**values, **changed}), actor=person.actor, at=MONDAY)


def test_a_supplier_asks_and_the_dock_confirms_at_the_first_door_that_is_free(people, notice):
    one = an_asked_time(notice, people["asha"], note="Tail lift")

    assert (one.state, one.door, one.ends_at) == ("asked", None, TEN + HALF)
    answer(confirm_time, one, people["rex"])

    one = fresh_time(one)
    assert (one.state, one.door, one.confirmed_at, one.version) == ("confirmed", 1, MONDAY, 2)
    assert [kind for kind, _facts in facts()] == ["time_asked", "time_confirmed"]
    assert facts()[0][1]["note"] == "Tail lift"
    assert facts()[1][1]["zone"] == "Europe/London"


def test_the_dock_proposes_another_time_and_the_supplier_takes_it(people, notice):
    one = an_asked_time(notice, people["asha"])
    later = TEN + timedelta(hours=3)

    wish(propose_time, notice, people["rex"], starts_at=later)
    assert (fresh_time(one).state, fresh_time(one).door) == ("proposed", 1)
    answer(accept_time, one, people["asha"])

    assert (fresh_time(one).state, fresh_time(one).starts_at) == ("confirmed", later)


def test_what_the_dock_offers_it_keeps(people, notice):
    a_plan(people["rex"])
    a_proposed_time(notice, people["rex"])

    with pytest.raises(Invalid, match="No door is free at Tue 31 Mar 2026 10:00 BST any more"):
        a_proposed_time(another(people), people["rex"])


def test_two_confirmed_times_never_hold_one_door(people, notice):
    a_plan(people["rex"])
    first, second = an_asked_time(notice, people["asha"]), an_asked_time(another(people), people["asha"])
    answer(confirm_time, first, people["rex"])

    with pytest.raises(Invalid, match="No door is free"):
        answer(confirm_time, second, people["rex"])
    assert fresh_time(second).state == "asked"


def test_the_database_itself_refuses_one_door_twice(people, notice):
    one = a_confirmed_time(notice, people["asha"], people["rex"])
    second = an_asked_time(another(people), people["asha"], starts_at=TEN + HALF)

    def overlap(start):
        held = Appointment.objects.filter(pk=second.pk)
        held.update(state="confirmed", door=1, starts_at=start, ends_at=start + HALF)

    with acting(FEED), pytest.raises(IntegrityError, match="appointment_door_once"), transaction.atomic():
        overlap(one.starts_at + timedelta(minutes=10))
    with acting(FEED):
        overlap(one.ends_at)  # the moment in which the first is over is free


def test_a_certain_door_is_given_or_refused_with_its_name(people, notice):
    one = an_asked_time(notice, people["asha"])
    answer(confirm_time, one, people["rex"], door=2)
    other = an_asked_time(another(people), people["asha"])

    with pytest.raises(Invalid, match="Door 2 is taken at Tue 31 Mar 2026 10:00 BST"):
        answer(confirm_time, other, people["rex"], door=2)
    with pytest.raises(Invalid, match="no door 7: it has 2"):
        answer(confirm_time, other, people["rex"], door=7)
    answer(confirm_time, other, people["rex"])
    assert fresh_time(other).door == 1


def test_a_confirmed_time_moves_for_a_reason_and_its_door_is_free_again(people, notice):
    a_plan(people["rex"])
    one = a_confirmed_time(notice, people["asha"], people["rex"])
    later = TEN + timedelta(hours=2)

    with pytest.raises(Invalid, match="Say why it is moved"):
        wish(ask_time, notice, people["asha"], starts_at=later)
    wish(ask_time, notice, people["asha"], starts_at=later, reason="Stuck at the border.")

    assert (fresh_time(one).state, fresh_time(one).door) == ("asked", None)
    assert facts()[-1][1]["was_starts_at"] == TEN.isoformat()
    other = another(people)
    assert a_confirmed_time(other, people["asha"], people["rex"]).door == 1


@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        (MONDAY + timedelta(hours=2), "is too soon: this dock is asked at least 4 hours before"),
        (MONDAY - timedelta(hours=1), "is over"),
        (datetime(2026, 3, 31, 5, 0, tzinfo=UTC), "The dock is not open from Tue 31 Mar 2026 06:00 BST"),
        (datetime(2026, 3, 31, 9, 10, tzinfo=UTC), "No time begins at Tue 31 Mar 2026 10:10 BST"),
        (datetime(2026, 4, 3, 9, 0, tzinfo=UTC), "The dock is not open"),
        (datetime(2027, 4, 1, 9, 0, tzinfo=UTC), "too far away"),
        (datetime(2026, 3, 31, 9, 0), "needs its time zone"),  # noqa: DTZ001 -- that is the point
    ],
)
def test_a_time_that_cannot_be_had_is_refused_with_the_way_out(people, notice, start, sentence):
    with pytest.raises(Invalid, match=sentence):
        an_asked_time(notice, people["asha"], starts_at=start)


def test_the_dock_itself_needs_not_ask_so_long_before(people, notice):
    one = a_proposed_time(notice, people["rex"], starts_at=MONDAY + timedelta(hours=1))

    assert one.state == "proposed"


def test_a_time_is_refused_given_up_and_called_off_for_a_reason_alone(people, notice):
    one = an_asked_time(notice, people["asha"])
    with pytest.raises(Invalid, match="Say why"):
        answer(refuse_time, one, people["rex"], "  ")
    answer(refuse_time, one, people["rex"], "Stock-taking.")
    assert (fresh_time(one).state, fresh_time(one).reason) == ("refused", "Stock-taking.")

    second = an_asked_time(notice, people["asha"], starts_at=TEN + HALF)
    answer(cancel_time, second, people["asha"], "Goes by sea.")
    third = a_confirmed_time(notice, people["asha"], people["rex"])
    answer(call_off_time, third, people["rex"], "Door is broken.")

    assert [fresh_time(each).state for each in (second, third)] == ["cancelled", "cancelled"]
    assert [kind for kind, _facts in facts()][-1] == "time_recalled"


def test_who_may_do_what(people, notice):
    with pytest.raises(NotAllowed, match="Your role reads times at the dock"):
        an_asked_time(notice, people["arun"])
    with pytest.raises(NotAllowed, match="given by receiving"):
        a_proposed_time(notice, people["asha"])
    one = an_asked_time(notice, people["asha"])
    for verb in (confirm_time, keep_time, miss_time):
        with pytest.raises(NotAllowed):
            answer(verb, one, people["bea"])
    with pytest.raises(NotAllowed):
        answer(accept_time, one, people["rex"])
    with pytest.raises(NotFound):
        answer(cancel_time, one, people["gil"], "Not mine.")
    with pytest.raises(NotFound):
        an_asked_time(notice, people["gil"])


def test_somebody_was_quicker(people, notice):
    one = an_asked_time(notice, people["asha"])
    answer(confirm_time, one, people["rex"])

    with acting(people["rex"].actor), pytest.raises(StaleDocument, match="Rex Receiver changed this time"):
        refuse_time(AppointmentNamed(one.key, 1), "No.", actor=people["rex"].actor, at=MONDAY)
    with acting(people["asha"].actor), pytest.raises(StaleDocument):
        ask_time(WishTime(notice.key, TEN), actor=people["asha"].actor, at=MONDAY)
    with pytest.raises(IllegalTransition, match="This time is confirmed"):
        answer(refuse_time, one, people["rex"], "No.")


def test_a_draft_has_no_time_and_neither_has_what_arrived(people):
    order = an_agreed_order(people["asha"])
    draft = begin(order, people["asha"])
    with pytest.raises(IllegalTransition, match="Send the ship notice first"):
        an_asked_time(draft, people["asha"])
    write(draft, people["asha"])
    notice = send(draft, people["asha"]).notice
    arrive(notice, people["asha"], MONDAY)

    with pytest.raises(IllegalTransition, match="needs no time at the dock any more"):
        an_asked_time(notice, people["asha"])


def arrive(notice, person, when):
    with acting(person.actor):
        tell_milestone(TellMilestone(notice.key, "arrived", when), actor=person.actor, at=when)


def test_what_arrives_in_its_time_has_kept_it_and_later_has_missed_it(people, notice):
    late = another(people)
    for one in (notice, late):
        a_confirmed_time(one, people["asha"], people["rex"])
    arrive(notice, people["asha"], TEN + timedelta(minutes=5))
    arrive(late, people["asha"], TEN + timedelta(hours=3))

    assert follow(notice, TEN + timedelta(hours=4))
    assert follow(late, TEN + timedelta(hours=4))
    assert not follow(notice, TEN + timedelta(hours=4))  # heard twice

    assert (time_of(notice).state, time_of(notice).ended_at) == ("kept", TEN + timedelta(minutes=5))
    assert time_of(late).state == "missed"


def test_an_arrival_without_an_answer_leaves_nothing_to_answer(people, notice):
    an_asked_time(notice, people["asha"])
    arrive(notice, people["asha"], MONDAY)

    follow(notice)

    assert (time_of(notice).state, time_of(notice).reason) == ("cancelled", "The goods have arrived.")


def test_a_time_outlives_a_corrected_notice_and_ends_with_one_that_is_taken_back(people, notice):
    one = a_confirmed_time(notice, people["asha"], people["rex"])
    draft = do(correct_notice, notice, people["asha"])
    corrected = send(draft, people["asha"]).notice
    follow(notice)
    assert fresh_time(one).state == "confirmed"

    do(cancel_notice, corrected, people["asha"], "Not ready.")
    assert follow(corrected)

    assert (fresh_time(one).state, fresh_time(one).reason) == ("cancelled", "The ship notice was taken back.")
    assert facts()[-1][0] == "time_lapsed"


def test_by_hand_the_dock_says_that_it_came_or_that_nobody_did(people, notice):
    one = a_confirmed_time(notice, people["asha"], people["rex"])
    with pytest.raises(Invalid, match="has not begun yet"):
        answer(miss_time, one, people["rex"])
    with pytest.raises(Invalid, match="more than a day away"):
        answer(keep_time, one, people["rex"])
    answer(miss_time, one, people["rex"], at=TEN + timedelta(hours=2))
    assert fresh_time(one).state == "missed"

    again = an_asked_time(notice, people["asha"], starts_at=TEN + timedelta(hours=4))
    assert again.pk != one.pk


def test_pallets_make_a_time_longer(people, notice):
    from tests.builders.shipments import pack

    order = an_agreed_order(people["asha"], "4500000020")
    draft = begin(order, people["asha"], {"L10": 24})
    write(draft, people["asha"], "DN-24")
    pack(draft, people["asha"], 12, 2, kind="pallet")
    sent = send(draft, people["asha"]).notice

    one = an_asked_time(sent, people["asha"])

    assert one.ends_at - one.starts_at == timedelta(hours=1)


def test_a_time_that_is_long_over_and_to_which_nothing_came_was_missed(people, notice):
    one = a_confirmed_time(notice, people["asha"], people["rex"])

    assert sweep_missed(one.ends_at + timedelta(hours=4)) == 0
    assert sweep_missed(one.ends_at + timedelta(hours=4, minutes=1)) == 1
    assert sweep_missed(one.ends_at + timedelta(hours=5)) == 0

    assert fresh_time(one).state == "missed"


# --- the plan and what is offered ---------------------------------------------------------------------------


def leeds():
    with acting(FEED):
        return Site.objects.select_related("company").get(code="LEEDS")


def test_without_a_plan_a_dock_works_as_its_site_does(people):
    with acting(people["asha"].actor):
        rhythm = rhythm_of(leeds())

    assert (rhythm.doors, rhythm.slot, rhythm.pallets_per_hour) == (2, HALF, 20)
    assert rhythm.calendar.time_zone == "Europe/London"
    assert rhythm.calendar.hours[0] == ((time(8), time(17)),)


def test_a_plan_is_written_versioned_and_forgotten(people):
    week = (((time(6), time(14)),),) * 5 + ((), ())
    plan = a_plan(people["rex"], doors=3, hours=week)
    with acting(people["asha"].actor):
        rhythm = rhythm_of(leeds())
    assert (rhythm.doors, rhythm.calendar.hours[0]) == (3, ((time(6), time(14)),))

    with pytest.raises(StaleDocument):
        a_plan(people["max"])
    a_plan(people["max"], version=plan.version)
    with acting(people["rex"].actor):
        forget_plan("LEEDS", 2, actor=people["rex"].actor, at=MONDAY)
        assert rhythm_of(leeds()).doors == 2
    assert [kind for kind, _facts in facts("dock.")] == ["dock.written", "dock.written", "dock.forgotten"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"doors": 0}, "doors"),
        ({"doors": 100}, "doors"),
        ({"slot_minutes": 7}, "slot_minutes"),
        ({"pallets_per_hour": 0}, "pallets_per_hour"),
        ({"ask_hours": -1}, "ask_hours"),
        ({"hours": ((),) * 7}, "hours"),
    ],
)
def test_a_plan_by_which_nothing_could_come_is_refused(people, changed, field):
    with pytest.raises(Invalid) as refused:
        a_plan(people["rex"], **changed)
    assert refused.value.problems[0].field == field


def test_a_door_at_which_somebody_has_a_time_stays(people, notice):
    one = an_asked_time(notice, people["asha"])
    answer(confirm_time, one, people["rex"], door=2)

    with pytest.raises(Invalid, match="One time is confirmed or offered at a door above 1"):
        a_plan(people["rex"], doors=1)


def test_a_plan_stays_while_somebody_has_a_time_at_a_door_that_is_there_by_it_alone(people, notice):
    plan = a_plan(people["rex"], doors=3)
    one = an_asked_time(notice, people["asha"])
    answer(confirm_time, one, people["rex"], door=3)

    with acting(people["rex"].actor), pytest.raises(Invalid, match="at a door above 2"):
        forget_plan("LEEDS", plan.version, actor=people["rex"].actor, at=MONDAY)

    answer(call_off_time, fresh_time(one), people["rex"], "The ramp is broken.")
    with acting(people["rex"].actor):
        forget_plan("LEEDS", plan.version, actor=people["rex"].actor, at=MONDAY)


def test_only_receiving_writes_the_plan(people):
    for name in ("bea", "asha"):
        with pytest.raises(NotAllowed):
            a_plan(people[name])


def test_free_times_are_offered_to_a_supplier_without_telling_whose_the_others_are(people, notice):
    a_plan(people["rex"])
    a_confirmed_time(notice, people["asha"], people["rex"])
    with acting(people["gil"].actor):
        assert not visible_appointments(people["gil"].actor).exists()
    with acting(people["asha"].actor):
        offer = offer_for(fresh_notice(notice), leeds(), at=MONDAY, is_dock=False)
    assert TEN not in offer.times
    assert TEN + HALF in offer.times


def test_what_still_needs_a_time(people, notice):
    other = another(people)
    an_asked_time(notice, people["asha"])

    with acting(people["asha"].actor):
        assert [one.number for one in needing_a_time(people["asha"].actor)] == [other.number]
