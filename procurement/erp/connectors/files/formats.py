"""The documented columns of every file. This table is the format: the reader, the writer and
docs/file-formats.md follow it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from procurement.bills.states import BillKind, PaymentState
from procurement.erp.connectors.files import kinds
from procurement.erp.connectors.files.kinds import Kind
from procurement.erp.ports import Feed


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in the header row, what may stand in it, and what it means to the trade. What stands in a
    secret one is quoted nowhere.
    """

    name: str
    kind: Kind
    means: str
    required: bool = False
    example: str = ""
    secret: bool = False


@dataclass(frozen=True)
class Format:
    """One kind of file: its columns, and the ones that together say which record a row is about.

    `says` names the rules that are worded otherwise for this kind of record than for an order.
    """

    name: str
    about: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    keeps_extra: bool = False
    says: Mapping[str, str] = field(default_factory=dict)

    def rule(self, name: str) -> str:
        """The rule of this name, as this kind of file words it."""
        return self.says.get(name, name)

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """The columns by their header names."""
        return {column.name: column for column in self.columns}

    @cached_property
    def required(self) -> tuple[str, ...]:
        """The columns that a header row must have."""
        return tuple(column.name for column in self.columns if column.required)

    @cached_property
    def header(self) -> tuple[str, ...]:
        """All columns in the documented order."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def is_secret(self) -> bool:
        """Whether a file of it is kept nowhere, and none of its rows."""
        return any(column.secret for column in self.columns)


def _must(name: str, kind: Kind, means: str, example: str = "") -> Column:
    return Column(name, kind, means, True, example)


def _may(name: str, kind: Kind, means: str, example: str = "") -> Column:
    return Column(name, kind, means, False, example)


_ADDRESS = (
    _may("street", kinds.SHORT, "street and number", "Dock Road 4"),
    _may("postal_code", kinds.text_up_to(20), "postal code", "20457"),
    _may("city", kinds.text_up_to(100), "city", "Hamburg"),
    _may("country", kinds.COUNTRY, "country", "DE"),
)

COMPANIES = Format(
    "companies",
    "the companies of the buying group",
    (
        _must("code", kinds.text_up_to(20), "the company's code in the ERP", "NM"),
        _must("name", kinds.SHORT, "its name", "Northmoor Supply GmbH"),
        _must("currency", kinds.CURRENCY, "the currency of its books", "EUR"),
        _must("country", kinds.COUNTRY, "its country", "DE"),
        _must("time_zone", kinds.TIME_ZONE, "the zone in which its dates are meant", "Europe/Berlin"),
    ),
    ("code",),
)

UNITS = Format(
    "units",
    "the units of measure, with the decimals a quantity may have",
    (
        _must("code", kinds.text_up_to(20), "the unit's code in the ERP", "EA"),
        _must("name", kinds.text_up_to(60), "its name", "each"),
        _may("decimals", kinds.whole_up_to(6), "how many decimals a quantity may have; none if empty", "0"),
        _may(
            "rec20",
            kinds.pattern("[A-Z0-9]{2,3}", "2 or 3 letters or digits"),
            "UN/ECE Recommendation 20 code",
            "EA",
        ),
    ),
    ("code",),
)

SITES = Format(
    "sites",
    "the places that receive goods",
    (
        _must("code", kinds.text_up_to(40), "the site's code in the ERP", "HAM"),
        _must("company", kinds.text_up_to(20), "the company it belongs to", "NM"),
        _must("name", kinds.SHORT, "its name", "Hamburg warehouse"),
        *_ADDRESS,
        _may("time_zone", kinds.TIME_ZONE, "its own time zone, if not the company's", "Europe/Berlin"),
        _may("gln", kinds.GLN, "its Global Location Number", "4012345000009"),
    ),
    ("code",),
)

SUPPLIERS = Format(
    "suppliers",
    "the suppliers (vendor file)",
    (
        _must("number", kinds.text_up_to(40), "the supplier's number in the ERP", "70012"),
        _must("name", kinds.SHORT, "its name", "Lian Feng Valve Co."),
        _may("country", kinds.COUNTRY, "its country", "CN"),
        _may("currency", kinds.CURRENCY, "the currency it is usually paid in", "USD"),
        _may("language", kinds.LANGUAGE, "the language it is written to in; en if empty", "en"),
        _may("time_zone", kinds.TIME_ZONE, "its time zone; UTC if empty", "Asia/Shanghai"),
        _may(
            "segment",
            kinds.one_of("strategic", "core", "long_tail"),
            "how it is treated; long_tail if empty",
            "core",
        ),
        _may("email", kinds.EMAIL, "where its first invitation goes", "orders@lianfeng.example"),
        _may("blocked", kinds.YES_OR_NO, "yes: no new orders; no if empty", "no"),
    ),
    ("number",),
)

SUPPLIER_SITES = Format(
    "supplier_sites",
    "the places suppliers ship from",
    (
        _must("supplier", kinds.text_up_to(40), "the supplier's number", "70012"),
        _must("code", kinds.text_up_to(40), "the place's code", "NGB"),
        _must("name", kinds.SHORT, "its name", "Ningbo plant"),
        *_ADDRESS,
        _may("transit_days", kinds.DAYS, "days the goods travel from there; 0 if empty", "34"),
    ),
    ("supplier", "code"),
)

ITEMS = Format(
    "items",
    "the items that are bought",
    (
        _must("number", kinds.CODE, "the item number", "V-2040"),
        _must("description", kinds.text_up_to(300, lines=True), "what it is", "Ball valve DN 40, PN 16"),
        _must("unit", kinds.text_up_to(20), "its stock unit", "EA"),
        _may("gtin", kinds.GTIN, "its GTIN", "4012345678901"),
        _may("group", kinds.CODE, "the item group", "VALVES"),
    ),
    ("number",),
)

SUPPLIER_ITEMS = Format(
    "supplier_items",
    "what a supplier calls an item, and on which terms it sells it",
    (
        _must("supplier", kinds.text_up_to(40), "the supplier's number", "70012"),
        _must("item", kinds.CODE, "the item number", "V-2040"),
        _may("supplier_part_number", kinds.CODE, "the supplier's own number for it", "LF-BV40"),
        _may("minimum_quantity", kinds.MORE_THAN_NOTHING, "the least it sells at once", "50"),
        _may("pack_quantity", kinds.MORE_THAN_NOTHING, "it sells multiples of this", "10"),
        _may("lead_time_days", kinds.DAYS, "days from order to delivery", "45"),
    ),
    ("supplier", "item"),
)

ORDER_COLUMNS = (
    _must("company", kinds.text_up_to(20), "the buying company's code", "NM"),
    _must("order_number", kinds.CODE, "the order's number, unique within the company", "4500012345"),
    _must("supplier", kinds.text_up_to(40), "the supplier's number", "70012"),
    _must("currency", kinds.CURRENCY, "the order's currency", "EUR"),
    _must("ordered_on", kinds.DATE, "the day of the order", "2026-03-02"),
    _may("ship_to", kinds.text_up_to(40), "the site that receives, if a line does not say otherwise", "HAM"),
    _may("revision", kinds.text_up_to(40), "the ERP's own revision label", "2"),
    _may("kind", kinds.text_up_to(30), "the kind of order; standard if empty", "standard"),
    _may(
        "status", kinds.one_of("open", "cancelled", "closed"), "where the order stands; open if empty", "open"
    ),
    _may("payment_terms", kinds.SHORT, "payment terms", "30 days net"),
    _may("incoterm", kinds.pattern("[A-Z]{3}", "three capital letters"), "Incoterm", "FCA"),
    _may("incoterm_place", kinds.text_up_to(100), "the place named with the Incoterm", "Ningbo"),
    _may("buyer_code", kinds.CODE, "the buyer's code", "OH"),
    _may("buyer_name", kinds.text_up_to(150), "the buyer's name", "Omar Haddad"),
    _may("buyer_email", kinds.EMAIL, "the buyer's mail address", "omar@northmoor.example"),
    _may("order_note", kinds.LONG, "a note to the supplier", "Deliver in one lot if you can."),
    _may("changed_at", kinds.MOMENT, "when the ERP last changed the order", "2026-03-02T09:14:00Z"),
    _may("lines_total", kinds.LINE_NUMBER, "how many lines the order has; guards against a cut export", "3"),
)

LINE_COLUMNS = (
    _must(
        "line_key",
        kinds.CODE,
        "the ERP's own key of the line; stays the same for the life of the line",
        "00010",
    ),
    _must("line_number", kinds.LINE_NUMBER, "the line number that people say", "10"),
    _must("item_number", kinds.CODE, "the item number", "V-2040"),
    _must("description", kinds.text_up_to(300, lines=True), "what is bought", "Ball valve DN 40, PN 16"),
    _must("quantity", kinds.QUANTITY, "how much the line asks for in all", "240"),
    _must("unit", kinds.text_up_to(20), "the unit of the quantity", "EA"),
    _must("price", kinds.PRICE, "the price", "18.40"),
    _must(
        "delivery_on",
        kinds.DATE,
        "the day the goods are to arrive (the first, where there are several)",
        "2026-05-11",
    ),
    _may("price_per", kinds.PER, "the price is for this many units; 1 if empty", "1"),
    _may("gtin", kinds.GTIN, "the item's GTIN", "4012345678901"),
    _may("supplier_part_number", kinds.CODE, "the supplier's own number for the item", "LF-BV40"),
    _may("line_ship_to", kinds.text_up_to(40), "the site that receives this line, if not the order's", "HAM"),
    _may("line_note", kinds.LONG, "a note on the line", "With 3.1 certificate"),
    _may("line_cancelled", kinds.YES_OR_NO, "yes: the line is cancelled; no if empty", "no"),
    _may("line_closed", kinds.YES_OR_NO, "yes: nothing more is expected; no if empty", "no"),
    _may("received_quantity", kinds.QUANTITY, "received so far; 0 if empty", "0"),
    _may("invoiced_quantity", kinds.QUANTITY, "invoiced so far; 0 if empty", "0"),
)

SCHEDULE_COLUMNS = (
    _may("schedule_quantity", kinds.MORE_THAN_NOTHING, "one delivery of the line: how much", "120"),
    _may("schedule_delivery_on", kinds.DATE, "one delivery of the line: on which day", "2026-05-11"),
)

ORDERS = Format(
    "orders",
    "the purchase orders, one row per line (or per delivery of a line), with the order's columns repeated",
    ORDER_COLUMNS + LINE_COLUMNS + SCHEDULE_COLUMNS,
    ("company", "order_number"),
    keeps_extra=True,
)

RECEIPTS = Format(
    "receipts",
    "what has arrived: one row per booking of goods on a line of an order",
    (
        _must("company", kinds.text_up_to(20), "the buying company's code", "NM"),
        _must(
            "receipt_key",
            kinds.text_up_to(80),
            "the ERP's own key of the booking; stays the same",
            "5000012-1",
        ),
        _must("order_number", kinds.CODE, "the order's number", "4500012345"),
        _must("line_key", kinds.CODE, "the ERP's own key of the order's line", "00010"),
        _must("quantity", kinds.MORE_THAN_NOTHING, "how much arrived with this booking", "120"),
        _must("unit", kinds.text_up_to(20), "the unit of the quantity", "EA"),
        _must("received_on", kinds.DATE, "the day it arrived, in the calendar of the place", "2026-05-12"),
        _may("reference", kinds.SHORT, "the delivery note or shipment it came with", "4711"),
        _may("reversed", kinds.YES_OR_NO, "yes: the ERP has taken the booking back; no if empty", "no"),
        _may("changed_at", kinds.MOMENT, "when the ERP last changed the booking", "2026-05-12T09:14:00Z"),
    ),
    ("company", "receipt_key"),
)

INVOICE_COLUMNS = (
    _must("company", kinds.text_up_to(20), "the buying company's code", "NM"),
    _must(
        "invoice_key", kinds.text_up_to(80), "the ERP's own key of the invoice; stays the same", "5100088123"
    ),
    _must("supplier", kinds.text_up_to(40), "the number of the supplier who bills", "70012"),
    _must("invoiced_on", kinds.DATE, "the day of the invoice", "2026-05-13"),
    _must("currency", kinds.CURRENCY, "the currency of all its amounts", "EUR"),
    _must(
        "total",
        kinds.PRICE,
        "what is to be paid, with taxes; of a credit note, what it gives back",
        "2208.00",
    ),
    _must("open_amount", kinds.PRICE, "what is left of it to be paid", "1234.00"),
    _must(
        "state",
        kinds.one_of(*PaymentState.values),
        "how far it has come: entered, approved (posted), partly_paid, paid or cancelled",
        "partly_paid",
    ),
    _may("kind", kinds.one_of(*BillKind.values), "an invoice if empty", "invoice"),
    _may("invoice_number", kinds.text_up_to(80), "what bookkeeping calls it", "RE-2026-0815"),
    _may("reference", kinds.SHORT, "the supplier's own number of it", "R-2041"),
    _may("due_on", kinds.DATE, "the day by which it is to be paid", "2026-06-30"),
    _may("paid_on", kinds.DATE, "the day on which it was paid", "2026-06-12"),
    _may("changed_at", kinds.MOMENT, "when the ERP last changed it", "2026-06-12T09:14:00Z"),
)

BILLED_COLUMNS = (
    _may("order_number", kinds.CODE, "one line of it: the order that is billed", "4500012345"),
    _may("line_key", kinds.CODE, "one line of it: the ERP's own key of the order's line", "00010"),
    _may("line_quantity", kinds.SIGNED, "one line of it: how much is billed", "120"),
    _may("line_amount", kinds.SIGNED, "one line of it: the amount, without taxes", "2208.00"),
)

INVOICES = Format(
    "invoices",
    "invoices and credit notes with how far they are paid: one row per line of an order that is billed, with the "
    "invoice's columns repeated",
    INVOICE_COLUMNS + BILLED_COLUMNS,
    ("company", "invoice_key"),
    says={
        "header_differs": "invoice_header_differs",
        "beside_unreadable_row": "beside_unreadable_invoice_row",
        "order_refused": "invoice_refused",
        "scattered_orders": "scattered_invoices",
        "unreadable_among_scattered": "unreadable_among_scattered_invoices",
        "too_many_lines": "too_many_invoice_rows",
    },
)

COMMAND_RESULTS = Format(
    "command_results",
    "the ERP's answers to promises that it did not simply take",
    (
        _must("command_key", kinds.CODE, "the key of the command, as it stood in the promises file"),
        _must("result", kinds.one_of("accepted", "refused", "conflict"), "what became of it", "conflict"),
        _may("reason", kinds.LONG, "why, in words for a person", "Line was changed by R. Vega at 14:02"),
        _may("line_key", kinds.CODE, "for a conflict: the line", "00010"),
        _may("current_quantity", kinds.QUANTITY, "for a conflict: the quantity in the ERP now", "200"),
        _may("current_price", kinds.PRICE, "for a conflict: the price in the ERP now", "18.40"),
        _may("current_delivery_on", kinds.DATE, "for a conflict: the date in the ERP now", "2026-05-18"),
        _may("line_gone", kinds.YES_OR_NO, "for a conflict: yes if the line no longer exists", "no"),
        _may("current_price_per", kinds.PER, "for a conflict: that price is for this many units", "1"),
        _may("current_item_number", kinds.CODE, "for a conflict: the item in the ERP now", "V-2040"),
        _may("line_closed", kinds.YES_OR_NO, "for a conflict: yes if nothing more is expected", "no"),
        _may(
            "current_delivery_quantity",
            kinds.MORE_THAN_NOTHING,
            "for a conflict on a line with several deliveries: how much comes on `current_delivery_on`",
            "120",
        ),
    ),
    ("command_key",),
)

AS_OF = "the moment of which the file tells, the same on every row"

STOCK = Format(
    "stock",
    "what lies at each site of each item, all of it at one moment",
    (
        _must("item", kinds.CODE, "the item number", "V-2040"),
        _must("site", kinds.text_up_to(40), "the site's code", "HAM"),
        _must("unit", kinds.text_up_to(20), "the stock unit of all quantities of the row", "EA"),
        _must(
            "on_hand",
            kinds.SIGNED,
            "what may be used now: on the shelf, not blocked by quality; below zero where more was booked out",
            "310",
        ),
        _may("safety_stock", kinds.QUANTITY, "what should always be left; not known if empty", "60"),
        _may(
            "daily_demand",
            kinds.QUANTITY,
            "what is expected to leave per calendar day besides the orders in `customer_demand`; not known if empty",
            "4.5",
        ),
        _must("as_of", kinds.MOMENT, AS_OF, "2026-03-02T05:00:00Z"),
    ),
    ("item", "site"),
)

CUSTOMER_DEMAND = Format(
    "customer_demand",
    "the open lines of customers' orders, all of them at one moment: one row per line, or per delivery of it",
    (
        _must(
            "demand_key",
            kinds.text_up_to(80),
            "the ERP's own key of the line or delivery; stays the same",
            "SO-88123-10",
        ),
        _must("item", kinds.CODE, "the item number", "V-2040"),
        _must("site", kinds.text_up_to(40), "the site that it leaves from", "HAM"),
        _must("quantity", kinds.MORE_THAN_NOTHING, "how much is still to be delivered", "40"),
        _must(
            "unit", kinds.text_up_to(20), "the unit of the quantity; counted where it is the stock unit", "EA"
        ),
        _must(
            "needed_on",
            kinds.DATE,
            "the day on which it is to leave the site, in the site's calendar",
            "2026-04-01",
        ),
        _may("customer", kinds.SHORT, "the customer's name", "Kelso Water"),
        _may("reference", kinds.text_up_to(80), "the customer order's number as people call it", "SO-88123"),
        _must("as_of", kinds.MOMENT, AS_OF, "2026-03-02T05:00:00Z"),
    ),
    ("demand_key",),
)

BANK_ACCOUNTS = Format(
    "bank_accounts",
    "to which accounts suppliers are paid: one row per account, all accounts of a supplier together; a supplier that "
    "is paid to none has one row without a number",
    (
        _must("supplier", kinds.text_up_to(40), "the supplier's number", "70012"),
        Column("number", kinds.text_up_to(60), "the IBAN, or the national account number", False, "", True),
        Column(
            "routing",
            kinds.text_up_to(40),
            "the bank's national code, where there is no IBAN",
            False,
            "",
            True,
        ),
        _may("bic", kinds.text_up_to(20), "the BIC of the bank", "COBADEFFXXX"),
        _may("holder", kinds.SHORT, "the holder of the account, as the bank has it", "Lian Feng Valve Co."),
        _may("country", kinds.COUNTRY, "the country in which the bank keeps the account", "DE"),
        _may("currency", kinds.CURRENCY, "the currency in which it is paid to", "EUR"),
        _may("paid_since", kinds.DATE, "since when it is paid to", "2025-04-01"),
        _may("changed_at", kinds.MOMENT, "when the ERP last changed it", "2026-03-02T09:14:00Z"),
    ),
    ("supplier",),
    says={
        "beside_unreadable_row": "beside_unreadable_account_row",
        "order_refused": "accounts_refused",
        "scattered_orders": "scattered_accounts",
        "unreadable_among_scattered": "unreadable_among_scattered_accounts",
        "too_many_lines": "too_many_account_rows",
    },
)

PROMISES = Format(
    "promises",
    "what was agreed with the supplier, for the ERP to hold: one row per piece of a line",
    (
        _must("command_key", kinds.CODE, "the key of the command; carry out each key once", "0d4f3c1e"),
        _must("company", kinds.CODE, "the buying company's code", "NM"),
        _must("order_number", kinds.CODE, "the order's number", "4500012345"),
        _must("supplier", kinds.CODE, "the supplier's number", "70012"),
        _may("base_revision", kinds.CODE, "the revision the agreement refers to", "2"),
        _may("supplier_reference", kinds.SHORT, "the supplier's own order number", "SO-88123"),
        _must("line_key", kinds.CODE, "the ERP's own key of the line", "00010"),
        _must("line_number", kinds.LINE_NUMBER, "the line number that people say", "10"),
        _must("base_quantity", kinds.QUANTITY, "the quantity the agreement was taken on", "240"),
        _must("base_price", kinds.PRICE, "the price the agreement was taken on", "18.40"),
        _must("base_price_per", kinds.PER, "that price is for this many units", "1"),
        _must("base_delivery_on", kinds.DATE, "the date the agreement was taken on", "2026-05-11"),
        _must("piece_number", kinds.LINE_NUMBER, "1, 2, 3 … within the line; more than one is a split", "1"),
        _must(
            "piece_kind",
            kinds.one_of("accept", "backorder", "substitute", "refuse"),
            "what the supplier does",
            "accept",
        ),
        _must("piece_quantity", kinds.QUANTITY, "how much of the line", "120"),
        _may(
            "piece_delivery_on",
            kinds.DATE,
            "the agreed delivery date; empty for a refused piece and for a backorder without a day",
            "2026-05-18",
        ),
        _must("piece_price", kinds.PRICE, "the agreed price", "18.40"),
        _must("piece_price_per", kinds.PER, "the price is for this many units", "1"),
        _may("piece_item_number", kinds.CODE, "for a substitute: the item that comes instead", "V-2041"),
        _may(
            "piece_reason",
            kinds.CODE,
            "why it differs, as a code: `capacity`, `material_shortage` …",
            "capacity",
        ),
        _may("piece_note", kinds.LONG, "the supplier's own words", "Castings come late"),
        _may("piece_ship_to", kinds.CODE, "the site it is to go to, where another one was agreed", "HULL"),
    ),
    ("command_key", "line_key", "piece_number"),
)

INBOUND: dict[Feed, Format] = {
    Feed.COMPANIES: COMPANIES,
    Feed.UNITS: UNITS,
    Feed.SITES: SITES,
    Feed.SUPPLIERS: SUPPLIERS,
    Feed.SUPPLIER_SITES: SUPPLIER_SITES,
    Feed.ITEMS: ITEMS,
    Feed.SUPPLIER_ITEMS: SUPPLIER_ITEMS,
    Feed.ORDERS: ORDERS,
    Feed.RECEIPTS: RECEIPTS,
    Feed.INVOICES: INVOICES,
    Feed.COMMAND_RESULTS: COMMAND_RESULTS,
    Feed.STOCK: STOCK,
    Feed.CUSTOMER_DEMAND: CUSTOMER_DEMAND,
    Feed.BANK_ACCOUNTS: BANK_ACCOUNTS,
}
SHIP_NOTICES = Format(
    "ship_notices",
    "goods on their way, as the supplier announces them: one row per order line in a consignment",
    (
        _must("command_key", kinds.CODE, "the key of the command; carry out each key once", "7b1e55a2"),
        _must(
            "consignment", kinds.CODE, "the consignment; stays the same when its notice is corrected", "c0a8"
        ),
        _must("issue", kinds.LINE_NUMBER, "the version of its notice: 1, 2, 3 …; the highest counts", "1"),
        _must(
            "notice_state",
            kinds.one_of("announced", "withdrawn"),
            "whether the goods come, or the notice was taken back",
            "announced",
        ),
        _must("company", kinds.CODE, "the buying company's code", "NM"),
        _must("supplier", kinds.CODE, "the supplier's number", "70012"),
        _must("notice_number", kinds.CODE, "the delivery note's number, as on the paper", "DN-4711"),
        _may(
            "earlier_number", kinds.CODE, "the number of the version before, where it had another", "DN-4710"
        ),
        _may("ship_to", kinds.CODE, "the site that receives it", "HAM"),
        _must("ship_on", kinds.DATE, "the day on which it leaves", "2026-05-04"),
        _must("expected_on", kinds.DATE, "the day on which it is expected at the site", "2026-05-11"),
        _may("carrier", kinds.SHORT, "who carries it", "Blue Line"),
        _may("tracking", kinds.LONG, "tracking numbers, with blanks between", "BL123 BL124"),
        _may("bill_of_lading", kinds.CODE, "the bill of lading", "BOL-88"),
        _may(
            "packages", kinds.LINE_NUMBER, "pallets and packages that stand by themselves; 0: not said", "2"
        ),
        _may("gross_kg", kinds.QUANTITY, "its gross weight in kilograms", "412.5"),
        _must("order_number", kinds.CODE, "the order's number", "4500012345"),
        _must("line_key", kinds.CODE, "the ERP's own key of the line", "00010"),
        _must("line_number", kinds.LINE_NUMBER, "the line number that people say", "10"),
        _must("quantity", kinds.MORE_THAN_NOTHING, "how much of the line is in it", "120"),
        _must("unit", kinds.CODE, "the line's unit", "EA"),
    ),
    ("command_key", "order_number", "line_key"),
)
COUNTS = Format(
    "counts",
    "what was counted at a dock, for the ERP to book: one row per order line and lot",
    (
        _must("command_key", kinds.CODE, "the key of the command; carry out each key once", "5fd0c1b9"),
        _must("count", kinds.CODE, "the count; the same when it is taken back", "e81a"),
        _must(
            "count_state",
            kinds.one_of("posted", "reversed"),
            "whether it is to be booked, or the booking to be taken back",
            "posted",
        ),
        _must("company", kinds.CODE, "the buying company's code", "NM"),
        _must("supplier", kinds.CODE, "the supplier's number", "70012"),
        _may("reference", kinds.SHORT, "the delivery note's number: the receipt's `reference`", "DN-4711"),
        _may(
            "consignment",
            kinds.CODE,
            "the consignment of the ship notice; empty for goods that nobody announced",
            "c0a8",
        ),
        _may("site", kinds.CODE, "the site that received it", "HAM"),
        _must(
            "received_on", kinds.DATE, "the day on which it was counted, in the site's calendar", "2026-05-11"
        ),
        _must("order_number", kinds.CODE, "the order's number", "4500012345"),
        _must("line_key", kinds.CODE, "the ERP's own key of the line", "00010"),
        _must("line_number", kinds.LINE_NUMBER, "the line number that people say", "10"),
        _must("quantity", kinds.MORE_THAN_NOTHING, "how much was good; what is damaged is not in it", "118"),
        _must("unit", kinds.CODE, "the line's unit", "EA"),
        _may("lot", kinds.CODE, "the maker's lot, where it was noted", "L-77"),
    ),
    ("command_key", "order_number", "line_key"),
)
INVOICES_OUT = Format(
    "invoices_out",
    "an approved invoice, for the ERP to book: one row per line, charge and tax, with the invoice's columns repeated",
    (
        _must("command_key", kinds.CODE, "the key of the command; carry out each key once", "91ab77d0"),
        _must("invoice", kinds.CODE, "the invoice; the same when it is voided", "4f2c"),
        _must(
            "invoice_state",
            kinds.one_of("approved", "voided"),
            "whether it is to be booked, or to be taken out again",
            "approved",
        ),
        _must("company", kinds.CODE, "the buying company's code", "NM"),
        _must("supplier", kinds.CODE, "the number of the supplier who bills", "70012"),
        _must(
            "kind",
            kinds.one_of(*BillKind.values, "debit_note"),
            "an invoice, a credit note, or a debit note that claims more for what was billed before",
            "invoice",
        ),
        _must(
            "reference", kinds.SHORT, "the supplier's own number: the booked invoice's `reference`", "R-2041"
        ),
        _may("corrects", kinds.SHORT, "the supplier's number of the invoice that a note corrects", "R-2040"),
        _must("invoiced_on", kinds.DATE, "the day of the invoice", "2026-05-13"),
        _may("due_on", kinds.DATE, "the day by which it is to be paid", "2026-06-30"),
        _must("currency", kinds.CURRENCY, "the currency of all its amounts", "EUR"),
        _must(
            "total",
            kinds.PRICE,
            "what was approved, with taxes; of a credit note, what it gives back",
            "2739.38",
        ),
        _may("note", kinds.LONG, "the supplier's words", "Second half of May"),
        _may("picture", kinds.SHORT, "the name of the supplier's own document in the portal", "R-2041.pdf"),
        _must("row_number", kinds.LINE_NUMBER, "1, 2, 3 … within the invoice", "1"),
        _must(
            "row_kind",
            kinds.one_of("line", "charge", "allowance", "tax"),
            "what the row is: something billed, a charge or an allowance on the whole, or the taxes of one rate",
            "line",
        ),
        _may(
            "order_number",
            kinds.CODE,
            "of a line: the order that is billed; empty for an invoice of no order",
            "4500012345",
        ),
        _may("line_key", kinds.CODE, "of a line: the ERP's own key of the order's line", "00010"),
        _may("line_number", kinds.LINE_NUMBER, "of a line: the line number that people say", "10"),
        _may("description", kinds.LONG, "what the supplier calls it", "Ball valve DN 40, PN 16"),
        _may("code", kinds.CODE, "of a charge or allowance: UNCL 7161 or 5189", "FC"),
        _may("quantity", kinds.QUANTITY, "of a line: how much is billed", "120"),
        _may("unit", kinds.CODE, "of a line: the unit of the quantity", "EA"),
        _may(
            "unit_price", kinds.PRICE, "of a line: the supplier's price; the amount is what counts", "18.40"
        ),
        _may("price_per", kinds.PER, "of a line: that price is for this many units", "1"),
        _may("base", kinds.SIGNED, "of taxes: the amount that they are due on", "2302.00"),
        _must(
            "amount",
            kinds.SIGNED,
            "what was approved of the row, without taxes; of taxes, the taxes",
            "2208.00",
        ),
        _may("tax_category", kinds.CODE, "UNCL 5305: `S`, `Z`, `E`, `AE` …", "S"),
        _may("tax_rate", kinds.SIGNED, "the rate in percent", "19"),
    ),
    ("command_key", "row_number"),
)
EARLY_PAYMENTS = Format(
    "early_payments",
    "what a supplier has agreed to be paid sooner for less, for the ERP to pay so: one row",
    (
        _must("command_key", kinds.CODE, "the key of the command; carry out each key once", "c20d7e51"),
        _must("invoice", kinds.CODE, "the invoice, as in the file that had it booked", "4f2c"),
        _must(
            "early_state",
            kinds.one_of("agreed", "ended"),
            "whether it is paid early, or not any more: then all of it, when it was due",
            "agreed",
        ),
        _must("company", kinds.CODE, "the buying company's code", "NM"),
        _must("supplier", kinds.CODE, "the number of the supplier who bills", "70012"),
        _must("reference", kinds.SHORT, "the supplier's own number of the invoice", "R-2041"),
        _must("due_on", kinds.DATE, "the day on which all of it is due else", "2026-06-30"),
        _may(
            "pay_on", kinds.DATE, "the day on which it is to be paid; empty where it has ended", "2026-05-20"
        ),
        _must("currency", kinds.CURRENCY, "the currency of all its amounts", "EUR"),
        _must("total", kinds.PRICE, "what was approved, with taxes", "2657.27"),
        _must("discount", kinds.PRICE, "how much less is paid on that day; 0 where it has ended", "36.32"),
        _must("to_pay", kinds.PRICE, "what is paid then: the total less the discount", "2620.95"),
    ),
    ("command_key",),
)
OUTBOUND = (PROMISES, SHIP_NOTICES, COUNTS, INVOICES_OUT, EARLY_PAYMENTS)


def columns_table(form: Format) -> str:
    """The format as its section of docs/file-formats.md."""
    rows = [
        f"| `{column.name}` | {'yes' if column.required else ''} | {column.kind.describes} | {column.means} |"
        f" {f'`{column.example}`' if column.example else ''} |"
        for column in form.columns
    ]
    key = ", ".join(f"`{name}`" for name in form.key)
    return "\n".join(
        [
            f"### `{form.name}`",
            "",
            f"{form.about[0].upper()}{form.about[1:]}. Which record a row is about: {key}.",
            "",
            "| column | required | what may stand in it | what it means | example |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )
