"""Where everything lies on a label, in millimetres from its upper left corner: once, for paper and for label printers.

The order from top to bottom is that of the GS1 Logistic Label Guideline: who and where, then what, then the bars, the
SSCC lowest (GS1 General Specifications, section 6.6.4). Bars stand upright, like a picket fence.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from portal.kernel.templatetags.portal_ui import day_text, quantity_text
from procurement.labels.code128 import QUIET_MODULES, module_count, symbol_values
from procurement.labels.elements import (
    LONGEST_SYMBOL,
    Element,
    element_string,
    human_readable,
    key_element,
    symbol_of,
)
from procurement.labels.fitting import cleaned, fitted, width_of
from procurement.labels.papers import Label, Party
from procurement.labels.stock import INCH, Stock

# Symbol specification table for logistic units (GS1 General Specifications, section 5.9.3; since release 20: 5.12.3).
NARROWEST_MODULE, LOWEST_BARS = 0.495, 31.75
NARROWEST_CARTON_MODULE = (
    0.25  # of a carton number, which is no GS1 key: what common scanners read at arm's length
)
BARS_HEIGHT = 32.0
CAPTION, CAPTION_GAP = 3.4, 0.8
OFFICE_DOT = INCH / 600

TITLE, LEADING, ROW_PAD = 2.0, 1.18, 1.1
SMALLEST_TITLE = 1.5
LEAST_SCALE, MOST_SCALE = 0.5, 1.3
RULE, ABOVE_BARS = 0.25, 1.5
LONG_TEXT = 2.9


class DoesNotFit(ValueError):
    """The label has more to say than its stock can hold. The sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Text:
    """Lines of type: where the first begins, how large the type is, and how wide the box is."""

    x: float
    y: float
    width: float
    size: float
    lines: tuple[str, ...]
    is_bold: bool = False
    is_quiet: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A thin line."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Bars:
    """A barcode without its quiet zones: the values of its symbol, and how wide a module is."""

    x: float
    y: float
    module: float
    height: float
    values: tuple[int, ...]

    @property
    def width(self) -> float:
        return module_count(self.values) * self.module


Part = Text | Rule | Bars


@dataclass(frozen=True, slots=True)
class _Cell:
    title: str
    value: str
    share: float = 1.0
    size: float = 3.4
    lines: int = 1
    is_bold: bool = True


@dataclass(frozen=True, slots=True)
class _Row:
    cells: tuple[_Cell, ...]

    @property
    def height(self) -> float:
        return TITLE * LEADING + max(cell.size * cell.lines for cell in self.cells) * LEADING + 2 * ROW_PAD


def module_of(dot: float) -> float:
    """The width of a module in whole dots of a printer: the narrowest that GS1 allows."""
    return math.ceil(NARROWEST_MODULE / dot - 1e-6) * dot


def arrange(label: Label, stock: Stock, *, dot: float = OFFICE_DOT) -> tuple[Part, ...]:
    """All parts of a label, its headings in the label's language. Raises `DoesNotFit`."""
    with override(label.language):
        symbols = _symbols(label, stock, dot)
        foot = stock.height - stock.margin - len(symbols) * _symbol_height() + CAPTION_GAP
        return (*_head(label, stock, foot), *_foot(symbols, stock, foot))


def elements_in_bars(label: Label, stock: Stock, *, dot: float = OFFICE_DOT) -> tuple[Element, ...]:
    """Which of the label's elements its second barcode says: from the first on, as many as fit in one symbol."""
    most = int((stock.width - 2) / module_of(dot)) - 2 * QUIET_MODULES
    chosen: tuple[Element, ...] = ()
    for element in label.elements:
        more = (*chosen, element)
        if len(element_string(more)) <= LONGEST_SYMBOL and module_count(symbol_of(more)) <= most:
            chosen = more
    return chosen


# --- Bars ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Symbol:
    values: tuple[int, ...]
    caption: str
    module: float


def _symbol_height() -> float:
    return BARS_HEIGHT + CAPTION_GAP + CAPTION * LEADING + CAPTION_GAP


