"""The labelled mails: how they are written down, read and compared. See docs/mail-reading.md for the format."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from procurement.reading.units import canonical_unit

HOME = Path(__file__).parent / "mails"
KNOWN_FLAGS = {"auto_reply", "bounce", "whole_order_confirmed", "nothing_actionable", "contradicts_itself"}
DEFAULT_DATE = "2026-03-02T10:15:00"  # a Monday


@dataclass(frozen=True)
class WantedPiece:
    """A piece as the label has it; `now` takes no date as well as the mail's day."""

    quantity: Decimal | None = None
    unit: str | None = None
    day: date | None = None
    precision: str | None = None
    price: Decimal | None = None
    part: str | None = None
    is_now: bool = False


@dataclass(frozen=True)
class Wanted:
    """A commitment as the label has it; several kinds or certainties mean that each of them is right."""

    order: str
    line: str
    kinds: frozenset[str]
    certainties: frozenset[str]
    pieces: tuple[WantedPiece, ...]
    percent: Decimal | None = None
    optional: bool = False


@dataclass(eq=False)
class Labelled:
    """One mail with what should be read in it."""

    name: str
    style: str
    language: str
    held_out: bool
    context: dict[str, Any]
    raw: bytes
    wanted: list[Wanted]
    flags: frozenset[str] = field(default_factory=frozenset)


def load_mails(held_out: bool | None = None, *, unseen: bool = False) -> list[Labelled]:
    """All labelled mails, in the order of their files; or only one part of them.

    `unseen` ones are a part of their own: strangers wrote them, and whoever makes rules has not looked at them.
    """
    return [one for one in _all_mails(unseen) if held_out is None or held_out == one.held_out]


@cache
def _all_mails(unseen: bool) -> tuple[Labelled, ...]:
    contexts = json.loads((HOME / "contexts.json").read_text())
    if unseen and (HOME / "unseen" / "contexts.json").exists():
        contexts |= json.loads((HOME / "unseen" / "contexts.json").read_text())
    found: list[Labelled] = []
    for path in sorted(HOME.rglob("*.txt")):
        is_held_out = path.parent.name in ("held_out", "unseen")
        if unseen == (path.parent.name == "unseen"):
            found += _mails_of(path, contexts, is_held_out)
    return tuple(found)


def _mails_of(path: Path, contexts: dict[str, Any], held_out: bool) -> Iterator[Labelled]:
    for block in re.split(r"^## ", path.read_text(), flags=re.MULTILINE)[1:]:
        head, _, rest = block.partition("\n")
        words = head.split()
        options = dict(word.split("=", 1) for word in words[2:])
        told = contexts[words[1]]
        body, _, labels = rest.rpartition("\n==>\n") if "\n==>\n" in rest else ("", "", rest)
        moment = options.get("date", DEFAULT_DATE)
        moment += "T10:15:00" if "T" not in moment else ""
        context = _context(told, moment, options.get("locale", told["locale"]))
        wanted, flags = _labels(labels, told)
        yield Labelled(
            name=f"{path.stem}/{words[0]}",
            style=path.stem,
            language=options.get("lang", context["sender_locale"][:2]),
            held_out=held_out,
            context=context,
            raw=_raw(body, told),
            wanted=wanted,
            flags=flags,
        )


def _context(told: dict[str, Any], moment: str, locale: str) -> dict[str, Any]:
    names = (
        "line",
        "item",
        "supplier_part",
        "description",
        "quantity",
        "unit",
        "price",
        "per",
        "requested_date",
    )
    return {
        "supplier": {"name": told["supplier"], "contact": told["contact"], "email": told["email"], "locale": locale, "time_zone": told["zone"]},
        "buyer": {"name": "Bea Buyer", "email": "bea@quayside.example", "company": "Northgate Supplies"},
        "mail_date": moment + "+01:00",
        "time_zone": told["zone"],
        "sender_locale": locale,
        "open_orders": [
            {"number": o["number"], "revision": 1, "order_date": "2026-02-20", "currency": o["currency"], "lines": [dict(zip(names, row, strict=True)) for row in o["lines"]]}
            for o in told["orders"]
        ],
    }  # fmt: skip


