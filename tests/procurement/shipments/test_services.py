"""A ship notice from the first line chosen to the dock, on the database: what both sides and the order then say."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import Duplicate, IllegalTransition, Invalid, NotAllowed, NotFound, StaleDocument
from portal.kernel.scope import acting
from procurement.changes.messages import Wish
from procurement.changes.models import OrderChange
from procurement.changes.services import accept_change
from procurement.shipments.messages import (
    AddPackages,
    LineChoice,
    LineEntry,
    NoticeHeader,
    PackedContent,
    SaveNotice,
    TellMilestone,
)
from procurement.shipments.models import Milestone, Package, PackageNumbering, ShipNotice, ShipNoticeLine
from procurement.shipments.queries import (
    find_notice,
    numbering_of,
    shippable_lines,
    versions_of,
    visible_notices,
)
from procurement.shipments.services import (
    add_lines,
    add_packages,
    cancel_notice,
    correct_notice,
    discard_notice,
    drop_line,
    edit_numbering,
    move_package,
    number_packages,
    pack_rest,
    remove_packages,
    repeat_notice,
    save_notice,
    set_contents,
    start_notices,
    tell_milestone,
)
from procurement.tolerances.messages import DocumentKind
from suppliers.details.messages import ChangeDetail
from suppliers.details.services import change_detail
from suppliers.models import Supplier
from tests.builders.changes import an_agreed_order, propose, say
from tests.builders.shipments import (
    ARRIVES,
    LEAVES,
    a_sent_notice,
    begin,
    do,
    fresh_notice,
    pack,
    send,
    write,
)
from tests.builders.tolerances import a_rule, an_active_policy
from tests.builders.world import MONDAY, a_line, a_paper, fresh, fresh_line, receive
from tests.people import FEED

pytestmark = pytest.mark.django_db


def facts(prefix="shipment."):
    with acting(FEED):
        found = AuditEvent.objects.filter(kind__startswith=prefix).order_by("id")
        return list(found.values_list("kind", flat=True))


def lines_of(notice):
    with acting(FEED):
        found = ShipNoticeLine.objects.filter(notice=notice).order_by("position")
        return [(one.line.key, one.quantity) for one in found]


def packages_of(notice):
    with acting(FEED):
        return list(Package.objects.filter(notice=notice).select_related("parent").order_by("position"))


def problems(caught):
    return {(one.code, one.line) for one in caught.value.problems}


def entry(notice, quantity, position=1, **more):
    with acting(FEED):
        line = ShipNoticeLine.objects.get(notice=notice, position=position)
    return LineEntry(line.pk, Decimal(quantity), **more)


# --- begun


def test_what_is_open_of_an_order_is_what_a_new_notice_begins_with(people):
    order = an_agreed_order(people["asha"])

    notice = begin(order, people["asha"], {"L10": None, "L20": 40})

    assert lines_of(notice) == [("L10", Decimal(100)), ("L20", Decimal(40))]
    assert (notice.state, notice.issue, notice.ship_on, notice.delivery_on) == (
        "draft",
        1,
        date(2026, 3, 2),
        date(2026, 4, 1),
    )
    assert notice.ship_to.code == "LEEDS"
    assert facts() == []  # nobody has promised anything


def test_lines_to_two_places_become_two_notices(people):
    order = an_agreed_order(people["asha"], lines=[a_line(10), a_line(20, ship_to="HULL")])
    choices = [LineChoice(order.key, "L10"), LineChoice(order.key, "L20")]

    with acting(people["asha"].actor):
        notices = start_notices(choices, actor=people["asha"].actor, at=MONDAY)

    assert {one.ship_to.code: lines_of(one) for one in notices} == {
        "LEEDS": [("L10", Decimal(100))],
        "HULL": [("L20", Decimal(100))],
    }


def test_lines_of_many_orders_travel_together(people):
    first = an_agreed_order(people["asha"])
    second = an_agreed_order(people["asha"], "4500000002")
    notice = begin(first, people["asha"])

    do(add_lines, notice, people["asha"], [LineChoice(second.key, "L20", Decimal(5))])

    assert lines_of(notice) == [("L10", Decimal(100)), ("L20", Decimal(5))]
    with pytest.raises(Invalid, match="in this ship notice already"):
        do(add_lines, notice, people["asha"], [LineChoice(second.key, "L20")])


def test_a_line_to_another_place_is_told_so(people):
    order = an_agreed_order(people["asha"], lines=[a_line(10), a_line(20, ship_to="HULL")])
    notice = begin(order, people["asha"])

    with pytest.raises(Invalid, match="goes to another place"):
        do(add_lines, notice, people["asha"], [LineChoice(order.key, "L20")])


def test_nothing_of_a_cancelled_or_strange_line_can_be_chosen(people):
    order = an_agreed_order(people["asha"])
    with pytest.raises(Invalid) as caught:
        begin(order, people["asha"], {"L10": 5, "L99": None})
    assert problems(caught) == {("not_shippable", "")}
    with pytest.raises(Invalid):
        begin(order, people["gil"])


def test_who_reads_only_cannot_begin_one(people):
    order = an_agreed_order(people["asha"])

    with pytest.raises(NotAllowed, match="Your role reads ship notices"):
        begin(order, people["arun"])


# --- written


def test_a_draft_is_seen_by_its_own_side_alone(people):
    order = an_agreed_order(people["asha"])
    theirs = begin(order, people["asha"])
    ours = begin(order, people["bea"], {"L20": None})

    for person, sees in (("asha", theirs), ("olga", theirs), ("bea", ours), ("ada", ours)):
        with acting(people[person].actor):
            assert list(visible_notices(people[person].actor)) == [sees]
    with acting(people["gil"].actor), pytest.raises(NotFound):
        find_notice(theirs.key, actor=people["gil"].actor)


def test_the_second_of_two_who_write_is_told(people):
    notice = begin(an_agreed_order(people["asha"]), people["asha"])
    seen = notice.version
    write(notice, people["olga"], "DN-7")

    with (
        acting(people["asha"].actor),
        pytest.raises(StaleDocument, match="Olga Acme changed this ship notice"),
    ):
        save_notice(
            SaveNotice(notice.key, seen, NoticeHeader(number="DN-8")), actor=people["asha"].actor, at=MONDAY
        )
    assert fresh_notice(notice).number == "DN-7"


def test_every_problem_of_a_head_is_told_at_once_and_nothing_is_kept(people):
    notice = begin(an_agreed_order(people["asha"]), people["asha"])

    with pytest.raises(Invalid) as caught:
        write(
            notice,
            people["asha"],
            "N" * 61,
            delivery_on=LEAVES - timedelta(days=1),
            freight_terms="gratis",
            pieces=0,
            gross_kg=Decimal(-1),
            ship_from="MOON",
            lines=[entry(notice, -1)],
        )

    assert {one.field for one in caught.value.problems} == {
        "number",
        "delivery_on",
        "freight_terms",
        "pieces",
        "gross_kg",
        "ship_from",
        "quantity",
    }
    assert fresh_notice(notice).number == ""


def test_a_line_can_be_taken_out_again(people):
    notice = begin(an_agreed_order(people["asha"]), people["asha"], {"L10": None, "L20": None})
    with acting(FEED):
        line = notice.lines.get(position=2)

    do(drop_line, notice, people["asha"], line.pk)

    assert lines_of(notice) == [("L10", Decimal(100))]


# --- packed


def test_forty_cartons_of_twelve_in_one_line(people):
    order = an_agreed_order(people["asha"], lines=[a_line(10, quantity=Decimal(480))])
    notice = begin(order, people["asha"])

    do(
        add_packages,
        notice,
        people["asha"],
        AddPackages(40, "carton", (PackedContent(1, Decimal(12), "LOT7"),)),
    )

    packed = packages_of(notice)
    assert len(packed) == 40
    with acting(FEED):
        assert {(one.contents.get().quantity, one.contents.get().lot) for one in packed} == {
            (Decimal(12), "LOT7")
        }


def test_the_rest_is_packed_by_so_much_and_a_last_one(people):
    notice = begin(an_agreed_order(people["asha"]), people["asha"])
    pack(notice, people["asha"], 1, 10)

    do(pack_rest, notice, people["asha"], position=1, per_package=Decimal(40), kind="carton")

    with acting(FEED):
        assert [one.contents.get().quantity for one in packages_of(notice)] == [10, 40, 40, 10]
    with pytest.raises(Invalid, match="packed already"):
        do(pack_rest, notice, people["asha"], position=1, per_package=Decimal(40), kind="carton")


def test_cartons_stand_on_a_pallet_and_no_pallet_stands_in_a_carton(people):
    notice = begin(an_agreed_order(people["asha"]), people["asha"])
    do(add_packages, notice, people["asha"], AddPackages(1, "pallet"))
    pack(notice, people["asha"], 2, 50, parent=1)
    assert [one.parent and one.parent.position for one in packages_of(notice)] == [None, 1, 1]

    do(add_packages, notice, people["asha"], AddPackages(1, "pallet"))
    do(move_package, notice, people["asha"], 1, 4)
    with pytest.raises(Invalid, match="cannot go into itself"):
        do(move_package, notice, people["asha"], 4, 1)
    do(move_package, notice, people["asha"], 3, None)
    with pytest.raises(Invalid, match="A Pallet does not go onto or into a Carton"):
        do(move_package, notice, people["asha"], 1, 3)
    do(remove_packages, notice, people["asha"], [1])
    assert [one.position for one in packages_of(notice)] == [3, 4]


def test_what_cannot_be_packed_is_told_with_every_reason(people):
    notice = begin(an_agreed_order(people["asha"]), people["asha"])
    content = PackedContent(9, Decimal(0), "L" * 21, ("A", "A"), origin="XYZ")

    with pytest.raises(Invalid) as caught:
        do(add_packages, notice, people["asha"], AddPackages(0, "box", (content,), gross_kg=Decimal(0)))

    assert {one.field for one in caught.value.problems} == {
        "kind",
        "gross_kg",
        "line",
        "quantity",
        "lot",
        "serials",
        "origin",
        "count",
    }
    assert packages_of(notice) == []


def test_what_lies_in_a_package_can_be_said_anew(people):
    notice = begin(an_agreed_order(people["asha"]), people["asha"])
    pack(notice, people["asha"], 1, 100)

    do(
        set_contents,
        notice,
        people["asha"],
        1,
        [PackedContent(1, Decimal(60)), PackedContent(1, Decimal(40), "B")],
    )

    (package,) = packages_of(notice)
    with acting(FEED):
        assert list(package.contents.order_by("id").values_list("quantity", "lot")) == [(60, ""), (40, "B")]


# --- numbered


def test_a_supplier_without_a_prefix_gets_our_carton_numbers(people):
    notice = begin(an_agreed_order(people["asha"]), people["asha"])
    pack(notice, people["asha"], 2, 50)

    do(number_packages, notice, people["asha"])
    do(number_packages, notice, people["asha"])

    assert [one.carton_number for one in packages_of(notice)] == ["ACME-0000001", "ACME-0000002"]


def set_prefix(person, prefix="4012345", next_serial=1, extension=0):
    with acting(person.actor):
        supplier = Supplier.objects.get(number="ACME")
        return edit_numbering(
            supplier,
            gs1_prefix=prefix,
            next_serial=next_serial,
            extension=extension,
            actor=person.actor,
            at=MONDAY,
        )


def test_a_prefix_makes_sscs_and_a_removed_package_keeps_its_number_for_ever(people):
    set_prefix(people["asha"])
    notice = begin(an_agreed_order(people["asha"]), people["asha"])
    pack(notice, people["asha"], 2, 50)
    do(number_packages, notice, people["asha"])
    # 0 4012345 000000001: 4 + 1 + 3·2 + 3 + 3·4 + 5 + 3·1 = 34, so the check digit is 6.
    assert [one.sscc for one in packages_of(notice)] == ["040123450000000016", "040123450000000023"]

    do(remove_packages, notice, people["asha"], [1, 2])
    pack(notice, people["asha"], 1, 100)
    do(number_packages, notice, people["asha"])
    assert [one.sscc for one in packages_of(notice)] == ["040123450000000030"]


def test_the_next_extension_digit_goes_on_where_one_is_used_up_and_in_the_end_it_is_told(people):
    set_prefix(people["asha"], "401234567890", next_serial=9999)
    notice = begin(an_agreed_order(people["asha"]), people["asha"])
    pack(notice, people["asha"], 2, 50)
    do(number_packages, notice, people["asha"])
    assert [(one.sscc[0], one.sscc[13:17]) for one in packages_of(notice)] == [("0", "9999"), ("1", "0000")]

    set_prefix(people["asha"], "401234567890", next_serial=9999, extension=9)
    pack(notice, people["asha"], 2, 50)
    with pytest.raises(Invalid, match="have been given"):
        do(number_packages, notice, people["asha"])


def test_a_prefix_must_be_one_and_serials_never_go_back(people):
    with pytest.raises(Invalid, match="not a GS1 company prefix"):
        set_prefix(people["asha"], "12A")
    set_prefix(people["asha"], next_serial=500)
    with pytest.raises(Invalid, match="no SSCC is given twice"):
        set_prefix(people["asha"], next_serial=499)
    with pytest.raises(NotAllowed):
        set_prefix(people["olga"])
    with acting(people["gil"].actor):
        assert not PackageNumbering.objects.exists()


def our_prefix(person, value):
    """Write, or with an empty one end, the GS1 prefix of Acme's company data."""
    with acting(person.actor):
        supplier = Supplier.objects.get(number="ACME")
        subject = "" if value else "gs1_prefix"
        said = {"kind": "gs1_prefix", "value": value} if value else {}
        command = ChangeDetail(supplier.key, "number", said, subject, ends=not value)
        return change_detail(command, actor=person.actor, at=MONDAY)


