"""What the columns of a pasted table mean, and what each row says of its line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from procurement.reading.context import OpenLine
from procurement.reading.dates import Day, find_days
from procurement.reading.folding import folded, word_pattern
from procurement.reading.marks import PRICE_NUMBER, Amount, Mark, Money, Sort, Spotter
from procurement.reading.numbers import NUMBER, read_number
from procurement.reading.tables import Cell, Row, Table


class Column(StrEnum):
    """What a column holds."""

    ORDER = "order"
    LINE = "line"
    PART = "part"
    NEW_PART = "new_part"
    DESCRIPTION = "description"
    ORDERED = "ordered"
    QUANTITY = "quantity"
    REQUESTED = "requested"
    DATE = "date"
    PRICE = "price"
    STOCK = "stock"  # what is there now; with a date beside it nobody knows of what
    REMARK = "remark"
    UNREAD = "unread"


# The first pattern that fits a head decides; a column must also hold what its head promises.
HEADS: tuple[tuple[Column, re.Pattern[str]], ...] = (
    (Column.STOCK, re.compile(r"stock|lager|bestand|on hand|vorrat")),
    (Column.UNREAD, re.compile(r"total|amount|value|gesamt|summe|betrag|wert|uom|unit$|^me$|einheit|weight|gewicht|tracking|invoice|rechnung|stock level|rev|short|fehlmenge|outstanding|open$|offen")),
    (Column.NEW_PART, re.compile(r"new part|replacement|substitut|ersatz|alternativ|successor|nachfolge")),
    (Column.REQUESTED, re.compile(r"(?:req|want|need|orig|old|wunsch|gew[uü]nscht|alt\b|alter|bisher|your|ihr|prev|order date|bestelldatum|po date|due|geplant|soll|was)\w*.{0,4}(?:date|termin|delivery|kw|week|datum|liefer|dock|promise)?.*")),
    (Column.ORDERED, re.compile(r"(?:order(?:ed)?|po|requested|bestell(?:t|te)?|orig\w*|soll|your)[ .-]?(?:qty|quantity|menge|stk|pcs)|(?:qty|quantity|menge)[ .]*(?:ordered|bestellt|requested|best\.?$)|^ordered$|^bestellt$|bestellmenge")),
    (Column.PRICE, re.compile(r"price|preis|^ep$|cost|je 100|per 100")),
    (Column.DATE, re.compile(r"date|termin|eta|etd|deliver|liefer(?!menge)|ship(?!.*q)|datum|kw|week|woche|promise|ready|confirm|best[aä]tigt|dispatch|available|verf[uü]gbar|new|neu|arriv|when")),
    (Column.QUANTITY, re.compile(r"qty|quantity|menge|anzahl|st[uü]?c?k|pcs|pieces|confirm|best[aä]tigt|available|verf[uü]gbar|units|ship.*q")),
    (Column.ORDER, re.compile(r"^(?:your )?(?:po|p\.o\.|order|purchase order|bestellung|bestell-?nr\.?|auftrag|order ref|ihre bestellung|b/n)(?: ?(?:no|nr|number|#|nummer))?\.?$")),
    (Column.LINE, re.compile(r"^(?:po )?(?:line|ln|li|pos|position|itm|posten|zeile|#|lfd|no|nr|item)\.?(?: ?(?:no|nr|item|number|#|nummer))?\.?$|^po ?item$|^bestellpos")),
    (Column.PART, re.compile(r"part|item|article|artikel|art\.|material|sku|mat\.|teil|code|product|ref|model")),
    (Column.DESCRIPTION, re.compile(r"desc|bezeichnung|benennung|text|name|goods|ware")),
    (Column.REMARK, re.compile(r"status|remark|comment|note|bemerk|komment|info|hinweis|stand|anmerk|reason|grund|answer|antwort|r[uü]ckmeldung|feedback")),
)  # fmt: skip
HEAD_WORD = re.compile(
    word_pattern(
        r"po",
        r"order",
        r"line",
        r"pos(?:ition)?\.?",
        r"item",
        r"part",
        r"qty\.?",
        r"quantity",
        r"menge",
        r"date",
        r"termin",
        r"liefertermin",
        r"eta",
        r"status",
        r"artikel",
        r"bestellung",
        r"delivery",
        r"price",
        r"preis",
        r"bemerkung",
        r"remarks?",
        r"confirmed",
        r"bestätigt",
        r"kw",
        r"description",
        r"bezeichnung",
        r"stk",
        r"comment",
        r"ship date",
        r"anzahl",
    )
)


@dataclass
class ReadRow:
    """One row: its line and its values, and the remark still to be read as a sentence."""

    row: Row
    line: OpenLine
    amount: Amount | None = None
    day: Day | None = None
    money: Money | None = None
    part: str = ""
    remarks: list[Cell] = field(default_factory=list)
    is_confirmed: bool = False
    has_ordered: bool = False


class TableReader:
    """Reads the tables of one mail in its context."""

    def __init__(self, spotter: Spotter) -> None:
        self.spotter = spotter
        self.context = spotter.context
        self.seen: dict[str, list[Mark]] = {}

    def read(self, table: Table, order: str) -> list[ReadRow] | None:
        """The rows that name a line; None if this is no table of lines."""
        has_head = self.is_head(table.rows[0])
        head = table.rows[0] if has_head else None
        body = table.rows[1:] if has_head else table.rows
        if not body or (head is None and len({len(row.cells) for row in body}) > 1):
            return None
        columns = self._columns(head, body)
        if (
            columns is None
            or Column.STOCK in columns
            or not set(columns)
            & {
                Column.DATE,
                Column.QUANTITY,
                Column.REMARK,
                Column.PRICE,
                Column.NEW_PART,
            }
        ):
            return None
        confirmed = bool(
            head and any(re.search(r"confirm|best[aä]tigt", folded(cell.text)) for cell in head.cells)
        )
        found = []
        for row in body:
            if read := self._row(row, columns, order):
                read.is_confirmed = confirmed
                read.has_ordered = Column.ORDERED in columns
                found.append(read)
        return found or None

    def is_head(self, row: Row) -> bool:
        """Whether a row names the columns: known words and no numbers."""
        texts = [folded(cell.text) for cell in row.cells]
        if any(self._marks(cell, Sort.ORDER) for cell in row.cells):
            return False
        return sum(bool(HEAD_WORD.search(text)) and not re.search(r"\d", text) for text in texts) >= min(
            2, len(texts)
        )

    def _columns(self, head: Row | None, body: tuple[Row, ...]) -> list[Column] | None:
        width = max(len(row.cells) for row in body)
        contents = [
            [row.cells[at] for row in body if at < len(row.cells) and row.cells[at].text]
            for at in range(width)
        ]
        columns: list[Column] = []
        for at in range(width):
            title = folded(head.cells[at].text) if head and at < len(head.cells) else ""
            columns.append(self._column(title, contents[at], columns))
        if head is None:
            self._settle_doubles(columns, contents)
        if columns.count(Column.DATE) > 1:
            columns = self._one_date(head, columns)
        return None if columns.count(Column.DATE) > 1 or columns.count(Column.QUANTITY) > 1 else columns

    def _column(self, title: str, cells: list[Cell], before: list[Column]) -> Column:
        if not cells:
            return Column.UNREAD
        if title:
            for column, pattern in HEADS:
                if pattern.search(title) and self._holds(column, cells, before):
                    return column
            if any(
                pattern.search(title)
                for column, pattern in HEADS
                if column in (Column.UNREAD, Column.REQUESTED, Column.ORDERED)
            ):
                return Column.UNREAD
        for column in (Column.ORDER, Column.PART, Column.DATE, Column.PRICE):
            if self._holds(column, cells, before) and (not title or column is not Column.PRICE):
                return column
        if not title and Column.LINE not in before and self._holds(Column.LINE, cells, before):
            return Column.LINE
        if not title and self._holds(Column.QUANTITY, cells, before):
            return Column.QUANTITY
        return Column.REMARK if not title or self._is_text(cells) else Column.UNREAD

    def _is_text(self, cells: list[Cell]) -> bool:
        return all(re.search(r"[^\W\d_]{2}", cell.text) for cell in cells)

    def _holds(self, column: Column, cells: list[Cell], before: list[Column]) -> bool:
        """Whether the cells can be what the head says."""
        if column is Column.ORDER:
            return all(
                self._marks(cell, Sort.ORDER)
                or self._marks(cell, Sort.FOREIGN)
                or re.fullmatch(r"\W*\d{4,}\W*", cell.text)
                for cell in cells
            ) and any(self._marks(cell, Sort.ORDER) for cell in cells)
        if column in (Column.DATE, Column.REQUESTED):
            dated = [cell for cell in cells if self._day(cell)]
            return len(dated) * 2 >= len(cells) and all(
                self._day(cell) or self._is_text([cell]) or not re.search(r"\d", cell.text) for cell in cells
            )
        if column is Column.LINE:
            return Column.LINE not in before and all(
                self._number(cell) in self.spotter.line_numbers for cell in cells
            )
        if column in (Column.QUANTITY, Column.ORDERED):
            return (
                all(self._amount(cell) or not re.search(r"\d", cell.text) for cell in cells)
                and any(self._amount(cell) for cell in cells)
                and not any(self._day(cell) for cell in cells)
            )
        if column is Column.PART:
            return any(self._lines(cell) for cell in cells) and not self._holds(Column.DATE, cells, before)
        if column is Column.PRICE:
            return all(self._money(cell) for cell in cells) and any(
                re.search(r"\d[.,]\d{2}(?!\d)", cell.text) for cell in cells
            )
        return True

    def _settle_doubles(self, columns: list[Column], contents: list[list[Cell]]) -> None:
        """Without a head, two columns of numbers may be asked and promised: only the order can tell."""
        amounts = [at for at, column in enumerate(columns) if column is Column.QUANTITY]
        for at in amounts[1:]:
            columns[at] = (
                Column.UNREAD
                if len(amounts) == 2
                and [c.text for c in contents[at]] == [c.text for c in contents[amounts[0]]]
                else columns[at]
            )

    def _one_date(self, head: Row | None, columns: list[Column]) -> list[Column]:
        """Of several dates the confirmed or new one counts; without a head the last of two, after the one asked for."""
        dates = [at for at, column in enumerate(columns) if column is Column.DATE]
        if head:
            best = [
                at
                for at in dates
                if re.search(
                    r"confirm|new|neu|best[aä]tigt|promis|revised|eta|deliver|liefer|aktuell|current",
                    folded(head.cells[at].text),
                )
            ]
            if len(best) > 1:
                best = [
                    at
                    for at in best
                    if re.search(r"confirm|new|neu|best[aä]tigt|revised|aktuell", folded(head.cells[at].text))
                ]
            if len(best) == 1:
                return [
                    Column.UNREAD if column is Column.DATE and at != best[0] else column
                    for at, column in enumerate(columns)
                ]
            return columns
        if len(dates) == 2:
            columns[dates[0]] = Column.REQUESTED
        return columns

    def _row(self, row: Row, columns: list[Column], order: str) -> ReadRow | None:
        by_column: dict[Column, Cell] = {}
        remarks: list[Cell] = []
        for at, cell in enumerate(row.cells[: len(columns)]):
            if not cell.text:
                continue
            if columns[at] is Column.REMARK:
                remarks.append(cell)
            else:
                by_column.setdefault(columns[at], cell)
        line = self._line(by_column, remarks, order)
        if line is None:
            return None
        read = ReadRow(row, line, remarks=[cell for cell in remarks if not self._names_only(cell, line)])
        if Column.QUANTITY in by_column:
            read.amount = self._amount(by_column[Column.QUANTITY])
        if Column.DATE in by_column:
            read.day = self._day(by_column[Column.DATE])
            if read.day is None:
                read.remarks.append(by_column[Column.DATE])
        if Column.PRICE in by_column:
            read.money = self._money(by_column[Column.PRICE])
        if Column.NEW_PART in by_column and re.search(r"\d", by_column[Column.NEW_PART].text):
            read.part = by_column[Column.NEW_PART].text.split()[0]
        return read

    def _names_only(self, cell: Cell, line: OpenLine) -> bool:
        """A cell that only repeats the description."""
        return folded(cell.text) in folded(line.description) or bool(
            set(folded(cell.text).split()) <= set(folded(line.description).split())
        )

    def _line(self, by_column: dict[Column, Cell], remarks: list[Cell], order: str) -> OpenLine | None:
        if Column.ORDER in by_column:
            owners = self._marks(by_column[Column.ORDER], Sort.ORDER)
            if not owners:
                return None
            order = owners[0].order
        if Column.PART in by_column and (lines := self._of_order(self._lines(by_column[Column.PART]), order)):
            return lines[0] if len(lines) == 1 else None
        if Column.LINE in by_column:
            number = self._number(by_column[Column.LINE])
            lines = [
                line
                for line in self.context.lines
                if line.number == number and line.order == (order or line.order)
            ]
            return lines[0] if len(lines) == 1 else None
        for cell in [*([by_column[Column.DESCRIPTION]] if Column.DESCRIPTION in by_column else []), *remarks]:
            if lines := self._of_order(self._lines(cell), order):
                return lines[0] if len(lines) == 1 else None
        return None

    def _of_order(self, lines: list[OpenLine], order: str) -> list[OpenLine]:
        return [line for line in lines if line.order == order] or (lines if not order else [])

    def _lines(self, cell: Cell) -> list[OpenLine]:
        return list(dict.fromkeys(line for mark in self._marks(cell, Sort.LINE) for line in mark.lines))

    def _marks(self, cell: Cell, sort: Sort) -> list[Mark]:
        if cell.text not in self.seen:
            self.seen[cell.text] = self.spotter.spot(cell.text, folded(cell.text))
        return [mark for mark in self.seen[cell.text] if mark.sort is sort]

    def _number(self, cell: Cell) -> str:
        # What is no letter and no digit is cut off first: left to the pattern it could end in two places of it.
        said = re.sub(r"^\W+", "", folded(cell.text))
        found = re.fullmatch(r"(?:pos|line|item|position|ln|zeile)?[ .:#]*0*(\d{1,5})[.:)]?", said)
        return (found.group(1).lstrip("0") or "0") if found else ""

    def _day(self, cell: Cell) -> Day | None:
        text = folded(cell.text)
        if re.fullmatch(r"\d{1,2}\.\d{1,2}", text):
            text += "."
        if (
            re.fullmatch(r"\d{1,2}\.\d{1,2}\.?", text) is None
            and re.fullmatch(r"[\d.,]+", text)
            and text.count(".") < 2
        ):
            return None
        found = list(find_days(text, self.spotter.clock))
        if (
            len(found) != 1
            or not isinstance(found[0].value, Day)
            or len(text) - (found[0].end - found[0].start) > 6
        ):
            return None
        return found[0].value

    def _amount(self, cell: Cell) -> Amount | None:
        found = re.fullmatch(rf"\W{{0,2}}(?P<n>{NUMBER})\s*(?P<unit>[^\W\d_]{{0,8}}\.?)", folded(cell.text))
        if not found:
            return None
        readings = read_number(found["n"], decimal_comma=self.context.decimal_comma)
        return Amount(tuple(readings), found["unit"].rstrip(".")) if readings else None

    def _money(self, cell: Cell) -> Money | None:
        marks = self._marks(cell, Sort.PRICE)
        if marks:
            return marks[0].money
        found = re.fullmatch(rf"\W{{0,2}}(?P<n>{PRICE_NUMBER})\W*", folded(cell.text))
        readings = read_number(found["n"], decimal_comma=self.context.decimal_comma) if found else []
        return Money(readings[0], None) if readings else None


def grouped(rows: list[ReadRow]) -> Iterator[list[ReadRow]]:
    """The rows of each line together, in the order in which the lines appear."""
    by_line: dict[tuple[str, str], list[ReadRow]] = {}
    for row in rows:
        by_line.setdefault((row.line.order, row.line.number), []).append(row)
    yield from by_line.values()
