"""Two scanners at one dock: real threads on real connections, each scan a transaction of its own."""

from decimal import Decimal

import pytest

from portal.kernel.scope import acting
from procurement.receipts.messages import Typed
from procurement.receipts.models import ReceivingSheet
from procurement.receipts.services import save_counts
from tests.builders.counts import (
    a_notice,
    a_whole_count,
    begin,
    fresh_sheet,
    post,
    scanned,
    sheet_line,
    tell,
    whole_sheet,
)
from tests.builders.world import MONDAY
from tests.concurrency.at_once import at_once
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


def numbers_of(notice):
    with acting(FEED):
        return [one.sscc or one.carton_number for one in notice.packages.order_by("position")]


def good(sheet):
    (line,) = whole_sheet(sheet).lines
    return line.tally.good


@pytest.mark.parametrize("turn", range(3))
def test_two_cartons_both_count_and_one_scanned_twice_counts_once(people, turn):
    notice = a_notice(people)
    sheet = begin(notice, people["rex"])
    first, second, *_rest = numbers_of(notice)

    said = at_once(
        lambda: scanned(sheet, people["rex"], first),
        lambda: scanned(sheet, people["max"], second),
        lambda: scanned(sheet, people["max"], first),
    )

    assert sorted(one.what for one in said) == ["again", "package", "package"]
    assert good(sheet) == 30


def test_a_hundred_pieces_scanned_by_two_are_a_hundred(people):
    sheet = begin(a_notice(people), people["rex"])

    def many(name):
        return lambda: [scanned(sheet, people[name], "VALVE-15").is_good for _ in range(20)]

    said = at_once(many("rex"), many("max"))

    assert [all(one) for one in said] == [True, True]
    assert good(sheet) == 40


def test_two_begin_and_count_on_one_sheet(people):
    notice = a_notice(people)

    said = at_once(lambda: begin(notice, people["rex"]).pk, lambda: begin(notice, people["max"]).pk)

    assert len(set(said)) == 1


def test_a_scan_and_a_typed_count_lose_nothing(people):
    sheet = begin(a_notice(people), people["rex"])
    line = sheet_line(sheet).pk

    def typed():
        with acting(people["max"].actor):
            entry = [Typed(line, None, Decimal(5))]
            return save_counts(sheet.key, entry, actor=people["max"].actor, at=MONDAY)[1]

    scan, refused = at_once(lambda: scanned(sheet, people["rex"], "VALVE-15").is_good, typed)

    assert scan
    # Typed first and then one more; or one first, and who typed is told.
    assert good(sheet) == (1 if refused else 6)


def test_two_post_one_sheet_and_it_is_posted_once(people):
    sheet = begin(a_notice(people), people["rex"])
    scanned(sheet, people["rex"], "(01)02012345678903(37)60")

    said = at_once(lambda: post(sheet, people["rex"]), lambda: post(sheet, people["max"]))

    assert sum(isinstance(one, Exception) for one in said) == 1
    assert fresh_sheet(sheet).state == "posted"


def test_a_program_that_tells_its_count_twice_at_once_counts_once(people):
    a_notice(people)

    said = at_once(lambda: tell(a_whole_count()), lambda: tell(a_whole_count()))

    with acting(FEED):
        assert ReceivingSheet.objects.count() == 1
    assert any(not isinstance(one, Exception) for one in said)
