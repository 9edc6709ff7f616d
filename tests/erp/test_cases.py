"""The rules of a case: which ways out make sense, what moved since, what is to be keyed in."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from procurement.erp.advice import Who, advice_for, fault_of
from procurement.erp.case_presenters import case_rows, keying_rows, moved_sentences
from procurement.erp.cases import (
    Case,
    CaseLine,
    Choice,
    Moved,
    choices_of,
    current_from_json,
    keying_of,
    mark_of,
    moved_since,
)
from procurement.erp.policies import HeldLine, held_by_answer
from procurement.erp.ports import (
    Conflict,
    CurrentLine,
    ExpiredCredentials,
    PermissionRefused,
    Throttled,
    Transient,
    UnknownOutcome,
    Unsupported,
    ValidationRefused,
    WriteField,
)
from procurement.erp.states import Fault
from procurement.orders.messages import CommandLine, CommandPiece, SchedulePaper

ASKED, LATER, LATEST = date(2026, 4, 1), date(2026, 4, 8), date(2026, 4, 15)
PRICE = Decimal("6.85")


def a_piece(quantity: int = 100, day: date | None = LATER, **changes: Any) -> CommandPiece:
    return CommandPiece(Decimal(quantity), day, **{"price": PRICE, "price_per": Decimal(1)} | changes)


def a_wish(*pieces: CommandPiece, number: int = 10) -> CommandLine:
    return CommandLine(f"L{number}", number, Decimal(100), PRICE, ASKED, pieces or (a_piece(),))


def held(quantity: int = 80, days: dict[date, int] | None = None, **changes: Any) -> HeldLine:
    values: dict[str, Any] = {
        "key": "L10",
        "item_number": "VALVE-15",
        "quantity": Decimal(quantity),
        "price": PRICE,
        "price_per": Decimal(1),
        "deliveries": {day: Decimal(count) for day, count in (days or {ASKED: quantity}).items()},
    }
    return HeldLine(**values | changes)


def a_line(now: HeldLine | None = None, **changes: Any) -> CaseLine:
    now = now or held()
    return CaseLine(**{"wanted": a_wish(), "now": now, "read": now} | changes)


def a_case(*lines: CaseLine, state: str = "conflict", busy: bool = False) -> Case:
    return Case(state, lines or (a_line(),), busy)


def offered(case: Case) -> set[Choice]:
    return {choice for choice, why in choices_of(case).items() if not why}


# --- which ways out make sense ------------------------------------------------------------------------------


def test_a_line_that_moved_has_all_four_ways_out() -> None:
    assert offered(a_case()) == {Choice.WRITE, Choice.KEEP, Choice.ASK, Choice.GIVE_UP}


@pytest.mark.parametrize(
    ("line", "not_there", "why"),
    [
        (a_line(held(gone=True)), Choice.WRITE, "The line is gone in the ERP"),
        (a_line(held(gone=True)), Choice.ASK, "Nothing is left to promise"),
        (a_line(held(closed=True)), Choice.WRITE, "The line is closed in the ERP"),
        (a_line(takes_promises=False), Choice.WRITE, "it has arrived, or the order is over"),
        (a_line(takes_promises=False), Choice.ASK, "Nothing is left to promise"),
        (a_line(is_agreed=False), Choice.WRITE, "Nothing of it is agreed any more"),
        (a_line(read=held(100)), Choice.KEEP, "the order has not been read with them yet"),
        (a_line(is_with_buyer=True, is_agreed=False), Choice.ASK, "has answered anew"),
        (a_line(is_with_buyer=True, is_agreed=False), Choice.KEEP, "has answered anew"),
    ],
    ids=[
        "gone, no write",
        "gone, no question",
        "closed",
        "received",
        "received, no question",
        "not agreed",
        "not read",
        "answered, no question",
        "answered, not kept",
    ],
)
def test_a_way_out_that_makes_no_sense_says_why(line: CaseLine, not_there: Choice, why: str) -> None:
    assert why in choices_of(a_case(line))[not_there]


def test_a_gone_line_can_be_taken_as_it_is() -> None:
    case = a_case(a_line(held(gone=True), takes_promises=False))

    assert offered(case) == {Choice.KEEP, Choice.GIVE_UP}
    assert case.asked == []


def test_while_another_write_is_under_way_only_giving_up_is_there() -> None:
    assert offered(a_case(busy=True)) == {Choice.GIVE_UP}


def test_what_is_unknown_is_never_repeated_by_hand() -> None:
    assert offered(a_case(state="unknown")) == {Choice.GIVE_UP}


def test_what_stands_has_no_way_out() -> None:
    assert choices_of(a_case(state="confirmed")) == {}


def test_lines_that_nobody_moved_are_written_whatever_is_decided_on_the_others() -> None:
    untouched = CaseLine(a_wish(number=20), held(100, key="L20"), held(100, key="L20"))
    case = a_case(a_line(), untouched)

    assert [line.number for line in case.affected] == [10]
    assert [line.number for line in case.rest] == [20]
    assert [line.number for line in replace(case, state="person").affected] == [10, 20]


# --- what moved since ---------------------------------------------------------------------------------------


def test_nothing_moved_since_the_page_was_shown() -> None:
    assert moved_since(mark_of(a_case()), a_case()) == []


def test_what_moved_is_told_with_old_and_new() -> None:
    seen = mark_of(a_case())
    now = a_case(a_line(held(70, {ASKED: 30, LATEST: 40})), state="conflict")

    moved = moved_since(seen, now)

    assert moved_sentences(moved) == [
        "Line 10, deliveries in the ERP: 1 Apr 2026 → 30 · 1 Apr 2026 + 40 · 15 Apr 2026",
        "Line 10, quantity in the ERP: 80 → 70",
    ]


def test_a_colleague_who_was_first_is_told_of() -> None:
    seen = mark_of(a_case())

    assert moved_sentences(moved_since(seen, a_case(state="queued"))) == [
        "The command: Conflict → Waiting for ERP"
    ]


@pytest.mark.parametrize("mark", ["", "{", "[]", "{}", "null", '{"lines": 3, "state": 1}', "[" * 100_000])
def test_a_mark_of_nobody_has_seen_nothing(mark: str) -> None:
    assert moved_since(mark, a_case()) == [Moved(0, "mark", "", "")]


@pytest.mark.parametrize("sent", ["1e999999999", "x", None, ["1"], {"a": 1}, True])
def test_what_a_page_sent_back_may_be_anything(sent: Any) -> None:
    seen = json.loads(mark_of(a_case()))
    seen["lines"]["L10"] |= {"quantity": sent, "days": sent}

    (days, quantity) = moved_sentences(moved_since(json.dumps(seen), a_case()))

    assert days.endswith("→ 1 Apr 2026")
    assert quantity.endswith("→ 80")


# --- three columns ------------------------------------------------------------------------------------------


def column(parts: Any) -> list[str]:
    return [f"*{part.text}" if part.stressed else part.text for part in parts]


def test_three_columns_stress_what_differs_and_show_every_piece() -> None:
    wish = a_wish(a_piece(60, LATER), a_piece(40, LATEST))
    (row,) = case_rows([a_line(held(80), wanted=wish)], "")

    assert column(row.decided) == ["100", "1 Apr 2026", '<bdi class="nowrap">6.85</bdi>']
    assert column(row.now) == ["*80", "1 Apr 2026", '<bdi class="nowrap">6.85</bdi>']
    assert column(row.wanted) == [
        "*100",
        "*60 · 8 Apr 2026",
        "*40 · 15 Apr 2026",
        '<bdi class="nowrap">6.85</bdi>',
    ]


def test_a_split_in_the_erp_is_shown_whole() -> None:
    (row,) = case_rows([a_line(held(100, {ASKED: 25, LATEST: 75}))], "")

    assert column(row.now)[:3] == ["100", "*25 · 1 Apr 2026", "*75 · 15 Apr 2026"]


def test_what_will_not_come_and_what_is_gone() -> None:
    wish = a_wish(a_piece(60), a_piece(40, None, kind="refuse"))
    (row,) = case_rows([a_line(held(gone=True), wanted=wish)], "")

    assert column(row.now) == ["*line is gone"]
    assert column(row.wanted)[-1] == "*40 will not come"


def test_what_the_erp_did_not_say_is_as_it_was_read() -> None:
    read = held(100, {ASKED: 60, LATEST: 40})

    said = held_by_answer(CurrentLine("L10", price=Decimal(7)), read)

    assert (said.quantity, said.price, dict(said.deliveries)) == (100, 7, dict(read.deliveries))
    assert held_by_answer(CurrentLine("L10", Decimal(80)), read).deliveries == {ASKED: Decimal(80)}
    assert held_by_answer(CurrentLine("L10", gone=True), read).gone
    assert held_by_answer(CurrentLine("L10"), None).gone


def test_a_current_line_of_an_older_version_is_read() -> None:
    old = {"key": "L10", "quantity": "80", "price": "", "delivery_on": "2026-04-01", "gone": False}

    assert current_from_json(old) == CurrentLine("L10", Decimal(80), None, ASKED)
    assert current_from_json(
        old | {"deliveries": [{"quantity": "30", "delivery_on": "2026-04-08"}], "closed": True}
    ) == CurrentLine(
        "L10", Decimal(80), None, ASKED, deliveries=(SchedulePaper(Decimal(30), LATER),), closed=True
    )


# --- what is to be keyed in ---------------------------------------------------------------------------------


def told(line: CaseLine, reference: str = "") -> list[tuple[str, str, str, str, bool]]:
    rows = keying_rows(keying_of([line], reference=reference), "EUR")
    return [(row.field, row.old, row.new, row.plain, row.is_done) for row in rows]


def test_every_value_to_key_stands_with_its_old_one() -> None:
    wish = a_wish(a_piece(50, LATER, price=Decimal("7.10")), a_piece(40, LATEST, price=Decimal("7.10")))

    assert told(a_line(held(100), wanted=wish)) == [
        ("quantity", "100", "90", "90", False),
        ("price", "6.85 EUR", "7.1 EUR", "7.1", False),
        (
            "deliveries",
            "1 Apr 2026",
            "50 · 8 Apr 2026 + 40 · 15 Apr 2026",
            "50 2026-04-08; 40 2026-04-15",
            False,
        ),
    ]


def test_what_is_keyed_already_is_seen_and_the_rest_still_missing() -> None:
    wish = a_wish(a_piece(90, LATER))

    assert told(a_line(held(90, {ASKED: 90}), wanted=wish)) == [
        ("quantity", "90", "90", "90", True),
        ("delivery date", "1 Apr 2026", "8 Apr 2026", "2026-04-08", False),
    ]


def test_a_line_that_will_not_come_and_a_substitute() -> None:
    gone = a_wish(a_piece(100, None, kind="refuse"))
    other = a_wish(a_piece(100, ASKED, kind="substitute", item_number="VALVE-25"))

    assert told(a_line(held(100), wanted=gone)) == [("what will not come", "100", "0", "0", False)]
    assert told(a_line(held(100), wanted=other)) == [("item", "VALVE-15", "VALVE-25", "VALVE-25", False)]


def test_what_is_no_longer_agreed_is_not_to_be_keyed() -> None:
    assert told(a_line(is_agreed=False)) == []


def test_no_reading_shows_the_suppliers_own_number() -> None:
    (row,) = keying_of([], reference="SO-1")

    assert (row.field, row.new, row.is_seen) == (WriteField.SUPPLIER_REFERENCE, "SO-1", False)


# --- who must act -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "fault", "state", "who"),
    [
        (ValidationRefused("No."), Fault.VALIDATION, "person", Who.BUYER),
        (PermissionRefused("No."), Fault.PERMISSION, "queued", Who.ERP_ADMINISTRATOR),
        (ExpiredCredentials("No."), Fault.CREDENTIALS, "queued", Who.INTEGRATION_OWNER),
        (Throttled("Slow down."), Fault.THROTTLED, "queued", Who.NOBODY),
        (Transient("Locked."), Fault.TRANSIENT, "queued", Who.NOBODY),
        (UnknownOutcome("?"), Fault.UNKNOWN, "unknown", Who.NOBODY),
        (Unsupported("No."), Fault.UNSUPPORTED, "person", Who.INTEGRATION_OWNER),
        (Conflict("Moved."), Fault.CONFLICT, "conflict", Who.BUYER),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_each_kind_of_error_says_who_must_act(error: Any, fault: str, state: str, who: Who) -> None:
    assert fault_of(error) == fault
    advice = advice_for(state, fault, error.reason)
    assert advice is not None
    assert advice.who == who


@pytest.mark.parametrize(
    ("reason", "who", "words"),
    [
        (
            "A delivery of this line is on a shipment in Tryton already; its date is changed there.",
            Who.BUYER,
            "change the date on the shipment",
        ),
        ("Line 10: this ERP keeps one price per line.", Who.BUYER, "one price for the line"),
        ("Line 10: this ERP keeps one item per line.", Who.BUYER, "one item for the line"),
        (
            "Tryton has no product with the number of the substitute.",
            Who.ERP_ADMINISTRATOR,
            "Create the item",
        ),
        ("Period 2026-03 is closed.", Who.ERP_ADMINISTRATOR, "Open the period"),
        ("The order is locked by R. Vega.", Who.BUYER, "open in the ERP"),
        ("There is no order 4500000001.", Who.BUYER, "Look for the order"),
        (
            "The order is over in Tryton: nothing can be changed there any more.",
            Who.BUYER,
            "Open the order again",
        ),
        ("Something nobody has heard of.", Who.BUYER, "The ERP will refuse it again"),
    ],
)
def test_a_known_sentence_has_a_way_out(reason: str, who: Who, words: str) -> None:
    advice = advice_for("person", Fault.VALIDATION, reason)

    assert advice is not None
    assert (advice.who, words in str(advice.way_out)) == (who, True)


def test_what_is_on_its_way_needs_no_advice() -> None:
    assert advice_for("queued", "", "") is None
    assert advice_for("sent", "", "") is None
    assert advice_for("confirmed", "", "") is None