def test_the_prefix_of_the_company_data_numbers_packages_until_another_is_entered(people):
    asha = people["asha"]
    our_prefix(asha, "4012345")
    notice = begin(an_agreed_order(asha), asha)
    pack(notice, asha, 2, 50)
    do(number_packages, notice, asha)
    assert [one.sscc for one in packages_of(notice)] == ["040123450000000016", "040123450000000023"]
    with acting(FEED):
        told = AuditEvent.objects.get(kind="supplier.package_numbers_changed")
        assert told.facts == {"old": "", "new": "4012345", "next_serial": 1, "extension": 0}

    # Another prefix in the company data does not move what is counted: whoever keeps the numbers decides.
    our_prefix(asha, "4012346")
    pack(notice, asha, 1, 100)
    do(number_packages, notice, asha)
    assert packages_of(notice)[-1].sscc == "040123450000000030"
    with acting(asha.actor):
        assert numbering_of(Supplier.objects.get(number="ACME")).gs1_prefix == "4012345"


def test_who_takes_the_prefix_away_gets_carton_numbers_whatever_the_company_data_says(people):
    asha = people["asha"]
    our_prefix(asha, "4012345")
    with acting(asha.actor):
        assert numbering_of(Supplier.objects.get(number="ACME")).gs1_prefix == "4012345"
    set_prefix(asha, "")
    notice = begin(an_agreed_order(asha), asha)
    pack(notice, asha, 1, 100)
    do(number_packages, notice, asha)
    assert [one.carton_number for one in packages_of(notice)] == ["ACME-0000001"]

    set_prefix(asha, "4012345", next_serial=1)  # none was given behind it
    with pytest.raises(Invalid, match="no SSCC is given twice"):
        set_prefix(asha, "4012345", next_serial=0)


