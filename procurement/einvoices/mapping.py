"""Tables that say where each term stands in a syntax, and the one reader and the one writer that follow them.

Note [Paths]: a table is written in the order that the schema asks for, so the same rows read and write. A path is a
chain of elements, with `@name` for an attribute and `.` for the element itself. `[path=value]` and `[path!=value]`
choose among elements of one name when reading; `*` is any value. In writing, an element is gone on with when it was
the last one written; `+` begins a new one. `^field` is a term of the whole invoice that a syntax repeats in its groups.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from lxml import etree

from procurement.einvoices.terms import Group, Place

TEXT, FIGURE, AMOUNT, DAY, FLAG, BINARY = "text", "figure", "amount", "day", "flag", "binary"
DECIMAL = re.compile(r"[+-]?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})")
DAY_102 = "102"
LONGEST_VALUE = 200
ANY = "*"

Element = Any  # lxml's elements have no public type


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one value, before any rule is asked: `rule`, a key of the sentence, and its place."""

    rule: str
    key: str
    place: Place
    value: str = ""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One term. `default` is written where the group has a value in `of`; `when` says which of two places it is."""

    field: str
    path: str
    kind: str = TEXT
    default: str = ""
    of: str = ""
    when: Callable[[Any], bool] | None = None
    reads_only: bool = False
    once: str = ""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A value that the syntax asks for where the group has a value in `of`, or always."""

    path: str
    value: str
    of: str = ""


@dataclass(frozen=True, slots=True)
class Branch:
    """A group of terms, once or `many` times."""

    field: str
    path: str
    group: type[Group]
    rows: Rows
    many: bool = False
    when: Callable[[Any], bool] | None = None


@dataclass(frozen=True, slots=True)
class Special:
    """What no row can say."""

    read: Callable[[Reader, Element, Any, str], None]
    write: Callable[[Writer, Element, Any], None]