def _symbols(label: Label, stock: Stock, dot: float) -> list[_Symbol]:
    symbols = []
    module = module_of(dot)
    if elements := elements_in_bars(label, stock, dot=dot):
        symbols.append(_Symbol(symbol_of(elements), human_readable(elements), module))
    if label.sscc:
        sscc = (key_element("00", label.sscc),)
        symbols.append(_Symbol(symbol_of(sscc), human_readable(sscc), module))
    else:
        symbols.append(_carton_symbol(label.carton_number, stock, dot))
    return symbols


def _carton_symbol(number: str, stock: Stock, dot: float) -> _Symbol:
    if not number.isascii() or not number.isprintable():
        raise DoesNotFit(
            _(
                "The carton number “%(number)s” cannot be a barcode: use letters from A to Z, digits and common signs."
            )
            % {"number": number}
        )
    values = symbol_values(number)
    room = (stock.width - 2) / (module_count(values) + 2 * QUIET_MODULES)
    module = min(module_of(dot), math.floor(room / dot + 1e-6) * dot)
    if module < NARROWEST_CARTON_MODULE:
        raise DoesNotFit(
            _("The carton number “%(number)s” is too long for a barcode on this label. Choose a shorter one.")
            % {"number": number}
        )
    return _Symbol(values, number, module)


def _foot(symbols: Sequence[_Symbol], stock: Stock, y: float) -> Iterator[Part]:
    for symbol in symbols:
        width = module_count(symbol.values) * symbol.module
        x = (stock.width - width) / 2
        yield Bars(x, y, symbol.module, BARS_HEIGHT, symbol.values)
        caption = fitted(symbol.caption, stock.width - 2 * stock.margin, CAPTION)
        at = max(stock.margin, (stock.width - width_of(caption.lines[0], caption.size)) / 2)
        top = y + BARS_HEIGHT + CAPTION_GAP
        yield Text(at, top, stock.width - stock.margin - at, caption.size, caption.lines)
        y += _symbol_height()


# --- Words --------------------------------------------------------------------------------------------------


def _head(label: Label, stock: Stock, foot: float) -> Iterator[Part]:
    """The parties and the rows, made larger or smaller so that they fill what the bars leave."""
    rows = _rows(label, stock.width - 2 * stock.margin)
    natural = _parties_height(label) + sum(row.height for row in rows)
    room = foot - stock.margin - ABOVE_BARS
    scale = min(MOST_SCALE, room / natural)
    if scale < LEAST_SCALE:
        raise DoesNotFit(
            _("This label says more than its size can hold. Choose a larger one, or leave something out.")
        )
    yield from _parties(label, stock, scale)
    y = stock.margin + _parties_height(label) * scale
    for row in rows:
        yield Rule(stock.margin, y, stock.width - 2 * stock.margin, RULE)
        yield from _row(row, stock, y, scale)
        y += row.height * scale
    yield Rule(stock.margin, y, stock.width - 2 * stock.margin, RULE)


FROM_SHARE = 0.38
FROM_NAME, FROM_TEXT, TO_NAME, TO_TEXT = 2.7, 2.5, 4.2, 3.7
GUTTER = 2.0


def _parties_height(label: Label) -> float:
    sender = TITLE + FROM_NAME * 2 + FROM_TEXT * len(label.ship_from.address)
    receiver = TITLE + TO_NAME * 2 + TO_TEXT * len(label.ship_to.address)
    return max(sender, receiver) * LEADING + ROW_PAD


def _parties(label: Label, stock: Stock, scale: float) -> Iterator[Part]:
    inner = stock.width - 2 * stock.margin
    middle = stock.margin + inner * FROM_SHARE
    left, right = inner * FROM_SHARE - GUTTER / 2, inner * (1 - FROM_SHARE) - GUTTER / 2
    yield Rule(middle, stock.margin, RULE, _parties_height(label) * scale - ROW_PAD)
    yield from _party(
        label.ship_from,
        pgettext("label", "From"),
        stock.margin,
        left,
        stock.margin,
        scale,
        (FROM_NAME, FROM_TEXT),
    )
    yield from _party(
        label.ship_to,
        pgettext("label", "To"),
        middle + GUTTER / 2,
        right,
        stock.margin,
        scale,
        (TO_NAME, TO_TEXT),
    )