def test_without_a_prefix_anywhere_one_that_comes_later_is_taken_over(people):
    asha = people["asha"]
    notice = begin(an_agreed_order(asha), asha)
    pack(notice, asha, 1, 50)
    do(number_packages, notice, asha)
    our_prefix(asha, "4012345")
    pack(notice, asha, 1, 50)
    do(number_packages, notice, asha)

    assert [(one.carton_number, one.sscc) for one in packages_of(notice)] == [
        ("ACME-0000001", ""),
        ("", "040123450000000016"),
    ]


# --- sent


def test_what_is_sent_counts_against_the_order_and_is_expected_on_its_day(people):
    order = an_agreed_order(people["asha"])

    notice = a_sent_notice(order, people["asha"], {"L10": 60}, cartons=(3, 20))

    assert (notice.state, notice.sent_by, notice.expected_on) == ("sent", "Asha Acme", ARRIVES)
    line = fresh_line()
    assert (line.shipped_quantity, line.way, line.logistics) == (
        60,
        [(Decimal(60), ARRIVES)],
        "partly_shipped",
    )
    assert (line.next_delivery_on, line.expected_on) == (ARRIVES, date(2026, 4, 1))
    assert fresh().logistics == "partly_shipped"
    assert facts() == ["shipment.sent"]
    assert facts("order.shipment") == ["order.shipment_sent"]
    with acting(people["bea"].actor):
        assert find_notice(notice.key, actor=people["bea"].actor).number == "DN-1"


