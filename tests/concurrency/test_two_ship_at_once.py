"""Two ship, number or take back at one moment: real threads on real connections."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest

from portal.kernel.scope import acting
from procurement.shipments.messages import (
    ApplySheet,
    LineChoice,
    NoticeHeader,
    SaveNotice,
    TellMilestone,
    WholeLine,
    WholeNotice,
)
from procurement.shipments.models import Milestone, Package, ShipNotice
from procurement.shipments.services import (
    add_lines,
    apply_upload,
    cancel_notice,
    correct_notice,
    correct_whole,
    edit_numbering,
    number_packages,
    save_notice,
    send_notice,
    tell_milestone,
)
from suppliers.models import Supplier
from tests.builders.changes import an_agreed_order
from tests.builders.sheets import csv_of, keep
from tests.builders.shipments import a_sent_notice, begin, do, fresh_notice, named, pack, write
from tests.builders.world import MONDAY, a_line, fresh_line
from tests.concurrency.at_once import at_once, kinds
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)

LATER = MONDAY + timedelta(hours=1)


def doing(verb, notice, person, *args):
    seen = named(notice)

    def work():
        with acting(person.actor):
            return verb(seen, *args, actor=person.actor, at=LATER)

    return work


def test_two_people_ship_the_last_ten_and_one_is_told_that_nothing_is_left(people):
    order = an_agreed_order(people["asha"], lines=[a_line(10, quantity=Decimal(10))])
    notices = []
    for number, person in (("DN-1", "asha"), ("DN-2", "olga")):
        notice = begin(order, people[person])
        write(notice, people[person], number)
        notices.append((notice, people[person]))

    outcomes = at_once(*(doing(send_notice, notice, person) for notice, person in notices))

    assert kinds(outcomes) == Counter({"Sent": 1, "Invalid": 1})
    assert fresh_line().shipped_quantity == 10
    assert Counter(fresh_notice(one).state for one, _person in notices) == Counter({"sent": 1, "draft": 1})


def test_two_notices_over_the_same_two_orders_never_wait_for_each_other_for_ever(people):
    first = an_agreed_order(people["asha"])
    second = an_agreed_order(people["asha"], "4500000002")
    notices = []
    for number, orders in (("DN-1", (first, second)), ("DN-2", (second, first))):
        notice = begin(orders[0], people["asha"], {"L10": 10})
        do(add_lines, notice, people["asha"], [LineChoice(orders[1].key, "L20", Decimal(10))])
        write(notice, people["asha"], number)
        notices.append(notice)

    outcomes = at_once(*(doing(send_notice, notice, people["asha"]) for notice in notices))

    assert kinds(outcomes) == Counter({"Sent": 2})


def test_two_presses_on_send_send_once(people):
    notice = begin(an_agreed_order(people["asha"]), people["asha"])
    write(notice, people["asha"])

    outcomes = at_once(*(doing(send_notice, notice, people["asha"]) for _ in range(2)))

    assert kinds(outcomes)["Sent"] == 1
    assert fresh_line().shipped_quantity == 100


def test_taken_back_and_corrected_at_once_is_one_of_them(people):
    notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"], {"L10": 60})
    draft = do(correct_notice, notice, people["asha"])

    outcomes = at_once(
        doing(send_notice, draft, people["asha"]),
        doing(cancel_notice, notice, people["bea"], "Not wanted."),
    )

    assert sum(kinds(outcomes)[name] for name in ("Sent", "ShipNotice")) == 1
    states = (fresh_notice(notice).state, fresh_notice(draft).state)
    assert states in (("replaced", "sent"), ("cancelled", "discarded"))
    assert fresh_line().shipped_quantity == (60 if states[1] == "sent" else 0)


def test_packages_numbered_at_once_never_share_a_number(people):
    with acting(people["asha"].actor):
        supplier = Supplier.objects.get(number="ACME")
        edit_numbering(supplier, gs1_prefix="4012345", next_serial=1, actor=people["asha"].actor, at=MONDAY)
    order = an_agreed_order(people["asha"])
    notices = []
    for line in ("L10", "L20"):
        notice = begin(order, people["asha"], {line: None})
        pack(notice, people["asha"], 20, 5)
        notices.append(notice)

    at_once(*(doing(number_packages, notice, people["asha"]) for notice in notices))

    with acting(FEED):
        numbers = list(Package.objects.values_list("sscc", flat=True))
    assert len(set(numbers)) == len(numbers) == 40
    assert "" not in numbers


def test_two_write_one_draft_and_one_is_told(people):
    notice = begin(an_agreed_order(people["asha"]), people["asha"])

    def writing(person, number):
        command = SaveNotice(notice.key, notice.version, NoticeHeader(number=number))

        def work():
            with acting(person.actor):
                return save_notice(command, actor=person.actor, at=LATER)

        return work

    outcomes = at_once(writing(people["asha"], "DN-1"), writing(people["olga"], "DN-2"))

    assert kinds(outcomes) == Counter({"ShipNotice": 1, "StaleDocument": 1})


def test_a_carriers_word_sent_twice_at_once_is_kept_once(people):
    notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"])
    command = TellMilestone(notice.key, "departed", MONDAY, source="carrier:1")

    def work():
        with acting(people["asha"].actor):
            return tell_milestone(command, actor=people["asha"].actor, at=LATER)

    outcomes = at_once(work, work)

    assert kinds(outcomes) == Counter({"Milestone": 2})
    with acting(FEED):
        assert Milestone.objects.count() == 1
        assert ShipNotice.objects.get().state == "in_transit"


@pytest.mark.parametrize("round_", range(3))
def test_a_whole_correction_and_a_withdrawal_never_wait_for_each_other_for_ever(people, round_):
    notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"], {"L10": 60})
    header = NoticeHeader(number="DN-1", ship_on=notice.ship_on, delivery_on=notice.delivery_on)
    whole = WholeNotice("NM", header, (WholeLine("4500000001", "L10", Decimal(50)),))

    outcomes = at_once(
        doing(correct_whole, notice, people["asha"], whole),
        doing(cancel_notice, notice, people["olga"], "Not wanted."),
    )

    assert "OperationalError" not in kinds(outcomes)
    assert sum(kinds(outcomes)[name] for name in ("Sent", "ShipNotice")) == 1


@pytest.mark.parametrize("round_", range(3))
def test_a_correction_begun_and_a_word_of_the_way_never_wait_for_each_other_for_ever(people, round_):
    notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"], {"L10": 60})

    def tell():
        with acting(people["olga"].actor):
            command = TellMilestone(notice.key, "departed", MONDAY)
            return tell_milestone(command, actor=people["olga"].actor, at=LATER)

    outcomes = at_once(doing(correct_notice, notice, people["asha"]), tell)

    assert "OperationalError" not in kinds(outcomes)


@pytest.mark.parametrize("round_", range(3))
def test_lines_added_and_the_draft_sent_never_wait_for_each_other_for_ever(people, round_):
    order = an_agreed_order(people["asha"])
    notice = begin(order, people["asha"], {"L10": 10})
    write(notice, people["asha"])

    outcomes = at_once(
        doing(add_lines, notice, people["asha"], [LineChoice(order.key, "L20", Decimal(10))]),
        doing(send_notice, notice, people["olga"]),
    )

    assert "OperationalError" not in kinds(outcomes)
    assert sum(kinds(outcomes)[name] for name in ("Sent", "ShipNotice")) == 1


def test_two_who_take_the_same_file_make_its_notices_once(people):
    order = an_agreed_order(people["asha"])
    content = csv_of(f"{order.number},10,60,DN-1,,,,,C1,,,,,", f"{order.number},20,5,,,,,,,,,,,")
    uploads = [(keep(content, people[name], at=LATER)[0], people[name]) for name in ("asha", "olga")]

    def taking(upload, person):
        def work():
            with acting(person.actor):
                return apply_upload(ApplySheet(upload.key), actor=person.actor, at=LATER)

        return work

    outcomes = at_once(*(taking(upload, person) for upload, person in uploads))

    assert kinds(outcomes) == Counter({"UploadedNotices": 1, "StaleDocument": 1})
    with acting(FEED):
        assert sorted(ShipNotice.objects.values_list("number", flat=True)) == ["", "DN-1"]