Row = Leaf | Fixed | Branch | Special
Rows = tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One element on a path: its name, how to choose it, and whether writing begins a new one."""

    tag: str
    name: str
    wanted: tuple[tuple[str, bool, str], ...]
    fresh: bool


STEP = re.compile(r"(\+?)([\w:]+|@\w+|\.)((?:\[[^\]]+\])*)(?:/|$)")
CONDITION = re.compile(r"\[([^=!\]]+)(!?)=([^\]]+)\]")


@dataclass(frozen=True)
class Syntax:
    """A dialect: its namespaces, and whether amounts carry their currency and days their format."""

    spaces: Mapping[str, str]
    has_currencies: bool
    has_formats: bool
    steps: dict[str, tuple[Step, ...]] = field(default_factory=dict)

    def path(self, text: str) -> tuple[Step, ...]:
        """The steps of a path, worked out once."""
        if text not in self.steps:
            found = []
            for plus, name, conditions in STEP.findall(text):
                wanted = tuple((path, not no, value) for path, no, value in CONDITION.findall(conditions))
                found.append(Step(self.tag(name), name, wanted, bool(plus)))
            self.steps[text] = tuple(found)
        return self.steps[text]

    def tag(self, name: str) -> str:
        """The name of an element as lxml knows it."""
        prefix, colon, local = name.partition(":")
        return f"{{{self.spaces[prefix]}}}{local}" if colon else name

    def short(self, tag: str) -> str:
        """The name of an element as people write it."""
        space, _brace, local = tag.rpartition("}")
        prefix = next((one for one, uri in self.spaces.items() if uri == space[1:]), "")
        return f"{prefix}:{local}" if prefix else local


# --- Reading ------------------------------------------------------------------------------------------------


class Reader:
    """Reads one document, and remembers what was placed and what was wrong."""

    def __init__(self, syntax: Syntax, invoice: Any, currency: str | None) -> None:
        self.syntax = syntax
        self.invoice = invoice
        self.currency = currency
        self.faults: list[Fault] = []
        self.currencies: dict[str, Place] = {}
        self.placed: set[Element] = set()
        self.placed_attributes: set[tuple[Element, str]] = set()

    def fill(self, group: Any, rows: Rows, element: Element, path: str) -> None:
        """Give a group all terms that stand below an element."""
        group.where[""] = Place(element.sourceline or 0, path)
        for row in rows:
            if isinstance(row, Leaf):
                self._leaf(group, row, element, path)
            elif isinstance(row, Branch):
                self._branch(group, row, element, path)
            elif isinstance(row, Fixed):
                for found, _path, name in self.find(element, row.path, path):
                    self.place(found, name)
            else:
                row.read(self, element, group, path)

    def _leaf(self, group: Any, row: Leaf, element: Element, path: str) -> None:
        target, name = (self.invoice, row.field[1:]) if row.field.startswith("^") else (group, row.field)
        for found, its_path, attribute in self.find(element, row.path, path):
            place = Place(found.sourceline or 0, its_path)
            written = found.get(attribute) if attribute else found.text
            value = self.value(row.kind, (written or "").strip(), found, place)
            before = getattr(target, name)
            if before is not None and before != "" and name in target.where:
                if before == value:
                    self.place(found, attribute)
                elif row.once:
                    self.faults.append(Fault(row.once, "repeated", place, _shown(written)))
                continue
            self.place(found, attribute)
            if value is not None or (written or "").strip():
                target.where.setdefault(name, place)
            if value is not None:
                setattr(target, name, value)

    def _branch(self, group: Any, row: Branch, element: Element, path: str) -> None:
        for found, its_path, _attribute in self.find(element, row.path, path):
            if not row.many and getattr(group, row.field) is not None:
                continue
            one = row.group()
            self.fill(one, row.rows, found, its_path)
            if row.many:
                getattr(group, row.field).append(one)
            else:
                setattr(group, row.field, one)

    def find(self, element: Element, path: str, said: str) -> Iterator[tuple[Element, str, str]]:
        """Every element at a path, how its own path reads, and the attribute that is meant."""
        return self._walk(element, self.syntax.path(path), said)

    def _walk(
        self, element: Element, steps: tuple[Step, ...], said: str
    ) -> Iterator[tuple[Element, str, str]]:
        if not steps or steps[0].name == ".":
            yield element, said, ""
        elif steps[0].name.startswith("@"):
            attribute = steps[0].name[1:]
            if attribute in element.attrib:
                yield element, f"{said}/@{attribute}", attribute
        else:
            step = steps[0]
            for number, child in enumerate(element.iterchildren(step.tag), start=1):
                if all(self._is(child, *condition) for condition in step.wanted):
                    yield from self._walk(child, steps[1:], f"{said}/{step.name}[{number}]")

    def _is(self, element: Element, path: str, wanted: bool, value: str) -> bool:
        said = False
        for found, _path, attribute in self._walk(element, self.syntax.path(path), ""):
            text = (found.get(attribute) if attribute else found.text) or ""
            if value == ANY or text.strip().upper() == value.upper():
                said = True
                self.place(found, attribute)
        return said is wanted

    def place(self, element: Element, attribute: str) -> None:
        """Remember that this has a place in the invoice."""
        if attribute:
            self.placed_attributes.add((element, attribute))
        else:
            self.placed.add(element)

    def value(self, kind: str, text: str, element: Element, place: Place) -> Any:
        """What a text means, or None and a fault."""
        if kind in (AMOUNT, FIGURE):
            if kind == AMOUNT:
                self._currency(element, place)
            if not text:
                return None
            if not DECIMAL.fullmatch(text):
                return self._fault("value", "figure", place, text)
            return Decimal(text)
        if not text:
            return None
        if kind == DAY:
            return self._day(text, element, place)
        if kind == FLAG:
            return {"true": True, "1": True, "false": False, "0": False}.get(text)
        if kind == BINARY:
            try:
                return base64.b64decode(re.sub(r"\s+", "", text), validate=True)
            except (binascii.Error, ValueError):
                return self._fault("value", "base64", place, text)
        return text

    def _day(self, text: str, element: Element, place: Place) -> Any:
        if self.syntax.has_formats:
            self.place(element, "format")
            if element.get("format", DAY_102) != DAY_102 or not re.fullmatch(r"\d{8}", text):
                return self._fault("value", "day", place, text)
            text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
        elif not re.fullmatch(r"\d{4}-\d\d-\d\d(?:Z|[+-]\d\d:\d\d)?", text):
            return self._fault("value", "day", place, text)
        try:
            return date.fromisoformat(text[:10])
        except ValueError:
            return self._fault("value", "day", place, text)

    def _currency(self, element: Element, place: Place) -> None:
        said = element.get("currencyID")
        if said is None:
            return
        self.place(element, "currencyID")
        self.currencies.setdefault(said[:20], place)
        if self.currency and said != self.currency:
            self.faults.append(Fault("PEPPOL-EN16931-R051", "other_currency", place, said))

    def _fault(self, rule: str, key: str, place: Place, value: str) -> Any:
        self.faults.append(Fault(rule, key, place, _shown(value)))
        return None

    def unplaced(self, root: Element, path: str) -> Iterator[tuple[Place, str]]:
        """Every text that has no place in the invoice: where it stands, and what it says."""
        stack = [(root, path)]
        while stack:
            element, said = stack.pop()
            counts: dict[str, int] = {}
            text = (element.text or "").strip()
            if text and element not in self.placed:
                yield Place(element.sourceline or 0, said), text
            children = []
            for child in element.iterchildren("*"):
                name = self.syntax.short(child.tag)
                counts[name] = counts.get(name, 0) + 1
                children.append((child, f"{said}/{name}[{counts[name]}]"))
            stack += reversed(children)


def _shown(value: str | None) -> str:
    return " ".join((value or "").split())[:LONGEST_VALUE]


# --- Writing ------------------------------------------------------------------------------------------------


class Writer:
    """Writes one document."""

    def __init__(self, syntax: Syntax, invoice: Any) -> None:
        self.syntax = syntax
        self.invoice = invoice

    def write(self, element: Element, rows: Rows, group: Any) -> None:
        """Write all terms of a group below an element."""
        for row in rows:
            if isinstance(row, Leaf):
                self._leaf(element, row, group)
            elif isinstance(row, Branch):
                self._branch(element, row, group)
            elif isinstance(row, Fixed):
                if not row.of or _has(self._of(group, row.of)):
                    self.put(element, row.path, row.value)
            else:
                row.write(self, element, group)

    def _of(self, group: Any, name: str) -> Any:
        return getattr(self.invoice, name[1:]) if name.startswith("^") else getattr(group, name)

    def _leaf(self, element: Element, row: Leaf, group: Any) -> None:
        value = self._of(group, row.field)
        if row.reads_only or (row.when and not row.when(group)):
            return
        if not _has(value):
            if not (row.default and row.of and _has(self._of(group, row.of))):
                return
            value = row.default
        self.put(element, row.path, value, row.kind)

    def _branch(self, element: Element, row: Branch, group: Any) -> None:
        value = getattr(group, row.field)
        for one in value if row.many else [] if value is None else [value]:
            if row.when and not row.when(one):
                continue
            self.write(self.reach(element, row.path, is_new=True)[0], row.rows, one)

    def put(self, element: Element, path: str, value: Any, kind: str = TEXT) -> Element:
        """Write one value at a path."""
        steps = self.syntax.path(path)
        found, attribute = self.reach(element, path, is_new=not steps[-1].name.startswith("@"))
        text = self._text(value, kind)
        if attribute:
            found.set(attribute, text)
            return found
        found.text = text
        if kind == AMOUNT and self.syntax.has_currencies and self.invoice.currency:
            found.set("currencyID", self.invoice.currency)
        if kind == DAY and self.syntax.has_formats:
            found.set("format", DAY_102)
        return found

    def reach(self, element: Element, path: str, *, is_new: bool) -> tuple[Element, str]:
        """The element at a path, made where it is missing, and the attribute that is meant."""
        steps = self.syntax.path(path)
        for place, step in enumerate(steps):
            if step.name.startswith("@"):
                return element, step.name[1:]
            if step.name == ".":
                continue
            is_last = place == len(steps) - 1
            last = element[-1] if len(element) else None
            if step.fresh or (is_last and is_new) or last is None or last.tag != step.tag:
                last = etree.SubElement(element, step.tag)
            element = last
        return element, ""

    def _text(self, value: Any, kind: str) -> str:
        if kind == FLAG:
            return "true" if value else "false"
        if isinstance(value, Decimal):
            return f"{value:f}"
        if isinstance(value, date):
            return value.strftime("%Y%m%d") if self.syntax.has_formats else value.isoformat()
        if isinstance(value, bytes):
            return base64.b64encode(value).decode()
        return printable(str(value))


def _has(value: Any) -> bool:
    return value is not None and value != ""


CONTROLS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def printable(text: str) -> str:
    """A text without the characters that XML cannot hold."""
    return CONTROLS.sub("", text)


@lru_cache(maxsize=1)
def parser() -> etree.XMLParser:
    """A parser that reads no DTD, no entity and no other file, and no document beyond all bounds."""
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