def test_a_line_that_has_left_whole_is_expected_when_its_shipments_arrive(people):
    order = an_agreed_order(people["asha"])

    a_sent_notice(order, people["asha"], {"L10": 60}, delivery_on=date(2026, 4, 10))
    a_sent_notice(order, people["asha"], {"L10": None}, number="DN-2", delivery_on=date(2026, 4, 8))

    line = fresh_line()
    assert (line.shipped_quantity, line.logistics) == (100, "shipped")
    assert (line.next_delivery_on, line.expected_on) == (date(2026, 4, 8), date(2026, 4, 10))
    with acting(people["asha"].actor):
        assert [one.key for one in shippable_lines(people["asha"].actor)] == ["L20"]


def test_all_that_is_wrong_is_told_before_anything_is_sent(people):
    notice = begin(an_agreed_order(people["asha"]), people["asha"], {"L10": 101, "L20": 10})
    write(notice, people["asha"], "", delivery_on=None)
    pack(notice, people["asha"], 1, 5, position=2)
    do(add_packages, notice, people["asha"], AddPackages(1, "pallet"))

    with pytest.raises(Invalid) as caught:
        send(notice, people["asha"])

    assert problems(caught) == {
        ("number", ""),
        ("delivery_on", ""),
        ("over_ship", "1"),
        ("packed_too_little", "1"),
        ("packed_too_little", "2"),
        ("empty", "2"),
    }
    assert fresh_notice(notice).state == "draft"
    assert fresh_line().shipped_quantity == 0


