"""What may stand in a cell: nothing is guessed, and what is refused says why and what to do."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.apps import apps
from django.db.models import CharField, DecimalField
from hypothesis import given
from hypothesis import strategies as st

from procurement.erp.connectors.files import kinds
from procurement.erp.connectors.files.formats import INBOUND, OUTBOUND
from procurement.erp.connectors.files.kinds import BadCell, Kind
from procurement.erp.connectors.files.writing import as_cell
from procurement.erp.ports import Feed
from procurement.erp.problems import RULES, Problem


def rule_of(kind: Kind, text: str) -> str:
    with pytest.raises(BadCell) as caught:
        kind.read(text)
    return caught.value.rule


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Date Not Captured", "placeholder_date"),
        ("Pre-PQ Process", "placeholder_date"),
        ("N/A - From RDC", "placeholder_date"),
        ("TBD", "placeholder_date"),
        ("-", "placeholder_date"),
        ("0000-00-00", "placeholder_date"),
        ("9999-12-31", "placeholder_date"),
        ("1900-01-01", "placeholder_date"),
        ("03/12/26", "not_iso_date"),
        ("12.03.2026", "not_iso_date"),
        ("2026-3-12", "not_iso_date"),
        ("20260312", "not_iso_date"),
        ("2026-03-12 00:00:00", "not_iso_date"),
        ("2026-03-12T10:00:00Z", "not_iso_date"),
        ("45728", "not_iso_date"),
        ("٢٠٢٦-٠٣-١٢", "not_iso_date"),
        ("2026-02-30", "no_such_date"),
        ("2026-13-01", "no_such_date"),
    ],
)
def test_only_real_iso_dates_are_dates(text: str, rule: str) -> None:
    assert rule_of(kinds.DATE, text) == rule


def test_an_iso_date_is_a_date() -> None:
    assert kinds.DATE.read("2026-03-12") == date(2026, 3, 12)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("12,5", "decimal_comma"),
        ("1,234.50", "decimal_comma"),
        ("1.234,50", "decimal_comma"),
        ("1 234,50", "decimal_comma"),
        ("1e3", "not_a_number"),
        ("+5", "not_a_number"),
        ("5 EA", "not_a_number"),
        ("=1+1", "not_a_number"),
        ("0x10", "not_a_number"),
        (".5", "not_a_number"),
        ("5.", "not_a_number"),
        ("١٢", "not_a_number"),
        ("NaN", "placeholder_number"),
        ("Weight Captured Separately", "placeholder_number"),
        ("1234567890123", "too_many_digits"),
        ("1.1234567", "too_many_digits"),
        ("-1", "too_small"),
    ],
)
def test_only_plain_decimals_are_quantities(text: str, rule: str) -> None:
    assert rule_of(kinds.QUANTITY, text) == rule


@given(st.decimals(min_value=0, max_value=10**12 - 1, places=6))
def test_every_decimal_that_we_write_is_read_again_exactly(number: Decimal) -> None:
    assert kinds.QUANTITY.read(as_cell(number)) == number


@given(st.dates(min_value=date(1901, 1, 1), max_value=date(2099, 12, 30)))
def test_every_date_that_we_write_is_read_again_exactly(day: date) -> None:
    if day != date(1970, 1, 1):
        assert kinds.DATE.read(as_cell(day)) == day


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_moment_that_we_write_is_read_again_exactly(moment: datetime) -> None:
    assert kinds.MOMENT.read(as_cell(moment)) == moment


def test_a_moment_without_its_zone_is_refused() -> None:
    assert rule_of(kinds.MOMENT, "2026-03-12T14:05:00") == "not_a_moment"
    assert kinds.MOMENT.read("2026-03-12T14:05:00+02:00") == datetime(2026, 3, 12, 12, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["=HYPERLINK(1)", "+49 40 1234", "@SUM(A1)", "-5", "<b>x</b>", "'; DROP TABLE x"]
)
def test_text_that_looks_like_something_else_is_text(text: str) -> None:
    assert kinds.SHORT.read(text) == text


def test_unprintable_characters_and_broken_bytes_are_refused() -> None:
    assert rule_of(kinds.SHORT, "a\x00b") == "control_character"
    assert rule_of(kinds.SHORT, "two\nlines") == "control_character"
    assert kinds.LONG.read("two\nlines") == "two\nlines"
    assert rule_of(kinds.SHORT, "caf\udce9") == "not_utf8"
    assert rule_of(kinds.SHORT, "x" * 201) == "too_long"


@pytest.mark.parametrize(("text", "meant"), [("yes", True), ("No", False), ("TRUE", True), ("0", False)])
def test_yes_and_no(text: str, meant: bool) -> None:
    assert kinds.YES_OR_NO.read(text) is meant


def test_a_time_zone_must_exist() -> None:
    assert kinds.TIME_ZONE.read("Asia/Kolkata") == "Asia/Kolkata"
    assert rule_of(kinds.TIME_ZONE, "CET+1") == "not_a_code"


MODELS = {
    Feed.COMPANIES: ("procurement.Company", {}),
    Feed.UNITS: ("procurement.Unit", {}),
    Feed.SITES: ("procurement.Site", {}),
    Feed.SUPPLIERS: ("suppliers.Supplier", {}),
    Feed.SUPPLIER_SITES: ("suppliers.SupplierSite", {}),
    Feed.ITEMS: ("procurement.Item", {}),
    Feed.SUPPLIER_ITEMS: ("procurement.SupplierItem", {}),
    Feed.ORDERS: (
        "procurement.PurchaseOrder",
        {"order_number": "number", "revision": "erp_revision", "order_note": "note"},
    ),
    Feed.STOCK: ("procurement.StockPosition", {}),
    Feed.CUSTOMER_DEMAND: ("procurement.CustomerDemand", {"demand_key": "key"}),
}
LINE_COLUMNS = {"line_key": "key", "line_number": "number", "line_note": "note"}
REFERS = {
    "company": ("procurement.Company", "code"),
    "supplier": ("suppliers.Supplier", "number"),
    "ship_to": ("procurement.Site", "code"),
    "line_ship_to": ("procurement.Site", "code"),
    "item": ("procurement.Item", "number"),
    "site": ("procurement.Site", "code"),
}


def longest_read(kind: Kind) -> int:
    """How long a text this kind takes, found by trying."""
    low, high = 0, 5000
    while low < high:
        middle = (low + high + 1) // 2
        try:
            kind.read("A" * middle)
            low = middle
        except BadCell as bad:
            if bad.rule != "too_long":
                return 0  # a shape of its own, not free text
            high = middle - 1
    return low


@pytest.mark.parametrize("feed", sorted(MODELS))
def test_no_file_can_say_more_than_its_table_can_keep(feed: Feed) -> None:
    name, renamed = MODELS[feed]
    checked = 0
    for column in INBOUND[feed].columns:
        if column.name in REFERS:
            model, field_name = REFERS[column.name]
        elif feed is Feed.ORDERS and (
            column.name in LINE_COLUMNS or not hasattr(apps.get_model(name), column.name)
        ):
            model, field_name = "procurement.PurchaseOrderLine", LINE_COLUMNS.get(column.name, column.name)
            if column.name in renamed:
                model, field_name = name, renamed[column.name]
        else:
            model, field_name = name, renamed.get(column.name, column.name)
        found = {one.name: one for one in apps.get_model(model)._meta.get_fields()}.get(field_name)
        if isinstance(found, CharField) and found.max_length:
            assert longest_read(column.kind) <= found.max_length, f"{feed} {column.name}"
            checked += 1
        if isinstance(found, DecimalField):
            assert (found.max_digits, found.decimal_places) == (18, 6), f"{feed} {column.name}"
            checked += 1
    assert checked >= 2


def test_every_format_is_sound() -> None:
    for form in [*INBOUND.values(), *OUTBOUND]:
        assert len(form.by_name) == len(form.columns)
        assert set(form.key) <= set(form.required)
        for column in form.columns:
            if column.example:
                column.kind.read(column.example)


def test_every_rule_has_a_sentence_and_a_way_out() -> None:
    names = (
        "needed feeds bytes limit reason batch minutes found expected bad_row length minimum maximum choices "
        "first_row key line twin other sum rows"
    )
    facts = dict.fromkeys(names.split(" "), "7")
    for name in RULES:
        problem = Problem(name, "orders.csv", 3, "quantity", "twelve", "NM / 1", facts)
        assert problem.explain()
        assert problem.way_out()
        assert "{" not in problem.explain() + problem.way_out()


def test_a_rule_of_an_older_version_is_still_told() -> None:
    assert Problem("rule_of_1998").explain() == "rule_of_1998"
