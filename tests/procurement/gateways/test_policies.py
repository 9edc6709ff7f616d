"""Secrets, codes, names: pure rules. And a warehouse's count, read up to the paper that receiving takes."""

import json
import uuid
from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from portal.kernel.scope import acting
from procurement.gateways.policies import (
    MILESTONES_OF,
    Found,
    agree,
    count_in,
    derive_secret,
    key_of,
    milestone_of,
    names_of,
    source_of,
)
from procurement.gateways.states import Why
from procurement.gateways.ways.reading import read_json
from procurement.gateways.ways.rows import MOST_ROWS, read_rows
from procurement.receipts.messages import WholeCountLine
from procurement.receipts.models import CountedRow, ReceivingSheet
from procurement.shipments.states import MilestoneKind
from tests.builders.counts import a_notice
from tests.builders.gateways import a_gateway
from tests.people import FEED

SEED = uuid.UUID("01234567-89ab-4cde-8f01-23456789abcd")


class TestSecrets:
    """How a secret is worked out."""

    def test_it_needs_both_the_row_and_the_key_of_the_installation(self):
        secret = derive_secret(SEED, "key")

        assert len(secret) == 56
        assert secret == derive_secret(SEED, "key")
        assert len({secret, derive_secret(SEED, "other"), derive_secret(uuid.uuid4(), "key")}) == 3


class TestCodes:
    """What standard codes mean."""

    def test_every_code_is_a_milestone_of_ours_or_none(self):
        for codes in MILESTONES_OF.values():
            assert set(codes.values()) <= {*MilestoneKind.values, ""}

    def test_a_code_nobody_knows_is_not_guessed(self):
        assert milestone_of("x12.1650", "ZZ") is None
        assert milestone_of("x12.1650", " af ") == "departed"


class TestNames:
    """By what a consignment is known."""

    def test_one_writing_for_all(self):
        assert names_of(tracking_number=" 1z 999 ", notice="LS/0042", bill_of_lading="b-1", sscc="") == (
            "tracking:1Z999",
            "notice:ls0042",
            "lading:B-1",
        )

    @pytest.mark.parametrize(
        ("by_name", "under_way", "found"),
        [
            ([], (), Found(why=Why.UNKNOWN)),
            ([set(), {1}], {1}, Found((1,))),
            ([{1, 2}, {2, 3}], {1, 2, 3}, Found((2,))),
            ([{1}, {2}], {1, 2}, Found((1, 2), Why.CONTRADICTS)),
            ([{1, 2}], {1, 2}, Found((1, 2), Why.AMBIGUOUS)),
            ([{1, 2}], {2}, Found((2,))),
            ([{1, 2}], (), Found((1, 2), Why.AMBIGUOUS)),
        ],
    )
    def test_all_that_mean_something_must_mean_the_same(self, by_name, under_way, found):
        assert agree(by_name, under_way) == found

    @given(st.lists(st.sets(st.integers(1, 5)), max_size=4), st.sets(st.integers(1, 5)))
    def test_the_order_of_names_does_not_matter(self, by_name, under_way):
        assert agree(by_name, under_way) == agree(list(reversed(by_name)), under_way)


class TestKeys:
    """What makes an event the same one."""

    def test_its_own_name_or_all_that_it_says(self):
        said = {"kind": "departed", "happened_at": "2026-03-10T10:35:00+00:00"}

        assert key_of(said, "e-1") == "e-1"
        assert key_of(said) == key_of(dict(reversed(said.items()))) != key_of(said | {"place": "Pune"})

    def test_it_fits_where_it_is_kept(self):
        assert len(source_of(SEED, "x" * 80)) <= 120