def test_more_than_is_open_is_refused_and_the_other_notice_counts(people):
    order = an_agreed_order(people["asha"])
    a_sent_notice(order, people["asha"], {"L10": 60})
    notice = begin(order, people["asha"], {"L10": 41})
    write(notice, people["asha"], "DN-2")

    with pytest.raises(
        Invalid, match="41 pcs is more than the 40 pcs still open on order 4500000001 line 10"
    ):
        send(notice, people["asha"])


def test_a_rule_lets_a_little_more_pass_counted_over_all_shipments(people):
    order = an_agreed_order(people["asha"])
    an_active_policy(people, a_rule("quantity", percent=5, kind=DocumentKind.SHIPMENT))
    a_sent_notice(order, people["asha"], {"L10": 103})
    notice = begin(order, people["asha"], {"L20": 106})
    write(notice, people["asha"], "DN-2")
    with pytest.raises(Invalid, match="106 pcs is more than"):
        send(notice, people["asha"])

    write(notice, people["asha"], "DN-2", lines=[entry(notice, 105)])
    assert send(notice, people["asha"]).notice.state == "sent"
    assert fresh_line(20).shipped_quantity == 105


def test_a_number_is_sent_once_however_it_is_written(people):
    order = an_agreed_order(people["asha"])
    a_sent_notice(order, people["asha"], {"L10": 10}, number="DN-0042/a")
    notice = begin(order, people["asha"], {"L10": 10})
    write(notice, people["asha"], "dn 0042 A")

    with pytest.raises(Invalid, match="with the number dn 0042 A already"):
        send(notice, people["asha"])


def test_one_sscc_is_on_one_shipment_alone(people):
    set_prefix(people["asha"])
    order = an_agreed_order(people["asha"])
    first = a_sent_notice(order, people["asha"], {"L10": 10}, cartons=(1, 10))
    notice = begin(order, people["asha"], {"L10": 10})
    write(notice, people["asha"], "DN-2")
    pack(notice, people["asha"], 1, 10)
    with acting(FEED):  # as an upload of the supplier's own numbers would
        Package.objects.filter(notice=notice).update(sscc=packages_of(first)[0].sscc)

    with pytest.raises(Duplicate, match="Each package has its own, for ever"):
        send(notice, people["asha"])
    assert fresh_notice(notice).state == "draft"


def test_lines_of_which_nothing_goes_are_left_out(people):
    notice = begin(an_agreed_order(people["asha"]), people["asha"], {"L10": 0, "L20": 5})
    write(notice, people["asha"])

    send(notice, people["asha"])

    assert lines_of(notice) == [("L20", Decimal(5))]


def test_what_will_not_come_is_asked_of_the_buyer(people):
    order = an_agreed_order(people["asha"])
    notice = begin(order, people["asha"], {"L10": 60})
    write(notice, people["asha"], lines=[entry(notice, 60, remainder="not_coming")])

    sent = send(notice, people["asha"])

    with acting(people["bea"].actor):
        (change,) = OrderChange.objects.all()
        wish = change.rounds.get()
    assert (change.state, change.turn, change.kinds) == ("proposed", "buyer", ["cancel"])
    assert wish.terms["pieces"][0]["quantity"] == "60"
    assert sent.not_asked == {}


def test_a_buyer_writes_one_for_the_supplier_and_it_says_so(people):
    notice = a_sent_notice(an_agreed_order(people["asha"]), people["bea"])

    assert (notice.on_behalf, notice.state) == (True, "sent")
    with acting(people["asha"].actor):
        assert find_notice(notice.key, actor=people["asha"].actor).on_behalf


def test_a_line_that_the_erp_cancels_meanwhile_is_not_sent(people):
    order = an_agreed_order(people["asha"])
    notice = begin(order, people["asha"])
    write(notice, people["asha"])
    receive(a_paper(lines=[a_line(20)], revision="2"), at=MONDAY + timedelta(hours=1))

    with pytest.raises(Invalid, match="was cancelled"):
        send(notice, people["asha"])