def _party(
    party: Party, title: str, x: float, width: float, y: float, scale: float, sizes: tuple[float, float]
) -> Iterator[Part]:
    title_size = _title_size(scale)
    yield Text(x, y, width, title_size, (title,), is_quiet=True)
    y += title_size * LEADING
    name = fitted(party.name, width, sizes[0] * scale, 2)
    yield Text(x, y, width, name.size, name.lines, is_bold=True)
    y += name.size * LEADING * len(name.lines)
    if address := party.address:
        size = min(fitted(line, width, sizes[1] * scale).size for line in address)
        yield Text(x, y, width, size, tuple(fitted(line, width, size).lines[0] for line in address))


def _row(row: _Row, stock: Stock, y: float, scale: float) -> Iterator[Part]:
    inner = stock.width - 2 * stock.margin
    whole = sum(cell.share for cell in row.cells)
    x = stock.margin
    for place, cell in enumerate(row.cells):
        width = inner * cell.share / whole
        if place:
            yield Rule(x, y, RULE, row.height * scale)
        at = x + (GUTTER / 2 if place else 0)
        room = width - (GUTTER if place else GUTTER / 2)
        title = fitted(cell.title, room, _title_size(scale))
        top = y + ROW_PAD * scale
        yield Text(at, top, room, title.size, title.lines, is_quiet=True)
        value = fitted(cell.value, room, cell.size * scale, cell.lines)
        top += _title_size(scale) * LEADING
        yield Text(at, top, room, value.size, value.lines, is_bold=cell.is_bold)
        x += width


def _title_size(scale: float) -> float:
    return max(SMALLEST_TITLE, TITLE * min(scale, 1.1))


def _rows(label: Label, inner: float) -> list[_Row]:
    """The rows of a label from top to bottom; an empty cell takes no place, and an empty row neither."""
    rows = [
        [
            _Cell(_("Order"), _some_of(label.orders), 1.2),
            _Cell(_("Ship notice"), label.notice),
        ],
        [
            _Cell(_("Carrier"), label.carrier, 1.0, is_bold=False),
            _Cell(_("Tracking number"), label.tracking, 1.0, is_bold=False),
        ],
        [
            _Cell(
                _("Item"), label.item or (_("Mixed, see packing slip") if label.is_mixed else ""), 1.4, 4.6
            ),
            _Cell(_("Your item"), label.buyer_item, 1.0, 4.6),
        ],
        [_long_cell(_("Description"), label.description, inner, is_bold=False)],
        [
            _Cell(_("Quantity"), _quantity(label), 1.1, 4.6),
            _Cell(_("Lot"), label.lot, 1.1),
            _Cell(_("Serial number"), label.serial, 1.1),
            _Cell(_("Use by"), day_text(label.expires_on)),
        ],
        [
            _Cell(_("Package"), _place(label), 1.0, 4.6),
            _Cell(
                _("Gross weight"), "" if label.gross_kg is None else quantity_text(label.gross_kg, "kg"), 0.9
            ),
            _Cell(_("Origin"), label.origin, 0.5),
        ],
        [_long_cell(_("Note"), label.note, inner, is_bold=True)],
    ]
    filled = (tuple(cell for cell in row if cell.value) for row in rows)
    return [_Row(cells) for cells in filled if cells]


def _long_cell(title: str, value: str, inner: float, *, is_bold: bool) -> _Cell:
    """A text that has a row to itself, and takes one line or two."""
    lines = len(fitted(value, inner - GUTTER, LONG_TEXT, 2).lines)
    return _Cell(title, value, size=LONG_TEXT, lines=lines, is_bold=is_bold)


def _quantity(label: Label) -> str:
    return "" if label.quantity is None else quantity_text(label.quantity, label.unit)


def _place(label: Label) -> str:
    if not label.position:
        return ""
    if not label.total:
        return str(label.position)
    return _("%(position)s of %(total)s") % {"position": label.position, "total": label.total}


MOST_ORDERS = 2


def _some_of(orders: Sequence[str]) -> str:
    """The first orders, and how many more there are: the packing slip has them all."""
    shown = ", ".join(map(cleaned, orders[:MOST_ORDERS]))
    return f"{shown} +{len(orders) - MOST_ORDERS}" if len(orders) > MOST_ORDERS else shown