class TestCounts:
    """What a warehouse system will tell."""

    COUNT = {
        "id": "WMS-4711",
        "company": "NM",
        "supplier": "ACME",
        "received_on": "2026-03-31",
        "notice": "DN-1",
        "site": "LEEDS",
        "lines": [
            {"order": "4500000001", "line_key": "L10", "quantity": "7", "damaged": "3", "note": "wet"},
            {"order": "4500000001", "line_key": "L20", "quantity": "2.50", "lot": "A1"},
        ],
    }

    def read(self, *counts):
        body = json.dumps({"id": "m-1", "counts": list(counts)}).encode()
        return read_json(body, "warehouse", one_supplier=False)

    def test_it_becomes_the_paper_that_receiving_takes(self):
        (event,) = self.read(self.COUNT).events

        count = count_in(event.said, source_of(SEED, event.key))

        assert count.source == "gateway:0123456789ab:WMS-4711"
        assert (count.company, count.supplier, count.notice, count.site) == ("NM", "ACME", "DN-1", "LEEDS")
        assert count.received_on == date(2026, 3, 31)
        assert count.lines == (
            WholeCountLine("4500000001", "L10", Decimal(7), Decimal(3), "", "wet", "follows"),
            WholeCountLine("4500000001", "L20", Decimal("2.5"), Decimal(0), "A1", ""),
        )

    def test_quantities_are_exact_and_every_fault_is_named(self):
        bad = self.COUNT | {"lines": [{"order": "1", "line_key": "L10", "quantity": 7.1}], "colour": "red"}
        lines = self.COUNT | {"lines": [{"order": "1", "line_key": "L10", "quantity": 7.1}]}

        strange, inexact = self.read(bad, lines).events

        assert [one.field for one in strange.problems] == ["counts.0.colour"]
        assert [(one.field, one.value) for one in inexact.problems] == [("counts.1.lines.0.quantity", "7.1")]

    def test_a_carriers_words_are_not_heard_from_a_warehouse(self):
        read = read_json(b'{"id": "m-1", "events": []}', "warehouse", one_supplier=False)

        assert {one.field for one in read.problems} == {"events", "counts"}


def test_empty_rows_of_a_file_do_not_count():
    """A row beyond them was cut off once, and nobody heard of it."""
    row = "2026-03-10T16:05:00Z,departed,BOL-1\n"

    read = read_rows(
        ("happened_at,kind,bill_of_lading\n" + ",,\n" * 10 + row * MOST_ROWS).encode(), one_supplier=False
    )
    more = read_rows(
        ("happened_at,kind,bill_of_lading\n" + ",,\n" * 10 + row * (MOST_ROWS + 1)).encode(),
        one_supplier=False,
    )

    assert (len(read.events), len(more.events)) == (MOST_ROWS, 0)
    assert read.events[0].problems == ()
    assert more.problems[0].message.startswith("This file has more than 5000 rows.")


@pytest.mark.django_db(transaction=True)
def test_another_count_under_the_same_id_is_told_and_not_passed_over(people, settings):
    settings.OUTBOX_WAKE = "tests.kernel.test_reactions.no_hint"
    a_notice(people, "DN-1")
    warehouse = a_gateway(people["ines"], "Leeds WMS", kind="warehouse", supplier="ACME")
    line = {"order": "4500000001", "line_key": "L10", "quantity": "40"}
    count = TestCounts.COUNT | {"received_on": timezone.now().date().isoformat(), "lines": [line]}
    other = count | {"lines": [line | {"quantity": "30"}]}

    warehouse.post(json.dumps({"id": "m-1", "counts": [count]}).encode())
    answer = warehouse.post(json.dumps({"id": "m-2", "counts": [other]}).encode())

    (told,) = answer.json()["events"]
    assert (told["outcome"], told["problems"][0]["code"]) == ("refused", "event_id_reused")


@pytest.mark.django_db(transaction=True)
def test_each_count_has_its_own_fate_and_is_posted_once(people, settings):
    settings.OUTBOX_WAKE = "tests.kernel.test_reactions.no_hint"
    a_notice(people, "DN-1")
    warehouse = a_gateway(people["ines"], "Leeds WMS", kind="warehouse", supplier="ACME")
    line = {"order": "4500000001", "line_key": "L10", "quantity": "40", "damaged": "5", "note": "wet"}
    count = TestCounts.COUNT | {
        "received_on": timezone.now().date().isoformat(),
        "lines": [line | {"rest": "short"}],
    }
    counts = [count, count | {"id": "2", "site": "NOWHERE"}, count | {"id": "3", "supplier": "GLOBEX"}]

    answer = warehouse.post(json.dumps({"id": "m-1", "counts": counts}).encode())
    again = warehouse.post(json.dumps({"id": "m-2", "counts": [count]}).encode())

    told = answer.json()["events"]
    assert [one["outcome"] for one in told] == ["taken", "refused", "refused"]
    assert [one["field"] for one in told[1]["problems"]] == ["site"]
    assert told[2]["problems"][0]["message"] == "This gateway speaks of ACME alone."
    assert [one["outcome"] for one in again.json()["events"]] == ["taken"]
    with acting(FEED):
        (sheet,) = ReceivingSheet.objects.filter(state="posted").select_related("notice")
        (row,) = CountedRow.objects.filter(sheet_line__sheet=sheet)
        assert (sheet.notice.number, sheet.posted_by, sheet.lines.get().rest) == (
            "DN-1",
            "Leeds WMS",
            "short",
        )
        assert (row.quantity, row.damaged, row.wrong) == (40, 5, "wet")