# --- corrected, repeated, taken back


def test_a_correction_is_the_next_version_and_takes_the_place_when_it_is_sent(people):
    set_prefix(people["asha"])
    order = an_agreed_order(people["asha"])
    first = a_sent_notice(order, people["asha"], {"L10": 60}, cartons=(3, 20))
    numbers = [one.sscc for one in packages_of(first)]

    second = do(correct_notice, first, people["asha"])
    assert do(correct_notice, first, people["asha"]).pk == second.pk  # gone on with, not begun twice
    assert fresh_line().shipped_quantity == 60
    do(remove_packages, second, people["asha"], [3])
    write(second, people["asha"], lines=[entry(second, 40)])
    send(second, people["asha"])

    assert (fresh_notice(first).state, fresh_notice(second).issue) == ("replaced", 2)
    assert [one.sscc for one in packages_of(second)] == numbers[:2]
    assert fresh_line().shipped_quantity == 40
    assert facts() == ["shipment.sent", "shipment.replaced", "shipment.sent"]
    with acting(people["bea"].actor):
        assert [one.issue for one in versions_of(second, actor=people["bea"].actor)] == [2, 1]


def test_a_correction_thrown_away_leaves_the_first_as_it_was(people):
    first = a_sent_notice(an_agreed_order(people["asha"]), people["asha"])
    second = do(correct_notice, first, people["asha"])

    do(discard_notice, second, people["asha"])
    third = do(correct_notice, first, people["asha"])

    assert (third.issue, fresh_notice(first).state) == (3, "sent")


def test_a_notice_taken_back_opens_its_quantities_again(people):
    order = an_agreed_order(people["asha"])
    notice = a_sent_notice(order, people["asha"], {"L10": 60})
    begun = do(correct_notice, notice, people["asha"])
    with pytest.raises(Invalid, match="Say why"):
        do(cancel_notice, notice, people["asha"], "  ")

    do(cancel_notice, notice, people["asha"], "The lorry broke down.")

    assert (fresh_notice(notice).state, fresh_notice(begun).state) == ("cancelled", "discarded")
    line = fresh_line()
    assert (line.shipped_quantity, line.way, line.logistics) == (0, [], "nothing_shipped")
    assert line.next_delivery_on == date(2026, 4, 1)
    a_sent_notice(order, people["asha"], {"L10": 100})  # its number is free again too
    assert facts("order.shipment") == [
        "order.shipment_sent",
        "order.shipment_cancelled",
        "order.shipment_sent",
    ]


def test_what_has_been_received_cannot_be_taken_back(people):
    notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"])
    with acting(FEED):
        ShipNotice.objects.filter(pk=notice.pk).update(state="partly_received")

    with pytest.raises(IllegalTransition, match="has been received"):
        do(cancel_notice, notice, people["asha"], "Never mind.")
    with pytest.raises(IllegalTransition, match="has been received"):
        do(correct_notice, notice, people["asha"])


def test_last_times_notice_begins_the_next(people):
    order = an_agreed_order(people["asha"])
    notice = a_sent_notice(order, people["asha"], {"L10": 60}, carrier="Blue Line", service="Express")

    with acting(people["asha"].actor):
        (again,) = repeat_notice(notice.key, actor=people["asha"].actor, at=MONDAY)

    assert lines_of(again) == [("L10", Decimal(40))]
    assert (again.carrier, again.service, again.number) == ("Blue Line", "Express", "")
    assert again.delivery_on - again.ship_on == ARRIVES - LEAVES


# --- on its way


def milestone(notice, kind, day, person, **more):
    happened = datetime(2026, 3, day, 8, 0, tzinfo=UTC)
    command = TellMilestone(notice.key, kind, happened, **more)
    with acting(person.actor):
        return tell_milestone(command, actor=person.actor, at=datetime(2026, 3, day, 9, 0, tzinfo=UTC))


def test_a_later_estimate_moves_what_is_expected_and_not_what_was_promised(people):
    notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"], {"L10": None})

    milestone(notice, "departed", 10, people["asha"], place="Pune")
    milestone(notice, "estimated", 12, people["asha"], estimated_on=date(2026, 4, 9), note="Storm")

    held = fresh_notice(notice)
    assert (held.state, held.expected_on, held.delivery_on) == ("in_transit", date(2026, 4, 9), ARRIVES)
    assert fresh_line().expected_on == date(2026, 4, 9)
    assert facts() == ["shipment.sent", "shipment.departed", "shipment.milestone_told"]