def _raw(body: str, told: dict[str, Any]) -> bytes:
    """The mail's bytes: headers given above the first empty line, the usual ones added."""
    body = body.strip("\n") + "\n"
    has_head = bool(re.match(r"^[A-Za-z-]+: .*\n", body))
    head, _, text = body.partition("\n\n") if has_head else ("", "", body)
    given = {line.split(":")[0].lower() for line in head.split("\n") if ":" in line}
    usual = {
        "From": f"{told['contact']} <{told['email']}>",
        "To": "Bea Buyer <bea@quayside.example>",
        "Subject": "Re: your order",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
    }
    if "content-type" in given:
        usual.pop("Content-Transfer-Encoding")
    lines = [f"{name}: {value}" for name, value in usual.items() if name.lower() not in given]
    return ("\n".join([*lines, *filter(None, head.split("\n"))]) + "\n\n" + text).encode()


def _labels(text: str, told: dict[str, Any]) -> tuple[list[Wanted], frozenset[str]]:
    wanted: list[Wanted] = []
    flags: set[str] = set()
    for line in filter(None, (one.strip() for one in text.split("\n"))):
        if line.startswith("#") or line == "nothing":
            continue
        if line.startswith("!"):
            flag = line[1:].strip()
            assert flag in KNOWN_FLAGS, flag
            flags.add(flag)
            continue
        wanted += _wanted(line, told)
    if not any(not one.optional for one in wanted) and "contradicts_itself" not in flags:
        flags.add("nothing_actionable")
    return wanted, frozenset(flags)


def _wanted(line: str, told: dict[str, Any]) -> list[Wanted]:
    """`PO-1/10 date firm: 40 2026-03-12 + 60 2026-03-26`; no line means each line of the order."""
    optional = line.startswith("?")
    head, _, tail = line.lstrip("? ").partition(": ")
    target, kinds, *certainty = head.rstrip(":").split()
    order, _, number = target.partition("/")
    numbers = [n for n in number.split(",") if n]
    if not numbers:
        numbers = [
            str(row[0]).lstrip("0") for o in told["orders"] if o["number"] == order for row in o["lines"]
        ]
        assert numbers, line
    pieces: list[WantedPiece] = []
    percent = None
    for piece in filter(None, (one.strip() for one in re.split(r"\s\+\s", tail))):
        if found := re.fullmatch(r"([+-][\d.]+)%", piece):
            percent = Decimal(found.group(1))
        else:
            pieces.append(_piece(piece))
    return [
        Wanted(
            order,
            one,
            frozenset(kinds.split("|")),
            frozenset((certainty or ["firm"])[0].split("|")),
            tuple(pieces),
            percent,
            optional,
        )
        for one in numbers
    ]


def _piece(text: str) -> WantedPiece:
    found: dict[str, Any] = {}
    for word in text.split():
        if match := re.fullmatch(r"(\d{4}-\d\d-\d\d)([wm]?)", word):
            found["day"] = date.fromisoformat(match.group(1))
            found["precision"] = {"w": "week", "m": "month", "": "day"}[match.group(2)]
        elif word == "tbd":
            found["precision"] = "unknown"
        elif word == "now":
            found["is_now"] = True
        elif word.startswith("="):
            found["part"] = word[1:]
        elif match := re.fullmatch(r"@([\d.]+)(?:/(\d+))?", word):
            found["price"] = Decimal(match.group(1)) / Decimal(match.group(2) or 1)
        elif match := re.fullmatch(r"([\d.]+)([a-zA-Z]*)", word):
            found["quantity"] = Decimal(match.group(1))
            found["unit"] = canonical_unit(match.group(2)) if match.group(2) else None
        else:
            raise ValueError(f"{word!r} in {text!r} is no quantity, date, price or part.")
    return WantedPiece(**found)
