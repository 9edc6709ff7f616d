"""The label stock that printers are loaded with, and how labels lie on a sheet. All in millimetres."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stock:
    """One size of label. `margin` is what no printer's edge may touch."""

    name: str
    width: float
    height: float
    margin: float = 4.0


@dataclass(frozen=True, slots=True)
class Sheet:
    """Paper with several labels: which, how many across and down, and the strip left at the edges."""

    name: str
    width: float
    height: float
    stock: Stock
    columns: int
    rows: int
    left: float = 0.0
    top: float = 0.0

    @property
    def places(self) -> int:
        return self.columns * self.rows

    def place(self, number: int) -> tuple[float, float]:
        """Where the label of this number lies, row by row from 0."""
        row, column = divmod(number, self.columns)
        return self.left + column * self.stock.width, self.top + row * self.stock.height


INCH = 25.4
A6 = Stock("a6", 105.0, 148.0)
FOUR_BY_SIX = Stock("4x6", 4 * INCH, 6 * INCH)
QUARTER_LETTER = Stock("quarter-letter", 4.25 * INCH, 5.5 * INCH)

A4_OF_FOUR = Sheet("a4", 210.0, 297.0, A6, columns=2, rows=2, top=0.5)
LETTER_OF_FOUR = Sheet("letter", 8.5 * INCH, 11 * INCH, QUARTER_LETTER, columns=2, rows=2)

STOCKS = {stock.name: stock for stock in (A6, FOUR_BY_SIX, QUARTER_LETTER)}
SHEETS = {sheet.name: sheet for sheet in (A4_OF_FOUR, LETTER_OF_FOUR)}