def test_words_that_overtake_each_other_leave_the_newest_standing(people):
    notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"])
    milestone(notice, "estimated", 14, people["asha"], estimated_on=date(2026, 4, 9))
    milestone(notice, "estimated", 12, people["asha"], estimated_on=date(2026, 4, 20))

    assert fresh_notice(notice).expected_on == date(2026, 4, 9)


def test_the_same_word_twice_is_kept_once(people):
    notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"])

    first = milestone(notice, "arrived", 30, people["asha"], source="carrier:17")
    second = milestone(notice, "arrived", 30, people["asha"], source="carrier:17")

    assert first.pk == second.pk
    assert fresh_notice(notice).state == "arrived"
    with acting(FEED):
        assert Milestone.objects.count() == 1


def test_a_word_that_cannot_be_is_told_so(people):
    notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"])
    command = TellMilestone(notice.key, "estimated", MONDAY + timedelta(days=3), place="P" * 101)
    with acting(people["asha"].actor), pytest.raises(Invalid) as caught:
        tell_milestone(command, actor=people["asha"].actor, at=MONDAY)

    assert {one.field for one in caught.value.problems} == {"estimated_on", "happened_at", "place"}
    do(cancel_notice, notice, people["asha"], "Never mind.")
    with pytest.raises(IllegalTransition, match="is cancelled"):
        milestone(notice, "departed", 10, people["asha"])


def test_two_words_of_one_moment_are_two(people):
    notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"])
    for note in ("A tyre burst.", "Customs want a paper."):
        milestone(notice, "exception", 12, people["asha"], note=note)
    milestone(notice, "exception", 12, people["asha"], note="A tyre burst.")

    with acting(FEED):
        assert Milestone.objects.count() == 2


def test_an_estimate_that_comes_after_the_goods_moves_nothing(people):
    notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"])
    milestone(notice, "arrived", 20, people["asha"])
    milestone(notice, "estimated", 19, people["asha"], estimated_on=date(2026, 4, 20))

    assert fresh_notice(notice).expected_on == ARRIVES


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"happened_at": datetime(1, 1, 1, tzinfo=UTC)}, "happened_at"),
        ({"estimated_on": date(2199, 1, 1)}, "estimated_on"),
        ({"estimated_on": date(2000, 1, 1)}, "estimated_on"),
    ],
)
def test_a_word_of_another_century_is_a_slip(people, changed, field):
    notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"])
    values = {"happened_at": MONDAY, "estimated_on": ARRIVES} | changed

    command = TellMilestone(notice.key, "estimated", **values)

    with acting(people["asha"].actor), pytest.raises(Invalid) as caught:
        tell_milestone(command, actor=people["asha"].actor, at=MONDAY)

    assert {one.field for one in caught.value.problems} == {field}


# --- corrected on the way


def test_a_correction_of_what_is_on_its_way_leaves_it_there(people):
    first = a_sent_notice(an_agreed_order(people["asha"]), people["asha"], {"L10": 60})
    milestone(first, "departed", 10, people["asha"])
    milestone(first, "estimated", 12, people["asha"], estimated_on=date(2026, 4, 9))
    second = do(correct_notice, first, people["asha"])
    write(second, people["asha"], lines=[entry(second, 40)])
    send(second, people["asha"])

    held = fresh_notice(second)
    assert (held.state, held.departed_at, held.expected_on) == (
        "in_transit",
        fresh_notice(first).departed_at,
        date(2026, 4, 9),
    )
    assert fresh_line().way == [(Decimal(40), date(2026, 4, 9))]

    milestone(second, "arrived", 30, people["asha"])
    third = do(correct_notice, second, people["asha"])
    write(third, people["asha"], delivery_on=date(2026, 4, 2))
    send(third, people["asha"])
    held = fresh_notice(third)
    assert (held.state, held.expected_on) == ("arrived", date(2026, 4, 2))
    assert held.arrived_at == fresh_notice(second).arrived_at


def test_an_order_that_a_correction_leaves_out_is_told(people):
    first, second = an_agreed_order(people["asha"]), an_agreed_order(people["asha"], "4500000002")
    notice = begin(first, people["asha"], {"L10": 10})
    do(add_lines, notice, people["asha"], [LineChoice(second.key, "L10", Decimal(10))])
    write(notice, people["asha"])
    send(notice, people["asha"])
    better = do(correct_notice, notice, people["asha"])
    with acting(FEED):
        line = ShipNoticeLine.objects.get(notice=better, order=second)
    do(drop_line, better, people["asha"], line.pk)
    send(better, people["asha"])

    with acting(FEED):
        told = AuditEvent.objects.filter(stream=second.stream, kind__startswith="order.shipment")
        assert [one.kind for one in told.order_by("id")] == [
            "order.shipment_sent",
            "order.shipment_cancelled",
        ]


