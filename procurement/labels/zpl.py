"""Labels in ZPL II, the language of thermal label printers: the same layout as on paper, in the printer's dots.

Note [Fields]: nothing that was typed reaches the printer as a command. A text is data of ^FD, and every sign that could
end it or begin something (caret, tilde, underscore, backslash, anything beyond ASCII) is written in hexadecimal behind
^FH. The bars are written by symbol value, so that the printer builds the very symbol that the paper has.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from procurement.labels.code128 import FNC1_VALUE, START, SWITCH
from procurement.labels.layout import LEADING, Bars, Part, Rule, Text, arrange
from procurement.labels.papers import Label
from procurement.labels.stock import INCH, Stock

RESOLUTIONS = (203, 300)  # dots to the inch
UTF_8 = "^CI28"
MOST_COPIES = 99_999_999

# What ^BC is told in place of a symbol value (ZPL II Programming Guide, ^BC, Code 128 invocation characters).
CODE_B, CODE_C = SWITCH["B"], SWITCH["C"]
INVOCATIONS = {
    START["B"]: ">:",
    START["C"]: ">;",
    CODE_C: ">5",
    CODE_B: ">6",
    FNC1_VALUE: ">8",
    30: ">0",  # >
    62: "><",  # ^
    94: ">=",  # ~
}
LAST_PRINTABLE = 94
TO_SET = {START["B"]: "B", START["C"]: "C", CODE_B: "B", CODE_C: "C"}

# What may stand in a field as it is; the comma and others mean nothing there.
PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 .,:;-+/()#&*=!?%'\"<>@[]|$")


@dataclass(frozen=True, slots=True)
class LabelPrinter:
    """A printer: its dots to the inch, and the font that has the letters of the texts.

    Font 0 is in every printer and knows Latin letters; `font` may name a TrueType font stored in the printer, such as
    `E:TT0003M_.TTF`, where texts are in Chinese, Greek or Arabic.
    """

    dpi: int = 203
    font: str = "0"

    def __post_init__(self) -> None:
        """Refuse what would print everything too large, or a font name that is a command."""
        if self.dpi not in RESOLUTIONS:
            raise ValueError(f"A label printer has 203 or 300 dots to the inch, not {self.dpi}.")
        if not self.font or not set(self.font) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:."):
            raise ValueError(f"{self.font!r} is not the name of a printer's font.")

    @property
    def dot(self) -> float:
        return INCH / self.dpi

    def dots(self, millimetres: float) -> int:
        return round(millimetres / self.dot)


def labels_zpl(labels: Iterable[Label], stock: Stock, printer: LabelPrinter, *, copies: int = 1) -> str:
    """The labels one after the other, ready to be sent to the printer as UTF-8. Raises `DoesNotFit`."""
    return "".join(label_zpl(label, stock, printer, copies=copies) for label in labels)


def label_zpl(label: Label, stock: Stock, printer: LabelPrinter, *, copies: int = 1) -> str:
    """One label as a format of its own. Raises `DoesNotFit`."""
    if not 1 <= copies <= MOST_COPIES:
        raise ValueError(f"{copies} copies cannot be printed.")
    parts = arrange(label, stock, dot=printer.dot)
    lines = [
        f"^XA{UTF_8}",
        f"^PW{printer.dots(stock.width)}^LL{printer.dots(stock.height)}^LH0,0",
        *(line for part in parts for line in _fields(part, printer)),
        f"^PQ{copies}",
        "^XZ",
    ]
    return "\n".join(lines) + "\n"


def field_data(text: str) -> str:
    """A text as the data of a field behind ^FH: see Note [Fields]."""
    return "".join(
        sign if sign in PLAIN else "".join(f"_{byte:02X}" for byte in sign.encode()) for sign in text
    )


def bar_data(values: Sequence[int]) -> str:
    """A symbol as the data of ^BC without a mode: start, data, switches; the printer adds check and stop.

    Printable text needs the sets B and C alone. Raises `ValueError` for a symbol that has more.
    """
    written, name = [], ""
    for value in values[:-2]:
        if name != "C" and value > LAST_PRINTABLE and value not in INVOCATIONS:
            raise ValueError(f"The symbol value {value} is of no printable text.")
        if name == "C" and value < CODE_B:
            written.append(f"{value:02d}")
            continue
        written.append(INVOCATIONS.get(value) or chr(value + 32))
        name = TO_SET.get(value, name)
    return "".join(written)


def _fields(part: Part, printer: LabelPrinter) -> list[str]:
    at = f"^FO{printer.dots(part.x)},{printer.dots(part.y)}"
    if isinstance(part, Rule):
        width, height = max(2, printer.dots(part.width)), max(2, printer.dots(part.height))
        return [f"{at}^GB{width},{height},{min(width, height)}^FS"]
    if isinstance(part, Bars):
        module, height = round(part.module / printer.dot), printer.dots(part.height)
        return [f"{at}^BY{module}^BCN,{height},N,N,N,N^FD{bar_data(part.values)}^FS"]
    return [_line(part, number, line, printer) for number, line in enumerate(part.lines) if line]


def _line(text: Text, number: int, line: str, printer: LabelPrinter) -> str:
    height = max(10, printer.dots(text.size))
    y = printer.dots(text.y + number * text.size * LEADING)
    font = f"^A0N,{height},{height}" if printer.font == "0" else f"^A@N,{height},{height},{printer.font}"
    return f"^FO{printer.dots(text.x)},{y}{font}^FH^FD{field_data(line)}^FS"