def test_while_one_side_corrects_the_other_is_told_so_and_its_draft_stays_unseen(people):
    first = a_sent_notice(an_agreed_order(people["asha"]), people["asha"])
    theirs = do(correct_notice, first, people["bea"])

    with pytest.raises(IllegalTransition, match="is correcting this ship notice already"):
        do(correct_notice, first, people["asha"])

    do(discard_notice, theirs, people["bea"])
    mine = do(correct_notice, first, people["asha"])
    with pytest.raises(IllegalTransition, match="is correcting this ship notice already"):
        do(correct_notice, first, people["bea"])
    assert not mine.on_behalf


def test_a_line_that_goes_elsewhere_meanwhile_warns(people):
    order = an_agreed_order(people["asha"])
    notice = begin(order, people["asha"])
    write(notice, people["asha"])
    receive(a_paper(lines=[a_line(10, ship_to="HULL"), a_line(20)], revision="2"))

    assert "other_place" in {one.code for one in send(notice, people["asha"]).findings}


# --- numbers, once more


@pytest.mark.parametrize("between", ["", "4012346"])
def test_a_prefix_that_comes_back_goes_on_where_it_was(people, between):
    set_prefix(people["asha"])
    notice = begin(an_agreed_order(people["asha"]), people["asha"])
    pack(notice, people["asha"], 2, 50)
    do(number_packages, notice, people["asha"])

    set_prefix(people["asha"], between, next_serial=0)

    with pytest.raises(Invalid, match="no SSCC is given twice"):
        set_prefix(people["asha"], next_serial=1)
    set_prefix(people["asha"], next_serial=3)


@pytest.mark.parametrize("serial", [10**30, -1])
def test_without_a_prefix_a_serial_number_means_nothing(people, serial):
    set_prefix(people["asha"], "", next_serial=serial)

    with acting(FEED):
        assert PackageNumbering.objects.get().next_serial == 1


def test_a_number_that_the_suppliers_own_software_gave_is_left_out(people):
    set_prefix(people["asha"])
    notice = begin(an_agreed_order(people["asha"]), people["asha"])
    pack(notice, people["asha"], 3, 30)
    with acting(FEED):
        Package.objects.filter(notice=notice, position=2).update(sscc="040123450000000023")

    do(number_packages, notice, people["asha"])

    assert [one.sscc[-3:] for one in packages_of(notice)] == ["016", "023", "030"]


# --- how deep


def test_packages_lie_one_in_another_ten_deep_and_no_deeper(people):
    notice = begin(an_agreed_order(people["asha"]), people["asha"])
    for position in range(10):
        do(add_packages, notice, people["asha"], AddPackages(1, "carton", (), position or None))
    with pytest.raises(Invalid, match="lie one in another"):
        do(add_packages, notice, people["asha"], AddPackages(1, "carton", (), 10))
    more = {"per_package": Decimal(10), "kind": "carton", "parent": 10}
    with pytest.raises(Invalid, match="lie one in another"):
        do(pack_rest, notice, people["asha"], position=1, **more)
    pack(notice, people["asha"], 1, 10)
    do(add_packages, notice, people["asha"], AddPackages(1, "carton", (), 11))
    do(move_package, notice, people["asha"], 11, 8)
    do(move_package, notice, people["asha"], 11, None)
    with pytest.raises(Invalid, match="lie one in another"):
        do(move_package, notice, people["asha"], 11, 9)


# --- to another place


def test_goods_go_to_the_place_that_was_agreed_though_the_erp_still_asks_for_the_old_one(people):
    order = an_agreed_order(people["asha"])
    asked = propose(order, people["bea"], Wish(ship_to="HULL"))
    say(accept_change, asked, people["asha"])

    notice = begin(order, people["asha"])
    apart = begin(order, people["asha"], {"L20": None})

    assert (notice.ship_to.code, apart.ship_to.code) == ("HULL", "LEEDS")
    with pytest.raises(Invalid, match="goes to another place"):
        do(add_lines, notice, people["asha"], [LineChoice(order.key, "L20")])
    write(notice, people["asha"])
    assert "other_place" not in {one.code for one in send(notice, people["asha"]).findings}
